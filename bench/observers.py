"""What looking at a training costs: processor time an epoch of tiny networks, medians.

Usage: python -m bench.observers [EPOCHS] [ROUNDS]
"""

import contextlib
import io
import statistics
import sys
import time
import warnings
from typing import Any

import numpy as np

import fastmlp as fm

ROWS = (4, 32, 100)
NEVER = 10**6


class Nothing:
    """A callback that does nothing."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Do nothing."""


def observers(X: Any, y: Any) -> dict[str, dict[str, Any]]:
    """Return the arguments of `fit` by what looks at it."""
    validation = {"validation_data": (X, y)}
    stopping = fm.EarlyStopping(patience=NEVER)
    return {
        "nothing": {},
        "callback": {"callbacks": Nothing()},
        "validation": validation,
        "bar": {"verbose": 1},
        "bar and callback": {"verbose": 1, "callbacks": Nothing()},
        "metric": {"metrics": "r2"},
        "early stopping": {**validation, "callbacks": stopping},
        "early stopping, restore_best=False": {
            **validation,
            "callbacks": fm.EarlyStopping(patience=NEVER, restore_best=False),
        },
        "reduce on plateau": {**validation, "callbacks": fm.ReduceOnPlateau(patience=NEVER)},
        "validation and metric": {**validation, "metrics": "r2"},
        "epochs=None": {"epochs": None},
    }


def microseconds(X: Any, y: Any, fields: dict[str, Any], epochs: int) -> float:
    """Return the processor time of an epoch of 2-8-1 on all rows."""
    net = fm.Network([2, 8, 1], seed=0)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        start = time.process_time()
        history = net.fit(X, y, **{"epochs": epochs, **fields})
        return (time.process_time() - start) / history.n_epochs * 1e6


def main(epochs: int = 3000, rounds: int = 9) -> None:
    """Interleave the fits and print a table."""
    random = np.random.default_rng(0)
    print("| |", " | ".join(f"{n} rows" for n in ROWS), "|\n|---|" + "--:|" * len(ROWS))
    table: dict[str, list[str]] = {}
    for n in ROWS:
        X = random.normal(size=(n, 2)).astype(np.float32)
        y = X[:, :1] * X[:, 1:]
        cases = observers(X, y)
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, fields in cases.items():
                times[name].append(microseconds(X, y, fields, epochs))
        for name, values in times.items():
            median = statistics.median(values)
            ratio = median / statistics.median(times["nothing"])
            table.setdefault(name, []).append(f"{median:.1f} ({ratio:.1f})")
    for name, cells in table.items():
        print(f"| {name} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

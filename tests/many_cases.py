"""Networks that are trained together, and the comparison with each alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import fastmlp as fm

RNG = np.random.default_rng(0)
N = 60
X, Y = RNG.normal(size=(N, 4)), RNG.uniform(0.1, 0.9, size=(N, 2))
LABELS = RNG.integers(0, 3, N)
W = RNG.uniform(0.5, 2.0, N)
FOLDS = [np.delete(np.arange(N), np.s_[i::3]) for i in range(3)]
HELD_OUT = [np.arange(N)[i::3] for i in range(3)]
BAGS = [RNG.integers(0, N, N) for _ in range(3)]

Networks = Callable[[], list[fm.Network]]


def regressors(dtype: str = "float32", *, output: str = "identity") -> list[fm.Network]:
    """Three networks of other shapes and seeds."""
    hidden = [[6], [5, 4], [3]]
    return [
        fm.Network([4, *widths, 2], activation="tanh", output=output, dtype=dtype, seed=seed)
        for seed, widths in enumerate(hidden)
    ]


def classifiers(dtype: str = "float32") -> list[fm.Network]:
    return [
        fm.Network([4, width, 3], output="softmax", dtype=dtype, seed=width) for width in (4, 5, 6)
    ]


def taken(value: Any, rows: Any) -> Any:
    return value if rows is None or value is None else np.asarray(value)[rows]


def own_settings(given: dict[str, Any], i: int) -> dict[str, Any]:
    return {name: value[i] if isinstance(value, list) else value for name, value in given.items()}


def check(
    make: Networks,
    x: Any,
    y: Any,
    *,
    rows: Sequence[Any] | None = None,
    validation_rows: Sequence[Any] | None = None,
    sample_weight: Any = None,
    stopping: dict[str, Any] | None = None,
    **given: Any,
) -> list[fm.History]:
    """Assert that all networks end as those that are fitted alone, in every bit."""
    many, alone = make(), make()
    rules = {} if stopping is None else {"callbacks": fm.EarlyStopping(**stopping)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fm.TrainingWarning)
        histories = fm.fit_many(
            many, x, y, rows=rows, validation_rows=validation_rows, sample_weight=sample_weight,
            **given, **rules,
        )  # fmt: skip
        for i, net in enumerate(alone):
            own, mine = own_settings(given, i), None if rows is None else rows[i]
            if stopping is not None:
                own["callbacks"] = fm.EarlyStopping(**stopping)
            if validation_rows is not None:
                held = validation_rows[i]
                own["validation_data"] = (x[held], y[held], taken(sample_weight, held))
            own["sample_weight"] = taken(sample_weight, mine)
            net.fit(taken(x, mine), taken(y, mine), n_threads=1, **own)
    for net, other, history in zip(many, alone, histories, strict=True):
        assert net.history is history
        assert history == other.history
        assert history.status == other.history.status
        assert net.parameters.tobytes() == other.parameters.tobytes()
        assert net.epochs_trained == other.epochs_trained
        assert repr(net._trained_loss) == repr(other._trained_loss)
    return histories

"""Estimators of fastmlp.sklearn beside scikit-learn's own: whole fits, with the same results.

python -m bench.estimators [digits large search small] [--rounds 5] [--small-fits 1000]

Both run in one process, in turn; the ratios are medians of pairs. Processor time stands beside wall
time, because it depends less on what else the machine does.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

import fastmlp as fm
import fastmlp.sklearn as ours
from bench import machine

Fit = Callable[[Any], Any]  # of the class that is fitted


def digits(classifier: Any) -> Any:
    """One fit with the defaults."""
    X, y = load_digits(return_X_y=True)
    return classifier(random_state=0).fit(X / 16, y)


def large_data() -> tuple[Any, Any]:
    """100,000 samples of 100 features."""
    X, y = make_classification(100_000, 100, n_informative=30, random_state=0)
    return X, y


def large(data: tuple[Any, Any]) -> Fit:
    """Five epochs with the defaults."""
    return lambda classifier: classifier(max_iter=5, random_state=0).fit(*data)


def search(classifier: Any) -> Any:
    """24 candidates, 3 folds, on all processors."""
    X, y = load_digits(return_X_y=True)
    grid = {
        "hidden_layer_sizes": [(32,), (64,), (32, 32)],
        "alpha": [1e-4, 1e-2],
        "learning_rate_init": [1e-3, 3e-3],
        "activation": ["relu", "tanh"],
    }
    estimator = classifier(max_iter=30, random_state=0)
    return GridSearchCV(estimator, grid, cv=3, n_jobs=-1).fit(X / 16, y).best_estimator_


def small(n_fits: int) -> Fit:
    """Many fits of 150 x 4, as a search or an ensemble makes."""
    X, y = load_iris(return_X_y=True)

    def fits(classifier: Any) -> Any:
        return [classifier(random_state=i).fit(X, y) for i in range(n_fits)][-1]

    return fits


def seconds(fit: Fit, module: Any) -> tuple[float, float, Any]:
    """Wall and processor seconds of a fit, and the estimator."""
    wall, processor = time.perf_counter(), time.process_time()
    estimator = fit(module.MLPClassifier)
    return time.perf_counter() - wall, time.process_time() - processor, estimator


def race(name: str, fit: Fit, rounds: int) -> None:
    """Print the medians of both, and of their ratios, after comparing the weights."""
    pairs = [(seconds(fit, ours), seconds(fit, neural_network)) for _ in range(rounds + 1)]
    (*_, mine), (*_, theirs) = pairs[0]
    assert mine.n_iter_ == theirs.n_iter_
    apart = max(abs(a - b).max() for a, b in zip(mine.coefs_, theirs.coefs_, strict=True))
    medians = [
        statistics.median(times)
        for times in zip(*((a[0], b[0]) for a, b in pairs[1:]), strict=True)
    ]
    wall, processor = (
        statistics.median(b[kind] / a[kind] for a, b in pairs[1:]) for kind in (0, 1)
    )
    print(
        f"{name:<8} ours {medians[0]:8.3f} s  theirs {medians[1]:8.3f} s  {wall:6.2f} times as fast"
        f"  (processor time {processor:6.2f})  {mine.n_iter_} epochs, weights apart by {apart:.0e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["digits", "large", "search", "small"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small-fits", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(machine.describe())
    with threadpool_limits(options.threads):
        blas = {library["num_threads"] for library in threadpool_info()}
        print(f"threads: ours {fm.get_num_threads()}, BLAS and others {sorted(blas)}")
        for name in options.names:
            fits: dict[str, Callable[[], Fit]] = {
                "digits": lambda: digits,
                "large": lambda: large(large_data()),
                "search": lambda: search,
                "small": lambda: small(options.small_fits),
            }
            race(name, fits[name](), options.rounds)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()

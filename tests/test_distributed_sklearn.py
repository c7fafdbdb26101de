"""scikit-learn's estimators with `comm`: each rank has its rows, all have one model."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone

import fastmlp as fm
from distributed_cases import dealt
from fastmlp.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(103, 5))
LABELS = (X @ RNG.normal(size=(5, 3))).argmax(axis=1)
NUMBERS = np.sin(X[:, 0]) + X[:, 1]
WEIGHTS = RNG.uniform(size=103)


def fitted(comm: Any, kind: Any, y: Any, weights: Any, validates: bool, **given: Any) -> Any:
    estimator = kind(hidden_layer_sizes=(8,), max_iter=12, random_state=3, comm=comm, **given)
    for _ in range(2):
        val = dealt(comm, X[:50], y[:50]) if validates else (None, None)
        rows, targets, w = dealt(comm, X, y, weights)
        estimator.fit(rows, targets, w, *val)
    return estimator


@pytest.mark.parametrize(
    ("kind", "y", "given"),
    [
        (MLPClassifier, LABELS, {"dropout": 0.3, "class_weight": {0: 2.0}}),
        (MLPClassifier, LABELS > 0, {"solver": "sgd", "learning_rate": "adaptive"}),
        (MLPClassifier, LABELS, {"optimizer": fm.LBFGS(), "warm_start": True}),
        (MLPRegressor, NUMBERS, {"warm_start": True, "batch_size": 30, "shuffle": False}),
        (MLPRegressor, NUMBERS, {"solver": "lbfgs"}),
        (MLPRegressor, np.abs(NUMBERS), {"loss": "poisson"}),
    ],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_the_model_is_that_of_one_process(kind: Any, y: Any, given: Any, weights: Any) -> None:
    validates = given.get("solver") != "lbfgs"
    alone = fitted(None, kind, y, weights, validates, **given)
    ranks = fm.distributed.run_threads(
        lambda comm: fitted(comm, kind, y, weights, validates, **given), 3
    )
    for estimator in ranks:
        for ours, first, serial in zip(
            [*estimator.coefs_, *estimator.intercepts_],
            [*ranks[0].coefs_, *ranks[0].intercepts_],
            [*alone.coefs_, *alone.intercepts_],
            strict=True,
        ):
            assert np.array_equal(ours, first)
            np.testing.assert_allclose(ours, serial, atol=1e-9)
        assert estimator.n_iter_ == alone.n_iter_
        if validates:
            for name in ("loss_curve_", "validation_loss_curve_"):
                curve, expected = getattr(estimator, name), getattr(alone, name)
                np.testing.assert_allclose(curve, expected, rtol=1e-9)


def test_without_a_random_state_all_have_that_of_rank_0() -> None:
    def train(comm: Any) -> Any:
        estimator = MLPClassifier((4,), max_iter=3, comm=comm)
        return estimator.fit(*dealt(comm, X, LABELS)).coefs_[0]

    first, second = fm.distributed.run_threads(train, 2)
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"early_stopping": True}, "early_stopping=True, expected False, as comm is given"),
        ({"class_weight": "balanced"}, "class_weight='balanced', expected weights or None"),
        ({"comm": 3}, "comm=3 .int., expected an mpi4py communicator"),
    ],
)
def test_what_needs_all_samples_is_refused(given: Any, message: str) -> None:
    def train(comm: Any) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            MLPClassifier(**({"comm": comm} | given)).fit(X, LABELS)

    fm.distributed.run_threads(train, 2)


@pytest.mark.parametrize(
    ("y", "given", "name"),
    [(np.where(LABELS == 2, 0, LABELS), {}, "classes"), (LABELS, {"alpha": 0.5}, "alpha")],
)
def test_what_differs_is_an_error_on_all(y: Any, given: Any, name: str) -> None:
    def train(comm: Any) -> None:
        here = comm.rank == 1
        estimator = MLPClassifier(comm=comm, **(given if here else {}))
        with pytest.raises(ValueError, match=rf"fit: rank 1 has {name}=.*, as rank 0 has"):
            estimator.fit(X, y if here else LABELS)
        assert not hasattr(estimator, "coefs_")

    fm.distributed.run_threads(train, 3)


def test_pickles_have_no_communicator_and_clones_have_it() -> None:
    def train(comm: Any) -> bool:
        estimator = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, comm=comm)
        estimator.fit(*dealt(comm, X, NUMBERS))
        twin = pickle.loads(pickle.dumps(estimator))
        same = np.array_equal(twin.predict(X), estimator.predict(X))
        return same and twin.comm is None and clone(estimator).comm is comm

    assert fm.distributed.run_threads(train, 2) == [True, True]

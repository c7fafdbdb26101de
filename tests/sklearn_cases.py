"""Configurations of scikit-learn's MLP, and the comparison of its fit with ours."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse
import sklearn
from sklearn import neural_network
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression

import fastmlp.sklearn as ours

EPOCHS = 20
SMALL: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
of_1_9 = pytest.mark.skipif(
    not sklearn.__version__.startswith("1.9."), reason="numbers and messages are those of 1.9"
)


def classifier(**params: Any) -> ours.MLPClassifier:
    """A small one, seeded."""
    return ours.MLPClassifier(**(SMALL | params))


def regressor(**params: Any) -> ours.MLPRegressor:
    """A small one, seeded."""
    return ours.MLPRegressor(**(SMALL | params))


def parameters(estimator: Any) -> Any:
    return np.concatenate([W.ravel() for W in [*estimator.coefs_, *estimator.intercepts_]])


def same(a: Any, b: Any) -> None:
    np.testing.assert_array_equal(parameters(a), parameters(b))


class Case(NamedTuple):
    """Data by name, calls of `fit` or `partial_fit`, and parameters.

    `changes` are parameters set before each call; with `stream` the random state is a generator,
    which all calls share.
    """

    data: str
    params: dict[str, Any]
    calls: tuple[str, ...] = ("fit",)
    weighted: bool = False
    changes: tuple[dict[str, Any], ...] = ()
    stream: bool = False


def digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    return X[:500] / 16, y[:500]


def data_named(name: str) -> tuple[Any, Any]:
    """X and y; what is behind a "/" is the form of X."""
    name, _, form = name.partition("/")
    X, y = digits()
    if name == "binary":
        y = np.where(y > 4, "high", "low")
    elif name == "texts":
        y = np.array([f"{digit % 5:o<{digit % 5 + 1}}" for digit in y], dtype=object)
    elif name == "multilabel":
        X, y = make_multilabel_classification(300, 20, n_classes=4, random_state=0)
    elif name == "regression":
        X, y = make_regression(300, 10, noise=1.0, random_state=0)
        y = y / y.std()
    elif name == "outputs":
        X, y = make_regression(300, 10, n_targets=3, random_state=0)
        y = y / y.std(axis=0)
    elif name == "counts":
        X, signal = make_regression(300, 6, random_state=0)
        y = np.random.RandomState(0).poisson(np.exp(signal / signal.std())).astype(float)
    return (getattr(scipy.sparse, f"{form}_matrix")(X) if form else X), y


def is_classified(name: str) -> bool:
    return name.partition("/")[0] in ("digits", "binary", "texts", "multilabel")


def weights_for(y: Any) -> Any:
    return np.random.RandomState(1).uniform(0.1, 3.0, len(y))


def fitted(module: Any, case: Case, dtype: Any = np.float64) -> Any:
    """An estimator of scikit-learn or ours after the calls of a case."""
    X, y = data_named(case.data)
    X = X.astype(dtype)
    weights = weights_for(y) if case.weighted else None
    kind = module.MLPClassifier if is_classified(case.data) else module.MLPRegressor
    defaults = {"hidden_layer_sizes": (16,), "max_iter": EPOCHS, "random_state": 3}
    params = defaults | case.params
    if case.stream:
        params["random_state"] = np.random.RandomState(params["random_state"])
    estimator = kind(**params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, call in enumerate(case.calls):
            estimator.set_params(**dict(*case.changes[number : number + 1]))
            rows = slice(None) if call == "fit" else slice(100 * number, 100 * number + 130)
            part = None if weights is None else weights[rows]
            given: dict[str, Any] = {}
            if call == "partial_fit" and is_classified(case.data) and number == 0:
                given = {"classes": np.arange(4) if case.data == "multilabel" else np.unique(y)}
            getattr(estimator, call)(X[rows], y[rows], sample_weight=part, **given)
    return estimator


def compare(case: Case, tolerance: float = 1e-10) -> tuple[Any, Any]:
    """Assert that both have the same numbers; return scikit-learn's estimator and ours."""
    theirs, mine = fitted(neural_network, case), fitted(ours, case)
    assert mine.n_iter_ == theirs.n_iter_
    assert getattr(mine, "t_", None) == getattr(theirs, "t_", None)
    assert mine.n_layers_ == theirs.n_layers_
    assert mine.n_outputs_ == theirs.n_outputs_
    assert mine.out_activation_ == theirs.out_activation_
    close(mine.coefs_, theirs.coefs_, tolerance)
    close(mine.intercepts_, theirs.intercepts_, tolerance)
    close([mine.loss_], [theirs.loss_], tolerance)
    if case.params.get("solver") == "lbfgs":
        assert not hasattr(mine, "loss_curve_")
    else:
        close([mine.loss_curve_], [theirs.loss_curve_], tolerance)
        for name in ("best_loss_", "best_validation_score_", "validation_scores_"):
            a, b = getattr(mine, name), getattr(theirs, name)
            assert (a is None) == (b is None), name
            if a is not None:
                close(
                    [a], [b], 1e-12 if "score" in name and is_classified(case.data) else tolerance
                )
    if case.stream:
        assert mine.random_state.randint(2**31) == theirs.random_state.randint(2**31)
    X, _ = data_named(case.data)
    predictions = mine.predict(X), theirs.predict(X)
    assert predictions[0].dtype == predictions[1].dtype
    if is_classified(case.data):
        np.testing.assert_array_equal(*predictions)
        close([mine.predict_proba(X)], [theirs.predict_proba(X)], tolerance)
        np.testing.assert_array_equal(mine.classes_, theirs.classes_, strict=True)
    else:
        np.testing.assert_array_equal(*np.round(predictions, 6))
    return theirs, mine


def close(mine: Any, theirs: Any, tolerance: float) -> None:
    """Equal lengths and, within the tolerance, equal numbers; nan where the other has nan."""
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


SGD: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 0.05}
EARLY: dict[str, Any] = {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 40}
CASES = {
    "adam": Case("digits", {}),
    "adam, odd batches": Case("digits", {"batch_size": 37, "alpha": 0.01}),
    "adam, two layers": Case("digits", {"hidden_layer_sizes": [12, 9]}),
    "adam, own rates": Case("digits", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-4}),
    "adam, no first mean": Case("digits", {"beta_1": 0.0, "beta_2": 0.0}),
    "adam, no shuffling": Case("digits", {"shuffle": False, "batch_size": 64}),
    "adam, binary": Case("binary", {"alpha": 1.0}),
    "batch of all": Case("digits", {"batch_size": 10000}),
    "sgd": Case("digits", SGD),
    "sgd without Nesterov": Case("digits", SGD | {"nesterovs_momentum": False}),
    "sgd without momentum": Case("digits", SGD | {"momentum": 0.0}),
    "sgd, momentum 1": Case("digits", SGD | {"momentum": 1.0, "learning_rate_init": 1e-4}),
    "sgd, invscaling": Case("digits", SGD | {"learning_rate": "invscaling", "power_t": 0.3}),
    "sgd, adaptive": Case(
        "digits", SGD | {"learning_rate": "adaptive", "tol": 0.2, "n_iter_no_change": 2}
    ),
    "stops": Case("digits", {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 60}),
    "stops never": Case("digits", {"tol": 10.0, "n_iter_no_change": np.inf}),
    "early stopping": Case("digits", EARLY | {"tol": 0.01}),
    "early stopping, binary": Case("binary", EARLY | {"validation_fraction": 0.3}),
    "early stopping, sgd adaptive": Case("digits", EARLY | SGD | {"learning_rate": "adaptive"}),
    "early stopping, weights": Case("binary", EARLY, weighted=True),
    "early stopping, regression": Case("regression", EARLY),
    "early stopping, labels": Case("multilabel", EARLY),
    "texts": Case("texts", {}, ("partial_fit", "fit")),
    "weights": Case("digits", {"alpha": 0.5, "batch_size": 70}, weighted=True),
    "weights, regression": Case("regression", {}, weighted=True),
    "warm start": Case("digits", {"warm_start": True}, ("fit", "fit")),
    "warm start, early stopping": Case("digits", EARLY | {"warm_start": True}, ("fit", "fit")),
    "partial_fit": Case("digits", {}, ("partial_fit",) * 4),
    "partial_fit, sgd": Case("digits", SGD | {"batch_size": 30}, ("partial_fit",) * 4),
    "partial_fit after fit": Case("digits", {"random_state": 5}, ("fit", "partial_fit")),
    "partial_fit, labels": Case("multilabel", {}, ("partial_fit",) * 2),
    "partial_fit, invscaling": Case(
        "regression", SGD | {"learning_rate": "invscaling"}, ("partial_fit",) * 3
    ),
    "CSR": Case("digits/csr", {}),
    "CSC": Case("digits/csc", {"batch_size": 50}),
    "labels": Case("multilabel", {}),
    "regression": Case("regression", {}),
    "several outputs": Case("outputs", {"alpha": 0.3}),
    "counts": Case("counts", {"loss": "poisson"}),
    "counts, weights": Case("counts", {"loss": "poisson", "batch_size": 64}, weighted=True),
    "no hidden layer": Case("digits", {"hidden_layer_sizes": ()}),
    "tanh": Case("digits", {"activation": "tanh"}),
    "logistic": Case("digits", {"activation": "logistic", "hidden_layer_sizes": (8, 8)}),
    "identity": Case("regression", {"activation": "identity"}),
    "lbfgs": Case("digits", {"solver": "lbfgs", "max_iter": 12}),
    "lbfgs, regression": Case("regression", {"solver": "lbfgs", "max_iter": 10}),
    "lbfgs, weights": Case("binary", {"solver": "lbfgs", "max_iter": 8}, weighted=True),
    "lbfgs, evaluations": Case("digits", {"solver": "lbfgs", "max_fun": 9}),
    "lbfgs, counts": Case("counts", {"solver": "lbfgs", "loss": "poisson", "max_iter": 5}),
}

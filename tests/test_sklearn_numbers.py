"""`fastmlp.sklearn` has the numbers of scikit-learn 1.9: weights, losses, scores, epochs."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn", minversion="1.6")
from sklearn import neural_network
from sklearn.datasets import load_digits

import fastmlp.sklearn as ours
from forced_threads import forced_threads
from sklearn_cases import CASES, EARLY, SGD, Case, compare, fitted, of_1_9


@of_1_9
@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_scikit_learn(name: str) -> None:
    """Weights and losses within 1e-10, epochs and scores equal, after 20 epochs."""
    compare(CASES[name])


DATA = ("digits", "binary", "texts", "multilabel", "regression", "outputs", "counts")
CHANGES: tuple[dict[str, Any], ...] = (  # of parameters between calls
    *({}, {"alpha": 0.01}, {"batch_size": 50}, {"max_iter": 2, "tol": 0.1}),
    *({"shuffle": False}, {"learning_rate_init": 0.003}),
)


@st.composite
def cases(draw: Any) -> Case:
    data = draw(st.sampled_from(DATA)) + draw(st.sampled_from(["", "", "/csr", "/csc"]))
    solver = draw(st.sampled_from(["adam", "sgd"]))
    early = draw(st.booleans())
    calls = tuple(draw(st.lists(st.sampled_from(["fit", "partial_fit"]), min_size=1, max_size=3)))
    early = early and "partial_fit" not in calls
    params = {
        "solver": solver,
        "hidden_layer_sizes": draw(st.lists(st.integers(1, 20), max_size=3)),
        "activation": draw(st.sampled_from(["relu", "tanh", "logistic", "identity"])),
        # Adam divides by |g|: weights that alpha drives to 0 make 1e-6 of the last bit.
        "alpha": draw(st.sampled_from([0.0, 1e-4] if solver == "adam" else [1e-4, 0.3, 5.0])),
        "batch_size": draw(
            st.sampled_from(["auto", 7, 23, 64, 1000]) if data[:6] != "digits" else st.just(100)
        ),
        "learning_rate": draw(st.sampled_from(["constant", "invscaling", "adaptive"])),
        "learning_rate_init": draw(st.sampled_from([1e-3, 0.01])),
        "power_t": draw(st.sampled_from([0.1, 0.5])),
        "shuffle": draw(st.booleans()),
        "tol": draw(st.sampled_from([0.0, 1e-4, 0.05, 0.5])),
        "momentum": draw(st.sampled_from([0.0, 0.5, 0.9])),
        "nesterovs_momentum": draw(st.booleans()),
        "early_stopping": early,
        "validation_fraction": draw(st.sampled_from([0.1, 0.4])),
        "beta_1": draw(st.sampled_from([0.0, 0.9])),
        "beta_2": draw(st.sampled_from([0.9, 0.999])),
        "epsilon": draw(st.sampled_from([1e-8, 1e-3])),
        "n_iter_no_change": draw(st.sampled_from([1, 3, np.inf])),
        "max_iter": draw(st.integers(1, 8)),
        "warm_start": draw(st.booleans()),
        "random_state": draw(st.integers(0, 1000)),
    }
    if data.startswith("counts"):
        params["loss"] = "poisson"
    weighted, stream = draw(st.booleans()), draw(st.booleans())
    changes = draw(st.lists(st.sampled_from(CHANGES), min_size=3, max_size=3))
    return Case(data, params, calls, weighted, ({}, *changes), stream)


@of_1_9
@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes minutes
@given(cases())
def test_the_numbers_are_those_of_scikit_learn_for_any_configuration(case: Case) -> None:
    """Also that both refuse what diverges."""
    try:
        fitted(neural_network, case)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            fitted(ours, case)
    else:
        compare(case, 1e-9)


@pytest.mark.parametrize("module", [neural_network, ours])
def test_early_stopping_brings_nothing_back_where_the_first_epoch_diverges(module: Any) -> None:
    """Labels of a network of nan have an accuracy, but no parameters that could be kept."""
    rate = {"learning_rate_init": 1e200, "activation": "identity", "batch_size": 10}
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        fitted(module, Case("digits", EARLY | SGD | rate))


def test_single_precision_predicts_the_same_digits() -> None:
    """99.5 % of equal labels after fits in float32, whose parameters are float32."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    labels = []
    for module in (neural_network, ours):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator = module.MLPClassifier(max_iter=20, random_state=0).fit(X, y)
        assert {W.dtype for W in estimator.coefs_} == {np.dtype(np.float32)}
        labels.append(estimator.predict(X))
    assert (labels[0] == labels[1]).mean() >= 0.995


@pytest.mark.parametrize("name", ["adam", "early stopping", "weights", "several outputs"])
def test_the_bits_do_not_depend_on_the_threads(name: str) -> None:
    """Of 1, 2 and 4 threads, also where each call is given all of them."""
    case = CASES[name]
    results = []
    for n_threads in (1, 2, 4):
        with forced_threads(n_threads):
            estimator = fitted(ours, case)
        results.append(np.concatenate([W.ravel() for W in estimator.coefs_]))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)

"""Pickles, copies and files of estimators have the network that was fitted, whatever it is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor
from sklearn_cases import classifier, data_named, regressor, same

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.random.default_rng(0).normal(size=(80, 4))
Y = (X[:, 0] > 0).astype(int)
R, T = data_named("regression")

Copy = Callable[[Any, Path], Any]


def filed(estimator: Any, folder: Path) -> Any:
    estimator.save(folder / "model")
    return type(estimator).load(folder / "model")


@pytest.fixture(params=["pickle", "deepcopy", "file"])
def copied(request: pytest.FixtureRequest) -> Copy:
    copies: dict[str, Copy] = {
        "pickle": lambda estimator, _: pickle.loads(pickle.dumps(estimator)),
        "deepcopy": lambda estimator, _: copy.deepcopy(estimator),
        "file": filed,
    }
    return copies[request.param]


def test_the_network_of_a_copy_shares_its_parameters(copied: Copy, tmp_path: Path) -> None:
    """What it learns is not undone by the next prediction; neither is what lists receive."""
    twin = copied(classifier().fit(X, Y), tmp_path)
    network = twin.network_
    assert all(np.shares_memory(network.parameters, each) for each in twin.coefs_)
    network.fit(X, Y, epochs=5, optimizer=fm.Adam(0.05))
    learned = network.parameters.copy()
    outputs = network.predict(X)
    np.testing.assert_array_equal(twin.predict_proba(X)[:, 1:], outputs)
    np.testing.assert_array_equal(network.parameters, learned)
    twin.coefs_[0] = np.zeros_like(twin.coefs_[0])
    assert not twin.network_.weights[0].any()
    twin.network_.weights[0][:] = 1
    twin.predict(X)
    assert np.all(twin.network_.weights[0] == 1)


@pytest.mark.parametrize("layers", [
    [fm.Conv2D(3, 2, "relu"), fm.Dense(3, "softmax")],
    [fm.Recurrent(3, truncate=1), fm.Dense(3, "softmax")],
])  # fmt: skip
def test_networks_of_shapes_are_copied_and_trained(
    layers: list[Any], copied: Copy, tmp_path: Path
) -> None:
    shape = (2, 2, 1) if isinstance(layers[0], fm.Conv2D) else (2, 2)
    samples, labels = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    original = MLPClassifier.from_network(
        fm.Network(layers, inputs=shape, seed=0), max_iter=2, random_state=0
    )
    twin = copied(original, tmp_path)
    np.testing.assert_array_equal(twin.predict_proba(samples), original.predict_proba(samples))
    original.partial_fit(samples, labels)
    same(twin.partial_fit(samples, labels), original)
    assert twin.fit(samples, labels).network_.input_shape == shape


def test_a_copy_is_of_what_was_fitted_not_of_later_parameters(copied: Copy, tmp_path: Path) -> None:
    relu = regressor().fit(R, T).set_params(activation="tanh")
    np.testing.assert_array_equal(copied(relu, tmp_path).predict(R), relu.predict(R))
    listed = regressor(layers=[fm.Dense(3, "tanh"), fm.Dense(1)]).fit(R, T)
    listed.set_params(layers=[fm.Dense(6, "relu"), fm.Dense(1)])
    np.testing.assert_array_equal(copied(listed, tmp_path).predict(R), listed.predict(R))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_network_of_a_copy_knows_loss_and_names(
    solver: str, copied: Copy, tmp_path: Path
) -> None:
    fitted = regressor(loss="huber", solver=solver).fit(R, T)
    fitted.network_.feature_names_in_ = [f"x{i}" for i in range(R.shape[1])]
    twin = copied(fitted, tmp_path)
    assert twin.network_.loss(R, T) == fitted.network_.loss(R, T, loss="huber")
    np.testing.assert_array_equal(
        twin.network_.feature_names_in_, fitted.network_.feature_names_in_
    )


def test_states_without_a_network_are_read() -> None:
    """As versions wrote them that kept only the parameters."""
    fitted = regressor(hidden_layer_sizes=(4,)).fit(R, T)
    state = fitted.__getstate__()
    del state["_model"]["network"]
    old = MLPRegressor.__new__(MLPRegressor)
    old.__setstate__(copy.deepcopy(state))
    np.testing.assert_array_equal(old.predict(R), fitted.predict(R))
    same(old.partial_fit(R, T), fitted.partial_fit(R, T))


def test_new_layers_go_on_with_seed_and_epochs() -> None:
    trained = classifier(dropout=0.1)
    for _ in range(3):
        trained.partial_fit(X, Y, classes=[0, 1])
    seed = trained.network_.seed
    trained.set_params(dropout=0.2).partial_fit(X, Y)
    assert (trained.network_.seed, trained.network_.epochs_trained) == (seed, 4)

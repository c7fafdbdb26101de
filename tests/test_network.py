"""Network: shapes, live views, copies and texts."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from problems import network

DTYPES = {"float32": 2e-5, "float64": 1e-12}


def fit_once(net: Any) -> Any:
    X = np.random.default_rng(0).normal(size=(30, net.n_inputs))
    y = np.zeros((30, net.n_outputs))
    net.fit(X, y, loss="squared_error", epochs=2, batch_size=7)
    return net


def test_the_short_form_is_the_long_form() -> None:
    """Sizes, activation and output give the same network, weight for weight."""
    short = fm.Network([4, 8, 3], activation="tanh", output="softmax", seed=1)
    long = fm.Network([fm.Dense(8, "tanh"), fm.Dense(3, "softmax")], inputs=4, seed=1)
    np.testing.assert_array_equal(short.parameters, long.parameters)
    X = np.ones((2, 4))
    np.testing.assert_array_equal(short.predict(X), long.predict(X))


def test_parameters_are_packed_as_torch_orders_them() -> None:
    """Per layer W row by row (n_out, n_in), then b; weights[l] is the transposed view."""
    net = network(2, [(3, "relu", True), (1, "identity", False)])
    assert net.n_parameters == 2 * 3 + 3 + 3
    net.parameters = np.arange(12.0)
    np.testing.assert_array_equal(net.weights[0], np.arange(6.0).reshape(3, 2).T)
    np.testing.assert_array_equal(net.biases[0], [6, 7, 8])
    np.testing.assert_array_equal(net.weights[1], [[9], [10], [11]])
    assert net.biases[1] is None
    assert len(net.weights) == len(net.biases) == 2


def test_views_are_live_both_ways_and_outlive_the_network() -> None:
    net = network(2, [(3, "identity", True)])
    w, W, b = net.parameters, net.weights[0], net.biases[0]
    w[:] = 0
    W[1, 2], b[0] = 5, 7
    assert w[2 * 2 + 1] == 5
    np.testing.assert_array_equal(net.predict(np.array([[0.0, 1.0]])), [[7, 0, 5]])
    net.parameters = np.ones(9)
    assert (W == 1).all()
    assert net.parameters.base is not None or not net.parameters.flags.owndata
    del net
    W[:] = 3
    assert w[0] == 3


def test_training_writes_into_the_same_buffer() -> None:
    net = network(2, [(3, "tanh", True), (1, "identity", True)])
    w, before = net.parameters, net.parameters.copy()
    fit_once(net)
    assert not np.array_equal(w, before)
    np.testing.assert_array_equal(w, net.parameters)


@pytest.mark.parametrize("value", [np.ones(8), np.ones(10), np.ones((3, 3)), [[1.0]]])
def test_parameters_of_a_wrong_shape_are_refused(value: Any) -> None:
    net = network(2, [(3, "identity", True)])
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=r"parameters.*expected \(9,\)"):
        net.parameters = value
    np.testing.assert_array_equal(net.parameters, before)


def test_predict_is_two_dimensional_but_for_one_sample() -> None:
    """(n, n_in) gives (n, n_out), always; one sample (n_in,) gives (n_out,)."""
    net = network(3, [(4, "relu", True), (1, "identity", True)])
    X = np.random.default_rng(1).normal(size=(5, 3))
    assert net.predict(X).shape == (5, 1)
    assert net.predict(X[:1]).shape == (1, 1)
    assert net.predict(X[0]).shape == (1,)
    np.testing.assert_array_equal(net.predict(X[0]), net.predict(X[:1])[0])
    assert (net.n_inputs, net.n_outputs) == (3, 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_have_the_dtype_of_the_network(dtype: str) -> None:
    net = network(3, [(2, "tanh", True)], dtype=dtype)
    X, y = np.ones((4, 3)), np.ones((4, 2))
    value, g = net.value_and_grad(X, y)
    results = (net.parameters, net.weights[0], net.biases[0], net.predict(X), net.jacobian(X), g)
    assert {str(array.dtype) for array in results} == {dtype}
    assert type(value) is float
    assert type(net.loss(X, y)) is float


def test_results_share_no_memory() -> None:
    """Two predictions share no memory with each other or with the network."""
    net = network(3, [(2, "identity", True)])
    first = net.predict(np.ones((4, 3)))
    kept = first.copy()
    second = net.predict(np.zeros((4, 3)))
    np.testing.assert_array_equal(first, kept)
    second[:] = 9
    np.testing.assert_array_equal(net.predict(np.ones((4, 3))), kept)


@pytest.mark.parametrize(
    "twin",
    [lambda net: net.copy(), copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
    ids=["copy", "copy.copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_copy_is_independent_and_has_the_same_stream(twin: Any, dtype: str) -> None:
    """Parameters, seed and epochs trained are carried; memory is not shared."""
    net = fit_once(network(3, [(4, "relu", True), (2, "leaky_relu", False)], dtype=dtype))
    other = twin(net)
    np.testing.assert_array_equal(other.parameters, net.parameters)
    assert other.parameters.dtype == dtype
    assert not np.shares_memory(other.parameters, net.parameters)
    fit_once(net), fit_once(other)
    np.testing.assert_array_equal(other.parameters, net.parameters)
    other.parameters[:] = 0
    assert net.parameters.any()


def test_hyperparameters_survive_pickling() -> None:
    net = fm.Network([fm.Dense(2, fm.LeakyReLU(0.5), bias=False, init="zeros")], inputs=2, seed=0)
    net.weights[0][:] = -np.eye(2)
    twin = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(twin.predict(np.eye(2)), [[-0.5, 0], [0, -0.5]])


def test_summary_and_repr_tell_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    """Layers, activations, units and the number of parameters."""
    net = fm.Network([64, 128, 10], activation="relu", output="softmax", seed=0)
    summary = str(net.summary() or capsys.readouterr().out)
    for word in ("relu", "softmax", "128", "10", "9610"):
        assert word in summary.replace(",", "").replace("_", "").lower()
    assert "Network" in repr(net)
    for word in ("64", "128", "10"):
        assert word in str(net)


def test_seeds_fix_the_start_and_none_does_not() -> None:
    def make(seed: int | None) -> Any:
        return fm.Network([3, 4, 1], activation="tanh", output="identity", seed=seed).parameters

    np.testing.assert_array_equal(make(5), make(5))
    assert not np.array_equal(make(5), make(6))
    assert not np.array_equal(make(None), make(None))


@pytest.mark.parametrize("sizes", [[True, 2], [1.0, 2], [1, 2.0], ["1", 2]])
def test_sizes_are_checked_also_where_equal_ones_were_valid(sizes: Any) -> None:
    fm.Network([1, 2], seed=0)
    with pytest.raises((TypeError, ValueError), match=r"^Network: "):
        fm.Network(sizes, seed=0)


def test_networks_of_equal_sizes_have_parameters_and_settings_of_their_own() -> None:
    one, other = (fm.Network([2, 3, 1], activation="tanh", seed=seed) for seed in (0, 1))
    assert one.layers == other.layers
    assert fm.Network([2, 3, 1], activation="relu").layers != one.layers
    before = other.parameters.copy()
    one.fit([[0.0, 1.0]], [1.0], epochs=3)
    assert np.array_equal(other.parameters, before)

"""Recurrent layers against plain loops, their views, starts, bits, dropout, copies and errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from forced_threads import forced_threads
from recurrent_oracle import Elman, gru, lstm

RNG = np.random.default_rng(7)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(1, 20), st.integers(1, 37), st.booleans(), st.booleans(),
       st.sampled_from(["tanh", "relu", "sigmoid", "silu", "identity"]),
       st.sampled_from([1, 2, 9, 33]))  # fmt: skip
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 5e-6)])
def test_outputs_and_gradient_are_those_of_plain_loops(
    dtype: str, bound: float, time: int, features: int, units: int, sequences: bool, bias: bool,
    activation: str, n: int,
) -> None:  # fmt: skip
    """Any lengths and widths, few samples and many, by all parameters and by X."""
    layer = fm.Recurrent(units, activation, sequences, bias=bias)
    net = fm.Network([layer], inputs=(time, features), dtype=dtype, seed=1)
    X = RNG.normal(size=(n, time, features)).astype(dtype)
    b = None if net.biases[0] is None else net.biases[0].astype(float)
    loops = Elman(activation, net.weights[0].astype(float), b)
    h = loops.forward(X.astype(float))
    expected = h if sequences else h[:, -1]
    np.testing.assert_allclose(net.predict(X), expected, atol=bound * (1 + np.abs(h).max()))
    dh = np.zeros_like(h)
    upstream = RNG.normal(size=expected.shape).astype(dtype)
    dh[:, slice(None) if sequences else -1] = upstream
    dW, db, dX = loops.backward(dh)
    gradient = np.concatenate([dW.T.ravel(), db if bias else []])
    scale = 1 + max(np.abs(gradient).max(), np.abs(dX).max())
    np.testing.assert_allclose(net.backward(X, upstream), gradient, atol=bound * scale)
    rows = upstream.reshape(n, -1)
    by_inputs = np.einsum("nj,njtf->ntf", rows, net.jacobian(X))
    np.testing.assert_allclose(by_inputs, dX, atol=bound * scale)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 20), st.integers(1, 37), st.booleans(),
       st.sampled_from(["tanh", "relu", "softplus"]), st.sampled_from([1, 9, 33]))  # fmt: skip
@pytest.mark.parametrize(("kind", "oracle"), [(fm.GRU, gru), (fm.LSTM, lstm)])
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 5e-6)])
def test_gated_outputs_are_those_of_plain_loops(
    kind: Any, oracle: Any, dtype: str, bound: float, time: int, features: int, units: int,
    sequences: bool, activation: str, n: int,
) -> None:  # fmt: skip
    layer = kind(units, activation, sequences)
    net = fm.Network([layer], inputs=(time, features), dtype=dtype, seed=1)
    net.biases[0][...] = RNG.normal(size=4 * units)
    X = RNG.normal(size=(n, time, features)).astype(dtype)
    h = oracle(layer, net.weights[0].astype(float), net.biases[0].astype(float), X.astype(float))
    expected = h if sequences else h[:, -1]
    np.testing.assert_allclose(net.predict(X), expected, atol=bound * (1 + np.abs(h).max()))


def tagger(dtype: str = "float32", **fields: Any) -> fm.Network:
    """Recurrent layers of all kinds, dropout and noise, and a class for each of 9 steps."""
    layers = [fm.Recurrent(12, sequences=True, l2=0.01, max_norm=1.0, **fields), fm.Dropout(0.2),
              fm.Recurrent(10, "relu", sequences=True), fm.GaussianNoise(0.01),
              fm.GRU(7, sequences=True), fm.LSTM(6, sequences=True),
              fm.Conv1D(4, 1, "softmax")]  # fmt: skip
    return fm.Network(layers, inputs=(9, 3), dtype=dtype, seed=0)


def data(n: int, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, 9, 3)).astype(dtype), rng.integers(0, 4, (n, 9))


def test_outputs_and_targets_have_the_axes_of_steps() -> None:
    """(n, time, units) and a class per step; flat and one-hot targets are the same."""
    net = tagger("float64")
    X, y = data(11, "float64")
    outputs = net.predict(X)
    assert outputs.shape == (11, 9, 4)
    assert net.output_shape == (9, 4)
    np.testing.assert_allclose(outputs.sum(-1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(net.predict(X[0]), outputs[0], rtol=1e-13)
    expected = -np.log(np.take_along_axis(outputs, y[..., None], -1)).sum() / 11
    one_hot = np.eye(4)[y]
    for targets in (y, y.astype(float), one_hot, one_hot.reshape(11, 36)):
        assert net.loss(X, targets) == pytest.approx(expected, rel=1e-13)
    assert net.loss(X[0], y[0]) == pytest.approx(-np.log(outputs[0][np.arange(9), y[0]]).sum())
    g = net.value_and_grad(X, y)[1]
    np.testing.assert_array_equal(g, net.value_and_grad(X, one_hot)[1])
    upstream = -one_hot / outputs / 11
    np.testing.assert_allclose(net.backward(X, upstream), g, atol=1e-13)
    np.testing.assert_allclose(net.backward(X, upstream.reshape(11, 36)), g, atol=1e-13)


def test_smoothed_labels_are_spread_over_the_classes_of_a_step() -> None:
    net = tagger("float64")
    X, y = data(8, "float64")
    smooth = 0.9 * np.eye(4)[y] + 0.1 / 4
    value = net.loss(X, y, fm.CrossEntropy(label_smoothing=0.1))
    assert value == pytest.approx(net.loss(X, smooth), rel=1e-13)


def test_a_custom_loss_receives_one_hot_steps() -> None:
    net = tagger("float64")
    X, y = data(8, "float64")

    def loss(o: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return -(t * np.log(o)).sum(1), -t / o

    value, g = net.value_and_grad(X, np.eye(4)[y].reshape(8, 36), loss)
    expected, by_pair = net.value_and_grad(X, y)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(g, by_pair, atol=1e-13)


def test_the_trainer_has_the_shapes_of_the_network() -> None:
    """Own gradients with dropout on: forward, backward and apply are the step."""
    X, y = data(16)
    trainers = [fm.Trainer(tagger(), optimizer=fm.SGD(0.1), seed=3) for _ in range(2)]
    outputs = trainers[0].forward(X)
    assert outputs.shape == (16, 9, 4)
    upstream = -np.eye(4, dtype="float32")[y] / outputs / 16
    trainers[0].apply(trainers[0].backward(upstream))
    trainers[1].step(X, y)
    w, expected = (trainer.network.parameters for trainer in trainers)
    np.testing.assert_allclose(w, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["adam", fm.SGD(0.05, clip_norm=0.5), fm.LBFGS()], ids=str)
def test_bits_do_not_depend_on_threads(dtype: str, optimizer: Any) -> None:
    """Epochs with dropout, noise and penalties by one to four threads."""
    X, y = data(210, dtype)
    trained = []
    for threads in (1, 2, 3, 4):
        net = tagger(dtype)
        if isinstance(optimizer, fm.LBFGS):
            net = fm.Network([fm.Recurrent(5), fm.Dense(4, "softmax")], inputs=(9, 3), dtype=dtype,
                             seed=1)  # fmt: skip
        with forced_threads(threads):
            if isinstance(optimizer, fm.LBFGS):
                net.fit(X, y[:, 0], epochs=3, optimizer=optimizer)
            else:
                net.fit(X, y, epochs=2, batch_size=70, optimizer=optimizer, l1=1e-4)
        trained.append(net.parameters.copy())
    for each in trained[1:]:
        np.testing.assert_array_equal(each, trained[0])


def test_max_norm_limits_the_weights_of_a_unit_by_x_and_h_together() -> None:
    net = tagger()
    X, y = data(64)
    net.fit(X, y, epochs=20, optimizer=fm.SGD(0.1))
    norms = np.linalg.norm(net.weights[0], axis=0)
    assert norms.max() <= 1.0 + 1e-6
    assert norms.max() > 0.9


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_copies_pickles_and_the_call_are_the_network(dtype: str) -> None:
    net = tagger(dtype)
    X, y = data(40, dtype)
    net.fit(X, y, epochs=1)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.copy()):
        np.testing.assert_array_equal(other.predict(X), net.predict(X))
        assert other.output_shape == (9, 4)
        assert other.layers == net.layers
    assert "9x3 -> 9x12   Recurrent(12), Tanh()" in str(net)


def test_weights_have_a_documented_order() -> None:
    """(features + units, units), rows of x first: a live view of (units, features + units)."""
    net = fm.Network([fm.Recurrent(2)], inputs=(5, 3), dtype="float64", seed=0)
    in_w = net.parameters[:10].reshape(2, 5)
    np.testing.assert_array_equal(net.weights[0], in_w.T)
    assert np.shares_memory(net.weights[0], net.parameters)
    x = RNG.normal(size=(1, 3))
    short = fm.Network([fm.Recurrent(2)], inputs=(1, 3), dtype="float64", seed=0)
    short.parameters = net.parameters
    np.testing.assert_allclose(short.predict(x[None])[0], np.tanh(x @ net.weights[0][:3])[0])


def test_starts() -> None:
    """W by the fans of x alone, U orthogonal, b zero; another seed is another start."""
    layer = fm.Recurrent(64, init="glorot_uniform")
    net = fm.Network([layer], inputs=(4, 256), dtype="float64", seed=1)
    W, U = net.weights[0][:256], net.weights[0][256:]
    assert np.var(W) == pytest.approx(2 / (256 + 64), rel=0.03)
    np.testing.assert_allclose(U @ U.T, np.eye(64), atol=1e-13)
    assert not net.biases[0].any()
    scaled = fm.Recurrent(64, recurrent_init=fm.Orthogonal(gain=0.5))
    U = fm.Network([scaled], inputs=(4, 256), dtype="float64", seed=1).weights[0][256:]
    np.testing.assert_allclose(U @ U.T, 0.25 * np.eye(64), atol=1e-13)


@pytest.mark.parametrize(("kind", "gates"), [(fm.GRU, 3), (fm.LSTM, 4)])
def test_starts_of_gates(kind: Any, gates: int) -> None:
    """Each gate has the fans of a layer of its own; an LSTM remembers at first."""
    net = fm.Network([kind(64)], inputs=(4, 256), dtype="float64", seed=1)
    blocks = np.split(net.weights[0], gates, axis=1)
    for block in blocks:
        assert np.var(block[:256]) == pytest.approx(2 / (256 + 64), rel=0.04)
        np.testing.assert_allclose(block[256:] @ block[256:].T, np.eye(64), atol=1e-13)
    assert len({block[0, 0] for block in blocks}) == gates
    b = np.split(net.biases[0], 4)
    np.testing.assert_array_equal(b[1], 1.0 if kind is fm.LSTM else 0.0)
    assert not np.concatenate([b[0], *b[2:]]).any()
    ready = fm.Network([fm.LSTM(2, forget_bias=-0.5)], inputs=(4, 2), seed=1).biases[0]
    np.testing.assert_array_equal(ready, [0, 0, -0.5, -0.5, 0, 0, 0, 0])


def test_dropout_between_layers_is_that_of_features() -> None:
    """Masks per unit and step, and off in prediction."""
    layers = [fm.Dropout(0.25), fm.Recurrent(3, "identity", sequences=True, bias=False)]
    net = fm.Network(layers, inputs=(4, 3), dtype="float64", seed=0)
    net.weights[0][...] = np.vstack([np.eye(3), np.zeros((3, 3))])
    h = fm.Trainer(net, seed=1).forward(np.ones((2000, 4, 3)))
    assert set(np.unique(h)) == {0.0, 1 / 0.75}
    assert np.mean(h == 0) == pytest.approx(0.25, abs=0.02)
    assert not (h == h[:, :1]).all()
    np.testing.assert_array_equal(net.predict(np.ones((1, 4, 3))), np.ones((1, 4, 3)))


def test_a_long_memory_is_learned() -> None:
    """The sign of the first of 12 numbers, which only the state can carry to the last step."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 12, 1)).astype("float32")
    y = (X[:, 0, 0] > 0).astype(int)
    net = fm.Network([fm.Recurrent(16), fm.Dense(2, "softmax")], inputs=(12, 1), seed=0)
    net.fit(X[:500], y[:500], epochs=60, optimizer=fm.Adam(5e-3, clip_norm=1.0))
    assert (net.predict(X[500:]).argmax(1) == y[500:]).mean() > 0.9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fm.Network([fm.Recurrent(2)], inputs=64), r"layers\[0\] reads .* of shape 64"),
        (lambda: fm.Network([fm.Recurrent(2)], inputs=(8, 8, 1)), r"expected \(time, features\)"),
        (lambda: fm.Network([fm.Recurrent(2), fm.Recurrent(2)], inputs=(9, 2)),
         r"layers\[1\] reads features of shape 2, expected \(time, features\)"),
        (lambda: fm.Network([fm.Recurrent(2, "softmax", sequences=True)], inputs=(9, 2)),
         "couples all units"),
        (lambda: fm.Recurrent(0), "Recurrent: units=0"),
        (lambda: fm.LSTM(2, truncate=0), "LSTM: truncate=0, expected an integer >= 1"),
        (lambda: tagger().loss(data(3)[0], np.zeros((3, 8), int)),
         r"y has shape \(3, 8\), expected \(3, 9\) class indices or \(3, 9, 4\)"),
        (lambda: tagger().loss(data(3)[0], np.full((3, 9), 4)), r"y\[0, 0\]=4, expected class ind"),
        (lambda: tagger().backward(data(3)[0], np.zeros((3, 4, 9))),
         r"output_gradient has shape \(3, 4, 9\), expected \(3, 9, 4\)"),
        (lambda: tagger().fit(*data(3), class_weight=[1, 2, 3]), "has 3 entries, expected 4"),
        (lambda: fm.Network([fm.Recurrent(2**62)], inputs=(3, 2**62)), "Network"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_shape(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("layer", [fm.Recurrent(1), fm.Recurrent(1, sequences=True)])
def test_more_steps_than_memory_are_a_memory_error(layer: Any) -> None:
    with pytest.raises(MemoryError):
        fm.Network([layer], inputs=(2**45, 1))


def test_a_spectrum_of_truncated_derivatives_is_refused() -> None:
    """Their products are not symmetric, of which Lanczos' method would not tell."""
    X, y = np.ones((2, 6, 2)), np.ones((2, 1))
    for layer in (fm.Recurrent(3, truncate=2), fm.Bidirectional(fm.GRU(3, truncate=2))):
        net = fm.Network([layer, fm.Dense(1)], inputs=(6, 2), seed=1)
        with pytest.raises(ValueError, match=r"hessian_spectrum: layers\[0\].truncate=2, expected"):
            net.hessian_spectrum(X, y)

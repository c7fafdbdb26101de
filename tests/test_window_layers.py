"""Layers that slide windows, in networks: shapes, views, bits, copies, dropout, errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from forced_threads import forced_threads


def lenet(dtype: str = "float32", seed: int = 0, **fields: Any) -> fm.Network:
    """A small LeNet with everything that may stand between convolutions."""
    first = fm.Conv2D(4, 3, "relu", padding="same", max_norm=1.0, **fields)
    second = fm.Conv2D(4, 3, "tanh", padding="same", l2=0.01)
    layers = [first, second, fm.Skip(first), fm.MaxPool2D(2), fm.SpatialDropout(0.2),
              fm.Conv2D(5, (2, 3), "silu"), fm.AveragePool2D(2, padding="same"),
              fm.GaussianNoise(0.01), fm.Dense(8, "tanh"), fm.Dropout(0.1),
              fm.Dense(3, "softmax")]  # fmt: skip
    return fm.Network(layers, inputs=(8, 8, 1), dtype=dtype, seed=seed)


def data(n: int, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, 8, 8, 1)).astype(dtype), rng.integers(0, 3, n)


def test_shapes_of_X_are_equal() -> None:
    """(n, *inputs) and (n, n_inputs), one sample of either; the Jacobian has the inputs' axes."""
    net = lenet("float64")
    X, _ = data(9, "float64")
    outputs = net.predict(X)
    np.testing.assert_array_equal(outputs, net.predict(X.reshape(9, 64)))
    np.testing.assert_allclose(net.predict(X[0]), outputs[0], rtol=1e-13)
    np.testing.assert_array_equal(net.predict(X[0]), net.predict(X[0].ravel()))
    assert net.jacobian(X).shape == (9, 3, 8, 8, 1)
    assert net.jacobian(X[0].ravel()).shape == (3, 8, 8, 1)
    step = 1e-6 * np.eye(64).reshape(64, 8, 8, 1)
    quotients = (net.predict(X[0] + step) - net.predict(X[0] - step)).T / 2e-6
    np.testing.assert_allclose(net.jacobian(X[0]).reshape(3, 64), quotients, atol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["adam", fm.SGD(0.05, clip_norm=0.5)], ids=str)
def test_bits_do_not_depend_on_threads(dtype: str, optimizer: Any) -> None:
    """Epochs with dropout, noise and penalties by one to four threads."""
    X, y = data(210, dtype)
    trained = []
    for threads in (1, 2, 3, 4):
        net = lenet(dtype)
        with forced_threads(threads):
            net.fit(X, y, epochs=2, batch_size=70, optimizer=optimizer, l1=1e-4)
        trained.append(net.parameters.copy())
    for each in trained[1:]:
        np.testing.assert_array_equal(each, trained[0])


def test_max_norm_limits_each_filter() -> None:
    net = lenet()
    X, y = data(64)
    net.fit(X, y, epochs=20, optimizer=fm.SGD(0.5))
    norms = np.linalg.norm(net.weights[0].reshape(-1, 4), axis=0)
    assert norms.max() <= 1.0 + 1e-6
    assert norms.max() > 0.9


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_copies_pickles_and_the_call_are_the_network(dtype: str) -> None:
    net = lenet(dtype)
    X, y = data(40, dtype)
    net.fit(X, y, epochs=1)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.copy()):
        np.testing.assert_array_equal(other.predict(X), net.predict(X))
        assert other.input_shape == (8, 8, 1)
        assert other.layers == net.layers
    assert repr(net).endswith(f"inputs=(8, 8, 1), dtype='{dtype}', seed=0)")


def test_summary_shows_shapes() -> None:
    assert str(lenet()).splitlines()[0].startswith("Network 8x8x1-8x8x4-8x8x4-3x2x5-8-3, float32")
    assert "8x8x1 -> 8x8x4  Conv2D(4, 3), ReLU()" in str(lenet())


def test_weights_have_a_documented_order() -> None:
    """(kernel, kernel, channels, filters), live views of (filters, kernel, kernel, channels)."""
    net = fm.Network([fm.Conv2D(2, (3, 4)), fm.Dense(1)], inputs=(5, 5, 3), dtype="float64", seed=0)
    in_w = net.parameters[:72].reshape(2, 3, 4, 3)
    np.testing.assert_array_equal(net.weights[0], in_w.transpose(1, 2, 3, 0))
    assert np.shares_memory(net.weights[0], net.parameters)
    net.weights[0][1, 2, 0, 1] = 7.0
    assert in_w[1, 1, 2, 0] == 7.0


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal", "lecun_uniform"])
def test_initialisers_count_taps(name: str) -> None:
    """fan_in = kernel² channels and fan_out = kernel² filters, as in torch."""
    net = fm.Network([fm.Conv2D(64, 5, init=name)], inputs=(6, 6, 32), seed=1)
    fans = {
        "glorot_uniform": 2 / (25 * 32 + 25 * 64),
        "he_normal": 2 / 800,
        "lecun_uniform": 1 / 800,
    }
    assert np.var(net.weights[0]) == pytest.approx(fans[name], rel=0.03)
    assert not net.biases[0].any()


def test_spatial_dropout_drops_channels() -> None:
    """One draw per sample and channel for all positions, at its rate, and kept values scaled."""
    layers = [fm.SpatialDropout(0.25), fm.Conv2D(6, 1, bias=False)]
    net = fm.Network(layers, inputs=(3, 4, 6), dtype="float64", seed=0)
    net.weights[0][0, 0] = np.eye(6)
    h = fm.Trainer(net, seed=1).forward(np.ones((2000, 72))).reshape(2000, 12, 6)
    assert set(np.unique(h)) == {0.0, 1 / 0.75}
    np.testing.assert_array_equal(h, np.broadcast_to(h[:, :1], h.shape))
    assert np.mean(h == 0) == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(net.predict(np.ones(72)), np.ones((3, 4, 6)))


@pytest.mark.parametrize("n", [1, 40])
def test_a_softmax_is_one_of_the_channels_of_a_position(n: int) -> None:
    """As of a dense network on each pixel, hidden and last, with one class per pixel."""
    layers = [fm.Conv2D(5, 1, "softmax"), fm.Conv2D(4, 1, "softmax")]
    image = fm.Network(layers, inputs=(3, 2, 6), dtype="float64", seed=0)
    pixel = fm.Network([fm.Dense(5, "softmax"), fm.Dense(4, "softmax")], inputs=6, dtype="float64")
    pixel.parameters = image.parameters
    rng = np.random.default_rng(n)
    X, y = rng.normal(size=(n, 3, 2, 6)), rng.integers(0, 4, (n, 3, 2))
    outputs = image.predict(X)
    np.testing.assert_allclose(outputs.reshape(-1, 4), pixel.predict(X.reshape(-1, 6)), rtol=1e-13)
    value, g = image.value_and_grad(X, y)
    one_value, one_g = pixel.value_and_grad(X.reshape(-1, 6), y.ravel())
    assert value == pytest.approx(6 * one_value, rel=1e-13)
    np.testing.assert_allclose(g, 6 * one_g, atol=1e-13)
    v = rng.normal(size=image.n_parameters)
    expected = 6 * pixel.hvp(X.reshape(-1, 6), y.ravel(), v)
    np.testing.assert_allclose(image.hvp(X, y, v), expected, atol=1e-12)
    expected = 6 * pixel.gnvp(X.reshape(-1, 6), y.ravel(), v)
    np.testing.assert_allclose(image.gnvp(X, y, v), expected, atol=1e-12)


def test_maxima_take_nan_and_the_first_of_equal_ones() -> None:
    net = fm.Network([fm.MaxPool1D(3), fm.Conv1D(1, 1, bias=False)], inputs=(3, 1), dtype="float64",
                     init="constant", seed=0)  # fmt: skip
    net.parameters = [1.0]
    for x in ([np.nan, 1, 2], [1, np.nan, 2], [1, 2, np.nan]):
        assert np.isnan(net.predict(x)).all()
    np.testing.assert_array_equal(net.jacobian([2.0, 2.0, 1.0]).ravel(), [1, 0, 0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fm.Network([fm.Conv2D(2, 3)], inputs=64), r"layers\[0\] reads .* of shape 64"),
        (lambda: fm.Network([fm.Conv2D(2, 3)], inputs=(9, 2)), r"\(height, width, channels\)"),
        (lambda: fm.Network([fm.Conv1D(2, 3)], inputs=(8, 8, 1)), r"expected \(length, channels\)"),
        (lambda: fm.Network([fm.Conv2D(2, 3), fm.MaxPool2D(7)], inputs=(8, 8, 1)),
         r"layers\[1\] slides a window of 7 over features of shape \(6, 6, 2\)"),
        (lambda: fm.Network([fm.Conv2D(2, 3, dilation=4)], inputs=(8, 8, 1)), "dilation included"),
        (lambda: fm.Network([fm.MaxPool2D(2, padding=2), fm.Dense(1)], inputs=(8, 8, 1)),
         "smaller than the window"),
        (lambda: fm.Conv2D(2, 0), "Conv2D: kernel=0, expected an integer >= 1"),
        (lambda: fm.Conv2D(2, 3, padding="half"), "Conv2D: padding='half', expected one of"),
        (lambda: fm.Network([fm.Conv2D(2, 3)], inputs=(8, 8, 0)), r"inputs\[2\]=0"),
        (lambda: fm.Network([fm.Dense(2)], inputs=(1, 1, 1, 1)), r"inputs=\(1, 1, 1, 1\)"),
        (lambda: lenet().predict(np.ones((2, 8, 9, 1))),
         r"X has shape \(2, 8, 9, 1\), expected \(n_samples, 8, 8, 1\) or \(n_samples, 64\)"),
        (lambda: fm.Network([fm.Conv2D(2, 3, padding=1), fm.Skip("input")], inputs=(8, 8, 1)),
         r"adds \(8, 8, 1\) features to \(8, 8, 2\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_shape(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("value", ["3", 1.5, (1, 2, 3), None, True])
def test_sizes_are_integers_or_pairs(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Conv2D: kernel=.*expected an integer >= 1.*two of them"):
        fm.Conv2D(2, value)
    with pytest.raises(TypeError, match="Conv1D: kernel="):
        fm.Conv1D(2, (1, 2))

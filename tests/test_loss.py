"""Losses: values and gradients per sample, their limits, and the stable canonical pairs."""

from __future__ import annotations

import numpy as np
import pytest

import reference as ref
from fastmlp import _core
from problems import made, network

INF = np.inf


def sample(name: str, rng: np.random.Generator) -> tuple[ref.Array, ref.Array]:
    o = rng.uniform(0.05, 0.95, (7, 4))
    return o, rng.choice([-1.0, 1.0], o.shape) if name == "perceptron" else rng.uniform(size=(7, 4))


def test_every_loss_has_an_oracle() -> None:
    """A member without a reference fails the suite."""
    assert list(_core.losses) == list(ref.LOSSES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ref.LOSSES)
def test_values_sum_over_outputs_and_gradients_have_no_mean(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    """loss(o, y) is (n,), loss.gradient(o, y) is (n, n_out), without the 1/n of a batch."""
    o, y = (array.astype(dtype) for array in sample(name, rng))
    rtol = 1e-13 if dtype == "float64" else 2e-6
    values, gradient = made("losses", name)(o, y), made("losses", name).gradient(o, y)
    assert values.shape == (7,)
    assert gradient.shape == (7, 4)
    np.testing.assert_allclose(values, ref.LOSSES[name](o, y), rtol=rtol)
    np.testing.assert_allclose(gradient, ref.LOSSES[name].gradient(o, y), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", ref.LOSSES)
def test_gradients_are_differences(name: str, rng: np.random.Generator) -> None:
    o, y = sample(name, rng)
    loss = made("losses", name)
    slope = ref.differences(lambda o: np.sum(loss(o, y)), o, 1e-6)
    np.testing.assert_allclose(loss.gradient(o, y), slope, rtol=1e-7, atol=1e-7)


def test_huber_delta_enters_the_formula(rng: np.random.Generator) -> None:
    o, y = 3 * rng.normal(size=(2, 9, 2))
    loss, oracle = made("losses", "huber", delta=0.5), ref.LOSSES["huber"]
    np.testing.assert_allclose(loss(o, y), oracle(o, y, delta=0.5))
    np.testing.assert_allclose(loss.gradient(o, y), oracle.gradient(o, y, delta=0.5))


@pytest.mark.parametrize(
    ("name", "o", "y", "value", "slope"),
    [
        ("squared_error", 1e300, 0, INF, 1e300),
        ("squared_error", -1e150, 0, 5e299, -1e150),
        ("absolute_error", -1e300, 0, 1e300, -1),
        ("absolute_error", 2, 2, 0, 0),
        ("huber", 1e300, 0, 1e300, 1),
        ("cross_entropy", 0, 0, 0, 0),
        ("cross_entropy", 0, 1, INF, -INF),
        ("binary_cross_entropy", 0, 0, 0, 1),
        ("binary_cross_entropy", 1, 1, 0, -1),
        ("binary_cross_entropy", 0, 1, INF, -INF),
        ("binary_cross_entropy", 1, 0, INF, INF),
        ("perceptron", 0, 1, 0, -1),
        ("perceptron", 0, -1, 0, 1),
        ("perceptron", 1e300, -1, 1e300, 1),
    ],
)
def test_edges_are_the_limits(name: str, o: float, y: float, value: float, slope: float) -> None:
    """0 log 0 = 0, |x|'(0) = 0, the perceptron updates at equality; nothing overflows early."""
    loss, o_, y_ = made("losses", name), np.array([[float(o)]]), np.array([[float(y)]])
    np.testing.assert_allclose(loss(o_, y_), [value])
    np.testing.assert_allclose(loss.gradient(o_, y_), [[slope]])


@pytest.mark.parametrize("name", ref.LOSSES)
def test_nan_stays_nan(name: str) -> None:
    o, y = np.array([[np.nan, 0.5], [0.5, 0.5]]), np.ones((2, 2))
    np.testing.assert_array_equal(np.isnan(made("losses", name)(o, y)), [True, False])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("output", "a", "y", "value", "delta"),
    [
        ("softmax", [1000, 0, 0], [0, 1, 0], 1000, [1, -1, 0]),
        ("softmax", [-1e30, 0, 0], [0, 0.5, 0.5], np.log(2), [0, 0, 0]),
        ("softmax", [0, 0, 0], [2, 1, 0], 3 * np.log(3), [-1, 0, 1]),  # o Σy - y
        ("sigmoid", [1000, -1000, 0], [0, 1, 1], 2000 + np.log(2), [1, -1, -0.5]),
        ("sign", [3, -2, 0], [-1, -1, 1], 3, [1, 0, -1]),
    ],
)
def test_canonical_pairs_are_stable(
    output: str, a: list[float], y: list[float], value: float, delta: list[float], dtype: str
) -> None:
    """From pre-activations far outside the exponential's range; delta is the bias gradient."""
    net = network(1, [(3, output, True)], dtype=dtype)
    net.weights[0][:], net.biases[0][:] = 0, a
    X, Y = np.zeros((1, 1), dtype), np.array([y], dtype)
    got, g = net.value_and_grad(X, Y)
    np.testing.assert_allclose(got, value, rtol=1e-6)
    np.testing.assert_allclose(net.loss(X, Y), value, rtol=1e-6)
    np.testing.assert_allclose(g[3:], delta, atol=1e-6)


def test_the_batch_loss_is_the_mean_over_samples_in_double() -> None:
    """float32 losses are summed in double: 10⁵ equal values give their value."""
    net = network(1, [(1, "identity", False)], dtype="float32")
    net.weights[0][:] = 0
    X, y = np.zeros((100_000, 1), np.float32), np.full(100_000, np.sqrt(0.2), np.float32)
    assert net.loss(X, y) == pytest.approx(0.1, rel=1e-7)

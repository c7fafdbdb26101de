"""Losses: values and gradients per sample, their limits, and the stable canonical pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import made, network, pair, targets

INF = np.inf


def sample(name: str, rng: np.random.Generator) -> tuple[ref.Array, ref.Array]:
    o = rng.uniform(0.05, 0.95, (7, 4))
    return o, targets(name, rng, 7, 4)


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


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("huber", {"delta": 0.5}),
        ("quantile", {"q": 0.1}),
        ("quantile", {"q": 0.9}),
        ("poisson", {"log_input": False}),
        ("poisson", {"log_input": True}),
    ],
)
def test_hyperparameters_enter_the_formula(
    name: str, fields: dict[str, Any], rng: np.random.Generator
) -> None:
    o, y = 3 * np.abs(rng.normal(size=(2, 9, 2)))
    o[0], y[1] = y[0], 0
    o = np.maximum(o, 0.1)
    loss, oracle = made("losses", name, **fields), ref.LOSSES[name]
    np.testing.assert_allclose(loss(o, y), oracle(o, y, **fields), rtol=1e-13)
    np.testing.assert_allclose(
        loss.gradient(o, y), oracle.gradient(o, y, **fields), rtol=1e-13, atol=1e-15
    )


def test_the_pinball_loss_is_least_at_the_quantile(rng: np.random.Generator) -> None:
    """Of 999 samples the minimum over constants is the q-th sample."""
    y = np.sort(rng.normal(size=999))
    for q in (0.1, 0.5, 0.9):
        values = [
            made("losses", "quantile", q=q)(np.full((999, 1), c), y[:, None]).sum() for c in y
        ]
        assert y[np.argmin(values)] == y[int(q * 999)]


def test_gaussian_nll_is_least_at_mean_and_log_variance(rng: np.random.Generator) -> None:
    """The gradient of the sum vanishes there, for each of two targets."""
    y = rng.normal([1.0, -3.0], [0.5, 2.0], (500, 2))
    o = np.tile(np.concatenate([y.mean(0), np.log(y.var(0))]), (500, 1))
    gradient = made("losses", "gaussian_nll").gradient(o, y)
    assert gradient.shape == (500, 4)
    np.testing.assert_allclose(gradient.sum(0), 0, atol=1e-10)


def test_gaussian_nll_learns_where_the_noise_is() -> None:
    """Two outputs per target: the deviation grows with x and is found; y has one column."""
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 1, (2000, 1))
    y = x[:, 0] + (0.1 + x[:, 0]) * rng.normal(size=2000)
    net = network(1, [(16, "tanh", True), (2, "identity", True)])
    net.fit(x, y, loss="gaussian_nll", optimizer=fm.Adam(0.01), epochs=40, batch_size=50)
    mean, log_variance = net.predict([[0.1], [0.9]]).T
    np.testing.assert_allclose(mean, [0.1, 0.9], atol=0.15)
    np.testing.assert_allclose(np.exp(log_variance / 2), [0.2, 1.0], rtol=0.25)


@pytest.mark.parametrize(("dtype", "s"), [("float32", -100.0), ("float64", -800.0)])
def test_gaussian_nll_is_finite_where_y_is_the_mean(dtype: Any, s: float) -> None:
    """0 exp(-s) = 0 although exp(-s) overflows: in the loss and all its derivatives."""
    o, y = np.array([[1.0, s]], dtype), np.ones((1, 1), dtype)
    np.testing.assert_array_equal(fm.GaussianNLL()(o, y), [s / 2])
    np.testing.assert_array_equal(fm.GaussianNLL().gradient(o, y), [[0, 0.5]])
    np.testing.assert_array_equal(fm.GaussianNLL()(o, y + 1), [INF])
    assert np.isnan(fm.GaussianNLL().gradient(np.array([[1.0, np.nan]], dtype), y)).any()
    net = fm.Network([fm.Dense(2, init="zeros")], inputs=1, dtype=dtype)
    net.biases[0][:] = o[0]
    value, gradient = net.value_and_grad([[0.0]], y, "gaussian_nll")
    assert value == s / 2
    np.testing.assert_array_equal(gradient, [0, 0, 0, 0.5])
    v = [0.0, 0.0, 0.0, 1.0]  # along s, where y is the mean, the loss is linear
    np.testing.assert_array_equal(net.hvp([[0.0]], y, v, "gaussian_nll"), np.zeros(4))
    np.testing.assert_array_equal(net.gnvp([[0.0]], y, v, "gaussian_nll"), [0, 0, 0, 0.5])


def test_gaussian_nll_wants_two_outputs_per_target() -> None:
    X = np.ones((4, 1))
    with pytest.raises(ValueError, match=r"^fit: loss='gaussian_nll' with n_outputs=3, expected"):
        network(1, [(3, "identity", True)]).fit(X, X, loss="gaussian_nll")
    with pytest.raises(ValueError, match=r"^fit: y has shape \(4, 4\), expected \(4, 2\)"):
        network(1, [(4, "identity", True)]).fit(X, np.ones((4, 4)), loss="gaussian_nll")
    for n in (1, 3):
        with pytest.raises(ValueError, match=rf"shape \(1, {n}\), expected an even number of col"):
            fm.GaussianNLL()(np.zeros((1, n)), np.zeros((1, n // 2)))


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
        ("quantile", 2, 2, 0, 0),
        ("quantile", 1e300, 0, 5e299, 0.5),
        ("quantile", -1e300, 0, 5e299, -0.5),
        ("poisson", -INF, 0, 0, 0),
        ("poisson", -INF, 1, INF, -1),
        ("poisson", -1e300, 1, 1e300, -1),
        ("poisson", 1000, 1, INF, INF),
        ("hinge", 1, 1, 0, -1),
        ("hinge", -1, -1, 0, 1),
        ("hinge", 1.5, 1, 0, 0),
        ("hinge", -1e300, 1, 1e300, -1),
        ("perceptron", 0, 1, 0, -1),
        ("perceptron", 0, -1, 0, 1),
        ("perceptron", 1e300, -1, 1e300, 1),
    ],
)
def test_edges_are_the_limits(name: str, o: float, y: float, value: float, slope: float) -> None:
    """0 log 0 = 0, |x|'(0) = 0, losses of ±1 update at equality; nothing overflows early."""
    loss, o_, y_ = made("losses", name), np.array([[float(o)]]), np.array([[float(y)]])
    np.testing.assert_allclose(loss(o_, y_), [value])
    np.testing.assert_allclose(loss.gradient(o_, y_), [[slope]])


@pytest.mark.parametrize("name", ref.LOSSES)
def test_nan_stays_nan(name: str) -> None:
    o, y = np.array([[np.nan, 0.5], [0.5, 0.5]]), np.ones((2, 1 if name == "gaussian_nll" else 2))
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


def test_a_cross_entropy_called_on_arrays_smooths() -> None:
    """As documented on the pages on losses and conventions; by hand, for k = 2 and s = 0.2."""
    o, y = np.array([[0.25, 0.75]]), np.array([[0.0, 1.0]])
    loss = fm.CrossEntropy(label_smoothing=0.2)
    np.testing.assert_allclose(loss(o, y), -0.1 * np.log(0.25) - 0.9 * np.log(0.75), rtol=1e-15)
    np.testing.assert_allclose(loss.gradient(o, y), [[-0.1 / 0.25, -0.9 / 0.75]], rtol=1e-15)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_label_smoothing_mixes_in_the_uniform(smoothing: float, output: str) -> None:
    """(1 - s) y + s / n_out, on the canonical pair and on another output, and of the loss."""
    net, oracle, w = pair(3, [(4, output, True)])
    rng = np.random.default_rng(1)
    X, classes = rng.normal(size=(9, 3)), rng.integers(0, 4, 9)
    loss = made("losses", "cross_entropy", label_smoothing=smoothing)
    y = ref.smooth(ref.one_hot(classes, 4), smoothing)
    value, g = oracle.value_and_grad(w, X, y, "cross_entropy")
    got, got_g = net.value_and_grad(X, ref.one_hot(classes, 4), loss=loss)
    assert got == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(got_g, g, atol=1e-13)
    o = net.predict(X)
    np.testing.assert_allclose(
        loss(o, ref.one_hot(classes, 4)), ref.LOSSES["cross_entropy"](o, y), rtol=1e-12
    )

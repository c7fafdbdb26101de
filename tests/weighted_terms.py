"""Samples of three targets or labels, weights of their terms, and the weighted loss by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastmlp as fm
import reference as ref

RNG = np.random.default_rng(8)
N, K = 40, 3
X = RNG.normal(size=(N, 4))
Y = np.column_stack([X[:, 0], np.abs(X[:, 1]), X[:, 2] ** 2])
LABELS = (Y > 0.7).astype(float)
W = RNG.uniform(0.1, 3, (N, K)) * (RNG.random((N, K)) < 0.8)
W[5] = 0


def network(output: str = "identity", width: int = K, dtype: str = "float64") -> fm.Network:
    return fm.Network([4, 5, width], activation="tanh", output=output, dtype=dtype, seed=2)


def losses_of(y: Any, labels: Any) -> list[tuple[Any, str, Any]]:
    """Losses that are sums over targets, each with an output and targets for it."""
    return [
        ("squared_error", "identity", y),
        ("absolute_error", "tanh", y),
        ("huber", "identity", y),
        (fm.Quantile(0.8), "identity", y),
        ("poisson", "softplus", np.abs(y)),
        ("binary_cross_entropy", "sigmoid", labels),
        ("hinge", "identity", 2 * labels - 1),
        ("perceptron", "sign", 2 * labels - 1),
        ("gaussian_nll", "identity", y),
    ]


def slope(net: fm.Network, X: Any, y: Any, **given: Any) -> Any:
    """Difference quotients of `net.loss` by the parameters."""

    def at(w: Any) -> Any:
        other = net.copy()
        other.parameters = w
        return other.loss(X, y, **given)

    return ref.differences(at, net.parameters.copy())


def terms_of(net: fm.Network, loss: Any, y: Any, samples: Any = X) -> tuple[Any, Any, fm.Network]:
    """Losses (n, k) of all targets, their derivatives by the outputs, and the net of these."""
    if isinstance(net.layers[-1].activation, fm.Sign):  # type: ignore[attr-defined]
        net = with_output(net, "identity")
    o = net.predict(samples)
    if loss == "gaussian_nll":
        m, v = np.hsplit(o, 2)
        e = y - m
        by_outputs = np.hstack([-e * np.exp(-v), (1 - e**2 * np.exp(-v)) / 2])
        return (v + e**2 * np.exp(-v)) / 2, by_outputs, net
    if isinstance(loss, fm.Quantile):
        return np.maximum(0.8 * (y - o), -0.2 * (y - o)), np.where(y > o, -0.8, 0.2), net
    if loss == "poisson":
        return np.exp(o) - y * o, np.exp(o) - y, net
    function = ref.LOSSES[loss]
    values = np.column_stack([function(o[:, [j]], y[:, [j]]) for j in range(y.shape[1])])
    return values, function.gradient(o, y), net


def with_output(net: fm.Network, output: str) -> fm.Network:
    twin = network(output, net.n_outputs)
    twin.parameters = net.parameters
    return twin


def by_hand(net: fm.Network, loss: Any, y: Any, weights: Any) -> tuple[float, Any]:
    """sum W l / sum of the row means of W, and its gradient."""
    total = weights.mean(axis=1).sum()
    values, slopes, net = terms_of(net, loss, y)
    by_outputs = slopes * np.hstack([weights] * (slopes.shape[1] // K)) / total
    return float((weights * values).sum() / total), net.backward(X, by_outputs)

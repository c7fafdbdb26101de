"""Diagonals of the Hessian, of Gauss and Newton's matrix and of the Fisher matrix."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from curvature_problems import NETS, data, nets, tied


@pytest.mark.parametrize("name", ["chain", "softmax", "skip", "wide"])
@pytest.mark.parametrize("n", [1, 50])
def test_the_exact_diagonal_is_that_of_the_matrix(name: str, n: int) -> None:
    """Also of hidden softmax layers, and with weights of which some are 0."""
    net = NETS[name]()
    X, y = data(net, n)
    weights = None if n == 1 else np.arange(n) % 4
    for loss in (None, "huber", "squared_error"):
        H = net.hessian(X, y, loss, weights)
        got = net.hessian_diagonal(X, y, loss=loss, sample_weight=weights)
        np.testing.assert_allclose(got, np.diag(H), rtol=0, atol=1e-12 * np.abs(H).max())


def test_the_exact_diagonal_of_hidden_softmax_and_shared_weights() -> None:
    hidden = fm.Network(
        [fm.Dense(4, "softmax"), fm.Dense(3, "sigmoid")], inputs=3, dtype="float64", seed=0
    )
    for net in (hidden, tied()):
        X, y = data(net)
        H = net.hessian(X, y)
        got = net.hessian_diagonal(X, y)
        np.testing.assert_allclose(got, np.diag(H), rtol=0, atol=1e-12 * np.abs(H).max())


@pytest.mark.parametrize("name", ["chain", "softmax", "skip"])
def test_the_gauss_newton_diagonal_is_that_of_the_products(name: str) -> None:
    net = NETS[name]()
    X, y = data(net)
    G = net.gnvp(X, y, np.eye(net.n_parameters))
    got = net.hessian_diagonal(X, y, method="gauss_newton")
    np.testing.assert_allclose(got, np.diag(G), rtol=0, atol=1e-12 * np.abs(G).max())
    assert (got >= 0).all()


def test_truncation_is_on_both_sides_of_the_diagonal_and_on_one_of_the_products() -> None:
    """G = Jᵀ J / n of squared_error, with J of the truncated sequences or of whole ones."""

    def net(truncate: int | None) -> fm.Network:
        layers = [fm.Recurrent(3, truncate=truncate), fm.Dense(2)]
        return fm.Network(layers, inputs=(6, 2), dtype="float64", seed=0)

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 6, 2)), rng.normal(size=(5, 2))
    n_parameters = net(2).n_parameters
    truncated, whole = (
        net(truncate).parameter_jacobian(X).reshape(10, n_parameters) for truncate in (2, None)
    )
    got = net(2).hessian_diagonal(X, y, method="gauss_newton")
    np.testing.assert_allclose(got, (truncated**2).sum(axis=0) / 5, atol=1e-14)
    G = net(2).gnvp(X, y, np.eye(n_parameters)).T
    np.testing.assert_allclose(G, truncated.T @ whole / 5, atol=1e-14)
    assert np.abs(G - G.T).max() > 0.1


@pytest.mark.parametrize("method", ["hutchinson", "curvature_propagation"])
def test_estimates_of_the_diagonal_are_unbiased(method: str) -> None:
    """Within 5 standard errors over 10,000 draws, in each entry."""
    net = fm.Network([2, 3, 2], activation="tanh", output="softmax", dtype="float64", seed=1)
    X, y = data(net, 5)
    exact = net.hessian_diagonal(X, y)
    parts = [net.hessian_diagonal(X, y, method=method, draws=100, seed=s) for s in range(100)]
    error = np.std(parts, axis=0, ddof=1) / np.sqrt(len(parts))
    assert (np.abs(np.mean(parts, axis=0) - exact) <= 5 * error + 1e-12).all()
    assert (error > 0).any()


def test_curvature_propagation_varies_less_than_hutchinson() -> None:
    net = fm.Network([4, 8, 3], activation="tanh", output="softmax", dtype="float64", seed=1)
    X, y = data(net, 30)
    spread = {
        method: np.var(
            [net.hessian_diagonal(X, y, method=method, draws=1, seed=s) for s in range(200)], axis=0
        ).sum()
        for method in ("hutchinson", "curvature_propagation")
    }
    assert spread["curvature_propagation"] < spread["hutchinson"]


@nets
def test_the_fisher_diagonal_is_the_mean_of_squared_gradients(name: str) -> None:
    net = NETS[name]()
    X, y = data(net, 40)
    weights = np.arange(40.0) % 5
    gradients = np.array([net.value_and_grad(X[i : i + 1], y[i : i + 1])[1] for i in range(40)])
    expected = weights @ gradients**2 / weights.sum()
    got = net.fisher_diagonal(X, y, sample_weight=weights)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-15)


def test_curvature_propagation_refuses_shared_weights() -> None:
    net = tied()
    with pytest.raises(ValueError, match=r"^Network.hessian_diagonal: method='curvature_propag"):
        net.hessian_diagonal(*data(net), method="curvature_propagation")

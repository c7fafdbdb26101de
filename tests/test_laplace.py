"""Laplace's approximation, against dense NumPy, SciPy and torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.laplace._evidence import Evidence
from laplace_cases import KINDS, case, kinds, new_samples, precisions, structures
from laplace_oracle import DenseLaplace, inputs_of_layers, sigmoid
from reference import Array

CASES = [(kind, weights) for kind in KINDS for weights in ("none", "samples", "terms")]
CASES.remove(("softmax", "terms"))  # its classes are one term


@structures
@pytest.mark.parametrize(("kind", "weights"), CASES)
def test_numbers_are_those_of_dense_matrices(structure: str, kind: str, weights: str) -> None:
    net, X, y, given, W, w = case(kind, weights)
    got = fm.Laplace(net, X, y, None, given, structure=structure)
    dense = DenseLaplace(net, X, y, W, w, structure, kind)
    delta, beta = precisions(got)
    C = dense.covariance(delta, beta)
    np.testing.assert_allclose(got.parameter_covariance(), C, rtol=0, atol=1e-9 * C.max())
    at = new_samples()
    S = dense.output_covariance(at, delta, beta)
    np.testing.assert_allclose(got.output_covariance(at), S, rtol=0, atol=1e-9 * S.max())
    a, v = inputs_of_layers(net, net.parameters, at)[-1], np.diagonal(S, axis1=1, axis2=2)
    if kind == "identity":
        mean, std = got.predict(at)
        np.testing.assert_array_equal(mean, net.predict(at))
        np.testing.assert_allclose(std, np.sqrt(v + 1 / beta), rtol=1e-9)
        np.testing.assert_allclose(got.predict(at, include_noise=False)[1], v**0.5, rtol=1e-9)
    elif kind == "sigmoid":
        expected = sigmoid(a / np.sqrt(1 + np.pi / 8 * v))
        np.testing.assert_allclose(got.predict(at), expected, rtol=1e-9)
    else:
        expected = np.zeros_like(a)
        for k in range(3):
            for j in range(3):
                scale = np.sqrt(1 + np.pi / 8 * (v[:, j] + v[:, k] - 2 * S[:, j, k]))
                expected[:, k] += np.exp((a[:, j] - a[:, k]) / scale)
        expected = 1 / expected
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(got.predict(at), expected, rtol=1e-9)


@structures
@pytest.mark.parametrize(("kind", "weights"), CASES)
def test_the_marginal_likelihood_and_its_maximum(structure: str, kind: str, weights: str) -> None:
    """There delta |w|² is gamma, and beta times the squared error N - gamma (MacKay 1992)."""
    net, X, y, given, W, w = case(kind, weights)
    got = fm.Laplace(net, X, y, None, given, structure=structure)
    dense = DenseLaplace(net, X, y, W, w, structure, kind)
    delta, beta = precisions(got)
    assert got.log_marginal_likelihood == pytest.approx(dense.evidence(delta, beta), rel=1e-10)
    gamma = dense.size - delta * np.trace(dense.covariance(delta, beta))
    own = net.parameters[-dense.size :]
    assert got.n_effective == pytest.approx(gamma, rel=1e-9)
    assert delta * (own @ own) == pytest.approx(gamma, rel=1e-9)
    if kind == "identity":
        squares = np.sum(W * (net.predict(X) - y) ** 2)
        assert beta * squares == pytest.approx(W.sum() - gamma, rel=1e-9)


@structures
@kinds
def test_all_results_follow_the_prior_and_the_noise_that_are_assigned(
    structure: str, kind: str
) -> None:
    net, X, y, *_ = case(kind)
    given = {"prior_precision": 0.3} | ({"noise": 0.7} if kind == "identity" else {})
    made = fm.Laplace(net, X, y, structure=structure, **given)
    assigned = fm.Laplace(net, X, y, structure=structure)
    for name, value in given.items():
        setattr(assigned, name, value)
        assert getattr(made, name) == getattr(assigned, name) == value
    for got in (made, assigned):
        dense = DenseLaplace(net, X, y, np.ones((25, 3)), np.ones(25), structure, kind)
        beta = 0.7**-2 if kind == "identity" else 1.0
        assert got.log_marginal_likelihood == pytest.approx(dense.evidence(0.3, beta), rel=1e-10)
        C = dense.covariance(0.3, beta)
        assert got.n_effective == pytest.approx(dense.size - 0.3 * np.trace(C), rel=1e-9)
        np.testing.assert_allclose(got.parameter_covariance(), C, rtol=0, atol=1e-9 * C.max())
    np.testing.assert_array_equal(made.predict(X), assigned.predict(X))


@pytest.mark.parametrize("kind", ["identity", "softmax"])
def test_the_maximum_is_that_of_a_general_search(kind: str) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    net, X, y, given, W, w = case(kind, "samples")
    got = fm.Laplace(net, X, y, sample_weight=given)
    dense = DenseLaplace(net, X, y, W, w, "last_layer", kind)

    def negative(logs: Array) -> float:
        return -dense.evidence(*np.exp(logs), *([] if kind == "identity" else [1.0]))

    start = np.zeros(2 if kind == "identity" else 1)
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000}
    found = optimize.minimize(negative, start, method="Nelder-Mead", options=options)
    assert got.log_marginal_likelihood == pytest.approx(-found.fun, rel=1e-10)
    assert np.log(precisions(got))[: len(start)] == pytest.approx(found.x, abs=1e-5)


@pytest.mark.parametrize("kind", ["identity", "sigmoid"])
def test_training_with_its_l2_ends_at_the_mode_of_its_prior(kind: str) -> None:
    """The gradient of beta times the summed loss, plus delta w, is 0."""
    net, X, y, given, _, w = case(kind, "samples")
    l2 = fm.Laplace(net, X, y, None, given, structure="full").l2
    net.fit(X, y, sample_weight=given, optimizer="lbfgs", l2=l2, regularize_biases=True)
    laplace = fm.Laplace(net, X, y, None, given, structure="full")
    delta = laplace.prior_precision * l2 / laplace.l2  # of the l2 that was trained with
    beta = precisions(laplace)[1]
    gradient = beta * w.sum() * net.value_and_grad(X, y, sample_weight=given)[1]
    np.testing.assert_allclose(gradient, -delta * net.parameters, rtol=0, atol=1e-3 * delta)


@pytest.mark.parametrize("has_noise", [True, False])
def test_the_maximum_is_found_whatever_the_numbers(has_noise: bool) -> None:
    """Over many orders of magnitude, to rounding."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        values = np.exp(rng.normal(scale=6, size=rng.integers(1, 50)) + 10 * rng.normal())
        values[1:][rng.random(len(values) - 1) < 0.2] = 0
        norm, misfit = np.exp(10 * rng.normal(size=2))
        n = float(rng.integers(1, 100_000)) if has_noise else 0.0
        evidence = Evidence(values, norm, misfit, n)
        delta, beta = evidence.maximum(None, None if has_noise else 1.0)
        gamma = np.sum(beta * values / (beta * values + delta))
        assert delta * norm == pytest.approx(gamma, rel=1e-12)
        if has_noise:
            assert gamma + 2 * beta * misfit == pytest.approx(n, rel=1e-12)


@pytest.mark.parametrize("name", ["prior_precision", "noise"])
def test_what_is_not_given_is_the_maximum_beside_what_is(name: str) -> None:
    net, X, y, *_ = case("identity")
    other = {"prior_precision": "noise", "noise": "prior_precision"}[name]
    got = fm.Laplace(net, X, y, **{name: 0.7})
    assert getattr(got, name) == 0.7
    best, at = got.log_marginal_likelihood, getattr(got, other)
    for factor in (0.99, 1.01):
        setattr(got, other, factor * at)
        assert got.log_marginal_likelihood < best


@pytest.mark.parametrize("structure", ["full", "last_layer"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_covariance_is_that_of_torchs_derivatives(structure: str, activation: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), rng.integers(0, 4, 30)
    net = fm.Network([3, 6, 4], activation=activation, output="softmax", dtype="float64", seed=0)
    got = fm.Laplace(net, X, y, structure=structure)
    phi = {"relu": torch.relu, "gelu": torch.nn.functional.gelu}[activation]

    def logits(w: Any, x: Any) -> Any:
        hidden = phi(w[:18].reshape(6, 3) @ x + w[18:24])
        return w[24:48].reshape(4, 6) @ hidden + w[48:]

    w = torch.tensor(net.parameters)
    J = torch.func.vmap(torch.func.jacrev(logits), (None, 0))(w, torch.tensor(X))
    p = torch.softmax(torch.stack([logits(w, x) for x in torch.tensor(X)]), 1)
    L = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    J = J if structure == "full" else J[..., 24:]
    P = torch.einsum("nkp,nkj,njq->pq", J, L, J)
    P += got.prior_precision * torch.eye(J.shape[2], dtype=torch.float64)
    S = torch.einsum("nkp,pq,njq->nkj", J, torch.linalg.inv(P), J).numpy()
    np.testing.assert_allclose(got.output_covariance(X), S, rtol=0, atol=1e-10 * S.max())


def test_one_layer_is_the_same_in_all_structures_where_products_are_exact() -> None:
    """A linear regression, whose posterior is that of Bayes."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    net = fm.Network([3, 2], dtype="float64", seed=0)
    net.fit(X, y, optimizer="lbfgs", epochs=100)
    fits = [fm.Laplace(net, X, y, structure=s) for s in ("last_layer", "full", "kronecker")]
    ones = np.column_stack([X, np.ones(20)])
    for fit in fits:
        delta, beta = precisions(fit)
        A = np.linalg.inv(beta * ones.T @ ones + delta * np.eye(4))
        expected = np.einsum("ni,ij,nj->n", ones, A, ones)[:, None, None] * np.eye(2)
        np.testing.assert_allclose(fit.output_covariance(X), expected, rtol=0, atol=1e-12)


@structures
def test_a_weight_of_two_is_a_sample_twice_and_one_of_zero_none(structure: str) -> None:
    net, X, y, *_ = case("softmax")
    weights = np.repeat([0, 2, 1], [5, 10, 10])
    rows = np.repeat(np.arange(25), weights)
    weighted = fm.Laplace(net, X, y, sample_weight=weights, structure=structure)
    repeated = fm.Laplace(net, X[rows], y[rows], structure=structure)
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-10)
    assert weighted.log_marginal_likelihood == pytest.approx(repeated.log_marginal_likelihood)


def test_classes_and_targets_are_the_same() -> None:
    net, X, *_ = case("softmax")
    y = np.arange(25) % 3
    of_classes, of_targets = (fm.Laplace(net, X, t) for t in (y, np.eye(3)[y]))
    np.testing.assert_array_equal(of_classes.predict(X), of_targets.predict(X))
    summing_to_two = fm.Laplace(net, X, 0.5 * np.eye(3)[y])
    half = fm.Laplace(net, X, y, sample_weight=np.full(25, 0.5))
    np.testing.assert_allclose(summing_to_two.predict(X), half.predict(X), rtol=1e-12)


@structures
@kinds
def test_float32_is_near_float64(structure: str, kind: str) -> None:
    single, X, y, *_ = case(kind, dtype="float32")
    double = fm.Network([3, 4, 3], activation="tanh", output=kind, dtype="float64")
    double.parameters = single.parameters
    fits = [fm.Laplace(net, X, y, structure=structure) for net in (single, double)]
    results = [np.asarray(fit.predict(new_samples())) for fit in fits]
    assert (results[0].dtype, results[1].dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4)
    assert fits[0].output_covariance(X).dtype == np.float32


def test_the_diagonal_is_that_of_hessian_diagonal() -> None:
    net, X, y, *_ = case("softmax")
    got = fm.Laplace(net, X, y, structure="diagonal", prior_precision=1)
    H = 25 * net.hessian_diagonal(X, y, method="gauss_newton")
    variances = np.diag(got.parameter_covariance())
    np.testing.assert_allclose(variances, 1 / (H + 1), rtol=1e-12)

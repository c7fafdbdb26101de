"""Error bars by Laplace's approximation, against dense NumPy, SciPy and torch."""

from __future__ import annotations

import copy
import pickle
import pickletools
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

import fastmlp as fm
import fastmlp.laplace
from laplace_oracle import STRUCTURES, DenseLaplace, inputs_of_layers, sigmoid, softmax
from reference import Array

KINDS = ("identity", "softmax", "sigmoid")
CASES = [(k, w) for k in KINDS for w in ("none", "samples", "terms")]
CASES.remove(("softmax", "terms"))  # its classes are one term

structures = pytest.mark.parametrize("structure", STRUCTURES)


def case(kind: str, weights: str = "none", dtype: str = "float64") -> tuple[Any, ...]:
    """A trained net 3-4-3, X, y, what weights are given, and these of terms and of samples."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(25, 3))
    if kind == "identity":
        y = np.sin(X) + 0.3 * rng.normal(size=X.shape)
    else:
        y = rng.dirichlet(np.ones(3), 25) if kind == "softmax" else rng.integers(0, 2, X.shape)
    net = fm.Network([3, 4, 3], activation="tanh", output=kind, dtype=dtype, seed=3)
    net.fit(X, y, optimizer="lbfgs", epochs=20, l2=1e-3)
    w, W = np.ones(25), np.ones((25, 3))
    if weights == "samples":
        w = rng.integers(0, 4, 25) + 0.5 * (np.arange(25) == 2)
        W = np.repeat(w[:, None], 3, axis=1)
    elif weights == "terms":
        W = rng.uniform(0, 2, (25, 3))
        w = W.mean(axis=1)
    return net, X, y, {"none": None, "samples": w, "terms": W}[weights], W, w


def new_samples() -> Array:
    return np.random.default_rng(8).normal(size=(7, 3))


def precisions(laplace: Any) -> tuple[float, float]:
    return laplace.prior_precision, 1.0 if laplace.noise is None else laplace.noise**-2


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
    else:
        phi = softmax if kind == "softmax" else sigmoid
        expected = phi(a / np.sqrt(1 + np.pi / 8 * v))
        np.testing.assert_allclose(got.predict(at), expected, rtol=1e-9)


@structures
@pytest.mark.parametrize(("kind", "weights"), CASES)
def test_the_marginal_likelihood_and_its_maximum(structure: str, kind: str, weights: str) -> None:
    """There delta |w|² is gamma, and beta times the squared error N - gamma (MacKay 1992)."""
    net, X, y, given, W, w = case(kind, weights)
    got = fm.Laplace(net, X, y, None, given, structure=structure)
    dense = DenseLaplace(net, X, y, W, w, structure, kind)
    delta, beta = precisions(got)
    assert got.log_marginal_likelihood() == pytest.approx(dense.evidence(delta, beta), rel=1e-10)
    elsewhere = {"prior_precision": 0.3} | ({} if got.noise is None else {"noise": 0.7})
    expected = dense.evidence(0.3, 1.0 if got.noise is None else 0.7**-2)
    assert got.log_marginal_likelihood(**elsewhere) == pytest.approx(expected, rel=1e-10)
    gamma = dense.size - delta * np.trace(dense.covariance(delta, beta))
    own = net.parameters[-dense.size :]
    assert got.n_effective == pytest.approx(gamma, rel=1e-9)
    assert delta * (own @ own) == pytest.approx(gamma, rel=1e-9)
    if kind == "identity":
        squares = np.sum(W * (net.predict(X) - y) ** 2)
        assert beta * squares == pytest.approx(W.sum() - gamma, rel=1e-9)


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
    assert got.log_marginal_likelihood() == pytest.approx(-found.fun, rel=1e-10)
    assert np.log(precisions(got))[: len(start)] == pytest.approx(found.x, abs=1e-5)


def test_a_given_prior_or_noise_stays_and_the_other_is_its_maximum() -> None:
    net, X, y, *_ = case("identity")
    given = fm.Laplace(net, X, y, prior_precision=3, noise=0.5)
    assert (given.prior_precision, given.noise) == (3, 0.5)
    for name, other in (("prior_precision", "noise"), ("noise", "prior_precision")):
        got = fm.Laplace(net, X, y, **{name: 0.7})
        assert getattr(got, name) == 0.7
        best = got.log_marginal_likelihood()
        for factor in (0.99, 1.01):
            beside = {other: factor * getattr(got, other)}
            assert got.log_marginal_likelihood(**beside) < best


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
    assert weighted.log_marginal_likelihood() == pytest.approx(repeated.log_marginal_likelihood())


def test_classes_and_targets_are_the_same() -> None:
    net, X, *_ = case("softmax")
    y = np.arange(25) % 3
    of_classes, of_targets = (fm.Laplace(net, X, t) for t in (y, np.eye(3)[y]))
    np.testing.assert_array_equal(of_classes.predict(X), of_targets.predict(X))
    summing_to_two = fm.Laplace(net, X, 0.5 * np.eye(3)[y])
    half = fm.Laplace(net, X, y, sample_weight=np.full(25, 0.5))
    np.testing.assert_allclose(summing_to_two.predict(X), half.predict(X), rtol=1e-12)


@structures
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_of_rows_change_nothing(
    structure: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, X, y, given, *_ = case(kind, "samples")
    whole = fm.Laplace(net, X, y, None, given, structure=structure)
    monkeypatch.setattr(fastmlp.laplace, "BLOCK_BYTES", 8 * 3 * whole._form.width * 4)
    assert [part.stop for part in whole._blocks(7)] == [4, 8]
    blocks = fm.Laplace(net, X, y, None, given, structure=structure)
    np.testing.assert_allclose(blocks.predict(X), whole.predict(X), rtol=1e-10)
    monkeypatch.setattr(fastmlp.laplace, "BLOCK_BYTES", 1)
    np.testing.assert_allclose(whole.predict(X), blocks.predict(X), rtol=1e-10)


def test_samples_come_near_the_integral_that_the_probit_approximates() -> None:
    """Of one sigmoid, by Gauss and Hermite's quadrature."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(30, 2))
    y = (X[:, 0] + rng.normal(size=30) > 0).astype(float)
    net = fm.Network([2, 3, 1], activation="tanh", output="sigmoid", dtype="float64", seed=0)
    net.fit(X, y, optimizer="lbfgs", epochs=100, l2=1e-2)
    laplace = fm.Laplace(net, X, y, structure="full")
    at = 3 * rng.normal(size=(10, 2))
    a = inputs_of_layers(net, net.parameters, at)[-1]
    v = laplace.output_covariance(at)[:, 0]
    nodes, weights = hermegauss(80)
    exact = sigmoid(a + np.sqrt(v) * nodes) @ weights / weights.sum()
    drawn = laplace.predict(at, samples=20_000)[:, 0]
    assert np.abs(drawn - exact).max() < 4 * 0.5 / np.sqrt(20_000)
    assert 0 < np.abs(laplace.predict(at)[:, 0] - exact).max() < 0.02
    assert np.abs(net.predict(at)[:, 0] - exact).max() > 0.05


def test_samples_of_classes_have_the_covariance_of_the_outputs() -> None:
    """Their mean and that of draws by the Cholesky factor agree; rows do not depend on others."""
    net, X, y, *_ = case("softmax")
    laplace = fm.Laplace(net, X, y, structure="full", prior_precision=0.1)
    at = new_samples()
    drawn = laplace.predict(at, samples=20_000, seed=5)
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(laplace.predict(at, samples=20_000, seed=5), drawn)
    np.testing.assert_allclose(laplace.predict(at[3], samples=20_000, seed=5), drawn[3], rtol=1e-9)
    assert (laplace.predict(at, samples=20_000, seed=6) != drawn).any()
    np.testing.assert_array_equal(
        laplace.predict(at, samples=9), laplace.predict(at, samples=9, seed=net.seed)
    )
    a = inputs_of_layers(net, net.parameters, at)[-1]
    z = np.random.default_rng(0).normal(size=(20_000, 3))
    for row, S in enumerate(laplace.output_covariance(at)):
        p = softmax(a[row] + z @ np.linalg.cholesky(S).T)
        error = 5 * p.std(axis=0) * np.sqrt(2 / 20_000)
        assert (np.abs(p.mean(axis=0) - drawn[row]) < error).all()


@structures
@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_near_float64(structure: str, kind: str) -> None:
    single, X, y, *_ = case(kind, dtype="float32")
    double = fm.Network([3, 4, 3], activation="tanh", output=kind, dtype="float64")
    double.parameters = single.parameters
    fits = [fm.Laplace(net, X, y, structure=structure) for net in (single, double)]
    results = [np.asarray(fit.predict(new_samples())) for fit in fits]
    assert (results[0].dtype, results[1].dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4)
    assert fits[0].output_covariance(X).dtype == np.float32


@structures
@pytest.mark.parametrize("kind", ["identity", "softmax"])
def test_copies_and_pickles_predict_the_same(structure: str, kind: str) -> None:
    net, X, y, *_ = case(kind)
    laplace = fm.Laplace(net, X, y, structure=structure)
    expected = np.asarray(laplace.predict(X))
    text = pickle.dumps(laplace)
    for other in (copy.copy(laplace), copy.deepcopy(laplace), pickle.loads(text)):
        np.testing.assert_array_equal(np.asarray(other.predict(X)), expected)
        np.testing.assert_array_equal(other.output_covariance(X), laplace.output_covariance(X))
        assert other.log_marginal_likelihood() == laplace.log_marginal_likelihood()
        assert repr(other) == repr(laplace)
        assert type(other) is fm.Laplace
    strings = {arg for _, arg, _ in pickletools.genops(text) if isinstance(arg, str)}
    assert {s for s in strings if s.startswith("fastmlp")} <= {
        "fastmlp",
        "fastmlp._core",
        "fastmlp.network",
    }


def test_later_training_changes_no_error_bars() -> None:
    net, X, y, *_ = case("identity")
    laplace = fm.Laplace(net, X, y)
    before = laplace.predict(X)
    net.fit(X, y, epochs=3)
    np.testing.assert_array_equal(laplace.predict(X), before)


def test_one_sample_and_one_target_have_no_axis_of_samples() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    net = fm.Network([2, 3, 1], dtype="float64", seed=0)
    laplace = fm.Laplace(net, X, y)
    mean, std = laplace.predict(X[4])
    assert mean.shape == std.shape == (1,)
    np.testing.assert_allclose([mean, std], np.array(laplace.predict(X))[:, 4], rtol=1e-12)
    assert laplace.output_covariance(X[4]).shape == (1, 1)
    assert [part.shape for part in laplace.predict(X[:0])] == [(0, 1), (0, 1)]


def convolution() -> Any:
    layers = [fm.Conv1D(4, 3, "tanh"), fm.GlobalAveragePool1D(), fm.Dense(2)]
    return fm.Network(layers, inputs=(6, 2), dtype="float64", seed=0)


def recurrence() -> Any:
    return fm.Network([fm.GRU(4), fm.Dense(2)], inputs=(5, 2), dtype="float64", seed=0)


def skipping() -> Any:
    first = fm.Dense(4, "tanh")
    layers = [first, fm.Dense(4, "tanh"), fm.Skip(first), fm.Dense(2, bias=False)]
    return fm.Network(layers, inputs=3, dtype="float64", seed=0)


def hidden_softmax() -> Any:
    layers = [fm.Dense(4, "softmax"), fm.Dense(2)]
    return fm.Network(layers, inputs=3, dtype="float64", seed=0)


def dropping() -> Any:
    layers = [fm.GaussianNoise(0.1), fm.Dense(4, "tanh"), fm.Dropout(0.5)]
    return fm.Network([*layers, fm.Dense(2, bias=False)], inputs=3, dtype="float64", seed=0)


@pytest.mark.parametrize(
    "make", [convolution, recurrence, skipping, hidden_softmax, dropping, "tied"]
)
def test_other_layers_have_the_full_matrix_and_that_of_the_last_layer(make: Any) -> None:
    if make == "tied":
        shared = fm.Dense(4, "tanh")
        net = fm.Network([shared, fm.Tied(shared)], inputs=3, dtype="float64", seed=0)
    else:
        net = make()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(15, net.n_inputs)), rng.normal(size=(15, net.n_outputs))
    for structure in ("full", "last_layer"):
        if make == "tied" and structure == "last_layer":
            continue
        got = fm.Laplace(net, X, y, structure=structure)
        delta, beta = precisions(got)
        size = net.n_parameters
        if structure == "last_layer":
            size = net.weights[-1].size + (0 if net.biases[-1] is None else 2)
        J = net.parameter_jacobian(X)[..., -size:]
        P = beta * np.einsum("nkp,nkq->pq", J, J) + delta * np.eye(size)
        S = np.einsum("nkp,pq,njq->nkj", J, np.linalg.inv(P), J)
        np.testing.assert_allclose(got.output_covariance(X), S, rtol=0, atol=1e-10 * S.max())
        np.testing.assert_allclose(got.parameter_covariance(), np.linalg.inv(P), atol=1e-10)


@pytest.mark.parametrize("structure", ["diagonal", "kronecker"])
def test_chains_with_dropout_without_biases_and_with_own_activations(structure: str) -> None:
    """The curvature of each layer is that of its block of the full one, where n is 1."""
    own = (np.cbrt, lambda a: np.cbrt(a) ** -2 / 3)
    layers = [fm.Dense(4, own), fm.Dropout(0.5), fm.Dense(3, "relu", bias=False), fm.Dense(2)]
    net = fm.Network(layers, inputs=3, dtype="float64", seed=0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1, 3)), rng.normal(size=(1, 2))
    got = fm.Laplace(net, X, y, structure=structure, prior_precision=1, noise=1)
    J = net.parameter_jacobian(X)[0]
    H, begin = J.T @ J, 0
    blocks = np.zeros_like(H)
    for W, b in zip(net.weights, net.biases, strict=True):
        own_part = slice(begin, begin := begin + W.size + (0 if b is None else len(b)))
        blocks[own_part, own_part] = H[own_part, own_part]
    expected = np.linalg.inv(
        np.eye(len(H)) + (np.diag(np.diag(H)) if structure == "diagonal" else blocks)
    )
    np.testing.assert_allclose(got.parameter_covariance(), expected, rtol=0, atol=1e-12)
    S = J @ expected @ J.T
    np.testing.assert_allclose(got.output_covariance(X)[0], S, rtol=0, atol=1e-12)


def test_the_diagonal_is_that_of_hessian_diagonal() -> None:
    net, X, y, *_ = case("softmax")
    got = fm.Laplace(net, X, y, structure="diagonal", prior_precision=1)
    H = 25 * net.hessian_diagonal(X, y, method="gauss_newton")
    variances = np.diag(got.parameter_covariance())
    np.testing.assert_allclose(variances, 1 / (H + 1), rtol=1e-12)


def test_labels_are_less_sure_away_from_the_samples() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] > 0).astype(int)
    net = fm.Network([2, 8, 2], activation="relu", output="softmax", seed=0)
    net.fit(X, y, optimizer="lbfgs", epochs=100)
    laplace = fm.Laplace(net, X, y)
    far = [[50.0, 0.0]]
    assert net.predict(far).max() > 0.999 > 0.95 > laplace.predict(far).max() > 0.5
    assert (laplace.predict(X).argmax(1) == net.predict(X).argmax(1)).all()


REGRESSION = ([[-1.0], [0.0], [2.0]], [0.0, 1.0, 1.5])


@pytest.mark.parametrize(
    ("make", "keywords", "message"),
    [
        (
            lambda: fm.Network([1, 2, 1]),
            {"loss": "huber"},
            "Laplace: loss='huber', expected one of: squared_error on identity, cross_entropy on "
            "softmax, binary_cross_entropy on sigmoid; the output is Identity()",
        ),
        (lambda: fm.Network([1, 2, 1]), {"loss": lambda o, y: (o, y)}, "loss='a function', exp"),
        (lambda: fm.Network([1, 2, 1], output="tanh"), {}, "the output is Tanh()"),
        (lambda: fm.Network([1, 2, 2]), {"loss": "gaussian_nll"}, "loss='gaussian_nll', expected"),
        (lambda: fm.Network([1, 2, 1]), {"structure": "block"}, "structure='block', expected one"),
        (
            lambda: fm.Network([1, 2, 1]),
            {"prior_precision": 0},
            "Laplace: prior_precision=0, expected a finite number > 0",
        ),
        (lambda: fm.Network([1, 2, 1]), {"noise": -1}, "noise=-1, expected a finite number > 0"),
        (
            lambda: fm.Network([1, 2, 1], output="sigmoid"),
            {"noise": 1, "y": [0, 1, 1]},
            "Laplace: noise=1, expected None, as loss='binary_cross_entropy' has none",
        ),
        (
            lambda: fm.Network([fm.Conv1D(1, 1), fm.Dense(1)], inputs=(1, 1)),
            {"structure": "kronecker"},
            "Laplace: structure='kronecker', expected 'last_layer' or 'full', as layers[0] is Conv",
        ),
        (
            lambda: fm.Network([fm.Dense(2, "softmax"), fm.Dense(1)], inputs=1),
            {"structure": "diagonal"},
            "structure='diagonal', expected 'last_layer' or 'full', as layers[0] is Dense(units=2",
        ),
        (
            lambda: fm.Network([fm.Dense(1), fm.Conv1D(1, 1)][1:], inputs=(1, 1)),
            {},
            "output_shape=(1, 1), expected one axis",
        ),
        (
            lambda: fm.Network([fm.GRU(1)], inputs=(1, 1)),
            {"structure": "last_layer"},
            "Laplace: ",
        ),
        (
            lambda: fm.Network([1, 100_000, 1]),
            {"structure": "full"},
            "Laplace: 3 matrices of 300001 x 300001 numbers: 2160.0 GB, expected at most the",
        ),
        (
            lambda: fm.Network([1, 300_000, 1]),
            {},
            "GB; use structure='kronecker'",
        ),
        (
            lambda: fm.Network([1, 300_000, 1]),
            {"structure": "kronecker"},
            "use structure='diagonal'",
        ),
        (
            lambda: fm.Network([1, 2, 1], init="zeros"),
            {},
            "Laplace: the parameters are all 0, expected prior_precision to be given",
        ),
        (
            lambda: fm.Network([fm.Dense(1, bias=False)], inputs=1, dtype="float64"),
            {"X": [[0.0], [0.0], [0.0]]},
            "the derivatives of the outputs are all 0, expected prior_precision to be given",
        ),
        (
            lambda: fm.Network([1, 1], init=fm.ConstantInit(1.0), dtype="float64"),
            {"y": [-1.0, 0.0, 2.0]},
            "Laplace: the network fits y without error, expected noise to be given",
        ),
        (lambda: fm.Network([1, 1]), {"X": [[1], [np.nan], [2]]}, "Laplace: X[1, 0]=nan, expected"),
        (lambda: fm.Network([1, 1]), {"y": [0, np.inf, 1]}, "Laplace: y[1, 0]=inf, expected"),
        (lambda: fm.Network([1, 1]), {"sample_weight": [0, 0, 0]}, "the weights are all 0"),
    ],
)
def test_what_does_not_work_is_refused(make: Any, keywords: dict[str, Any], message: str) -> None:
    X, y = REGRESSION
    arguments = {"X": X, "y": y} | keywords
    with pytest.raises(ValueError, match=r"^Laplace: ") as raised:
        fm.Laplace(make(), **arguments)
    assert message in str(raised.value)


def test_invalid_calls_of_methods_are_refused() -> None:
    net = fm.Network([1, 2, 1], seed=0)
    regression = fm.Laplace(net, *REGRESSION)
    labels = fm.Laplace(fm.Network([1, 2, 1], output="sigmoid", seed=0), REGRESSION[0], [0, 1, 1])
    X = REGRESSION[0]
    for call, message in (
        (lambda: regression.predict(X, samples=9), "samples=9, expected None, as outputs of a"),
        (lambda: labels.predict(X, seed=3), "seed=3, expected None, as samples is not given"),
        (lambda: labels.predict(X, samples=0), "samples=0, expected an integer >= 1"),
        (lambda: regression.predict([[1, 2]]), "X has shape (1, 2), expected (n_samples, 1)"),
    ):
        with pytest.raises(ValueError, match=r"^Laplace.predict: ") as raised:
            call()
        assert message in str(raised.value)
    with pytest.raises(TypeError, match=r"^Laplace.predict: include_noise='no' \(str\), expected"):
        regression.predict(X, include_noise="no")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^Laplace.log_marginal_likelihood: noise=1, expected N"):
        labels.log_marginal_likelihood(noise=1)
    with pytest.raises(ValueError, match=r"^Laplace.log_marginal_likelihood: prior_precision=-1"):
        labels.log_marginal_likelihood(prior_precision=-1)


def test_a_covariance_that_exceeds_the_memory_is_refused() -> None:
    net = fm.Network([1, 100_000, 1], seed=0)
    laplace = fm.Laplace(net, *REGRESSION, structure="diagonal")
    with pytest.raises(ValueError, match=r"^Laplace.parameter_covariance: 3 matrices of 300001 "):
        laplace.parameter_covariance()


def test_sparse_samples_are_refused_with_what_to_do() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    net, X, y, *_ = case("identity")
    laplace = fm.Laplace(net, X, y)
    rows = sparse.csr_array(X)
    with pytest.raises(TypeError, match=r"^Laplace: X is sparse .*; use X.toarray\(\)"):
        fm.Laplace(net, rows, y)
    with pytest.raises(TypeError, match=r"^Laplace.predict: X is sparse .*; use X.toarray\(\)"):
        laplace.predict(rows)


def test_names_of_columns_are_those_of_the_training() -> None:
    pandas = pytest.importorskip("pandas")
    net, X, *_ = case("softmax")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    net.fit(frame, np.arange(25) % 3, epochs=1)
    laplace = fm.Laplace(net, frame, np.arange(25) % 3)
    with pytest.raises(ValueError, match=r"^Laplace.predict: .*a, c, b|names|columns"):
        laplace.predict(frame[["a", "c", "b"]])

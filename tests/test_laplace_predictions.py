"""Predictions of `fm.Laplace`, on networks of all kinds, and its copies."""

from __future__ import annotations

import copy
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

import fastmlp as fm
import fastmlp.laplace
from laplace_cases import case, kinds, new_samples, precisions, structures
from laplace_oracle import inputs_of_layers, sigmoid, softmax


@structures
@kinds
def test_blocks_of_rows_change_nothing(
    structure: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, X, y, given, *_ = case(kind, "samples")
    whole = fm.Laplace(net, X, y, None, given, structure=structure)
    monkeypatch.setattr(fastmlp.laplace, "BLOCK_BYTES", 8 * 3 * whole._form.width * 4)
    assert [part.stop for part in whole._blocks(7)] == [4, 8]
    if kind != "identity":
        drawn = whole.predict(X, samples=8 * whole._form.width)  # one row at a time
        alone = [whole.predict(x, samples=8 * whole._form.width) for x in X]
        np.testing.assert_allclose(drawn, alone, rtol=1e-9)
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


def test_two_classes_are_one_label_and_a_shift_of_all_outputs_changes_nothing() -> None:
    """A softmax of (0, a) is a sigmoid of a."""
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(40, 2)), rng.integers(0, 2, 40)
    classes = fm.Network([2, 2], output="softmax", dtype="float64", seed=0)
    classes.fit(X, y, optimizer="lbfgs", epochs=100)
    label = fm.Network([2, 1], output="sigmoid", dtype="float64", seed=0)
    W, b = classes.weights[0], classes.biases[0]
    label.weights[0], label.biases[0] = W[:, 1:] - W[:, :1], b[1:] - b[:1]
    of_classes = fm.Laplace(classes, X, y, prior_precision=2)
    of_label = fm.Laplace(label, X, y, prior_precision=1)  # of a difference: half of it
    expected = of_classes.predict(3 * X)
    np.testing.assert_allclose(of_label.predict(3 * X)[:, 0], expected[:, 1], rtol=1e-9)
    classes.biases[0] = b + 100
    shifted = fm.Laplace(classes, X, y, prior_precision=2)
    np.testing.assert_allclose(shifted.predict(3 * X), expected, rtol=1e-9)


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
@pytest.mark.parametrize("kind", ["identity", "softmax"])
def test_copies_and_pickles_predict_the_same(structure: str, kind: str) -> None:
    net, X, y, *_ = case(kind)
    laplace = fm.Laplace(net, X, y, structure=structure)
    expected = np.asarray(laplace.predict(X))
    text = pickle.dumps(laplace)
    for other in (copy.copy(laplace), copy.deepcopy(laplace), pickle.loads(text)):
        np.testing.assert_array_equal(np.asarray(other.predict(X)), expected)
        np.testing.assert_array_equal(other.output_covariance(X), laplace.output_covariance(X))
        assert other.log_marginal_likelihood == laplace.log_marginal_likelihood
        assert repr(other) == repr(laplace)
        assert type(other) is fm.Laplace
    strings = {arg for _, arg, _ in pickletools.genops(text) if isinstance(arg, str)}
    assert {s for s in strings if s.startswith("fastmlp")} <= {
        "fastmlp",
        "fastmlp._core",
        "fastmlp.network",
    }


@structures
def test_sparse_and_mapped_samples_are_read_as_arrays_are(structure: str, tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    net, X, y, *_ = case("softmax")
    X[X < 0.3] = 0
    expected = fm.Laplace(net, X, y, structure=structure)
    columns, values = [0, 2, 2, 1], [1.0, 0.5, -2.0, 3.0]  # one entry in two parts
    new = sparse.csr_array((values, columns, [0, 3, 3, 4]), shape=(3, 3))
    mapped = np.memmap(tmp_path / "X", np.float32, "w+", shape=X.shape)
    mapped[:] = X
    for given, rtol in ((sparse.csr_array(X), 1e-12), (mapped, 1e-6)):
        laplace = fm.Laplace(net, given, y, structure=structure)
        for samples in (new, given):
            dense = samples.toarray() if hasattr(samples, "toarray") else samples
            np.testing.assert_allclose(
                laplace.predict(samples), expected.predict(dense), rtol=rtol, atol=rtol
            )


def test_a_precise_prior_gives_the_predictions_of_the_network_in_its_precision() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 8)), np.arange(40) % 3
    net = fm.Network([8, 16, 3], output="softmax", precision="bf16", seed=0)
    laplace = fm.Laplace(net, X, y, prior_precision=1e12)
    np.testing.assert_allclose(laplace.predict(X), net.predict(X), rtol=1e-5)


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


def tied() -> Any:
    shared = fm.Dense(4, "tanh")
    return fm.Network([shared, fm.Tied(shared)], inputs=3, dtype="float64", seed=0)


@pytest.mark.parametrize(
    "make", [convolution, recurrence, skipping, hidden_softmax, dropping, tied]
)
def test_other_layers_have_the_full_matrix_and_that_of_the_last_layer(make: Any) -> None:
    net = make()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(15, net.n_inputs)), rng.normal(size=(15, net.n_outputs))
    for structure in ("full", "last_layer")[: 1 if make is tied else 2]:
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

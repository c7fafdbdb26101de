"""Weights of single terms, ``sample_weight`` (n, k): losses, training, curvature, metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn import metrics as sk
from sklearn.linear_model import LinearRegression

import fastmlp as fm
from fastmlp import _core
from forced_threads import forced_threads
from weighted_terms import (
    LABELS,
    RNG,
    K,
    N,
    W,
    X,
    Y,
    by_hand,
    losses_of,
    network,
    terms_of,
    with_output,
)


@pytest.mark.parametrize(("loss", "output", "y"), losses_of(Y, LABELS), ids=lambda x: str(x)[:20])
def test_each_term_has_its_weight(loss: Any, output: str, y: Any) -> None:
    net = network(output, 2 * K if loss == "gaussian_nll" else K)
    value, gradient = by_hand(net, loss, y, W)
    found = net.value_and_grad(X, y, loss, sample_weight=W)
    assert found[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-11, atol=1e-14)
    assert net.loss(X, y, loss, sample_weight=W) == pytest.approx(value, rel=1e-12)


def test_equal_weights_of_a_sample_are_its_weight() -> None:
    net, weights = network(), RNG.uniform(0.5, 2, N)
    one = net.value_and_grad(X, Y, sample_weight=weights)
    other = net.value_and_grad(X, Y, sample_weight=np.repeat(weights[:, np.newaxis], K, axis=1))
    assert one[0] == pytest.approx(other[0], rel=1e-14)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-12, atol=1e-15)
    single = network(width=1)
    column = weights[:, np.newaxis]
    a, b = (single.loss(X, Y[:, 0], sample_weight=each) for each in (weights, column))
    assert a == b


def test_missing_targets_have_no_weight() -> None:
    """The mean of a sample's weights is that of the targets it has."""
    net, there = network(), RNG.random((N, K)) < 0.6
    there[7] = False
    some = there.any(axis=1)
    total = (W * there).sum(axis=1)[some] / there.sum(axis=1)[some]
    values, slopes, _ = terms_of(net, "squared_error", Y)
    kept = W * there
    y = np.where(there, Y, np.nan)
    value, gradient = net.value_and_grad(X, y, sample_weight=W, missing="mask")
    assert value == pytest.approx((kept * values).sum() / total.sum(), rel=1e-12)
    expected = net.backward(X, kept * slopes / total.sum())
    np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighting", ["set", "batch"])
def test_training_steps_are_those_of_the_weighted_gradient(weighting: Any, dtype: str) -> None:
    net, oracle = network("sigmoid", dtype=dtype), network("sigmoid")
    options: dict[str, Any] = {"shuffle": False, "weighting": weighting, "batch_size": 16}
    net.fit(X, LABELS, sample_weight=W, epochs=2, optimizer=fm.SGD(0.5), **options)
    means = W.mean(axis=1)
    for start in [0, 16, 32] * 2:
        rows = slice(start, start + 16)
        n = len(X[rows])
        divisor = n * means.mean() if weighting == "set" else means[rows].sum()
        _, slopes, _ = terms_of(oracle, "binary_cross_entropy", LABELS[rows], X[rows])
        oracle.parameters -= 0.5 * oracle.backward(X[rows], W[rows] * slopes / divisor)
    tolerance = 1e-11 if dtype == "float64" else 2e-5
    np.testing.assert_allclose(net.parameters, oracle.parameters, rtol=tolerance, atol=tolerance)


FIRST_ORDER = [key for key, one in _core.optimizers.items() if hasattr(one, "clip_norm")]


@pytest.mark.parametrize("optimizer", FIRST_ORDER)
def test_every_rule_learns_the_weighted_loss(optimizer: str) -> None:
    """As from a loss in Python that multiplies by the ratios, with their means as weights."""
    means = W.mean(axis=1)
    ratios = W / np.where(means > 0, means, 1)[:, np.newaxis]

    def weighted(outputs: Any, y: Any) -> Any:
        e = outputs - y
        return (ratios * e**2).sum(axis=1) / 2, ratios * e

    nets = network(), network()
    options: dict[str, Any] = {"optimizer": optimizer, "epochs": 3, "batch_size": N}
    nets[0].fit(X, Y, sample_weight=W, shuffle=False, **options)
    nets[1].fit(X, Y, sample_weight=means, loss=weighted, shuffle=False, **options)
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-9, atol=1e-11)


METHODS = [
    *(fm.LevenbergMarquardt(), fm.LBFGS(gtol=1e-9), fm.BFGS(gtol=1e-9), fm.Newton()),
    *(fm.NonlinearCG(gtol=1e-9), fm.HessianFree(), fm.SaddleFreeNewton()),
]


@pytest.mark.parametrize("optimizer", METHODS, ids=lambda x: type(x).__name__)
def test_methods_find_the_weighted_regressions(optimizer: Any) -> None:
    """Linear outputs are apart: each is scikit-learn's, with the weights of its column."""
    net = fm.Network([4, K], dtype="float64", seed=0)
    net.fit(X, Y, optimizer=optimizer, sample_weight=W)
    for j in range(K):
        expected = LinearRegression().fit(X, Y[:, j], sample_weight=W[:, j])
        np.testing.assert_allclose(net.weights[0][:, j], expected.coef_, rtol=1e-5, atol=1e-5)


def test_products_with_the_curvature_have_the_weights() -> None:
    net = network("sigmoid")
    given = {"loss": "binary_cross_entropy", "sample_weight": W}
    v, w = RNG.normal(size=net.n_parameters), net.parameters.copy()

    def gradient_at(point: Any) -> Any:
        twin = net.copy()
        twin.parameters = point
        return twin.value_and_grad(X, LABELS, **given)[1]

    expected = (gradient_at(w + 1e-5 * v) - gradient_at(w - 1e-5 * v)) / 2e-5
    np.testing.assert_allclose(net.hvp(X, LABELS, v, **given), expected, rtol=1e-6, atol=1e-8)
    for samples in (X, scipy.sparse.csr_array(X)):
        kept = fm.Curvature(net, samples, LABELS, **given)
        np.testing.assert_array_equal(kept.hvp(v), net.hvp(X, LABELS, v, **given))
    hessian = net.hessian(X, LABELS, **given)
    diagonal = net.hessian_diagonal(X, LABELS, **given)
    np.testing.assert_allclose(diagonal, np.diag(hessian), rtol=1e-9, atol=1e-12)
    # Gauss and Newton's matrix of the pre-activations: Jᵀ diag(W o (1 - o)) J / sum of the means
    J, o = with_output(net, "identity").parameter_jacobian(X), net.predict(X)
    scale = W * o * (1 - o) / W.mean(axis=1).sum()
    matrix = np.einsum("ijp,ij,ijq->pq", J, scale, J)
    np.testing.assert_allclose(net.gnvp(X, LABELS, v, **given), matrix @ v, rtol=1e-10, atol=1e-13)
    # Fisher: sum w_i g_i² / sum w_i, g_i the gradient of the loss of a sample, W_ij / w_i l_ij
    means = W.mean(axis=1)
    squares = [
        means[i] * net.value_and_grad(X[[i]], LABELS[[i]], sample_weight=W[[i]])[1] ** 2
        for i in np.flatnonzero(means)
    ]
    fisher = net.fisher_diagonal(X, LABELS, sample_weight=W)
    np.testing.assert_allclose(fisher, sum(squares) / means.sum(), rtol=1e-10, atol=1e-15)


def test_threads_and_sparse_inputs_have_the_same_bits() -> None:
    """In chunks too."""
    many, y, weights = np.tile(X, (60, 1)), np.tile(LABELS, (60, 1)), np.tile(W, (60, 1))
    net = network("sigmoid")
    ends = []
    for threads, samples in ((1, many), (2, many), (3, many), (1, scipy.sparse.csr_array(many))):
        with forced_threads(threads):
            value, gradient = net.value_and_grad(samples, y, sample_weight=weights)
        assert value == pytest.approx(net.loss(X, LABELS, sample_weight=W), rel=1e-12)
        ends.append(gradient)
    for end in ends[1:]:
        np.testing.assert_array_equal(end, ends[0])


def test_a_run_resumes_with_its_weights(tmp_path: Any) -> None:
    options: dict[str, Any] = {"sample_weight": W, "class_weight": [1, (2, 3), 1], "batch_size": 8}
    net = network("sigmoid")
    net.fit(X, LABELS, epochs=4, **options)
    for epochs in (2, 4):
        again = network("sigmoid")
        again.fit(X, LABELS, epochs=epochs, checkpoint=tmp_path / "run", **options)
    np.testing.assert_array_equal(again.parameters, net.parameters)


def test_what_watches_a_run_sees_its_weights() -> None:
    """Early stopping evaluates the loss after the epoch; a recorder has samples of its own."""
    net = network("sigmoid")
    stopping, recorder = fm.EarlyStopping("loss"), fm.DiagnosisRecorder(X, LABELS, sample_weight=W)
    net.fit(X, LABELS, epochs=4, sample_weight=W, callbacks=[stopping, recorder])
    assert stopping.best == pytest.approx(net.loss(X, LABELS, sample_weight=W), rel=1e-12)
    whole = net.diagnose(X, LABELS, sample_weight=W)
    _, gradient = net.value_and_grad(X, LABELS, sample_weight=W)
    norms = [layer.gradient_norm for layer in whole.layers]
    assert np.linalg.norm(norms) == pytest.approx(np.linalg.norm(gradient), rel=1e-12)


def test_validation_samples_have_weights_of_their_own() -> None:
    net = network("sigmoid")
    history = net.fit(X, LABELS, epochs=2, validation_data=(X, LABELS, W))
    assert history["val_loss"][-1] == pytest.approx(net.loss(X, LABELS, sample_weight=W), rel=1e-12)
    split = network("sigmoid").fit(X, LABELS, epochs=1, sample_weight=W, validation_split=0.25)
    apart = network("sigmoid").fit(
        *(X[:30], LABELS[:30]), epochs=1, sample_weight=W[:30],
        validation_data=(X[30:], LABELS[30:], W[30:]),
    )  # fmt: skip
    assert split["val_loss"] == apart["val_loss"]
    assert split["loss"] == apart["loss"]


def test_metrics_are_weighted_as_those_of_scikit_learn() -> None:
    net = network()
    names = ["r2", "mae", "rmse"]
    history = net.fit(X, Y, epochs=1, metrics=names, sample_weight=W, validation_data=(X, Y, W))
    o = net.predict(X)
    functions = sk.r2_score, sk.mean_absolute_error, sk.root_mean_squared_error
    for name, function in zip(names, functions, strict=True):
        columns = [function(Y[:, j], o[:, j], sample_weight=W[:, j]) for j in range(K)]
        assert history[name][-1] == pytest.approx(np.mean(columns), rel=1e-12)
        assert history[f"val_{name}"][-1] == pytest.approx(np.mean(columns), rel=1e-12)
    net = network("sigmoid")
    names = ["accuracy", "f1", "auc"]
    history = net.fit(X, LABELS, epochs=1, metrics=names, sample_weight=W)
    o, found = net.predict(X), net.predict(X) > 0.5
    columns = range(K)
    f1 = [sk.f1_score(LABELS[:, j], found[:, j], sample_weight=W[:, j]) for j in columns]
    auc = [sk.roc_auc_score(LABELS[:, j], o[:, j], sample_weight=W[:, j]) for j in columns]
    right = ((found == LABELS) | (W == 0)).all(axis=1)
    assert history["f1"][-1] == pytest.approx(np.mean(f1), rel=1e-12)
    assert history["auc"][-1] == pytest.approx(np.mean(auc), rel=1e-12)
    expected = np.average(right, weights=W.mean(axis=1))
    assert history["accuracy"][-1] == pytest.approx(expected, rel=1e-12)

"""Targets that are missing: ``missing="mask"`` against masked sums in NumPy and scikit-learn."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LinearRegression

import fastmlp as fm
from weighted_terms import losses_of, network, slope

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 4))
MASK = RNG.random((40, 3)) < 0.6
MASK[:, 0] = True
MASK[7] = False  # a sample without any
TRUTH = np.column_stack([X[:, 0], np.abs(X[:, 1]), X[:, 2] ** 2])
Y = np.where(MASK, TRUTH, np.nan)
LABELS = np.where(MASK, (TRUTH > 0.5).astype(float), np.nan)
WEIGHTS = RNG.random(40) + 0.1
LOSSES = losses_of(Y, LABELS)


def by_hand(net: fm.Network, loss: Any, y: Any, weights: Any) -> tuple[float, Any]:
    """The sum over networks of one target each, on the samples that have it."""
    pairs = loss == "gaussian_nll"
    present = ~np.isnan(y)
    w = np.where(present.any(1), np.ones(40) if weights is None else weights, 0.0)
    value, gradient = 0.0, np.zeros(net.n_parameters)
    for j in range(3):
        columns = [j, j + 3] if pairs else [j]
        part = fm.Network(
            [net.layers[0], net.layers[1].replace(units=len(columns))],  # type: ignore[attr-defined]
            inputs=4,
            dtype="float64",
            seed=0,
        )
        part.weights[0][:], part.biases[0][:] = net.weights[0], net.biases[0]  # type: ignore[index]
        part.weights[1][:] = net.weights[1][:, columns]
        part.biases[1][:] = net.biases[1][columns]  # type: ignore[index]
        rows = present[:, j]
        share = w[rows].sum() / w.sum()
        one, g = part.value_and_grad(X[rows], y[rows, j], loss=loss, sample_weight=w[rows])
        value += share * one
        whole = net.copy()
        whole.parameters = np.zeros(net.n_parameters)
        part.parameters = share * g
        whole.weights[0][:], whole.biases[0][:] = part.weights[0], part.biases[0]  # type: ignore[index]
        whole.weights[1][:, columns] = part.weights[1]
        whole.biases[1][columns] = part.biases[1]  # type: ignore[index]
        gradient += whole.parameters
    return value, gradient


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize(("loss", "output", "y"), LOSSES, ids=lambda x: str(x)[:20])
def test_a_missing_target_has_no_term(loss: Any, output: str, y: Any, weights: Any) -> None:
    net = network(output, 6 if loss == "gaussian_nll" else 3)
    value, gradient = by_hand(net, loss, y, weights)
    given = {"loss": loss, "sample_weight": weights, "missing": "mask"}
    found = net.value_and_grad(X, y, **given)
    assert found[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-11, atol=1e-14)
    assert net.loss(X, y, **given) == pytest.approx(value, rel=1e-12)


def test_a_sample_without_targets_is_as_if_it_were_not_there() -> None:
    net, kept = network("identity"), np.arange(40) != 7
    one = net.value_and_grad(X, Y, missing="mask")
    other = net.value_and_grad(X[kept], Y[kept], missing="mask")
    assert one[0] == pytest.approx(other[0], rel=1e-14)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_steps_are_those_of_the_masked_gradient(dtype: str) -> None:
    net = network("identity", dtype=dtype)
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1), missing="mask", batch_size=40)
    oracle = network("identity")
    for call in (trainer.step, trainer.epoch, lambda X, y: trainer.run(X, y, epochs=1)):
        value, gradient = by_hand(oracle, None, Y, None)
        result = call(X, Y)
        oracle.parameters -= 0.1 * gradient
        if isinstance(result, float):
            assert result == pytest.approx(value, rel=1e-5)
        tolerance = 1e-12 if dtype == "float64" else 2e-6
        np.testing.assert_allclose(
            net.parameters, oracle.parameters, rtol=tolerance, atol=tolerance
        )


@pytest.mark.parametrize(
    "optimizer", [fm.LevenbergMarquardt(), fm.LBFGS(gtol=1e-9), fm.Newton()], ids=str
)
def test_a_complete_output_is_fitted_as_alone(optimizer: Any) -> None:
    """Linear outputs are apart: the complete one is scikit-learn's regression on all samples."""
    complete = np.where(np.arange(3) == 0, TRUTH, Y)
    net = fm.Network([4, 3], dtype="float64", seed=0)
    net.fit(X, complete, optimizer=optimizer, missing="mask")
    for j in range(3):
        rows = ~np.isnan(complete[:, j])
        expected = LinearRegression().fit(X[rows], complete[rows, j])
        np.testing.assert_allclose(net.weights[0][:, j], expected.coef_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_many_samples_in_chunks_have_the_same_bits(n_threads: int) -> None:
    many, y = np.tile(X, (60, 1)), np.tile(Y, (60, 1))
    net = network("identity")
    one = net.value_and_grad(many, y, missing="mask", n_threads=n_threads)
    assert one[0] == pytest.approx(net.loss(X, Y, missing="mask"), rel=1e-12)
    np.testing.assert_array_equal(one[1], net.value_and_grad(many, y, missing="mask")[1])


@pytest.mark.parametrize("lengths", [None, RNG.integers(1, 7, size=20)], ids=["whole", "lengths"])
@pytest.mark.parametrize("loss", ["squared_error", "gaussian_nll"])
def test_steps_of_sequences_may_lack_targets(lengths: Any, loss: str) -> None:
    pairs = loss == "gaussian_nll"
    last = fm.Conv1D(4 if pairs else 2, 1)
    net = fm.Network([fm.GRU(3, sequences=True), last], inputs=(6, 2), dtype="float64", seed=0)
    series, y = RNG.normal(size=(20, 6, 2)), RNG.normal(size=(20, 6, 2))
    y[RNG.random(y.shape) < 0.4] = np.nan
    y[3] = np.nan
    outputs = net.predict(series, lengths=lengths)
    m, v = (outputs[..., :2], outputs[..., 2:]) if pairs else (outputs, np.zeros_like(outputs))
    terms = (v + (y - m) ** 2 * np.exp(-v)) / 2
    if lengths is not None:
        terms[np.arange(6) >= lengths[:, np.newaxis]] = np.nan
    some = ~np.isnan(terms).all(axis=(1, 2))
    expected = np.nansum(terms) / some.sum()
    given: dict[str, Any] = {"loss": loss, "lengths": lengths, "missing": "mask"}
    value, gradient = net.value_and_grad(series, y, **given)
    assert value == pytest.approx(expected, rel=1e-12)

    np.testing.assert_allclose(gradient, slope(net, series, y, **given), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_metrics_leave_out_what_is_missing(weights: Any) -> None:
    names = ["r2", "mae", "rmse"]
    net = network("identity")
    history = net.fit(
        X, Y, epochs=1, metrics=names, missing="mask", sample_weight=weights, validation_data=(X, Y)
    )
    o = net.predict(X)
    functions = sk.r2_score, sk.mean_absolute_error, sk.root_mean_squared_error
    for name, function in zip(names, functions, strict=True):
        columns = []
        for j in range(3):
            rows = ~np.isnan(Y[:, j])
            w = None if weights is None else weights[rows]
            columns.append(function(Y[rows, j], o[rows, j], sample_weight=w))
        assert history[name][-1] == pytest.approx(np.mean(columns), rel=1e-12)
        if weights is None:
            assert history[f"val_{name}"][-1] == pytest.approx(np.mean(columns), rel=1e-12)


def test_metrics_of_labels_leave_out_what_is_missing() -> None:
    net = network("sigmoid")
    history = net.fit(X, LABELS, epochs=1, metrics=["accuracy", "f1", "auc"], missing="mask")
    o, rows = net.predict(X), [~np.isnan(LABELS[:, j]) for j in range(3)]
    f1 = [sk.f1_score(LABELS[r, j], o[r, j] > 0.5) for j, r in enumerate(rows)]
    auc = [sk.roc_auc_score(LABELS[r, j], o[r, j]) for j, r in enumerate(rows)]
    assert history["f1"][-1] == pytest.approx(np.mean(f1), rel=1e-12)
    assert history["auc"][-1] == pytest.approx(np.mean(auc), rel=1e-12)
    right = ((o > 0.5) == LABELS) | np.isnan(LABELS)
    some = ~np.isnan(LABELS).all(axis=1)
    assert history["accuracy"][-1] == pytest.approx(right.all(axis=1)[some].mean(), rel=1e-12)


def test_own_losses_see_the_nan_and_trainers_keep_the_setting(tmp_path: Any) -> None:
    def masked(outputs: Any, y: Any) -> Any:
        e = np.where(np.isnan(y), 0.0, outputs - np.nan_to_num(y))
        return (e * e).sum(1) / 2, e

    nets = network("identity"), network("identity")
    for net, loss in zip(nets, (None, masked), strict=True):
        net.fit(X, Y, loss=loss, epochs=3, missing="mask")
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-9)
    trainer = fm.Trainer(network("identity"), missing="mask")
    trainer.epoch(X, Y)
    trainer.save(tmp_path / "run")
    loaded = fm.Trainer.load(tmp_path / "run")
    for again in (loaded, copy.copy(trainer), pickle.loads(pickle.dumps(trainer))):
        assert again.missing == "mask"
        again.epoch(X, Y)
        assert np.isfinite(again.network.parameters).all()


def test_a_learning_rate_is_found_with_what_is_there() -> None:
    with pytest.raises(ValueError, match=r"find_learning_rate: y.*give missing='mask'"):
        fm.find_learning_rate(network("identity"), X, Y, steps=20)
    curve = fm.find_learning_rate(network("identity"), X, Y, missing="mask", steps=20)
    assert np.isfinite(curve.losses[curve.learning_rates <= curve.suggestion]).all()


def test_bad_input_is_refused() -> None:
    net = network("identity")
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=r"fit: y\[.*\]=nan, .*give missing='mask'"):
        net.fit(X, Y)
    with pytest.raises(ValueError, match=r"y\[0, 0\]=inf"):
        net.fit(X, np.where(np.arange(40)[:, np.newaxis] == 0, np.inf, Y), missing="mask")
    with pytest.raises(ValueError, match=r"fit: missing='drop', expected None or 'mask'"):
        net.fit(X, Y, missing="drop")
    with pytest.raises(TypeError, match=r"missing=True \(bool\), expected None or 'mask'"):
        net.fit(X, Y, missing=True)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the weights are all 0"):
        net.loss(X, np.full((40, 3), np.nan), missing="mask")
    softmax = network("softmax")
    with pytest.raises(ValueError, match="missing='mask' with outputs that are the classes of one"):
        softmax.fit(X, np.zeros(40, int), missing="mask")
    with pytest.raises(ValueError, match="expected values >= 0 for loss='poisson'"):
        network("softplus").fit(X, Y, loss="poisson", missing="mask")
    np.testing.assert_array_equal(net.parameters, before)

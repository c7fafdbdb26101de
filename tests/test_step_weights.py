"""Weights of the steps of sequences, of their targets or classes, with lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from weighted_terms import slope

RNG = np.random.default_rng(8)
SERIES = RNG.normal(size=(20, 6, 2))
LENGTHS = RNG.integers(1, 7, size=20)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("loss", ["squared_error", "gaussian_nll"])
@pytest.mark.parametrize("shape", [(20, 6), (20, 6, 2), (20, 12)], ids=str)
def test_steps_of_sequences_have_weights(shape: Any, loss: str, lengths: Any) -> None:
    """Of a step (n, time), or of each of its targets; none after the end."""
    pairs = loss == "gaussian_nll"
    last = fm.Conv1D(4 if pairs else 2, 1)
    net = fm.Network([fm.GRU(3, sequences=True), last], inputs=(6, 2), dtype="float64", seed=0)
    y, weights = RNG.normal(size=(20, 6, 2)), RNG.uniform(0, 2, shape)
    full = weights.reshape(20, 6, -1) * np.ones((20, 6, 2))
    outputs = net.predict(SERIES, lengths=lengths)
    m, v = (outputs[..., :2], outputs[..., 2:]) if pairs else (outputs, np.zeros_like(outputs))
    terms = (v + (y - m) ** 2 * np.exp(-v)) / 2
    used = np.ones((20, 6, 1)) if lengths is None else (np.arange(6) < lengths[:, None])[..., None]
    used = used * np.ones((20, 6, 2))
    means = (full * used).sum(axis=(1, 2)) / used.sum(axis=(1, 2))
    expected = (full * used * terms).sum() / means.sum()
    given: dict[str, Any] = {"loss": loss, "lengths": lengths, "sample_weight": weights}
    value, gradient = net.value_and_grad(SERIES, y, **given)
    assert value == pytest.approx(expected, rel=1e-12)

    np.testing.assert_allclose(gradient, slope(net, SERIES, y, **given), rtol=1e-6, atol=1e-8)


def tagger() -> fm.Network:
    layers = [fm.GRU(3, sequences=True), fm.Conv1D(3, 1, "softmax")]
    return fm.Network(layers, inputs=(6, 2), dtype="float64", seed=0)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("one_hot", [False, True])
def test_steps_with_classes_have_weights(one_hot: bool, lengths: Any) -> None:
    """And class weights are those of their classes, balanced over the steps that there are."""
    net, classes = tagger(), RNG.integers(0, 3, (20, 6)) * (RNG.random((20, 6)) < 0.7)
    y: Any = np.eye(3)[classes] if one_hot else classes
    used = np.ones((20, 6)) if lengths is None else 1.0 * (np.arange(6) < lengths[:, None])
    weights = RNG.uniform(0, 2, (20, 6))
    o = net.predict(SERIES, lengths=lengths)
    chosen = np.take_along_axis(o, classes[..., np.newaxis], axis=2)[..., 0]
    terms = -np.log(np.where(used > 0, chosen, 1))
    means = (weights * used).sum(axis=1) / used.sum(axis=1)
    given: dict[str, Any] = {"lengths": lengths, "sample_weight": weights}
    expected = (weights * terms).sum() / means.sum()
    assert net.loss(SERIES, y, **given) == pytest.approx(expected, rel=1e-12)
    v = RNG.normal(size=net.n_parameters)
    twins = net.copy(), net.copy()
    for twin, sign in zip(twins, (1, -1), strict=True):
        twin.parameters = net.parameters + sign * 1e-5 * v
    slopes = [twin.value_and_grad(SERIES, y, **given)[1] for twin in twins]
    np.testing.assert_allclose(
        net.hvp(SERIES, y, v, **given), (slopes[0] - slopes[1]) / 2e-5, rtol=1e-5, atol=1e-8
    )
    values, counts = np.unique(classes[used > 0], return_counts=True)
    balanced = (used.sum() / (len(values) * counts))[np.searchsorted(values, classes)]
    ends = []
    for given in ({"class_weight": "balanced"}, {"sample_weight": balanced}):
        net = tagger()
        history = net.fit(SERIES, y, epochs=2, lengths=lengths, metrics="accuracy", **given)
        ends.append([*net.parameters, *history["accuracy"]])
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-10)
    found = net.predict(SERIES, lengths=lengths).argmax(axis=2)
    expected = np.average(found == classes, weights=balanced * used)
    assert ends[1][-1] == pytest.approx(expected, rel=1e-12)

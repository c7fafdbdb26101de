"""Sample weights, class weights and penalties: the loss of a batch."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import TASKS, N, batches, fresh, task_pair


@pytest.mark.parametrize("name", TASKS)
def test_sample_weights_equal_the_oracle(name: str) -> None:
    """Σ w_i L_i / Σ w_i in every batch; history weighs batches by their Σ w_i."""
    net, oracle, w, X, y = task_pair(name)
    weights = np.random.default_rng(1).uniform(0.1, 3, N)
    history = net.fit(X, y, sample_weight=weights, optimizer=fm.SGD(0.1), epochs=1,
                      batch_size=7, shuffle=False)  # fmt: skip
    blocks = batches(N, 7)
    expected, losses = ref.train(oracle, w, X, y, ref.SGD(0.1), blocks, weights=weights)
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-12)
    totals = [weights[block].sum() for block in blocks]
    assert history["loss"][0] == pytest.approx(np.average(losses, weights=totals), rel=1e-12)


def test_whole_weights_are_repetitions() -> None:
    """On a full batch, weight 2 equals the sample twice."""
    X, y = TASKS["regression"].data
    weights = np.arange(N) % 3
    a, b = fresh(), fresh()
    a.fit(X, y, sample_weight=weights, batch_size=N, epochs=5)
    X, y = np.repeat(X, weights, 0), np.repeat(y, weights, 0)
    b.fit(X, y, batch_size=len(X), epochs=5)
    np.testing.assert_allclose(a.parameters, b.parameters, rtol=1e-9, atol=1e-12)


def test_class_weights_are_sample_weights() -> None:
    """w_i = sample weight × class weight; a class not named weighs 1; bit for bit."""
    X, Y = TASKS["classes"].data
    y, weights = np.argmax(Y, 1), np.linspace(0.5, 2, N)
    a, b, c = (fresh("classes") for _ in range(3))
    a.fit(X, y, class_weight={0: 4.0, 2: 0.25}, sample_weight=weights)
    b.fit(X, y, sample_weight=weights * np.array([4.0, 1.0, 0.25])[y])
    c.fit(X, Y, class_weight={0: 4.0, 2: 0.25}, sample_weight=weights)
    np.testing.assert_array_equal(a.parameters, b.parameters)
    np.testing.assert_allclose(c.parameters, a.parameters, rtol=1e-9, atol=1e-12)


def test_a_batch_without_weight_makes_no_step() -> None:
    """The optimizer does not see it: not even Adam's step counter moves."""
    X, y = TASKS["regression"].data
    weights = np.ones(N)
    weights[8:16] = 0
    with_gap, without = fresh(), fresh()
    kept = weights > 0
    common = {"optimizer": fm.Adam(0.01), "batch_size": 8, "epochs": 3, "shuffle": False}
    history = with_gap.fit(X, y, sample_weight=weights, **common)
    expected = without.fit(X[kept], y[kept], sample_weight=weights[kept], **common)
    np.testing.assert_array_equal(with_gap.parameters, without.parameters)
    assert history["loss"] == expected["loss"]


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("size", [7, N])
def test_penalties_equal_the_oracle(biases: bool, size: int) -> None:
    """l1 Σ|W| + l2/2 Σ W², by default on weights only; history includes it, val_loss not."""
    net, oracle, w, X, y = task_pair()
    history = net.fit(X, y, optimizer=fm.SGD(0.05), l1=0.01, l2=0.1, regularize_biases=biases,
                      epochs=1, batch_size=size, shuffle=False, validation_data=(X, y))  # fmt: skip
    mask = np.ones(w.size) if biases else oracle.weight_mask()
    blocks = batches(N, size)
    expected, losses = ref.train(oracle, w, X, y, ref.SGD(0.05), blocks, l1=0.01, l2=0.1, mask=mask)
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-13)
    mean = np.average(losses, weights=[len(block) for block in blocks])
    assert history["loss"][0] == pytest.approx(mean, rel=1e-12)
    data_loss = oracle.value_and_grad(expected, X, y)[0]
    assert history["val_loss"][0] == pytest.approx(data_loss, rel=1e-10)
    assert net.loss(X, y) == pytest.approx(data_loss, rel=1e-10)


def test_the_penalty_of_a_layer_replaces_that_of_fit() -> None:
    """0.0 is a value, None is not."""
    layers = [fm.Dense(3, "tanh", l2=0.5), fm.Dense(2, l1=0.0, l2=0.0)]
    net = fm.Network(layers, inputs=3, dtype="float64", seed=0)
    X, y = TASKS["regression"].data
    w, oracle = net.parameters.copy(), ref.Net(3, [(3, "tanh", True), (2, "identity", True)])
    net.fit(X, y, optimizer=fm.SGD(0.1), l1=0.02, l2=9.0, epochs=1, batch_size=N, shuffle=False)
    first = np.arange(w.size) < 12
    expected, _ = ref.train(oracle, w, X, y, ref.SGD(0.1), batches(N, N),
                            l1=0.02 * first, l2=0.5 * first)  # fmt: skip
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-13)

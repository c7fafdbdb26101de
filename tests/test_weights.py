"""Sample weights, class weights and penalties: the loss of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import TASKS, N, batches, fresh, squared, task_pair

weightings = pytest.mark.parametrize("weighting", ["set", "batch"])
WEIGHTS = np.random.default_rng(1).uniform(0.1, 3, N)


@weightings
@pytest.mark.parametrize("size", [1, 7, N])
@pytest.mark.parametrize("loss", [*TASKS, "custom"])
def test_sample_weights_equal_the_oracle(loss: str, size: int, weighting: str) -> None:
    """Σ w_i L_i over its divisor in every batch, by which history weighs batches too."""
    custom = loss == "custom"
    net, oracle, w, X, y = task_pair("regression" if custom else loss)
    history = net.fit(X, y, sample_weight=WEIGHTS, optimizer=fm.SGD(0.1), epochs=1,
                      batch_size=size, shuffle=False, weighting=weighting,
                      loss=squared if custom else None)  # fmt: skip
    blocks = batches(N, size)
    expected, losses = ref.train(
        oracle, w, X, y, ref.SGD(0.1), blocks, weights=WEIGHTS, weighting=weighting
    )
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-12)
    divisors = [ref.divisor(WEIGHTS, block, weighting) for block in blocks]
    assert history["loss"][0] == pytest.approx(np.average(losses, weights=divisors), rel=1e-12)


def test_batches_of_several_chunks_equal_the_oracle() -> None:
    """More than 1024 rows, two batches of 1500 in a set of 3000."""
    rng = np.random.default_rng(2)
    X, weights = rng.normal(size=(3000, 3)), rng.uniform(0, 4, 3000)
    y = np.sin(X[:, :2])
    net, oracle, w, _, _ = task_pair()
    net.fit(X, y, sample_weight=weights, optimizer=fm.SGD(0.1), epochs=1, batch_size=1500,
            shuffle=False)  # fmt: skip
    expected, _ = ref.train(oracle, w, X, y, ref.SGD(0.1), batches(3000, 1500), weights=weights)
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-10, atol=1e-12)


SIZES = [1, 2, 4, 16, 96]
FADING = {"optimizer": fm.SGD(fm.InverseTimeDecay(2.0, 0.05, per="epoch")), "epochs": 1500}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("loss", [None, "custom"])
def test_a_weighted_share_is_fitted_for_any_batch_size(size: int, loss: str | None) -> None:
    """A bias alone: half of the labels are 1, with 9 times the weight, so p = 0.9."""

    def cross_entropy(p: ref.Array, t: ref.Array) -> tuple[ref.Array, ref.Array]:
        return -np.where(t > 0, np.log(p), np.log1p(-p))[:, 0], (p - t) / (p * (1 - p))

    labels = np.arange(96) % 2
    net = fm.Network([1, 1], output="sigmoid", dtype="float64", seed=0)
    fading = {**FADING, "epochs": 60} if loss else FADING
    net.fit(np.zeros((96, 1)), labels, class_weight={0: 1, 1: 9}, batch_size=size, **fading,
            loss=cross_entropy if loss else None)  # fmt: skip
    assert net.predict([[0.0]]).item() == pytest.approx(0.9, abs=0.02 if loss else 0.005)


@pytest.mark.parametrize("size", SIZES)
def test_a_weighted_logistic_regression_is_that_of_scikit_learn(size: int) -> None:
    """The same minimum for batches of any size."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(4)
    X, weights = rng.normal(size=(96, 2)), rng.uniform(0, 5, 96)
    labels = (X @ [1.0, -0.5] + rng.logistic(size=96) > 0).astype(int)
    model = linear_model.LogisticRegression(C=np.inf, tol=1e-10)
    model.fit(X, labels, sample_weight=weights)
    net = fm.Network([2, 1], output="sigmoid", dtype="float64", seed=0)
    net.fit(X, labels, sample_weight=weights, batch_size=size, **FADING)
    expected = [*model.coef_[0], *model.intercept_]
    np.testing.assert_allclose(net.parameters, expected, atol=0.03)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 5, N])
def test_equal_weights_are_none(size: int, dtype: str) -> None:
    """Bit for bit; so are powers of two of which they, or their sum, leave the range."""
    X, y = TASKS["regression"].data
    lowest = -140 if dtype == "float32" else -1060
    highest = 126 if dtype == "float32" else 1022
    ends = [
        fresh(dtype=dtype).fit(X, y, batch_size=size, epochs=3, sample_weight=weights)["loss"]
        for weights in (None, *(np.full(N, 2.0**e, dtype) for e in (0, -3, lowest, highest)))
    ]
    for end in ends[1:]:
        assert end == ends[0]


def test_products_of_weights_do_not_leave_the_range() -> None:
    """1e-30 as sample and as class weight, 1e-60 in float32, is as good as 1."""
    X, Y = TASKS["classes"].data
    y, one, tiny = np.argmax(Y, 1), fresh("classes", dtype="float32"), None
    common = {"epochs": 3, "batch_size": 5}
    tiny = fresh("classes", dtype="float32")
    history = one.fit(X, y, **common)
    small = dict.fromkeys(range(3), 1e-30)
    expected = tiny.fit(X, y, sample_weight=np.full(N, 1e-30), class_weight=small, **common)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-6)


@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
def test_evaluation_takes_weights(loss: Any) -> None:
    """net.loss, net.value_and_grad and validation data: Σ w_i L_i / Σ w_i of the whole set."""
    net, oracle, w, X, y = task_pair()
    value, gradient = oracle.value_and_grad(w, X, y, weights=WEIGHTS)
    assert net.loss(X, y, loss, sample_weight=WEIGHTS) == pytest.approx(value, rel=1e-12)
    found, by_w = net.value_and_grad(X, y, loss, sample_weight=WEIGHTS)
    assert found == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(by_w, gradient, rtol=1e-10, atol=1e-13)
    history = net.fit(X, y, loss=loss, optimizer=fm.SGD(0.1), epochs=1, batch_size=5,
                      validation_data=(X, y, WEIGHTS))  # fmt: skip
    assert history["val_loss"] == [net.loss(X, y, loss, sample_weight=WEIGHTS)]


@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
def test_a_step_is_its_own_set(loss: Any) -> None:
    """step: Σ w_i L_i / Σ w_i of its samples, w_i = sample weight × class weight."""
    X, Y = TASKS["classes"].data
    y = np.argmax(Y, 1)
    factors = np.array([4.0, 1.0, 0.25])[y]
    one, two = fresh("classes"), fresh("classes")
    trainer, other = (fm.Trainer(net, loss, optimizer=fm.SGD(0.1)) for net in (one, two))
    start = one.parameters.copy()
    value, gradient = one.value_and_grad(X, y, loss, sample_weight=WEIGHTS * factors)
    assert trainer.step(X, y, WEIGHTS, {0: 4.0, 2: 0.25}) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(one.parameters, start - 0.1 * gradient, rtol=1e-10, atol=1e-13)
    other.step(X, y, sample_weight=WEIGHTS * factors)
    np.testing.assert_array_equal(one.parameters, two.parameters)
    other.step(X, y, class_weight="balanced")
    trainer.step(X, y, N / (3 * np.bincount(y))[y])
    np.testing.assert_array_equal(one.parameters, two.parameters)


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
    a.fit(X, y, epochs=10, class_weight={0: 4.0, 2: 0.25}, sample_weight=weights)
    b.fit(X, y, epochs=10, sample_weight=weights * np.array([4.0, 1.0, 0.25])[y])
    c.fit(X, Y, epochs=10, class_weight={0: 4.0, 2: 0.25}, sample_weight=weights)
    np.testing.assert_array_equal(a.parameters, b.parameters)
    np.testing.assert_allclose(c.parameters, a.parameters, rtol=1e-9, atol=1e-12)


@weightings
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
def test_a_batch_without_weight_makes_no_step(loss: Any, weighting: str) -> None:
    """The optimizer does not see it: not even Adam's step counter moves."""
    net, oracle, w, X, y = task_pair()
    weights = np.ones(N)
    weights[8:16] = 0
    trainer = fm.Trainer(net, loss, fm.Adam(0.01), batch_size=8, shuffle=False, weighting=weighting)
    trainer.run(X, y, epochs=3, sample_weight=weights)
    assert trainer.n_steps == 6
    blocks = batches(N, 8, 3)
    expected, _ = ref.train(oracle, w, X, y, ref.Adam(0.01), blocks, weights=weights,
                            weighting=weighting)  # fmt: skip
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-9, atol=1e-11)


@weightings
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_the_recorded_loss_is_that_of_the_set(size: int, loss: Any, weighting: str) -> None:
    """At a rate too small to move: net.loss with the same weights, also with batches of none."""
    X, y = TASKS["regression"].data
    weights = np.where(np.arange(N) // 8 == 1, 0.0, WEIGHTS)
    net = fresh()
    history = net.fit(X, y, sample_weight=weights, loss=loss, optimizer=fm.SGD(1e-300), epochs=1,
                      batch_size=size, weighting=weighting)  # fmt: skip
    expected = net.loss(X, y, loss, sample_weight=weights)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)


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

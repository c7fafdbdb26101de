"""Batches of one sample, whose passes differ from those of larger ones, against the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import batches, made, pair, targets
from reference import Array

N = 12
LAYERS = [(9, "gelu", True), (17, "tanh", False), (3, "softmax", True)]
RULES = [(name, *case) for name, rule in ref.OPTIMIZERS.items() for case in rule.cases]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"clip_norm": 0.3},
    {"clip_value": 0.05},
    {"normalize": True},
]


def samples(outputs: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """X, classes one-hot, and weights, one of which is 0."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.5, 2.0, N)
    weights[3] = 0.0
    return rng.normal(size=(N, 4)), ref.one_hot(rng.integers(0, outputs, N), outputs), weights


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("name", "rate", "fields"), RULES)
def test_online_training_is_the_oracles(
    name: str, rate: float, fields: dict[str, Any], options: dict[str, Any]
) -> None:
    """Every rule, with penalties, weights and what changes the gradient before the rule."""
    net, oracle, w = pair(4, LAYERS)
    X, y, weights = samples(3)
    rate, fields = 0.1 * rate, {**fields, **options}
    optimizer = _core.optimizers[name](rate, **fields)
    history = net.fit(
        X, y, optimizer=optimizer, epochs=2, batch_size=1, shuffle=False, sample_weight=weights,
        l1=1e-3, l2=1e-2,
    )  # fmt: skip
    rule = ref.OPTIMIZERS[name](rate, **fields, mask=oracle.weight_mask())
    expected, losses = ref.train(
        oracle, w, X, y, rule, batches(N, 1, epochs=2), weights=weights, l1=1e-3, l2=1e-2
    )
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-9, atol=1e-11)
    if fields.get("nesterov") != "lecture":  # its losses are those of another point
        mean = np.reshape(losses, (2, -1)).sum(1) / N
        np.testing.assert_allclose(history["loss"], mean, rtol=1e-9)


@pytest.mark.parametrize("loss", sorted(_core.losses))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_of_one_sample_is_the_oracles(loss: str, dtype: str) -> None:
    """Every loss after every activation, in both dtypes."""
    rng = np.random.default_rng(1)
    for phi in sorted(set(_core.activations) - {"softmax", "sign"}):
        output = {"cross_entropy": "softmax"}.get(loss, "sign" if loss in ref.SIGNS else "sigmoid")
        net, oracle, w = pair(5, [(18, phi, True), (4, phi, True), (4, output, True)], dtype=dtype)
        x, y = rng.normal(size=(1, 5)), targets(loss, rng, 1, 4)
        if loss == "cross_entropy":
            y = ref.one_hot([2], 4)
        x, y = x.astype(dtype), y.astype(dtype)
        value, g = net.value_and_grad(x, y, loss=made("losses", loss))
        expected = oracle.value_and_grad(w, x.astype(float), y.astype(float), loss)
        tolerance = 1e-10 if dtype == "float64" else 2e-4
        np.testing.assert_allclose(value, expected[0], rtol=tolerance, err_msg=phi)
        scale = np.abs(expected[1]).max()
        np.testing.assert_allclose(g, expected[1], atol=tolerance * scale, err_msg=phi)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_do_not_depend_on_threads_or_on_how_samples_are_given(dtype: str) -> None:
    """Dense rows, sparse rows and class indices; one thread and two; step by step."""
    sparse = pytest.importorskip("scipy.sparse")
    X, y, _ = samples(3)
    X = (X * (X > -0.3)).astype(dtype)
    ways: list[tuple[Any, Any, int]] = [
        (X, y, 1), (X, y, 2), (sparse.csr_array(X), y, 1), (X, y.argmax(1), 1),
    ]  # fmt: skip
    ends = []
    for rows, labels, threads in ways:
        net, *_ = pair(4, [(200, "silu", True), *LAYERS], dtype=dtype)
        net.fit(rows, labels, batch_size=1, epochs=2, shuffle=False, n_threads=threads)
        ends.append(net.parameters.tobytes())
    net, *_ = pair(4, [(200, "silu", True), *LAYERS], dtype=dtype)
    trainer = fm.Trainer(net, batch_size=1)
    for i in [*range(N), *range(N)]:
        trainer.step(X[i : i + 1], y[i : i + 1])
    assert set(ends) == {net.parameters.tobytes()}


def test_label_smoothing_and_custom_activations_reach_a_single_sample() -> None:
    X, y, _ = samples(3)
    smooth = fm.CrossEntropy(label_smoothing=0.2)
    own = fm.Activation(lambda a: a**3, lambda a: 3 * a**2)
    net = fm.Network([fm.Dense(5, own), fm.Dense(3, "softmax")], inputs=4, dtype="float64", seed=0)
    single = [net.value_and_grad(X[i : i + 1], y[i : i + 1], loss=smooth) for i in range(N)]
    value, g = net.value_and_grad(X, y, loss=smooth)
    np.testing.assert_allclose(np.mean([v for v, _ in single]), value, rtol=1e-12)
    np.testing.assert_allclose(np.mean([g for _, g in single], axis=0), g, rtol=1e-9, atol=1e-12)


def test_a_loss_that_is_not_finite_changes_nothing() -> None:
    net = fm.Network([3, 5, 1], seed=0)
    before = net.parameters.copy()
    trainer = fm.Trainer(net, optimizer=fm.Adam(), batch_size=1)
    assert trainer.step(np.ones((1, 3), "float32"), [[3e38]]) == np.inf
    np.testing.assert_array_equal(net.parameters, before)

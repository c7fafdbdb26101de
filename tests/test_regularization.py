"""Penalties, proximal steps, decoupled decay and max-norm: parameters and amounts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import TASKS, N, batches, network, task_pair
from reference import Array

X, Y = TASKS["regression"].data
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def layered(**fields: Any) -> Any:
    """3-5-2 with fields for the first layer only."""
    return fm.Network([fm.Dense(5, "tanh", **fields), fm.Dense(2)], inputs=3, dtype="float64",
                      seed=0)  # fmt: skip


def per_layer(oracle: ref.Net, first: float, second: float, biases: bool) -> Array:
    """A coefficient for each parameter of a 3-5-2 net."""
    mask = 0 * oracle.weight_mask() + 1 if biases else oracle.weight_mask()
    return mask * np.repeat([first, second], [3 * 5 + 5, 5 * 2 + 2])


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize(("first", "common"), [({}, {"l1": 0.02, "l2": 0.1}),
                                             ({"l1": 0.0}, {"l1": 0.02, "l2": 0.1}),
                                             ({"l1": 0.05, "l2": 0.3}, {}),
                                             ({"l2": 0.0}, {"l2": 0.5})])  # fmt: skip
def test_l1_and_l2_of_a_layer_stand_before_those_of_fit(
    first: dict[str, float], common: dict[str, float], biases: bool
) -> None:
    """30 steps equal the oracle's; the loss has l1 Σ|w| + l2/2 Σw² of each layer in it."""
    _, oracle, _, X, y = task_pair()
    net = layered(**first)
    l1, l2 = (
        per_layer(oracle, first.get(key, common.get(key, 0.0)), common.get(key, 0.0), biases)
        for key in ("l1", "l2")
    )
    history = net.copy().fit(X, y, optimizer=fm.SGD(0.05), epochs=1, batch_size=N, **common,
                             regularize_biases=biases)  # fmt: skip
    w = net.parameters.copy()
    expected, _ = ref.train(oracle, w, X, y, ref.SGD(0.05), batches(N, 8, 10), l1=l1, l2=l2,
                                 mask=1.0 + 0 * w)  # fmt: skip
    net.fit(X, y, optimizer=fm.SGD(0.05), epochs=10, batch_size=8, shuffle=False, **common,
            regularize_biases=biases)  # fmt: skip
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-13)
    value = oracle.value_and_grad(w, X, y)[0] + ref.penalty(w, 1.0 + 0 * w, l1, l2)[0]
    assert history["loss"][0] == pytest.approx(value, rel=1e-12)


@dtypes
@pytest.mark.parametrize("name", ref.OPTIMIZERS)
def test_the_proximal_step_is_the_soft_threshold(name: str, dtype: str) -> None:
    """After the rule's step w ← sign(w) max(|w| - lr l1, 0), on weights; l1 is in the loss."""
    net, oracle, w, X, y = task_pair(dtype=dtype)
    rate, fields = 0.02, ref.OPTIMIZERS[name].cases[0][1]
    rule = _core.optimizers[name](rate, **fields, proximal_l1=True)
    trainer = fm.Trainer(net, optimizer=rule, l1=0.3, l2=0.1)
    mask = oracle.weight_mask()
    theirs = ref.OPTIMIZERS[name](rate, **fields, l1=0.3 * mask, mask=mask)

    def gradient(w: Array) -> Array:
        return oracle.value_and_grad(w, X, y)[1] + ref.penalty(w, mask, 0.0, 0.1)[1]

    value = oracle.value_and_grad(w, X, y)[0] + ref.penalty(w, mask, 0.3, 0.1)[0]
    tol = 1e-11 if dtype == "float64" else 1e-4
    Xd, yd = X.astype(dtype), y.astype(dtype)
    for k in range(40):
        loss = trainer.step(Xd, yd)
        if k == 0:
            assert loss == pytest.approx(value, rel=1e-6)
        w = theirs.step(w, gradient)
        np.testing.assert_allclose(net.parameters, w, rtol=tol, atol=tol)


def test_proximal_descent_ends_at_the_lasso_with_true_zeros() -> None:
    """Orthonormal inputs: the minimum is the soft threshold of least squares; else no zero."""
    q = np.linalg.qr(np.random.default_rng(1).normal(size=(200, 4)))[0] * np.sqrt(200)
    least_squares = np.array([1.0, -0.5, 0.08, -0.02])
    for proximal in (True, False):
        net = network(4, [(1, "identity", False)])
        rule = fm.SGD(0.1, proximal_l1=proximal)
        net.fit(q, q @ least_squares, optimizer=rule, epochs=1000, batch_size=200, l1=0.1)
        w = net.weights[0][:, 0]
        if proximal:
            np.testing.assert_allclose(w, ref.soft_threshold(least_squares, 0.1), atol=1e-12)
        assert (w == 0).tolist() == [False, False, proximal, proximal]


def test_proximal_l1_spares_biases_by_default() -> None:
    net = network(1, [(1, "identity", True)])
    for biases in (False, True):
        net.parameters = [1.0, 0.5]
        trainer = fm.Trainer(net, optimizer=fm.SGD(0.1, proximal_l1=True), l1=1.0,
                             regularize_biases=biases)  # fmt: skip
        trainer.apply([0.0, 0.0])
        np.testing.assert_allclose(net.parameters, [0.9, 0.4 if biases else 0.5])


@pytest.mark.parametrize("rule", [fm.AdamW, fm.Lion])
@pytest.mark.parametrize("biases", [False, True])
def test_decoupled_decay_shrinks_the_old_weights(rule: Any, biases: bool) -> None:
    """At a zero gradient w ← (1 - lr λ) w; biases stay by default; it is no part of the loss."""
    net, oracle, w, _, _ = task_pair()
    mask = oracle.weight_mask()
    assert (w != 0).all()
    trainer = fm.Trainer(net, optimizer=rule(0.1, weight_decay=0.5, decay_biases=biases))
    trainer.apply(0 * w)
    decayed = net.parameters.copy()
    np.testing.assert_allclose(decayed, w * (1 - 0.05 * (1.0 if biases else mask)), rtol=1e-15)
    assert trainer.step(X, Y) == pytest.approx(oracle.value_and_grad(decayed, X, Y)[0])


@pytest.mark.parametrize("name", [n for n in ref.OPTIMIZERS if n not in ("adamw", "lion")])
def test_other_rules_have_no_weight_decay(name: str) -> None:
    """l2 is the penalty; decoupled decay belongs to AdamW and Lion."""
    with pytest.raises(TypeError, match="weight_decay"):
        _core.optimizers[name](weight_decay=0.1)


@dtypes
@pytest.mark.parametrize("name", ref.OPTIMIZERS)
def test_no_unit_has_longer_weights_than_max_norm(name: str, dtype: str) -> None:
    """In every step, with any rule, also where a layer is split into parts; biases are free."""
    units = 300
    net = fm.Network([fm.Dense(units, "tanh", max_norm=0.3), fm.Dense(2)], inputs=3, dtype=dtype,
                     seed=0)  # fmt: skip
    rate = ref.OPTIMIZERS[name].cases[0][0]
    trainer = fm.Trainer(net, optimizer=_core.optimizers[name](rate))
    free = 0.0
    for _ in range(10):
        trainer.step(X.astype(dtype), Y.astype(dtype))
        assert np.linalg.norm(net.weights[0], axis=0).max() <= 0.3 * (1 + 1e-6)
        free = max(free, np.linalg.norm(net.weights[1], axis=0).max())
    assert free > 0.3


def test_max_norm_scales_long_rows_and_no_others() -> None:
    """After the update: a row of norm 2 becomes 0.5 long in its direction, one of 0.4 stays."""
    net = fm.Network([fm.Dense(2, max_norm=0.5)], inputs=2, dtype="float64", seed=0)
    net.weights[0][:] = [[1.2, 0.4], [1.6, 0.0]]
    net.biases[0][:] = [3.0, -3.0]
    for step in ("apply", "step"):
        trainer = fm.Trainer(net, optimizer=fm.SGD(1e-300))
        if step == "apply":
            trainer.apply(np.zeros(6))
        else:
            trainer.step(np.ones((1, 2)), np.ones((1, 2)))
        np.testing.assert_allclose(net.weights[0], [[0.3, 0.4], [0.4, 0.0]], atol=1e-15)
        np.testing.assert_array_equal(net.biases[0], [3.0, -3.0])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_label_smoothing_bounds_the_logits(smoothing: float) -> None:
    """Trained to the end on one sample of each class, probabilities are the smoothed targets."""
    net = network(3, [(3, "softmax", False)])
    loss = fm.CrossEntropy(label_smoothing=smoothing)
    net.fit(np.eye(3), [0, 1, 2], loss=loss, optimizer=fm.SGD(2.0), epochs=400, batch_size=3)
    expected = ref.smooth(np.eye(3), smoothing)
    np.testing.assert_allclose(
        net.predict(np.eye(3)), expected, atol=1e-2 if smoothing == 0 else 1e-6
    )


def test_l2_is_the_penalty_and_not_decoupled() -> None:
    """Adam with l2 differs from AdamW with the same number: the gradient is rescaled."""
    ends = []
    for optimizer, l2 in ((fm.Adam(0.01), 0.1), (fm.AdamW(0.01, weight_decay=0.1), 0.0)):
        net = layered()
        net.fit(X, Y, optimizer=optimizer, epochs=3, batch_size=8, l2=l2)
        ends.append(net.parameters.copy())
    assert np.abs(ends[0] - ends[1]).max() > 1e-3

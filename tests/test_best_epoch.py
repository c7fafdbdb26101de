"""EarlyStopping by the training loss: what is restored has the loss that is called best."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = X[:, 0] + 0.1 * RNG.normal(size=200)
L1, L2 = 0.003, 0.02


def squared(o: Array, y: Array) -> tuple[Array, Array]:
    return ((o - y) ** 2).sum(1) / 2, o - y


CASES: dict[str, dict[str, Any]] = {
    "too fast": {"optimizer": fm.SGD(1.0), "batch_size": 200},
    "much too fast": {"optimizer": fm.SGD(3.0), "batch_size": 200},
    "batches": {"optimizer": fm.SGD(0.5), "batch_size": 32},
    "penalties": {"optimizer": fm.SGD(0.3), "batch_size": 200, "l1": L1, "l2": L2},
    "biases too": {"optimizer": fm.Adam(0.1), "l1": L1, "l2": L2, "regularize_biases": True},
    "proximal": {"optimizer": fm.SGD(0.3, proximal_l1=True), "l1": L1, "l2": L2},
    "average": {"optimizer": fm.SGD(0.7, average=fm.Polyak("exponential", beta=0.7))},
    "weights": {"optimizer": fm.SGD(0.5), "sample_weight": RNG.uniform(0, 2, 200)},
    "custom": {"optimizer": fm.SGD(0.5), "loss": squared},
}


def training_loss(net: Any, fields: dict[str, Any]) -> float:
    """The weighted mean loss of all samples in NumPy, plus penalties, of the present parameters."""
    weight = fields.get("sample_weight", np.ones(len(X)))
    errors = net.predict(X)[:, 0].astype(float) - Y
    value = float((weight * errors**2 / 2).sum() / weight.sum())
    for arrays in (net.weights, net.biases if "regularize_biases" in fields else []):
        for w in arrays:
            l1, l2 = fields.get("l1", 0), fields.get("l2", 0)
            value += l1 * np.abs(w.astype(float)).sum() + l2 / 2 * (w.astype(float) ** 2).sum()
    return value


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dropout", [False, True])
def test_what_is_restored_has_the_loss_called_best(name: str, dropout: bool, dtype: str) -> None:
    """It is the lowest of all epochs whose recorded loss improved on all before."""
    fields = CASES[name]
    layers: list[Any] = [fm.Dense(8, "tanh"), fm.Dense(1)]
    layers.insert(1, fm.Dropout(0.3)) if dropout else None
    net = fm.Network(layers, inputs=4, dtype=dtype, seed=1)
    stopping = fm.EarlyStopping("loss", patience=4)
    after: list[float] = []  # the loss of the parameters after each epoch

    class Evaluates:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            after.append(training_loss(net, fields))

    history = net.fit(X, Y, epochs=40, callbacks=[Evaluates(), stopping], **fields)
    recorded = np.array(history["loss"])
    improved = recorded < np.minimum.accumulate([np.inf, *recorded[:-1]])
    candidates = np.where(improved, after, np.inf)
    exact = 1e-5 if dtype == "float32" else 1e-12
    assert stopping.best == pytest.approx(candidates.min(), rel=exact)
    assert stopping.best_epoch == np.argmin(candidates) + 1
    assert training_loss(net, fields) == pytest.approx(stopping.best, rel=exact)
    last = np.flatnonzero(improved)[-1] + 1
    assert history.n_epochs == min(40, last + 4)  # patience counts from the record


def test_without_restoring_best_is_the_lowest_that_was_recorded() -> None:
    net = fm.Network([4, 8, 1], seed=1)
    stopping = fm.EarlyStopping("loss", patience=3, restore_best=False)
    history = net.fit(X, Y, optimizer=fm.SGD(0.9), epochs=30, callbacks=[stopping])
    assert stopping.best == min(history["loss"])
    assert stopping.best_epoch == np.argmin(history["loss"]) + 1


def test_in_a_loop_of_ones_own_the_loss_given_is_compared() -> None:
    """Without a run there are no samples to evaluate; parameters and state come back as ever."""
    net = fm.Network([4, 1], seed=1)
    trainer = fm.Trainer(net, optimizer=fm.Adam(0.1))
    stopping = fm.EarlyStopping("loss", patience=2)
    stopping.set_trainer(trainer)
    stopping.on_fit_begin()
    stops, kept = [], None
    for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.5], start=1):
        trainer.epoch(X, Y)
        stops.append(stopping.on_epoch_end(epoch, {"loss": loss}))
        if epoch == 2:
            kept = net.parameters.copy(), trainer.state["m"].copy(), trainer.n_steps
    stopping.on_fit_end()
    assert stops == [False, False, False, True]
    assert (stopping.best, stopping.best_epoch) == (2.0, 2)
    np.testing.assert_array_equal(net.parameters, kept[0])
    np.testing.assert_array_equal(trainer.state["m"], kept[1])
    assert trainer.n_steps == kept[2]

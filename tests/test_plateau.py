"""`ReduceOnPlateau` lowers the rate when it must, by as much as it must."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm


class Scripted(fm.ReduceOnPlateau):
    """Reads losses from a script, and notes the rate after each epoch."""

    def __init__(self, losses: list[float], **fields: Any) -> None:
        super().__init__("loss", **fields)
        self.losses, self.rates = losses, []

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        super().on_epoch_end(epoch, {"loss": self.losses[epoch - 1], "val_loss": -epoch})
        self.rates.append(self._trainer.learning_rate)


CASES: dict[str, tuple[list[float], dict[str, Any], list[float]]] = {
    "after two epochs without improvement, and again after two more": (
        [5, 4, 4, 4, 4, 4, 4],
        {"factor": 0.5, "patience": 2, "min_delta": 0.0},
        [1, 1, 1, 0.5, 0.5, 0.25, 0.25],
    ),
    "an equal loss is no improvement, patience 1": (
        [5, 5, 5],
        {"factor": 0.5, "patience": 1, "min_delta": 0.0},
        [1, 0.5, 0.25],
    ),
    "an improvement starts the count again": (
        [5, 6, 4, 6, 6, 6],
        {"factor": 0.5, "patience": 2, "min_delta": 0.0},
        [1, 1, 1, 1, 0.5, 0.5],
    ),
    "a fall by min_delta is none, by more is one": (
        [5, 4.5, 4.4, 4.4, 4.4],
        {"factor": 0.1, "patience": 2, "min_delta": 0.5},
        [1, 1, 1, 1, 0.1],
    ),
    "the best before a lowering stays the best": (
        [3, 5, 4, 3.5, 2],
        {"factor": 0.5, "patience": 1, "min_delta": 0.0},
        [1, 0.5, 0.25, 0.125, 0.125],
    ),
    "not below the least rate": (
        [1, 1, 1, 1, 1],
        {"factor": 0.5, "patience": 1, "min_delta": 0.0, "min_learning_rate": 0.3},
        [1, 0.5, 0.3, 0.3, 0.3],
    ),
    "a rate below the least is left": (
        [1, 1, 1],
        {"factor": 0.5, "patience": 1, "min_delta": 0.0, "min_learning_rate": 2.0},
        [1, 1, 1],
    ),
    "by default after ten, to a tenth": ([1.0] * 12, {}, [1] * 10 + [0.1] * 2),
    "by default a fall of 1e-4 is none": (
        [1.0 - 0.9e-5 * k for k in range(12)],
        {},
        [1] * 10 + [0.1] * 2,
    ),
}


def run(callback: Any, rate: Any = 1.0, **fields: Any) -> Any:
    trainer = fm.Trainer(fm.Network([1, 1], seed=0), optimizer=fm.SGD(rate))
    epochs = len(callback.losses)
    trainer.run([[0.0]], [0.0], epochs=epochs, callbacks=[callback], **fields)
    return trainer


@pytest.mark.parametrize("case", CASES)
def test_the_rate_follows_the_script(case: str) -> None:
    losses, fields, expected = CASES[case]
    callback = Scripted(losses, **fields)
    run(callback)
    np.testing.assert_allclose(callback.rates, expected, rtol=1e-12)


def test_a_schedule_is_scaled() -> None:
    callback = Scripted([1.0, 1.0, 1.0], factor=0.5, patience=1)
    run(callback, fm.Constant(0.8))
    np.testing.assert_allclose(callback.rates, [0.8, 0.4, 0.2], rtol=1e-12)


def test_it_may_be_used_again() -> None:
    """A second run begins to count at its start, at the rate of its own trainer."""
    callback = Scripted([1, 1, 1], factor=0.5, patience=2)
    for _ in range(2):
        callback.rates.clear()
        run(callback)
        np.testing.assert_allclose(callback.rates, [1, 1, 0.5], rtol=1e-12)


def test_it_watches_the_loss_it_names() -> None:
    """val_loss falls in the script, loss does not."""

    class Watches(Scripted):
        def __init__(self) -> None:
            super().__init__([1, 1, 1, 1], factor=0.5, patience=1, min_delta=0.0)
            self.monitor = "val_loss"

    callback = Watches()
    run(callback, validation_data=([[0.0]], [0.0]))
    assert callback.rates == [1, 1, 1, 1]

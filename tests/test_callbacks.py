"""History, callbacks, early stopping, time limits and progress."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from problems import TASKS, fresh, network
from reference import Array


def test_history_holds_one_number_per_epoch() -> None:
    X, y = TASKS["regression"].data
    net = fresh()
    history = net.fit(X, y, epochs=4, validation_data=(X[:5], y[:5]))
    assert history.status == "max_steps"
    assert len(history["loss"]) == len(history["val_loss"]) == 4
    assert history["val_loss"][-1] == pytest.approx(net.loss(X[:5], y[:5]), rel=1e-12)
    assert history.to_dict() == {"loss": history["loss"], "val_loss": history["val_loss"]}
    plain = net.fit(X, y, epochs=1)
    assert "val_loss" not in plain.to_dict()
    with pytest.raises(KeyError):
        plain["val_loss"]


def test_callbacks_are_called_with_what_they_have() -> None:
    """Any object with some of the three methods; epochs count up by one; True stops."""
    X, y = TASKS["regression"].data
    events: list[Any] = []

    class Begins:
        def on_fit_begin(self, *_: Any, **__: Any) -> None:
            events.append("begin")

    class Watches:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> bool:
            events.append((epoch, logs["loss"], logs["val_loss"]))
            return len(events) == 4  # begin and three epochs

    class Ends:
        def on_fit_end(self, *_: Any, **__: Any) -> None:
            events.append("end")

    history = fresh().fit(X, y, epochs=9, callbacks=[Begins(), Watches(), Ends()],
                          validation_data=(X, y))  # fmt: skip
    assert history.status == "stopped"
    assert (events[0], events[-1]) == ("begin", "end")
    numbers, losses, val_losses = zip(*events[1:-1], strict=True)
    assert np.diff(numbers).tolist() == [1, 1]
    assert list(losses) == history["loss"]
    assert list(val_losses) == history["val_loss"]


def test_an_exception_in_a_callback_comes_through() -> None:
    class Fails:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            raise ZeroDivisionError("mine")

    X, y = TASKS["regression"].data
    net = fresh()
    with pytest.raises(ZeroDivisionError, match="mine"):
        net.fit(X, y, callbacks=[Fails()])
    net.fit(X, y, epochs=1)  # the network is free again


@pytest.mark.parametrize(
    ("losses", "fields", "epochs", "best"),
    [
        ([5, 4, 3, 4, 5, 6, 7, 8], {"patience": 2}, 5, 3),
        ([5, 4, 3, 4, 2, 6, 7, 8], {"patience": 2}, 7, 2),
        ([5, 4.9, 4.8, 4.7, 4.6, 9], {"patience": 2, "min_delta": 0.5}, 3, 5),
        ([5, 4, 3, 2], {"patience": 1}, 4, 2),
    ],
)
@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping(
    losses: list[float], fields: dict[str, Any], epochs: int, best: float, restore: bool
) -> None:
    """Stops `patience` epochs after the best, min_delta counting; the best weights come back.

    A custom loss moves the only weight along a script: w after epoch k is losses[k], and so is the
    loss of the validation.
    """
    net = network(1, [(1, "identity", False)])
    net.parameters[:] = 0.0

    def scripted(o: Array, y: Array) -> tuple[Array, Array]:
        target = losses[min(net.epochs_trained, len(losses) - 1)]
        return o[:, 0], o - target

    stop = fm.EarlyStopping(restore_best=restore, **fields)
    sample = np.ones((1, 1)), np.zeros(1)
    history = net.fit(*sample, loss=scripted, optimizer=fm.SGD(1.0), validation_data=sample,
                      epochs=len(losses), callbacks=[stop])  # fmt: skip
    assert len(history["loss"]) == epochs
    assert history["val_loss"] == pytest.approx(losses[:epochs], rel=1e-12)
    assert history.status == ("stopped" if epochs < len(losses) else "max_steps")
    kept = best if restore else losses[epochs - 1]
    assert net.parameters[0] == pytest.approx(kept, rel=1e-12)
    assert stop.best == pytest.approx(best, rel=1e-12)


def test_early_stopping_needs_what_it_monitors() -> None:
    """val_loss without validation data is refused before anything is trained."""
    X, y = TASKS["regression"].data
    net = fresh()
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=r"val_loss.*validation_data"):
        net.fit(X, y, epochs=3, callbacks=[fm.EarlyStopping()])
    np.testing.assert_array_equal(net.parameters, before)


def test_early_stopping_may_be_used_again() -> None:
    """A second fit starts with a clean memory of what was best."""
    X, y = TASKS["regression"].data
    stop = fm.EarlyStopping(monitor="loss", patience=2)
    first, second = (fresh().fit(X, y, epochs=6, callbacks=[stop]) for _ in range(2))
    assert first["loss"] == second["loss"]


def test_max_seconds_ends_a_long_fit() -> None:
    """It would take days otherwise; also where a single epoch is longer than the limit."""
    X, y = np.zeros((20_000, 64), np.float32), np.zeros((20_000, 1), np.float32)
    net = fm.Network([64, 256, 256, 1], activation="tanh", output="identity", seed=0)
    history = net.fit(X, y, epochs=10**9, max_seconds=0.2, batch_size=1)
    assert history.status == "max_seconds"
    assert np.isfinite(net.parameters).all()


@pytest.mark.parametrize("verbose", [1, 2])
def test_verbose_prints_the_loss(verbose: int, capsys: pytest.CaptureFixture[str]) -> None:
    X, y = TASKS["regression"].data
    fresh().fit(X, y, epochs=2, verbose=verbose)
    output = capsys.readouterr()
    assert "loss" in output.out + output.err
    fresh().fit(X, y, epochs=2)
    assert capsys.readouterr() == ("", "")

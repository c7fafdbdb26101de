"""What a run leaves, however it ends: history, best epoch, average, optimizer state."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from problems import TASKS, fresh
from reference import Array

X, Y = TASKS["regression"].data
DONE = 6  # epochs that every run below completes before it ends
RULES: dict[str, dict[str, Any]] = {
    "momentum": {"rule": fm.SGD, "momentum": 0.8},
    "lecture": {"rule": fm.SGD, "momentum": 0.8, "nesterov": "lecture"},
    "adam": {"rule": fm.Adam},
    "averaged": {"rule": fm.Adam, "average": fm.Polyak("uniform")},
    "half": {"rule": fm.Adam, "half_state": True},
    "nadam": {"rule": fm.NAdam, "average": fm.Polyak("exponential", beta=0.5)},
}
rules = pytest.mark.parametrize("name", RULES)


def rule(name: str, rate: Callable[[int], float] = lambda _: 0.02) -> Any:
    fields = dict(RULES[name])
    return fields.pop("rule")(rate, **fields)


def network_for(name: str) -> Any:
    return fresh(dtype="float32" if "half_state" in RULES[name] else "float64")


class Does:
    """A callback that acts after one epoch."""

    def __init__(self, act: Callable[[], Any], epoch: int = DONE) -> None:
        self.act, self.epoch = act, epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> Any:
        return self.act() if epoch == self.epoch else None


class Ends:
    """A callback that counts the ends of runs, and looks at the history there."""

    def __init__(self) -> None:
        self.n = 0

    def on_fit_end(self) -> None:
        self.n += 1


class Failure(Exception):
    """Raised on purpose."""


def fail(kind: type[BaseException] = Failure) -> None:
    raise kind("on purpose")


def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock of the loop jump by a year."""
    clock = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + 3e7)


def rate_that(act: Callable[[], float]) -> Callable[[int], float]:
    return lambda epoch: act() if epoch == DONE else 0.02


def end(
    how: str, monkeypatch: pytest.MonkeyPatch, huge: float = 1e300
) -> tuple[dict[str, Any], Any, str, Any]:
    """Keywords, learning rate, status and exception of a run that ends after DONE epochs.

    An update at the rate `huge` is finite, and the loss after it is not.
    """
    steady = lambda _: 0.02  # noqa: E731
    return {
        "stopped": ({"callbacks": [Does(lambda: True)]}, steady, "stopped", None),
        "Ctrl-C": (
            {"callbacks": [Does(lambda: fail(KeyboardInterrupt))]},
            steady, "interrupted", KeyboardInterrupt,
        ),
        "callback": ({"callbacks": [Does(fail)]}, steady, "interrupted", Failure),
        "rate": ({}, rate_that(fail), "interrupted", Failure),
        "not_finite": ({}, rate_that(lambda: huge), "not_finite", None),
        "max_seconds": (
            {"callbacks": [Does(lambda: late(monkeypatch))], "max_seconds": 1e6},
            steady, "max_seconds", None,
        ),
    }[how]  # fmt: skip


HOW = ["stopped", "Ctrl-C", "callback", "rate", "not_finite", "max_seconds"]
ends = pytest.mark.parametrize("how", HOW)


def run_to_the_end(
    how: str, name: str, monkeypatch: pytest.MonkeyPatch, *callbacks: Any, **fields: Any
) -> Any:
    huge = 1e25 if "half_state" in RULES[name] else 1e300
    given, rate, status, error = end(how, monkeypatch, huge)
    trainer = fm.Trainer(network_for(name), optimizer=rule(name, rate), batch_size=5)
    observers = [*callbacks, *given.pop("callbacks", [])]
    with monkeypatch.context(), np.errstate(all="ignore"):
        if error is not None:
            with pytest.raises(error, match="on purpose"):
                trainer.run(X, Y, epochs=40, callbacks=observers, **given, **fields)
        elif how == "not_finite":
            with pytest.warns(fm.TrainingWarning, match=f"of epoch {DONE} are kept"):
                trainer.run(X, Y, epochs=40, callbacks=observers, **given, **fields)
        else:
            trainer.run(X, Y, epochs=40, callbacks=observers, **given, **fields)
    monkeypatch.undo()
    assert trainer.network.history.status == status
    return trainer


def assert_same(trainer: Any, twin: Any) -> None:
    """The same parameters, averages and state, and the same next step."""
    for _ in range(2):
        np.testing.assert_array_equal(trainer.network.parameters, twin.network.parameters)
        np.testing.assert_array_equal(trainer.last_parameters, twin.last_parameters)
        assert trainer.state.keys() == twin.state.keys()
        for name, values in twin.state.items():
            np.testing.assert_array_equal(trainer.state[name], values, err_msg=name)
        assert trainer.n_steps == twin.n_steps
        trainer.step(X, Y), twin.step(X, Y)


def normal(name: str, epochs: int) -> Any:
    """A trainer after an undisturbed run."""
    twin = fm.Trainer(network_for(name), optimizer=rule(name), batch_size=5)
    twin.run(X, Y, epochs=epochs)
    return twin


@rules
@ends
def test_a_run_leaves_its_last_good_epoch(
    how: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parameters, average and optimizer state are those of an undisturbed run up to there."""
    counted = Ends()
    trainer = run_to_the_end(how, name, monkeypatch, counted)
    twin = normal(name, DONE)
    assert counted.n == 1
    assert trainer.history is trainer.network.history
    assert trainer.history["loss"] == twin.history["loss"]
    if "average" in RULES[name]:
        np.testing.assert_array_equal(trainer.network.parameters, trainer.state["average"])
    assert_same(trainer, twin)


@rules
@ends
def test_the_best_epoch_is_restored_with_its_state(
    how: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an increasing validation loss the best epoch is early: the trainer stands there again."""
    stopping = fm.EarlyStopping(patience=30)
    trainer = run_to_the_end(how, name, monkeypatch, stopping, validation_data=(X, -3 * Y))
    val_loss = trainer.history["val_loss"]
    assert len(val_loss) == DONE
    best = int(np.argmin(val_loss)) + 1
    assert (stopping.best_epoch, stopping.best) == (best, min(val_loss))
    assert best < DONE
    assert trainer.network.loss(X, -3 * Y) == stopping.best
    assert_same(trainer, normal(name, best))


@ends
def test_fit_keeps_the_history_in_the_network(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, rate, status, error = end(how, monkeypatch)
    net, seen = fresh(), []
    assert net.history is None

    class Looks:
        def on_fit_begin(self) -> None:
            seen.append(net.history.status)

    given.setdefault("callbacks", []).insert(0, Looks())
    try:
        with np.errstate(all="ignore"):
            net.fit(X, Y, epochs=40, optimizer=fm.SGD(rate), batch_size=5, **given)
    except (Failure, KeyboardInterrupt):
        assert error is not None
    except fm.TrainingWarning:
        assert how == "not_finite"  # warnings are errors here
    monkeypatch.undo()
    assert seen == ["running"]
    assert net.history.status == status
    assert net.history.n_epochs == DONE
    assert net.history.advice
    with pytest.raises(ValueError, match="epochs"):
        net.fit(X, Y, epochs=0)  # refused, so the history is still the last one
    assert net.history.n_epochs == DONE


def test_an_exception_in_a_loss_leaves_complete_steps() -> None:
    """A loss in Python fails in the second batch of epoch 3: one step more than two epochs."""
    calls = []

    def loss(o: Array, y: Array) -> tuple[Array, Array]:
        calls.append(len(o))
        if len(calls) == 2 * len(batches) + 2:
            fail()
        return ((o - y) ** 2).sum(1) / 2, o - y

    batches = range(0, len(X), 5)
    counted = Ends()
    trainer = fm.Trainer(fresh(), loss, rule("averaged"), batch_size=5)
    with pytest.raises(Failure):
        trainer.run(X, Y, epochs=9, callbacks=[counted])
    assert trainer.n_steps == 2 * len(batches) + 1
    assert counted.n == 1
    assert trainer.history.n_epochs == 2
    np.testing.assert_array_equal(trainer.network.parameters, trainer.state["average"])


def test_every_callback_learns_of_the_end() -> None:
    """Also where another one fails there, or at the beginning; those not begun are not ended."""

    class Fails:
        def __init__(self, hook: str) -> None:
            setattr(self, hook, lambda *_: fail())

    first, last = Ends(), Ends()
    with pytest.raises(Failure):
        fresh().fit(X, Y, epochs=1, callbacks=[first, Fails("on_fit_end"), last])
    assert (first.n, last.n) == (1, 1)
    net = fresh()
    with pytest.raises(Failure):
        net.fit(X, Y, epochs=1, callbacks=[first, Fails("on_fit_begin"), last])
    assert (first.n, last.n) == (2, 1)
    assert net.history.status == "interrupted"
    with pytest.raises(Failure):
        fresh().fit(X, Y, epochs=1, callbacks=[Fails("set_trainer"), last])
    assert last.n == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4])
def test_an_interrupt_amid_many_epochs_keeps_their_losses(seconds: float) -> None:
    """Of thousands of epochs in one native call, all that were complete are in the history."""
    net, twin = fresh(), fresh()
    handler = signal.signal(signal.SIGVTALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        with pytest.raises(KeyboardInterrupt):
            net.fit(X, Y, epochs=10**9, optimizer=fm.SGD(1e-4), batch_size=1)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, handler)
    assert net.history.status == "interrupted"
    n = net.history.n_epochs
    assert n > 3
    assert net.epochs_trained - n in (0, 1)  # the last one may be in part
    normal = twin.fit(X, Y, epochs=n, optimizer=fm.SGD(1e-4), batch_size=1)
    assert net.history["loss"] == normal["loss"]

"""Runs that something observes: the same numbers as single epochs, whoever looks at them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._fit import custom_loss, progress
from fastmlp._fit.progress import Bar
from reference import Array

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 4)), RNG.normal(size=(30, 2))
X_VAL, Y_VAL = RNG.normal(size=(9, 4)), RNG.normal(size=(9, 2))
EPOCHS = 7


def own_loss(o: Array, y: Array) -> tuple[Array, Array]:
    return ((o - y) ** 2).sum(1) / 2, o - y


def dense(*between: Any, **fields: Any) -> Callable[[str], fm.Network]:
    def make(dtype: str) -> fm.Network:
        layers = [fm.Dense(6, "tanh", **fields), *between, fm.Dense(2)]
        return fm.Network(layers, inputs=4, dtype=dtype, seed=0)

    return make


def recurrent(dtype: str) -> fm.Network:
    return fm.Network([fm.GRU(3), fm.Dense(2)], inputs=(2, 2), dtype=dtype, seed=0)


def late(epoch: int) -> float:
    return 0.05 / (1 + epoch)


RUNS: dict[str, tuple[Callable[[str], fm.Network], dict[str, Any]]] = {
    "adam": (dense(), {}),
    "momentum": (dense(), {"optimizer": fm.SGD(0.05, momentum=0.9, nesterov="lecture")}),
    "average": (dense(), {"optimizer": fm.Adam(0.05, average=fm.Polyak("uniform"))}),
    "rate": (dense(), {"optimizer": fm.SGD(late)}),
    "decay": (dense(), {"optimizer": fm.SGD(fm.ExponentialDecay(0.1, 0.9, per="epoch"))}),
    "lbfgs": (dense(), {"optimizer": fm.LBFGS(), "batch_size": None}),
    "dropout": (dense(fm.Dropout(0.3)), {"l2": 0.1}),
    "frozen": (dense(trainable=False), {"batch_size": 30, "shuffle": False}),
    "own loss": (dense(), {"loss": own_loss}),
    "recurrent": (recurrent, {}),
    "carried": (recurrent, {"carry_state": True, "shuffle": False, "batch_size": 10}),
}


class Notes:
    """A callback that notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def set_trainer(self, trainer: fm.Trainer) -> None:
        self.trainer = trainer

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        net, last = self.trainer.network, self.trainer.last_epoch
        assert last is not None
        assert last.loss == logs["loss"]
        self.seen.append((epoch, net.epochs_trained, net.parameters.copy(), dict(logs)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RUNS)
def test_observed_epochs_are_those_of_single_calls(name: str, dtype: str) -> None:
    """Bit for bit: parameters and losses as callbacks see them, validation, and the state."""
    make, fields = RUNS[name]
    fields = {"batch_size": 8, **fields}
    trainer, single = (fm.Trainer(make(dtype), **fields) for _ in range(2))
    notes = Notes()
    history = trainer.run(
        X, Y, epochs=EPOCHS, validation_data=(X_VAL, Y_VAL), metrics="rmse", callbacks=notes
    )
    assert [(epoch, trained) for epoch, trained, *_ in notes.seen] == [
        (i + 1, i + 1) for i in range(history.n_epochs)
    ]
    for *_, parameters, logs in notes.seen:
        loss = single.run(X, Y, epochs=1)["loss"][0]
        net = single.network
        np.testing.assert_array_equal(parameters, net.parameters)
        error = net.predict(X) - Y.astype(net.dtype)
        assert (logs["loss"], logs["val_loss"]) == (loss, net.loss(X_VAL, Y_VAL))
        assert logs["rmse"] == pytest.approx(np.sqrt((error.astype(float) ** 2).mean(0)).mean())
    for key, values in trainer.state.items():
        np.testing.assert_array_equal(values, single.state[key])
    assert trainer.n_steps == single.n_steps


@pytest.mark.parametrize("watched", ["nothing", "validation", "stopping", "bar", "all"])
def test_who_looks_changes_no_number(watched: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that nothing observes makes all epochs in one call; the others end each in Python."""
    validation = {"validation_data": (X_VAL, Y_VAL)}
    stopping = fm.EarlyStopping("loss", patience=99, restore_best=False)
    how: dict[str, dict[str, Any]] = {
        "nothing": {"callbacks": Notes()},
        "validation": validation,
        "stopping": {"callbacks": stopping},
        "bar": {"verbose": 1},
        "all": {**validation, "callbacks": [stopping, Notes()], "verbose": 2},
    }
    nets = [dense()("float32") for _ in range(2)]
    plain = nets[0].fit(X, Y, epochs=40)
    observed = nets[1].fit(X, Y, epochs=40, **how[watched])
    assert observed["loss"] == plain["loss"]
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)
    capsys.readouterr()


def test_what_a_callback_changes_counts_from_the_next_epoch_on() -> None:
    """Parameters and the learning rate, as between single epochs."""

    class Changes:
        def set_trainer(self, trainer: fm.Trainer) -> None:
            self.trainer = trainer

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            change(self.trainer)

    def change(trainer: fm.Trainer) -> None:
        trainer.network.parameters *= 0.9
        trainer.scale_learning_rate(0.8)

    run, single = (fm.Trainer(dense()("float32"), optimizer=fm.SGD(0.1)) for _ in range(2))
    history = run.run(X, Y, epochs=EPOCHS, callbacks=Changes())
    losses = []
    for _ in range(EPOCHS):
        losses.append(single.epoch(X, Y))
        change(single)
    assert history["loss"] == losses
    np.testing.assert_array_equal(run.network.parameters, single.network.parameters)


def test_an_exception_of_a_callback_ends_after_its_epoch() -> None:
    """The network, its number of epochs and the history are those of the epoch."""

    class Fails:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            if epoch == 3:
                raise ZeroDivisionError

    net, twin = dense()("float32"), dense()("float32")
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, epochs=9, callbacks=[Fails()])
    history = twin.fit(X, Y, epochs=3)
    np.testing.assert_array_equal(net.parameters, twin.parameters)
    assert net.history is not None
    assert (net.epochs_trained, net.history["loss"]) == (3, history["loss"])
    assert net.history.status == "interrupted"


def long_epoch(loss: Any, verbose: int) -> None:
    """One epoch of about a second: a step takes at least half a microsecond, or 50 in Python."""
    rows = 10_000 if callable(loss) else 1_000_000
    X, y = np.ones((rows, 4), "f4"), np.zeros((rows, 1), "f4")
    net = fm.Network([4, 64, 1], seed=0)
    net.fit(X, y, loss=loss, epochs=1, batch_size=1, verbose=verbose)


@pytest.mark.parametrize("loss", [None, own_loss])
def test_the_bar_moves_within_an_epoch(loss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By parts of it that grow, and to 1 in the end."""
    moved: list[float] = []
    monkeypatch.setattr(Bar, "_move", lambda self, n_epochs: moved.append(n_epochs))
    monkeypatch.setattr(custom_loss, "PROGRESS_INTERVAL", 0.01)
    long_epoch(loss, verbose=1)
    assert moved == sorted(moved)
    assert 0 <= moved[0] < moved[-1] == 1


def test_lines_say_how_far_a_long_epoch_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not before a period is over."""
    monkeypatch.setattr(progress, "LINE_PERIOD", 1e9)
    long_epoch(None, verbose=2)
    assert "%" not in capsys.readouterr().out
    monkeypatch.setattr(progress, "LINE_PERIOD", 0.0)
    long_epoch(None, verbose=2)
    *parts, last = capsys.readouterr().out.splitlines()
    assert parts
    assert all(line.startswith("epoch 1/1  ") and line.endswith("%") for line in parts)
    assert last.startswith("epoch 1/1  loss ")


def test_a_failing_report_ends_the_epoch_as_an_interrupt_does() -> None:
    """An exception of what is told of the progress comes through; steps stay whole."""

    class Reported(Exception):
        pass

    def report(position: float) -> None:
        raise Reported

    X, y = np.ones((200_000, 64), "f4"), np.zeros((200_000, 1), "f4")
    trainer = fm.Trainer(fm.Network([64, 64, 1], seed=0), batch_size=2)
    snapshot = _core.float32.Snapshot()
    with pytest.raises(Reported):
        trainer._native.epochs(X, y, None, 1, None, snapshot, [], progress=report)
    assert 0 < trainer.n_steps < 100_000
    assert np.isfinite(trainer.network.parameters).all()


def test_a_run_holds_nothing_when_it_has_ended() -> None:
    """Neither callbacks nor samples: no reference stays in the native objects."""
    notes, rows = Notes(), X.copy()
    before = sys.getrefcount(rows)
    trainer = fm.Trainer(dense()("float64"))
    trainer.run(rows, Y, epochs=3, validation_data=(rows, Y), metrics="r2", callbacks=notes)
    count = sys.getrefcount(notes)
    trainer.run(rows, Y, epochs=3, validation_data=(rows, Y), metrics="r2", callbacks=notes)
    assert sys.getrefcount(notes) == count
    assert sys.getrefcount(rows) == before

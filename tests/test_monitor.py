"""Stops, rates and files by any recorded number, and numbers that callbacks add."""

from __future__ import annotations

import copy
import math
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fastmlp as fm
from reference import Array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
NUMBERS = X[:, :2] * 0.5 + 0.1 * RNG.normal(size=(60, 2))
CLASSES = np.argmax(X[:, :3] + 0.5 * RNG.normal(size=(60, 3)), 1)


def test_a_stop_by_the_largest_metric_restores_it() -> None:
    """mode="max": patience, best, best_epoch and parameters are those of the largest value."""
    values = [0.1, 0.5, 0.7, 0.6, 0.7, 0.2, 0.9]
    net, at = fm.Network([1, 1], seed=0), []

    def scripted(y: Array, outputs: Array) -> float:
        at.append(net.parameters.copy())
        return values[len(at) - 1]

    stop = fm.EarlyStopping("score", patience=3, mode="max")
    history = net.fit([[0], [1]], [0, 1], epochs=7, metrics={"score": scripted}, callbacks=stop)
    assert (history.status, history["score"]) == ("stopped", values[:6])
    assert (stop.best, stop.best_epoch) == (0.7, 3)
    np.testing.assert_array_equal(net.parameters, at[2])
    assert eval(repr(stop), {"EarlyStopping": fm.EarlyStopping}).mode == "max"


def test_min_delta_of_a_metric_that_should_be_large() -> None:
    values = iter([0.5, 0.6, 0.65, 0.7, 0.8])
    stop = fm.EarlyStopping("s", patience=2, min_delta=0.2, mode="max", restore_best=False)
    net = fm.Network([1, 1], seed=0)
    history = net.fit([[0]], [0], epochs=5, callbacks=stop,
                      metrics={"s": lambda y, o: next(values)})  # fmt: skip
    assert history.n_epochs == 3


def test_the_rate_is_reduced_where_a_metric_does_not_rise(tmp_path: Path) -> None:
    """ReduceOnPlateau and ModelCheckpoint have a mode too."""
    values = [0.5, 0.6, 0.6, 0.6, 0.9]
    path, script = tmp_path / "best", iter(values)
    plateau = fm.ReduceOnPlateau("s", factor=0.5, patience=2, mode="max")
    saved = fm.ModelCheckpoint(path, "s", mode="max")
    trainer = fm.Trainer(fm.Network([1, 1], seed=0), optimizer=fm.SGD(0.5))
    rates = []

    class Sees:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            rates.append(trainer.learning_rate)

    trainer.run([[0]], [0], epochs=5, callbacks=[plateau, saved, Sees()],
                metrics={"s": lambda y, o: next(script)})  # fmt: skip
    assert rates == [0.5, 0.5, 0.5, 0.25, 0.25]
    assert (saved.best, saved.best_epoch, plateau.best) == (0.9, 5, 0.9)
    assert fm.load(path).epochs_trained == 5
    for each in (plateau, saved):
        assert "mode='max'" in repr(each)


class Adds:
    """A callback that adds a number to the logs, in some epochs."""

    def __init__(self, name: str, numbers: dict[int, Any]) -> None:
        self.name, self.numbers = name, numbers

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if epoch in self.numbers:
            logs[self.name] = self.numbers[epoch]


def test_what_callbacks_add_is_recorded_and_monitored_after_them() -> None:
    """One number per epoch, nan where there was none; in copies, pickles and files too."""
    adds = Adds("x", {1: 3, 2: np.float32(2), 3: 2.5, 4: np.array(2.75)})
    stop = fm.EarlyStopping("x", patience=2)
    net = fm.Network([1, 1], seed=0)
    some = Adds("y", {2: 7.0})
    history = net.fit([[0]], [0], epochs=9, callbacks=[some, adds, stop])
    assert history["x"] == [3.0, 2.0, 2.5, 2.75]
    assert str(history["y"]) == "[nan, 7.0, nan, nan]"
    assert {len(column) for column in history.values()} == {4}
    assert stop.best_epoch == 2
    for twin in (copy.copy(history), copy.deepcopy(history), pickle.loads(pickle.dumps(history))):
        assert type(twin) is fm.History
        assert (repr(twin), twin.status) == (repr(history), "stopped")
    assert repr(net.copy().history) == repr(history)


def test_additions_are_whole_also_where_a_callback_raises() -> None:
    net = fm.Network([1, 1], seed=0)
    with pytest.raises(TypeError, match=r"^fit: logs\['x'\]='a' \(str\), expected a number"):
        net.fit([[0]], [0], epochs=3, callbacks=[Adds("x", {1: 1.0, 2: "a"})])
    assert net.history is not None
    assert str(dict(net.history)["x"]) == "[1.0, nan]"
    assert len(net.history["loss"]) == 2
    with pytest.raises(TypeError, match=r"logs=3 \(int\), expected names as keys"):
        net.fit([[0]], [0], epochs=3, callbacks=[Adds(3, {1: 1.0})])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ["a", None, 1j, [1.0], np.array([1.0]), 10**400], ids=lambda x: str(x)[:9]
)
@pytest.mark.parametrize(
    "reader",
    [
        fm.EarlyStopping("x"),
        fm.EarlyStopping("x", mode="max"),
        fm.ReduceOnPlateau("x"),
        fm.ModelCheckpoint("unused", "x"),
        fm.CSVLogger(os.devnull),
        fm.Logging(),
    ],
    ids=lambda reader: type(reader).__name__,
)
def test_what_is_no_number_is_refused_before_a_callback_reads_it(reader: Any, value: Any) -> None:
    net = fm.Network([1, 1], seed=0)
    shown = "an integer of 1329 bits" if isinstance(value, int) else repr(value)
    with pytest.raises((TypeError, ValueError)) as caught:
        net.fit([[0]], [0], epochs=3, callbacks=[Adds("x", {1: value}), reader])
    assert str(caught.value).startswith(f"fit: logs['x']={shown}")
    assert ", expected a number" in str(caught.value)


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ([fm.EarlyStopping("x")], r"monitor='x', expected one of what is recorded: loss, r2; give"),
        ([fm.EarlyStopping("val_r2")], "monitor='val_r2', expected one of what is recorded"),
        ([fm.EarlyStopping("x"), Adds("x", {1: 1.0})], "monitor='x', expected one of what is rec"),
        ([fm.ReduceOnPlateau("r2")], "monitor='r2' with mode='min', expected mode='max'"),
        ([fm.EarlyStopping("loss", mode="max")], "mode='max', expected mode='min'"),
        ([Adds("y", {1: 1.0}), fm.EarlyStopping("x")], "monitor='x', expected one of what is rec"),
    ],
)
def test_monitors_of_what_is_not_recorded_are_refused(callbacks: Any, message: str) -> None:
    net = fm.Network([4, 2], seed=0)
    with pytest.raises(ValueError, match=f"^fit: .*{message}"):
        net.fit(X, NUMBERS, epochs=3, metrics="r2", callbacks=callbacks)


def test_a_run_with_metrics_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """Numbers, memory of the stop and record are those of a run in one piece."""

    def run(epochs: int, path: Path | None) -> tuple[str, fm.Network, fm.EarlyStopping]:
        net = fm.Network([4, 3], output="softmax", seed=0)
        stop = fm.EarlyStopping("val_accuracy", patience=9, mode="max")
        history = net.fit(X, CLASSES, epochs=epochs, metrics=["accuracy", "auc"], checkpoint=path,
                          callbacks=[Adds("x", {4: 1.0}), stop], validation_split=0.3)  # fmt: skip
        return repr(history.to_dict()), net, stop

    whole = run(6, None)
    run(3, tmp_path / "run")
    again = run(6, tmp_path / "run")
    assert again[0] == whole[0]
    assert (again[2].best, again[2].best_epoch) == (whole[2].best, whole[2].best_epoch)
    np.testing.assert_array_equal(again[1].parameters, whole[1].parameters)


def test_history_is_a_dictionary_that_knows_its_best_epoch() -> None:
    """A frame has a column per number; the best is the lowest val_loss, else loss; nan is none."""
    history = fm.Network([4, 2], seed=0).fit(X, NUMBERS, epochs=4, metrics="r2")
    frame = pd.DataFrame(history)
    assert list(frame) == ["loss", "r2"]
    assert frame["r2"].tolist() == history["r2"]
    assert history.best_epoch == int(np.argmin(history["loss"])) + 1
    other = fm.History()
    assert other.best_epoch is None
    other.extend({"loss": [1.0, 2.0, 3.0], "val_loss": [math.nan, 2.0, 2.0]})
    assert other.best_epoch == 2


def test_columns_begun_late_or_left_out_are_filled() -> None:
    history = fm.History()
    for epoch, logs in enumerate([{}, {"a": 1.0}, {}, {"b": 2.0}]):
        history.append({"loss": float(epoch)})
        history.complete(logs)
    assert str(dict(history)) == (
        "{'loss': [0.0, 1.0, 2.0, 3.0], 'a': [nan, 1.0, nan, nan], 'b': [nan, nan, nan, 2.0]}"
    )

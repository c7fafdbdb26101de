"""`CSVLogger` over stops, new columns and names of its own; pickles of callbacks that write."""

from __future__ import annotations

import copy
import csv
import pickle
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from test_records import X, Y, fit


class Interrupts(fm.Callback):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if epoch == self.epoch:
            raise InterruptedError


def test_csv_keeps_its_rows_over_a_new_column_and_a_stop_before_the_next_checkpoint(
    tmp_path: Path,
) -> None:
    """The rows of a checkpoint are there again, also where all were rewritten after it."""
    path, run = tmp_path / "log.csv", tmp_path / "run"

    def go_on(stop: int, **options: Any) -> None:
        net = fm.Network([1, 1], seed=0)
        callbacks = [fm.CSVLogger(path), Interrupts(stop)]
        options |= {"checkpoint": run, "checkpoint_every": 3}
        try:
            net.fit(X, Y, epochs=9, callbacks=callbacks, **options)
        except InterruptedError:
            assert stop < 9

    held_out: Any = {"validation_data": (X[::2], Y[::2])}
    go_on(4)
    go_on(5, **held_out)
    go_on(5, metrics="mae")
    go_on(99, **held_out)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0]) == ["epoch", "loss", "val_loss"]
    assert [row["epoch"] for row in rows] == [str(epoch + 1) for epoch in range(9)]
    assert [row["val_loss"] != "" for row in rows] == [False] * 3 + [True] * 6
    history = fm.load(run).history
    assert [float(row["loss"]) for row in rows] == history["loss"]  # type: ignore[index]


def test_csv_goes_on_from_the_length_in_bytes_of_older_checkpoints(tmp_path: Path) -> None:
    logger = fm.CSVLogger(tmp_path / "log.csv")
    (tmp_path / "log.csv").write_text("epoch,loss\n1,0.5\n2,0.25\n")
    logger.on_fit_begin()
    logger.load_state_dict({"size": len("epoch,loss\n1,0.5\n")})
    logger.on_epoch_end(2, {"loss": 0.125})
    assert (tmp_path / "log.csv").read_text() == "epoch,loss\n1,0.5\n2,0.125\n"


def test_csv_numbers_epochs_also_where_a_metric_has_that_name(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    fit(fm.CSVLogger(path), metrics={"epoch": lambda y, o: 0.5}, epochs=2)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0]) == ["epoch", "loss", "val_loss", "val_epoch"]
    assert [row["epoch"] for row in rows] == ["1", "2"]


def assert_pickles_in_use(callback: Any, **options: Any) -> None:
    """During a run, after it, and of a copy that has trained in its turn."""
    twins: list[Any] = []

    class Copies(fm.Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            twins.append(pickle.loads(pickle.dumps(callback)))

    fit(callback, Copies(), **options)
    for twin in (*twins, copy.copy(callback), pickle.loads(pickle.dumps(callback))):
        fit(twin, **options)


@pytest.mark.parametrize("name", ["CSVLogger", "ModelCheckpoint", "TensorBoard"])
def test_callbacks_that_write_are_pickled_also_in_use(tmp_path: Path, name: str) -> None:
    if name == "TensorBoard":
        pytest.importorskip("tensorboard")
    assert_pickles_in_use(getattr(fm, name)(tmp_path / "record"), epochs=2)


def test_mlflow_is_pickled_also_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    with mlflow.start_run():
        assert_pickles_in_use(fm.MLflow(), epochs=2)


@pytest.mark.parametrize("callback", [fm.EarlyStopping(), fm.ReduceOnPlateau(), fm.Logging()])
def test_other_callbacks_are_pickled_also_in_use(callback: Any) -> None:
    assert_pickles_in_use(callback, epochs=2)

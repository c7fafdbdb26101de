"""Each number of a history, and of a CSV file, is in the row of its epoch."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

X = np.random.default_rng(0).normal(size=(30, 3))
Y = X @ [[1.0, -1], [0, 2], [3, 0]]
VALID = {"validation_data": (X[:9], Y[:9])}


class Adds(fm.Callback):
    """Numbers of even and of odd epochs."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        logs["odd" if epoch % 2 else "even"] = epoch


def fit(path: Path, epochs: int, **options: Any) -> fm.History:
    net = fm.Network([3, 2], seed=1)
    return net.fit(X, Y, epochs=epochs, checkpoint=path / "run", **options)


def known(column: list[float]) -> list[int]:
    return [epoch for epoch, value in enumerate(column, 1) if not math.isnan(value)]


@pytest.mark.parametrize("observed", [{}, {"callbacks": Adds()}])
def test_what_a_resumed_run_adds_or_leaves_out_is_nan_in_other_epochs(
    observed: dict[str, Any], tmp_path: Path
) -> None:
    fit(tmp_path, 4, **observed)
    history = fit(tmp_path, 6, **VALID, **observed)
    assert known(history["val_loss"]) == [5, 6]
    assert history.best_epoch in (5, 6)
    history = fit(tmp_path, 8, metrics="mae", **observed)
    assert known(history["val_loss"]) == [5, 6]
    assert known(history["mae"]) == [7, 8]
    history = fit(tmp_path, 9, **observed)
    assert {len(column) for column in history.values()} == {9}
    assert known(history["loss"]) == list(range(1, 10))
    if observed:
        assert known(history["even"]) == [2, 4, 6, 8]
    assert history.to_pandas().shape == (9, len(history))


def test_a_plateau_is_that_of_the_loss_where_validation_has_ended() -> None:
    history = fm.History.from_state({"status": "running", "losses": {"loss": [3.0, 2.0]}})
    history.extend({"val_loss": [1.0]})
    assert {name: known(column) for name, column in history.items()} == {
        "loss": [1, 2],
        "val_loss": [3],
    }
    history.extend({"loss": [1.5]})
    assert history.last_loss() == 1.5


@pytest.fixture(name="rows")
def _rows(tmp_path: Path) -> Iterator[Any]:
    def read() -> list[dict[str, str]]:
        with open(tmp_path / "losses.csv", newline="") as file:
            return list(csv.DictReader(file))

    return read


def test_values_of_a_csv_file_are_below_their_names(tmp_path: Path, rows: Any) -> None:
    logger = fm.CSVLogger(tmp_path / "losses.csv")
    net = fm.Network([3, 2], seed=1)
    history = net.fit(X, Y, epochs=4, callbacks=[Adds(), logger])
    assert [row["loss"] for row in rows()] == [repr(x) for x in history["loss"]]
    assert [row["odd"] for row in rows()] == ["1.0", "", "3.0", ""]
    assert [row["even"] for row in rows()] == ["", "2.0", "", "4.0"]


def test_a_csv_file_that_goes_on_gets_new_columns(tmp_path: Path, rows: Any) -> None:
    def run(epochs: int, **options: Any) -> fm.History:
        return fit(tmp_path, epochs, callbacks=fm.CSVLogger(tmp_path / "losses.csv"), **options)

    run(2)
    with open(tmp_path / "losses.csv", "a") as file:
        file.write("3,0.1\n")  # after the checkpoint
    history = run(4, **VALID)
    assert [row["epoch"] for row in rows()] == ["1", "2", "3", "4"]
    assert [row["loss"] for row in rows()] == [repr(x) for x in history["loss"]]
    assert [row["val_loss"] for row in rows()] == ["", "", *map(repr, history["val_loss"][2:])]
    run(5)
    assert rows()[4]["val_loss"] == ""


def test_files_without_a_folder_are_noticed_before_training(tmp_path: Path) -> None:
    net = fm.Network([3, 2], seed=1)
    before = net.parameters.copy()
    path = tmp_path / "no" / "file"
    given: list[tuple[str, dict[str, Any]]] = [
        ("fit: checkpoint", {"checkpoint": path, "checkpoint_every": 500}),
        ("ModelCheckpoint: path", {"callbacks": fm.ModelCheckpoint(path, "loss")}),
        ("CSVLogger: path", {"callbacks": fm.CSVLogger(path)}),
    ]
    for where, options in given:
        with pytest.raises(FileNotFoundError, match=rf"{where}: there is no such folder: .*/no'"):
            net.fit(X, Y, epochs=1000, **options)
        np.testing.assert_array_equal(net.parameters, before)
    with pytest.raises(FileNotFoundError, match="path: there is no such folder"):
        net.save(path)

"""Records of a training: callbacks that write, frames, JSON, a chart, and the command line."""

from __future__ import annotations

import csv
import json
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._io import container
from fastmlp.cli import main

X, Y = np.arange(8.0).reshape(-1, 1) / 8, np.arange(8.0) / 4


def fit(*callbacks: Any, epochs: int = 5, rate: float = 0.1, **options: Any) -> fm.Network:
    net = fm.Network([1, 1], seed=0)
    net.fit(
        X, Y, epochs=epochs, callbacks=callbacks, optimizer=fm.SGD(rate),
        validation_data=(X[::2], Y[::2]), **options)  # fmt: skip
    return net


class Rises(fm.Callback):
    """Gives the callbacks after it a loss that is lowest in epoch 3."""

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        logs["val_loss"] = abs(epoch - 3.0)


@pytest.mark.parametrize(("best_only", "epoch"), [(True, 3), (False, 5)])
def test_model_checkpoint_saves_the_best_or_every_epoch(
    tmp_path: Path, best_only: bool, epoch: int
) -> None:
    path = tmp_path / "best"
    saver = fm.ModelCheckpoint(path, "val_loss", best_only)
    fit(Rises(), saver)
    assert fm.load(path).epochs_trained == epoch
    assert fm.Trainer.load(path).n_steps == epoch
    assert (saver.best, saver.best_epoch) == (0.0, 3)
    assert (
        repr(saver)
        == f"ModelCheckpoint({str(path)!r}, 'val_loss', best_only={best_only}, mode='min')"
    )


def test_model_checkpoint_remembers_the_best_over_a_stop(tmp_path: Path) -> None:
    run, path = tmp_path / "run", tmp_path / "best"
    fit(Rises(), fm.ModelCheckpoint(path), epochs=4, checkpoint=run)
    before = path.read_bytes()
    fit(Rises(), fm.ModelCheckpoint(path), epochs=5, checkpoint=run)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "words"),
    [(("x", 3), "monitor=3"), (("x", "loss", 1), "best_only=1"), (("x", "l", True, "up"), "mode=")],
)
def test_model_checkpoint_refuses(given: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^ModelCheckpoint: {words}"):
        fm.ModelCheckpoint(*given)


def test_csv_has_a_row_per_epoch_with_all_digits(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("of an earlier run\n" * 99)
    net = fit(fm.CSVLogger(path))
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    for name, values in net.history.to_dict().items():  # type: ignore[union-attr]
        assert [float(row[name]) for row in rows] == values


def test_csv_goes_on_after_a_stop(tmp_path: Path) -> None:
    """Rows of epochs after the checkpoint are written anew."""
    path, run = tmp_path / "log.csv", tmp_path / "run"
    fit(fm.CSVLogger(path), epochs=7)
    unbroken = path.read_text()
    fit(fm.CSVLogger(path), epochs=3, checkpoint=run)
    path.write_text(path.read_text() + "4,1,1\n")
    fit(fm.CSVLogger(path), epochs=7, checkpoint=run)
    assert path.read_text() == unbroken


def test_logging_has_a_line_per_epoch(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "training"):
        net = fit(fm.Logging("training"), epochs=2)
    last = net.history.last_loss()  # type: ignore[union-attr]
    assert [record.name for record in caplog.records] == ["training"] * 2
    assert caplog.messages[1].startswith("epoch 2: loss=")
    assert caplog.messages[1].endswith(f"val_loss={last:.6g}")


def test_optuna_receives_losses_and_prunes() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    class AfterTwo(optuna.pruners.BasePruner):  # type: ignore[misc]
        def prune(self, study: Any, trial: Any) -> bool:
            return bool(trial.last_step >= 2)

    histories = []

    def objective(trial: Any) -> float:
        net = fit(fm.OptunaPruning(trial, "loss"), rate=trial.suggest_float("rate", 0.1, 0.2))
        histories.append(net.history)
        return 0.0

    study = optuna.create_study(pruner=AfterTwo())
    study.optimize(objective, n_trials=2)
    assert [trial.state.name for trial in study.trials] == ["PRUNED", "PRUNED"]
    assert [sorted(trial.intermediate_values) for trial in study.trials] == [[1, 2], [1, 2]]


def test_optuna_pruning_reports_to_any_trial() -> None:
    found: list[tuple[float, int]] = []
    trial = SimpleNamespace(report=lambda *given: found.append(given), should_prune=lambda: False)
    net = fit(fm.OptunaPruning(trial))
    assert found == [(x, i + 1) for i, x in enumerate(net.history["val_loss"])]  # type: ignore[index]


def test_optuna_pruning_needs_a_number_that_is_recorded() -> None:
    """Before any epoch is trained; a callback before it may add the number."""
    trial = SimpleNamespace(report=lambda *given: None, should_prune=lambda: False)
    net = fm.Network([1, 1], seed=0)
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=r"^fit: monitor='val_loss', expected .*validation_data"):
        net.fit(X, Y, epochs=2, callbacks=[fm.OptunaPruning(trial)])
    np.testing.assert_array_equal(net.parameters, before)
    net.fit(X, Y, epochs=2, callbacks=[Rises(), fm.OptunaPruning(trial)])
    with pytest.raises(ValueError, match=r"^fit: monitor='x', expected one of what is recorded"):
        net.fit(X, Y, epochs=2, callbacks=[Rises(), fm.OptunaPruning(trial, "x")])
    with pytest.raises(TypeError, match=r"^OptunaPruning: monitor=3 \(int\), expected a name"):
        fm.OptunaPruning(trial, 3)  # type: ignore[arg-type]


def test_tensorboard_reads_the_losses(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    net = fit(fm.TensorBoard(tmp_path / "run"))
    events = EventAccumulator(str(tmp_path / "run"))
    events.Reload()
    for name, values in net.history.to_dict().items():  # type: ignore[union-attr]
        found = events.Tensors(name)
        assert [event.step for event in found] == [1, 2, 3, 4, 5]
        written = [event.tensor_proto.float_val[0] for event in found]
        np.testing.assert_allclose(written, values, rtol=1e-6)


def test_mlflow_has_settings_and_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    with mlflow.start_run() as run:
        net = fit(fm.MLflow())
    client = mlflow.tracking.MlflowClient()
    params = client.get_run(run.info.run_id).data.params
    assert params["loss"] == repr(fm.SquaredError())
    assert params["network"] == repr(net)
    history = client.get_metric_history(run.info.run_id, "val_loss")
    assert [m.step for m in history] == [1, 2, 3, 4, 5]
    assert [m.value for m in history] == net.history["val_loss"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("callback", "package"),
    [(fm.TensorBoard("x"), "tensorboard"), (fm.MLflow(), "mlflow")],
    ids=["tensorboard", "mlflow"],
)
def test_missing_libraries_are_named(
    monkeypatch: pytest.MonkeyPatch, callback: Any, package: str
) -> None:
    for name in (package, f"{package}.summary"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf'needs {package}; .*"fastmlp\[records\]"'):
        fit(callback)


def test_history_is_a_frame_of_pandas() -> None:
    pytest.importorskip("pandas")
    history: Any = fit().history
    frame = history.to_pandas()
    assert frame.to_dict("list") == history.to_dict()
    assert frame.index.tolist() == [1, 2, 3, 4, 5]
    assert frame.index.name == "epoch"
    assert fm.History().to_pandas().empty


def test_history_is_json_also_with_nan() -> None:
    history: Any = fit().history
    assert json.loads(history.to_json()) == {"status": "max_steps", "losses": history.to_dict()}
    history.append({"loss": np.nan, "val_loss": np.inf})
    found = json.loads(history.to_json(), parse_constant=pytest.fail)
    assert found["losses"]["loss"][5] is found["losses"]["val_loss"][5] is None


@pytest.mark.parametrize("epochs", [0, 1, 5])
def test_history_in_a_notebook_is_text_and_a_chart(epochs: int) -> None:
    history: Any = fit(epochs=epochs).history if epochs else fm.History()
    history.append({"loss": np.nan} if epochs else {})
    root = ElementTree.fromstring(f"<div>{history._repr_html_()}</div>")
    assert root[0].text == repr(history)
    lines = [line.get("points", "").split() for line in root[1]]
    assert [len(line) for line in lines] == [epochs] * len(history)
    points = [tuple(map(float, point.split(","))) for line in lines for point in line]
    assert all(0 <= x <= 300 and 0 <= y <= 84 for x, y in points)
    if epochs == 5:  # the losses fall, so the lines, whose y points downwards, do too
        heights = [float(point.split(",")[1]) for point in lines[0]]
        assert heights == sorted(heights)
        assert heights[0] < heights[-1]


def info(*arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "fastmlp", "info", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_info_shows_architecture_record_and_digest(tmp_path: Path) -> None:
    path, net = str(tmp_path / "model"), fit()
    net.save(path)
    status, text, _ = info(path)
    assert status == 0
    assert str(net) in text
    assert repr(net.history) in text
    assert f"fastmlp: {fm.__version__}" in text
    assert "layers.0.weight  float32  [1, 1]" in text
    assert f"bytes: {(tmp_path / 'model').stat().st_size}" in text


def test_info_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "model")
    fit().save(path)
    assert main(["info", "--json", path]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {
        "format", "version", "fastmlp", "sha256", "bytes", "tensors", "specification"}  # fmt: skip
    assert found["specification"]["layers"][0]["units"] == 1
    assert len(found["sha256"]) == 64
    assert found["tensors"]["layers.0.bias"] == ["float32", [1]]


def test_info_shows_the_settings_of_trainers_and_estimators(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = fit()
    fm.Trainer(net, "huber", fm.Adam(0.25), batch_size=9).save(tmp_path / "model")
    assert main(["info", str(tmp_path / "model")]) == 0
    text = capsys.readouterr().out
    assert '"name": "adam", "learning_rate": 0.25' in text
    assert "\nbatch_size: 9\n" in text
    assert text.endswith(f"{net}\n{net.history}\n")
    estimators = pytest.importorskip("fastmlp.sklearn")
    one = estimators.MLPClassifier((5,), alpha=0.5, tol=1).fit(X, ["no", "yes"] * 4)
    one.save(tmp_path / "model")
    assert main(["info", str(tmp_path / "model")]) == 0
    text = capsys.readouterr().out
    assert text.startswith("format: MLPClassifier\nversion: 1\n")
    assert '\nhidden_layer_sizes: {"tuple": [5]}\n' in text
    assert "\nalpha: 0.5\n" in text
    assert '\nclasses_: {"$texts": ["no", "yes"], "dtype": "U"}\n' in text
    assert f"\nn_iter_: {one.n_iter_}\n" in text
    assert "loss_curve_:" not in text


def test_info_of_a_bad_file_is_1_and_of_wrong_usage_2(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"no model")
    metadata = {"format": "fastmlp", "version": "1", "specification": "{}"}
    (tmp_path / "empty").write_bytes(b"".join(container.pack(metadata, {})))
    for name in ("bad", "empty", "missing"):
        status, text, error = info(str(tmp_path / name))
        assert (status, text) == (1, "")
        assert name in error
        assert "Traceback" not in error
    assert info()[0] == info("--yaml", "x")[0] == 2

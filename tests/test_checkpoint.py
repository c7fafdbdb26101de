"""Runs with a checkpoint go on from it as if never stopped, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._fit import fit_loop
from file_cases import OPTIMIZERS
from test_files import halved, squares

pytestmark = pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
EPOCHS = 20
random = np.random.default_rng(0)
X, Y = random.normal(size=(24, 3)), random.normal(size=(24, 2))
HELD_OUT = random.normal(size=(9, 3)), random.normal(size=(9, 2))


def net(dropout: bool = True, seed: int | None = 5) -> fm.Network:
    middle = [fm.Dropout(0.3)] if dropout else []
    layers = [fm.Dense(4, "tanh"), *middle, fm.Dense(2)]
    return fm.Network(layers, inputs=3, dtype="float64", seed=seed)


class Weights(fm.Callback):
    """A callback of a user, with a memory of its own."""

    def on_fit_begin(self) -> None:
        self.seen: list[float] = []

    def set_trainer(self, trainer: fm.Trainer) -> None:
        self.trainer = trainer

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self.seen.append(float(self.trainer.network.parameters.sum()))

    def state_dict(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.seen = list(state["seen"])


def fit(epochs: int | None, file: Any = None, **options: Any) -> list[Any]:
    """All that a training leaves."""
    stop = options.pop("stop", None)
    callbacks: list[Any] = [Weights()]
    if stop is not None:
        callbacks += [fm.EarlyStopping(stop, patience=3)]
    if options.pop("reduce", False):
        callbacks += [fm.ReduceOnPlateau("loss", patience=1)]
    one = options.pop("net", None) or net()
    history = one.fit(
        X, Y, epochs=epochs, validation_data=HELD_OUT, callbacks=callbacks, checkpoint=file,
        batch_size=options.pop("batch_size", 7), **options)  # fmt: skip
    found = [one.parameters.tobytes(), history.to_dict(), history.status, one.epochs_trained]
    found += [callbacks[0].seen, one.seed]
    found += [(each.best, each.best_epoch) for each in callbacks[1:]]
    return found


def assert_resumes(path: Path, split: int, **options: Any) -> list[Any]:
    unbroken = fit(EPOCHS, **options)
    fit(split, path, **options)
    assert fit(EPOCHS, path, **options) == unbroken
    assert fit(EPOCHS, path, **options) == unbroken  # of a run that has ended
    return unbroken


@pytest.mark.parametrize("split", [1, 4, 11, 19])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_resumes(tmp_path: Path, name: str, split: int) -> None:
    options: dict[str, Any] = {}
    if name in _core.methods:
        options = {"batch_size": None, "net": None}
    assert_resumes(tmp_path / "run", split, optimizer=OPTIMIZERS[name](), **options)


OPTIONS: dict[str, dict[str, Any]] = {
    "average": {"optimizer": fm.Adam(0.01, average=fm.Polyak("uniform", start=3))},
    "schedule": {"optimizer": fm.SGD(fm.CosineDecay(0.1, 60), momentum=0.9)},
    "own schedule": {"optimizer": fm.SGD(halved)},
    "own loss": {"optimizer": fm.Adam(0.01), "loss": squares},
    "early stopping": {"optimizer": fm.SGD(0.5), "stop": "val_loss"},
    "stopping by the loss": {"optimizer": fm.SGD(0.5), "stop": "loss", "l2": 0.01},
    "average and stopping": {
        "optimizer": fm.SGD(0.5, momentum=0.9, average=fm.Polyak(beta=0.5)), "stop": "val_loss"},
    "reduction": {"optimizer": fm.SGD(0.5), "reduce": True, "stop": "val_loss"},
    "no shuffling": {"optimizer": "adam", "shuffle": False, "batch_size": None},
}  # fmt: skip


@pytest.mark.parametrize("split", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("name", OPTIONS)
def test_runs_resume_with_what_they_remember(tmp_path: Path, name: str, split: int) -> None:
    assert_resumes(tmp_path / "run", split, **OPTIONS[name])


def test_the_cases_stop_early_and_at_the_end() -> None:
    assert {fit(EPOCHS, **options)[2] for options in OPTIONS.values()} == {"stopped", "max_steps"}


def test_epochs_none_resumes_with_its_patience(tmp_path: Path) -> None:
    options = {"optimizer": fm.SGD(0.1), "net": None}
    unbroken = fit(None, **options)
    for split in (5, 14):
        path = tmp_path / str(split)
        one = net()

        class Stops(fm.Callback):
            def on_epoch_end(self, epoch: int, logs: Any, last: int = split) -> None:
                if epoch == last:
                    raise InterruptedError

        Stops.__name__ = "Weights"
        with pytest.raises(InterruptedError):
            one.fit(X, Y, optimizer=fm.SGD(0.1), batch_size=7, callbacks=[Stops()],
                    validation_data=HELD_OUT, checkpoint=path)  # fmt: skip
        resumed = fit(None, path, **options)
        assert resumed[:4] == unbroken[:4]
    assert unbroken[2] == "converged"


def test_the_file_brings_its_seed(tmp_path: Path) -> None:
    """A script without seeds goes on with the random numbers of its first start."""
    path = tmp_path / "run"
    first = net(seed=None)
    first.fit(X, Y, epochs=3, batch_size=7, checkpoint=path)
    twin = fm.load(path)
    again = net(seed=None)
    history = again.fit(X, Y, epochs=6, batch_size=7, checkpoint=path)
    assert again.seed == first.seed
    assert history.n_epochs == 6
    unbroken = fm.Network(first.layers, inputs=3, dtype="float64", seed=first.seed)
    unbroken.fit(X, Y, epochs=6, batch_size=7)
    np.testing.assert_array_equal(again.parameters, unbroken.parameters)
    assert twin.epochs_trained == 3


def test_a_trainer_goes_on_from_the_file(tmp_path: Path) -> None:
    def run(epochs: int, file: Any) -> bytes:
        trainer = fm.Trainer(net(), optimizer="adam", batch_size=7)
        trainer.run(X, Y, epochs=epochs, checkpoint=file)
        trainer.epoch(X, Y)
        return trainer.network.parameters.tobytes() + trainer.state["v"].tobytes()

    unbroken = run(9, None)
    run(4, tmp_path / "run")
    assert run(9, tmp_path / "run") == unbroken
    assert fm.Trainer.load(tmp_path / "run").n_steps == 9 * 4


@pytest.mark.parametrize(("every", "kept"), [(1, 7), (3, 6), (5, 5), (100, None)])
def test_the_file_is_written_every_so_many_epochs(
    tmp_path: Path, every: int, kept: int | None
) -> None:
    """And at the end of the run."""
    path = tmp_path / "run"

    class Breaks(fm.Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 8:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        net().fit(X, Y, epochs=9, callbacks=[Breaks()], checkpoint=path, checkpoint_every=every)
    assert (fm.load(path).epochs_trained if path.exists() else None) == kept


@pytest.mark.parametrize(
    ("first", "every", "ends"),
    [(0, 4, [4, 8, 10]), (0, 5, [5, 10]), (0, 99, [10]), (3, 4, [4, 8, 10]), (4, 4, [8, 10])],
)
def test_epochs_between_files_are_one_native_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, every: int, ends: list[int]
) -> None:
    """Up to the next multiple, also of a run that goes on from another epoch."""
    path, found = tmp_path / "run", list[int]()
    if first > 0:
        net().fit(X, Y, epochs=first, checkpoint=path)
    one, other = net(), net()
    run_epochs = fit_loop.run_epochs

    def noting(*given: Any, **more: Any) -> Any:
        last = run_epochs(*given, **more)
        found.append(one.epochs_trained)
        return last

    with monkeypatch.context() as patch:
        patch.setattr(fit_loop, "run_epochs", noting)
        one.fit(X, Y, epochs=10, checkpoint=path, checkpoint_every=every)
    assert found == ends
    other.fit(X, Y, epochs=10)
    np.testing.assert_array_equal(one.parameters, other.parameters)
    assert one.history.to_dict() == other.history.to_dict()  # type: ignore[union-attr]
    assert fm.load(path).epochs_trained == 10


OTHERS: dict[str, dict[str, Any]] = {
    "optimizer": {"optimizer": fm.SGD()},
    "batch_size": {"batch_size": 8},
    "l2": {"l2": 0.5},
    "loss": {"loss": "huber"},
    "layers": {"net": net(False)},
    "callbacks": {"stop": "loss"},
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_file_of_another_run_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run"
    fit(2, path)
    before = path.read_bytes()
    one = OTHERS[name].get("net") or net()
    parameters = one.parameters.copy()
    with pytest.raises(fm.ModelFileError, match=rf"^fit: checkpoint.*of a run with {name}="):
        fit(3, path, **{**OTHERS[name], "net": one})
    np.testing.assert_array_equal(one.parameters, parameters)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["loss", "optimizer"])
def test_a_function_does_not_stand_for_a_member(tmp_path: Path, name: str) -> None:
    functions = {"loss": squares, "optimizer": fm.SGD(halved)}
    members = {"loss": "squared_error", "optimizer": fm.SGD(0.1)}
    fit(2, tmp_path / "run", **functions)
    with pytest.raises(fm.ModelFileError, match=r"files have no functions"):
        fit(3, tmp_path / "run", **{**functions, name: members[name]})


def test_a_damaged_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "run"
    fit(2, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(fm.ModelFileError, match=r"^fit: checkpoint"):
        fit(3, path)
    net().save(path)
    with pytest.raises(fm.ModelFileError, match="it has no run"):
        fit(3, path)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"checkpoint": 3}, "checkpoint=3 .int., expected a path"),
     ({"checkpoint_every": 0}, "checkpoint_every=0, expected an integer >= 1")],
)  # fmt: skip
def test_what_is_no_path_is_refused(given: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^fit: {words}"):
        net().fit(X, Y, **given)


def test_a_killed_process_goes_on_where_it_was(tmp_path: Path) -> None:
    """Its end is that of a process which nobody killed."""
    program = """
import sys, numpy as np, fastmlp as fm
X = np.random.default_rng(0).normal(size=(500, 9))
net = fm.Network([9, 30, 1], seed=0)
net.fit(X, X[:, :1], epochs=40, checkpoint=sys.argv[1] or None)
net.save(sys.argv[2])
"""
    run, end = str(tmp_path / "run"), [str(tmp_path / "a"), str(tmp_path / "b")]
    command = [sys.executable, "-c", program]
    for _ in range(3):
        with subprocess.Popen([*command, run, end[0]]) as process:
            while process.poll() is None and not os.path.exists(run):
                pass
            process.send_signal(signal.SIGKILL)
    assert fm.load(run).epochs_trained >= 1
    for file, to in zip((run, ""), end, strict=True):
        subprocess.run([*command, file, to], check=True, timeout=120)
    assert Path(end[0]).read_bytes() == Path(end[1]).read_bytes()

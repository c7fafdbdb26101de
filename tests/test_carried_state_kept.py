"""`carry_state=True`: what it refuses, and the state in copies, files and checkpoints."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from carried_cases import CARRIED, TIME, flat_state, make, pieces_of


@pytest.mark.parametrize(
    ("layers", "keywords", "message"),
    [
        ([fm.Dense(2)], {}, "carry_state=True, but no layer is recurrent"),
        ([fm.Bidirectional(fm.GRU(2)), fm.Dense(2)], {},
         r"carry_state=True, but layers\[0\] is bidirectional, expected layers that read no later"),
        ([fm.Conv1D(3, 3), fm.GRU(2)], {}, r"layers\[0\]=Conv1D reads several steps at once"),
        ([fm.GRU(2)], {"optimizer": fm.LBFGS()},
         "expected a first-order optimizer, as carry_state=True"),
        ([fm.GRU(2)], {"shuffle": True}, "shuffle=True, expected False, as carry_state=True"),
        ([fm.GRU(2)], {"carry_state": 1}, "carry_state"),
    ],
)  # fmt: skip
def test_what_cannot_go_on_is_refused(layers: Any, keywords: Any, message: str) -> None:
    net = fm.Network(layers, inputs=(TIME, 3), seed=0)
    X, y = pieces_of(net, 4, 1)
    given = {**CARRIED, **keywords}
    for call, where in (
        (lambda: fm.Trainer(net, **given), "Trainer"),
        (lambda: net.fit(X[0], y[0], **given), "fit"),
    ):
        with pytest.raises((ValueError, TypeError), match=rf"^{where}: .*{message}"):
            call()
    assert net.recurrent_state is None


def test_epochs_of_batches_of_several_sizes_are_refused() -> None:
    net = make("GRU")
    X, y = pieces_of(net, 10, 1)
    expected = r"has 10 samples, expected a multiple of batch_size=4, as carry_state=True"
    trainer = fm.Trainer(net, batch_size=4, **CARRIED)
    with pytest.raises(ValueError, match=f"^Trainer.epoch: X {expected}"):
        trainer.epoch(X[0], y[0])
    with pytest.raises(ValueError, match=r"^Trainer.epoch: order has 3 samples"):
        trainer.epoch(X[0], y[0], order=[0, 1, 2])
    with pytest.raises(ValueError, match=f"^Trainer.run: X {expected}"):
        trainer.run(X[0], y[0])
    with pytest.raises(ValueError, match=f"^fit: X {expected}"):
        net.fit(X[0], y[0], batch_size=4, **CARRIED)
    assert trainer.n_steps == 0


def test_copies_and_files_go_on_from_the_state(tmp_path: Path) -> None:
    """Bit for bit as the trainer itself, of which they have the state."""
    trainer = fm.Trainer(make("stacked"), **CARRIED)
    X, y = pieces_of(trainer.network, 4, 4)
    trainer.step(X[0], y[0])
    trainer.step(X[1], y[1])
    trainer.save(tmp_path / "run.ckpt")
    values = trainer.__getstate__()
    restored = fm.Trainer.__new__(fm.Trainer)
    restored.__setstate__(values)
    twins = [
        *(fm.Trainer.load(tmp_path / "run.ckpt"), copy.copy(trainer), copy.deepcopy(trainer)),
        *(pickle.loads(pickle.dumps(trainer)), restored),
    ]
    kept = flat_state(trainer.network)
    for twin in (trainer, *twins):
        assert twin.carry_state
        np.testing.assert_array_equal(flat_state(twin.network), kept)
        twin.step(X[2], y[2])
    for twin in twins:
        np.testing.assert_array_equal(twin.network.parameters, trainer.network.parameters)
        np.testing.assert_array_equal(flat_state(twin.network), flat_state(trainer.network))
    values["recurrent_state"] = values["recurrent_state"][:, 1:]
    with pytest.raises(ValueError, match=r"recurrent_state has shape \(4, 22\), expected"):
        restored.__setstate__(values)


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """As if never stopped, the state after it too; a run with other batches is refused."""
    net = make("GRU")
    X, y = pieces_of(net, 4, 3)
    rows = np.concatenate(X), np.concatenate(y)
    given: dict[str, Any] = {"batch_size": 4, "checkpoint": tmp_path / "run.ckpt", **CARRIED}
    whole, stopped, resumed = net.copy(), net.copy(), net.copy()
    whole.fit(*rows, epochs=5, batch_size=4, **CARRIED)
    stopped.fit(*rows, epochs=3, **given)
    for _ in range(2):  # the second has nothing left to do
        resumed.fit(*rows, epochs=5, **given)
        np.testing.assert_array_equal(resumed.parameters, whole.parameters)
        np.testing.assert_array_equal(flat_state(resumed), flat_state(whole))
        resumed = net.copy()
    with pytest.raises(ValueError, match="it is of a run with carry_state=True, expected False"):
        net.fit(*rows, epochs=5, **{**given, "carry_state": False})

"""A run that cannot go on from its checkpoint leaves all as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from test_checkpoint import X, Y, net

pytestmark = pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")


class Forgets(fm.Callback):
    """A callback whose state cannot be taken over."""

    def state_dict(self) -> dict[str, Any]:
        return {"n": 1}


class Refuses(Forgets):
    def load_state_dict(self, state: Any) -> None:
        raise LookupError("not these")


class Unready(fm.Callback):
    ready = True

    def set_trainer(self, trainer: fm.Trainer) -> None:
        if not self.ready:
            raise LookupError("not ready")


FAILURES: dict[str, tuple[Any, Any, str]] = {
    "lost CSV": (fm.CSVLogger, ValueError, r"CSVLogger: path='.*, expected the file of the run"),
    "short CSV": (fm.CSVLogger, ValueError, r"CSVLogger: '.*' has 1 rows of .*, expected 4 of"),
    "no method": (lambda path: Forgets(), fm.ModelFileError, "expected an object with load_state"),
    "its error": (lambda path: Refuses(), LookupError, "not these"),
    "hook": (lambda path: Unready(), LookupError, "not ready"),
}


@pytest.mark.parametrize("average", [None, fm.Polyak(beta=0.5)])
@pytest.mark.parametrize("name", FAILURES)
def test_a_resumption_that_fails_leaves_all_as_it_was(
    tmp_path: Path, name: str, average: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network, trainer and file; and the trainer trains on as one that has not tried."""
    make, error, words = FAILURES[name]
    run, log = tmp_path / "run", tmp_path / "log.csv"

    def trainer() -> fm.Trainer:
        trainer = fm.Trainer(net(seed=8), optimizer=fm.Adam(0.1, average=average), batch_size=7)
        trainer.run(X, Y, epochs=2)
        return trainer

    callbacks = lambda: [make(log), fm.EarlyStopping("loss")]  # noqa: E731
    first = fm.Trainer(net(), optimizer=fm.Adam(0.1, average=average), batch_size=7)
    first.run(X, Y, epochs=4, callbacks=callbacks(), checkpoint=run)
    before = run.read_bytes()
    monkeypatch.setattr(Unready, "ready", False)
    log.unlink(missing_ok=True)
    if name == "short CSV":
        log.write_text("epoch,loss\n1,2\n")
    one, twin = trainer(), trainer()
    with pytest.raises(error, match=words):
        one.run(X, Y, epochs=9, callbacks=callbacks(), checkpoint=run)
    assert run.read_bytes() == before
    assert (one.seed, one.network.seed, one.network.epochs_trained) == (8, 8, 2)
    assert one.history.to_dict() == twin.history.to_dict()  # type: ignore[union-attr]
    np.testing.assert_array_equal(one.network.parameters, twin.network.parameters)
    for each in one, twin:
        each.run(X, Y, epochs=2)
    np.testing.assert_array_equal(one.network.parameters, twin.network.parameters)

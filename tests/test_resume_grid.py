"""All rules with all that a run remembers: from each epoch they go on as if never stopped."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from file_cases import OPTIMIZERS

pytestmark = pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
EPOCHS = 21
random = np.random.default_rng(0)
X, Y = random.normal(size=(24, 3)), random.normal(size=(24, 2))
HELD_OUT = random.normal(size=(9, 3)), random.normal(size=(9, 2))


class Case(NamedTuple):
    rule: str
    average: bool
    schedule: bool
    dropout: bool
    stopping: bool


ALL = [Case(*each) for each in product([*_core.optimizers, "lbfgs"], *[(False, True)] * 4)]
SAMPLE = [ALL[16 * i + (7 * i + 5) % 16] for i in range(len(ALL) // 16)] + ALL[15::32]


def optimizer(case: Case) -> Any:
    rule, fields = OPTIMIZERS[case.rule], dict[str, Any]()
    if case.average and case.rule in _core.optimizers:
        fields["average"] = fm.Polyak(start=3)
    if case.schedule and not getattr(rule, "uses_initial_rate_only", True):
        fields["learning_rate"] = fm.CosineDecay(0.05, 40)
    return rule(**fields)


def run(case: Case, epochs: int, file: Path | None) -> list[Any]:
    """All that a training leaves."""
    layers = [fm.Dense(4, "tanh"), *[fm.Dropout(0.3)] * case.dropout, fm.Dense(2)]
    net = fm.Network(layers, inputs=3, dtype="float64", seed=5)
    stopping = fm.EarlyStopping("val_loss", patience=4)
    trainer = fm.Trainer(net, None, optimizer(case), batch_size=None if case.rule == "lbfgs" else 7)
    history = trainer.run(
        X, Y, epochs=epochs, validation_data=HELD_OUT, callbacks=[stopping] * case.stopping,
        checkpoint=file, checkpoint_every=EPOCHS)  # fmt: skip
    state = [values.tobytes() for values in trainer.state.values()]
    found = [net.parameters.tobytes(), trainer.last_parameters.tobytes(), state, net.epochs_trained]
    return [*found, history.to_dict(), history.status, stopping.best, stopping.best_epoch]


def assert_resumes(case: Case, splits: Any, folder: Path) -> None:
    unbroken = run(case, EPOCHS, None)
    for split in splits:
        file = folder / f"{'-'.join(map(str, case))}-{split}"
        run(case, split, file)
        assert run(case, EPOCHS, file) == unbroken, f"{case}, stopped after epoch {split}"


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: "-".join(map(str, case)))
def test_a_sample_of_runs_resumes_from_some_epochs(case: Case, tmp_path: Path) -> None:
    assert_resumes(case, (1, 5, 20), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted({case.rule for case in ALL}))
def test_every_run_resumes_from_every_epoch(rule: str, tmp_path: Path) -> None:
    for case in ALL:
        if case.rule == rule:
            assert_resumes(case, range(1, EPOCHS), tmp_path)


def test_the_runs_differ_and_some_stop_early() -> None:
    """Each of the options changes the result of some rules."""
    ends = {case: run(case, EPOCHS, None) for case in ALL if case.rule in ("sgd", "adam")}
    assert {end[5] for end in ends.values()} == {"max_steps", "stopped"}
    whole = {case: end[0] for case, end in ends.items() if not case.stopping}
    assert len(set(whole.values())) == len(whole) == 2 * 2**3

"""`Trainer.last_epoch`: the loss of an epoch and its parts."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import N, batches, squared, task_pair

WEIGHTS = np.random.default_rng(1).uniform(0.1, 3, N)
WEIGHTS[5:10] = 0  # a batch without weight
L2 = 0.3


@pytest.mark.parametrize("weighting", ["set", "batch"])
@pytest.mark.parametrize("loss", [None, squared])
def test_the_parts_of_an_epoch_equal_the_oracle(weighting: str, loss: Any) -> None:
    """Data loss and penalty, batches by their divisors and by their numbers of samples."""
    net, oracle, w, X, y = task_pair()
    trainer = fm.Trainer(net, loss, fm.SGD(0.1), batch_size=5, shuffle=False, l2=L2,
                         weighting=weighting)  # type: ignore[arg-type]  # fmt: skip
    mean = trainer.epoch(X, y, sample_weight=WEIGHTS)
    data, penalties, divisors, counts = [], [], [], []
    for block in batches(N, 5):
        divisors.append(ref.divisor(WEIGHTS, block, weighting))
        if WEIGHTS[block].sum() == 0:
            data.append(0.0), penalties.append(0.0), counts.append(0)
            continue
        value, _ = oracle.value_and_grad(w, X[block], y[block], None, WEIGHTS[block], divisors[-1])
        data.append(value)
        penalties.append(ref.penalty(w, oracle.weight_mask(), 0.0, L2)[0])
        counts.append(len(block))
        w, _ = ref.train(oracle, w, X, y, ref.SGD(0.1), [block], weights=WEIGHTS, l2=L2,
                         weighting=weighting)  # fmt: skip
    found = trainer.last_epoch
    assert found is not None
    expected = {
        "loss": np.average(np.add(data, penalties), weights=divisors),
        "data_loss": np.average(data, weights=divisors),
        "penalty": np.average(penalties, weights=divisors),
        "data_loss_by_count": np.average(data, weights=counts),
        "penalty_by_count": np.average(penalties, weights=counts),
        "n_steps": 4,
        "n_samples": N - 5,
    }
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-12), name
    assert (found.loss, found.status) == (mean, "running")
    differ = found.data_loss != pytest.approx(found.data_loss_by_count, rel=1e-3)
    assert differ == (weighting == "batch") or weighting == "set"


OPTIMIZERS = [fm.SGD(0.01, clip_norm=1.0), fm.Adam(0.01), fm.LBFGS(), fm.Newton(),
              fm.SGD(0.01, 0.9, nesterov="lecture")]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_tells_the_penalty_apart(optimizer: Any) -> None:
    """That at the parameters where the step began; for Nesterov's form at the point it looks at."""
    net, oracle, w, X, y = task_pair()
    trainer = fm.Trainer(net, None, optimizer, batch_size=N, shuffle=False, l2=L2)
    trainer.epoch(X, y)
    found = trainer.last_epoch
    assert found is not None
    penalty = ref.penalty(w, oracle.weight_mask(), 0.0, L2)[0]
    assert found.penalty == pytest.approx(penalty, rel=1e-13)
    value = oracle.value_and_grad(w, X, y, None)[0]
    assert found.data_loss == pytest.approx(value, rel=1e-12)
    assert found.loss == pytest.approx(penalty + value, rel=1e-13)


def test_a_run_shows_its_epochs_to_callbacks() -> None:
    net, _, _, X, y = task_pair()
    trainer = fm.Trainer(net, batch_size=5, l2=L2)
    seen: list[Any] = []

    class Watch:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            seen.append(trainer.last_epoch)

    assert trainer.last_epoch is None
    history = trainer.run(X, y, epochs=3, callbacks=[Watch()])
    assert [result.loss for result in seen] == history["loss"]
    assert trainer.last_epoch is seen[-1]
    assert trainer.run(X, y, epochs=4)["loss"][-1] == trainer.last_epoch.loss
    for twin in (copy.copy(trainer), pickle.loads(pickle.dumps(trainer))):
        assert twin.last_epoch is None


@pytest.mark.parametrize("loss", [None, squared])
def test_an_epoch_that_is_not_finite_says_so(loss: Any) -> None:
    net, _, _, X, y = task_pair()
    trainer = fm.Trainer(net, loss, batch_size=5, shuffle=False)
    y = np.full_like(y, 1e200)
    with np.errstate(over="ignore"):
        assert not np.isfinite(trainer.epoch(X, y))
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.status == "not_finite"
    assert trainer.last_epoch.n_steps == 0

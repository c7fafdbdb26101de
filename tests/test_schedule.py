"""Schedules: values by formula, torch and optax; in steps and epochs; custom functions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import TASKS, N, fresh

X, Y = TASKS["regression"].data

FORMULAS: list[tuple[str, dict[str, Any]]] = [
    ("constant", {}),
    ("exponential_decay", {"rate": 0.1}),
    ("inverse_time_decay", {"rate": 0.3}),
    ("step_decay", {"every": 7, "factor": 0.5}),
    ("step_decay", {"every": 2.5, "factor": 0.9}),
    ("polynomial_decay", {"steps": 40}),
    ("polynomial_decay", {"steps": 40, "power": 2.5, "end": 0.01}),
    ("polynomial_decay", {"steps": 30, "end": 1.0}),
    ("cosine_decay", {"steps": 40}),
    ("cosine_decay", {"steps": 20, "warmup": 5, "end": 0.02}),
    ("cosine_decay", {"steps": 7, "restarts": 2.0}),
    ("cosine_decay", {"steps": 7, "restarts": 1.0, "warmup": 3, "end": 0.1}),
    ("one_cycle", {"steps": 40}),
    ("one_cycle", {"steps": 33, "rise": 0.6, "start_factor": 4.0, "end_factor": 10.0}),
]


def test_every_schedule_has_a_formula_that_varies_every_field() -> None:
    """A member without a reference, or a field of it that no case changes, fails the suite."""
    assert list(_core.schedules) == list(ref.SCHEDULES)
    for name, cls in _core.schedules.items():
        own = cls().get_params().keys() - {"learning_rate", "max_lr", "per"}
        assert own <= {field for case, fields in FORMULAS for field in fields if case == name}


@pytest.mark.parametrize(("name", "fields"), FORMULAS, ids=str)
def test_schedules_are_their_formulas(name: str, fields: dict[str, Any]) -> None:
    """schedule(k) for k = 0, 1, …, also past the end."""
    schedule = _core.schedules[name](0.3, **fields)
    expected = [ref.SCHEDULES[name](k, 0.3, **fields) for k in range(90)]
    np.testing.assert_allclose([schedule(k) for k in range(90)], expected, rtol=1e-12, atol=1e-17)
    assert min(expected) >= 0


@pytest.mark.parametrize(
    ("schedule", "name", "fields", "steps"),
    [
        (fm.ExponentialDecay(0.3, 0.05), "ExponentialLR", {"gamma": np.exp(-0.05)}, 90),
        (fm.StepDecay(0.3, 7, 0.5), "StepLR", {"step_size": 7, "gamma": 0.5}, 90),
        (fm.PolynomialDecay(0.3, 40, 2), "PolynomialLR", {"total_iters": 40, "power": 2}, 90),
        (fm.CosineDecay(0.3, 40, end=0.02), "CosineAnnealingLR",
         {"T_max": 40, "eta_min": 0.02}, 41),
        (fm.CosineDecay(0.3, 7, restarts=2), "CosineAnnealingWarmRestarts",
         {"T_0": 7, "T_mult": 2}, 90),
        (fm.OneCycle(0.3, 40), "OneCycleLR", {"max_lr": 0.3, "total_steps": 40}, 40),
        (fm.OneCycle(0.3, 50, 0.4, 10.0, 100.0), "OneCycleLR",
         {"max_lr": 0.3, "total_steps": 50, "pct_start": 0.4, "div_factor": 10.0,
          "final_div_factor": 100.0}, 50),
    ],
    ids=repr,
)  # fmt: skip
def test_schedules_are_torchs(schedule: Any, name: str, fields: dict[str, Any], steps: int) -> None:
    """Over as many steps as torch defines."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    theirs = getattr(torch.optim.lr_scheduler, name)(optimizer, **fields)
    for k in range(steps):
        assert schedule(k) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12, abs=1e-17)
        optimizer.step()
        if k + 1 < steps:
            theirs.step()


@pytest.mark.parametrize(
    "schedule",
    [
        fm.PolynomialDecay(0.3, 40, 2, 0.01),
        fm.CosineDecay(0.3, 40, end=0.03),
        fm.ExponentialDecay(0.3, 0.05),
    ],
    ids=repr,
)
def test_schedules_are_optaxs(schedule: Any) -> None:
    """Stored values of data/make_optax.py, past the end too."""
    data = np.load(Path(__file__).with_name("data") / "optax.npz")
    expected = data[f"schedule/{schedule.name}"]
    np.testing.assert_allclose([schedule(k) for k in range(60)], expected, rtol=1e-12)


def rates(optimizer: Any, epochs: int, batch_size: int) -> list[float]:
    """The learning rate of every step, seen by the move of a linear unit with gradient -1."""
    net = fm.Network([1, 1], dtype="float64", init="zeros", seed=0)
    seen = [0.0]

    def spy(o: Any, y: Any) -> tuple[Any, Any]:
        seen.append(float(net.biases[0][0]))
        return 0 * o[:, 0], -np.ones_like(o)

    net.fit(np.zeros((6, 1)), np.zeros(6), loss=spy, optimizer=optimizer, epochs=epochs,
            batch_size=batch_size)  # fmt: skip
    return np.diff([*seen[1:], float(net.biases[0][0])]).tolist()


def test_a_rate_per_step_and_a_rate_per_epoch() -> None:
    """Three steps an epoch: k counts all steps, or epochs from 0."""
    steps = rates(fm.SGD(fm.InverseTimeDecay(0.3, 0.5)), 3, 2)
    np.testing.assert_allclose(steps, [0.3 / (1 + 0.5 * k) for k in range(9)], rtol=1e-12)
    epochs = rates(fm.SGD(fm.InverseTimeDecay(0.3, 0.5, per="epoch")), 3, 2)
    expected = np.repeat([0.3 / (1 + 0.5 * k) for k in range(3)], 3)
    np.testing.assert_allclose(epochs, expected, rtol=1e-12)


def test_native_training_follows_the_schedule() -> None:
    """The built-in loss, in an epoch of one native call, against the oracle's steps."""
    for per in ("step", "epoch"):
        schedule = fm.ExponentialDecay(0.2, 0.3, per=per)
        scheduled, by_hand = fresh(), fresh()
        scheduled.fit(X, Y, optimizer=fm.SGD(schedule), epochs=3, batch_size=6, shuffle=False)
        for k in range(12):
            rate = schedule(k if per == "step" else k // 4)
            block = slice(6 * (k % 4), 6 * (k % 4) + 6)
            fm.Trainer(by_hand, optimizer=fm.SGD(rate)).step(X[block], Y[block])
        np.testing.assert_allclose(scheduled.parameters, by_hand.parameters, rtol=1e-12)


@pytest.mark.parametrize("custom_loss", [False, True], ids=["native", "custom loss"])
def test_a_function_is_evaluated_once_per_epoch(custom_loss: bool) -> None:
    """fit evaluates it at 0, 1, 2, once each, and uses the results."""
    evaluated: list[int] = []

    def rate(epoch: int) -> float:
        evaluated.append(epoch)
        return 0.1 / (1 + epoch)

    if custom_loss:
        seen = rates(fm.SGD(rate), 3, 2)
        np.testing.assert_allclose(seen, np.repeat([0.1, 0.05, 0.1 / 3], 3), rtol=1e-12)
    else:
        plain, scheduled = fresh(), fresh()
        scheduled.fit(X, Y, optimizer=fm.SGD(rate), epochs=3, batch_size=6)
        decay = fm.InverseTimeDecay(0.1, 1.0, per="epoch")
        plain.fit(X, Y, optimizer=fm.SGD(decay), epochs=3, batch_size=6)
        np.testing.assert_allclose(scheduled.parameters, plain.parameters, rtol=1e-12)
    assert sorted(set(evaluated)) == [0, 1, 2]
    assert evaluated.count(1) == evaluated.count(2) == 1


def test_minimize_evaluates_it_at_every_step() -> None:
    """There an epoch is a step, and it is called once for each."""
    evaluated: list[int] = []

    def rate(step: int) -> float:
        evaluated.append(step)
        return 0.1 * 0.5**step

    result = fm.minimize(lambda w: (w.sum(), 1 + 0 * w), [0.0], fm.SGD(rate), steps=4,
                         record_path=True)  # fmt: skip
    np.testing.assert_allclose(result.path[:, 0], [0, -0.1, -0.15, -0.175, -0.1875])
    assert evaluated == [0, 1, 2, 3]
    per_step = fm.minimize(lambda w: (w.sum(), 1 + 0 * w), [0.0],
                           fm.SGD(fm.ExponentialDecay(0.1, np.log(2))), steps=4)  # fmt: skip
    np.testing.assert_allclose(per_step.w, result.w)


@pytest.mark.parametrize(("answer", "kind"), [(float("nan"), ValueError), (-0.1, ValueError),
                                              (float("inf"), ValueError), ("fast", TypeError),
                                              (None, TypeError), ([0.1], TypeError)])  # fmt: skip
def test_a_bad_answer_is_refused_by_name(answer: Any, kind: type[Exception]) -> None:
    net = fresh()
    before = net.parameters.copy()
    message = rf"^SGD: learning_rate\(0\)={re.escape(repr(answer))}, expected a (finite )?number"
    with pytest.raises(kind, match=message):
        net.fit(X, Y, optimizer=fm.SGD(lambda epoch: answer), epochs=2)
    np.testing.assert_array_equal(net.parameters, before)


def test_an_error_of_the_function_passes_through() -> None:
    """In the epoch that evaluates it; the previous epochs stay."""
    net, one = fresh(), fresh()
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, optimizer=fm.SGD(lambda epoch: 0.1 / (1 - epoch)), epochs=3, batch_size=N)
    one.fit(X, Y, optimizer=fm.SGD(0.1), epochs=1, batch_size=N)
    np.testing.assert_array_equal(net.parameters, one.parameters)


def test_a_schedule_shows_in_the_trainer_and_scales() -> None:
    """trainer.learning_rate is that of the next step; a factor multiplies all to come."""
    trainer = fm.Trainer(fresh(), optimizer=fm.Adam(fm.StepDecay(0.1, 2, 0.5)))
    seen = []
    for _ in range(4):
        seen.append(trainer.learning_rate)
        trainer.step(X, Y)
    trainer.scale_learning_rate(0.1)
    np.testing.assert_allclose([*seen, trainer.learning_rate], [0.1, 0.1, 0.05, 0.05, 0.0025])


def test_schedules_resume_where_they_stopped() -> None:
    """run(2) and run(3) of one trainer are run(5)."""
    ends = []
    for parts in ((5,), (2, 3)):
        net = fresh()
        optimizer = fm.SGD(fm.CosineDecay(0.2, 5, per="epoch"))
        trainer = fm.Trainer(net, optimizer=optimizer, batch_size=7)
        for epochs in parts:
            trainer.run(X, Y, epochs=epochs)
        ends.append(net.parameters.copy())
    np.testing.assert_array_equal(*ends)

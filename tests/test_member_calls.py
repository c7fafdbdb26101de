"""Members called directly: arrays in, arrays out, and errors in the form of all others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from bad_input import DEFECTS, is_well_formed
from fastmlp import _core

pd = pytest.importorskip("pandas")

SCHEDULES = [
    fm.Constant(0.3),
    fm.ExponentialDecay(0.3, 0.05),
    fm.InverseTimeDecay(0.3, 0.1),
    fm.StepDecay(0.3, 3, 0.5),
    fm.PolynomialDecay(0.3, 7, 2, 0.01),
    fm.CosineDecay(0.3, 5, warmup=2, restarts=1.5),
    fm.OneCycle(0.3, 9),
]
schedules = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s.name)


def test_every_schedule_is_called_here() -> None:
    assert [schedule.name for schedule in SCHEDULES] == list(_core.schedules)


@schedules
@pytest.mark.parametrize("dtype", [int, np.uint8, np.int32, np.float32, float])
def test_schedules_take_arrays_of_any_shape(schedule: Any, dtype: Any) -> None:
    """Each entry is the rate of that step, bit for bit, in float64."""
    steps = np.arange(24).reshape(2, 3, 4).astype(dtype)
    rates = schedule(steps)
    assert rates.shape == (2, 3, 4)
    assert rates.dtype == np.float64
    assert rates.ravel().tolist() == [schedule(k) for k in range(24)]


@schedules
def test_a_number_gives_a_float(schedule: Any) -> None:
    for three in (3, 3.0, np.int64(3), np.float32(3), np.array(3)):
        rate = schedule(three)
        assert type(rate) is float
        assert rate == schedule(k=3) == schedule([3])[0]


@schedules
def test_schedules_take_what_arrays_are_made_of(schedule: Any) -> None:
    expected = [schedule(k) for k in (0, 2, 4)]
    column = np.array([[0, 9], [2, 9], [4, 9]])[:, 0]
    for steps in ([0, 2, 4], (0, 2, 4), range(0, 5, 2), pd.Series([0, 2, 4]), column):
        assert schedule(steps).tolist() == expected
    assert schedule([]).shape == (0,)
    assert schedule([0.5, 1.5]).tolist() == [schedule(0.5), schedule(1.5)]


@schedules
@pytest.mark.parametrize("bad", [-1, -0.5, float("nan"), float("inf"), -float("inf")])
def test_steps_out_of_range_are_refused_by_place(schedule: Any, bad: float) -> None:
    where = type(schedule).__name__
    with pytest.raises(ValueError, match=r": k=.*expected a finite number >= 0") as refused:
        schedule(bad)
    assert is_well_formed(str(refused.value), where)
    with pytest.raises(ValueError, match=r": k\.flat\[3\]=") as refused:
        schedule(np.array([[0, 1], [2, bad]]))
    assert is_well_formed(str(refused.value), where)


CALLS = {  # a member, the name of a method, the names of its arguments, arguments that fit
    "activation": (fm.ReLU(), "__call__", ["a"], [[1.0]]),
    "derivative": (fm.Tanh(), "derivative", ["a"], [[1.0]]),
    "softmax": (fm.Softmax(), "derivative", ["a"], [[1.0, 2.0]]),
    "loss": (fm.Huber(), "__call__", ["o", "y"], [[[1.0]], [[2.0]]]),
    "gradient": (fm.Huber(), "gradient", ["o", "y"], [[[1.0]], [[2.0]]]),
    "schedule": (fm.CosineDecay(), "__call__", ["k"], [3]),
    "initializer": (fm.HeNormal(), "__call__", ["n_in", "n_out"], [3, 2]),
    "get_params": (fm.Adam(), "get_params", [], []),
}
calls = pytest.mark.parametrize("case", CALLS)


def where_of(member: Any, method: str) -> str:
    return type(member).__name__ + ("" if method == "__call__" else f".{method}")


@calls
def test_arguments_have_names(case: str) -> None:
    member, method, names, good = CALLS[case]
    call = getattr(member, method)
    by_name, by_place = call(**dict(zip(names, good, strict=True))), call(*good)
    assert np.asarray(by_name).tolist() == np.asarray(by_place).tolist()


@calls
def test_wrong_arguments_are_refused_in_words(case: str) -> None:
    """Missing, too many, unknown, given twice: no message of the binding library."""
    member, method, names, good = CALLS[case]
    where, call = where_of(member, method), getattr(member, method)
    many = [*good, *[1] * 4]
    wrong: list[tuple[list[Any], dict[str, Any], str]] = [
        (many, {}, f"{len(many)} positional arguments, expected at most"),
        (good, {"nonsense": 1}, "nonsense is not a parameter"),
    ]
    if names:
        wrong.append((good[:-1], {}, f"{names[-1]} is missing"))
        wrong.append((good, {names[0]: good[0]}, f"{names[0]} is given twice"))
    for arguments, keywords, message in wrong:
        with pytest.raises(TypeError, match=rf"^{where}: {message}") as refused:
            call(*arguments, **keywords)
        assert "incompatible function arguments" not in str(refused.value)


@pytest.mark.parametrize("defect", [name for name, (_, kind, _) in DEFECTS.items()
                                    if kind is TypeError])  # fmt: skip
@pytest.mark.parametrize("case", ["activation", "derivative", "loss", "gradient", "schedule"])
def test_what_is_no_number_is_refused_by_name(case: str, defect: str) -> None:
    member, method, names, good = CALLS[case]
    make, kind, message = DEFECTS[defect]
    bad = make(np.ones((2, 2)))
    for place, name in enumerate(names):
        with pytest.raises(kind, match=message) as refused:
            getattr(member, method)(*good[:place], bad, *good[place + 1 :])
        assert str(refused.value).startswith(f"{where_of(member, method)}: {name} ")
        assert ", expected " in str(refused.value)


@pytest.mark.parametrize("deep", [0, 1, "yes", None])
def test_deep_is_a_flag(deep: Any) -> None:
    with pytest.raises(TypeError, match=r"^Adam\.get_params: deep=.*, expected True or False"):
        fm.Adam().get_params(deep=deep)

"""`fm.line_search`: the searches alone, on functions whose lengths are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

import fastmlp as fm

SEARCHES = [fm.StrongWolfe(), fm.StrongWolfe(c2=0.1), fm.Backtracking(), fm.Backtracking(c1=0.3)]


def quartic(w: Any) -> tuple[Any, Any]:
    return ((w - 2) ** 4).sum() + (w @ w), 4 * (w - 2) ** 3 + 2 * w


def is_found(search: Any, start: float, slope: float, found: fm.LineSearchResult, d: Any) -> bool:
    enough = found.value <= start + search.c1 * found.step * slope
    if isinstance(search, fm.Backtracking):
        return bool(enough)
    return bool(enough and abs(found.gradient @ d) <= search.c2 * abs(slope))


@pytest.mark.parametrize("search", SEARCHES, ids=repr)
@given(first=st.floats(1e-3, 1e3), seed=st.integers(0, 1000), dim=st.integers(1, 5))
def test_the_length_fulfils_the_conditions(search: Any, first: float, seed: int, dim: int) -> None:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=dim)
    value, g = quartic(w)
    d = -g * rng.uniform(0.1, 10)
    found = fm.line_search(quartic, w, d, search, first_step=first)
    assert found.status == "found"
    assert is_found(search, value, float(g @ d), found, d)
    np.testing.assert_allclose(found.w, w + found.step * d, rtol=1e-14, atol=1e-15)
    np.testing.assert_array_equal(found.gradient, quartic(found.w)[1])
    assert found.value == quartic(found.w)[0]


def test_evaluations_are_calls_and_not_many_more_than_scipys() -> None:
    calls, theirs = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        w = rng.normal(size=3)
        d = -quartic(w)[1]
        count = []

        def counted(v: Any, count: list[int] = count) -> tuple[Any, Any]:
            count.append(1)
            return quartic(v)

        found = fm.line_search(counted, w, d, first_step=1)
        assert found.n_evaluations == len(count)
        calls.append(len(count))
        scipys = optimize.line_search(lambda v: quartic(v)[0], lambda v: quartic(v)[1], w, d)
        theirs.append(scipys[1])
    assert sum(calls) <= 1.25 * sum(theirs)


def test_backtracking_multiplies_by_its_factor() -> None:
    found = fm.line_search(quartic, [0.0], [1.0], fm.Backtracking(factor=0.3), first_step=10)
    assert np.log(found.step / 10) / np.log(0.3) == pytest.approx(found.n_evaluations - 2)


def test_a_direction_that_does_not_descend_is_said_so() -> None:
    found = fm.line_search(quartic, [0.0], [-1.0])
    assert (found.status, found.step, found.n_evaluations) == ("not_descent", 0, 1)
    np.testing.assert_array_equal(found.w, [0])


@pytest.mark.parametrize("search", SEARCHES, ids=repr)
def test_a_wall_is_stepped_back_from(search: Any) -> None:
    def wall(w: Any) -> tuple[Any, Any]:
        return (np.nan, w) if w[0] > 0.5 else (-w[0], np.array([-1.0]))

    found = fm.line_search(wall, [0.0], [1.0], search, first_step=64)
    assert found.status in ("found", "decrease")
    assert 0 < found.step <= 0.5


@pytest.mark.parametrize("search", SEARCHES, ids=repr)
def test_a_wrong_gradient_fails_at_the_start(search: Any) -> None:
    found = fm.line_search(lambda w: (w @ w, -2 * w), [1.0], [1.0], search)
    assert (found.status, found.step, found.value) == ("failed", 0, 1)
    np.testing.assert_array_equal(found.w, [1])
    np.testing.assert_array_equal(found.gradient, [-2])


@pytest.mark.parametrize("search", SEARCHES, ids=repr)
def test_a_step_that_does_not_move_is_not_found(search: Any) -> None:
    found = fm.line_search(lambda w: (w @ w, 2 * w), [3.0], [-1.0], search, first_step=1e-300)
    assert (found.status, found.step) == ("failed", 0)


def test_float32_stays_float32() -> None:
    found = fm.line_search(quartic, np.zeros(2, np.float32), np.ones(2, np.float32))
    assert found.w.dtype == found.gradient.dtype == np.float32


@pytest.mark.parametrize("search", [fm.StrongWolfe(max_evaluations=5), fm.Backtracking()], ids=repr)
def test_a_failed_search_returns_the_start_without_another_call(search: Any) -> None:
    """A call at the start and one for each length, of a function that no length reduces."""
    calls = []

    def fun(w: Any) -> tuple[Any, Any]:
        calls.append(w.copy())
        return 1 + abs(w[0] - 1), np.array([1.0])  # its slope is wrong

    found = fm.line_search(fun, [1.0], [-1.0], search)
    assert (found.status, found.step, found.value) == ("failed", 0, 1)
    np.testing.assert_array_equal([found.w, found.gradient], [[1], [1]])
    assert found.n_evaluations == len(calls) == 1 + search.max_evaluations
    assert all(w[0] != 1 for w in calls[1:])


@pytest.mark.parametrize("first", [1e-308, 1e-20])
def test_a_step_that_rounds_to_none_is_none(first: float) -> None:
    found = fm.line_search(quartic, [3.0], [-1.0], first_step=first)
    assert (found.step, found.w, found.status) == (0, [3], "failed")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((3, [1.0], [1.0]), {}, r"line_search: fun=3 \(int\), expected a function of w"),
        ((quartic, [], [1.0]), {}, r"line_search: w has shape \(0,\)"),
        (
            (quartic, [1.0], [1.0, 2]),
            {},
            r"line_search: direction has shape \(2,\), expected \(1,\)",
        ),
        ((quartic, [1.0], [np.nan]), {}, "line_search: direction"),
        ((quartic, [1.0], [1.0], "armijo"), {}, "method='armijo' is not known; expected one of"),
        ((quartic, [1.0], [1.0]), {"first_step": 0}, "line_search: first_step=0, expected"),
        ((lambda w: 3, [1.0], [1.0]), {}, "line_search: fun returned int"),
        ((lambda w: (3, [1, 2]), [1.0], [1.0]), {}, "line_search: gradient of fun has shape"),
    ],
)
def test_bad_arguments_have_clear_errors(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        fm.line_search(*arguments, **options)

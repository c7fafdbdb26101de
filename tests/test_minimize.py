"""fm.minimize: the optimizers on any Python function."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from problems import bowl, rosenbrock
from reference import Array


def test_the_result_is_complete() -> None:
    """w, its value, status, counts; no path unless requested; w0 untouched."""
    w0, calls = np.array([2.0, -1.5]), []

    def counted(w: Array) -> tuple[float, Array]:
        calls.append(w.copy())
        return bowl(w)

    result = fm.minimize(counted, w0, fm.SGD(0.1), steps=25)
    assert result.status == "max_steps"
    assert result.n_steps == 25
    assert result.n_evaluations == len(calls)
    assert result.value == bowl(result.w)[0]
    assert result.path is None
    np.testing.assert_array_equal(w0, [2.0, -1.5])
    np.testing.assert_allclose(result.w, [2 * 0.8**25, -1.5 * 0.2**25], rtol=1e-12)


def test_the_path_runs_from_w0_to_w() -> None:
    result = fm.minimize(bowl, np.array([2.0, -1.5]), fm.Adam(0.1), steps=7, record_path=True)
    assert result.path.shape == (8, 2)
    np.testing.assert_array_equal(result.path[0], [2.0, -1.5])
    np.testing.assert_array_equal(result.path[-1], result.w)


@pytest.mark.parametrize(
    ("w0", "dtype"),
    [
        (np.array([2, -1]), np.float64),
        ([2.0, -1.0], np.float64),
        (np.array([2, -1], np.float32), np.float32),
        (np.array([2.0, 9.0, -1.0])[::2], np.float64),
    ],
)
def test_the_dtype_is_that_of_w0(w0: Any, dtype: type) -> None:
    """Integers and lists become float64; the function sees that dtype too."""
    seen = set()

    def fun(w: Array) -> tuple[float, Array]:
        seen.add(w.dtype.type)
        return bowl(w)

    result = fm.minimize(fun, w0, fm.SGD(0.1), steps=3)
    assert result.w.dtype.type == dtype
    assert seen == {dtype}


def test_the_function_may_keep_and_change_what_it_gets() -> None:
    """Arrays that `fun` keeps do not change later; changes to them do not affect the run."""
    kept: list[Array] = []

    def fun(w: Array) -> tuple[float, Array]:
        kept.append(w)
        return bowl(w)

    result = fm.minimize(fun, np.array([2.0, 1.0]), fm.SGD(0.1), steps=4, record_path=True)
    np.testing.assert_array_equal(kept[:4], result.path[:4])

    def spoils(w: Array) -> tuple[float, Array]:
        value, g = bowl(w)
        if w.flags.writeable:
            w[:] = 99
        return value, g

    spoilt = fm.minimize(spoils, np.array([2.0, 1.0]), fm.SGD(0.1), steps=4)
    np.testing.assert_array_equal(spoilt.w, result.w)


def test_not_finite_keeps_the_last_finite_point() -> None:
    """A diverging run ends with a status, not with an exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow in the function itself, and the advice
        result = fm.minimize(rosenbrock, np.array([-1.2, 1.0]), fm.SGD(1.0), steps=1000)
    assert result.status == "not_finite"
    assert np.isfinite(result.w).all()
    assert result.n_steps < 1000


@pytest.mark.parametrize("optimizer", ["lbfgs", "newton", "sgd"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_start_that_is_not_finite_has_its_value(optimizer: str, value: float) -> None:
    result = fm.minimize(lambda w: (value, 2 * w), [1.0, 2.0], optimizer)
    assert result.status == "not_finite"
    np.testing.assert_equal(result.value, value)
    np.testing.assert_array_equal(result.w, [1, 2])


def test_values_may_reuse_their_array() -> None:
    """Also where the gradient, a function of its own, calls the function again."""
    buffer = np.zeros(1)

    def fun(w: Array) -> Array:
        buffer[0] = w @ w
        return buffer

    def jac(w: Array) -> Array:
        fun(w + 1)
        return 2 * w

    result = fm.minimize(fun, [3.0, -4.0], fm.SGD(0.25), jac=jac, steps=2, record_path=True)
    assert result.value == result.w @ result.w


def test_an_exception_of_the_function_comes_through() -> None:
    def fails(w: Array) -> tuple[float, Array]:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        fm.minimize(fails, np.ones(2), fm.SGD(0.1), steps=3)


@pytest.mark.parametrize("gradient", [np.ones(3), np.ones((2, 2)), 1.0])
def test_a_gradient_of_a_wrong_shape_is_refused(gradient: Any) -> None:
    with pytest.raises(ValueError, match=r"minimize: .*gradient.*expected \(2,\)"):
        fm.minimize(lambda w: (0.0, gradient), np.ones(2), fm.SGD(0.1), steps=3)


def test_something_else_than_value_and_gradient_is_refused() -> None:
    with pytest.raises(TypeError, match="minimize"):
        fm.minimize(lambda w: 1.0, np.ones(2), fm.SGD(0.1), steps=3)


@pytest.mark.parametrize("w0", [np.ones((2, 2)), np.array(1.0), np.array([np.nan, 1.0])])
def test_a_bad_start_is_refused(w0: Array) -> None:
    with pytest.raises(ValueError, match="minimize: w0"):
        fm.minimize(bowl, w0, fm.SGD(0.1), steps=3)


def test_max_seconds_ends_a_long_run() -> None:
    """It would take hours otherwise."""
    result = fm.minimize(bowl, np.ones(2), fm.SGD(1e-9), steps=10**9, max_seconds=0.1)
    assert result.status == "max_seconds"
    assert 0 < result.n_steps < 10**9

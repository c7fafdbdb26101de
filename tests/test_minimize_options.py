"""Options of `minimize` as SciPy's: `jac`, `tol`, `callback`; and what is said where it crawls."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

import fastmlp as fm
from reference import Array

START = [-1.2, 1.0]
METHODS = ["bfgs", "lbfgs", "nonlinear_cg", "newton", "saddle_free_newton", "hessian_free"]


def both(w: Array) -> tuple[float, Array]:
    return rosen(w), rosen_der(w)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", "newton"])
def test_a_gradient_of_its_own_makes_the_same_run(optimizer: str) -> None:
    one = fm.minimize(both, START, optimizer, steps=20, record_path=True)
    other = fm.minimize(rosen, START, optimizer, jac=rosen_der, steps=20, record_path=True)
    assert one.path is not None
    assert other.path is not None
    np.testing.assert_array_equal(one.path, other.path)
    assert (one.status, one.n_evaluations) == (other.status, other.n_evaluations)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_differences_find_the_minimum_and_cost_what_is_said(dtype: str) -> None:
    """2 dim + 1 calls for each point; central differences are good to eps**(2/3)."""
    calls = []

    def fun(w: Array) -> Any:
        calls.append(w)
        w[:] = w + 0  # its argument is its own
        return rosen(w.astype(float))

    result = fm.minimize(fun, np.array(START, dtype), "bfgs", jac=False, steps=60)
    assert len(calls) == 5 * result.n_evaluations
    assert result.w == pytest.approx([1, 1], abs=0.1 if dtype == "float32" else 1e-5)
    exact = fm.minimize(both, np.array(START, dtype), fm.SGD(1e-4), steps=1)
    found = fm.minimize(fun, np.array(START, dtype), fm.SGD(1e-4), jac=False, steps=1)
    error = np.abs(found.w - exact.w).max() / 1e-4 / np.abs(rosen_der(np.array(START))).max()
    assert error < 3000 * np.finfo(dtype).eps ** (2 / 3)


@pytest.mark.parametrize("optimizer", METHODS)
def test_tol_of_methods_is_their_gtol(optimizer: str) -> None:
    """The same run as with gtol, which ends where no component is larger."""
    result = fm.minimize(both, START, optimizer, steps=500, tol=1e-3)
    assert result.status == "converged"
    assert np.abs(rosen_der(result.w)).max() <= 1e-3
    cls = type(fm.Trainer(fm.Network([1, 1]), optimizer=optimizer).optimizer)
    same = fm.minimize(both, START, cls(gtol=1e-3), steps=500)  # type: ignore[call-arg]
    np.testing.assert_array_equal(result.w, same.w)


@pytest.mark.parametrize("optimizer", [fm.SGD(0.1), fm.SGD(0.1, momentum=0.5), fm.Adam(0.1)])
def test_tol_ends_rules_one_step_after_the_gradient_is_small(optimizer: Any) -> None:
    path = fm.minimize(square, [3.0, -4.0], optimizer, steps=400, record_path=True).path
    assert path is not None
    first = int(np.argmax(np.abs(2 * path).max(1) <= 1e-3))
    result = fm.minimize(square, [3.0, -4.0], optimizer, steps=400, tol=1e-3)
    assert (result.status, result.n_steps) == ("converged", first + 1)
    np.testing.assert_array_equal(result.w, path[first + 1])


def square(w: Array) -> tuple[Any, Array]:
    return w @ w, 2 * w


def test_the_callback_sees_every_iterate() -> None:
    """A copy, which it may keep and change; the path is that of a run without it."""
    seen: list[Array] = []

    def callback(w: Array) -> None:
        seen.append(w.copy())
        w[:] = 0

    result = fm.minimize(both, START, "lbfgs", steps=8, callback=callback, record_path=True)
    assert result.path is not None
    np.testing.assert_array_equal(seen, result.path[1:])
    np.testing.assert_array_equal(result.w, fm.minimize(both, START, "lbfgs", steps=8).w)


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("tol", [None, 1e-12])
def test_true_and_stop_iteration_end_the_run(raises: bool, tol: float | None) -> None:
    seen: list[Array] = []

    def callback(w: Array) -> bool:
        seen.append(w)
        if raises and len(seen) == 3:
            raise StopIteration
        return len(seen) == 3

    result = fm.minimize(both, START, fm.SGD(1e-4), steps=50, callback=callback, tol=tol)
    assert (result.status, result.n_steps, len(seen)) == ("stopped", 4, 4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"jac": "2-point"}, r"jac='2-point' \(str\), expected True or False"),
        ({"jac": None}, r"jac=None \(NoneType\)"),
        ({"tol": -1.0}, "tol=-1.0, expected a finite number >= 0"),
        ({"callback": 3}, r"callback=3 \(int\), expected a function of w, or None"),
        ({"callback": lambda w: 0.5}, "the answer of callback=0.5 .*expected True to stop"),
        ({"jac": lambda w: w[:1]}, r"gradient of fun has shape \(1,\), expected \(2,\)"),
        ({"jac": False}, "value of fun"),
    ],
)
def test_options_that_do_not_fit_are_refused(fields: dict[str, Any], message: str) -> None:
    fun: Any = rosen if "jac" in fields and callable(fields["jac"]) else both
    with pytest.raises((TypeError, ValueError), match=f"^minimize: {message}"):
        fm.minimize(fun, START, **fields)


def test_exceptions_of_a_callback_come_through() -> None:
    def callback(w: Array) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match=r"^mine$"):
        fm.minimize(both, START, callback=callback)


def test_defaults_that_crawl_say_so_and_others_do_not() -> None:
    """100 steps of 1e-3 move each component by 0.1; a large gradient at the end is worth a word."""
    message = r"^minimize: after 100 steps of optimizer='adam' with learning_rate=0.001 the g"
    with pytest.warns(fm.TrainingWarning, match=message):
        result = fm.minimize(square, [3.0, -4.0])
    assert result.status == "max_steps"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fm.minimize(square, [0.05, -0.04])
        fm.minimize(square, [3.0, -4.0], steps=99)
        fm.minimize(square, [3.0, -4.0], fm.Adam())
        fm.minimize(square, [3.0, -4.0], "sgd")
        fm.minimize(square, [3.0, -4.0], "lbfgs")

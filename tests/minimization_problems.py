"""Functions with known minima (Moré, Garbow & Hillstrom 1981), and functions that have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import rosen, rosen_der, rosen_hess

import fastmlp as fm
from reference import Array

Fun = Callable[[Array], tuple[float, Array]]


class Problem(NamedTuple):
    """f with its gradient, Hessian, start and the values of its minima."""

    fun: Fun
    hess: Callable[[Array], Array]
    w0: Array
    minima: tuple[float, ...]


def beale(w: Array) -> tuple[float, Array]:
    x, y = w
    k = np.arange(1, 4)
    e = np.array([1.5, 2.25, 2.625]) - x * (1 - y**k)
    return float(e @ e), np.array([-2 * e @ (1 - y**k), 2 * x * e @ (k * y ** (k - 1))])


def booth(w: Array) -> tuple[float, Array]:
    A, b = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([7.0, 5.0])
    e = A @ w - b
    return float(e @ e), 2 * A.T @ e


def powell(w: Array) -> tuple[float, Array]:
    a, b, c, d = w[0] + 10 * w[1], w[2] - w[3], w[1] - 2 * w[2], w[0] - w[3]
    value = a * a + 5 * b * b + c**4 + 10 * d**4
    return float(value), np.array(
        [2 * a + 40 * d**3, 20 * a + 4 * c**3, 10 * b - 8 * c**3, -10 * b - 40 * d**3]
    )


def hessian_by_differences(fun: Fun) -> Callable[[Array], Array]:
    def hess(w: Array) -> Array:
        h = 1e-5
        H = np.array([(fun(w + h * e)[1] - fun(w - h * e)[1]) / (2 * h) for e in np.eye(len(w))])
        return (H + H.T) / 2

    return hess


def rosenbrock(w: Array) -> tuple[float, Array]:
    return float(rosen(w)), rosen_der(w)


def _start(n: int) -> Array:
    return np.where(np.arange(n) % 2 == 0, -1.2, 1.0)


PROBLEMS = {
    "rosenbrock-2": Problem(rosenbrock, rosen_hess, _start(2), (0.0,)),
    "rosenbrock-10": Problem(rosenbrock, rosen_hess, _start(10), (0.0, 3.98658)),
    "rosenbrock-100": Problem(rosenbrock, rosen_hess, _start(100), (0.0, 3.98662)),
    "beale": Problem(beale, hessian_by_differences(beale), np.array([1.0, 1.0]), (0.0,)),
    "booth": Problem(booth, hessian_by_differences(booth), np.zeros(2), (0.0,)),
    "powell": Problem(
        powell, hessian_by_differences(powell), np.array([3.0, -1.0, 0.0, 1.0]), (0.0,)
    ),
}


class Counted:
    """A function that counts its calls, and those after the last improvement of the value."""

    def __init__(self, fun: Fun) -> None:
        self.fun, self.calls, self.since, self.best = fun, 0, 0, np.inf

    def __call__(self, w: Array) -> tuple[float, Array]:
        with np.errstate(all="ignore"):  # of values far away
            value, g = self.fun(w)
        self.calls += 1
        self.since += 1
        if np.isfinite(value) and np.isfinite(g).all() and value < self.best:
            self.best, self.since = value, 0
        return value, g


def flat(w: Array) -> tuple[float, Array]:
    return 1.0, 0 * w


def linear(w: Array) -> tuple[float, Array]:
    return float(w.sum()), np.ones_like(w)


def unbounded(w: Array) -> tuple[float, Array]:
    return -float((w.astype(np.float64) ** 2).sum()), -2 * w


def wall(w: Array) -> tuple[float, Array]:
    """-sum w up to 2, infinite beyond."""
    return (np.inf if (w > 2).any() else -float(w.sum())), -np.ones_like(w)


def wrong_sign(w: Array) -> tuple[float, Array]:
    return float((w * w).sum()), -2 * w


def kink(w: Array) -> tuple[float, Array]:
    return float(np.abs(w).sum()), np.sign(w)


def nan_after(calls: int) -> Fun:
    left = [calls]

    def fun(w: Array) -> tuple[float, Array]:
        left[0] -= 1
        value, g = rosenbrock(w.astype(np.float64))
        return (value if left[0] >= 0 else np.nan), g.astype(w.dtype)

    return fun


WILD: dict[str, Callable[[], Fun]] = {
    "flat": lambda: flat,
    "linear": lambda: linear,
    "unbounded": lambda: unbounded,
    "wall": lambda: wall,
    "wrong sign": lambda: wrong_sign,
    "kink": lambda: kink,
    "nan after 5": lambda: nan_after(5),
    "nan after 1": lambda: nan_after(1),
}


FORMULAS = ("fletcher_reeves", "polak_ribiere", "hestenes_stiefel", "dai_yuan", "daniel")
METHODS = {
    "lbfgs": fm.LBFGS(gtol=1e-6),
    "bfgs": fm.BFGS(gtol=1e-6),
    "dfp": fm.BFGS(update="dfp", gtol=1e-6),
    **{formula: fm.NonlinearCG(formula, gtol=1e-6) for formula in FORMULAS},
    "trust region": fm.Newton(gtol=1e-6),
    "levenberg": fm.Newton("levenberg", gtol=1e-6),
    "saddle free": fm.SaddleFreeNewton(gtol=1e-6),
    "hessian free": fm.HessianFree(gtol=1e-6),
}


def hvp_of(hess: Any) -> Any:
    return lambda w, v: hess(w) @ v

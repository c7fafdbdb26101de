"""Second-order methods on functions: steps by their formulas, and counts beside SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fastmlp as fm
import reference_methods as ref
from fastmlp import _core
from minimization_problems import FORMULAS, METHODS, PROBLEMS, Counted, hvp_of
from reference import Array

methods = pytest.mark.parametrize("method", METHODS)


def path_of(optimizer: Any, name: str = "rosenbrock-10", steps: int = 12) -> tuple[Array, Array]:
    """Return the points of a run and the gradients there."""
    problem = PROBLEMS[name]
    hvp = hvp_of(problem.hess)
    result = fm.minimize(problem.fun, problem.w0, optimizer, steps=steps, hvp=hvp, record_path=True)
    return result.path, np.array([problem.fun(w)[1] for w in result.path])


def assert_parallel(step: Array, direction: Array, rtol: float = 1e-6) -> None:
    assert step @ direction > 0
    unit = direction / np.linalg.norm(direction)
    np.testing.assert_allclose(step / np.linalg.norm(step), unit, rtol=0, atol=rtol)


def test_every_method_is_tested() -> None:
    assert {type(method).name for method in METHODS.values()} == set(_core.methods) - {
        "levenberg_marquardt"
    }


# ---- steps by their formulas ---------------------------------------------------------------------


@pytest.mark.parametrize("update", ["bfgs", "dfp"])
def test_bfgs_steps_along_minus_G_g(update: str) -> None:
    W, g = path_of(fm.BFGS(update))
    for k in range(len(W) - 1):
        direction = ref.quasi_newton_direction(W[: k + 1], g[: k + 1], update)
        assert_parallel(W[k + 1] - W[k], direction)


@pytest.mark.parametrize("history_size", [1, 3, 10])
def test_lbfgs_steps_along_minus_G_g_of_the_last_pairs(history_size: int) -> None:
    W, g = path_of(fm.LBFGS(history_size), steps=20)
    for k in range(len(W) - 1):
        direction = ref.lbfgs_direction(W[: k + 1], g[: k + 1], history_size)
        assert_parallel(W[k + 1] - W[k], direction)


@pytest.mark.parametrize("formula", FORMULAS)
def test_conjugate_gradients_keep_beta_times_the_last_direction(formula: str) -> None:
    W, g = path_of(fm.NonlinearCG(formula), steps=30)
    hess, d, betas = PROBLEMS["rosenbrock-10"].hess, -g[0], []
    for k in range(len(W) - 1):
        if k > 0:
            betas.append(ref.cg_beta(formula, g[k], g[k - 1], d, hess(W[k])))
            d = -g[k] + betas[-1] * d
            if d @ g[k] >= 0:
                d = -g[k]
        assert_parallel(W[k + 1] - W[k], d, rtol=1e-5)
    assert np.count_nonzero(betas) > 5


def test_a_quadratic_takes_as_many_conjugate_directions_as_dimensions() -> None:
    """With exact line searches; ours is inexact, so a few more."""
    A = np.diag([1.0, 10.0, 100.0, 1000.0])
    result = fm.minimize(lambda w: (w @ A @ w / 2, A @ w), np.ones(4), fm.NonlinearCG(), steps=200)
    assert result.status == "converged"
    assert result.n_steps <= 12


@pytest.mark.parametrize("damping", [0, 0.5, 30.0])
def test_newton_with_constant_damping_solves_its_equation(damping: float) -> None:
    W, g = path_of(fm.Newton(damping), "rosenbrock-2", steps=5)
    for k in range(len(W) - 1):
        H = PROBLEMS["rosenbrock-2"].hess(W[k]) + damping * np.eye(2)
        np.testing.assert_allclose(W[k + 1] - W[k], np.linalg.solve(H, -g[k]), rtol=1e-8)


@pytest.mark.parametrize("damping", ["trust_region", "levenberg"])
def test_newton_steps_solve_a_damped_equation(damping: str) -> None:
    """(H + lambda I) p = -g with one lambda >= 0, and H + lambda I is positive definite."""
    W, g = path_of(fm.Newton(damping), "rosenbrock-10", steps=20)
    for k in range(len(W) - 1):
        p, H = W[k + 1] - W[k], PROBLEMS["rosenbrock-10"].hess(W[k])
        lam = -(p @ (g[k] + H @ p)) / (p @ p)
        np.testing.assert_allclose(
            H @ p + lam * p, -g[k], rtol=0, atol=1e-6 * np.abs(g[k]).max() + 1e-9
        )
        assert lam >= -1e-6
        assert np.linalg.eigvalsh(H)[0] + lam > -1e-6 * np.abs(H).max()


def test_saddle_free_steps_use_absolute_eigenvalues() -> None:
    W, g = path_of(fm.SaddleFreeNewton(), "rosenbrock-10", steps=20)
    negative = 0
    for k in range(len(W) - 1):
        p = W[k + 1] - W[k]
        values, Q = np.linalg.eigh(PROBLEMS["rosenbrock-10"].hess(W[k]))
        negative += values[0] < 0
        H = (Q * np.abs(values)) @ Q.T
        lam = -(p @ (g[k] + H @ p)) / (p @ p)
        np.testing.assert_allclose(
            H @ p + lam * p, -g[k], rtol=0, atol=1e-6 * np.abs(g[k]).max() + 1e-9
        )
    assert negative > 0


@pytest.mark.parametrize("method", ["lbfgs", "bfgs", *FORMULAS])
def test_accepted_steps_satisfy_the_strong_wolfe_conditions(method: str) -> None:
    optimizer = METHODS[method]
    W, g = path_of(optimizer, steps=60)
    c1, c2 = optimizer.line_search.c1, optimizer.line_search.c2
    f = [PROBLEMS["rosenbrock-10"].fun(w)[0] for w in W]
    for k in range(len(W) - 1):
        s = W[k + 1] - W[k]
        assert f[k + 1] <= f[k] + c1 * (g[k] @ s) + 1e-14
        assert abs(g[k + 1] @ s) <= c2 * abs(g[k] @ s) + 1e-14


# ---- counts beside SciPy's -----------------------------------------------------------------------

SCIPY = {"lbfgs": ("L-BFGS-B", 1.25), "bfgs": ("BFGS", 1.5), "polak_ribiere": ("CG", 2.0)}


@pytest.mark.parametrize("name", PROBLEMS)
@methods
def test_methods_find_a_minimum(method: str, name: str) -> None:
    problem = PROBLEMS[name]
    if method == "dfp" and name in ("rosenbrock-10", "rosenbrock-100"):
        pytest.skip("DFP needs an exact line search there: thousands of steps, as is known of it")
    counted = Counted(problem.fun)
    result = fm.minimize(counted, problem.w0, METHODS[method], steps=3000, hvp=hvp_of(problem.hess))
    assert result.status == "converged", result
    assert min(abs(result.value - minimum) for minimum in problem.minima) < 1e-4
    assert np.abs(problem.fun(result.w)[1]).max() <= 1e-6
    assert result.n_evaluations == counted.calls
    if method in SCIPY:
        name_there, factor = SCIPY[method]
        options = {"gtol": 1e-6, "maxiter": 10000}
        options |= {"ftol": 0, "maxfun": 10**5} if name_there == "L-BFGS-B" else {}
        theirs = scipy.optimize.minimize(
            problem.fun, problem.w0, jac=True, method=name_there, options=options
        )
        assert result.n_evaluations <= factor * theirs.nfev + 1


@pytest.mark.parametrize("name", PROBLEMS)
def test_newton_takes_at_most_half_more_evaluations_than_trust_exact(name: str) -> None:
    problem = PROBLEMS[name]
    result = fm.minimize(
        problem.fun, problem.w0, METHODS["trust region"], steps=3000, hvp=hvp_of(problem.hess)
    )
    theirs = scipy.optimize.minimize(
        problem.fun, problem.w0, jac=True, hess=problem.hess, method="trust-exact",
        options={"gtol": 1e-6, "maxiter": 10000},
    )  # fmt: skip
    assert result.n_evaluations <= 1.5 * theirs.nfev + 1


# ---- saddle points -------------------------------------------------------------------------------


def saddle(w: Array) -> tuple[float, Array]:
    """x² - y² + y⁴ / 4: a saddle at 0, minima at y = ±sqrt(2)."""
    x, y = w
    return float(x * x - y * y + y**4 / 4), np.array([2 * x, -2 * y + y**3])


def test_plain_newton_lands_on_the_saddle_and_stays() -> None:
    result = fm.minimize(saddle, np.array([0.5, 0.3]), fm.Newton(0), steps=50)
    assert result.status == "converged"
    np.testing.assert_allclose(result.w, 0, atol=1e-6)


@pytest.mark.parametrize("method", ["saddle free", "trust region", "lbfgs"])
def test_other_methods_leave_the_saddle(method: str) -> None:
    result = fm.minimize(saddle, np.array([0.5, 1e-3]), METHODS[method], steps=100)
    assert result.status == "converged"
    np.testing.assert_allclose(np.abs(result.w), [0, np.sqrt(2)], atol=1e-5)


def test_a_trust_region_leaves_the_saddle_itself() -> None:
    """The hard case: the gradient vanishes, and only the curvature points down."""
    for start in ([0.5, 0.0], [0.0, 0.0]):
        result = fm.minimize(saddle, np.array(start), fm.Newton(), steps=100)
        np.testing.assert_allclose(np.abs(result.w), [0, np.sqrt(2)], atol=1e-5)

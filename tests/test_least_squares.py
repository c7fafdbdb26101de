"""fm.least_squares and Levenberg and Marquardt's method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fastmlp as fm
from minimization_problems import rosenbrock
from reference import Array


def exponential(w: Array) -> Array:
    t = np.linspace(0, 2, 30)
    return w[0] * np.exp(w[1] * t) + w[2] * np.cos(3 * t) - (3 * np.exp(-2 * t) + np.cos(3 * t))


def exponential_jacobian(w: Array) -> Array:
    t = np.linspace(0, 2, 30)
    e = np.exp(w[1] * t)
    return np.stack([e, w[0] * t * e, np.cos(3 * t)], axis=1)


@pytest.mark.parametrize("jacobian", [None, exponential_jacobian])
def test_least_squares_finds_scipys_minimum(jacobian: Any) -> None:
    w0 = np.array([1.0, 0.0, 0.0])
    result = fm.least_squares(
        exponential, w0, jacobian, optimizer=fm.LevenbergMarquardt(gtol=1e-10)
    )
    theirs = scipy.optimize.least_squares(exponential, w0, method="lm", xtol=1e-12, ftol=1e-12)
    assert result.status in ("converged", "no_progress")
    np.testing.assert_allclose(result.w, theirs.x, atol=1e-6)
    assert result.value == pytest.approx(theirs.cost, abs=1e-12)


def test_levenberg_marquardt_steps_solve_their_equation() -> None:
    """(JᵀJ + lambda I) p = -Jᵀ r with one lambda > 0."""
    result = fm.least_squares(
        exponential, [1.0, 0.0, 0.0], exponential_jacobian, steps=6, record_path=True
    )
    for w, later in zip(result.path, result.path[1:], strict=False):
        J, p = exponential_jacobian(w), later - w
        g = J.T @ exponential(w)
        lam = -(p @ (g + J.T @ J @ p)) / (p @ p)
        assert lam > 0
        np.testing.assert_allclose(
            J.T @ J @ p + lam * p, -g, rtol=0, atol=1e-9 * np.abs(g).max() + 1e-15
        )


def test_least_squares_refuses_other_methods_and_shapes() -> None:
    with pytest.raises(TypeError, match=r"least_squares: optimizer='lbfgs'.*LevenbergMarquardt"):
        fm.least_squares(exponential, [1.0, 0.0, 0.0], optimizer="lbfgs")
    with pytest.raises(ValueError, match=r"jacobian has shape \(3,\), expected \(30, 3\)"):
        fm.least_squares(exponential, [1.0, 0.0, 0.0], lambda w: w)
    with pytest.raises(ValueError, match=r"residuals returned shape \(\), expected"):
        fm.least_squares(lambda w: w @ w, [1.0, 0.0])
    with pytest.raises(ValueError, match="objective has no residuals"):
        fm.minimize(rosenbrock, [1.0, 0.0], fm.LevenbergMarquardt())


@pytest.mark.parametrize("jacobian", [None, exponential_jacobian])
def test_residuals_may_reuse_their_array(jacobian: Any) -> None:
    buffer = np.empty(30)

    def reused(w: Array) -> Array:
        buffer[:] = exponential(w)
        return buffer

    def reusing(w: Array) -> Array:
        reused(w + 1)
        return exponential_jacobian(w)

    start = [1.0, 0.0, 0.0]
    result = fm.least_squares(reused, start, jacobian and reusing)
    fresh = fm.least_squares(exponential, start, jacobian)
    assert result.n_steps == fresh.n_steps > 1
    np.testing.assert_array_equal(result.w, fresh.w)

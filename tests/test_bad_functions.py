"""Second-order methods on functions without a minimum or a gradient: every run ends."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import rosen_hess

import fastmlp as fm
from minimization_problems import METHODS, PROBLEMS, WILD, Counted, hvp_of, rosenbrock
from reference import Array

methods = pytest.mark.parametrize("method", METHODS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", WILD)
@methods
def test_every_method_ends_on_bad_functions(method: str, name: str, dtype: str) -> None:
    """At the best point met, within 60 evaluations after the last improvement, with a status."""
    counted = Counted(WILD[name]())
    start = np.array([-1.2, 1.0], dtype)
    result = fm.minimize(
        counted, start, METHODS[method], steps=200,
        hvp=hvp_of(rosen_hess) if "nan" in name else lambda w, v: 0 * v,
    )  # fmt: skip
    assert counted.since <= 60
    assert result.status in (
        "converged", "no_progress", "max_steps", "line_search_failed", "not_finite",
    )  # fmt: skip
    assert result.advice
    assert np.isfinite(result.value)
    assert np.isfinite(result.w).all()
    if name == "flat":
        assert result.status == "converged"
    if name != "unbounded":
        assert result.value <= counted.best + 1e-6 * abs(counted.best)


@methods
def test_an_exception_passes_through(method: str) -> None:
    class Stop(Exception):
        pass

    calls = []

    def fun(w: Array) -> tuple[float, Array]:
        calls.append(w)
        if len(calls) == 4:
            raise Stop
        return rosenbrock(w)

    with pytest.raises(Stop):
        fm.minimize(fun, np.array([-1.2, 1.0]), METHODS[method])


@methods
def test_the_time_limit_holds_within_a_step(method: str) -> None:
    """The clock runs out in the middle of a search: it ends, with the best point met."""

    def slow(w: Array) -> tuple[float, Array]:
        time.sleep(0.02)
        return rosenbrock(w)

    start = np.array([-1.2, 1.0])
    result = fm.minimize(
        slow, start, METHODS[method], steps=10**6, max_seconds=0.1,
        hvp=hvp_of(PROBLEMS["rosenbrock-2"].hess),
    )  # fmt: skip
    assert result.status == "max_seconds"
    assert result.n_evaluations < 20
    assert result.value <= rosenbrock(start)[0]


@pytest.mark.parametrize("method", ["bfgs", "trust region", "levenberg"])
def test_dense_methods_refuse_what_does_not_fit(method: str) -> None:
    with pytest.raises(ValueError, match=r"3000000 x 3000000 numbers: .* GB, expected at most"):
        fm.minimize(lambda w: (0.0, w), np.zeros(3_000_000), METHODS[method])

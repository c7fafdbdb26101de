"""Second-order methods on networks: evaluations beside SciPy's, and the noise floor of float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fastmlp as fm
from fastmlp import _core
from reference import Array

SCIPY = {
    "lbfgs": (fm.LBFGS(), "L-BFGS-B", 1.25),
    "bfgs": (fm.BFGS(), "BFGS", 1.5),
    "cg": (fm.NonlinearCG(), "CG", 2.0),
    "newton": (fm.Newton(), "trust-exact", 1.5),
}


@pytest.mark.parametrize("name", SCIPY)
def test_a_small_network_takes_about_scipys_evaluations(name: str) -> None:
    """A 2-5-1 network until the largest entry of the gradient is 1e-3, from twenty starts."""
    method, theirs, factor = SCIPY[name]
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (60, 2))
    y = np.sin(X[:, :1]) * X[:, 1:] + 0.1 * rng.normal(size=(60, 1))
    ours, others = 0, 0
    for seed in range(20):
        net = fm.Network([2, 5, 1], activation="tanh", dtype="float64", seed=seed)

        def fun(w: Array, net: Any = net) -> tuple[float, Array]:
            net.parameters = w
            return net.value_and_grad(X, y)

        def hess(w: Array, net: Any = net) -> Array:
            net.parameters = w
            return net.hessian(X, y)

        start = net.parameters.copy()
        tight = type(method)(**{**method.get_params(deep=False), "gtol": 1e-3})
        result = fm.minimize(fun, start, tight, steps=5000, hvp=lambda w, v, hess=hess: hess(w) @ v)
        assert result.status == "converged"
        options = {"gtol": 1e-3, "maxiter": 5000}
        options |= {"ftol": 0, "maxfun": 10**5} if theirs == "L-BFGS-B" else {}
        found = scipy.optimize.minimize(
            fun, start, jac=True, method=theirs, options=options,
            hess=hess if theirs == "trust-exact" else None,
        )  # fmt: skip
        ours, others = ours + result.n_evaluations, others + found.nfev
    assert ours <= factor * others


@pytest.mark.parametrize("name", _core.methods)
@pytest.mark.parametrize("seed", range(10))
def test_in_float32_a_run_ends_at_the_noise_floor(name: str, seed: int) -> None:
    X = np.linspace(-3, 3, 100).reshape(-1, 1)
    y = np.sin(X) + 0.1 * np.random.default_rng(0).normal(size=X.shape)
    net = fm.Network([1, 20, 1], activation="tanh", seed=seed)
    trainer = fm.Trainer(net, optimizer=_core.methods[name]())
    history = trainer.run(X, y, epochs=3000)
    assert history.status in ("no_progress", "converged")
    assert trainer.n_evaluations <= (4000 if name == "newton" else 3000)  # in a flat valley
    assert net.loss(X, y) < 0.05


def test_levenberg_marquardt_solves_powells_singular_problem() -> None:
    def residuals(w: Array) -> Array:
        a, b, c, d = w
        return np.array([a + 10 * b, 5**0.5 * (c - d), (b - 2 * c) ** 2, 10**0.5 * (a - d) ** 2])

    result = fm.least_squares(residuals, [3.0, -1.0, 0.0, 1.0])
    assert result.value < 1e-6
    assert result.status in ("converged", "no_progress")


def test_float32_products_are_exact_to_rounding() -> None:
    """Within 2e-6 of those in float64, relative to the largest entry, for 20 networks."""
    rng = np.random.default_rng(1)
    for seed in range(20):
        sizes = [int(n) for n in rng.integers(2, 40, 4)]
        narrow = fm.Network(sizes, activation="tanh", output="softmax", seed=seed)
        wide = fm.Network(sizes, activation="tanh", output="softmax", dtype="float64")
        wide.parameters = narrow.parameters
        X, y = rng.normal(size=(50, sizes[0])).astype("f4"), rng.integers(sizes[-1], size=50)
        v = rng.normal(size=narrow.n_parameters).astype("f4")
        for product in ("hvp", "gnvp"):
            exact = getattr(wide, product)(X, y, v)
            error = np.abs(getattr(narrow, product)(X, y, v) - exact).max()
            assert error <= 2e-6 * np.abs(exact).max()

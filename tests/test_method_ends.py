"""How runs of second-order methods end: with the best point met, and with a status that is true."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from reference import Array

METHODS = {name: cls() for name, cls in _core.methods.items()}
methods = pytest.mark.parametrize("name", METHODS)
FUNCTIONS = [name for name in METHODS if name != "levenberg_marquardt"]
functions = pytest.mark.parametrize("name", FUNCTIONS)


def line() -> tuple[Any, Array, Array]:
    X = np.linspace(0, 1, 10).reshape(-1, 1)
    return fm.Network([1, 1], dtype="float64", seed=0), X, 2 * X


def bowl(w: Array) -> tuple[float, Array]:
    return float((w - 3) @ (w - 3)), 2 * (w - 3)


@methods
def test_a_fit_from_the_minimum_has_converged(name: str) -> None:
    net, X, y = line()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, y, optimizer=METHODS[name])
        parameters = net.parameters.copy()
        again = net.fit(X, y, optimizer=METHODS[name])
    assert again.status == "converged"
    assert again["loss"] == pytest.approx([net.loss(X, y)], abs=1e-30)
    np.testing.assert_array_equal(net.parameters, parameters)
    trainer = fm.Trainer(net, optimizer=METHODS[name])
    assert trainer.epoch(X, y) == pytest.approx(net.loss(X, y), abs=1e-30)


@pytest.mark.parametrize("name", [*FUNCTIONS, "sgd"])
def test_without_a_step_there_is_no_average(name: str) -> None:
    optimizer = {**_core.methods, **_core.optimizers}[name](average=fm.Polyak())
    result = fm.minimize(bowl, [3.0, 3.0], optimizer, steps=0)
    np.testing.assert_array_equal(result.w, [3, 3])
    assert result.value == 0


def wavy(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(4, 4)), rng.normal(size=4)
    A = A + A.T

    def fun(w: Array) -> tuple[float, Array]:
        value = 0.5 * w @ A @ w + b @ w + 0.25 * (w**4).sum() + np.cos(3 * w).sum()
        return float(value), A @ w + b + w**3 - 3 * np.sin(3 * w)

    return fun, rng.normal(size=4)


@functions
@pytest.mark.parametrize("seed", range(25))
def test_no_step_goes_up(name: str, seed: int) -> None:
    fun, start = wavy(seed)
    result = fm.minimize(fun, start, METHODS[name], steps=60, record_path=True)
    assert result.path is not None
    values = np.array([fun(w)[0] for w in result.path])
    assert np.diff(values).max(initial=0) <= 1e-9
    assert result.status in ("converged", "no_progress", "max_steps")


@functions
@pytest.mark.parametrize("iterations", [1, 250])
def test_a_wall_of_infinite_values_is_no_way_down(name: str, iterations: int) -> None:
    def rosenbrock(w: Array) -> tuple[float, Array]:
        if np.abs(w).max() > 2.2:
            return np.inf, w
        a, b = w[1] - w[0] ** 2, 1 - w[0]
        return float(100 * a * a + b * b), np.array([-400 * a * w[0] - 2 * b, 200 * a])

    method = fm.HessianFree(max_iterations=iterations) if name == "hessian_free" else METHODS[name]
    for seed in range(20):
        start = np.random.default_rng(seed).uniform(-2, 2, 2)
        result = fm.minimize(rosenbrock, start, method, steps=200)
        assert result.status != "not_finite"
        assert result.value <= rosenbrock(start)[0]


def test_plain_newton_stays_where_values_are_finite() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    y = rng.poisson(2, (40, 1)).astype(float)
    for seed in range(8):
        net = fm.Network([2, 4, 1], activation="tanh", dtype="float64", seed=seed)
        net.fit(X, y, loss="poisson", optimizer=fm.Newton(0.0), epochs=30)
        assert np.isfinite(net.loss(X, y))


# ---- mini-batches --------------------------------------------------------------------------------


def test_the_minimum_of_one_batch_does_not_end_the_run() -> None:
    X, y = np.array([[1.0], [0.0], [2.0], [3.0]]), np.array([5.0, 0.0, 9.0, 14.0])
    net = fm.Network([fm.Dense(1, bias=False)], inputs=1, init="zeros", dtype="float64")
    history = net.fit(X, y, optimizer=fm.LBFGS(), batch_size=1, shuffle=False, epochs=5)
    assert history.status == "max_steps"  # the second row, 0, has converged from the start
    assert abs(net.parameters[0] - 4.7) < 0.5


@methods
def test_a_run_of_batches_ends_where_all_of_them_do(name: str) -> None:
    net, X, y = line()
    history = net.fit(X, y, optimizer=METHODS[name], batch_size=5, epochs=300)
    assert history.status in ("converged", "no_progress", "max_steps")
    assert net.loss(X, y) < 1e-6


def test_beta_compares_gradients_of_the_same_batch() -> None:
    """Fletcher and Reeves' formula with g and g_old both of the present batch."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(40, 2)), rng.normal(size=(40, 1))
    net = fm.Network([2, 3, 1], activation="tanh", dtype="float64", seed=0)
    trainer = fm.Trainer(net, optimizer=fm.NonlinearCG("fletcher_reeves"))
    trainer.step(X[:20], y[:20])
    before = net.parameters.copy()
    trainer.step(X[20:], y[20:])
    after = net.parameters.copy()
    g = net.value_and_grad(X[20:], y[20:])[1]
    net.parameters = before
    g_old = net.value_and_grad(X[20:], y[20:])[1]
    net.parameters = after
    expected = 0.0 if abs(g @ g_old) > 0.2 * (g @ g) else (g @ g) / (g_old @ g_old)
    assert float(trainer.state["beta"][0]) == pytest.approx(expected, rel=1e-9)


# ---- time ----------------------------------------------------------------------------------------


@methods
def test_a_step_after_a_timed_epoch_is_made(name: str) -> None:
    net, X, y = line()
    trainer = fm.Trainer(net, optimizer=METHODS[name])
    trainer.epoch(X, y, max_seconds=0.01)
    steps = trainer.n_steps
    time.sleep(0.02)
    trainer.step(X, y - 1)
    assert trainer.n_steps == steps + 1


@functions
def test_the_time_limit_holds_within_a_step(name: str) -> None:
    calls = []

    def slow(w: Array) -> tuple[float, Array]:
        calls.append(1)
        time.sleep(0.02)
        return float(w @ w), 2 * w

    result = fm.minimize(slow, np.ones(60), METHODS[name], max_seconds=0.05)
    assert result.status == "max_seconds"
    assert len(calls) < 12  # of more than 120 for a Hessian of differences


@pytest.mark.parametrize("search", [fm.StrongWolfe(), fm.Backtracking()])
def test_the_best_point_met_is_kept_when_time_is_up(search: Any) -> None:
    def slow(w: Array) -> tuple[float, Array]:
        time.sleep(0.1)
        return float(w @ w), 2 * w

    result = fm.minimize(slow, [1.0, 2.0], fm.LBFGS(line_search=search), max_seconds=0.15)
    assert result.status == "max_seconds"
    assert result.value < 5


def test_levenberg_marquardt_keeps_the_gradient_of_its_progress() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 1))
    net = fm.Network([2, 5, 1], activation="tanh", dtype="float64", seed=0)
    trainer = fm.Trainer(net, optimizer=fm.LevenbergMarquardt())
    trainer.run(X, y, epochs=1)
    for _ in range(3):
        largest = np.abs(net.value_and_grad(X, y)[1]).max()
        trainer.run(X, y, epochs=1)
    smallest = trainer.__getstate__()["state"]["search"]["smallest_gradient"]
    assert 0 < smallest <= largest * (1 + 1e-12)


def slope(w: Array) -> tuple[float, Array]:
    return float(w.sum()), np.ones_like(w)


def ramp(w: Array) -> tuple[float, Array]:
    """A function without curvature that has a minimum, at 3."""
    return float(np.abs(w - 3).sum()), np.sign(w - 3)


WITHOUT_CURVATURE = [
    fm.Newton(),
    fm.Newton(damping="levenberg"),
    fm.SaddleFreeNewton(),
    fm.HessianFree(),
]


@pytest.mark.parametrize("hvp", [None, lambda w, v: 0 * v], ids=["differences", "zero"])
@pytest.mark.parametrize("method", WITHOUT_CURVATURE, ids=repr)
def test_methods_go_down_where_the_hessian_is_zero(method: Any, hvp: Any) -> None:
    """The damping starts at 1 there, so that the first step is the negative gradient."""
    result = fm.minimize(slope, [1.0, 2.0], method, steps=5, hvp=hvp)
    assert result.status == "max_steps"
    assert result.value < 0
    result = fm.minimize(ramp, [1.0, 2.5], method, hvp=hvp)
    assert result.value < 1


@pytest.mark.parametrize("loss", ["absolute_error", "hinge"])
@pytest.mark.parametrize("method", WITHOUT_CURVATURE, ids=repr)
def test_losses_without_curvature_are_trained(method: Any, loss: str) -> None:
    net, X, y = line()
    labels = np.sign(y - 1.1)
    before = net.loss(X, labels, loss)
    history = net.fit(X, labels, loss=loss, optimizer=method, epochs=30)
    assert net.loss(X, labels, loss) < before
    assert len(history["loss"]) > 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("method", WITHOUT_CURVATURE, ids=repr)
def test_products_that_are_not_finite_end_as_such(method: Any, bad: float) -> None:
    """As a gradient of nan does, at the start."""
    result = fm.minimize(bowl, [1.0, 2.0], method, hvp=lambda w, v: np.full_like(v, bad))
    assert result.status == "not_finite"
    np.testing.assert_array_equal(result.w, [1, 2])

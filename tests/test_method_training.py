"""Second-order methods in fit and Trainer: values, penalties, weights, states, refusals."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fastmlp as fm
import reference_methods as ref
from fastmlp import _core
from forced_threads import forced_threads
from reference import Array

METHODS = {name: cls() for name, cls in _core.methods.items()}
METHODS |= {
    "newton, levenberg": fm.Newton("levenberg"),
    "daniel": fm.NonlinearCG("daniel"),
    "hessian_free, hessian": fm.HessianFree("hessian", precondition=False),
}
methods = pytest.mark.parametrize("name", METHODS)


def problem(n: int = 60) -> tuple[Array, Array]:
    rng = np.random.default_rng(2)
    X = rng.uniform(-2, 2, (n, 2))
    return X, np.sin(X[:, :1]) * X[:, 1:] + 0.05 * rng.normal(size=(n, 1))


def network(**fields: Any) -> Any:
    return fm.Network([2, 6, 1], activation="tanh", **{"dtype": "float64", "seed": 1} | fields)


@methods
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_method_fits_a_regression(name: str, dtype: str) -> None:
    net = network(dtype=dtype)
    X, y = problem()
    before = net.loss(X, y)
    history = net.fit(X, y, optimizer=METHODS[name], epochs=60)
    assert net.loss(X, y) < 0.05 * before
    assert np.diff(history["loss"]).max() <= 1e-6
    assert history.status in ("max_steps", "converged", "no_progress")


@methods
def test_the_value_of_a_fit_is_that_of_minimize(name: str) -> None:
    """The same steps as on the same function in Python, by its gradient and products."""
    if name == "levenberg_marquardt":
        pytest.skip("it has no function but the residuals: test_least_squares")
    X, y = problem()
    net, other = network(), network()
    net.fit(X, y, optimizer=METHODS[name], epochs=8)

    def fun(w: Array) -> tuple[float, Array]:
        other.parameters = w
        return other.value_and_grad(X, y)

    def hvp(w: Array, v: Array) -> Array:
        other.parameters = w
        return other.hvp(X, y, v)

    if name == "hessian_free":
        pytest.skip("its matrix is Gauss and Newton's, which a function does not have")
    result = fm.minimize(fun, network().parameters, METHODS[name], steps=8, hvp=hvp)
    np.testing.assert_allclose(net.parameters, result.w, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("iterations", [1, 2, 5])
@pytest.mark.parametrize("precondition", [True, False])
@pytest.mark.parametrize("curvature", ["gauss_newton", "hessian"])
def test_hessian_free_makes_the_steps_of_its_formula(
    curvature: str, precondition: bool, iterations: int
) -> None:
    X, y = problem()
    weights, damping, l2 = np.arange(60.0) % 4, 2.0, 0.01
    net = network()
    w = net.parameters.copy()
    product = net.hvp if curvature == "hessian" else net.gnvp
    B = product(X, y, np.eye(len(w)), sample_weight=weights) + damping * np.eye(len(w))
    biases = np.r_[12:18, 24:25]  # they are not penalized
    B += np.diag([0 if i in biases else l2 for i in range(len(w))])
    g = net.value_and_grad(X, y, sample_weight=weights)[1] + np.where(
        np.isin(np.arange(len(w)), biases), 0, l2 * w
    )
    squares = net.fisher_diagonal(X, y, sample_weight=weights)
    M = (squares + damping) ** 0.75 if precondition else np.ones(len(w))
    optimizer = fm.HessianFree(
        curvature, damping, precondition=precondition, max_iterations=iterations
    )
    net.fit(X, y, optimizer=optimizer, sample_weight=weights, l2=l2, epochs=1)
    np.testing.assert_allclose(
        net.parameters - w, ref.truncated_newton(B, g, M, iterations), rtol=1e-9, atol=1e-12
    )


@methods
def test_levenberg_marquardt_and_others_find_the_weighted_penalized_minimum(name: str) -> None:
    """Linear least squares with weights and l2 has one minimum, by the normal equations."""
    X, y = problem()
    weights = np.arange(60.0) % 4
    net = fm.Network([2, 1], dtype="float64", seed=0)
    net.fit(X, y, optimizer=METHODS[name], sample_weight=weights, l2=0.3, epochs=100)
    A = np.column_stack([X, np.ones(60)]) * np.sqrt(weights / weights.sum())[:, None]
    b = y[:, 0] * np.sqrt(weights / weights.sum())
    expected = np.linalg.solve(A.T @ A + np.diag([0.3, 0.3, 0.0]), A.T @ b)
    np.testing.assert_allclose(net.parameters, expected, atol=1e-5)


def test_lbfgs_finds_scipys_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X @ [1.0, -2.0, 0.5] + rng.logistic(size=200) > 0.3).astype(float)
    net = fm.Network([3, 1], output="sigmoid", dtype="float64", init="zeros")
    net.fit(X, y, optimizer=fm.LBFGS(gtol=1e-9), l2=1e-2, epochs=200)

    def fun(w: Array) -> float:
        a = X @ w[:3] + w[3]
        return float(np.mean(np.logaddexp(0, a) - y * a) + 5e-3 * w[:3] @ w[:3])

    theirs = scipy.optimize.minimize(fun, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(net.parameters, theirs.x, atol=1e-6)


@methods
def test_a_pickled_run_goes_on_bit_for_bit(name: str) -> None:
    """The state is complete: pairs, matrices, damping, radius, counters of stalled steps."""
    X, y = problem()
    whole = fm.Trainer(network(), optimizer=METHODS[name], l2=1e-3)
    whole.run(X, y, epochs=9)
    part = fm.Trainer(network(), optimizer=METHODS[name], l2=1e-3)
    for epochs in (1, 3, 5):
        part.run(X, y, epochs=epochs)
        part = pickle.loads(pickle.dumps(part))
    np.testing.assert_array_equal(part.network.parameters, whole.network.parameters)
    assert part.n_steps == whole.n_steps == 9


@methods
def test_bits_are_the_same_for_any_number_of_threads(name: str) -> None:
    X, y = problem(300)
    results = []
    for threads in (1, 2, 3, 4):
        with forced_threads(threads):
            net = network()
            net.fit(X, y, optimizer=METHODS[name], epochs=6)
        results.append(net.parameters.copy())
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


@pytest.mark.parametrize("name", ["lbfgs", "bfgs", "nonlinear_cg", "newton"])
def test_what_a_step_leaves_known_is_not_computed_again(name: str) -> None:
    """A trainer makes as many evaluations as minimize, which counts the calls of its function."""
    X, y = problem()
    net, calls = network(), []

    def fun(w: Array) -> tuple[float, Array]:
        calls.append(1)
        net.parameters = w
        return net.value_and_grad(X, y)

    def hvp(w: Array, v: Array) -> Array:
        net.parameters = w
        return net.hvp(X, y, v)

    result = fm.minimize(fun, network().parameters, METHODS[name], steps=10, hvp=hvp)
    assert result.n_evaluations == len(calls)
    trainer = fm.Trainer(network(), optimizer=METHODS[name])
    trainer.run(X, y, epochs=10)
    assert trainer.n_evaluations == len(calls)


def test_searches_use_the_masks_of_their_step() -> None:
    """With dropout the function is the same for all evaluations of a step, so it can fall."""
    X, y = problem()
    layers = [fm.Dense(20, "tanh"), fm.Dropout(0.3), fm.Dense(1)]
    net = fm.Network(layers, inputs=2, dtype="float64", seed=0)
    before = net.loss(X, y)
    history = net.fit(X, y, optimizer=fm.LBFGS(), batch_size=30, epochs=15)
    assert history.status == "max_steps"
    assert net.loss(X, y) < before


def test_the_average_of_the_iterates_is_left() -> None:
    X, y = problem()
    net = network()
    trainer = fm.Trainer(net, optimizer=fm.LBFGS(average=fm.Polyak("uniform")))
    iterates = []
    for _ in range(5):
        trainer.run(X, y, epochs=1)
        iterates.append(trainer.last_parameters.copy())
    np.testing.assert_allclose(net.parameters, np.mean(iterates, axis=0), rtol=1e-12)


@methods
def test_what_a_search_cannot_use_is_refused(name: str) -> None:
    net, method = network(), METHODS[name]
    class_name = type(method).__name__
    X, y = problem()
    before = net.parameters.copy()
    for call, message in (
        (lambda: net.fit(X, y, optimizer=method, l1=0.1), rf"{class_name}: l1=0.1, expected 0"),
        (
            lambda: fm.Network([fm.Dense(1, max_norm=1.0)], inputs=2).fit(X, y, optimizer=method),
            rf"{class_name}: max_norm=1, expected None",
        ),
        (
            lambda: net.fit(X, y, optimizer=method, loss=lambda o, t: (o, t)),
            "expected a first-order optimizer, as the loss is a custom function",
        ),
        (lambda: fm.Trainer(net, optimizer=method).learning_rate, "learning_rate: this optimizer"),
        (
            lambda: fm.Trainer(net, optimizer=method).apply(np.zeros(net.n_parameters)),
            "^Trainer.apply: one gradient is not enough",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    np.testing.assert_array_equal(net.parameters, before)


def test_levenberg_marquardt_is_for_squared_error() -> None:
    net = fm.Network([2, 3], output="softmax")
    with pytest.raises(ValueError, match=r"fit: optimizer=.*expected loss='squared_error' with it"):
        net.fit(np.zeros((3, 2)), [0, 1, 2], optimizer="levenberg_marquardt")


@methods
def test_what_needs_a_learning_rate_refuses_methods_that_have_none(name: str) -> None:
    net, (X, y) = network(), problem()
    before = net.parameters.copy()
    trainer = fm.Trainer(net, optimizer=METHODS[name])
    with pytest.raises(ValueError, match=r"^Trainer.learning_rate: this optimizer has none"):
        _ = trainer.learning_rate
    with pytest.raises(ValueError, match=r"^Trainer.scale_learning_rate: optimizer="):
        trainer.scale_learning_rate(0.5)
    with pytest.raises(ValueError, match=r"^ReduceOnPlateau: optimizer=.*, expected a rule that"):
        net.fit(X, y, optimizer=METHODS[name], callbacks=[fm.ReduceOnPlateau("loss")])
    with pytest.raises(ValueError, match=r"^find_learning_rate: optimizer=.*, expected a rule"):
        fm.find_learning_rate(net, X, y, optimizer=METHODS[name])
    np.testing.assert_array_equal(net.parameters, before)

"""Activations of one's own: functions in Python train as the built-in ones do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from forced_threads import forced_threads
from own_activation_cases import LAYERS, OWN, TOLERANCE, networks, tanh_slope

Array = np.ndarray[Any, Any]


def assert_equal(got: Array, expected: Array, dtype: str) -> None:
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[dtype] * max(scale, 1.0))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind", LAYERS)
def test_every_evaluation_is_that_of_the_built_in_one(kind: str, dtype: str) -> None:
    own, twin, X, y = networks(kind, dtype)
    rng = np.random.default_rng(1)
    v = rng.normal(size=own.n_parameters).astype(dtype)
    calls: list[Callable[[fm.Network], Any]] = [
        lambda net: net.predict(X),
        lambda net: net.predict(X[:3]),  # one by one
        lambda net: net.activations(X)[0],
        lambda net: net.value_and_grad(X, y)[1],
        lambda net: net.jacobian(X[:9]),
        lambda net: net.hvp(X, y, v),
        lambda net: net.gnvp(X, y, v),
    ]
    for call in calls:
        assert_equal(np.asarray(call(own)), np.asarray(call(twin)), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind", LAYERS)
def test_training_is_that_of_the_built_in_one(kind: str, dtype: str) -> None:
    """Short runs: float32 rounding grows with each step."""
    own, twin, X, y = networks(kind, dtype)
    for net in (own, twin):
        net.fit(X, y, optimizer=fm.SGD(0.05, momentum=0.5), epochs=2, batch_size=16)
    assert_equal(own.parameters, twin.parameters, dtype)


@pytest.mark.parametrize("name", [*_core.optimizers, *_core.methods])
def test_every_optimizer_and_method_trains_it(name: str) -> None:
    own, twin, X, y = networks("dense", "float64")
    for net in (own, twin):
        net.fit(X, y, optimizer=name, epochs=3)
    # Methods that search multiply the difference of a last bit.
    np.testing.assert_allclose(own.parameters, twin.parameters, rtol=0, atol=1e-8)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "hinge", "gaussian_nll"])
def test_it_is_an_output_too(loss: str) -> None:
    own, twin = (
        fm.Network([4, 6, 2], output=phi, dtype="float64", seed=1) for phi in (OWN, "tanh")
    )
    X = np.random.default_rng(0).normal(size=(20, 4))
    y = np.sign(X[:, :1]) if loss == "gaussian_nll" else np.sign(X[:, :2])
    for net in (own, twin):
        net.fit(X, y, loss=loss, epochs=3)
    np.testing.assert_allclose(own.parameters, twin.parameters, rtol=1e-12)


def test_bits_do_not_depend_on_threads() -> None:
    results = []
    for threads in (1, 2, 3):
        own, _, X, y = networks("dense", "float32")
        with forced_threads(threads):
            own.fit(X, y, epochs=3, batch_size=50)
            results.append((np.array(own.parameters), own.predict(X), own.jacobian(X)))
    for result in results[1:]:
        for got, expected in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(got, expected)


def test_a_tuple_is_one_and_layers_keep_it() -> None:
    net = fm.Network([2, 3, 1], activation=(np.sin, np.cos), seed=0)
    phi = net.layers[0].activation
    assert phi == fm.Activation(np.sin, np.cos) == fm.Dense(2, (np.sin, np.cos)).activation
    assert phi.get_params() == {"f": np.sin, "derivative": np.cos, "second_derivative": None}
    assert repr(phi) == (
        "Activation(f=<ufunc 'sin'>, derivative=<ufunc 'cos'>, second_derivative=None)"
    )
    assert hash(phi) == hash(fm.Activation(np.sin, np.cos))
    assert isinstance(phi, _core.AnyActivation)
    X = np.linspace(-2, 2, 50).reshape(-1, 1)
    np.testing.assert_allclose(phi(X), np.sin(X))
    np.testing.assert_allclose(phi.derivative(X), np.cos(X))
    assert phi(X).shape == X.shape


def test_functions_see_the_dtype_of_the_network_and_every_number_once() -> None:
    seen: list[Array] = []

    def f(a: Array) -> Array:
        seen.append(a)
        return a

    net = fm.Network([fm.Dense(3, (f, np.ones_like))], inputs=2, dtype="float32", seed=0)
    net.predict(np.zeros((37, 2)))
    assert {a.dtype for a in seen} == {np.dtype("float32")}
    assert {a.ndim for a in seen} == {1}
    assert sum(a.size for a in seen) == 3 * 37


def test_the_second_derivative_is_asked_for_only_where_it_is_needed() -> None:
    net = fm.Network([2, 4, 1], activation=(np.sin, np.cos), dtype="float64", seed=0)
    X, y, v = np.ones((8, 2)), np.ones(8), np.ones(net.n_parameters)
    before = net.parameters.copy()
    expected = r"Activation: second_derivative is missing, expected a function, because second "
    calls: list[Callable[[], object]] = [
        lambda: net.hvp(X, y, v),
        lambda: net.hessian(X, y),
        lambda: net.hessian_diagonal(X, y),
        lambda: net.fit(X, y, optimizer="newton"),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=expected):
            call()
    np.testing.assert_array_equal(net.parameters, before)
    exact = fm.Network([2, 4, 1], activation=(np.sin, np.cos, lambda a: -np.sin(a)),
                       dtype="float64", seed=0)  # fmt: skip
    np.testing.assert_allclose(net.gnvp(X, y, v), exact.gnvp(X, y, v), rtol=1e-12)
    net.fit(X, y, optimizer="levenberg_marquardt", epochs=3)


def failing(calls: int) -> Callable[[Array], Array]:
    left = [calls]

    def f(a: Array) -> Array:
        left[0] -= 1
        if left[0] < 0:
            raise ZeroDivisionError("as told")
        return np.tanh(a)  # type: ignore[no-any-return]

    return f


@pytest.mark.parametrize("threads", [1, 3])
def test_an_exception_arrives_and_whole_steps_remain(threads: int) -> None:
    """The parameters are those after one of the steps, none in between."""
    X, y = np.random.default_rng(0).normal(size=(640, 2)), np.zeros(640)

    with forced_threads(threads):
        net = fm.Network([2, 8, 1], activation=(failing(40), tanh_slope), seed=0)
        with pytest.raises(ZeroDivisionError, match="as told"):
            net.fit(X, y, epochs=50, batch_size=64, shuffle=False)
        after = net.parameters.copy()
        twin = fm.Network([2, 8, 1], activation=(np.tanh, tanh_slope), seed=0)
        trainer = fm.Trainer(twin, batch_size=64, shuffle=False)
        assert np.isfinite(after).all()
        states = [twin.parameters.copy()]
        for _ in range(5):
            for i in range(0, 640, 64):
                trainer.step(X[i : i + 64], y[i : i + 64])
                states.append(twin.parameters.copy())
        assert any(np.array_equal(after, state) for state in states)


def test_other_threads_run_meanwhile() -> None:
    """The functions take the lock, from threads of the core too: nothing waits for ever."""
    net = fm.Network([2, 8, 1], activation=(np.tanh, tanh_slope), seed=0)
    X, y = np.ones((4000, 2)), np.ones(4000)
    stop, counted = threading.Event(), [0]

    def count() -> None:
        while not stop.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        with forced_threads(2):
            net.fit(X, y, epochs=2, batch_size=2000)
            net.predict(X)
            net.jacobian(X)
    finally:
        stop.set()
        thread.join()
    assert counted[0] > 0


BAD: list[tuple[Any, type[Exception], str]] = [
    ((np.sin,), TypeError, r"Activation: derivative is missing, expected a function"),
    ((np.sin, 3), TypeError, r"Activation: derivative=3, expected a function of an array"),
    ((None, np.cos), TypeError, r"Activation: f is missing, expected a function"),
    ((np.sin, np.cos, np.sin, 1), TypeError, r"Activation: 4 positional arguments"),
]


@pytest.mark.parametrize(("value", "kind", "message"), BAD)
def test_what_is_no_pair_of_functions_is_refused(
    value: Any, kind: type[Exception], message: str
) -> None:
    for call in (lambda: fm.Activation(*value), lambda: fm.Dense(3, value)):
        with pytest.raises(kind, match=message):
            call()


RETURNS: list[tuple[Callable[[Array], Any], type[Exception], str]] = [
    (lambda a: a[:-1], ValueError, r"Activation: f\(a\) has shape \(\d+,\), expected that of a, "),
    (lambda a: a.reshape(-1, 1), ValueError, r"f\(a\) has shape \(\d+, 1\), expected that of a"),
    (lambda a: None, TypeError, r"Activation: f\(a\) "),
    (lambda a: a + 1j, TypeError, r"Activation: f\(a\) has dtype complex"),
    (lambda a: ["x"] * a.size, TypeError, r"Activation: f\(a\) "),
]


@pytest.mark.parametrize(("f", "kind", "message"), RETURNS)
def test_what_a_function_returns_is_checked(
    f: Callable[[Array], Any], kind: type[Exception], message: str
) -> None:
    net = fm.Network([2, 4, 1], activation=(f, np.ones_like), seed=0)
    before = net.parameters.copy()
    for call in (
        lambda: net.predict(np.ones((9, 2))),
        lambda: net.fit(np.ones((9, 2)), np.ones(9)),
    ):
        with pytest.raises(kind, match=message):
            call()
    np.testing.assert_array_equal(net.parameters, before)


def test_integers_and_lists_are_read() -> None:
    net = fm.Network([fm.Dense(2, (lambda a: [1] * a.size, np.zeros_like))], inputs=1, seed=0)
    np.testing.assert_array_equal(net.predict(np.zeros((3, 1))), np.ones((3, 2)))


def test_numbers_beyond_float32_become_infinite() -> None:
    net = fm.Network([fm.Dense(2, (lambda a: np.full(a.size, 1e300), np.zeros_like))], inputs=1)
    assert np.isposinf(net.predict(np.zeros((3, 1)))).all()

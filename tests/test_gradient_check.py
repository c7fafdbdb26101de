"""`fm.check_gradient` finds wrong gradients, and only those."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm

rng = np.random.default_rng(0)
OUTPUTS, TARGETS = rng.normal(size=(7, 3)), rng.uniform(0.1, 0.9, size=(7, 3))


def cosh_loss(outputs: Any, y: Any) -> tuple[Any, Any]:
    e = outputs - y
    return np.log(np.cosh(e)).sum(axis=1), np.tanh(e)


@pytest.mark.parametrize(("difference", "bound"), [("central", 3e-9), ("forward", 3e-7)])
def test_a_right_gradient_passes(difference: Any, bound: float) -> None:
    check = fm.check_gradient(cosh_loss, OUTPUTS, TARGETS, difference=difference)
    assert 0 < check.error < bound
    np.testing.assert_array_equal(check.gradient, np.tanh(OUTPUTS - TARGETS))
    np.testing.assert_allclose(check.differences, check.gradient, atol=bound)


@pytest.mark.parametrize("difference", ["central", "forward"])
@pytest.mark.parametrize("entry", [(0, 0), (6, 2)])
def test_one_wrong_entry_is_found(difference: Any, entry: tuple[int, int]) -> None:
    def wrong(outputs: Any, y: Any) -> tuple[Any, Any]:
        values, gradient = cosh_loss(outputs, y)
        gradient[entry] *= 1.01
        return values, gradient

    check = fm.check_gradient(wrong, OUTPUTS, TARGETS, difference=difference)
    assert check.error > 1e-4
    assert np.unravel_index(abs(check.gradient - check.differences).argmax(), (7, 3)) == entry


def test_central_differences_are_of_second_order() -> None:
    def cube(x: Any) -> tuple[Any, Any]:
        return (x**3).sum(), 3 * x**2

    # (f(x + h) - f(x - h)) / 2h = 3 x² + h², (f(x + h) - f(x)) / h = 3 x² + 3 x h + h²
    eps = np.finfo(float).eps
    central = fm.check_gradient(cube, [2.0]).differences[0] - 12
    forward = fm.check_gradient(cube, [2.0], difference="forward").differences[0] - 12
    assert abs(central) < 20 * (2 * eps ** (1 / 3)) ** 2
    assert forward == pytest.approx(6 * 2 * eps**0.5, rel=0.7)


@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy", "binary_cross_entropy"])
def test_losses_of_the_package_pass(loss: str) -> None:
    member = fm._core.losses[loss]()

    def fun(outputs: Any, y: Any) -> tuple[Any, Any]:
        return member(outputs, y), member.gradient(outputs, y)

    assert fm.check_gradient(fun, rng.uniform(0.1, 0.9, (7, 3)), TARGETS).error < 3e-9


def test_the_gradient_of_a_network() -> None:
    net = fm.Network([3, 4, 2], activation="tanh", dtype="float64", seed=0)
    X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))

    def loss(w: Any) -> tuple[Any, Any]:
        net.parameters = w
        return net.value_and_grad(X, y)

    assert fm.check_gradient(loss, net.parameters.copy()).error < 3e-9


def test_the_function_may_change_its_argument() -> None:
    def careless(x: Any) -> tuple[Any, Any]:
        x *= 2
        return (x @ x) / 4, x

    assert fm.check_gradient(careless, [1.0, -3.0]).error < 1e-8


def test_a_constant_function_passes() -> None:
    assert fm.check_gradient(lambda x: (1.0, np.zeros(2)), [1.0, 2.0]).error == 0


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((3, [1.0]), {}, r"check_gradient: fun=3 \(int\), expected a function"),
        ((lambda x: 3, [1.0]), {}, r"check_gradient: result of fun=3 \(int\), expected a tuple"),
        ((lambda x: (1, [1, 2]), [1.0]), {}, r"gradient has shape \(2,\), expected \(1,\)"),
        ((lambda x: (1, ["a"]), [1.0]), {}, "check_gradient: gradient of fun"),
        ((lambda x: (1, x), "a"), {}, "check_gradient: x"),
        ((lambda x: (1, x), [1.0]), {"difference": "middle"}, "difference='middle', expected"),
        ((lambda x: (1, x), [1.0]), {"difference": ["central"]}, "check_gradient: difference="),
    ],
)
def test_bad_arguments_have_clear_errors(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        fm.check_gradient(*arguments, **options)

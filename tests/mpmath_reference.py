"""Activations and derivatives to 40 digits (mpmath), and the error a good program may make."""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import numpy as np

from reference import SELU_ALPHA, SELU_SCALE, Array

mp.mp.dps = 40


def _sigmoid(x: mp.mpf) -> mp.mpf:
    return 1 / (1 + mp.exp(-x))


def _cdf(x: mp.mpf) -> mp.mpf:
    return mp.erfc(-x / mp.sqrt(2)) / 2


Function = Callable[[mp.mpf], mp.mpf]

EXACT: dict[str, tuple[Function, Function]] = {
    "identity": (lambda x: x, lambda x: mp.mpf(1)),
    "sign": (mp.sign, lambda x: mp.mpf(0)),
    "sigmoid": (_sigmoid, lambda x: _sigmoid(x) * _sigmoid(-x)),
    "tanh": (mp.tanh, lambda x: mp.sech(x) ** 2),
    "relu": (lambda x: max(x, mp.mpf(0)), lambda x: mp.mpf(x > 0)),
    "hard_tanh": (lambda x: min(max(x, mp.mpf(-1)), mp.mpf(1)), lambda x: mp.mpf(abs(x) < 1)),
    "leaky_relu": (
        lambda x: x if x > 0 else x * mp.mpf(0.01),
        lambda x: mp.mpf(1) if x > 0 else mp.mpf(0.01),
    ),
    "elu": (
        lambda x: x if x > 0 else mp.expm1(x),
        lambda x: mp.mpf(1) if x > 0 else mp.exp(x),
    ),
    "selu": (
        lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * mp.expm1(x)),
        lambda x: SELU_SCALE * (mp.mpf(1) if x > 0 else SELU_ALPHA * mp.exp(x)),
    ),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), _sigmoid),
    "silu": (lambda x: x * _sigmoid(x), lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x))),
    "gelu": (lambda x: x * _cdf(x), lambda x: _cdf(x) + x * mp.npdf(x)),
    "mish": (
        lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
        lambda x: (
            mp.tanh(mp.log1p(mp.exp(x))) + x * _sigmoid(x) * mp.sech(mp.log1p(mp.exp(x))) ** 2
        ),
    ),
    "hard_sigmoid": (
        lambda x: min(max(x / 6 + mp.mpf(1) / 2, mp.mpf(0)), mp.mpf(1)),
        lambda x: mp.mpf(abs(x) < 3) / 6,
    ),
    "exponential": (mp.exp, mp.exp),
    "softsign": (lambda x: x / (1 + abs(x)), lambda x: (1 + abs(x)) ** -2),
    "sine": (mp.sin, mp.cos),
}


def exact(f: Function, x: Array) -> Array:
    """f at every element, rounded once to float64."""
    return np.array([float(f(mp.mpf(float(v)))) for v in x])


def tolerance(f: Function, x: Array, eps: float, ulps: float = 16.0) -> Array:
    """Error of f(x) by `ulps` roundings of the argument and of the result."""
    with mp.workdps(60):
        moved = [
            float(abs(f(mp.mpf(float(v)) * (1 + mp.mpf(eps))) - f(mp.mpf(float(v))))) for v in x
        ]
    return ulps * (np.array(moved) + eps * np.abs(exact(f, x)))

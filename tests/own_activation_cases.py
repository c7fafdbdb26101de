"""Networks with an activation in Python beside those with the built-in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastmlp as fm

Array = np.ndarray[Any, Any]


def tanh_slope(a: Array) -> Array:
    return 1.0 / np.cosh(a) ** 2  # type: ignore[no-any-return]


def tanh_curvature(a: Array) -> Array:
    return -2.0 * np.tanh(a) / np.cosh(a) ** 2  # type: ignore[no-any-return]


OWN = fm.Activation(np.tanh, tanh_slope, tanh_curvature)
TOLERANCE = {"float64": 1e-12, "float32": 1e-6}
LAYERS: dict[str, tuple[Any, Callable[[Any], list[Any]]]] = {
    "dense": (6, lambda phi: [fm.Dense(9, phi), fm.Dense(5, phi), fm.Dense(3, phi)]),
    "skip": (6, lambda phi: [(first := fm.Dense(6, phi)), fm.Dense(6, phi), fm.Skip(first),
                             fm.Dropout(0.3), fm.Tied(first, phi), fm.Dense(3)]),
    "convolution": ((5, 4, 2), lambda phi: [fm.Conv2D(3, 2, phi), fm.MaxPool2D(2),
                                            fm.Dense(4, phi), fm.Dense(3)]),
    "recurrent": ((7, 2), lambda phi: [fm.Recurrent(5, phi, sequences=True),
                                       fm.Bidirectional(fm.Recurrent(4, phi)), fm.Dense(3)]),
}  # fmt: skip


def networks(kind: str, dtype: str) -> tuple[fm.Network, fm.Network, Array, Array]:
    """A network with an own tanh, its twin with the built-in one, and data."""
    inputs, layers = LAYERS[kind]
    nets = [fm.Network(layers(phi), inputs=inputs, dtype=dtype, seed=3) for phi in (OWN, "tanh")]
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, *nets[0].input_shape)).astype(dtype)
    return *nets, X, rng.uniform(-0.8, 0.8, size=(60, 3)).astype(dtype)

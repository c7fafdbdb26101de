"""Networks of every kind with data, for the tests of second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

DTYPES = ("float64", "float32")


def tied() -> Any:
    encoder = fm.Dense(5, "tanh")
    return fm.Network([encoder, fm.Tied(encoder)], inputs=3, dtype="float64", seed=3)


def skipping(dtype: str = "float64") -> Any:
    first = fm.Dense(4, "sigmoid")
    layers = [first, fm.Dense(4, "gelu"), fm.Skip(first), fm.Dense(3, "softmax")]
    return fm.Network(layers, inputs=3, dtype=dtype, seed=2)


NETS = {
    "chain": lambda: fm.Network([3, 6, 3], activation="tanh", dtype="float64", seed=1),
    "softmax": lambda: fm.Network([3, 5, 3], output="softmax", dtype="float64", seed=1),
    "tied": tied,
    "skip": skipping,
    "wide": lambda: fm.Network([600, 3], activation="tanh", dtype="float64", seed=1),
}
nets = pytest.mark.parametrize("name", NETS)


def data(net: Any, n: int = 20) -> tuple[Array, Array]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, net.n_inputs)).astype(net.dtype)
    y = rng.dirichlet(np.ones(net.n_outputs), n).astype(net.dtype)
    return X, y


def differences(net: Any, X: Array, y: Array, weights: Any = None) -> Array:
    """The Hessian by central differences of the gradient."""
    w, h, columns = net.parameters.copy(), 1e-5, []
    for i in range(len(w)):
        sides = []
        for side in (1, -1):
            net.parameters = w
            net.parameters[i] += side * h
            sides.append(net.value_and_grad(X, y, sample_weight=weights)[1])
        columns.append((sides[0] - sides[1]) / (2 * h))
    net.parameters = w
    return np.array(columns)

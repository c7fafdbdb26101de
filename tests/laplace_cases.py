"""Trained networks with data, for the tests of Laplace's approximation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from laplace_oracle import STRUCTURES
from reference import Array

KINDS = ("identity", "softmax", "sigmoid")  # of outputs

structures = pytest.mark.parametrize("structure", STRUCTURES)
kinds = pytest.mark.parametrize("kind", KINDS)


def case(kind: str, weights: str = "none", dtype: str = "float64") -> tuple[Any, ...]:
    """A trained net 3-4-3, X, y, what weights are given, and these of terms and of samples."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(25, 3))
    if kind == "identity":
        y = np.sin(X) + 0.3 * rng.normal(size=X.shape)
    else:
        y = rng.dirichlet(np.ones(3), 25) if kind == "softmax" else rng.integers(0, 2, X.shape)
    net = fm.Network([3, 4, 3], activation="tanh", output=kind, dtype=dtype, seed=3)
    net.fit(X, y, optimizer="lbfgs", epochs=20, l2=1e-3)
    w, W = np.ones(25), np.ones((25, 3))
    if weights == "samples":
        w = rng.integers(0, 4, 25) + 0.5 * (np.arange(25) == 2)
        W = np.repeat(w[:, None], 3, axis=1)
    elif weights == "terms":
        W = rng.uniform(0, 2, (25, 3))
        w = W.mean(axis=1)
    return net, X, y, {"none": None, "samples": w, "terms": W}[weights], W, w


def new_samples() -> Array:
    return np.random.default_rng(8).normal(size=(7, 3))


def precisions(laplace: Any) -> tuple[float, float]:
    return laplace.prior_precision, 1.0 if laplace.noise is None else laplace.noise**-2

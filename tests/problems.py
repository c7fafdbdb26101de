"""Test problems: two functions with known minima, small networks with their oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import fastmlp as fm
import reference as ref
from fastmlp import _core
from reference import Array, LayerSpec


def bowl(w: Array) -> tuple[float, Array]:
    """x² + 4 y², minimum 0 at (0, 0)."""
    x, y = w
    return float(x * x + 4 * y * y), np.array([2 * x, 8 * y], w.dtype)


def rosenbrock(w: Array) -> tuple[float, Array]:
    """(1 - x)² + 100 (y - x²)², minimum 0 at (1, 1)."""
    x, y = w
    slope = [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
    return float((1 - x) ** 2 + 100 * (y - x * x) ** 2), np.array(slope, w.dtype)


@dataclass(frozen=True)
class Problem:
    fun: Callable[[Array], tuple[float, Array]]
    w0: Array
    rate: float = 1.0  # learning rates are multiplied by it: Rosenbrock's valley is steep


FUNCTIONS = {
    "bowl": Problem(bowl, np.array([2.0, -1.5])),
    "rosenbrock": Problem(rosenbrock, np.array([-1.2, 1.0]), 0.02),
}


def network(inputs: int, layers: Sequence[LayerSpec], seed: int = 0, dtype: str = "float64") -> Any:
    """The library's network for a list of (units, activation, bias)."""
    return fm.Network([fm.Dense(*layer) for layer in layers], inputs=inputs, dtype=dtype, seed=seed)


def pair(inputs: int, layers: Sequence[LayerSpec], seed: int = 0, dtype: str = "float64") -> Any:
    """(network, oracle, w): w are the parameters of the network in float64, biases not 0."""
    net = network(inputs, layers, seed, dtype)
    w = np.array(net.parameters, float)
    oracle = ref.Net(inputs, layers)
    w += 0.1 * (1 - oracle.weight_mask()) * np.random.default_rng(seed).normal(size=w.size)
    net.parameters = w
    return net, oracle, np.array(net.parameters, float)


@dataclass(frozen=True)
class Task:
    """A small network with data that suit its output."""

    inputs: int
    layers: Sequence[LayerSpec]

    @property
    def data(self) -> tuple[Array, Array]:
        """X (24, inputs), y (24, n_out): one-hot for softmax, 0/1 for sigmoid, else real."""
        rng = np.random.default_rng(7)
        k, output = self.layers[-1][0], self.layers[-1][1]
        X = rng.normal(size=(24, self.inputs)).astype(np.float32).astype(float)
        if output == "softmax":
            return X, ref.one_hot(np.argmax(X[:, :k] + 0.3, 1), k)
        y = np.sin(X @ rng.normal(size=(self.inputs, k)))
        return X, (y > 0) * 1.0 if output == "sigmoid" else y.astype(np.float32).astype(float)


TASKS = {
    "regression": Task(3, [(5, "tanh", True), (2, "identity", True)]),
    "classes": Task(4, [(6, "tanh", True), (5, "softplus", False), (3, "softmax", True)]),
    "labels": Task(3, [(4, "silu", True), (2, "sigmoid", True)]),
}


def made(family: str, name: str, **fields: Any) -> Any:
    """A member by its string name: made("activations", "leaky_relu", slope=0.2)."""
    return getattr(_core, family)[name](**fields)


def targets(loss: str, rng: np.random.Generator, n: int, outputs: int) -> Array:
    """Random targets in the domain of a loss, for outputs in (0, 1)."""
    if loss in ref.SIGNS:
        return rng.choice([-1.0, 1.0], (n, outputs))
    return rng.uniform(size=(n, outputs // 2 if loss == "gaussian_nll" else outputs))


def batches(n: int, size: int, epochs: int = 1) -> list[Array]:
    """Index blocks of unshuffled epochs; the last of an epoch may be short."""
    return [np.arange(n)[i : i + size] for _ in range(epochs) for i in range(0, n, size)]


N = 24  # samples of every task


def fresh(name: str = "regression", **fields: Any) -> Any:
    """A new network for a task, equal to any other of the same fields."""
    return network(TASKS[name].inputs, TASKS[name].layers, **fields)


def task_pair(name: str = "regression", dtype: str = "float64") -> Any:
    """(network, oracle, w, X, y) of a task."""
    task = TASKS[name]
    return (*pair(task.inputs, task.layers, dtype=dtype), *task.data)


def squared(o: Array, y: Array) -> tuple[Array, Array]:
    """The squared error as a user would write it."""
    return 0.5 * ((o - y) ** 2).sum(axis=1), o - y

"""Workloads: training W1-W7, inference I1-I2, and a sweep over widths.

Data are drawn from a seed, so nothing outside the repository is needed, and every process
makes the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Activation: TypeAlias = Literal["relu", "tanh", "sigmoid", "elu", "softplus", "silu", "gelu"]
Weights: TypeAlias = list[tuple[Array, Array]]  # per layer: W (n_in, n_out), b (n_out,)


@dataclass(frozen=True)
class Rule:
    """An optimizer and its hyperparameters; the rest are the defaults that all peers share."""

    name: Literal["sgd", "adam", "rmsprop"]
    learning_rate: float
    momentum: float = 0.0


SGD = Rule("sgd", 0.05)
MOMENTUM = Rule("sgd", 0.01, momentum=0.9)
ADAM = Rule("adam", 1e-3)
RMSPROP = Rule("rmsprop", 1e-3)


@dataclass(frozen=True)
class Workload:
    """A network, its data and how it is trained; without a rule it only predicts."""

    name: str
    sizes: tuple[int, ...]
    batch: int
    samples: int
    rule: Rule | None
    activation: Activation = "relu"
    task: Literal["classes", "numbers"] = "classes"
    dtype: Literal["float32", "float64"] = "float32"

    @property
    def output(self) -> str:
        return "softmax" if self.task == "classes" else "identity"

    @property
    def loss(self) -> str:
        return "cross_entropy" if self.task == "classes" else "squared_error"

    @property
    def steps(self) -> int:
        """Steps of one repeat: the batches of an epoch, or one call of predict."""
        return self.samples // self.batch

    @property
    def mflop(self) -> float:
        """MFLOP of the products in one step; the first layer needs no input gradient."""
        products = [n_in * n_out for n_in, n_out in pairwise(self.sizes)]
        passes = sum(products) if self.rule is None else 3 * sum(products) - products[0]
        return 2e-6 * self.batch * passes

    @property
    def check_epochs(self) -> int:
        """Epochs before losses are compared: about 200 steps, fewer where a step is long.

        Rounding grows with the steps (Adam divides by tiny roots), so more would test less.
        """
        return max(1, int(min(200, 5_000 / self.mflop)) // self.steps)

    def describe(self) -> str:
        rule = f"{self.rule.name} {self.rule.learning_rate:g}" if self.rule else "predict"
        momentum = f" momentum {self.rule.momentum:g}" if self.rule and self.rule.momentum else ""
        sizes = "-".join(map(str, self.sizes))
        return f"{sizes} {self.activation} {self.loss}, {rule}{momentum}, {self.dtype}"


@dataclass(frozen=True)
class Problem:
    """A workload with its data and initial weights.

    `order` is None where batches are consecutive rows, else the permutation to gather them by.
    """

    workload: Workload
    X: Array
    y: Array  # (n,) int64 classes, or (n, n_out) numbers
    weights: Weights
    order: Array | None = None

    def in_order(self) -> Problem:
        """The same batches, as consecutive rows."""
        if self.order is None:
            return self
        return Problem(self.workload, self.X[self.order], self.y[self.order], self.weights)


def _workloads() -> dict[str, Workload]:
    training = [
        Workload("W1", (2, 8, 8, 1), 10, 10_000, SGD, "tanh", "numbers"),
        Workload("W2", (64, 64, 10), 32, 3_200, ADAM),
        Workload("W3", (784, 128, 10), 128, 79 * 128, ADAM),
        Workload("W4", (100, 256, 256, 1), 256, 5_120, ADAM, "relu", "numbers"),
        Workload("W5", (1024, 2048, 2048, 10), 512, 2_048, MOMENTUM),
        Workload("W6", (32, *[64] * 10, 1), 64, 3_200, RMSPROP, "tanh", "numbers"),
        Workload("W7", (100, 100, 10), 200, 10_000, ADAM, dtype="float64"),
    ]
    sweep = [
        Workload(f"S{w}", (10, w, w, 10), 128, 2_560, ADAM)
        for w in (16, 32, 64, 128, 256, 512, 1024)
    ]
    inference = [
        Workload("I1a", (784, 128, 10), 1, 1, None),
        Workload("I1b", (32, 64, 64, 4), 1, 1, None),
        Workload("I2", (784, 512, 512, 10), 100_000, 100_000, None),
    ]
    return {w.name: w for w in training + sweep + inference}


WORKLOADS = _workloads()
GROUPS = {
    "training": [name for name in WORKLOADS if name.startswith("W")],
    "sweep": [name for name in WORKLOADS if name.startswith("S")],
    "inference": [name for name in WORKLOADS if name.startswith("I")],
    "I1": ["I1a", "I1b"],
    "all": list(WORKLOADS),
}


def make_problem(workload: Workload, seed: int = 0, shuffled: bool = False) -> Problem:
    """Normal inputs, noisy targets of a random linear teacher, Glorot uniform weights."""
    rng = np.random.default_rng(seed)
    n, sizes, dtype = workload.samples, workload.sizes, np.dtype(workload.dtype)
    X = rng.standard_normal((n, sizes[0]), dtype=dtype)
    teacher = (rng.standard_normal((sizes[0], sizes[-1])) / np.sqrt(sizes[0])).astype(dtype)
    signal = X @ teacher + 0.3 * rng.standard_normal((n, sizes[-1]), dtype=dtype)
    y = signal.argmax(axis=1) if workload.task == "classes" else np.sin(signal)
    order = rng.permutation(n) if shuffled else None
    return Problem(workload, X, y, [_layer(rng, *pair, dtype) for pair in pairwise(sizes)], order)


def _layer(
    rng: np.random.Generator, n_in: int, n_out: int, dtype: np.dtype[Any]
) -> tuple[Array, Array]:
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out)).astype(dtype), np.zeros(n_out, dtype)

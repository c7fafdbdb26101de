"""The networks and data of `bench.bits`.

Weights are set explicitly, so that a change of the random draws of an initializer is not seen here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

import fastmlp as fm
from bench.workloads import Array
from fastmlp import _core

Results: TypeAlias = dict[str, Any]  # what is hashed, by name: arrays or numbers
Case: TypeAlias = tuple[str, Callable[[], Results]]

STEPS = 50
FLOPS = 3e9  # of one case; larger networks make fewer steps
DTYPES = ("float32", "float64")

# ---- networks and data ---------------------------------------------------------------------------

NETWORKS: dict[str, tuple[int, Callable[[], list[Any]]]] = {  # inputs and layers
    "tiny": (2, lambda: [fm.Dense(3, "tanh"), fm.Dense(1)]),
    "one layer": (7, lambda: [fm.Dense(3, bias=False)]),
    "no bias": (5, lambda: [fm.Dense(9, "relu", bias=False), fm.Dense(3, bias=False)]),
    "medium": (20, lambda: [fm.Dense(64, "relu"), fm.Dense(33, "tanh"), fm.Dense(10, "softmax")]),
    "deep": (6, lambda: [*[fm.Dense(24, "tanh") for _ in range(10)], fm.Dense(2)]),
    "wide 300": (300, lambda: [fm.Dense(100, "relu"), fm.Dense(3)]),
    "wide 512": (512, lambda: [fm.Dense(40, "relu"), fm.Dense(3)]),
    "wide 1030": (1030, lambda: [fm.Dense(24, "relu"), fm.Dense(3)]),
    "hidden 1040": (30, lambda: [fm.Dense(1040, "relu"), fm.Dense(20, "tanh"), fm.Dense(2)]),
    "square 520": (520, lambda: [fm.Dense(520, "tanh", bias=False), fm.Dense(1)]),
    "packed chain": (16, lambda: [fm.Dense(512, "tanh"), fm.Dense(512, "relu"), fm.Dense(4)]),
    "dropout first": (7, lambda: [fm.Dropout(0.3), fm.Dense(40, "tanh"), fm.Dense(2)]),
    "dropout": (
        7,
        lambda: [
            fm.Dense(40, "tanh"), fm.Dropout(0.5), fm.Dense(30, "relu"), fm.Dropout(0.2),
            fm.Dense(2),
        ],
    ),
    "dropout wide": (
        600, lambda: [fm.Dropout(0.2), fm.Dense(40, "relu"), fm.Dropout(0.5), fm.Dense(2)]
    ),
    "noise first": (7, lambda: [fm.GaussianNoise(0.3), fm.Dense(40, "tanh"), fm.Dense(2)]),
    "noise": (7, lambda: [fm.Dense(40, "tanh"), fm.GaussianNoise(0.2), fm.Dense(2)]),
    "both": (
        7,
        lambda: [
            fm.GaussianNoise(0.1), fm.Dropout(0.1), fm.Dense(20, "silu"), fm.Dropout(0.2),
            fm.GaussianNoise(0.1), fm.Dense(2),
        ],
    ),
    "hidden softmax": (
        6, lambda: [fm.Dense(12, "softmax"), fm.Dense(9, "softmax"), fm.Dense(3, "softmax")]
    ),
}  # fmt: skip
HEAVY = ("wide 512", "wide 1030", "hidden 1040", "square 520", "packed chain", "dropout wide")


def network(inputs: int, layers: list[Any], dtype: str, **settings: Any) -> fm.Network:
    """With weights of variance 1 / n_in, and small biases."""
    net = fm.Network(layers, inputs=inputs, dtype=dtype, seed=3, **settings)
    rng = np.random.default_rng(net.n_parameters)
    for W, b in zip(net.weights, net.biases, strict=True):
        W[...] = rng.standard_normal(W.shape) / math.sqrt(len(W))
        if b is not None:
            b[...] = 0.1 * rng.standard_normal(b.shape)
    return net


def named(name: str, dtype: str) -> fm.Network:
    inputs, layers = NETWORKS[name]
    return network(inputs, layers(), dtype)


def inputs_of(net: fm.Network, n: int) -> Array:
    return np.random.default_rng(n).standard_normal((n, net.n_inputs)).astype(net.dtype)


TARGETS: dict[str, Callable[[np.random.Generator, int, int], Array]] = {  # of n samples, k outputs
    "numbers": lambda rng, n, k: rng.standard_normal((n, k)),
    "one column": lambda rng, n, k: rng.standard_normal(n),
    "classes": lambda rng, n, k: rng.integers(0, k, n),
    "one-hot": lambda rng, n, k: np.eye(k)[rng.integers(0, k, n)],
    "soft": lambda rng, n, k: rng.dirichlet(np.ones(k), n),
    "fractions": lambda rng, n, k: rng.uniform(size=(n, k)),
    "labels": lambda rng, n, k: rng.choice([-1.0, 1.0], (n, k)),
    "counts": lambda rng, n, k: rng.poisson(2.0, (n, k)).astype(float),
    "half": lambda rng, n, k: rng.standard_normal((n, k // 2)),
}


def targets(kind: str, net: fm.Network, n: int) -> Array:
    y = TARGETS[kind](np.random.default_rng(n + 1), n, net.n_outputs)
    return y if kind == "classes" else y.astype(net.dtype)


def weights(n: int) -> Array:
    """With zeros among them."""
    return np.maximum(np.random.default_rng(n + 2).uniform(-0.5, 2.0, n), 0.0)


# ---- what is done with them ----------------------------------------------------------------------


def with_threads(threads: int, function: Callable[[], Results]) -> Callable[[], Results]:
    def call() -> Results:
        _core.force_num_threads(threads)
        try:
            return function()
        finally:
            _core.force_num_threads(0)

    return call


def samples_for(net: fm.Network, batch: int | None) -> tuple[int, int]:
    """Samples and batch size: several batches with a shorter last one, or all in one."""
    if batch is None:
        return 1100, 1100
    return {1: 50, 7: 65, 32: 145}.get(batch, 2 * batch + 37), batch


def train(
    net: fm.Network, kind: str = "numbers", *, loss: Any = None, optimizer: Any = None,
    batch: int | None = 32, sample_weight: bool = False, **settings: Any,
) -> Results:  # fmt: skip
    """Parameters, iterate, losses and the optimizer's state after about STEPS steps."""
    n, size = samples_for(net, batch)
    steps = min(STEPS, max(3, int(FLOPS / (6 * size * net.n_parameters))))
    X, y = inputs_of(net, n), targets(kind, net, n)
    optimizer = fm.SGD(0.05, momentum=0.9) if optimizer is None else optimizer
    trainer = fm.Trainer(net, loss, optimizer, batch_size=size, **settings)
    epochs = math.ceil(steps / math.ceil(n / size))
    history = trainer.run(X, y, epochs=epochs, sample_weight=weights(n) if sample_weight else None)
    results = {"parameters": net.parameters, "losses": history["loss"], "status": history.status}
    if optimizer.average is not None:
        results["last_parameters"] = trainer.last_parameters
    return results | {"state": [*trainer.state.values()], "rate": trainer.learning_rate}

"""The tasks of sweeps, in a module that workers of every back end can import."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core

X = np.random.default_rng(0).normal(size=(120, 6))
Y = (X @ np.random.default_rng(1).normal(size=(6, 3))).argmax(axis=1)


def train(seed: int) -> tuple[bytes, float, int]:
    """The parameters of one network of a sweep, its last loss, and the threads that it may use."""
    rate = float(10.0 ** np.random.default_rng(seed).uniform(-3, -1))
    net = fm.Network([fm.Dropout(0.1), fm.Dense(8), fm.Dense(3, "softmax")], inputs=6, seed=seed)
    history = net.fit(X, Y, optimizer=fm.Adam(rate), epochs=3)
    return net.parameters.tobytes(), history["loss"][-1], fm.get_num_threads()


def carried(value: Any) -> tuple[bytes, float]:
    """Go on with a network and a trainer that were sent to the worker."""
    net, trainer = value
    net.fit(X, Y, epochs=1)
    loss = trainer.epoch(X, Y)
    return net.parameters.tobytes() + trainer.network.parameters.tobytes(), loss


def sum_of(X: Any) -> tuple[float, bool]:
    """A fit to a big array, and whether it is a view of a file."""
    net = fm.Network([X.shape[1], 1], seed=0)
    net.fit(X, X[:, 0], epochs=1, optimizer=fm.SGD(1e-3))
    return float(net.parameters.sum()), isinstance(X, np.memmap)


class Loop:
    """An actor with a shard, for loops over Dask or Ray: gradients out, means in."""

    def __init__(self, rank: int, size: int) -> None:
        self.X, self.y = X[rank::size], Y[rank::size]
        net = fm.Network([fm.Dense(8, "tanh"), fm.Dense(3, "softmax")], inputs=6, seed=0)
        self.trainer = fm.Trainer(net, optimizer=fm.Adam(0.01))

    def gradient(self) -> tuple[float, Any]:
        _, weight, gradient = self.trainer.gradient(self.X, self.y)
        return weight, gradient

    def apply(self, gradient: Any, weight: float) -> None:
        self.trainer.apply(gradient, weight)

    def parameters(self) -> Any:
        return self.trainer.network.parameters.copy()


ISA = _core.isa

"""Networks whose state is carried from batch to batch, with data in pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastmlp as fm
from reference import Array

TIME = 5
NETS: dict[str, Callable[[], list[Any]]] = {
    "Recurrent": lambda: [fm.Recurrent(7), fm.Dense(2)],
    "output": lambda: [fm.Recurrent(3, "softplus")],
    "GRU": lambda: [fm.GRU(6), fm.Dense(2)],
    "LSTM": lambda: [fm.LSTM(5), fm.Dense(2)],
    "stacked": lambda: [fm.LSTM(5, sequences=True), fm.GRU(4, sequences=True),
                        fm.Recurrent(9, sequences=True), fm.Conv1D(3, 1)],
}  # fmt: skip
CARRIED: dict[str, Any] = {"carry_state": True, "shuffle": False}


def make(name: str, time: int = TIME, dtype: str = "float64") -> fm.Network:
    net = fm.Network(NETS[name](), inputs=(time, 3), dtype=dtype, seed=1)
    biases = np.random.default_rng(0)
    for b in net.biases:
        b[...] += 0.1 * biases.normal(size=b.shape)
    return net


def pieces_of(net: fm.Network, n: int, count: int) -> tuple[Array, Array]:
    """X and y of so many batches of n, one after the other."""
    rng = np.random.default_rng(n)
    X = rng.normal(size=(count, n, *net.input_shape)).astype(net.dtype)
    return X, rng.normal(size=(count, n, *net.output_shape)).astype(net.dtype)


def flat_state(net: fm.Network) -> Array:
    """h and c of all layers side by side."""
    assert net.recurrent_state is not None
    parts = [each if isinstance(each, tuple) else (each,) for each in net.recurrent_state]
    return np.concatenate([array for part in parts for array in part], axis=1)

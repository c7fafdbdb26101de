"""Networks in good and in bad health, of which a diagnosis must say what is wrong."""

from __future__ import annotations

from typing import Any

import fastmlp as fm


def deep(activation: str, init: Any, depth: int = 10, width: int = 24, seed: int = 0) -> fm.Network:
    hidden = [fm.Dense(width, activation, init=init) for _ in range(depth - 1)]
    return fm.Network([*hidden, fm.Dense(1)], inputs=12, dtype="float64", seed=seed)


def recurrent(layer: Any, seed: int = 0, **keywords: Any) -> fm.Network:
    return fm.Network([layer, fm.Dense(1)], inputs=(100, 3), dtype="float64", seed=seed, **keywords)


def shifted(net: fm.Network, layer: int, by: float) -> fm.Network:
    net.biases[layer][:] += by  # type: ignore[index]
    return net


def small_sigmoids(seed: int) -> fm.Network:
    return deep("sigmoid", fm.Normal([0.01, 0.1, 0.2][seed % 3]), seed=seed)


def large_sigmoids(seed: int) -> fm.Network:
    return deep("sigmoid", fm.Normal([2.0, 3.0, 5.0][seed % 3]), seed=seed)


def large_relus(seed: int) -> fm.Network:
    return deep("relu", fm.Normal([0.7, 1.0, 2.0][seed % 3]), seed=seed)


def he_relus(seed: int) -> fm.Network:
    return deep("relu", "he_normal", width=[24, 32, 64][seed % 3], seed=seed)


def orthogonal(seed: int) -> fm.Network:
    return deep("identity", "orthogonal", depth=[10, 20, 40][seed % 3], seed=seed)


def dead_relus(seed: int) -> fm.Network:
    return shifted(deep("relu", "he_normal", depth=4, seed=seed), seed % 3, -40.0)


def elman(seed: int) -> fm.Network:
    return recurrent(fm.Recurrent([8, 16][seed % 2], recurrent_init=fm.Normal(0.1)), seed)


def wild_elman(seed: int) -> fm.Network:
    init = fm.Orthogonal([1.15, 1.3][seed % 2])
    return recurrent(fm.Recurrent(16, "identity", recurrent_init=init), seed)


def open_lstm(seed: int) -> fm.Network:
    return recurrent(fm.LSTM(16, forget_bias=5.0), seed)


KINDS = [  # what is made, what is said of it, how many
    (small_sigmoids, "vanishing", 8),
    (large_sigmoids, "saturated", 6),
    (large_relus, "exploding", 6),
    (he_relus, "", 8),
    (orthogonal, "", 6),
    (dead_relus, "dead", 6),
    (elman, "vanishing", 4),
    (wild_elman, "exploding", 3),
    (open_lstm, "", 3),
]

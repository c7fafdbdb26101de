"""Random networks of all layers and activations, to be compared with other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core
from file_cases import Random, one_of
from reference import Array

# An exponential, infinite in series, is compared where every activation is.
ACTIVATIONS = [name for name in _core.activations if name not in ("softmax", "exponential")]
KINDS = ("dense", "sequence", "image", "recurrent")


def activation(random: Random, names: Any = ACTIVATIONS) -> Any:
    """One of these, with fields of its own where it has some; a sine that magnifies no rounding."""
    name = one_of(random, *names)
    fields = {"leaky_relu": ("slope", 0.3), "elu": ("alpha", 0.6), "sine": ("omega", 0.7)}.get(name)
    return _core.activations[name](**dict([fields] if fields else []))


def bias(random: Random) -> bool:
    return bool(random.integers(2))


def dense_layers(random: Random) -> tuple[Any, list[Any]]:
    width = int(random.integers(1, 9))
    first = fm.Dense(width, activation(random), bias(random))
    second = fm.Dense(int(random.integers(1, 7)), activation(random))
    return width, [
        fm.GaussianNoise(0.1),
        first,
        one_of(random, fm.Dropout(0.2), fm.Skip("input"), fm.Skip(first)),
        second,
        fm.Tied(second, activation(random), bias=bias(random)),
        fm.Tied(first, activation(random), transposed=bias(random), bias=bias(random)),
        fm.Skip(first),
        fm.Dense(3, one_of(random, "softmax", "sigmoid", "identity"), bias(random)),
    ]


def window_layers(random: Random, n: int) -> tuple[Any, list[Any]]:
    """Convolutions, pooling and a sum of `n` dimensions."""
    shape = (*(int(size) for size in random.integers(9, 13, n)), int(random.integers(1, 4)))
    Conv, Max, Mean, GlobalMean = (
        (fm.Conv1D, fm.MaxPool1D, fm.AveragePool1D, fm.GlobalAveragePool1D),
        (fm.Conv2D, fm.MaxPool2D, fm.AveragePool2D, fm.GlobalAveragePool2D),
    )[n - 1]

    def size(least: int, most: int) -> Any:
        sizes = tuple(int(each) for each in random.integers(least, most + 1, n))
        return sizes if n == 2 else sizes[0]

    padding = one_of(random, "valid", "same", size(0, 2))
    first = Conv(
        *(5, size(1, 3), activation(random), size(1, 2), padding, size(1, 2), bias(random))
    )
    same = Conv(5, 3, activation(random), padding="same")
    pool = one_of(random, Max, Mean)
    # A mean with zeros around that are more than half of the window has no module in torch.
    pooled = pool(*(one_of(random, (2, 2, "same"), (3, 2, 1), (3, 1, 2), (2, 1, "same"), (2,))))
    end = one_of(random, [fm.Dense(3, "softmax")], [GlobalMean(), fm.Dense(2)], [
        Conv(3, 1, "softmax")])  # fmt: skip
    return shape, [first, same, fm.Skip(first), fm.SpatialDropout(0.2), pooled, *end]


def recurrent_layers(random: Random, names: Any) -> tuple[Any, list[Any]]:
    shape = (int(random.integers(1, 6)), int(random.integers(1, 4)))

    def layer(sequences: bool) -> Any:
        kind = one_of(random, *names)
        units = int(random.integers(1, 5))
        made = kind(units, activation(random, names[kind]), sequences, bias=bias(random))
        return one_of(random, made, fm.Bidirectional(made))

    sequences = bias(random)
    end = fm.Conv1D(3, 1, "softmax") if sequences else fm.Dense(2, "tanh")
    return shape, [layer(True), fm.Dropout(0.2), layer(sequences), end]


def random_net(seed: int, dtype: str, names: Any, left_out: tuple[str, ...] = ()) -> fm.Network:
    """A network of one of the kinds; `names` are the activations of recurrent layers."""
    random = np.random.default_rng(seed)
    kind = KINDS[seed % 4]
    for _ in range(100):
        shape, layers = {
            "dense": dense_layers,
            "sequence": lambda random: window_layers(random, 1),
            "image": lambda random: window_layers(random, 2),
            "recurrent": lambda random: recurrent_layers(random, names),
        }[kind](random)
        used = {getattr(layer, "activation", fm.Identity()).name for layer in layers}
        if not used.intersection(left_out):
            break
    net = fm.Network(layers, inputs=shape, dtype=dtype, seed=seed)
    net.parameters = net.parameters + 0.05 * random.normal(size=net.n_parameters)
    net.epochs_trained = seed
    return net


def samples(net: fm.Network, n: int = 9) -> Array:
    random = np.random.default_rng(1)
    return random.normal(size=(n, *net.input_shape)).astype(net.dtype)


def difference(given: Array, expected: Array, outputs: Array | None = None) -> float:
    """Relative to the largest output, where more `outputs` are given to the largest of these."""
    assert given.shape == expected.shape
    assert given.dtype == expected.dtype
    largest = np.abs(expected if outputs is None else outputs).max()
    return float(np.abs(given - expected).max() / max(largest, 1e-3))

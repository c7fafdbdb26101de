"""Steps of convolutional networks beside torch, JAX and Keras, as `layer_steps` says.

python -m bench.convolution [lenet lenet_same digits wide] [--batches 32 128] [--peers jax_jitted]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import fastmlp as fm
from bench.layer_steps import compare, load_peers, parser

NETS: dict[str, tuple[tuple[int, int, int], Callable[[], list[Any]]]] = {
    "lenet": ((28, 28, 1), lambda: [
        fm.Conv2D(6, 5, "relu"), fm.MaxPool2D(2), fm.Conv2D(16, 5, "relu"), fm.MaxPool2D(2),
        fm.Dense(120, "relu"), fm.Dense(84, "relu"), fm.Dense(10, "softmax"),
    ]),
    "lenet_same": ((28, 28, 1), lambda: [
        fm.Conv2D(6, 5, "relu", padding=2), fm.MaxPool2D(2), fm.Conv2D(16, 5, "relu"),
        fm.MaxPool2D(2), fm.Dense(120, "relu"), fm.Dense(84, "relu"), fm.Dense(10, "softmax"),
    ]),
    "digits": ((8, 8, 1), lambda: [fm.Conv2D(16, 3, "relu"), fm.Dense(10, "softmax")]),
    "wide": ((28, 28, 1), lambda: [
        fm.Conv2D(32, 3, "relu", padding=1), fm.MaxPool2D(2),
        fm.Conv2D(64, 3, "relu", padding=1), fm.MaxPool2D(2),
        fm.Dense(128, "relu"), fm.Dense(10, "softmax"),
    ]),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__, rounds=15)
    options.add_argument("names", nargs="*", default=list(NETS))
    options.add_argument("--batches", type=int, nargs="+", default=[32, 128])
    given = options.parse_args(arguments)
    peers = load_peers(given.peers, given.threads)
    for name in given.names:
        shape, layers = NETS[name]
        for batch in given.batches:
            print(f"{name}, batch {batch}")
            rng = np.random.default_rng(0)
            X, y = rng.normal(size=(batch, *shape)).astype(np.float32), rng.integers(0, 10, batch)
            net = fm.Network(layers(), inputs=shape, seed=0)
            compare(net, X, y, peers, given.rounds, given.wall)


if __name__ == "__main__":
    main()

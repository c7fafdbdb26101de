"""Steps of recurrent networks beside torch, JAX and Keras, as `layer_steps` says.

python -m bench.recurrence [Recurrent GRU LSTM] [--steps 28 100] [--peers jax_jitted keras3]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import fastmlp as fm
from bench.layer_steps import compare, load_peers, parser

FEATURES, CLASSES = 28, 10
KINDS = {"Recurrent": fm.Recurrent, "GRU": fm.GRU, "LSTM": fm.LSTM}


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__, rounds=60)
    options.add_argument("kinds", nargs="*", default=list(KINDS))
    options.add_argument("--steps", type=int, nargs="+", default=[28, 100])
    options.add_argument("--units", type=int, default=64)
    options.add_argument("--batch", type=int, default=64)
    given = options.parse_args(arguments)
    peers = load_peers(given.peers, given.threads)
    for kind in given.kinds:
        for steps in given.steps:
            print(f"{kind}, {steps} steps, {given.units} units, batch {given.batch}")
            rng = np.random.default_rng(0)
            X = rng.normal(size=(given.batch, steps, FEATURES)).astype(np.float32)
            y = rng.integers(0, CLASSES, given.batch)
            layers = [KINDS[kind](given.units), fm.Dense(CLASSES, "softmax")]
            net = fm.Network(layers, inputs=(steps, FEATURES), seed=0)
            compare(net, X, y, peers, given.rounds, given.wall)


if __name__ == "__main__":
    main()

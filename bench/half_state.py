"""A step of Adam with m and v in bfloat16, beside those in float32, on large and small networks.

python -m bench.half_state [--rounds 5] [--threads 1 2]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

import fastmlp as fm
from bench import machine

SHAPES = [  # layers and batch
    ([784, 128, 10], 128),
    ([3072, 512, 10], 100),
    ([4096, 1024, 10], 32),
    ([1024, 1024, 1024, 1024], 256),
    ([2048, 2048, 2048, 10], 64),
]
STEPS = 20  # of an epoch


def step_seconds(trainer: fm.Trainer, X: np.ndarray, y: np.ndarray) -> float:
    """Seconds of one step in an epoch."""
    start = time.perf_counter()
    trainer.run(X, y, epochs=1)
    return (time.perf_counter() - start) / STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    print(machine.describe())
    rng = np.random.default_rng(0)
    for layers, batch in SHAPES:
        X = rng.normal(size=(STEPS * batch, layers[0])).astype("f")
        y = rng.normal(size=(STEPS * batch, layers[-1])).astype("f")
        for threads in options.threads:
            fm.set_num_threads(threads)
            trainers = [
                fm.Trainer(
                    fm.Network(layers, output="identity", seed=0),
                    optimizer=fm.Adam(1e-6, half_state=half),
                    batch_size=batch,
                )
                for half in (False, True)
            ]
            rounds = [
                [step_seconds(trainer, X, y) for trainer in trainers]
                for _ in range(options.rounds + 1)
            ][1:]
            full, half = (1e6 * statistics.median(times) for times in zip(*rounds, strict=True))
            ratio = statistics.median(b / a for a, b in rounds)
            name = "-".join(map(str, layers))
            print(
                f"{name}, batch {batch}, threads {threads}:"
                f" float32 {full:.0f} us, bfloat16 {half:.0f}, {ratio:.2f} of it"
            )


if __name__ == "__main__":
    main()

"""The adding problem: sum the two marked numbers of a sequence, by Elman's network, GRU and LSTM.

python examples/adding.py [--steps 50] [--seeds 3]

One mark is in either half of the sequence (Hochreiter & Schmidhuber 1997), so the error at the end
has to be traced back over many steps. Who always answers 1 has an error of 1/6. GRU and LSTM learn
it in a second; Elman's gradient vanishes on its way. Takes some seconds.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

Floats = NDArray[np.floating]

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=50)
parser.add_argument("--seeds", type=int, default=3)
options = parser.parse_args()
steps, n_seeds = int(options.steps), int(options.seeds)


def sequences(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """X (n, steps, 2) of numbers from 0 to 1 and of marks, and the sums of the marked numbers."""
    X = np.zeros((n, steps, 2), "float32")
    X[..., 0] = rng.uniform(size=(n, steps))
    half = steps // 2
    for marked in (rng.integers(0, half, n), rng.integers(half, steps, n)):
        X[np.arange(n), marked, 1] = 1
    return X, (X[..., 0] * X[..., 1]).sum(axis=1)


for layer in (fm.Recurrent(16), fm.GRU(16), fm.LSTM(16)):
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        X, y = sequences(10_000, rng)
        X_test, y_test = sequences(1_000, rng)
        net = fm.Network([layer, fm.Dense(1)], inputs=(steps, 2), seed=seed)
        trainer = fm.Trainer(net, optimizer=fm.Adam(1e-2, clip_norm=1.0), batch_size=50)
        start, error = time.process_time(), 1.0
        for _ in range(10):
            trainer.epoch(X, y)
            error = 2 * net.loss(X_test, y_test)  # the loss is half of the mean square
            if error < 0.002:
                break
        print(
            f"{type(layer).__name__:9} seed {seed}: mean square error {error:.4f} "
            f"after {trainer.n_steps} updates, {time.process_time() - start:.1f} s of a processor"
        )

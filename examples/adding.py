"""
Elman's network, GRU and LSTM on the adding problem
===================================================

For those who choose a recurrent layer. Two numbers of a sequence are marked, one in either half,
and their sum is wanted (Hochreiter & Schmidhuber 1997), so the error at the end has to be traced
back over 50 steps. GRU and LSTM learn it in a second; the gradient of Elman's network vanishes on
its way, and it hardly beats the constant answer 1. For ten seeds: `python examples/adding.py
--seeds 10`.
"""

import argparse
import time

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
Floats = NDArray[np.floating]
parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=50)
parser.add_argument("--seeds", type=int, default=2)
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


figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.axhline(1 / 6, color="grey", linestyle=":", label="always 1")
for layer, color in ((fm.Recurrent(16), "C2"), (fm.GRU(16), "C0"), (fm.LSTM(16), "C1")):
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        (X, y), (X_test, y_test) = sequences(10_000, rng), sequences(1_000, rng)
        net = fm.Network([layer, fm.Dense(1)], inputs=(steps, 2), seed=seed)
        trainer = fm.Trainer(net, optimizer=fm.Adam(1e-2, clip_norm=1.0), batch_size=50)
        start, errors = time.process_time(), [2 * net.loss(X_test, y_test)]  # loss: half of it
        while errors[-1] > 0.002 and len(errors) <= 10:
            trainer.epoch(X, y)
            errors.append(2 * net.loss(X_test, y_test))
        print(
            f"{type(layer).__name__:9} seed {seed}: mean square error {errors[-1]:.4f} "
            f"after {trainer.n_steps} updates, {time.process_time() - start:.1f} s of a processor"
        )
        ax.semilogy(errors, ".-", color=color, label=None if seed else type(layer).__name__)
ax.set(xlabel="epoch", ylabel="mean square error")
ax.legend(loc="lower right")
plt.show()

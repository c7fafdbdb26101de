"""
Learning-rate decay
===================

For those whose loss stops falling but does not settle. The gradients of batches are noisy: with a
constant rate the weights come near the minimum and wander about it, the farther the larger the rate
is. A rate that decays first makes long steps and then averages the noise out.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
Array = NDArray[np.floating]
Rate = fm.Constant | fm.ExponentialDecay | fm.InverseTimeDecay | fm.CosineDecay
STEPS, RUNS, DIM = 1000, 20, 10

RATES: dict[str, Rate] = {
    "constant 0.3": fm.Constant(0.3),
    "constant 0.01": fm.Constant(0.01),
    "exponential decay": fm.ExponentialDecay(0.3, rate=0.005),
    "inverse decay": fm.InverseTimeDecay(0.3, rate=0.05),
    "cosine decay": fm.CosineDecay(0.3, steps=STEPS),
}


def mean_value(rate: Rate) -> Array:
    """½ ‖w‖² along the path under gradients with normal noise, the mean of several runs."""
    start, mean = np.full(DIM, 3.0), np.zeros(STEPS + 1)
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)

        def noisy(w: Array, rng: np.random.Generator = rng) -> tuple[float, Array]:
            return float(0.5 * w @ w), w + rng.normal(size=DIM)

        path = fm.minimize(noisy, start, fm.SGD(rate), steps=STEPS, record_path=True).path
        assert path is not None
        mean += 0.5 * (path**2).sum(axis=1) / RUNS
    return mean


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for (name, rate), color in zip(RATES.items(), ("C0", "C1", "C2", "C3", "k"), strict=True):
    values = mean_value(rate)
    print(f"{name:18} value {values[-100:].mean():.4f} over the last 100 steps")
    left.semilogy([rate(step) for step in range(STEPS)], color=color, label=name)
    right.semilogy(values, color=color, label=name)
left.set(xlabel="step", ylabel="learning rate", ylim=(1e-3, 1))
right.set(xlabel="step", ylabel="value, mean of 20 runs")
right.legend(loc="upper right")
plt.show()

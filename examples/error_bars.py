"""
Regression with error bars: quantiles, and a normal distribution
================================================================

For those who must say how sure a prediction is. The noise of the samples grows with x; one network
for each of the quantiles 10 %, 50 % and 90 % is fitted with the `Quantile` loss, another one with
`GaussianNLL`, which has two outputs, mean and log variance. Both bands are meant to hold 80 % of
new samples at every x. Quantiles do, whatever the distribution; the normal band is too wide for
this noise, whose tail is long on one side.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
LEVELS = (0.1, 0.5, 0.9)
rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (3000, 1))
y = np.sin(4 * X) + (0.35 + 0.3 * X) * (rng.exponential(size=X.shape) - 0.7)
fit, test = slice(0, 2000), slice(2000, None)

adam = fm.Adam(fm.CosineDecay(1e-2, steps=60 * 63))  # epochs of 63 updates
quantiles: list[fm.Network] = []
for q in LEVELS:
    net = fm.Network([1, 32, 32, 1], activation="tanh", seed=0)
    net.fit(X[fit], y[fit], loss=fm.Quantile(q), optimizer=adam, epochs=60)
    below = np.mean(y[test] < net.predict(X[test]))
    print(f"{q:.0%} quantile: {below:.1%} of new samples lie below")
    quantiles.append(net)
normal = fm.Network([1, 32, 32, 2], activation="tanh", seed=0)
normal.fit(X[fit], y[fit], loss="gaussian_nll", optimizer=adam, epochs=60)


def bands(x: NDArray[np.floating]) -> dict[str, list[NDArray[np.floating]]]:
    """Lower end, middle and upper end (n, 1) of each band."""
    mean, log_variance = np.hsplit(normal.predict(x), 2)
    reach = 1.2816 * np.exp(log_variance / 2)  # of 80 % of a normal distribution
    by_quantiles = [net.predict(x) for net in quantiles]
    return {"quantiles": by_quantiles, "normal": [mean - reach, mean, mean + reach]}


figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4), layout="constrained")
x = np.linspace(-1, 1, 200).reshape(-1, 1)
for (name, (low, _, high)), ax in zip(bands(X[test]).items(), axes, strict=True):
    inside = (low < y[test]) & (y[test] < high)
    print(f"in the band: {inside.mean():.1%} of new samples", end=", ")
    print(f"{inside[X[test] < 0].mean():.1%} where x < 0, {inside[X[test] >= 0].mean():.1%} beyond")
    low, middle, high = (part[:, 0] for part in bands(x)[name])
    ax.plot(X[test], y[test], ".", color="grey", markersize=3)
    ax.fill_between(x[:, 0], low, high, color="C0", alpha=0.3)
    ax.plot(x, middle, color="C0")
    ax.set(title=name, xlabel="x")
plt.show()

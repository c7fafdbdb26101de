"""
Regression with error bars by quantiles
=======================================

For those who must say how sure a prediction is. The noise of the samples grows with x; one network
for each of the quantiles 10 %, 50 % and 90 % is fitted with the `Quantile` loss. The band between
the outer two is meant to hold 80 % of new samples, at every x, whatever their distribution.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
LEVELS = (0.1, 0.5, 0.9)
rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (3000, 1))
y = np.sin(4 * X) + (0.35 + 0.3 * X) * (rng.exponential(size=X.shape) - 0.7)
fit, test = slice(0, 2000), slice(2000, None)

quantiles: list[fm.Network] = []
for q in LEVELS:
    net = fm.Network([1, 32, 32, 1], activation="tanh", seed=0)
    rate = fm.CosineDecay(1e-2, steps=60 * 63)  # of 63 updates per epoch
    net.fit(X[fit], y[fit], loss=fm.Quantile(q), optimizer=fm.Adam(rate), epochs=60)
    below = np.mean(y[test] < net.predict(X[test]))
    print(f"{q:.0%} quantile: {below:.1%} of new samples lie below")
    quantiles.append(net)
low, median, high = (net.predict(X[test]) for net in quantiles)
inside = (low < y[test]) & (y[test] < high)
print(f"in the band: {inside.mean():.1%} of new samples", end=", ")
print(f"{inside[X[test] < 0].mean():.1%} where x < 0, {inside[X[test] >= 0].mean():.1%} beyond")

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
x = np.linspace(-1, 1, 200).reshape(-1, 1)
low, median, high = (net.predict(x)[:, 0] for net in quantiles)
ax.plot(X[test], y[test], ".", color="grey", markersize=3, label="new samples")
ax.fill_between(x[:, 0], low, high, color="C0", alpha=0.3, label="10 % to 90 %")
ax.plot(x, median, color="C0", label="median")
ax.set(xlabel="x", ylabel="y")
ax.legend(loc="upper left")
plt.show()

"""
Two spirals
===========

For those who want to see what hidden layers are for. The points of two spirals that turn about each
other (Lang & Witbrock 1988) cannot be separated by a line, nor by a single small layer. A network
of two hidden layers learns the spirals; the picture has the class that it predicts at each point.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plot

rng = np.random.default_rng(0)
angle = np.sqrt(rng.uniform(0.02, 1, 600)) * 3.5 * np.pi
y = rng.integers(0, 2, len(angle))
radius = angle / (3.5 * np.pi) * np.where(y == 1, 1, -1)
spiral = radius * np.array([np.cos(angle), np.sin(angle)])
X = spiral.T + 0.015 * rng.normal(size=(len(angle), 2))
fit, test = slice(0, 400), slice(400, None)

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4.6), layout="constrained")
for sizes, ax in zip(([2, 1], [2, 32, 32, 1]), axes, strict=True):
    net = fm.Network(sizes, activation="tanh", output="sigmoid", seed=0)
    net.fit(X[fit], y[fit], optimizer=fm.LBFGS(), epochs=1000, l2=1e-4)
    accuracy = np.count_nonzero((net.predict(X[test])[:, 0] > 0.5) == y[test]) / len(y[test])
    name = "-".join(map(str, sizes))
    print(f"network {name:10} test accuracy {accuracy:.3f}")
    plot.decision_regions(net, X, y, ax=ax)
    ax.set(title=f"{name}, test accuracy {accuracy:.0%}", aspect="equal")
plt.show()

"""
The loss surface of a network
=============================

For those who want to see the hill that training walks down. The loss of a network with 41
parameters is drawn over two planes: that of the first two principal components of its path, in
which almost all of the path lies, and one of random directions, where the same minimum looks
different: one picture of a loss surface is never the whole.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plot

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (200, 2))
y = np.sin(X[:, :1]) * X[:, 1:]

net = fm.Network([2, 10, 1], activation="tanh", dtype="float64", seed=0)
trainer = fm.Trainer(net, optimizer=fm.SGD(0.03, momentum=0.9))
path = [net.parameters.copy()]
for _ in range(60):
    trainer.epoch(X, y)
    path.append(net.parameters.copy())
moves = np.array(path) - path[-1]
power = np.linalg.svd(moves, compute_uv=False) ** 2
print(f"{net.n_parameters} parameters, loss {net.loss(X, y):.4f} after {len(path) - 1} epochs")
print(f"two principal components contain {power[:2].sum() / power.sum():.1%} of the path")

figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
plot.loss_surface(net, X, y, path=path, ax=axes[0])
plot.loss_surface(net, X, y, ax=axes[1])
for ax, title in zip(axes, ("plane of the path", "random plane"), strict=True):
    ax.set_title(title)
plt.show()

"""
Two spirals
===========

For those who want to see what hidden layers are for. The points of two spirals that turn about each
other (Lang & Witbrock 1988) cannot be separated by a line, nor by a single small layer. A network
of two hidden layers learns the spirals; the picture has its probability at each point of the plane.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
rng = np.random.default_rng(0)
angle = np.sqrt(rng.uniform(0.02, 1, 600)) * 3.5 * np.pi
y = rng.integers(0, 2, len(angle))
radius = angle / (3.5 * np.pi) * np.where(y == 1, 1, -1)
spiral = radius * np.array([np.cos(angle), np.sin(angle)])
X = spiral.T + 0.015 * rng.normal(size=(len(angle), 2))
fit, test = slice(0, 400), slice(400, None)

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4.4), layout="constrained")
x1, x2 = np.meshgrid(np.linspace(-1.1, 1.1, 200), np.linspace(-1.1, 1.1, 200))
for sizes, ax in zip(([2, 1], [2, 32, 32, 1]), axes, strict=True):
    net = fm.Network(sizes, activation="tanh", output="sigmoid", seed=0)
    net.fit(X[fit], y[fit], optimizer=fm.Adam(1e-2), epochs=500)
    accuracy = np.count_nonzero((net.predict(X[test])[:, 0] > 0.5) == y[test]) / len(y[test])
    print(f"network {'-'.join(map(str, sizes)):10} test accuracy {accuracy:.3f}")
    p = net.predict(np.column_stack([x1.ravel(), x2.ravel()])).reshape(x1.shape)
    regions = ax.contourf(x1, x2, p, np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6)
    figure.colorbar(regions, label="probability of class 1")
    ax.scatter(*X[y == 0].T, s=10, color="C0", marker="o", label="class 0")
    ax.scatter(*X[y == 1].T, s=14, color="C2", marker="^", label="class 1")
    name = "-".join(map(str, sizes))
    ax.set(title=f"{name}, test accuracy {accuracy:.0%}", xlabel="x₁", aspect="equal")
axes[0].set_ylabel("x₂")
plt.show()

"""
The perceptron counts its mistakes
==================================

For those who meet the first learning rule of neural networks (Rosenblatt 1958). On classes that a
line separates the perceptron stops after finitely many mistakes, at most (R/γ)² for samples within
the radius R and a margin γ (Novikoff 1962): the narrower the gap between the classes, the longer it
takes. The bound is for samples with a 1 appended for the bias.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plot

rng = np.random.default_rng(0)
normal = np.array([0.6, 0.8])

figure, axes = plt.subplots(1, 3, figsize=(11, 4.2), layout="constrained")
for gap, ax in zip((0.5, 0.2, 0.05), axes, strict=True):
    points = rng.uniform(-1, 1, (2000, 2))
    X = points[np.abs(points @ normal - 0.1) > gap / 2][:100]
    y = np.sign(X @ normal - 0.1)
    net = fm.Network([2, 1], output="sign", init="zeros", dtype="float64", seed=0)
    history = net.fit(X, y, optimizer=fm.SGD(1.0), batch_size=1, epochs=1000)
    augmented = np.column_stack([X, np.ones(len(X))])
    separator = np.append(normal, -0.1)
    margin = (y * (augmented @ separator)).min() / np.linalg.norm(separator)
    bound = np.linalg.norm(augmented, axis=1).max() ** 2 / margin**2
    mistakes = sum(history["mistakes"])
    print(f"gap {gap:4}: {mistakes:.0f} mistakes, bound {bound:.0f}, {history.advice}")
    plot.decision_regions(net, X, y, ax=ax)
    ax.set(title=f"gap {gap}, mistakes: {mistakes:.0f}", aspect="equal")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
plt.show()

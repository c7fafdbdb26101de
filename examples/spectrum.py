"""
The Hessian's spectrum before and after training
================================================

For those who wonder why training is hard. The eigenvalues of the Hessian are the curvatures of the
loss: before training some are negative, so the start is no bowl; afterwards a few are large and
most are nearly 0, so the minimum is a long flat valley. Lanczos' method finds the ends of the
spectrum of networks whose Hessian is too large to store.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plot

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (200, 2))
y = np.sin(X[:, :1]) * X[:, 1:]

net = fm.Network([2, 12, 1], activation="tanh", dtype="float64", seed=0)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for title, epochs, ax in zip(("before training", "after training"), (0, 300), axes, strict=True):
    if epochs:
        history = net.fit(X, y, optimizer=fm.LBFGS(), epochs=epochs)
        print(f"loss {history['loss'][0]:.3f} -> {net.loss(X, y):.1e} ({history.status})")
    values = np.linalg.eigvalsh(net.hessian(X, y))
    flat = np.count_nonzero(np.abs(values) < 1e-3 * values[-1]) / len(values)
    print(f"{title:15} from {values[0]:.4f} to {values[-1]:.3f}, {flat:.0%} nearly flat")
    plot.hessian_spectrum(net, X, y, ax=ax)
    ax.set_title(title)
ends = net.hessian_spectrum(X, y, 2)
print("by Lanczos' method:", ends.smallest.round(4), ends.largest.round(3))
plt.show()

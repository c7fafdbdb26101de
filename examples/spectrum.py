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

plt.style.use("seaborn-v0_8-colorblind")
rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (200, 2))
y = np.sin(X[:, :1]) * X[:, 1:]

net = fm.Network([2, 12, 1], activation="tanh", dtype="float64", seed=0)
spectra = {"before training": np.linalg.eigvalsh(net.hessian(X, y))}
history = net.fit(X, y, optimizer=fm.LBFGS(), epochs=300)
spectra["after training"] = np.linalg.eigvalsh(net.hessian(X, y))
print(f"loss {history['loss'][0]:.3f} -> {net.loss(X, y):.1e} ({history.status})")

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), marker in zip(spectra.items(), "so", strict=True):
    flat = np.count_nonzero(np.abs(values) < 1e-3 * values[-1]) / len(values)
    print(f"{name:15} from {values[0]:.4f} to {values[-1]:.3f}, {flat:.0%} nearly flat")
    ax.plot(values, marker, markersize=4, label=name)
ends = net.hessian_spectrum(X, y, 2)
print("by Lanczos' method:", ends.smallest.round(4), ends.largest.round(3))
ax.axhline(0, color="grey", linewidth=0.8)
ax.set(xlabel="number of the eigenvalue", ylabel="eigenvalue")
ax.set_yscale("symlog", linthresh=1e-3)
ax.legend(loc="upper left")
plt.show()

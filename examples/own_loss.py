"""
A custom loss: several answers to one question
==============================================

For those whose loss is not in the list. A loss is any function of (outputs, y) that returns the
values (n,) and their derivatives by the outputs. This one is the negative log-likelihood of a
mixture of normal distributions (Bishop 1994): where several y belong to an x, it finds all of them,
whereas the squared error finds their mean, which may be far from each.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
Array = NDArray[np.floating]
K = 3  # normal distributions in the mixture
softmax = fm.Softmax()


def mixture(outputs: Array, y: Array) -> tuple[Array, Array]:
    """-log Σ_k π_k N(y; m_k, σ_k) of outputs (a, m, log σ), π = softmax(a); 3 K outputs."""
    a, m, log_sigma = np.split(outputs, 3, axis=1)
    z = (y - m) / np.exp(log_sigma)
    terms = np.log(softmax(a)) - z**2 / 2 - log_sigma - np.log(2 * np.pi) / 2
    posterior = softmax(terms)  # which of the K the sample belongs to
    values = -np.logaddexp.reduce(terms, axis=1)
    by_m, by_log_sigma = -posterior * z / np.exp(log_sigma), posterior * (1 - z**2)
    return values, np.hstack([softmax(a) - posterior, by_m, by_log_sigma])


rng = np.random.default_rng(0)
y = rng.uniform(-1, 1, (1000, 1))
X = y - 0.6 * np.sin(np.pi * y) + 0.08 * rng.normal(size=y.shape)

adam = fm.Adam(fm.CosineDecay(1e-2, steps=1000 * 10))
density = fm.Network([1, 32, 3 * K], activation="tanh", seed=0)
density.fit(X, y, loss=mixture, optimizer=adam, epochs=1000, batch_size=100)
mean = fm.Network([1, 32, 1], activation="tanh", seed=0)
mean.fit(X, y, optimizer=adam, epochs=1000, batch_size=100)
normal = np.log(np.std(mean.predict(X) - y)) + (1 + np.log(2 * np.pi)) / 2
print(f"mixture: negative log-likelihood {density.loss(X, y, loss=mixture):.3f}")
print(f"normal errors about the mean: negative log-likelihood {normal:.3f}")

grid = np.linspace(-1, 1, 200)
x = grid.reshape(-1, 1)
p = np.exp([-mixture(density.predict(x), np.full_like(x, each))[0] for each in grid])
figure, ax = plt.subplots(figsize=(6.5, 5), layout="constrained")
image = ax.pcolormesh(grid, grid, p, cmap="Blues", vmax=4, rasterized=True)
ax.plot(X, y, "k.", markersize=1, label="samples")
ax.plot(grid, mean.predict(x), color="C2", linewidth=2, label="squared error")
ax.set(xlabel="x", ylabel="y", xlim=(-1, 1), ylim=(-1, 1))
figure.colorbar(image, label="density of y at x by the mixture")
ax.legend(loc="lower right")
plt.show()

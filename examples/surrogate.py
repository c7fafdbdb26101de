"""
A network in place of an expensive function
===========================================

For those whose model takes minutes per point. A network learns Himmelblau's function from 2000
points in float64, at each of three rates until the loss on a tenth of them has stopped falling. Its
value and its gradient (`net.jacobian`) then cost microseconds, so descent on the network finds
minima of the function: the contours of both are nearly the same.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")


def himmelblau(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """(x² + y - 11)² + (x + y² - 7)², minimum 0 at four points, for rows (x, y)."""
    u, v = x.T
    height: NDArray[np.floating] = (u**2 + v - 11) ** 2 + (u + v**2 - 7) ** 2
    return height


rng = np.random.default_rng(0)
X, X_new = rng.uniform(-5, 5, (2000, 2)), rng.uniform(-5, 5, (1000, 2))
scale = float(himmelblau(X).std())
net = fm.Network([2, 64, 64, 1], activation="tanh", dtype="float64", seed=0)
for adam in map(fm.Adam, (1e-2, 1e-3, 1e-4)):
    stopping, y = fm.EarlyStopping(patience=20), himmelblau(X) / scale
    net.fit(X / 5, y, optimizer=adam, epochs=300, validation_split=0.1, callbacks=stopping)


def surrogate(x: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """Value and gradient of the network in the units of the function."""
    return float(net.predict(x / 5)[0] * scale), net.jacobian(x / 5)[0] * scale / 5


error = net.predict(X_new / 5)[:, 0] * scale - himmelblau(X_new)
print(f"root mean square error on new points {np.sqrt(np.mean(error**2)):.2f} of {scale:.0f}")

x, y = np.meshgrid(np.linspace(-5, 5, 150), np.linspace(-5, 5, 150))
points = np.column_stack([x.ravel(), y.ravel()])
heights = {"function": himmelblau(points), "network": net.predict(points / 5) * scale}
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4.4), layout="constrained")
for (name, height), ax in zip(heights.items(), axes, strict=True):
    levels = np.logspace(0, 3, 13)
    ax.contour(x, y, height.reshape(x.shape), levels, cmap="viridis_r")
    ax.set(title=name, xlabel="x", aspect="equal")
axes[0].set_ylabel("y")
for start in ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (3.0, -1.0)):
    result = fm.minimize(surrogate, start, fm.Adam(0.05), steps=300, record_path=True)
    assert result.path is not None
    axes[1].plot(*result.path.T, color="C2", linewidth=2)
    value = himmelblau(result.w.reshape(1, 2))[0]
    print(f"minimum of the network {result.w.round(2)}, the function there {value:.3f}")
plt.show()

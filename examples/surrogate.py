"""Replace an expensive function by a network, with its derivatives for free.

The function is the Himmelblau surface; the network learns it from 2000 points in float64, then
descent on the network finds one of its four minima. Takes about a second.
"""

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm


def himmelblau(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """(x² + y - 11)² + (x + y² - 7)², minimum 0 at four points, for rows (x, y)."""
    u, v = x.T
    height: NDArray[np.floating] = (u**2 + v - 11) ** 2 + (u + v**2 - 7) ** 2
    return height


rng = np.random.default_rng(0)
X = rng.uniform(-5, 5, (2000, 2))
values = himmelblau(X)
scale = float(values.std())

net = fm.Network([2, 64, 64, 1], activation="tanh", dtype="float64", seed=0)
for rate in (1e-2, 1e-3, 1e-4):
    history = net.fit(X / 5, values / scale, optimizer=fm.Adam(rate), epochs=150)
    print(f"learning rate {rate:g}: loss {history['loss'][-1]:.2e}")


def surrogate(x: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """Value and gradient of the network in the units of the function."""
    value = float(net.predict(x / 5)[0] * scale)
    slope = net.jacobian(x / 5)[0] * scale / 5
    return value, slope


X_new = rng.uniform(-5, 5, (1000, 2))
error = net.predict(X_new / 5)[:, 0] * scale - himmelblau(X_new)
print(f"root mean square error on new points {np.sqrt(np.mean(error**2)):.2f} of {scale:.0f}")

result = fm.minimize(surrogate, [1.0, 1.0], fm.Adam(0.05), steps=300)
print(f"minimum of the network {result.w.round(2)}, of the function [3. 2.]")
print(f"the function there {himmelblau(result.w.reshape(1, 2))[0]:.4f}")

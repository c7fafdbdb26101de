"""
Gradient descent on a circular and on an elliptical bowl
========================================================

For those who meet gradient descent for the first time. On a circular bowl the gradient points at
the minimum, and the best learning rate, 2 / (smallest + largest curvature), reaches it in one step.
On an elliptical bowl the steep direction limits the rate: the path zigzags and the flat direction
takes many steps, more the longer the ellipse.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from fastmlp import plot

Array = NDArray[np.floating]
START = (-4.0, 1.0)


def steps_to_minimum(path: Array) -> int:
    """Number of steps until the distance from the minimum is below 1 % of the first."""
    distance = np.linalg.norm(path, axis=1)
    return int(np.argmax(distance < 0.01 * distance[0]))


figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 3), layout="constrained")
for (name, curvature), ax in zip({"circular": 1.0, "elliptical": 20.0}.items(), axes, strict=True):
    h = np.array([1.0, curvature])

    def bowl(w: Array, h: Array = h) -> tuple[float, Array]:
        """½ (x² + curvature · y²) and its gradient."""
        return float(0.5 * w @ (h * w)), h * w

    rate = 2 / (h.min() + h.max())
    path = fm.minimize(bowl, START, fm.SGD(rate), steps=100, record_path=True).path
    assert path is not None
    n_steps = steps_to_minimum(path)
    turns = np.count_nonzero(np.diff(np.sign(path[: n_steps + 1, 1])))
    print(f"{name:10} bowl, learning rate {rate:.3f}: steps {n_steps}, across the axis {turns}")
    plot.contours(bowl, {"gradient descent": path}, xlim=(-4.5, 1.5), ylim=(-1.5, 1.5), ax=ax)
    ax.set(title=f"{name}, steps: {n_steps}", aspect="equal")
plt.show()

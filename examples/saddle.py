"""
Newton's method at a saddle
===========================

For those who take a vanishing gradient for a minimum. The function x² - y² + y⁴ / 4 has a saddle at
0 and minima at y = ±√2. Newton's method looks for any point without slope and lands on the saddle;
a trust region, absolute curvatures (saddle-free Newton) or momentum lead away from it.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from fastmlp import plot

Array = NDArray[np.floating]


def f(w: Array) -> tuple[Array, Array]:
    """The value and the gradient."""
    x, y = w
    return x * x - y * y + y**4 / 4, np.array([2 * x, -2 * y + y**3])


OPTIMIZERS: dict[str, fm.Newton | fm.SaddleFreeNewton | fm.SGD] = {
    "Newton": fm.Newton(0),
    "Newton, trust region": fm.Newton(),
    "saddle-free Newton": fm.SaddleFreeNewton(),
    "momentum": fm.SGD(0.05, momentum=0.8),
}

results = {
    name: fm.minimize(f, [1.0, 0.05], optimizer, steps=80, record_path=True)
    for name, optimizer in OPTIMIZERS.items()
}
for name, result in results.items():
    print(f"{name:21} ends at {result.w.round(3) + 0.0}, {result.status}, {result.n_steps} steps")

figure, ax = plt.subplots(figsize=(7, 5), layout="constrained")
plot.contours(f, results, xlim=(-0.6, 1.2), ylim=(-0.6, 2.1), ax=ax)
ax.annotate("saddle", (0, 0), (-0.4, -0.4), arrowprops={"arrowstyle": "->"})
ax.annotate("minimum", (0, 2**0.5), (-0.5, 1.6), arrowprops={"arrowstyle": "->"})
plt.show()

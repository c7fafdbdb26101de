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

plt.style.use("seaborn-v0_8-colorblind")
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

figure, ax = plt.subplots(figsize=(6.5, 5), layout="constrained")
grid = np.array(np.meshgrid(np.linspace(-0.6, 1.2, 100), np.linspace(-0.6, 1.8, 100)))
ax.contour(*grid, f(grid)[0], 20, colors="lightgrey")
for (name, optimizer), style in zip(OPTIMIZERS.items(), ("X-", "o-", "s-", "."), strict=True):
    result = fm.minimize(f, [1.0, 0.05], optimizer, steps=80, record_path=True)
    assert result.path is not None
    print(f"{name:21} ends at {result.w.round(3) + 0.0}, {result.status}, {result.n_steps} steps")
    ax.plot(*result.path.T, style, label=name)
ax.annotate("saddle", (0, 0), (-0.4, -0.4), arrowprops={"arrowstyle": "->"})
ax.annotate("minimum", (0, 2**0.5), (-0.5, 1.6), arrowprops={"arrowstyle": "->"})
ax.set(xlabel="x", ylabel="y")
ax.legend(loc="upper right")
plt.show()

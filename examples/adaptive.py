"""
AdaGrad, RMSProp and Adam in a valley
=====================================

For those who choose between rules with a step size per parameter. In Rosenbrock's valley the walls
are steep and the floor is nearly flat. Gradient descent needs a small rate for the walls and creeps
along the floor; the adaptive rules divide by the size of past gradients, so they move along it.
AdaGrad's sum only grows, so it slows down; RMSProp and Adam forget.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
STEPS, CURVATURE = 60, np.array([0.1, 10.0])


def valley(w: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """½ (0.1 x² + 10 y²) and its gradient."""
    return float(0.5 * w @ (CURVATURE * w)), CURVATURE * w


OPTIMIZERS: dict[str, fm.SGD | fm.AdaGrad | fm.RMSProp | fm.Adam] = {
    "gradient descent": fm.SGD(0.18),
    "AdaGrad": fm.AdaGrad(0.4),
    "RMSProp": fm.RMSProp(0.1, rho=0.9),
    "Adam": fm.Adam(0.2),
}

figure, (plane, curves) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
x, y = np.meshgrid(np.linspace(-4.5, 1.5, 100), np.linspace(-1.5, 1.5, 100))
plane.contour(x, y, 0.05 * x**2 + 5 * y**2, 12, colors="lightgrey")
for (name, optimizer), marker in zip(OPTIMIZERS.items(), "osD^", strict=True):
    result = fm.minimize(valley, [-4.0, 1.0], optimizer, steps=STEPS, record_path=True)
    assert result.path is not None
    print(f"{name:17} value {result.value:.1e} after {result.n_steps} steps")
    plane.plot(*result.path.T, marker=marker, markersize=3, label=name)
    curves.semilogy(0.5 * result.path**2 @ CURVATURE, label=name)
plane.plot(0, 0, "k+", markersize=12)
plane.set(xlabel="w₁", ylabel="w₂")
curves.set(xlabel="step", ylabel="value")
curves.legend(loc="lower left")
plt.show()

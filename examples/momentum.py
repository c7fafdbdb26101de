"""
Momentum and Nesterov's momentum
================================

For those who wonder what β does in SGD(momentum=β). On an elliptical bowl plain gradient descent
zigzags; momentum adds up the steps that agree and cancels those that alternate. Nesterov's form
takes the gradient ahead, at w + βv, and so brakes before it overshoots.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
STEPS, CURVATURE = 60, np.array([1.0, 20.0])


def bowl(w: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """½ (x² + 20 y²) and its gradient."""
    return float(0.5 * w @ (CURVATURE * w)), CURVATURE * w


OPTIMIZERS = {
    "gradient descent": fm.SGD(0.03),
    "momentum": fm.SGD(0.03, momentum=0.8),
    "Nesterov": fm.SGD(0.03, momentum=0.8, nesterov="lecture"),
}

figure, (plane, curves) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
x, y = np.meshgrid(np.linspace(-4.5, 2, 100), np.linspace(-1.5, 1.5, 100))
plane.contour(x, y, 0.5 * (x**2 + 20 * y**2), 12, colors="lightgrey")
for name, optimizer in OPTIMIZERS.items():
    result = fm.minimize(bowl, [-4.0, 1.0], optimizer, steps=STEPS, record_path=True)
    assert result.path is not None
    print(f"{name:17} value {result.value:.1e} after {result.n_steps} steps")
    plane.plot(*result.path.T, marker=".", label=name)
    curves.semilogy(0.5 * result.path**2 @ CURVATURE, label=name)
plane.set(xlabel="w₁", ylabel="w₂")
curves.set(xlabel="step", ylabel="value")
curves.legend(loc="lower left")
plt.show()

"""
AdaGrad, RMSProp and Adam in a valley
=====================================

For those who choose between rules with a step size per parameter. The walls of a valley are steep
and its floor is nearly flat: gradient descent bounces between the walls and creeps along the floor.
The adaptive rules divide by the size of past gradients, so their first steps are as long in either
direction. AdaGrad's sum only grows, so it slows down; RMSProp and Adam forget.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from fastmlp import plot

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

results = {
    name: fm.minimize(valley, [-4.0, 1.0], optimizer, steps=STEPS, record_path=True)
    for name, optimizer in OPTIMIZERS.items()
}
values: dict[str, dict[str, list[float]]] = {}
for name, result in results.items():
    assert result.path is not None
    print(f"{name:17} value {result.value:.1e} after {result.n_steps} steps")
    values[name] = {"value": [valley(w)[0] for w in result.path[1:]]}

figure, (plane, curves) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
plot.contours(valley, results, xlim=(-4.5, 1.5), ylim=(-1.1, 1.8), ax=plane)
plot.learning_curves(values, "value", log=True, ax=curves)
curves.set_xlabel("step")
plt.show()

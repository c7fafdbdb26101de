"""
Momentum and Nesterov's momentum
================================

For those who wonder what β does in SGD(momentum=β). On an elliptical bowl gradient descent creeps
along the flat direction; at the same learning rate momentum adds up the steps that agree and
cancels those that alternate. Nesterov's form takes the gradient ahead, at w + βv, and so brakes
before it overshoots.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from fastmlp import plot

STEPS, CURVATURE = 60, np.array([1.0, 20.0])


def bowl(w: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """½ (x² + 20 y²) and its gradient."""
    return float(0.5 * w @ (CURVATURE * w)), CURVATURE * w


OPTIMIZERS = {
    "gradient descent": fm.SGD(0.03),
    "momentum": fm.SGD(0.03, momentum=0.8),
    "Nesterov": fm.SGD(0.03, momentum=0.8, nesterov="lecture"),
}

results = {
    name: fm.minimize(bowl, [-4.0, 1.0], optimizer, steps=STEPS, record_path=True)
    for name, optimizer in OPTIMIZERS.items()
}
values: dict[str, dict[str, list[float]]] = {}
for name, result in results.items():
    assert result.path is not None
    print(f"{name:17} value {result.value:.1e} after {result.n_steps} steps")
    values[name] = {"value": [bowl(w)[0] for w in result.path[1:]]}

figure, (plane, curves) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
plot.contours(bowl, results, ax=plane)
plot.learning_curves(values, "value", log=True, ax=curves)
curves.set_xlabel("step")
plt.show()

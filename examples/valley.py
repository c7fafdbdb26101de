"""
Conjugate gradients, BFGS, L-BFGS and Newton's method in Rosenbrock's valley
============================================================================

For those who fit small models and can afford the gradient of all data. The valley bends, and the
curvature across it is 2500 times that along it. Methods that estimate or know the curvature arrive
after some tens of evaluations; gradient descent has not arrived after 2000.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from fastmlp import plot

Array = NDArray[np.floating]


def rosenbrock(w: Array) -> tuple[float, Array]:
    """100 (y - x²)² + (1 - x)², its minimum 0 at (1, 1), and the gradient."""
    a, b = w[1] - w[0] ** 2, 1 - w[0]
    return float(100 * a**2 + b**2), np.array([-400 * a * w[0] - 2 * b, 200 * a])


def product(w: Array, v: Array) -> Array:
    """The Hessian times v."""
    x, y = w
    return np.array([[1200 * x * x - 400 * y + 2, -400 * x], [-400 * x, 200.0]]) @ v


OPTIMIZERS: dict[str, fm.SGD | fm.NonlinearCG | fm.BFGS | fm.LBFGS | fm.Newton] = {
    "gradient descent": fm.SGD(1e-3),
    "conjugate gradients": fm.NonlinearCG(),
    "BFGS": fm.BFGS(),
    "L-BFGS": fm.LBFGS(history_size=5),
    "Newton": fm.Newton(),
}

results = {
    name: fm.minimize(rosenbrock, [-1.2, 1.0], each, steps=2000, hvp=product, record_path=True)
    for name, each in OPTIMIZERS.items()
}
values: dict[str, dict[str, list[float]]] = {}
for name, result in results.items():
    assert result.path is not None
    print(f"{name:20} value {result.value:.0e} after {result.n_evaluations} evaluations")
    values[name] = {"value": [rosenbrock(w)[0] for w in result.path[1:]]}

figure, (plane, curves) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
plot.contours(rosenbrock, results, xlim=(-1.6, 1.4), ylim=(-0.5, 2.4), ax=plane)
plot.learning_curves(values, "value", log=True, ax=curves)
curves.set(xlabel="step", xscale="log")
plt.show()

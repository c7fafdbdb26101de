"""
Conjugate gradients, BFGS, L-BFGS and Newton's method in Rosenbrock's valley
============================================================================

For those who fit small models and can afford the gradient of all data. The valley bends, and the
curvature across it is 2500 times that along it. Methods that estimate or know the curvature arrive
after some tens of evaluations, gradient descent not after 2000.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
Array = NDArray[np.floating]


def rosenbrock(w: Array) -> tuple[Array, Array]:
    """100 (y - x²)² + (1 - x)², its minimum 0 at (1, 1), and the gradient."""
    a, b = w[1] - w[0] ** 2, 1 - w[0]
    return 100 * a**2 + b**2, np.array([-400 * a * w[0] - 2 * b, 200 * a])


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

figure, (plane, curves) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
grid = np.array(np.meshgrid(np.linspace(-1.6, 1.4, 200), np.linspace(-0.5, 1.8, 200)))
plane.contour(*grid, rosenbrock(grid)[0], np.logspace(-1, 3, 15), colors="lightgrey")
for (name, optimizer), color in zip(OPTIMIZERS.items(), ("C0", "C1", "C2", "C3", "k"), strict=True):
    result = fm.minimize(
        rosenbrock, [-1.2, 1.0], optimizer, steps=2000, hvp=product, record_path=True
    )
    print(f"{name:20} value {result.value:.0e} after {result.n_evaluations} evaluations")
    assert result.path is not None
    plane.plot(*result.path.T, color=color, marker=".", markersize=3, label=name)
    curves.loglog(np.maximum(rosenbrock(result.path.T)[0], 1e-16), color=color, label=name)
plane.set(xlabel="w₁", ylabel="w₂")
curves.set(xlabel="step", ylabel="value", xlim=(1, 3000))
curves.legend(loc="lower right")
plt.show()

"""Rosenbrock's narrow valley: gradient descent, conjugate gradients, BFGS and Newton's method.

With matplotlib the paths are drawn into valley.png. Takes about a second.
"""

import importlib.util

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

Vector = NDArray[np.floating]


def rosenbrock(w: Vector) -> tuple[float, Vector]:
    """100 (y - x²)² + (1 - x)², its minimum 0 at (1, 1), and the gradient."""
    a, b = w[1] - w[0] ** 2, 1 - w[0]
    return float(100 * a * a + b * b), np.array([-400 * a * w[0] - 2 * b, 200 * a])


def product(w: Vector, v: Vector) -> Vector:
    """The Hessian times v."""
    x, y = w
    H = np.array([[1200 * x * x - 400 * y + 2, -400 * x], [-400 * x, 200.0]])
    return H @ v


OPTIMIZERS: dict[str, fm.SGD | fm.NonlinearCG | fm.BFGS | fm.Newton] = {
    "gradient descent": fm.SGD(1e-3),
    "conjugate gradients": fm.NonlinearCG(),
    "BFGS": fm.BFGS(),
    "Newton": fm.Newton(),
}

paths: dict[str, NDArray[np.floating]] = {}
for name, optimizer in OPTIMIZERS.items():
    result = fm.minimize(
        rosenbrock, [-1.2, 1.0], optimizer, steps=2000, hvp=product, record_path=True
    )
    print(f"{name:<20} value {result.value:.0e} after {result.n_evaluations} evaluations")
    assert result.path is not None
    paths[name] = result.path

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    figure = Figure((7, 5), layout="constrained")
    ax = figure.subplots()
    x, y = np.meshgrid(np.linspace(-1.6, 1.4, 200), np.linspace(-0.5, 1.8, 200))
    levels = np.logspace(-1, 3, 15).tolist()
    ax.contour(x, y, 100 * (y - x**2) ** 2 + (1 - x) ** 2, levels, colors="lightgrey")
    for name, path in paths.items():
        ax.plot(*path.T, marker=".", markersize=3, label=name)
    ax.set(xlabel="x", ylabel="y")
    ax.legend(loc="upper right")
    figure.savefig("valley.png", dpi=150)

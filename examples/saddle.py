"""A saddle: plain Newton lands on it and stays, the others leave. f = x² - y² + y⁴ / 4.

With matplotlib the paths are drawn into saddle.png. Takes less than a second.
"""

import importlib.util

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm


def f(w: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """The value and the gradient; a saddle at 0, minima at y = ±sqrt(2)."""
    x, y = float(w[0]), float(w[1])
    return x * x - y * y + y**4 / 4, np.array([2 * x, -2 * y + y**3])


OPTIMIZERS: dict[str, fm.Newton | fm.SaddleFreeNewton | fm.SGD] = {
    "Newton": fm.Newton(0),
    "Newton, trust region": fm.Newton(),
    "saddle-free Newton": fm.SaddleFreeNewton(),
    "momentum": fm.SGD(0.05, momentum=0.8),
}

paths: dict[str, NDArray[np.floating]] = {}
for name, optimizer in OPTIMIZERS.items():
    result = fm.minimize(f, [1.0, 0.05], optimizer, steps=80, record_path=True)
    print(f"{name:<21} ends at {result.w.round(3) + 0.0}, {result.status}, {result.n_steps} steps")
    assert result.path is not None
    paths[name] = result.path

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    figure = Figure((6, 5), layout="constrained")
    ax = figure.subplots()
    x, y = np.meshgrid(np.linspace(-1.2, 1.2, 100), np.linspace(-2, 2, 100))
    ax.contour(x, y, x**2 - y**2 + y**4 / 4, 20, colors="lightgrey")
    for name, path in paths.items():
        ax.plot(*path.T, marker=".", label=name)
    ax.set(xlabel="x", ylabel="y")
    ax.legend(loc="upper right")
    figure.savefig("saddle.png", dpi=150)

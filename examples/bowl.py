"""Watch the optimizers on an elliptical bowl, step by step.

With matplotlib the paths are drawn into bowl.png. Takes less than a second.
"""

import importlib.util

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

STEPS = 60


def bowl(w: NDArray[np.floating]) -> tuple[float, NDArray[np.floating]]:
    """½ (x² + 20 y²) and its gradient: plain descent zigzags across it."""
    curvature = np.array([1.0, 20.0])
    return float(0.5 * w @ (curvature * w)), curvature * w


OPTIMIZERS: dict[str, fm.SGD | fm.Adam] = {
    "gradient descent": fm.SGD(0.09),
    "momentum": fm.SGD(0.03, momentum=0.8),
    "Nesterov": fm.SGD(0.03, momentum=0.8, nesterov=True),
    "Adam": fm.Adam(0.3),
}

paths: dict[str, NDArray[np.floating]] = {}
for name, optimizer in OPTIMIZERS.items():
    result = fm.minimize(bowl, [-4.0, 1.0], optimizer, steps=STEPS, record_path=True)
    assert result.path is not None
    turns = np.count_nonzero(np.diff(np.sign(result.path[:, 1])))
    print(
        f"{name:<17} value {result.value:.1e} after {result.n_steps} steps, y turned {turns} times"
    )
    paths[name] = result.path

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    figure = Figure((7, 3), layout="constrained")
    ax = figure.subplots()
    x, y = np.meshgrid(np.linspace(-4.5, 2, 100), np.linspace(-1.5, 1.5, 100))
    ax.contour(x, y, 0.5 * (x**2 + 20 * y**2), 12, colors="lightgrey")
    for name, path in paths.items():
        ax.plot(*path.T, marker=".", label=name)
    ax.legend(loc="upper right")
    figure.savefig("bowl.png", dpi=150)

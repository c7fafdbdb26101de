"""The cliff of a recurrent unit: gradient descent is thrown away, with clipping it is not.

The unit x <- sigmoid(w x + b), 50 times in a row, shall end at 0.7 (Pascanu, Mikolov & Bengio
2013). Its loss has a wall along which the gradient is huge. With matplotlib the paths are drawn
into cliff.png. Takes about a second.
"""

import importlib.util

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

Array = NDArray[np.floating]

STEPS, TARGET = 50, 0.7


def loss(p: Array) -> tuple[Array, Array]:
    """(x_50 - 0.7)² from x_0 = 0.5, and its gradient by w and b; w and b may be arrays."""
    w, b = p
    x, dw, db = np.full_like(w, 0.5), np.zeros_like(w), np.zeros_like(w)
    for _ in range(STEPS):
        h = 1 / (1 + np.exp(-(w * x + b)))
        slope = h * (1 - h)
        x, dw, db = h, slope * (x + w * dw), slope * (1 + w * db)
    return (x - TARGET) ** 2, 2 * (x - TARGET) * np.array([dw, db])


assert fm.check_gradient(loss, [4.2, -2.3]).error < 1e-8

OPTIMIZERS: dict[str, fm.SGD] = {
    "gradient descent": fm.SGD(0.1),
    "clipped by norm": fm.SGD(0.1, clip_norm=1.0),
    "clipped by value": fm.SGD(0.1, clip_value=0.7),
}

paths: dict[str, NDArray[np.floating]] = {}
for name, optimizer in OPTIMIZERS.items():
    result = fm.minimize(loss, [4.6, -2.305], optimizer, steps=200, record_path=True)
    assert result.path is not None
    longest = np.linalg.norm(np.diff(result.path, axis=0), axis=1).max()
    print(f"{name:<17} value {result.value:.1e}, longest step {longest:.2g}")
    paths[name] = result.path

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    figure = Figure((7, 4), layout="constrained")
    ax = figure.subplots()
    grid = np.array(np.meshgrid(np.linspace(3.5, 7, 300), np.linspace(-3.5, 2.5, 300)))
    ax.pcolormesh(grid[0], grid[1], loss(grid)[0], cmap="Greys", rasterized=True)
    for name, path in paths.items():
        ax.plot(*path.T, marker=".", markersize=3, label=name)
    ax.set(xlabel="w", ylabel="b")
    ax.legend(loc="upper right")
    figure.savefig("cliff.png", dpi=150)

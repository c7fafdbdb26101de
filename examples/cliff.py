"""
The cliff of a recurrent unit, and clipping
===========================================

For those whose loss suddenly jumps. The unit x <- sigmoid(w x + b), applied 50 times, is to end at
0.7 (Pascanu, Mikolov & Bengio 2013). Its loss has a wall along which the gradient is huge: one step
of gradient descent there throws the parameters far away; with the gradient clipped it is a step
like any other.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
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

OPTIMIZERS = {
    "gradient descent": fm.SGD(0.1),
    "clipped by norm": fm.SGD(0.1, clip_norm=1.0),
    "clipped by value": fm.SGD(0.1, clip_value=0.7),
}

figure, (whole, near) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, w, b in ((whole, (3.5, 7.0), (-3.5, 2.5)), (near, (4.1, 4.75), (-2.4, -1.95))):
    grid = np.array(np.meshgrid(np.linspace(w[0], w[1], 300), np.linspace(b[0], b[1], 300)))
    image = ax.pcolormesh(*grid, loss(grid)[0], cmap="Greys", vmax=0.4, rasterized=True)
    ax.set(xlabel="w", ylabel="b", xlim=w, ylim=b)
figure.colorbar(image, label="loss")
for (name, optimizer), marker in zip(OPTIMIZERS.items(), "o^s", strict=True):
    result = fm.minimize(loss, [4.6, -2.305], optimizer, steps=200, record_path=True)
    assert result.path is not None
    longest = np.linalg.norm(np.diff(result.path, axis=0), axis=1).max()
    print(f"{name:17} value {result.value:.1e}, longest step {longest:.2g}")
    for ax in (whole, near):
        ax.plot(*result.path.T, marker=marker, markersize=3, linewidth=1, label=name)
whole.legend(loc="upper left")
plt.show()

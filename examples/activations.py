"""
Activations and their derivatives
=================================

For those who choose the nonlinearity of a layer. Each panel shows φ(a) and its derivative φ'(a), by
which backpropagation multiplies at every layer. Where φ' is near 0 the unit is saturated: sigmoid
and tanh learn little from a large input, ReLU nothing from a negative one.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
ACTIVATIONS: tuple[Any, ...] = (
    *(fm.Sign(), fm.Sigmoid(), fm.Tanh(), fm.HardTanh()),
    *(fm.ReLU(), fm.ELU(), fm.Softplus(), fm.GELU()),
)
a = np.linspace(-4, 4, 401)

figure, axes = plt.subplots(2, 4, sharex=True, sharey=True, figsize=(9, 4.5), layout="constrained")
for activation, ax in zip(ACTIVATIONS, axes.flat, strict=True):
    derivative = activation.derivative(a)
    ax.axhline(0, color="lightgrey", linewidth=0.8)
    ax.plot(a, activation(a), label="φ(a)")
    ax.plot(a, derivative, "--", color="C2", label="φ'(a)")
    ax.set(title=type(activation).__name__, ylim=(-1.4, 2.4))
    print(
        f"{type(activation).__name__:9} largest derivative {derivative.max():.2f}, "
        f"below 0.05 on {np.mean(np.abs(derivative) < 0.05):.0%} of [-4, 4]"
    )
figure.supxlabel("a")
axes[0, 0].legend(loc="upper left")
plt.show()

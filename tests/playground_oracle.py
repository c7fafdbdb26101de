"""The training of TensorFlow Playground, sample by sample, in plain NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ACTIVATIONS = {  # value, and derivative by the value
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda h: h * (1 - h)),
    "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0) * 1.0),
    "linear": (lambda a: a, np.ones_like),
}


class OracleNetwork:
    """W of shape (n_out, n_in) and b per layer; gradients are summed until `update`."""

    def __init__(self, W: Sequence[Floats], b: Sequence[Floats], names: Sequence[str]) -> None:
        self.W = [w.copy() for w in W]
        self.b = [v.copy() for v in b]
        self.alive = [np.ones(w.shape, bool) for w in W]
        self.functions = [ACTIVATIONS[name] for name in names]
        self.clear()

    def clear(self) -> None:
        self.count = 0
        self.dW = [np.zeros_like(w) for w in self.W]
        self.db = [np.zeros_like(v) for v in self.b]

    def forward(self, x: Floats) -> list[Floats]:
        h = [x]
        for W, b, (value, _) in zip(self.W, self.b, self.functions, strict=True):
            h.append(value(W @ h[-1] + b))
        return h

    def add_gradient(self, x: Floats, target: float) -> None:
        h = self.forward(x)
        error = h[-1] - target
        for layer in reversed(range(len(self.W))):
            delta = error * self.functions[layer][1](h[layer + 1])
            self.dW[layer] += np.outer(delta, h[layer]) * self.alive[layer]
            self.db[layer] += delta
            error = self.W[layer].T @ delta
        self.count += 1

    def update(self, rate: float, penalty: str, strength: float) -> None:
        for layer, W in enumerate(self.W):
            slope = {"none": 0 * W, "L1": np.sign(W), "L2": W}[penalty]
            moved = W - rate / self.count * self.dW[layer]
            new = moved - rate * strength * slope
            if penalty == "L1":
                self.alive[layer] &= moved * new >= 0
            self.W[layer] = np.where(self.alive[layer], new, 0.0)
            self.b[layer] -= rate / self.count * self.db[layer]
        self.clear()

    def loss(self, X: Floats, y: Floats) -> float:
        outputs = np.array([self.forward(x)[-1][0] for x in X])
        return float(np.mean((outputs - y) ** 2) / 2)

    def epoch(
        self, X: Floats, y: Floats, size: int, rate: float, penalty: str, strength: float
    ) -> None:
        for index, (x, target) in enumerate(zip(X, y, strict=True), 1):
            self.add_gradient(x, target)
            if index % size == 0:
                self.update(rate, penalty, strength)

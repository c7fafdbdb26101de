"""Oracles of recurrent layers: plain loops in NumPy with their own backward pass, and torch.

Sequences are (n, time, features). W (features + units, units) has the rows of x first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import reference as ref
from reference import Array


class Elman:
    """h_t = phi(x_t W_x + h_{t-1} W_h + b), and the gradient by each use."""

    def __init__(self, activation: str, W: Array, b: Array | None) -> None:
        self.phi = ref.ACTIVATIONS[activation]
        self.units = W.shape[1]
        self.Wx, self.Wh = W[: -self.units], W[-self.units :]
        self.b = np.zeros(self.units) if b is None else b

    def forward(self, X: Array) -> Array:
        """h of all steps, (n, time, units)."""
        n, time, _ = X.shape
        self.X, self.a = X, np.zeros((n, time, self.units))
        self.h = np.zeros((n, time + 1, self.units))  # h_0 first
        for i in range(n):
            for t in range(time):
                self.a[i, t] = X[i, t] @ self.Wx + self.h[i, t] @ self.Wh + self.b
                self.h[i, t + 1] = self.phi.phi(self.a[i, t])
        return self.h[:, 1:]

    def backward(self, dh: Array) -> tuple[Array, Array, Array]:
        """(dL/dW, dL/db, dL/dX) from dL/dh of all steps, (n, time, units)."""
        dW = np.zeros((self.Wx.shape[0] + self.units, self.units))
        db, dX = np.zeros(self.units), np.zeros_like(self.X)
        for i in range(len(dh)):
            later = np.zeros(self.units)
            for t in reversed(range(dh.shape[1])):
                delta = (dh[i, t] + later) * self.phi.dphi(self.a[i, t])
                dW += np.outer(np.append(self.X[i, t], self.h[i, t]), delta)
                db += delta
                dX[i, t] = self.Wx @ delta
                later = self.Wh @ delta
        return dW, db, dX


class TorchNet:
    """The network of a list of layers as a function of w and X; imports torch."""

    def __init__(self, net: Any, activations: dict[str, Callable[[Any], Any]]) -> None:
        import torch

        self.torch = torch
        self.layers: Sequence[Any] = net.layers
        self.activations = activations

    def __call__(self, w: Any, X: Any, last: bool = True) -> Any:
        """Outputs, or the last pre-activations, (n, time, units) or (n, units)."""
        h, start = X, 0
        for index, layer in enumerate(self.layers):
            if not layer.has_parameters:
                continue
            name = type(layer).__name__
            h = h.reshape(len(X), -1) if name == "Dense" else h
            units = layer.filters if name == "Conv1D" else layer.units
            columns = h.shape[-1] + (units if name == "Recurrent" else 0)
            W = w[start : start + units * columns].reshape(units, columns)
            start += W.numel()
            b = w[start : start + units] if layer.bias else w.new_zeros(units)
            start += units * layer.bias
            phi = self.activations[layer.activation.name]
            phi = (lambda a: a) if index + 1 == len(self.layers) and not last else phi
            h = self.unroll(layer, W, b, phi, h) if name == "Recurrent" else phi(h @ W.T + b)
        return h

    def unroll(self, layer: Any, W: Any, b: Any, phi: Any, x: Any) -> Any:
        h, steps = x.new_zeros(len(x), layer.units), []
        for t in range(x.shape[1]):
            h = phi(self.torch.cat([x[:, t], h], 1) @ W.T + b)
            steps.append(h)
        return self.torch.stack(steps, 1) if layer.sequences else h

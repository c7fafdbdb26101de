"""Oracles of recurrent layers: plain loops in NumPy with their own backward pass, and torch.

Sequences are (n, time, features). W (features + units, units) has the rows of x first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import reference as ref
from reference import Array

GATES = {"Recurrent": (1, 1), "GRU": (3, 4), "LSTM": (4, 4)}  # units of W and b, per unit


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


def _gates(W: Array, X: Array) -> Any:
    """(rows of x, rows of h, sigmoid) of a layer with gates."""
    features = X.shape[2]
    return W[:features], W[features:], ref.ACTIVATIONS["sigmoid"]


def gru(layer: Any, W: Array, b: Array, X: Array) -> Array:
    """h of all steps of a GRU, each sample and step by itself; columns of W are r, z, n."""
    u, phi = layer.units, ref.ACTIVATIONS[layer.activation.name]
    Wx, Wh, sigmoid = _gates(W, X)
    out = np.zeros((len(X), X.shape[1], u))
    for i in range(len(X)):
        h = np.zeros(u)
        for t in range(X.shape[1]):
            x = X[i, t]
            r = sigmoid(x @ Wx[:, :u] + h @ Wh[:, :u] + b[:u])
            z = sigmoid(x @ Wx[:, u : 2 * u] + h @ Wh[:, u : 2 * u] + b[u : 2 * u])
            q = h @ Wh[:, 2 * u :] + b[3 * u :]
            n = phi(x @ Wx[:, 2 * u :] + b[2 * u : 3 * u] + r * q)
            h = (1 - z) * n + z * h
            out[i, t] = h
    return out


def lstm(layer: Any, W: Array, b: Array, X: Array) -> Array:
    """h of all steps of an LSTM; columns of W are i, f, g, o."""
    u, phi = layer.units, ref.ACTIVATIONS[layer.activation.name]
    Wx, Wh, sigmoid = _gates(W, X)
    out = np.zeros((len(X), X.shape[1], u))
    for k in range(len(X)):
        h, c = np.zeros(u), np.zeros(u)
        for t in range(X.shape[1]):
            i, f, g, o = np.split(X[k, t] @ Wx + h @ Wh + b, 4)
            c = sigmoid(f) * c + sigmoid(i) * phi(g)
            h = sigmoid(o) * phi(c)
            out[k, t] = h
    return out


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
            gates, biases = GATES.get(name, (1, 1))
            columns = h.shape[-1] + (units if name in GATES else 0)
            weights = []
            for _ in range(1 + getattr(layer, "bidirectional", False)):
                W = w[start : start + gates * units * columns].reshape(gates * units, columns)
                start += W.numel()
                size = biases * units
                weights.append((W, w[start : start + size] if layer.bias else w.new_zeros(size)))
                start += size * layer.bias
            W, b = weights[0]
            phi = self.activations[layer.activation.name]
            phi = (lambda a: a) if index + 1 == len(self.layers) and not last else phi
            h = self.directions(layer, weights, phi, h) if name in GATES else phi(h @ W.T + b)
        return h

    def directions(self, layer: Any, weights: Any, phi: Any, x: Any) -> Any:
        """Forward, and of a bidirectional layer the flipped sequence, flipped back, beside it."""
        outputs = [self.unroll(layer, *weights[0], phi, x)]
        for W, b in weights[1:]:
            h = self.unroll(layer, W, b, phi, x.flip(1))
            outputs.append(h.flip(1) if layer.sequences else h)
        return self.torch.cat(outputs, -1)

    def unroll(self, layer: Any, W: Any, b: Any, phi: Any, x: Any) -> Any:
        step = getattr(self, type(layer).__name__.lower())
        state, steps = (x.new_zeros(len(x), layer.units),) * 2, []
        for t in range(x.shape[1]):
            if layer.truncate and t % layer.truncate == 0:
                state = tuple(each.detach() for each in state)
            state = step(x[:, t], *state, W, b, phi)
            steps.append(state[0])
        return self.torch.stack(steps, 1) if layer.sequences else state[0]

    def recurrent(self, x: Any, h: Any, c: Any, W: Any, b: Any, phi: Any) -> Any:
        return phi(self.torch.cat([x, h], 1) @ W.T + b), c

    def gru(self, x: Any, h: Any, c: Any, W: Any, b: Any, phi: Any) -> Any:
        u, features = h.shape[1], x.shape[1]
        b_rz, b_n, b_q = b[: 2 * u], b[2 * u : 3 * u], b[3 * u :]
        r, z = self.torch.sigmoid(self.torch.cat([x, h], 1) @ W[: 2 * u].T + b_rz).chunk(2, 1)
        n = phi(x @ W[2 * u :, :features].T + b_n + r * (h @ W[2 * u :, features:].T + b_q))
        return (1 - z) * n + z * h, c

    def lstm(self, x: Any, h: Any, c: Any, W: Any, b: Any, phi: Any) -> Any:
        i, f, g, o = (self.torch.cat([x, h], 1) @ W.T + b).chunk(4, 1)
        c = self.torch.sigmoid(f) * c + self.torch.sigmoid(i) * phi(g)
        return self.torch.sigmoid(o) * phi(c), c

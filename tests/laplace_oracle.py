"""Laplace's approximation of a small dense network in plain NumPy, all matrices whole."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from reference import Array

STRUCTURES = ("last_layer", "full", "diagonal", "kronecker")


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def softmax(a: Array) -> Array:
    e = np.exp(a - a.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layers_of(net: Any, w: Array) -> list[tuple[Array, Array]]:
    """[(W (n_out, n_in), b (n_out,))] of a flat vector, which may be complex."""
    layers, begin = [], 0
    for view in net.weights:
        n_in, n_out = view.shape
        W = w[begin : begin + n_in * n_out].reshape(n_out, n_in)
        b = w[begin + n_in * n_out :][:n_out]
        layers.append((W, b))
        begin += n_out * (n_in + 1)
    return layers


def inputs_of_layers(net: Any, w: Array, X: Array) -> list[Array]:
    """The input of each layer, then the pre-activations of the output; hidden layers are tanh."""
    layers = layers_of(net, w)
    h = [X]
    for place, (W, b) in enumerate(layers):
        a = h[-1] @ W.T + b
        h.append(a if place == len(layers) - 1 else np.tanh(a))
    return h


def jacobian(net: Any, X: Array) -> Array:
    """Derivatives of the pre-activations of the output (n, K, P), by complex steps."""
    w, columns = net.parameters.astype(complex), []
    for p in range(len(w)):
        w[p] += 1e-30j
        columns.append(inputs_of_layers(net, w, X)[-1].imag / 1e-30)
        w[p] = w[p].real
    return np.stack(columns, axis=-1)


class Likelihood(NamedTuple):
    """Of the pre-activations a (n, K): curvature (n, K, K), and minus the logarithm (n, K)."""

    kind: str

    def curvature(self, a: Array) -> Array:
        unit = np.eye(a.shape[1])
        if self.kind == "softmax":
            p = softmax(a)
            return p[:, :, None] * unit - p[:, :, None] * p[:, None]
        s = np.ones_like(a) if self.kind == "identity" else sigmoid(a) * (1 - sigmoid(a))
        return s[:, :, None] * unit

    def loss(self, a: Array, y: Array, beta: float) -> Array:
        if self.kind == "softmax":
            return -y * np.log(softmax(a))
        if self.kind == "sigmoid":
            return -y * np.log(sigmoid(a)) - (1 - y) * np.log(1 - sigmoid(a))
        return beta / 2 * (a - y) ** 2 + 0.5 * np.log(2 * np.pi / beta)


class DenseLaplace:
    """At given delta and beta; W (n, K) are the weights of the terms, w (n,) those of samples."""

    def __init__(
        self, net: Any, X: Array, y: Array, W: Array, w: Array, structure: str, kind: str
    ) -> None:
        self.net, self.y, self.W, self.kind = net, y, W, Likelihood(kind)
        self.a = inputs_of_layers(net, net.parameters, X)[-1]
        J, roots = jacobian(net, X), np.sqrt(W)
        L = roots[:, :, None] * self.kind.curvature(self.a) * roots[:, None]
        H = np.einsum("nkp,nkj,njq->pq", J, L, J)
        self.size = len(H)
        if structure == "last_layer":
            self.size = (net.weights[-1].shape[0] + 1) * net.n_outputs
            H = H[-self.size :, -self.size :]
        elif structure == "diagonal":
            H = np.diag(np.diag(H))
        elif structure == "kronecker":
            H = self.kronecker(X, J, L, w)
        self.H = H

    def kronecker(self, X: Array, J: Array, L: Array, w: Array) -> Array:
        """Blocks G ⊗ A; derivatives by a are those by the bias."""
        H, begin = np.zeros((self.size, self.size)), 0
        inputs = inputs_of_layers(self.net, self.net.parameters, X)[:-1]
        for x, view in zip(inputs, self.net.weights, strict=True):
            n_in, n_out = view.shape
            end = begin + n_out * (n_in + 1)
            s = J[..., end - n_out : end]
            G = np.einsum("nko,nkj,njp->op", s, L, s)
            ones = np.column_stack([x, np.ones(len(x))])
            A = np.einsum("n,ni,nj->ij", w, ones, ones) / w.sum()
            for o in range(n_out):  # rows of W and b, element by element
                for p in range(n_out):
                    rows = [*range(begin + o * n_in, begin + (o + 1) * n_in), end - n_out + o]
                    columns = [*range(begin + p * n_in, begin + (p + 1) * n_in), end - n_out + p]
                    H[np.ix_(rows, columns)] = G[o, p] * A
            begin = end
        return H

    def covariance(self, delta: float, beta: float) -> Array:
        return np.linalg.inv(beta * self.H + delta * np.eye(self.size))

    def output_covariance(self, X: Array, delta: float, beta: float) -> Array:
        J = jacobian(self.net, X)[..., -self.size :]
        return np.einsum("nkp,pq,njq->nkj", J, self.covariance(delta, beta), J)

    def evidence(self, delta: float, beta: float) -> float:
        w = self.net.parameters[-self.size :]
        likelihood = -np.sum(self.W * self.kind.loss(self.a, self.y, beta))
        prior = self.size / 2 * np.log(delta / (2 * np.pi)) - delta / 2 * (w @ w)
        precision = beta * self.H + delta * np.eye(self.size)
        volume = self.size / 2 * np.log(2 * np.pi) - np.linalg.slogdet(precision)[1] / 2
        return float(likelihood + prior + volume)

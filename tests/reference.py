"""The oracle: every formula of the library in plain NumPy, float64, as short as the lecture.

Notation: X (n, n_in), W (n_out, n_in), a = h Wᵀ + b (n, n_out), o output, y targets, delta = ∂L/∂a,
w all parameters in one vector: per layer W row by row, then b. It has no code of the library;
`test_reference.py` holds it against mpmath, SciPy, torch and difference quotients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference_families import *  # noqa: F403  activations and losses
from reference_families import ACTIVATIONS, CANONICAL, DEFAULT_LOSS, LOSSES, Array
from reference_rules import *  # noqa: F403  the update rules
from reference_rules import penalty

# ---- the network, by the lecture's two procedures ----------------------------------------------

DenseSpec = tuple[int, str, bool]  # units, activation, bias


@dataclass(frozen=True)
class Skip:
    """h_l = h_{l-1} + h_of; `of` counts the layers of the list from 0, -1 is the input."""

    of: int


@dataclass(frozen=True)
class Tied:
    """h = phi(Wᵀ h_{l-1} + b), or phi(W h_{l-1} + b); W is that of the dense layer `layer`."""

    layer: int
    activation: str = "identity"
    transposed: bool = True
    bias: bool = True


@dataclass(frozen=True, eq=False)
class Scale:
    """h_l = h_{l-1} ∘ factors (n, n_l): dropout with the mask / (1 - rate) that was drawn."""

    factors: Array


LayerSpec = DenseSpec | Skip | Tied | Scale


@dataclass(frozen=True)
class Slots:
    """Slices of w: W (n_out, n_in) of a dense layer, row by row, and b; empty if none."""

    weights: slice
    shape: tuple[int, int]
    transposed: bool
    bias: slice

    def matrix(self, w: Array) -> Array:
        """W as the layer multiplies by it, a view."""
        W = w[self.weights].reshape(self.shape)
        return W.T if self.transposed else W


@dataclass(frozen=True)
class Net:
    """Layers l = 1..k: a_l = W_l h_{l-1} + b_l, h_l = phi_l(a_l), h_0 = x, o = h_k."""

    inputs: int
    layers: Sequence[LayerSpec]

    def slots(self) -> tuple[list[Slots], int]:
        """Per layer what it reads, and the size of w: layer by layer W, then b."""
        slots: list[Slots] = []
        end, width = 0, self.inputs
        for layer in self.layers:
            if isinstance(layer, (Skip, Scale)):
                slots.append(Slots(slice(0), (0, 0), False, slice(0)))
                continue
            if isinstance(layer, Tied):
                of, bias = slots[layer.layer], layer.bias
                weights, shape, transposed = of.weights, of.shape, layer.transposed
                width = shape[1] if transposed else shape[0]
            else:
                (units, _, bias), transposed = layer, False
                shape = (units, width)
                weights, width = slice(end, end + units * width), units
                end = weights.stop
            slots.append(Slots(weights, shape, transposed, slice(end, end + bias * width)))
            end += bias * width
        return slots, end

    def weight_mask(self) -> Array:
        """1 at weights, 0 at biases, (n_parameters,)."""
        slots, size = self.slots()
        mask = np.zeros(size)
        for slot in slots:
            mask[slot.weights] = 1.0
        return mask

    def activation(self, l: int) -> str:  # noqa: E741
        layer = self.layers[l]
        if isinstance(layer, tuple):
            return layer[1]
        return layer.activation if isinstance(layer, Tied) else "identity"

    def forward(self, w: Array, X: Array) -> tuple[list[Array], list[Array]]:
        """a_1..a_k and h_0..h_k, each (n, n_l)."""
        slots, size = self.slots()
        assert np.shape(w) == (size,)
        a: list[Array] = []
        h: list[Array] = [np.asarray(X, float)]
        for l, (layer, slot) in enumerate(zip(self.layers, slots, strict=True)):  # noqa: E741
            if isinstance(layer, Skip):
                a.append(h[-1] + h[layer.of + 1])
            elif isinstance(layer, Scale):
                a.append(h[-1] * layer.factors)
            else:
                b = w[slot.bias]
                a.append(h[-1] @ slot.matrix(w).T + (b if b.size else 0.0))
            h.append(ACTIVATIONS[self.activation(l)](a[-1]))
        return a, h

    def predict(self, w: Array, X: Array) -> Array:
        return self.forward(w, X)[1][-1]

    def through(self, l: int, a: Array, dh: Array) -> Array:  # noqa: E741
        """delta_l = J_phi(a_l)ᵀ ∂L/∂h_l."""
        name = self.activation(l)
        slope = ACTIVATIONS[name].derivative(a)
        return np.einsum("nij,ni->nj", slope, dh) if name == "softmax" else slope * dh

    def gradient(self, w: Array, a: list[Array], h: list[Array], delta: Array) -> Array:
        """Flat Σ over samples of ∂L/∂W = delta_l h_{l-1}ᵀ and ∂L/∂b = delta_l, from delta_k.

        delta_l = phi_l'(a_l) ∘ Σ W_mᵀ delta_m, over all layers m that read h_l; a W that is read
        several times has the sum of its gradients.
        """
        slots, size = self.slots()
        g, dh = np.zeros(size), [np.zeros_like(each) for each in h]
        for l in reversed(range(len(self.layers))):  # noqa: E741
            layer, slot = self.layers[l], slots[l]
            if l < len(self.layers) - 1:
                delta = self.through(l, a[l], dh[l + 1])
            if isinstance(layer, Skip):
                dh[l] += delta
                dh[layer.of + 1] += delta
            elif isinstance(layer, Scale):
                dh[l] += delta * layer.factors
            else:
                dh[l] += delta @ slot.matrix(w)
                slot.matrix(g)[...] += delta.T @ h[l]
                g[slot.bias] += delta.sum(0)[: g[slot.bias].size]
        return g

    def backward(self, w: Array, X: Array, output_gradient: Array) -> Array:
        """Flat gradient of Σ o ∘ output_gradient."""
        a, h = self.forward(w, X)
        return self.gradient(w, a, h, self.through(len(a) - 1, a[-1], output_gradient))

    def value_and_grad(
        self, w: Array, X: Array, y: Array, loss: str | None = None, weights: Array | None = None,
        divisor: float | None = None,
    ) -> tuple[float, Array]:  # fmt: skip
        """L = Σ w_i L_i / divisor, by default Σ w_i, and its flat gradient; y (n, n_out)."""
        output = self.activation(len(self.layers) - 1)
        loss = loss or DEFAULT_LOSS.get(output, "squared_error")
        a, h = self.forward(w, X)
        weight = np.ones(len(X)) if weights is None else np.asarray(weights, float)
        weight = weight / (weight.sum() if divisor is None else divisor)
        if (output, loss) in CANONICAL:
            values, delta = CANONICAL[output, loss](a[-1], y)
        else:
            values = LOSSES[loss](h[-1], y)
            delta = self.through(len(a) - 1, a[-1], LOSSES[loss].gradient(h[-1], y))
        return float(weight @ values), self.gradient(w, a, h, delta * weight[:, None])


def one_hot(classes: Array, k: int) -> Array:
    return np.eye(k)[np.asarray(classes, int)]


# ---- initialisers: the variance of a weight -----------------------------------------------------

VARIANCES: dict[str, Callable[[int, int], float]] = {
    "glorot_uniform": lambda n_in, n_out: 2.0 / (n_in + n_out),
    "glorot_normal": lambda n_in, n_out: 2.0 / (n_in + n_out),
    "he_uniform": lambda n_in, n_out: 2.0 / n_in,
    "he_normal": lambda n_in, n_out: 2.0 / n_in,
    "lecun_normal": lambda n_in, n_out: 1.0 / n_in,
    "lecun_uniform": lambda n_in, n_out: 1.0 / n_in,
    "normal": lambda n_in, n_out: 0.01**2,
}

# ---- schedules: the rate of k = 0, 1, … ----------------------------------------------------------


def _cosine(k: float, lr: float, steps: float, warmup: float = 0.0, restarts: float | None = None,
            end: float = 0.0) -> float:  # fmt: skip
    """After lr (k+1)/(warmup+1): half a cosine; again and again, each `restarts` times as long."""
    if k < warmup:
        return lr * (k + 1) / (warmup + 1)
    k, length = k - warmup, steps
    while restarts is not None and k >= length:
        k, length = k - length, length * restarts
    return end + 0.5 * (lr - end) * (1.0 + math.cos(math.pi * min(k / length, 1.0)))


def _one_cycle(k: float, lr: float, steps: float, rise: float = 0.3, start_factor: float = 25.0,
               end_factor: float = 1e4) -> float:  # fmt: skip
    """From lr/start_factor to lr at rise·steps - 1, and to lr/(start_factor end_factor)."""
    top, last, start = rise * steps - 1, steps - 1, lr / start_factor
    if k <= top:
        return lr + 0.5 * (start - lr) * (1.0 + math.cos(math.pi * k / top))
    end, x = start / end_factor, min((k - top) / (last - top), 1.0)
    return end + 0.5 * (lr - end) * (1.0 + math.cos(math.pi * x))


SCHEDULES: dict[str, Callable[..., float]] = {  # lr_k = f(k, lr, **fields)
    "constant": lambda k, lr: lr,
    "exponential_decay": lambda k, lr, rate: lr * math.exp(-rate * k),
    "inverse_time_decay": lambda k, lr, rate: lr / (1.0 + rate * k),
    "step_decay": lambda k, lr, every, factor: lr * factor ** (k // every),
    "polynomial_decay": lambda k, lr, steps, power=1.0, end=0.0: (
        end + (lr - end) * (1.0 - min(k / steps, 1.0)) ** power
    ),
    "cosine_decay": _cosine,
    "one_cycle": _one_cycle,
}

# ---- averages of the iterates w(1), w(2), …, w(k) ------------------------------------------------


def _recursion(w: Sequence[Array], beta: float) -> Array:
    average = w[0]
    for iterate in w[1:]:
        average = (1.0 - beta) * iterate + beta * average
    return average


def _weighted(w: Sequence[Array], beta: float) -> Array:
    weights = beta ** np.arange(len(w) - 1, -1, -1.0)
    return np.tensordot(weights / weights.sum(), np.array(w), 1)


AVERAGES: dict[str, Callable[[Sequence[Array], float], Array]] = {
    "uniform": lambda w, beta: np.mean(np.array(w), axis=0),
    "discounted": _weighted,
    "exponential": _recursion,
}


def divisor(weight: Array, batch: Array, weighting: str = "set") -> float:
    """Of Σ w_i L_i over a batch: B times the mean weight of the set, or the batch's own sum."""
    return float(len(batch) * weight.mean() if weighting == "set" else weight[batch].sum())


def train(
    net: Net, w: Array, X: Array, y: Array, rule: Any, batches: Iterable[Array], *,
    loss: str | None = None, weights: Array | None = None, weighting: str = "set",
    l1: Any = 0.0, l2: Any = 0.0, mask: Array | None = None,
) -> tuple[Array, list[float]]:  # fmt: skip
    """w after one step per batch (of sample indices), and the loss of each with its penalty."""
    mask = net.weight_mask() if mask is None else mask
    weight = np.ones(len(X)) if weights is None else np.asarray(weights, float)
    losses: list[float] = []
    for i in batches:
        if weight[i].sum() == 0:
            continue

        def both(w: Array, i: Array = i) -> tuple[float, Array]:
            divided_by = divisor(weight, i, weighting)
            value, g = net.value_and_grad(w, X[i], y[i], loss, weight[i], divided_by)
            more, extra = penalty(w, mask, l1, l2)
            return value + more, g + extra

        losses.append(both(w)[0])
        w = rule.step(w, lambda at, both=both: both(at)[1])
    return w, losses


# ---- difference quotients ------------------------------------------------------------------------


def differences(f: Callable[[Array], Any], x: Array, step: float = 1e-5) -> Array:
    """Central differences: ∂f/∂x_j, shape f.shape + x.shape."""
    columns = []
    for j in range(x.size):
        e = np.zeros(x.size)
        e[j] = step * max(1.0, abs(x.flat[j]))
        e = e.reshape(x.shape)
        columns.append((np.asarray(f(x + e)) - np.asarray(f(x - e))) / (2.0 * e.flat[j]))
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + x.shape)

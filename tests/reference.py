"""The oracle: every formula of the library in plain NumPy, float64, as short as the lecture.

Notation: X (n, n_in), W (n_out, n_in), a = h Wᵀ + b (n, n_out), o output, y targets, delta = ∂L/∂a,
w all parameters in one vector: per layer W row by row, then b. It shares no code with the library;
`test_reference.py` holds it against mpmath, SciPy, torch and difference quotients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from reference_rules import *  # noqa: F403  the update rules, under the same roof
from reference_rules import Array, penalty


def quiet() -> Any:
    """Overflow, division by zero and inf - inf are part of the formulas' limits."""
    return np.errstate(all="ignore")


# ---- activations phi(a) and phi'(a), element by element; softmax along the last axis ----------

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
_erfc = np.vectorize(math.erfc, otypes=[float])


def sigmoid(a: Array) -> Array:
    """1 / (1 + e^-a)."""
    return np.exp(-np.logaddexp(0.0, -a))


def normal_cdf(a: Array) -> Array:
    """Phi(a) = erfc(-a / sqrt 2) / 2."""
    return 0.5 * _erfc(-a / math.sqrt(2.0))


def normal_pdf(a: Array) -> Array:
    return np.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)


def finite_or_zero(a: Array) -> Array:
    """0 in place of ±inf, where the factor beside it decides the limit."""
    return np.where(np.isinf(a), 0.0, a)


def softmax(a: Array) -> Array:
    """e^a_i / Σ_j e^a_j, shifted by the maximum."""
    top = np.max(a, axis=-1, keepdims=True)
    e = np.exp(np.where(a == top, 0.0, a - top))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_jacobian(a: Array) -> Array:
    """diag(o) - o oᵀ, (..., k, k)."""
    o = softmax(a)
    return o[..., :, None] * (np.eye(o.shape[-1]) - o[..., None, :])


@dataclass(frozen=True)
class Activation:
    """phi and phi' as functions of a and of the hyperparameters."""

    phi: Callable[..., Array]
    dphi: Callable[..., Array]

    def __call__(self, a: Any, **fields: float) -> Array:
        with quiet():
            return self.phi(np.asarray(a, float), **fields)

    def derivative(self, a: Any, **fields: float) -> Array:
        with quiet():
            return self.dphi(np.asarray(a, float), **fields)


def _where_positive(a: Array, positive: Any, negative: Any) -> Array:
    """NaN goes to the negative branch, whose formulas keep it."""
    return np.where(a > 0, positive, negative)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(lambda a: a.copy(), np.ones_like),
    "sign": Activation(
        lambda a, straight_through=False: np.sign(a),
        lambda a, straight_through=False: (np.abs(a) < 1.0) * float(straight_through),
    ),
    "sigmoid": Activation(sigmoid, lambda a: sigmoid(a) * sigmoid(-a)),
    "tanh": Activation(np.tanh, lambda a: 4.0 * sigmoid(2.0 * a) * sigmoid(-2.0 * a)),
    "relu": Activation(lambda a: np.maximum(a, 0.0), lambda a: (a > 0) * 1.0),
    "hard_tanh": Activation(lambda a: np.clip(a, -1.0, 1.0), lambda a: (np.abs(a) < 1.0) * 1.0),
    "softmax": Activation(softmax, softmax_jacobian),
    "leaky_relu": Activation(
        lambda a, slope=0.01: _where_positive(a, a, slope * a),
        lambda a, slope=0.01: _where_positive(a, 1.0, slope),
    ),
    "elu": Activation(
        lambda a, alpha=1.0: _where_positive(a, a, alpha * np.expm1(a)),
        lambda a, alpha=1.0: _where_positive(a, 1.0, alpha * np.exp(a)),
    ),
    "selu": Activation(
        lambda a: SELU_SCALE * _where_positive(a, a, SELU_ALPHA * np.expm1(a)),
        lambda a: SELU_SCALE * _where_positive(a, 1.0, SELU_ALPHA * np.exp(a)),
    ),
    "softplus": Activation(lambda a: np.logaddexp(0.0, a), sigmoid),
    "silu": Activation(
        lambda a: np.where(a == -np.inf, 0.0, a) * sigmoid(a),
        lambda a: sigmoid(a) * (1.0 + finite_or_zero(a) * sigmoid(-a)),
    ),
    "gelu": Activation(
        lambda a: np.where(a == -np.inf, 0.0, a) * normal_cdf(a),
        lambda a: normal_cdf(a) + finite_or_zero(a) * normal_pdf(a),
    ),
}

# ---- losses L(o, y) per sample (n,) and ∂L/∂o (n, n_out) --------------------------------------


def _times_log(y: Array, o: Array) -> Array:
    """y log o with 0 log 0 = 0."""
    return np.where(y == 0, 0.0, y * np.log(o))


def _over(y: Array, o: Array) -> Array:
    """y / o with 0 / 0 = 0."""
    return np.where(y == 0, 0.0, y / o)


def _huber(r: Array, delta: float) -> Array:
    return np.where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta))


def _gaussian_value(o: Array, y: Array) -> Array:
    """(s + (y - m)² e^-s) / 2; o holds the means m, then the log variances s."""
    m, s = np.split(o, 2, axis=-1)
    return 0.5 * (s + (y - m) ** 2 * np.exp(-s))


def _gaussian_slope(o: Array, y: Array) -> Array:
    m, s = np.split(o, 2, axis=-1)
    return np.concatenate([(m - y) * np.exp(-s), 0.5 * (1.0 - (y - m) ** 2 * np.exp(-s))], axis=-1)


def smooth(y: Array, s: float) -> Array:
    """Targets with label smoothing: (1 - s) y + s / k."""
    return (1.0 - s) * y + s / y.shape[-1]


@dataclass(frozen=True)
class Loss:
    value: Callable[..., Array]  # per sample and output; summed over the outputs
    slope: Callable[..., Array]

    def __call__(self, o: Any, y: Any, **fields: float) -> Array:
        with quiet():
            return np.sum(self.value(np.asarray(o, float), np.asarray(y, float), **fields), axis=-1)

    def gradient(self, o: Any, y: Any, **fields: float) -> Array:
        with quiet():
            return self.slope(np.asarray(o, float), np.asarray(y, float), **fields)


LOSSES: dict[str, Loss] = {
    "squared_error": Loss(lambda o, y: 0.5 * (o - y) ** 2, lambda o, y: o - y),
    "absolute_error": Loss(lambda o, y: np.abs(o - y), lambda o, y: np.sign(o - y)),
    "huber": Loss(
        lambda o, y, delta=1.0: _huber(np.abs(o - y), delta),
        lambda o, y, delta=1.0: np.clip(o - y, -delta, delta),
    ),
    "cross_entropy": Loss(lambda o, y: -_times_log(y, o), lambda o, y: -_over(y, o)),
    "binary_cross_entropy": Loss(
        lambda o, y: -_times_log(y, o) - _times_log(1.0 - y, 1.0 - o),
        lambda o, y: _over(1.0 - y, 1.0 - o) - _over(y, o),
    ),
    "hinge": Loss(  # as the perceptron's, with a margin
        lambda o, y: np.maximum(0.0, 1.0 - y * o),
        lambda o, y: np.where(y * o <= 1, -y, 0.0),
    ),
    "perceptron": Loss(  # o is the pre-activation, y = ±1; the update is taken at equality
        lambda o, y: np.maximum(0.0, -y * o),
        lambda o, y: np.where(y * o <= 0, -y, 0.0),
    ),
    "quantile": Loss(
        lambda o, y, q=0.5: np.maximum(q * (y - o), (q - 1.0) * (y - o)),
        lambda o, y, q=0.5: np.where(o < y, -q, 1.0 - q) * (o != y),
    ),
    "poisson": Loss(
        lambda o, y, log_input=True: np.exp(o) - y * o if log_input else o - _times_log(y, o),
        lambda o, y, log_input=True: np.exp(o) - y if log_input else 1.0 - _over(y, o),
    ),
    "gaussian_nll": Loss(_gaussian_value, _gaussian_slope),
}
SIGNS = ("hinge", "perceptron")  # labels are ±1, o is the pre-activation of a sign

DEFAULT_LOSS = {
    "softmax": "cross_entropy",
    "sigmoid": "binary_cross_entropy",
    "sign": "perceptron",
}

# ---- canonical pairs: loss and delta_k straight from the pre-activations -----------------------


def _softmax_cross_entropy(a: Array, y: Array) -> tuple[Array, Array]:
    """Σ y (log Σ e^a - a), delta = o Σy - y."""
    log_sum = np.logaddexp.reduce(a, axis=-1, keepdims=True)
    return np.sum(y * (log_sum - a), -1), softmax(a) * np.sum(y, -1, keepdims=True) - y


def _sigmoid_cross_entropy(a: Array, y: Array) -> tuple[Array, Array]:
    """Σ log(1 + e^a) - y a, delta = o - y."""
    return np.sum(np.logaddexp(0.0, a) - y * a, -1), sigmoid(a) - y


def _of_pre_activation(loss: str) -> Callable[[Array, Array], tuple[Array, Array]]:
    return lambda a, y: (LOSSES[loss](a, y), LOSSES[loss].gradient(a, y))


CANONICAL = {
    ("softmax", "cross_entropy"): _softmax_cross_entropy,
    ("sigmoid", "binary_cross_entropy"): _sigmoid_cross_entropy,
    **{("sign", loss): _of_pre_activation(loss) for loss in SIGNS},
}

# ---- the network, by the lecture's two procedures ----------------------------------------------

LayerSpec = tuple[int, str, bool]  # units, activation, bias


@dataclass(frozen=True)
class Net:
    """Layers l = 1..k: a_l = W_l h_{l-1} + b_l, h_l = phi_l(a_l), h_0 = x, o = h_k."""

    inputs: int
    layers: Sequence[LayerSpec]

    def shapes(self) -> list[tuple[int, int]]:
        units = [self.inputs, *(units for units, _, _ in self.layers)]
        return [(n_out, n_in) for n_in, n_out in pairwise(units)]

    def split(self, w: Array) -> list[tuple[Array, Array | None]]:
        """[(W (n_out, n_in), b (n_out,) or None)] of the flat w."""
        parts: list[tuple[Array, Array | None]] = []
        for (n_out, n_in), (_, _, bias) in zip(self.shapes(), self.layers, strict=True):
            W, w = w[: n_out * n_in].reshape(n_out, n_in), w[n_out * n_in :]
            b, w = (w[:n_out], w[n_out:]) if bias else (None, w)
            parts.append((W, b))
        assert w.size == 0
        return parts

    def weight_mask(self) -> Array:
        """1 at weights, 0 at biases, (n_parameters,)."""
        blocks = [
            [np.ones(n_out * n_in), np.zeros(n_out if bias else 0)]
            for (n_out, n_in), (_, _, bias) in zip(self.shapes(), self.layers, strict=True)
        ]
        return np.concatenate([block for pair in blocks for block in pair])

    def forward(self, w: Array, X: Array) -> tuple[list[Array], list[Array]]:
        """a_1..a_k and h_0..h_k, each (n, n_l)."""
        a: list[Array] = []
        h: list[Array] = [np.asarray(X, float)]
        for (W, b), (_, name, _) in zip(self.split(w), self.layers, strict=True):
            a.append(h[-1] @ W.T + (0.0 if b is None else b))
            h.append(ACTIVATIONS[name](a[-1]))
        return a, h

    def predict(self, w: Array, X: Array) -> Array:
        return self.forward(w, X)[1][-1]

    def through(self, l: int, a: Array, dh: Array) -> Array:  # noqa: E741
        """delta_l = J_phi(a_l)ᵀ ∂L/∂h_l."""
        name = self.layers[l][1]
        slope = ACTIVATIONS[name].derivative(a)
        return np.einsum("nij,ni->nj", slope, dh) if name == "softmax" else slope * dh

    def backpropagate(self, w: Array, a: list[Array], h: list[Array], delta: Array) -> list[Array]:
        """[delta_1..delta_k] from delta_k: delta_l = phi_l'(a_l) ∘ (W_{l+1}ᵀ delta_{l+1})."""
        parts, deltas = self.split(w), [delta]
        for l in reversed(range(len(parts) - 1)):  # noqa: E741
            deltas.insert(0, self.through(l, a[l], deltas[0] @ parts[l + 1][0]))
        return deltas

    def flat_gradient(self, deltas: list[Array], h: list[Array]) -> Array:
        """Σ over samples of ∂L/∂W_l = delta_l h_{l-1}ᵀ and ∂L/∂b_l = delta_l, flat."""
        blocks: list[Array] = []
        for (_, _, bias), delta, below in zip(self.layers, deltas, h, strict=False):
            blocks += [(delta.T @ below).ravel()] + ([delta.sum(0)] if bias else [])
        return np.concatenate(blocks)

    def backward(self, w: Array, X: Array, output_gradient: Array) -> Array:
        """Flat gradient of Σ o ∘ output_gradient."""
        a, h = self.forward(w, X)
        delta = self.through(len(a) - 1, a[-1], output_gradient)
        return self.flat_gradient(self.backpropagate(w, a, h, delta), h)

    def value_and_grad(
        self, w: Array, X: Array, y: Array, loss: str | None = None, weights: Array | None = None
    ) -> tuple[float, Array]:
        """L = Σ w_i L_i / Σ w_i and its flat gradient; y (n, n_out)."""
        output = self.layers[-1][1]
        loss = loss or DEFAULT_LOSS.get(output, "squared_error")
        a, h = self.forward(w, X)
        share = np.ones(len(X)) if weights is None else np.asarray(weights, float)
        share = share / share.sum()
        if (output, loss) in CANONICAL:
            values, delta = CANONICAL[output, loss](a[-1], y)
        else:
            values = LOSSES[loss](h[-1], y)
            delta = self.through(len(a) - 1, a[-1], LOSSES[loss].gradient(h[-1], y))
        deltas = self.backpropagate(w, a, h, delta * share[:, None])
        return float(share @ values), self.flat_gradient(deltas, h)


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


def train(
    net: Net, w: Array, X: Array, y: Array, rule: Any, batches: Iterable[Array], *,
    loss: str | None = None, weights: Array | None = None, l1: Any = 0.0, l2: Any = 0.0,
    mask: Array | None = None,
) -> tuple[Array, list[float]]:  # fmt: skip
    """w after one step per batch (of sample indices), and the loss of each with its penalty."""
    mask = net.weight_mask() if mask is None else mask
    share = np.ones(len(X)) if weights is None else np.asarray(weights, float)
    losses: list[float] = []
    for i in batches:
        if share[i].sum() == 0:
            continue

        def both(w: Array, i: Array = i) -> tuple[float, Array]:
            value, g = net.value_and_grad(w, X[i], y[i], loss, share[i])
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

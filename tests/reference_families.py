"""The oracle of activations, losses and canonical pairs; `reference` has the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def quiet() -> Any:
    """Overflow, division by zero and inf - inf are part of the formulas' limits."""
    return np.errstate(all="ignore")


# ---- activations phi(a) and phi'(a), element by element; softmax along the last axis ----------

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
_erfc = np.vectorize(math.erfc, otypes=[float])


def sigmoid(a: Array) -> Array:
    """1 / (1 + e^-a)."""
    return np.exp(-np.logaddexp(0.0, -a))


def softplus(a: Array) -> Array:
    """log(1 + e^a)."""
    return np.logaddexp(0.0, a)  # type: ignore[no-any-return]


def normal_cdf(a: Array) -> Array:
    """Phi(a) = erfc(-a / sqrt 2) / 2."""
    return 0.5 * _erfc(-a / math.sqrt(2.0))


def normal_pdf(a: Array) -> Array:
    return np.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)


def finite_or_zero(a: Array) -> Array:
    """0 in place of ±inf, where the other factor determines the limit."""
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
    "softplus": Activation(softplus, sigmoid),
    "silu": Activation(
        lambda a: np.where(a == -np.inf, 0.0, a) * sigmoid(a),
        lambda a: sigmoid(a) * (1.0 + finite_or_zero(a) * sigmoid(-a)),
    ),
    "gelu": Activation(
        lambda a: np.where(a == -np.inf, 0.0, a) * normal_cdf(a),
        lambda a: normal_cdf(a) + finite_or_zero(a) * normal_pdf(a),
    ),
    "mish": Activation(
        lambda a: np.where(a == -np.inf, 0.0, a) * np.tanh(softplus(a)),
        lambda a: (
            np.tanh(softplus(a))
            + np.where(a > 300, 0.0, finite_or_zero(a)) * sigmoid(a) / np.cosh(softplus(a)) ** 2
        ),
    ),
    "hard_sigmoid": Activation(
        lambda a: np.clip(a / 6.0 + 0.5, 0.0, 1.0), lambda a: (np.abs(a) < 3.0) / 6.0
    ),
    "exponential": Activation(np.exp, np.exp),
    "softsign": Activation(
        lambda a: np.where(np.isinf(a), np.sign(a), a / (1.0 + np.abs(a))),
        lambda a: (1.0 + np.abs(a)) ** -2.0,
    ),
    "sine": Activation(
        lambda a, omega=1.0: np.sin(omega * a), lambda a, omega=1.0: omega * np.cos(omega * a)
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

"""The oracle of penalties, clipping and update rules; `reference` has the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

Array = np.ndarray[Any, Any]

# ---- penalties, clipping, update rules ----------------------------------------------------------


def penalty(w: Array, mask: Array, l1: Any = 0.0, l2: Any = 0.0) -> tuple[float, Array]:
    """l1 Σ|w| + l2/2 Σ w² over the masked parameters, and its (sub)gradient with sign(0) = 0."""
    value = np.sum(mask * (l1 * np.abs(w) + 0.5 * l2 * w * w))
    return float(value), mask * (l1 * np.sign(w) + l2 * w)


def clip(
    g: Array, clip_norm: float | None = None, clip_value: Any = None, normalize: bool = False
) -> Array:
    """Each g_i into [low, high]; then to norm 1 if `normalize`; then g c/‖g‖ where ‖g‖ > c."""
    if clip_value is not None:
        low, high = clip_value if isinstance(clip_value, tuple) else (-clip_value, clip_value)
        g = np.clip(g, low, high)
    norm = np.linalg.norm(g)
    if normalize and norm > 0:
        g, norm = g / norm, 1.0
    return g * (clip_norm / norm) if clip_norm is not None and norm > clip_norm else g


def soft_threshold(w: Array, c: Any) -> Array:
    """The proximal step of c |w|: sign(w) max(|w| - c, 0)."""
    return np.sign(w) * np.maximum(np.abs(w) - c, 0.0)


Gradient = Callable[[Array], Array]
Case = tuple[float, dict[str, Any]]  # learning rate on the bowl, hyperparameters


@dataclass
class Rule:
    """Base class of all rules. Parameters with mask 1 decay: w ← (1 - lr λ) w, the old w.

    `learning_rate` is a number or a function of k = 0, 1, …; `l1` is that of a proximal step. A
    subclass has `update` for step t = 1, 2, …, and the `cases` in which it is compared; `float32`
    bounds the deviation of single precision, at most ten times that of these cases, but larger for
    rules of the sign; `in_torch` is False for
    rules that torch does not have.
    """

    learning_rate: Any = 1e-3
    clip_norm: float | None = field(default=None, kw_only=True)
    clip_value: Any = field(default=None, kw_only=True)
    normalize: bool = field(default=False, kw_only=True)
    mask: Any = field(default=1.0, kw_only=True)
    l1: Any = field(default=0.0, kw_only=True)
    t: int = field(default=0, kw_only=True)

    cases: ClassVar[list[Case]]
    float32: ClassVar[float]
    float32_unfused: ClassVar[float | None] = None  # where products are rounded too, if larger
    in_torch: ClassVar[bool] = True

    @property
    def lr(self) -> float:
        rate = self.learning_rate
        return float(rate(max(self.t - 1, 0)) if callable(rate) else rate)

    def at(self, w: Array) -> Array:
        """The point at which the gradient is computed."""
        return w

    def update(self, w: Array, g: Array) -> Array:
        raise NotImplementedError

    def step(self, w: Array, gradient: Gradient) -> Array:
        g = clip(gradient(self.at(w)), self.clip_norm, self.clip_value, self.normalize)
        self.t += 1
        decay = 1.0 if getattr(self, "decay_biases", False) else self.mask
        w = (1.0 - self.lr * getattr(self, "weight_decay", 0.0) * decay) * w
        return soft_threshold(self.update(w, g), self.lr * self.l1)


@dataclass
class SGD(Rule):
    """v ← β v - lr g, w ← w + v; nesterov: g at the look-ahead point w + β v.

    nesterov=True keeps the look-ahead point as the iterate (torch), "lecture" keeps w.
    """

    momentum: float = 0.0
    nesterov: bool | str = False
    v: Any = 0.0

    cases: ClassVar[list[Case]] = [
        (0.02, {}),
        (0.01, {"momentum": 0.9}),
        (0.01, {"momentum": 0.9, "nesterov": True}),
        (0.01, {"momentum": 0.9, "nesterov": "lecture"}),
        (0.1, {"clip_norm": 0.5}),
        (0.1, {"momentum": 0.5, "clip_value": 0.3}),
        (0.1, {"clip_value": (-0.4, 0.2), "clip_norm": 0.3}),
    ]
    float32: ClassVar[float] = 3e-5

    def at(self, w: Array) -> Array:
        return w + self.momentum * self.v if self.nesterov == "lecture" else w

    def update(self, w: Array, g: Array) -> Array:
        self.v = self.momentum * self.v - self.lr * g
        return w + (self.momentum * self.v - self.lr * g if self.nesterov is True else self.v)


@dataclass
class DeltaBarDelta(Rule):
    """ε += κ where g d > 0, ε -= φ ε where g d < 0, ε ≥ min_gain; d ← θ d + (1-θ) g; w -= ε g.

    As ensmallen's DeltaBarDeltaUpdate (delta_bar_delta_update.hpp).
    """

    kappa: float = 0.2
    phi: float = 0.2
    theta: float = 0.5
    min_gain: float = 1e-8
    momentum: float = 0.0
    gain: Any = None
    d: Any = 0.0
    v: Any = 0.0

    cases: ClassVar[list[Case]] = [
        (0.02, {"kappa": 1e-5}),
        (0.02, {"kappa": 1e-5, "phi": 0.5, "theta": 0.8, "min_gain": 1e-4}),
        (0.01, {"kappa": 1e-5, "momentum": 0.5}),
    ]
    float32: ClassVar[float] = 1e-5
    in_torch: ClassVar[bool] = False

    def update(self, w: Array, g: Array) -> Array:
        agreement = np.sign(g * self.d)
        gain = self.lr + 0.0 * g if self.gain is None else self.gain
        gain = gain + self.kappa * (agreement == 1) - self.phi * gain * (agreement == -1)
        self.gain = np.where(agreement == -1, np.maximum(gain, self.min_gain), gain)
        self.d = self.theta * self.d + (1.0 - self.theta) * g
        self.v = self.momentum * self.v - self.gain * g
        return w + self.v


@dataclass
class AdaGrad(Rule):
    """a += g², w -= lr g/(√a + eps)."""

    eps: float = 1e-10
    a: Any = 0.0

    cases: ClassVar[list[Case]] = [(0.5, {}), (0.3, {"eps": 1e-2})]
    float32: ClassVar[float] = 3e-6

    def update(self, w: Array, g: Array) -> Array:
        self.a = self.a + g * g
        return w - self.lr * g / (np.sqrt(self.a) + self.eps)


@dataclass
class RMSProp(Rule):
    """a ← ρ a + (1-ρ) g², v ← β v - lr g/(√a + eps), w ← w + v; nesterov as torch's SGD."""

    rho: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    nesterov: bool = False
    a: Any = 0.0
    v: Any = 0.0

    cases: ClassVar[list[Case]] = [
        (0.01, {}),
        (0.003, {"rho": 0.9, "eps": 1e-3}),
        (0.003, {"momentum": 0.8}),
        (0.003, {"rho": 0.95, "eps": 1e-6, "momentum": 0.8, "nesterov": True}),
    ]
    float32: ClassVar[float] = 4e-5
    float32_unfused: ClassVar[float | None] = 4e-4

    def update(self, w: Array, g: Array) -> Array:
        self.a = self.rho * self.a + (1.0 - self.rho) * g * g
        move = -self.lr * g / (np.sqrt(self.a) + self.eps)
        self.v = self.momentum * self.v + move
        return w + (self.momentum * self.v + move if self.nesterov else self.v)


@dataclass
class AdaDelta(Rule):
    """a ← ρ a + (1-ρ) g², D = -√((u+eps)/(a+eps)) g, u ← ρ u + (1-ρ) D², w += lr D.

    scalar: one number u for all parameters, u ← ρ u + (1-ρ) mean(D²).
    """

    rho: float = 0.9
    eps: float = 1e-6
    scalar: bool = False
    a: Any = 0.0
    u: Any = 0.0

    cases: ClassVar[list[Case]] = [
        (1.0, {}),
        (0.2, {"rho": 0.8, "eps": 1e-4}),
        (0.1, {"eps": 1e-4, "scalar": True}),
    ]
    float32: ClassVar[float] = 5e-6

    def update(self, w: Array, g: Array) -> Array:
        self.a = self.rho * self.a + (1.0 - self.rho) * g * g
        d = -np.sqrt((self.u + self.eps) / (self.a + self.eps)) * g
        square = np.mean(d * d) if self.scalar else d * d
        self.u = self.rho * self.u + (1.0 - self.rho) * square
        return w + self.lr * d


@dataclass
class Adam(Rule):
    """m ← β1 m + (1-β1) g, v ← β2 v + (1-β2) g², w -= lr m̂/(√v̂ + eps)."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    eps_mode: str = "outside"
    amsgrad: bool = False
    m: Any = 0.0
    v: Any = 0.0
    v_max: Any = 0.0

    cases: ClassVar[list[Case]] = [
        (0.05, {}),
        (0.05, {"eps_mode": "hat"}),
        (0.05, {"eps": 1e-4, "eps_mode": "inside"}),
        (0.05, {"amsgrad": True}),
        (0.05, {"beta1": 0.5, "beta2": 0.9, "amsgrad": True, "eps_mode": "hat"}),
        (0.05, {"clip_norm": 0.2, "clip_value": 0.15}),
    ]
    float32: ClassVar[float] = 3e-4

    def moments(self, g: Array) -> tuple[Array, Array]:
        """m̂ = m/(1 - β1^t) and v̂ = v/(1 - β2^t)."""
        self.m = self.beta1 * self.m + (1.0 - self.beta1) * g
        self.v = self.beta2 * self.v + (1.0 - self.beta2) * g * g
        return self.m / (1.0 - self.beta1**self.t), self.v / (1.0 - self.beta2**self.t)

    def update(self, w: Array, g: Array) -> Array:
        m_hat, v_hat = self.moments(g)
        correction = 1.0 - self.beta2**self.t
        self.v_max = np.maximum(self.v_max, self.v)
        a = self.v_max / correction if self.amsgrad else v_hat
        root = {
            "outside": np.sqrt(a) + self.eps,
            "hat": np.sqrt(a) + self.eps / np.sqrt(correction),
            "inside": np.sqrt(a + self.eps),
        }[self.eps_mode]
        return w - self.lr * m_hat / root


@dataclass
class AdamW(Adam):
    """w ← (1 - lr λ) w, then Adam."""

    weight_decay: float = 1e-2
    decay_biases: bool = False

    cases: ClassVar[list[Case]] = [
        (0.05, {}),
        (0.05, {"beta1": 0.8, "beta2": 0.99, "weight_decay": 0.1, "decay_biases": True}),
        (0.05, {"amsgrad": True}),
        (0.05, {"weight_decay": 0.05, "eps": 1e-4, "eps_mode": "inside"}),
    ]
    float32: ClassVar[float] = 1.5e-5


@dataclass
class NAdam(Adam):
    """μ_t = β1 (1 - 0.96^(ψ t) / 2), P_t = μ_1 … μ_t.

    w -= lr (μ_{t+1} m/(1 - P_{t+1}) + (1 - μ_t) g/(1 - P_t)) / (√v̂ + eps).
    """

    eps_mode: str = field(default="outside", init=False)
    amsgrad: bool = field(default=False, init=False)
    momentum_decay: float = 4e-3
    product: float = field(default=1.0, init=False)

    cases: ClassVar[list[Case]] = [
        (0.05, {}),
        (0.05, {"beta1": 0.8, "beta2": 0.99, "eps": 1e-4, "momentum_decay": 0.1}),
    ]
    float32: ClassVar[float] = 2e-3
    float32_unfused: ClassVar[float | None] = 1e-2

    def update(self, w: Array, g: Array) -> Array:
        now, following = (
            self.beta1 * (1.0 - 0.5 * 0.96 ** (t * self.momentum_decay))
            for t in (self.t, self.t + 1)
        )
        v_hat = self.moments(g)[1]
        self.product *= now
        fresh = (1.0 - now) / (1.0 - self.product) * g
        old = following / (1.0 - self.product * following) * self.m
        return w - self.lr * (fresh + old) / (np.sqrt(v_hat) + self.eps)


@dataclass
class AdaMax(Rule):
    """m ← β1 m + (1-β1) g, u ← max(β2 u, |g| + eps), w -= lr m/((1-β1^t) u)."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    m: Any = 0.0
    u: Any = 0.0

    cases: ClassVar[list[Case]] = [(0.05, {}), (0.05, {"beta1": 0.5, "beta2": 0.99, "eps": 0.1})]
    float32: ClassVar[float] = 5e-6

    def update(self, w: Array, g: Array) -> Array:
        self.m = self.beta1 * self.m + (1.0 - self.beta1) * g
        self.u = np.maximum(self.beta2 * self.u, np.abs(g) + self.eps)
        return w - self.lr * self.m / ((1.0 - self.beta1**self.t) * self.u)


@dataclass
class RAdam(Adam):
    """Adam times √((r-4)(r-2)R / ((R-4)(R-2)r)) where r > 5, else w -= lr m̂."""

    eps_mode: str = field(default="outside", init=False)
    amsgrad: bool = field(default=False, init=False)

    cases: ClassVar[list[Case]] = [(0.05, {}), (0.05, {"beta1": 0.5, "beta2": 0.99, "eps": 1e-3})]
    float32: ClassVar[float] = 8e-5

    def update(self, w: Array, g: Array) -> Array:
        power = self.beta2**self.t
        R = 2.0 / (1.0 - self.beta2) - 1.0
        r = R - 2.0 * self.t * power / (1.0 - power)
        m_hat, v_hat = self.moments(g)
        if r <= 5.0:
            return w - self.lr * m_hat
        rectified = math.sqrt((r - 4.0) * (r - 2.0) * R / ((R - 4.0) * (R - 2.0) * r))
        eps = self.eps / math.sqrt(1.0 - power)  # torch adds eps before the correction here
        return w - self.lr * rectified * m_hat / (np.sqrt(v_hat) + eps)


@dataclass
class Lion(Rule):
    """w ← (1 - lr λ) w - lr sign(β1 m + (1-β1) g), m ← β2 m + (1-β2) g."""

    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0
    decay_biases: bool = False
    m: Any = 0.0

    cases: ClassVar[list[Case]] = [
        (0.01, {}),
        (0.01, {"beta1": 0.8, "beta2": 0.9, "weight_decay": 0.1}),
        (0.01, {"weight_decay": 0.2, "decay_biases": True}),
    ]
    float32: ClassVar[float] = 0.05
    in_torch: ClassVar[bool] = False

    def update(self, w: Array, g: Array) -> Array:
        c = self.beta1 * self.m + (1.0 - self.beta1) * g
        self.m = self.beta2 * self.m + (1.0 - self.beta2) * g
        return w - self.lr * np.sign(c)


@dataclass
class Rprop(Rule):
    """step ×= η± by the sign of g g_old, within [min_step, max_step]; w -= sign(g) step.

    Where the sign has changed g ← 0.
    """

    eta_minus: float = 0.5
    eta_plus: float = 1.2
    min_step: float = 1e-6
    max_step: float = 50.0
    old: Any = 0.0
    size: Any = None

    cases: ClassVar[list[Case]] = [
        (0.05, {}),
        (0.02, {"eta_minus": 0.4, "eta_plus": 1.1, "min_step": 1e-4, "max_step": 0.1}),
    ]
    float32: ClassVar[float] = 0.05

    def update(self, w: Array, g: Array) -> Array:
        agreement = g * self.old
        size = self.lr + 0.0 * g if self.size is None else self.size
        factor = np.where(agreement > 0, self.eta_plus, np.where(agreement < 0, self.eta_minus, 1))
        self.size = np.clip(size * factor, self.min_step, self.max_step)
        self.old = np.where(agreement < 0, 0.0, g)
        return w - np.sign(self.old) * self.size


OPTIMIZERS: dict[str, Any] = {
    "sgd": SGD,
    "delta_bar_delta": DeltaBarDelta,
    "adagrad": AdaGrad,
    "rmsprop": RMSProp,
    "adadelta": AdaDelta,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": NAdam,
    "adamax": AdaMax,
    "radam": RAdam,
    "lion": Lion,
    "rprop": Rprop,
}

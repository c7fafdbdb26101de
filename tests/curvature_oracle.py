"""The oracle of curvature: gradient, Hessian and Gauss-Newton products by torch.func in float64.

Networks are those of `reference`, drawn by `curvature_cases`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

import reference as ref
from curvature_cases import Case
from reference import Array

F = torch.nn.functional
Tensor = torch.Tensor

# ---- activations and losses with two derivatives -------------------------------------------------


def _elu(a: Tensor) -> Tensor:
    return torch.where(a > 0, a, torch.expm1(a.clamp(max=0.0)))


def _selu(a: Tensor) -> Tensor:
    negative = ref.SELU_ALPHA * torch.expm1(a.clamp(max=0.0))
    return ref.SELU_SCALE * torch.where(a > 0, a, negative)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda a: a,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda a: torch.softmax(a, -1),
    "elu": _elu,
    "selu": _selu,
    "softplus": lambda a: F.softplus(a, threshold=60.0),
    "silu": lambda a: a * torch.sigmoid(a),
    "gelu": lambda a: 0.5 * a * (1.0 + torch.erf(a / 2.0**0.5)),
    "mish": lambda a: a * torch.tanh(F.softplus(a, threshold=60.0)),
    "exponential": torch.exp,
    "softsign": lambda a: a / (1.0 + a.abs()),
    "sine": torch.sin,
}


def _huber(o: Tensor, y: Tensor, delta: float = 1.0) -> Tensor:
    r = (o - y).abs()
    return torch.where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta))


def _poisson(o: Tensor, y: Tensor, log_input: bool = True) -> Tensor:
    return torch.exp(o) - y * o if log_input else o - y * torch.log(o)


def _gaussian(o: Tensor, y: Tensor) -> Tensor:
    m, s = o.chunk(2, -1)
    return 0.5 * (s + (y - m) ** 2 * torch.exp(-s))


LOSSES: dict[str, Callable[..., Tensor]] = {  # per sample and output
    "squared_error": lambda o, y: 0.5 * (o - y) ** 2,
    "huber": _huber,
    "cross_entropy": lambda o, y: -y * torch.log(o),
    "binary_cross_entropy": lambda o, y: -y * torch.log(o) - (1 - y) * torch.log1p(-o),
    "poisson": _poisson,
    "gaussian_nll": _gaussian,
}
CANONICAL: dict[tuple[str, str], Callable[[Tensor, Tensor], Tensor]] = {  # of pre-activations
    ("softmax", "cross_entropy"): lambda a, y: y * (torch.logsumexp(a, -1, keepdim=True) - a),
    ("sigmoid", "binary_cross_entropy"): lambda a, y: F.softplus(a, threshold=60.0) - y * a,
}


class Oracle:
    """The loss of a case as a function of w, and its derivatives."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.X, self.y = torch.from_numpy(case.X), torch.from_numpy(case.smoothed)
        self.mean_weights = torch.from_numpy(case.mean_weights)[:, None]
        self.w = torch.from_numpy(case.w)

    def forward(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """The last pre-activations and the outputs."""
        net, h = self.case.net, [self.X]
        a = self.X
        for l, (layer, slot) in enumerate(zip(net.layers, net.slots()[0], strict=True)):  # noqa: E741
            if isinstance(layer, ref.Skip):
                a = h[-1] + h[layer.of + 1]
            elif isinstance(layer, ref.Scale):
                a = h[-1] * torch.from_numpy(layer.factors)
            else:
                W = w[slot.weights].reshape(slot.shape)
                a = h[-1] @ (W if slot.transposed else W.T)
                a = a + w[slot.bias] if slot.bias.stop > slot.bias.start else a
            h.append(ACTIVATIONS[net.activation(l)](a))
        return a, h[-1]

    def loss_of_outputs(self, o: Tensor) -> Tensor:
        loss = self.case.loss
        return (self.mean_weights * LOSSES[loss.name](o, self.y, **dict(loss.fields))).sum()

    def loss_at_split(self, z: Tensor) -> Tensor:
        """Σ mean_weight_i L_i of a_k for the canonical pairs, of o for all others."""
        if not self.case.canonical:
            return self.loss_of_outputs(z)
        return (
            self.mean_weights * CANONICAL[self.case.output, self.case.loss.name](z, self.y)
        ).sum()

    def split(self, w: Tensor) -> Tensor:
        return self.forward(w)[0 if self.case.canonical else 1]

    def value(self, w: Tensor) -> Tensor:
        return self.loss_at_split(self.split(w))

    def value_and_gradient(self) -> tuple[float, Array]:
        g, value = torch.func.grad_and_value(self.value)(self.w)
        return float(value), g.numpy()

    def output_gradient(self) -> Array:
        """∂(Σ mean_weight_i L_i)/∂o (n, n_out)."""
        return torch.func.grad(self.loss_of_outputs)(self.forward(self.w)[1]).numpy()

    def hessian_product(self, v: Array) -> Array:
        gradient = torch.func.grad(self.value)
        return torch.func.jvp(gradient, (self.w,), (torch.from_numpy(v),))[1].numpy()

    def gauss_newton_product(self, v: Array) -> Array:
        """Jᵀ H_L J v with J = ∂z/∂w at the split z."""
        z, Jv = torch.func.jvp(self.split, (self.w,), (torch.from_numpy(v),))
        if self.case.loss.name == "gaussian_nll":
            curved = self._fisher(z) * Jv
        else:
            curved = torch.func.jvp(torch.func.grad(self.loss_at_split), (z,), (Jv,))[1]
        return torch.func.vjp(self.split, self.w)[1](curved)[0].numpy()

    def _fisher(self, o: Tensor) -> Tensor:
        """diag(e^-s, 1/2) of normal targets: their Hessian is not positive semi-definite."""
        s = o.chunk(2, -1)[1]
        return self.mean_weights * torch.cat([torch.exp(-s), torch.full_like(s, 0.5)], -1)

    def product(self, kind: str, v: Array) -> Array:
        return self.hessian_product(v) if kind == "hessian" else self.gauss_newton_product(v)

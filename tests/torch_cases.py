"""Networks beside torch: outputs, gradients, curvature and updates, of any layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import fastmlp as fm
from reference import Array

Nets = dict[str, tuple[tuple[int, ...], Callable[[], list[Any]]]]

NO_WEIGHTS = "weights given as arguments have no counterpart, expected layers of torch.nn"
OTHERS = "its arguments have no counterpart: "
# Forwards of a module with the layer a, 3 to 3, by the node that is refused, and the reason.
FUNCTIONAL: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "linear": (lambda m, x: F.linear(m.a(x), m.a.weight), NO_WEIGHTS),
    "linear first": (lambda m, x: m.a(F.relu(F.linear(x, m.a.weight, m.a.bias))), NO_WEIGHTS),
    "linear with names": (lambda m, x: F.linear(input=x, weight=m.a.weight, bias=None), NO_WEIGHTS),
    "linear of outputs": (lambda m, x: F.linear(x, m.a(x)), NO_WEIGHTS),
    "conv1d": (lambda m, x: F.conv1d(x, m.a.weight[:, :, None]), NO_WEIGHTS),
    "conv2d": (lambda m, x: F.conv2d(x, m.a.weight, m.a.bias, stride=1), NO_WEIGHTS),
    "batch_norm": (lambda m, x: F.batch_norm(m.a(x), m.a.bias, m.a.bias), NO_WEIGHTS),
    "layer_norm": (lambda m, x: F.layer_norm(m.a(x), (3,), weight=m.a.bias), NO_WEIGHTS),
    "gru": (lambda m, x: torch.gru(x, m.a.bias, [m.a.weight], True, 1, 0.0, False, False, True),
            NO_WEIGHTS),
    "t": (lambda m, x: m.a(x) @ m.a.weight.t(), "values of weights or shapes alone have no"),
    "exp": (lambda m, x: m.a(x) * torch.exp(m.a.bias), "values of weights or shapes alone"),
    "mean": (lambda m, x: m.a(x).mean(1, dtype=torch.float64), OTHERS + "got an unexpected"),
    "squeeze": (lambda m, x: m.a(x).squeeze(), OTHERS + "missing a required"),
}  # fmt: skip


class Problem(NamedTuple):
    """A network and its torch function, data, and the loss in two steps: at w, that of z(w)."""

    net: fm.Network
    oracle: Any  # of w and X
    preactivations: Callable[..., Any]  # the last ones, of w and X
    loss: Callable[[Any, Any], Any]  # of these and y, smooth
    X: Array
    y: Array

    def loss_of(self, z: Any) -> Any:
        return self.loss(z, torch.from_numpy(self.y))

    def split(self, w: Any) -> Any:
        return self.preactivations(w, torch.from_numpy(self.X.astype(float)))


def make_problem(
    nets: Nets, oracle_of: Callable[[fm.Network], Any], name: str, n: int, dtype: str = "float64"
) -> Problem:
    """One of `nets`; y is one-hot, per position or step, or real."""
    shape, layers = nets[name]
    net = fm.Network(layers(), inputs=shape, dtype=dtype, seed=3)
    rng = np.random.default_rng(n)
    net.parameters = net.parameters + 0.05 * rng.normal(size=net.n_parameters)
    X = rng.normal(size=(n, *shape)).astype(dtype)
    y = rng.normal(size=(n, *net.output_shape))
    last: Any = net.layers[-1]
    classes = type(last.activation).__name__ == "Softmax"
    if classes:
        y = np.eye(net.output_shape[-1])[rng.integers(0, net.output_shape[-1], y.shape[:-1])]
    oracle = oracle_of(net)
    recurs = isinstance(last, (fm.Recurrent, fm.GRU, fm.LSTM))  # phi is part of the recurrence

    def loss(z: Any, targets: Any) -> Any:
        """The mean over samples of the sum over outputs and steps."""
        if classes:
            normalizer = (torch.logsumexp(z, -1) * targets.sum(-1)).sum()
            return (normalizer - (targets * z).sum()) / len(z)
        return 0.5 * ((z - targets) ** 2).sum() / len(z)

    return Problem(net, oracle, lambda w, x: oracle(w, x, last=recurs), loss, X, y)


def check_outputs_and_gradient(case: Problem, bound: float) -> None:
    """Relative to the largest entry."""
    net, X, y = case.net, case.X, case.y
    w = torch.from_numpy(net.parameters.astype(float)).requires_grad_()
    outputs = case.oracle(w, torch.from_numpy(X.astype(float))).detach().numpy()
    np.testing.assert_allclose(net.predict(X), outputs, atol=bound * np.abs(outputs).max())
    value = case.loss_of(case.split(w))
    value.backward()
    ours, g = net.value_and_grad(X, y.astype(net.dtype))
    assert ours == pytest.approx(value.item(), rel=bound)
    expected: Any = w.grad
    expected = expected.numpy()
    np.testing.assert_allclose(g, expected, atol=bound * np.abs(expected).max())


def check_products_with_curvature(case: Problem) -> None:
    """H v and G v, and the Jacobian by the parameters."""
    net, X, y = case.net, case.X, case.y
    w = torch.from_numpy(net.parameters.copy())
    v = torch.from_numpy(np.random.default_rng(0).normal(size=net.n_parameters))
    at = w.clone().requires_grad_()
    (g,) = torch.autograd.grad(case.loss_of(case.split(at)), at, create_graph=True)
    (hv,) = torch.autograd.grad(g @ v, at)
    scale = np.abs(hv.numpy()).max()
    np.testing.assert_allclose(net.hvp(X, y, v.numpy()), hv.numpy(), atol=2e-12 * scale)
    z, back = torch.func.vjp(case.split, w)
    jv = torch.autograd.functional.jvp(case.split, w, v)[1]
    h_jv = torch.func.jvp(torch.func.grad(case.loss_of), (z,), (jv,))[1]
    gv = back(h_jv)[0].numpy()
    np.testing.assert_allclose(net.gnvp(X, y, v.numpy()), gv, atol=2e-12 * np.abs(gv).max())
    few = torch.from_numpy(X[:3])
    J = torch.func.jacrev(lambda p: case.oracle(p, few))(w).numpy().reshape(3, net.n_outputs, -1)
    np.testing.assert_allclose(net.parameter_jacobian(X[:3]), J, atol=1e-12 * np.abs(J).max())


def check_fifty_updates(case: Problem, bound: float) -> None:
    """Adam on batches of 16, with penalties on weights: the parameters of torch's."""
    net, X, y = case.net, case.X, case.y
    marked = net.copy()
    marked.parameters = np.zeros(net.n_parameters)
    for W in marked.weights:
        W[...] = 1.0
    weights = torch.from_numpy(marked.parameters.astype(bool))
    w = torch.from_numpy(net.parameters.copy()).requires_grad_()
    adam = torch.optim.Adam([w], 0.01)
    trainer = fm.Trainer(net, optimizer=fm.Adam(0.01), l1=1e-3, l2=1e-2)
    for step in range(50):
        rows = slice(16 * (step % 3), 16 * (step % 3) + 16)
        z = case.preactivations(w, torch.from_numpy(X[rows]))
        value = case.loss(z, torch.from_numpy(y[rows]))
        value = value + 1e-3 * w[weights].abs().sum() + 5e-3 * (w[weights] ** 2).sum()
        adam.zero_grad()
        value.backward()
        adam.step()
        assert trainer.step(X[rows], y[rows]) == pytest.approx(value.item(), rel=bound)
    np.testing.assert_allclose(net.parameters, w.detach().numpy(), atol=bound)

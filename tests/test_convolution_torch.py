"""Parity of convolution and pooling with torch: outputs, gradients, curvature, 50 updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from window_oracle import TorchNet

torch = pytest.importorskip("torch")

import curvature_oracle  # noqa: E402  needs torch

# torch's forward mode compiles some of its formulas by torch.jit.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    **curvature_oracle.ACTIVATIONS,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "hard_tanh": torch.nn.functional.hardtanh,
}


def block() -> list[Any]:
    first = fm.Conv2D(6, 3, "gelu", padding="same")
    return [first, fm.Conv2D(6, 3, "softplus", padding="same"), fm.Skip(first), fm.Dense(3)]


NETS: dict[str, tuple[tuple[int, ...], Callable[[], list[Any]]]] = {
    "lenet": ((12, 12, 2), lambda: [
        fm.Conv2D(6, 3, "tanh"), fm.MaxPool2D(2), fm.Conv2D(7, (2, 3), "silu"),
        fm.AveragePool2D(2, stride=1), fm.Dense(8, "elu"), fm.Dense(4, "softmax"),
    ]),
    "strides": ((9, 10, 3), lambda: [
        fm.Conv2D(13, 3, "sigmoid", stride=2, padding="same"),
        fm.Conv2D(5, 2, "tanh", padding=1, dilation=2, bias=False), fm.GlobalAveragePool2D(),
        fm.Dense(3, "softmax"),
    ]),
    "skip": ((5, 6, 6), block),
    "sequence": ((31, 2), lambda: [
        fm.Conv1D(8, 5, "tanh", dilation=3, padding="same"), fm.MaxPool1D(3, stride=2),
        fm.Conv1D(4, 3, "selu", stride=2), fm.AveragePool1D(2, padding="same"),
        fm.Dense(2, "softmax"),
    ]),
    "relu": ((7, 7, 1), lambda: [
        fm.Conv2D(4, 3, "relu", padding=2), fm.Conv2D(4, 3, "leaky_relu"),
        fm.MaxPool2D(3, stride=2, padding="same"), fm.Conv2D(3, 1, "hard_tanh"), fm.Dense(2),
    ]),
}  # fmt: skip


def problem(name: str, n: int, dtype: str = "float64") -> tuple[Any, ...]:
    """(network, its torch function, X, y one-hot or real, smooth loss of (w, X))."""
    shape, layers = NETS[name]
    net = fm.Network(layers(), inputs=shape, dtype=dtype, seed=3)
    rng = np.random.default_rng(n)
    net.parameters = net.parameters + 0.05 * rng.normal(size=net.n_parameters)
    X = rng.normal(size=(n, *shape)).astype(dtype)
    classes = type(net.layers[-1].activation).__name__ == "Softmax"
    y = np.eye(net.n_outputs)[rng.integers(0, net.n_outputs, n)] if classes else rng.normal(
        size=(n, net.n_outputs))  # fmt: skip
    oracle = TorchNet(net, ACTIVATIONS)
    targets = torch.from_numpy(y)

    def split_loss(z: Any) -> Any:
        """The mean loss of the last pre-activations."""
        if classes:
            return (torch.logsumexp(z, 1) - (targets * z).sum(1)).mean()
        return 0.5 * ((z - targets) ** 2).sum(1).mean()

    inputs = torch.from_numpy(X.astype(float))
    return net, lambda w: oracle(w, inputs, last=False), split_loss, X, y, oracle


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("n", [1, 33, 1100])
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 8e-6)])
def test_outputs_and_gradient(name: str, n: int, dtype: str, bound: float) -> None:
    """Of all shapes, strides, paddings and dilations, relative to the largest entry."""
    net, split, loss, X, y, oracle = problem(name, n, dtype)
    w = torch.from_numpy(net.parameters.astype(float)).requires_grad_()
    outputs = oracle(w, torch.from_numpy(X.astype(float))).detach().numpy()
    np.testing.assert_allclose(net.predict(X), outputs, atol=bound * np.abs(outputs).max())
    value = loss(split(w))
    value.backward()
    ours, g = net.value_and_grad(X, y.astype(dtype))
    assert ours == pytest.approx(value.item(), rel=bound)
    expected = w.grad.numpy()
    np.testing.assert_allclose(g, expected, atol=bound * np.abs(expected).max())


@pytest.mark.parametrize("name", NETS)
def test_products_with_curvature(name: str) -> None:
    """H v and G v, which pick by the maxima of the point, and the Jacobian by the parameters."""
    net, split, loss, X, y, oracle = problem(name, 37)
    w = torch.from_numpy(net.parameters.copy())
    v = torch.from_numpy(np.random.default_rng(0).normal(size=net.n_parameters))
    at = w.clone().requires_grad_()
    (g,) = torch.autograd.grad(loss(split(at)), at, create_graph=True)
    (hv,) = torch.autograd.grad(g @ v, at)
    scale = np.abs(hv.numpy()).max()
    np.testing.assert_allclose(net.hvp(X, y, v.numpy()), hv.numpy(), atol=2e-12 * scale)
    z, back = torch.func.vjp(split, w)
    jv = torch.autograd.functional.jvp(split, w, v)[1]
    h_jv = torch.func.jvp(torch.func.grad(loss), (z,), (jv,))[1]
    gv = back(h_jv)[0].numpy()
    np.testing.assert_allclose(net.gnvp(X, y, v.numpy()), gv, atol=2e-12 * np.abs(gv).max())
    few = torch.from_numpy(X[:3])
    J = torch.func.jacrev(lambda p: oracle(p, few))(w).numpy()
    np.testing.assert_allclose(net.parameter_jacobian(X[:3]), J, atol=1e-12 * np.abs(J).max())


@pytest.mark.parametrize("name", ["lenet", "sequence", "relu"])
def test_diagonals(name: str) -> None:
    """Diagonals from single samples: exact, Gauss-Newton's, and squares of gradients."""
    net, split, loss, X, y, _ = problem(name, 5)
    w = torch.from_numpy(net.parameters.copy())
    H = net.hessian(X, y)
    expected = torch.func.hessian(lambda p: loss(split(p)))(w).numpy() if name != "relu" else H
    np.testing.assert_allclose(H, expected, atol=1e-12 * np.abs(expected).max())
    scale = np.abs(H).max()
    np.testing.assert_allclose(net.hessian_diagonal(X, y), np.diag(H), atol=1e-12 * scale)
    G = np.array([net.gnvp(X, y, e) for e in np.eye(net.n_parameters)])
    gauss_newton = net.hessian_diagonal(X, y, method="gauss_newton")
    np.testing.assert_allclose(gauss_newton, np.diag(G), atol=1e-12 * np.abs(G).max())
    rows = [net.value_and_grad(X[i : i + 1], y[i : i + 1])[1] ** 2 for i in range(5)]
    np.testing.assert_allclose(net.fisher_diagonal(X, y), np.mean(rows, 0), atol=1e-13)


@pytest.mark.parametrize("name", NETS)
def test_fifty_updates(name: str) -> None:
    """Adam on batches of 16, with penalties on weights: the parameters of torch's."""
    net, _, _, X, y, oracle = problem(name, 48)
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
        z = oracle(w, torch.from_numpy(X[rows]), last=False)
        targets = torch.from_numpy(y[rows])
        if type(net.layers[-1].activation).__name__ == "Softmax":
            value = (torch.logsumexp(z, 1) - (targets * z).sum(1)).mean()
        else:
            value = 0.5 * ((z - targets) ** 2).sum(1).mean()
        value = value + 1e-3 * w[weights].abs().sum() + 5e-3 * (w[weights] ** 2).sum()
        adam.zero_grad()
        value.backward()
        adam.step()
        assert trainer.step(X[rows], y[rows]) == pytest.approx(value.item(), rel=1e-10)
    np.testing.assert_allclose(net.parameters, w.detach().numpy(), atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3),
       st.sampled_from(["valid", "same", 0, 2]), st.integers(1, 17), st.integers(1, 20),
       st.integers(1, 4))  # fmt: skip
def test_random_windows(
    kernel: int, stride: int, dilation: int, padding: Any, filters: int, channels: int, pooled: int
) -> None:
    """Gradient and H v of a convolution, maxima and means, for any geometry that fits."""
    first = fm.Conv2D(filters, (kernel, 2), "tanh", stride, padding, dilation)
    layers = [first, fm.MaxPool2D(pooled, 1, padding="same"),
              fm.AveragePool2D((2, 1), padding="same"), fm.Dense(2)]  # fmt: skip
    rng = np.random.default_rng(kernel)
    net = fm.Network(layers, inputs=(10, 9, channels), dtype="float64", seed=0)
    X, y, v = rng.normal(size=(18, 10, 9, channels)), rng.normal(size=(18, 2)), rng.normal(
        size=net.n_parameters)  # fmt: skip
    oracle, at = TorchNet(net, ACTIVATIONS), torch.from_numpy(net.parameters.copy())
    at.requires_grad_()
    z = oracle(at, torch.from_numpy(X))
    loss = 0.5 * ((z - torch.from_numpy(y)) ** 2).sum(1).mean()
    (g,) = torch.autograd.grad(loss, at, create_graph=True)
    (hv,) = torch.autograd.grad(g @ torch.from_numpy(v), at)
    value, ours = net.value_and_grad(X, y)
    assert value == pytest.approx(loss.item(), rel=1e-12)
    scale = np.abs(g.detach().numpy()).max()
    np.testing.assert_allclose(ours, g.detach().numpy(), atol=1e-12 * scale)
    np.testing.assert_allclose(net.hvp(X, y, v), hv.numpy(), atol=1e-11 * np.abs(hv.numpy()).max())

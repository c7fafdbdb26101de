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
from torch_cases import (  # noqa: E402
    Problem,
    check_fifty_updates,
    check_outputs_and_gradient,
    check_products_with_curvature,
    make_problem,
)

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


def problem(name: str, n: int, dtype: str = "float64") -> Problem:
    return make_problem(NETS, lambda net: TorchNet(net, ACTIVATIONS), name, n, dtype)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("n", [1, 33, 1100])
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 8e-6)])
def test_outputs_and_gradient(name: str, n: int, dtype: str, bound: float) -> None:
    """Of all shapes, strides, paddings and dilations."""
    check_outputs_and_gradient(problem(name, n, dtype), bound)


@pytest.mark.parametrize("name", NETS)
def test_products_with_curvature(name: str) -> None:
    """They pick by the maxima of the point."""
    check_products_with_curvature(problem(name, 37))


@pytest.mark.parametrize("name", ["lenet", "sequence", "relu"])
def test_diagonals(name: str) -> None:
    """Diagonals from single samples: exact, Gauss-Newton's, and squares of gradients."""
    case = problem(name, 5)
    net, X, y = case.net, case.X, case.y
    w = torch.from_numpy(net.parameters.copy())
    H = net.hessian(X, y)
    by_w = torch.func.hessian(lambda p: case.loss_of(case.split(p)))
    expected = by_w(w).numpy() if name != "relu" else H
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
    check_fifty_updates(problem(name, 48), 1e-10)


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

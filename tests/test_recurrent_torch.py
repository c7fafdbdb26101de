"""Parity of recurrent layers with torch: outputs, gradients, curvature, 50 updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from recurrent_oracle import TorchNet

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
}

NETS: dict[str, tuple[tuple[int, ...], Callable[[], list[Any]]]] = {
    "last": ((7, 5), lambda: [fm.Recurrent(9), fm.Dense(4, "softmax")]),
    "above": ((6, 3), lambda: [fm.Conv1D(5, 1, "gelu"), fm.Recurrent(8, "silu"), fm.Dense(3)]),
    "tagger": ((11, 4), lambda: [
        fm.Recurrent(10, "softplus", sequences=True), fm.Recurrent(6, sequences=True, bias=False),
        fm.Conv1D(5, 1, "softmax"),
    ]),
    "hidden softmax": ((5, 3), lambda: [
        fm.Recurrent(7, "softmax"), fm.Dense(6, "softmax"), fm.Dense(2),
    ]),
    "attention": ((5, 3), lambda: [
        fm.Recurrent(6, "tanh", sequences=True), fm.Conv1D(4, 1, "softmax"), fm.Recurrent(5),
    ]),
    "flat": ((6, 2), lambda: [fm.Recurrent(5, "relu", sequences=True), fm.Dense(3, "softmax")]),
    "series": ((9, 1), lambda: [fm.Recurrent(17, "elu", sequences=True)]),
    "gru": ((7, 5), lambda: [fm.GRU(9), fm.Dense(4, "softmax")]),
    "gru above": ((6, 3), lambda: [
        fm.Conv1D(5, 1, "gelu"), fm.GRU(8, "silu", sequences=True, bias=False), fm.GRU(7),
    ]),
    "lstm": ((7, 5), lambda: [fm.LSTM(9), fm.Dense(4, "softmax")]),
    "lstm tagger": ((6, 3), lambda: [
        fm.Recurrent(5, sequences=True), fm.LSTM(17, "softplus", sequences=True),
        fm.LSTM(6, sequences=True, bias=False), fm.Conv1D(3, 1, "softmax"),
    ]),
    "gates softmax": ((4, 3), lambda: [fm.GRU(5, "softmax"), fm.Dense(2)]),
    "lstm last": ((3, 2), lambda: [fm.LSTM(5)]),
    "both ways": ((6, 3), lambda: [
        fm.Bidirectional(fm.Recurrent(5, "silu", sequences=True)),
        fm.Bidirectional(fm.GRU(4, sequences=True, bias=False)), fm.Bidirectional(fm.LSTM(3)),
    ]),
    "both ways last": ((5, 3), lambda: [fm.Bidirectional(fm.Recurrent(4))]),
    "long": ((100, 2), lambda: [fm.Recurrent(8, "selu"), fm.Dense(1)]),
}  # fmt: skip


def problem(name: str, n: int, dtype: str = "float64") -> Problem:
    return make_problem(NETS, lambda net: TorchNet(net, ACTIVATIONS), name, n, dtype)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("n", [1, 33, 1100])
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-13), ("float32", 2e-5)])
def test_outputs_and_gradient(name: str, n: int, dtype: str, bound: float) -> None:
    """Of the last step and of all."""
    check_outputs_and_gradient(problem(name, n, dtype), bound)


@pytest.mark.parametrize("name", NETS)
def test_products_with_curvature(name: str) -> None:
    """And the Jacobian by X."""
    case = problem(name, 37)
    check_products_with_curvature(case)
    w, x = torch.from_numpy(case.net.parameters.copy()), torch.from_numpy(case.X[0])
    J = torch.func.jacrev(lambda each: case.oracle(w, each[None])[0])(x).numpy()
    ours = case.net.jacobian(case.X[0]).reshape(J.shape)
    np.testing.assert_allclose(ours, J, atol=1e-12 * np.abs(J).max())


@pytest.mark.parametrize("name", ["last", "tagger", "series", "gru above", "lstm tagger"])
def test_hessian_is_symmetric_and_diagonals_are_its(name: str) -> None:
    case = problem(name, 3)
    net, X, y = case.net, case.X, case.y
    H = net.hessian(X, y)
    scale = np.abs(H).max()
    np.testing.assert_allclose(H, H.T, atol=1e-13 * scale)
    G = np.array([net.gnvp(X, y, e) for e in np.eye(net.n_parameters)])
    ours = net.hessian_diagonal(X, y, method="gauss_newton")
    np.testing.assert_allclose(ours, np.diag(G), atol=1e-12 * np.abs(G).max())
    rows = [net.value_and_grad(X[i : i + 1], y[i : i + 1])[1] ** 2 for i in range(3)]
    np.testing.assert_allclose(net.fisher_diagonal(X, y), np.mean(rows, 0), atol=1e-12)


@pytest.mark.parametrize("sequences", [False, True])
def test_elman_is_torch_nn_rnn(sequences: bool) -> None:
    """torch's module itself, its two biases added."""
    net = fm.Network([fm.Recurrent(13, sequences=sequences)], inputs=(8, 6), dtype="float64")
    rnn = torch.nn.RNN(6, 13, batch_first=True, dtype=torch.float64)
    W_x, W_h = rnn.weight_ih_l0.detach().numpy(), rnn.weight_hh_l0.detach().numpy()
    net.weights[0][...] = np.hstack([W_x, W_h]).T
    net.biases[0][...] = (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach().numpy()
    X = np.random.default_rng(0).normal(size=(20, 8, 6))
    h = rnn(torch.from_numpy(X))[0]
    outputs = h if sequences else h[:, -1]
    np.testing.assert_allclose(net.predict(X), outputs.detach().numpy(), atol=1e-14)
    upstream = np.random.default_rng(1).normal(size=outputs.shape)
    (outputs * torch.from_numpy(upstream)).sum().backward()
    g = net.backward(X, upstream)
    grads = (rnn.weight_ih_l0.grad, rnn.weight_hh_l0.grad)
    W = np.hstack([each.numpy() for each in grads])
    expected = np.append(W.ravel(), rnn.bias_ih_l0.grad.numpy())
    np.testing.assert_allclose(g, expected, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
@pytest.mark.parametrize("sequences", [False, True])
def test_gates_are_those_of_torch_nn(kind: str, sequences: bool) -> None:
    """The modules themselves: their rows of W are ours, and so are their gradients."""
    net = fm.Network([getattr(fm, kind)(13, sequences=sequences)], inputs=(8, 6), dtype="float64")
    module = getattr(torch.nn, kind)(6, 13, batch_first=True, dtype=torch.float64)
    b_x, b_h = module.bias_ih_l0, module.bias_hh_l0
    pairs = (module.weight_ih_l0, module.weight_hh_l0)
    net.weights[0][...] = np.hstack([each.detach().numpy() for each in pairs]).T
    b = b_x + b_h
    if kind == "GRU":
        b = torch.cat([b[:26], b_x[26:], b_h[26:]])
    net.biases[0][...] = b.detach().numpy()
    X = np.random.default_rng(0).normal(size=(20, 8, 6))
    h = module(torch.from_numpy(X))[0]
    outputs = h if sequences else h[:, -1]
    np.testing.assert_allclose(net.predict(X), outputs.detach().numpy(), atol=1e-14)
    upstream = np.random.default_rng(1).normal(size=outputs.shape)
    (outputs * torch.from_numpy(upstream)).sum().backward()
    W = np.hstack([each.grad.numpy() for each in pairs])
    by_b = [b_x.grad.numpy(), b_h.grad.numpy()[26:] if kind == "GRU" else []]
    expected = np.concatenate([W.ravel(), *by_b])
    g = net.backward(X, upstream)
    np.testing.assert_allclose(g, expected, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("kind", [fm.Recurrent, fm.GRU, fm.LSTM])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("steps", [1, 3, 7, 20])
def test_truncated_gradients(kind: Any, sequences: bool, steps: int) -> None:
    """States are constants from block to block; outputs are as before, H v is the derivative."""
    layers = [fm.Recurrent(5, sequences=True), kind(6, sequences=sequences, truncate=steps)]
    net = fm.Network(layers, inputs=(7, 3), dtype="float64", seed=2)
    rng = np.random.default_rng(steps)
    X, y = rng.normal(size=(19, 7, 3)), rng.normal(size=(19, *net.output_shape))
    w = torch.from_numpy(net.parameters.copy()).requires_grad_()
    outputs = TorchNet(net, ACTIVATIONS)(w, torch.from_numpy(X))
    np.testing.assert_allclose(net.predict(X), outputs.detach().numpy(), atol=1e-14)
    (0.5 * ((outputs - torch.from_numpy(y)) ** 2).sum() / 19).backward()
    expected = w.grad.numpy()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(net.value_and_grad(X, y)[1], expected, atol=1e-13 * scale)
    v = rng.normal(size=net.n_parameters)
    gradients = []
    for step in (1e-5, -1e-5):
        moved = net.copy()
        moved.parameters = net.parameters + step * v
        gradients.append(moved.value_and_grad(X, y)[1])
    quotient = (gradients[0] - gradients[1]) / 2e-5
    np.testing.assert_allclose(net.hvp(X, y, v), quotient, atol=1e-7 * np.abs(quotient).max())
    whole = fm.Network([layers[0], kind(6, sequences=sequences)], inputs=(7, 3), dtype="float64")
    whole.parameters = net.parameters
    difference = np.abs(whole.value_and_grad(X, y)[1] - expected).max()
    assert (difference > 1e-3 * scale) == (steps < 7)


@pytest.mark.parametrize("name", NETS)
def test_fifty_updates(name: str) -> None:
    check_fifty_updates(problem(name, 48), 1e-9)

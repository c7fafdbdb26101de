"""Every loss, native or in Python, is one of each step that a sequence has, and of no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
import reference as ref
from sequence_losses import (
    CASES,
    FEATURES,
    IN_PYTHON,
    TIME,
    Case,
    in_python,
    loops,
    names,
    problem,
    spoiled,
)

WHOLE = np.full(100, TIME)
WRITTEN = [("native", case) for case in CASES] + [("python", case) for case in IN_PYTHON]
KINKS = ("absolute_error", "huber", "quantile", "hinge", "perceptron")
SMOOTH = [case for case in CASES if case.loss not in KINKS]


@settings(max_examples=6, deadline=None)
@given(st.sampled_from([1, 2, 9, 33, 70]), st.booleans())
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-13), ("float32", 1e-5)])
@pytest.mark.parametrize(("written", "case"), WRITTEN)
def test_value_and_gradient_are_those_of_plain_loops(
    case: Case, dtype: str, bound: float, written: str, n: int, whole: bool
) -> None:
    """With lengths and whole, weighted; what comes after the end is not read."""
    net, X, y, lengths, weights = problem(case, n, dtype)
    loss: Any = case.loss if written == "native" else in_python(case.loss)
    lengths = WHOLE[:n] if whole else lengths
    expected, its_gradient = loops(net, case, X, y, lengths, weights)
    X, y = spoiled(X, y, lengths, np.random.default_rng(0))
    given = {"sample_weight": weights, "lengths": lengths}
    if whole and written == "native":
        del given["lengths"]
    value, gradient = net.value_and_grad(X, y, loss, **given)
    scale = 1 + max(abs(expected), np.abs(its_gradient).max())
    assert value == pytest.approx(expected, abs=bound * scale)
    np.testing.assert_allclose(gradient, its_gradient, atol=bound * scale)
    assert net.loss(X, y, loss, **given) == value


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("case", SMOOTH, ids=names(SMOOTH))
def test_second_derivatives_are_differences_of_the_gradient(case: Case, whole: bool) -> None:
    net, X, y, lengths, weights = problem(case, 13)
    given = {"sample_weight": weights, "lengths": WHOLE[:13] if whole else lengths}
    v = np.random.default_rng(3).normal(size=net.n_parameters)
    product = fm.Curvature(net, X, y, case.loss, **given).hvp(v)
    w, h = net.parameters.copy(), 1e-5
    gradients = []
    for sign in (1, -1):
        net.parameters = w + sign * h * v
        gradients.append(net.value_and_grad(X, y, case.loss, **given)[1])
    differences = (gradients[0] - gradients[1]) / (2 * h)
    np.testing.assert_allclose(product, differences, atol=1e-8 * (1 + np.abs(product).max()))


@pytest.mark.parametrize("outputs", [2, 6])
def test_gauss_newton_of_gaussian_nll_is_the_fisher_matrix_of_each_step(outputs: int) -> None:
    """J' F J with F = diag(exp(-s), 1/2) for the means, then log variances s of a step."""
    net, X, y, lengths, _ = problem(Case("identity", "gaussian_nll", outputs), 4)
    matrix = np.zeros((net.n_parameters,) * 2)
    o, half = net.predict(X, lengths=lengths), outputs // 2
    for i, t, j in np.ndindex(4, TIME, outputs):
        if t < lengths[i]:
            upstream = np.zeros_like(o)
            upstream[i, t, j] = 1
            row = net.backward(X, upstream)
            information = np.exp(-o[i, t, half + j]) if j < half else 0.5
            matrix += information / 4 * np.outer(row, row)
    curvature = fm.Curvature(net, X, y, "gaussian_nll", lengths=lengths)
    products = curvature.gnvp(np.eye(net.n_parameters))
    np.testing.assert_allclose(products, matrix, atol=1e-12 * np.abs(matrix).max())


def test_gaussian_nll_of_each_position_of_a_convolution() -> None:
    """Means, then log variances along the last axis; the diagonal of the Hessian too."""
    rng = np.random.default_rng(0)
    net = fm.Network([fm.Conv2D(4, 2, "tanh"), fm.Conv2D(4, 2)], inputs=(4, 5, 2),
                     dtype="float64", seed=0)  # fmt: skip
    X, y = rng.normal(size=(7, 4, 5, 2)), rng.normal(size=(7, 2, 3, 2))
    o = net.predict(X)
    values = ref.LOSSES["gaussian_nll"](o, y).sum(axis=(1, 2))
    by_output = ref.LOSSES["gaussian_nll"].gradient(o, y)
    value, gradient = net.value_and_grad(X, y, "gaussian_nll")
    assert value == pytest.approx(values.mean(), rel=1e-13)
    np.testing.assert_allclose(gradient, net.backward(X, by_output / 7), atol=1e-13)
    np.testing.assert_allclose(
        net.hessian_diagonal(X, y, loss="gaussian_nll"),
        np.diag(net.hessian(X, y, loss="gaussian_nll")), atol=1e-12,
    )  # fmt: skip
    odd = fm.Network([fm.Conv1D(3, 1)], inputs=(4, 2))
    with pytest.raises(ValueError, match=r"'gaussian_nll' with output_shape\[-1\]=3, expected an"):
        odd.loss(np.zeros((1, 4, 2)), np.zeros((1, 6)), "gaussian_nll")


@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
def test_signs_may_have_a_class_of_each_step(loss: str) -> None:
    net, X, _, lengths, _ = problem(Case("sign", loss, 3), 8)
    classes = np.random.default_rng(0).integers(0, 3, (8, TIME))
    labels = 2 * np.eye(3)[classes] - 1
    assert net.loss(X, classes, loss) == net.loss(X, labels, loss)
    assert net.loss(X, classes, loss, lengths=lengths) == net.loss(X, labels, loss, lengths=lengths)


@pytest.mark.parametrize("shape", [(TIME,), (TIME, 1), (TIME, 3), (3 * TIME,), (TIME, 2, 2)])
def test_a_loss_in_python_may_read_any_target_of_a_step(shape: tuple[int, ...]) -> None:
    """Rows are the steps before the ends, in the order of the samples."""
    net, X, _, lengths, _ = problem(IN_PYTHON[0], 5)
    y = np.arange(5 * np.prod(shape), dtype=float).reshape(5, *shape)
    by_step = y.reshape(5, TIME, -1) if shape == (3 * TIME,) else y
    rows = [by_step[i, t] for i in range(5) for t in range(lengths[i])]
    calls = []

    def loss(o: Any, targets: Any) -> Any:
        calls.append((o.copy(), targets))
        return o.sum(axis=1), np.ones_like(o)

    value = net.loss(X, y, loss, lengths=lengths)
    outputs = net.predict(X, lengths=lengths)
    assert value == pytest.approx(outputs.sum() / 5)
    counted = np.arange(TIME) < lengths[:, np.newaxis]
    np.testing.assert_array_equal(calls[0][0], outputs[counted])
    np.testing.assert_array_equal(calls[0][1], rows)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("loss", ["gaussian_nll", "python"])
def test_steps_of_packed_sequences_of_torch(kind: str, loss: Any) -> None:
    """pack_padded_sequence, and torch's own losses of the rows that it packs."""
    torch = pytest.importorskip("torch")
    layer = {"LSTM": fm.LSTM, "GRU": fm.GRU, "RNN": fm.Recurrent}[kind](4, sequences=True)
    net = fm.Network([layer], inputs=(TIME, FEATURES), dtype="float64", seed=0)
    rng = np.random.default_rng(3)
    X, lengths = rng.normal(size=(11, TIME, FEATURES)), rng.integers(1, TIME + 1, 11)
    y = rng.normal(size=(11, TIME, 2 if loss == "gaussian_nll" else 4))
    theirs = getattr(torch.nn, kind)(FEATURES, 4, batch_first=True, dtype=torch.float64)
    W, b = net.weights[0], net.biases[0]
    theirs.weight_ih_l0.data = torch.from_numpy(W[:FEATURES].T.copy())
    theirs.weight_hh_l0.data = torch.from_numpy(W[FEATURES:].T.copy())
    theirs.bias_ih_l0.data = torch.from_numpy(b[: W.shape[1]].copy())
    theirs.bias_hh_l0.data[...] = 0

    def pack(array: Any) -> Any:
        given = torch.from_numpy(array), torch.from_numpy(lengths)
        pack_padded = torch.nn.utils.rnn.pack_padded_sequence
        return pack_padded(*given, batch_first=True, enforce_sorted=False)

    o, packed_y = theirs(pack(X))[0].data, pack(y).data
    functional: Any = torch.nn.functional
    if loss == "gaussian_nll":
        means, log_variances = o[:, :2], o[:, 2:]
        value = functional.gaussian_nll_loss(means, packed_y, log_variances.exp(), eps=0.0,
                                             reduction="sum") / 11  # fmt: skip
    else:
        loss = in_python("huber")
        value = functional.huber_loss(o, packed_y, reduction="sum") / 11
    value.backward()
    ours, gradient = net.value_and_grad(X, y, loss, lengths=lengths)
    assert ours == pytest.approx(value.item(), rel=1e-13)
    by_w = gradient[: W.size].reshape(W.T.shape)
    np.testing.assert_allclose(by_w[:, :FEATURES], theirs.weight_ih_l0.grad.numpy(), atol=1e-13)
    np.testing.assert_allclose(by_w[:, FEATURES:], theirs.weight_hh_l0.grad.numpy(), atol=1e-13)

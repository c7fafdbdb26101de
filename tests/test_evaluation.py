"""Outputs, losses, gradients and Jacobians against the oracle; targets of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import TASKS, Task, network, pair, targets

DTYPES = {"float32": 2e-5, "float64": 1e-12}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TASKS)
def test_predict_loss_gradient_and_backward_equal_the_oracle(name: str, dtype: str) -> None:
    task, tol = TASKS[name], DTYPES[dtype]
    net, oracle, w = pair(task.inputs, task.layers, dtype=dtype)
    X, y = task.data
    np.testing.assert_allclose(net.predict(X), oracle.predict(w, X), rtol=tol, atol=tol)
    value, g = oracle.value_and_grad(w, X, y)
    got, got_g = net.value_and_grad(X, y)
    assert got == pytest.approx(value, rel=tol)
    assert net.loss(X, y) == pytest.approx(value, rel=tol)
    np.testing.assert_allclose(got_g, g, rtol=tol, atol=tol)
    c = np.random.default_rng(3).normal(size=y.shape).astype(dtype)
    np.testing.assert_allclose(net.backward(X, c), oracle.backward(w, X, c), rtol=tol, atol=9 * tol)


# A sign is 1 here, where log(1 - o) ends, and exponentials are beyond; the losses of ±1 belong to
# sign only.
PAIRS = [
    (output, loss)
    for output in ref.ACTIVATIONS
    for loss in ref.LOSSES
    if (output == "sign" and loss in ref.SIGNS)
    or (
        loss not in ref.SIGNS
        and not (output in ("sign", "exponential") and loss == "binary_cross_entropy")
    )
]


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_any_activation_goes_with_any_loss(output: str, loss: str) -> None:
    """Value and gradient equal the oracle; outputs lie in (0, 1], the domain of the logarithms."""
    layers = [(4, "tanh", True), (4, output, True)]
    net, oracle, w = pair(2, layers, seed=4)
    net.weights[1][:] *= 0.1
    net.biases[1][:] = 0.3
    w, rng = np.array(net.parameters), np.random.default_rng(5)
    X, y = rng.normal(size=(9, 2)), targets(loss, rng, 9, 4)
    value, g = oracle.value_and_grad(w, X, y, loss)
    got, got_g = net.value_and_grad(X, y, loss=loss)
    assert got == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(got_g, g, rtol=1e-12, atol=1e-13)
    assert net.loss(X, y, loss=loss) == got


@pytest.mark.parametrize("hidden", ref.ACTIVATIONS)
def test_gradient_and_jacobian_are_differences(hidden: str) -> None:
    """Central differences through the library's loss and predict."""
    net, _, w = pair(3, [(4, hidden, True), (3, hidden, False), (2, "softmax", True)], seed=8)
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(5, 3)), ref.one_hot(rng.integers(0, 2, 5), 2)

    def loss(at: ref.Array) -> float:
        net.parameters = at
        return float(net.loss(X, y))

    slope = ref.differences(loss, w, 1e-6)
    net.parameters = w
    np.testing.assert_allclose(net.value_and_grad(X, y)[1], slope, atol=1e-8)
    jacobian = net.jacobian(X)
    assert jacobian.shape == (5, 2, 3)
    for x, J in zip(X, jacobian, strict=True):
        np.testing.assert_allclose(J, ref.differences(net.predict, x, 1e-6), atol=1e-8)


def test_backward_is_the_jacobian_of_the_parameters_transposed() -> None:
    """backward(X, e_i) is the gradient of output i."""
    net, _, w = pair(2, [(3, "sigmoid", True), (2, "softmax", True)])
    x = np.array([[0.3, -0.7]])

    def output(at: ref.Array) -> ref.Array:
        net.parameters = at
        return np.array(net.predict(x)[0])

    rows = ref.differences(output, w, 1e-6)
    net.parameters = w
    for i, row in enumerate(rows):
        np.testing.assert_allclose(net.backward(x, np.eye(2)[i : i + 1]), row, atol=1e-9)


def test_a_straight_through_sign_passes_gradients() -> None:
    """Forward sign, backward hard tanh."""
    net = fm.Network([fm.Dense(2, fm.Sign(straight_through=True), bias=False)],
                     inputs=2, dtype="float64", seed=0)  # fmt: skip
    net.weights[0][:] = [[0.5, 2.0], [0.0, 0.0]]
    x = np.array([[1.0, 1.0]])
    np.testing.assert_array_equal(net.predict(x), [[1, 1]])
    np.testing.assert_array_equal(net.backward(x, np.ones((1, 2))), [1, 1, 0, 0])


def test_one_output_takes_flat_targets() -> None:
    net = network(2, [(3, "tanh", True), (1, "identity", True)])
    X, y = np.random.default_rng(2).normal(size=(6, 2)), np.arange(6.0)
    assert net.loss(X, y) == net.loss(X, y[:, None])
    np.testing.assert_array_equal(net.value_and_grad(X, y)[1], net.value_and_grad(X, y[:, None])[1])


@pytest.mark.parametrize(
    "form", [np.int64, np.int8, np.uint16, np.float64, np.float32, list, "column"]
)
def test_softmax_takes_class_indices_of_any_kind(form: Any) -> None:
    """Indices, whole floats and an (n, 1) column equal one-hot targets."""
    net, X = network(2, [(3, "softmax", True)]), np.random.default_rng(2).normal(size=(6, 2))
    classes = np.array([0, 1, 2, 2, 1, 0])
    if form == "column":
        y: Any = classes[:, None]
    else:
        y = classes.tolist() if form is list else classes.astype(form)
    value, g = net.value_and_grad(X, ref.one_hot(classes, 3))
    got, got_g = net.value_and_grad(X, y)
    assert got == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(got_g, g, rtol=1e-13, atol=1e-16)


def test_soft_targets_are_targets() -> None:
    task = Task(3, [(3, "softmax", True)])
    net, oracle, w = pair(task.inputs, task.layers)
    X, y = task.data[0], np.random.default_rng(1).uniform(size=(24, 3))
    assert net.loss(X, y) == pytest.approx(oracle.value_and_grad(w, X, y)[0], rel=1e-13)


@pytest.mark.parametrize(("output", "loss"), [
    ("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("sign", "perceptron"),
    ("identity", "squared_error"), ("tanh", "squared_error"), ("relu", "squared_error"),
])  # fmt: skip
def test_the_loss_follows_the_output(output: str, loss: str) -> None:
    net, X = network(2, [(2, output, True)]), np.random.default_rng(2).normal(size=(6, 2))
    y = np.where(X > 0, 1.0, -1.0) if output == "sign" else (X > 0) * 1.0
    assert net.loss(X, y) == net.loss(X, y, loss=loss)
    assert net.loss(X, y) != net.loss(X, y, loss="absolute_error")


def test_a_loss_may_be_a_name_an_object_or_a_function() -> None:
    """Custom losses return (values (n,), gradient (n, n_out))."""
    net, X = network(2, [(3, "tanh", True), (2, "identity", True)]), np.eye(2)
    y = np.array([[1.0, 2.0], [3.0, 4.0]])

    def custom(o: ref.Array, y: ref.Array) -> tuple[ref.Array, ref.Array]:
        return 0.5 * ((o - y) ** 2).sum(1), o - y

    value, g = net.value_and_grad(X, y, loss="squared_error")
    for loss in (fm.SquaredError(), custom):
        got, got_g = net.value_and_grad(X, y, loss=loss)
        assert got == pytest.approx(value, rel=1e-14)
        np.testing.assert_allclose(got_g, g, rtol=1e-14)
        assert net.loss(X, y, loss=loss) == pytest.approx(value, rel=1e-14)


def test_a_linear_network_collapses_to_one_matrix(rng: np.random.Generator) -> None:
    """o = W_{l+1} ... W_1 x = W* x."""
    net = network(4, [(6, "identity", False), (5, "identity", False), (3, "identity", False)])
    star = np.linalg.multi_dot([W.T for W in reversed(net.weights)])
    X = rng.normal(size=(8, 4))
    np.testing.assert_allclose(net.predict(X), X @ star.T, rtol=1e-12)
    np.testing.assert_allclose(net.jacobian(X), np.broadcast_to(star, (8, 3, 4)), rtol=1e-12)

"""The lecture's worked network 2-2-2-2, with its names.

x -> a_11, a_21 -> h_11, h_21 -> a_12, a_22 -> h_12, h_22 -> a_13, a_23 -> o_1, o_2; w_{l,ij} leads
from neuron j of layer l - 1 to neuron i of layer l; b_il is the lecture's name of delta = ∂L/∂a_il.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from problems import network
from reference import LayerSpec

x1, x2 = 0.5, -1.25
y1, y2 = 0.75, -0.5
w = {
    (1, 1, 1): 0.4, (1, 1, 2): -0.3, (1, 2, 1): 0.9, (1, 2, 2): 0.2,
    (2, 1, 1): -0.6, (2, 1, 2): 0.8, (2, 2, 1): 1.1, (2, 2, 2): -0.7,
    (3, 1, 1): 0.5, (3, 1, 2): -1.2, (3, 2, 1): 0.3, (3, 2, 2): 0.6,
}  # fmt: skip
NAMES = ["tanh", "sigmoid", "softplus"]  # Phi_1, Phi_2, Phi_3


def sigma(a: float) -> float:
    return 1 / (1 + math.exp(-a))


PHI = [math.tanh, sigma, lambda a: math.log1p(math.exp(a))]
DPHI = [lambda a: 1 - math.tanh(a) ** 2, lambda a: sigma(a) * (1 - sigma(a)), sigma]

# activation, left to right
a11 = w[1, 1, 1] * x1 + w[1, 1, 2] * x2
a21 = w[1, 2, 1] * x1 + w[1, 2, 2] * x2
h11, h21 = PHI[0](a11), PHI[0](a21)
a12 = w[2, 1, 1] * h11 + w[2, 1, 2] * h21
a22 = w[2, 2, 1] * h11 + w[2, 2, 2] * h21
h12, h22 = PHI[1](a12), PHI[1](a22)
a13 = w[3, 1, 1] * h12 + w[3, 1, 2] * h22
a23 = w[3, 2, 1] * h12 + w[3, 2, 2] * h22
o1, o2 = PHI[2](a13), PHI[2](a23)

# L = ((o_1 - y_1)² + (o_2 - y_2)²) / 2; backpropagation, right to left
dL_do1, dL_do2 = o1 - y1, o2 - y2
b13, b23 = dL_do1 * DPHI[2](a13), dL_do2 * DPHI[2](a23)
b12 = DPHI[1](a12) * (b13 * w[3, 1, 1] + b23 * w[3, 2, 1])
b22 = DPHI[1](a22) * (b13 * w[3, 1, 2] + b23 * w[3, 2, 2])
b11 = DPHI[0](a11) * (b12 * w[2, 1, 1] + b22 * w[2, 2, 1])
b21 = DPHI[0](a21) * (b12 * w[2, 1, 2] + b22 * w[2, 2, 2])
dL_dw = {
    (3, 1, 1): b13 * h12, (3, 1, 2): b13 * h22, (3, 2, 1): b23 * h12, (3, 2, 2): b23 * h22,
    (2, 1, 1): b12 * h11, (2, 1, 2): b12 * h21, (2, 2, 1): b22 * h11, (2, 2, 2): b22 * h21,
    (1, 1, 1): b11 * x1, (1, 1, 2): b11 * x2, (1, 2, 1): b21 * x1, (1, 2, 2): b21 * x2,
}  # fmt: skip

X, Y = np.array([[x1, x2]]), np.array([[y1, y2]])
A = [[a11, a21], [a12, a22], [a13, a23]]
H = [[x1, x2], [h11, h21], [h12, h22], [o1, o2]]
B = [[b11, b21], [b12, b22], [b13, b23]]


def lecture_network(names: list[str], bias: bool = False) -> Any:
    """The first len(names) layers with the lecture's weights, biases 0."""
    layers: list[LayerSpec] = [(2, name, bias) for name in names]
    net = network(2, layers)
    for l, W in enumerate(net.weights, 1):  # noqa: E741
        for i, j in itertools.product((1, 2), repeat=2):
            W[j - 1, i - 1] = w[l, i, j]
    return net


@pytest.mark.parametrize("l", [1, 2, 3])
def test_every_a_and_h(l: int) -> None:  # noqa: E741
    """Pre-activations are the outputs of the net cut after layer l without its Phi_l."""
    below = NAMES[: l - 1]
    a = lecture_network([*below, "identity"]).predict(X)
    h = lecture_network([*below, NAMES[l - 1]]).predict(X)
    np.testing.assert_allclose(a, [A[l - 1]], rtol=1e-14)
    np.testing.assert_allclose(h, [H[l]], rtol=1e-14)


def test_every_derivative_by_a_weight() -> None:
    """∂L/∂w_{l,ij} = b_il h_{j,l-1}, in the packed order of the lecture's own indices."""
    value, g = lecture_network(NAMES).value_and_grad(X, Y)
    assert value == pytest.approx(0.5 * (dL_do1**2 + dL_do2**2), rel=1e-14)
    np.testing.assert_allclose(g, [dL_dw[name] for name in sorted(dL_dw)], rtol=1e-13)


def test_every_delta() -> None:
    """A bias of 0 is a probe: its derivative is b_il."""
    g = lecture_network(NAMES, bias=True).value_and_grad(X, Y)[1]
    np.testing.assert_allclose(g.reshape(3, 6)[:, 4:], B, rtol=1e-13)


def paths(l: int, i: int) -> Iterator[list[int]]:  # noqa: E741
    """All ways from neuron i of layer l to an output, as lists of neurons."""
    return ([i, *rest] for rest in itertools.product((1, 2), repeat=3 - l))


def along(l: int, path: list[int]) -> float:  # noqa: E741
    """Product of w and Phi' on one path, ending in ∂L/∂o."""
    product = DPHI[l - 1](A[l - 1][path[0] - 1])
    for k, (j, i) in enumerate(itertools.pairwise(path), l + 1):
        product *= w[k, i, j] * DPHI[k - 1](A[k - 1][i - 1])
    return product * (dL_do1, dL_do2)[path[-1] - 1]


def test_the_gradient_is_the_sum_over_all_paths() -> None:
    """The lecture's view before dynamic programming: 1, 2, then 4 paths from each weight."""
    g = lecture_network(NAMES).value_and_grad(X, Y)[1]
    sums = [
        H[k - 1][j - 1] * sum(along(k, path) for path in paths(k, i)) for k, i, j in sorted(dL_dw)
    ]
    np.testing.assert_allclose(g, sums, rtol=1e-13)


def test_softmax_with_cross_entropy_gives_o_minus_y() -> None:
    """∂L/∂v_i = o_i - y_i."""
    net = network(2, [(3, "softmax", True)])
    o, y = net.predict(X)[0], np.array([0.0, 1.0, 0.0])
    np.testing.assert_allclose(net.value_and_grad(X, y[None])[1][6:], o - y, rtol=1e-14)


def test_a_perceptron_separates_what_is_separable() -> None:
    """From zeros: every update moves it, and the AND of two inputs is learnt for good."""
    net = network(2, [(1, "sign", True)])
    net.parameters[:] = 0
    corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([-1.0, -1, -1, 1])
    net.fit(corners, y, optimizer=fm.SGD(1.0), epochs=30, batch_size=1)
    np.testing.assert_array_equal(net.predict(corners)[:, 0], y)


@pytest.mark.parametrize("labels", [[0.0, 0, 0, 1], [0, 0, 0, 1], [False, False, False, True]])
def test_a_perceptron_maps_labels_to_plus_minus_one(labels: list[float]) -> None:
    """{0, 1} train the same weights as ±1, bit for bit."""
    corners, results = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), []
    for y in (np.array(labels), 2.0 * np.array(labels) - 1):
        net = network(2, [(1, "sign", True)])
        net.fit(corners, y, optimizer=fm.SGD(0.5), epochs=5, batch_size=2)
        results.append(net.parameters.copy())
    np.testing.assert_array_equal(*results)

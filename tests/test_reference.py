"""The oracle itself is right: against mpmath, SciPy, torch and difference quotients."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.special as special
import scipy.stats

import mpmath_reference
import reference as ref
from problems import targets

POINTS = np.concatenate([-np.geomspace(1e-8, 700, 41), [0.0], np.geomspace(1e-8, 700, 41)])
SMOOTH = [
    "sigmoid",
    "tanh",
    "softmax",
    "elu",
    "selu",
    "softplus",
    "silu",
    "gelu",
    "mish",
    "exponential",
    "softsign",
    "sine",
    "identity",
]


@pytest.mark.parametrize("name", mpmath_reference.EXACT)
def test_activations_to_sixteen_roundings(name: str) -> None:
    """Values and derivatives of the oracle equal the exact ones within 16 ulp of x and f(x)."""
    for f, got in zip(
        mpmath_reference.EXACT[name],
        (ref.ACTIVATIONS[name](POINTS), ref.ACTIVATIONS[name].derivative(POINTS)),
        strict=True,
    ):
        bound = mpmath_reference.tolerance(f, POINTS, 2.0**-52) + 1e-300
        assert np.all(np.abs(got - mpmath_reference.exact(f, POINTS)) <= bound)


def test_every_activation_is_checked_exactly() -> None:
    assert set(mpmath_reference.EXACT) | {"softmax"} == set(ref.ACTIVATIONS)


def test_softmax_is_scipys(rng: np.random.Generator) -> None:
    a = 50 * rng.normal(size=(20, 5))
    np.testing.assert_allclose(ref.softmax(a), special.softmax(a, axis=-1), rtol=1e-13)
    for row in a[:3] / 50:
        np.testing.assert_allclose(
            ref.softmax_jacobian(row), ref.differences(ref.softmax, row), atol=1e-9
        )


@pytest.mark.parametrize("name", ref.LOSSES)
def test_loss_gradients_are_differences(name: str, rng: np.random.Generator) -> None:
    o = rng.uniform(0.05, 0.95, (6, 4))
    y = targets(name, rng, 6, 4)
    loss = ref.LOSSES[name]
    slope = ref.differences(lambda o: np.sum(loss(o, y)), o, 1e-6)
    np.testing.assert_allclose(loss.gradient(o, y), slope, rtol=1e-8, atol=1e-8)


def test_loss_values_are_scipys(rng: np.random.Generator) -> None:
    o, y = rng.uniform(0.05, 0.95, (2, 6, 4))
    np.testing.assert_allclose(
        ref.LOSSES["huber"](3 * o, -y, delta=0.7), special.huber(0.7, 3 * o + y).sum(-1)
    )
    np.testing.assert_allclose(ref.LOSSES["cross_entropy"](o, y), -special.xlogy(y, o).sum(-1))
    counts = rng.poisson(3, o.shape)
    np.testing.assert_allclose(
        ref.LOSSES["poisson"](np.log(o), counts),
        -(scipy.stats.poisson.logpmf(counts, o) + special.gammaln(counts + 1)).sum(-1),
    )
    m, s = np.split(o, 2, axis=-1)
    np.testing.assert_allclose(
        ref.LOSSES["gaussian_nll"](o, y[:, :2]),
        -scipy.stats.norm.logpdf(y[:, :2], m, np.exp(s / 2)).sum(-1) - np.log(2 * np.pi),
    )
    np.testing.assert_allclose(
        ref.LOSSES["binary_cross_entropy"](o, y),
        -(special.xlogy(y, o) + special.xlog1py(1 - y, -o)).sum(-1),
    )


@pytest.mark.parametrize("hidden", SMOOTH)
@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("softmax", "cross_entropy"),
        ("sigmoid", "binary_cross_entropy"),
        ("softmax", "squared_error"),
        ("softplus", "cross_entropy"),
        ("identity", "huber"),
    ],
)
def test_network_gradients_are_differences(
    hidden: str, output: str, loss: str, rng: np.random.Generator
) -> None:
    net = ref.Net(3, [(4, hidden, True), (5, hidden, False), (3, output, True)])
    w = rng.normal(size=net.weight_mask().size)
    X, y, weights = rng.normal(size=(6, 3)), rng.uniform(size=(6, 3)), rng.uniform(size=6)
    g = net.value_and_grad(w, X, y, loss, weights)[1]
    slope = ref.differences(lambda w: net.value_and_grad(w, X, y, loss, weights)[0], w)
    np.testing.assert_allclose(g, slope, rtol=1e-6, atol=1e-8)
    c = rng.normal(size=(6, 3))
    slope = ref.differences(lambda w: np.sum(c * net.predict(w, X)), w)
    np.testing.assert_allclose(net.backward(w, X, c), slope, rtol=1e-6, atol=1e-8)


def scale(units: int) -> ref.Scale:
    return ref.Scale(np.random.default_rng(units).uniform(size=(6, units)))


SHARED = {  # of 3 inputs; the numbers of layers start at 0, the input is -1
    "autoencoder": [(5, "tanh", True), scale(5), (2, "silu", False), ref.Tied(2, "tanh"),
                    ref.Tied(0, bias=False), (4, "softmax", True)],
    "recurrent": [(3, "tanh", True), ref.Tied(0, "sigmoid", transposed=False), ref.Skip(0),
                  scale(3), ref.Skip(-1), (4, "identity", True)],
    "both ways": [(3, "softmax", True), ref.Tied(0), ref.Skip(-1), ref.Skip(0),
                  ref.Tied(0, "tanh", transposed=False), (4, "softplus", True), ref.Skip(5)],
}  # fmt: skip


@pytest.mark.parametrize("name", SHARED)
def test_gradients_of_shared_layers_are_differences(name: str, rng: np.random.Generator) -> None:
    """Weights read twice, transposed and not, skips to layers and to the input, fixed masks."""
    net = ref.Net(3, SHARED[name])
    w = rng.normal(size=net.weight_mask().size)
    X, y, weights = rng.normal(size=(6, 3)), rng.dirichlet(np.ones(4), 6), rng.uniform(size=6)
    g = net.value_and_grad(w, X, y, weights=weights)[1]
    slope = ref.differences(lambda w: net.value_and_grad(w, X, y, weights=weights)[0], w)
    np.testing.assert_allclose(g, slope, rtol=1e-6, atol=1e-8)
    assert np.abs(g).min() > 0


def test_shared_layers_are_the_formulas_by_hand(rng: np.random.Generator) -> None:
    """o = W1ᵀ tanh(W1 x + b1) + b2 + x, and the order of w: W1, b1, b2."""
    W, X = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
    b, c = rng.normal(size=2), rng.normal(size=3)
    net = ref.Net(3, [(2, "tanh", True), ref.Tied(0), ref.Skip(-1)])
    w = np.concatenate([W.ravel(), b, c])
    expected = np.tanh(X @ W.T + b) @ W + c + X
    np.testing.assert_allclose(net.predict(w, X), expected, rtol=1e-14)
    np.testing.assert_array_equal(net.weight_mask(), [1] * 6 + [0] * 5)


@pytest.mark.parametrize(
    ("ours", "theirs", "fields"),
    [
        (ref.SGD(0.01), "SGD", {"lr": 0.01}),
        (ref.SGD(0.002, 0.9), "SGD", {"lr": 0.002, "momentum": 0.9}),
        (ref.SGD(0.002, 0.9, True), "SGD", {"lr": 0.002, "momentum": 0.9, "nesterov": True}),
        (ref.Adam(0.01), "Adam", {"lr": 0.01}),
        (ref.Adam(0.02, 0.8, 0.99, 1e-3), "Adam", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-3}),
        (ref.Adam(0.01, amsgrad=True), "Adam", {"lr": 0.01, "amsgrad": True}),
        (ref.AdamW(0.01, weight_decay=0.1), "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
        (ref.AdaMax(0.01), "Adamax", {"lr": 0.01}),
        (ref.RAdam(0.01), "RAdam", {"lr": 0.01}),
        (ref.AdaGrad(0.1), "Adagrad", {"lr": 0.1}),
        (ref.RMSProp(0.01), "RMSprop", {"lr": 0.01}),
        (ref.RMSProp(0.01, momentum=0.8), "RMSprop", {"lr": 0.01, "momentum": 0.8}),
        (ref.AdaDelta(1.0), "Adadelta", {"lr": 1.0}),
        (ref.Rprop(0.01), "Rprop", {"lr": 0.01}),
    ],
)
def test_rules_are_torchs(ours: object, theirs: str, fields: dict[str, object]) -> None:
    """200 steps on a bowl rotated by 30 degrees, to 1e-12."""
    torch = pytest.importorskip("torch")
    H = np.array([[1.75, -1.3], [-1.3, 3.25]])
    w, at = np.array([1.0, 2.0]), torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, theirs)([at], **fields)
    for _ in range(200):
        w = ours.step(w, lambda w: H @ w)  # type: ignore[attr-defined]
        at.grad = torch.from_numpy(H @ at.detach().numpy())
        optimizer.step()
        np.testing.assert_allclose(w, at.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_the_lectures_nesterov_is_torchs_shifted() -> None:
    """torch's iterate is w + β v of the lecture, at every step."""
    lecture, shifted = ref.SGD(0.05, 0.9, "lecture"), ref.SGD(0.05, 0.9, True)
    w = z = np.array([1.0, -2.0])
    for _ in range(50):
        w, z = lecture.step(w, lambda w: w**3), shifted.step(z, lambda w: w**3)
        np.testing.assert_allclose(z, w + 0.9 * lecture.v, rtol=1e-12)


def test_adams_three_positions_of_eps() -> None:
    """One step from zero moments: m̂ = g and v̂ = g², so the three forms are closed."""
    g, eps, b2 = np.array([0.3, -2.0]), 1e-2, 0.999
    step = {m: -ref.Adam(1.0, eps=eps, eps_mode=m).step(np.zeros(2), lambda w: g)
            for m in ("outside", "hat", "inside")}  # fmt: skip
    np.testing.assert_allclose(step["outside"], g / (np.abs(g) + eps))
    np.testing.assert_allclose(step["hat"], g / (np.abs(g) + eps / np.sqrt(1 - b2)))
    np.testing.assert_allclose(step["inside"], g / np.sqrt(g * g + eps))


def test_clipping_is_by_value_then_exactly_to_the_norm() -> None:
    g = np.array([3.0, -4.0])
    np.testing.assert_allclose(ref.clip(g, clip_norm=1.0), [0.6, -0.8])
    np.testing.assert_array_equal(ref.clip(g, clip_norm=5.0), g)
    np.testing.assert_array_equal(ref.clip(g, clip_value=(-1.0, 2.0)), [2.0, -1.0])
    np.testing.assert_allclose(ref.clip(g, 1.0, 2.0), [2**-0.5, -(2**-0.5)])


def test_penalty_gradient_is_the_difference(rng: np.random.Generator) -> None:
    w, mask = rng.normal(size=8), np.array([1, 1, 1, 0, 0, 1, 1, 1.0])
    slope = scipy.optimize.approx_fprime(w, lambda w: ref.penalty(w, mask, 0.1, 0.3)[0])
    np.testing.assert_allclose(ref.penalty(w, mask, 0.1, 0.3)[1], slope, atol=1e-6)

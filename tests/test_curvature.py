"""Gradient, Hessian and Gauss-Newton products of 200 random networks against torch.func."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle, islice, product
from typing import Any

import numpy as np
import pytest

import curvature_cases as drawn
import fastmlp as fm
import reference as ref
from curvature_cases import Case, LossSpec
from fastmlp import _core
from forced_threads import forced_threads
from reference import Array

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
from curvature_oracle import ACTIVATIONS, Oracle  # noqa: E402  it needs torch

# torch's forward mode compiles some of its formulas by torch.jit.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")

PRODUCTS = ("hessian", "gauss_newton")
PAIRS = [*product(drawn.SMOOTH, drawn.LOSS_SPECS)]
CASES = [
    (seed, kind, *pair)
    for seed, (kind, pair) in enumerate(
        islice(zip(cycle(drawn.KINDS), cycle(PAIRS), strict=False), 200)
    )
]
cases = pytest.mark.parametrize("number", range(len(CASES)))


@cache
def case(number: int) -> Case:
    return drawn.random_case(*CASES[number])


def directions(one: Case) -> Array:
    """Two random directions, one of them large."""
    rng = np.random.default_rng(len(one.w))
    return rng.normal(size=(2, len(one.w))) * [[1.0], [100.0]]


def scale(product_: Array, gradient: Array, v: Array) -> float:
    """max(|Hv|∞, 1e-8 |g|∞ |v|∞)."""
    return max(np.abs(product_).max(), 1e-8 * np.abs(gradient).max() * np.abs(v).max())


def asymmetry(u: Array, v: Array, Hu: Array, Hv: Array, gradient: Array) -> float:
    """|uᵀHv - vᵀHu| relative to the two products, with the floor of `scale`."""
    norm = np.linalg.norm
    floor = 1e-8 * np.abs(gradient).max() * norm(u) * norm(v)
    return abs(u @ Hv - v @ Hu) / max(norm(u) * norm(Hv), norm(v) * norm(Hu), floor)


# ---- the oracle itself ---------------------------------------------------------------------------


def test_cases_have_every_pair_and_every_kind() -> None:
    assert {(output, loss) for _, _, output, loss in CASES} == set(PAIRS)
    assert {kind for _, kind, _, _ in CASES} == set(drawn.KINDS)
    assert {*drawn.SMOOTH, "exponential"} == set(ACTIVATIONS)  # which overflows in series
    layers = [layer for i in range(len(CASES)) for layer in case(i).net.layers]
    assert {layer.transposed for layer in layers if isinstance(layer, ref.Tied)} == {True, False}
    assert {layer.of < 0 for layer in layers if isinstance(layer, ref.Skip)} == {True, False}
    assert sum(layer[1] == "softmax" for layer in layers if isinstance(layer, tuple)) > 40
    assert sum(len(case(i).X) > 1024 for i in range(len(CASES))) == 20
    assert sum(case(i).net.inputs > 512 for i in range(len(CASES))) == 3
    assert sum(case(i).weights is not None for i in range(len(CASES))) > 30


@cases
def test_gradient_of_the_oracle_is_that_of_the_formulas(number: int) -> None:
    """torch's gradient is that of `reference`, which is held against differences."""
    one = case(number)
    value, g = Oracle(one).value_and_gradient()
    fields = dict(one.loss.fields)
    if fields:
        a, h = one.net.forward(one.w, one.X)
        values = ref.LOSSES[one.loss.name](h[-1], one.y, **fields)
        slope = ref.LOSSES[one.loss.name].gradient(h[-1], one.y, **fields)
        delta = one.net.through(len(a) - 1, a[-1], slope) * one.mean_weights[:, None]
        expected, formula = one.mean_weights @ values, one.net.gradient(one.w, a, h, delta)
    else:
        expected, formula = one.net.value_and_grad(
            one.w, one.X, one.smoothed, one.loss.name, one.weights
        )
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(g, formula, rtol=0, atol=1e-12 * np.abs(formula).max())


@cases
def test_hessian_of_the_oracle_is_a_difference_of_gradients(number: int) -> None:
    one = case(number)
    v = directions(one)[0]
    v /= np.linalg.norm(v)
    step = 1e-5
    ends = [
        Oracle(replace(one, w=one.w + side * step * v)).value_and_gradient()[1] for side in (1, -1)
    ]
    difference = (ends[0] - ends[1]) / (2 * step)
    g = Oracle(one).value_and_gradient()[1]
    Hv = Oracle(one).hessian_product(v)
    assert np.abs(Hv - difference).max() <= 1e-5 * max(np.abs(Hv).max(), np.abs(g).max())


@cases
@pytest.mark.parametrize("kind", PRODUCTS)
def test_products_of_the_oracle_are_symmetric(number: int, kind: str) -> None:
    one = case(number)
    judge = Oracle(one)
    u, v = directions(one)
    g = judge.value_and_gradient()[1]
    assert asymmetry(u, v, judge.product(kind, u), judge.product(kind, v), g) <= 1e-13


@cases
def test_gauss_newton_of_the_oracle_is_positive_semidefinite(number: int) -> None:
    """All pairs are convex where they are split; for normal targets it is Fisher's matrix."""
    one = case(number)
    v = directions(one)[0]
    Gv = Oracle(one).gauss_newton_product(v)
    assert v @ Gv >= -1e-14 * np.linalg.norm(v) * np.linalg.norm(Gv)


def plain_chain(output: str, loss: LossSpec) -> Any:
    """A case of 4-3-4 units and the same loss and split in plain torch."""
    rng = np.random.default_rng(3)
    net = ref.Net(4, [(3, "tanh", True), (4, output, True)])
    w = rng.normal(size=31)
    X, y = rng.normal(size=(5, 4)), rng.dirichlet(np.ones(4), 5)
    x, t = torch.from_numpy(X), torch.from_numpy(y)

    def pre_activations(w: Any) -> Any:
        h = torch.tanh(torch.nn.functional.linear(x, w[:12].reshape(3, 4), w[12:15]))
        return torch.nn.functional.linear(h, w[15:27].reshape(4, 3), w[27:])

    return Case(net, w, X, y, loss), pre_activations, t


@pytest.mark.parametrize("output", ["softmax", "identity", "sigmoid"])
def test_oracle_equals_torch_autograd_on_plain_chains(output: str) -> None:
    """torch.autograd.functional and torch.nn's losses; the split of Gauss-Newton written out."""
    nn = torch.nn.functional
    name = {"softmax": "cross_entropy", "identity": "squared_error"}.get(
        output, "binary_cross_entropy"
    )
    one, pre_activations, t = plain_chain(output, LossSpec(name))
    losses = {
        "cross_entropy": lambda a: nn.cross_entropy(a, t),
        "squared_error": lambda a: 0.5 * nn.mse_loss(a, t, reduction="sum") / len(t),
        "binary_cross_entropy": lambda a: (
            nn.binary_cross_entropy_with_logits(a, t, reduction="sum") / len(t)
        ),
    }
    w, v = torch.from_numpy(one.w), directions(one)[0]
    both = torch.autograd.functional
    H = both.hessian(lambda w: losses[name](pre_activations(w)), w).numpy()
    J = both.jacobian(pre_activations, w).reshape(20, 31).numpy()
    inner = both.hessian(losses[name], pre_activations(w)).reshape(20, 20).numpy()
    judge = Oracle(one)
    np.testing.assert_allclose(judge.hessian_product(v), H @ v, rtol=1e-11, atol=1e-13)
    expected = J.T @ (inner @ (J @ v))
    np.testing.assert_allclose(judge.gauss_newton_product(v), expected, rtol=1e-11, atol=1e-13)


def test_split_at_outputs_and_the_fisher_matrix() -> None:
    """Softmax with squared error is split at o; normal targets have diag(e^-s, 1/2)."""
    one, pre_activations, _ = plain_chain("softmax", LossSpec("squared_error"))
    w, v = torch.from_numpy(one.w), directions(one)[0]
    jacobian = torch.autograd.functional.jacobian
    J = jacobian(lambda w: torch.softmax(pre_activations(w), -1), w).reshape(20, 31).numpy()
    expected = J.T @ (J @ v) / 5
    np.testing.assert_allclose(Oracle(one).gauss_newton_product(v), expected, rtol=1e-11)
    one = replace(plain_chain("identity", LossSpec("gaussian_nll"))[0], y=one.y[:, :2])
    J = jacobian(pre_activations, w).reshape(20, 31).numpy()
    o = pre_activations(w).numpy()
    fisher = np.concatenate([np.exp(-o[:, 2:]), np.full((5, 2), 0.5)], axis=1).ravel()
    expected = J.T @ (fisher * (J @ v)) / 5
    np.testing.assert_allclose(Oracle(one).gauss_newton_product(v), expected, rtol=1e-11)


@pytest.mark.parametrize("number", [n for n, c in enumerate(CASES) if c[1] == "dropout"][:12])
@pytest.mark.parametrize("threads", [1, 3])
def test_masks_of_the_oracle_are_those_of_training(number: int, threads: int) -> None:
    """Outputs and gradient of a training pass with dropout."""
    one = case(number)
    trainer = fm.Trainer(drawn.as_network(one), "squared_error")
    with forced_threads(threads):
        outputs = trainer.forward(one.X)
        g = trainer.backward(Oracle(one).output_gradient())
    expected = one.net.predict(one.w, one.X)
    np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-13)
    formula = Oracle(one).value_and_gradient()[1]
    np.testing.assert_allclose(g, formula, rtol=0, atol=1e-11 * np.abs(formula).max())


# ---- the library ---------------------------------------------------------------------------------


def library_product(one: Case, net: Any, kind: str, v: Array, threads: int) -> Array:
    with forced_threads(threads):
        curvature = _core.float64.Curvature(
            net._native, one.X, one.y, one.loss.member, one.weights, one.seed, one.epoch
        )
        products: Array = curvature.products(kind, v[None])
        return products[0]


@cases
def test_gradient_is_that_of_the_oracle(number: int) -> None:
    """In evaluation mode where nothing is dropped, else of a training pass with the same masks."""
    one = case(number)
    net, judge = drawn.as_network(one), Oracle(one)
    expected = judge.value_and_gradient()[1]
    if one.rates:
        trainer = fm.Trainer(net, "squared_error")
        outputs = trainer.forward(one.X)
        np.testing.assert_allclose(outputs, one.net.predict(one.w, one.X), rtol=1e-11, atol=1e-12)
        g = trainer.backward(judge.output_gradient())
    else:
        g = net.backward(one.X, judge.output_gradient())
    assert np.abs(g - expected).max() <= 1e-10 * np.abs(expected).max()
    if one.weights is None and not one.rates:
        _, g = net.value_and_grad(one.X, one.y, loss=one.loss.member)
        assert np.abs(g - expected).max() <= 1e-10 * np.abs(expected).max()


@cases
@pytest.mark.parametrize("kind", PRODUCTS)
def test_products_are_those_of_the_oracle(number: int, kind: str) -> None:
    """To 1e-10 of the scale, and to the bit for any number of threads."""
    one = case(number)
    net, judge = drawn.as_network(one), Oracle(one)
    g = judge.value_and_gradient()[1]
    for v in directions(one):
        got = library_product(one, net, kind, v, threads=1)
        expected = judge.product(kind, v)
        assert np.abs(got - expected).max() <= 1e-10 * scale(expected, g, v)
        np.testing.assert_array_equal(library_product(one, net, kind, v, threads=3), got)


@cases
@pytest.mark.parametrize("kind", PRODUCTS)
def test_products_are_symmetric(number: int, kind: str) -> None:
    """uᵀHv = vᵀHu to 1e-13 of the scale."""
    one = case(number)
    net = drawn.as_network(one)
    u, v = directions(one)
    Hu, Hv = (library_product(one, net, kind, each, threads=2) for each in (u, v))
    assert asymmetry(u, v, Hu, Hv, Oracle(one).value_and_gradient()[1]) <= 1e-13


@pytest.mark.parametrize("kind", PRODUCTS)
def test_products_are_linear_in_the_direction(kind: str) -> None:
    one = case(3)
    net = drawn.as_network(one)
    u, v = directions(one)
    both = library_product(one, net, kind, 2.0 * u - v, threads=1)
    apart = [library_product(one, net, kind, each, threads=1) for each in (u, v)]
    np.testing.assert_allclose(both, 2.0 * apart[0] - apart[1], atol=1e-12 * np.abs(both).max())
    np.testing.assert_array_equal(library_product(one, net, kind, 0.0 * u, threads=1), 0.0 * u)

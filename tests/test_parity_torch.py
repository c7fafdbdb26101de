"""Parity with torch: gradients of 200 random networks, 200 steps of each optimizer, float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice, product
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import TASKS, network, pair, targets

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """NAdam's product of momenta, one of the numbers torch keeps, has the default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def _mean_first(o: Any, y: Any) -> Any:
    """(mean, y, variance), as torch's loss of normal targets takes them."""
    mean, log_variance = o.chunk(2, -1)
    return mean, y, log_variance.exp()


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "identity": lambda a: a,
    "sign": torch.sign,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "hard_tanh": F.hardtanh,
    "softmax": lambda a: torch.softmax(a, -1),
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),  # torch's has a threshold
    "silu": F.silu,
    "gelu": F.gelu,
    "mish": F.mish,
    "hard_sigmoid": lambda a: (a / 6 + 0.5).clamp(0, 1),  # torch's has 1/6 in float32 precision
    "exponential": torch.exp,
    "softsign": F.softsign,
    "sine": torch.sin,
}
LOSSES: dict[str, Callable[..., Any]] = {
    "squared_error": lambda o, y: 0.5 * (o - y).square().sum(),
    "absolute_error": lambda o, y: (o - y).abs().sum(),
    "huber": lambda o, y: F.huber_loss(o, y, reduction="sum"),
    "cross_entropy": lambda o, y: -(y * o.log()).sum(),
    "binary_cross_entropy": lambda o, y: -(y * o.log() + (1 - y) * (-o).log1p()).sum(),
    "poisson": lambda o, y: F.poisson_nll_loss(o, y, log_input=True, reduction="sum"),
    "gaussian_nll": lambda o, y: F.gaussian_nll_loss(*_mean_first(o, y), eps=0.0, reduction="sum"),
}
# Excluded: losses that torch has not, and binary_cross_entropy of a sign output, where torch makes
# 0 · log 0 = nan of outputs that are exactly 1.
NOT_IN_TORCH = {"perceptron", "quantile", "hinge"}
PAIRS = [
    (output, loss)
    for output, loss in product(ACTIVATIONS, LOSSES)
    if (output, loss) != ("sign", "binary_cross_entropy")
]
CASES = list(islice(cycle(PAIRS), 200))
HIDDEN = [name for name in ACTIVATIONS if name != "exponential"]  # which overflows in series


def random_case(seed: int, output: str, loss: str) -> Any:
    """A network of 0 to 3 hidden layers of any kind with data.

    The last pre-activations lie in (0.1, 0.5), so that every output lies in (0, 1), the domain of
    the logarithms (sign: 1).
    """
    rng = np.random.default_rng(seed)
    hidden = [
        (int(rng.integers(1, 9)), str(rng.choice(HIDDEN)), bool(rng.integers(2)))
        for _ in range(rng.integers(0, 4))
    ]
    layers = [*hidden, (2 * int(rng.integers(1, 4)), output, True)]
    inputs, n = int(rng.integers(1, 6)), int(rng.integers(1, 9))
    net, oracle, w = pair(inputs, layers, seed=seed)
    X, y = rng.normal(size=(n, inputs)), targets(loss, rng, n, layers[-1][0])
    W, b = net.weights[-1], net.biases[-1]
    a = oracle.forward(w, X)[0][-1] - b
    W *= 0.2 / max(np.abs(a).max(), 0.2)
    b[:] = 0.3
    return net, layers, X, y


def torch_layers(net: Any) -> list[tuple[Any, Any]]:
    """[(W (n_out, n_in), b)] as leaves that collect gradients."""
    leaf = lambda v: None if v is None else torch.tensor(np.array(v), requires_grad=True)  # noqa: E731
    return [(leaf(W.T), leaf(b)) for W, b in zip(net.weights, net.biases, strict=True)]


def torch_loss(parts: Any, layers: Any, X: Any, y: Any, loss: str) -> Any:
    h = torch.from_numpy(X)
    for (W, b), (_, name, _) in zip(parts, layers, strict=True):
        h = ACTIVATIONS[name](F.linear(h, W, b))
    return LOSSES[loss](h, torch.from_numpy(y)) / len(X)


def flat(parts: Any, what: Callable[[Any], Any]) -> Any:
    blocks = [what(p) for layer in parts for p in layer if p is not None]
    return np.concatenate([np.ravel(block) for block in blocks])


@pytest.mark.parametrize(("seed", "output", "loss"), [(i, *case) for i, case in enumerate(CASES)])
def test_gradients_of_random_networks(seed: int, output: str, loss: str) -> None:
    """Value and gradient to 1e-12 relative, over all pairs of activation and loss."""
    net, layers, X, y = random_case(seed, output, loss)
    parts = torch_layers(net)
    expected = torch_loss(parts, layers, X, y, loss)
    expected.backward()
    g = flat(parts, lambda p: np.zeros(p.shape) if p.grad is None else p.grad.numpy())
    value, got = net.value_and_grad(X, y, loss=loss)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    assert np.linalg.norm(got - g) <= 1e-12 * np.linalg.norm(g)


def test_every_pair_is_among_the_cases() -> None:
    assert set(ACTIVATIONS) == set(ref.ACTIVATIONS)
    assert set(LOSSES) == set(ref.LOSSES) - NOT_IN_TORCH
    assert set(CASES) == set(PAIRS)


RULES = [
    (fm.SGD(0.05), "SGD", {"lr": 0.05}),
    (fm.SGD(0.05, 0.9), "SGD", {"lr": 0.05, "momentum": 0.9}),
    (fm.SGD(0.05, 0.9, True), "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    (fm.AdaGrad(0.05), "Adagrad", {"lr": 0.05}),
    (fm.RMSProp(0.003), "RMSprop", {"lr": 0.003}),
    (fm.RMSProp(0.002, 0.95, 1e-4, 0.8), "RMSprop",
     {"lr": 0.002, "alpha": 0.95, "eps": 1e-4, "momentum": 0.8}),
    (fm.AdaDelta(), "Adadelta", {"lr": 1.0}),
    (fm.AdaDelta(0.5, 0.8, 1e-4), "Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4}),
    (fm.Adam(0.01), "Adam", {"lr": 0.01}),
    (fm.Adam(0.01, 0.8, 0.99, 1e-4), "Adam", {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-4}),
    (fm.Adam(0.01, amsgrad=True), "Adam", {"lr": 0.01, "amsgrad": True}),
    (fm.NAdam(0.01), "NAdam", {"lr": 0.01}),
    (fm.NAdam(0.01, momentum_decay=0.1), "NAdam", {"lr": 0.01, "momentum_decay": 0.1}),
    (fm.AdaMax(0.01), "Adamax", {"lr": 0.01}),
    (fm.RAdam(0.01), "RAdam", {"lr": 0.01}),
    (fm.RAdam(0.01, 0.8, 0.99), "RAdam", {"lr": 0.01, "betas": (0.8, 0.99)}),
]  # fmt: skip
DECOUPLED = [
    (fm.AdamW(0.01, decay_biases=True), "AdamW", {"lr": 0.01}),
    (fm.AdamW(0.01, 0.8, 0.99, amsgrad=True, weight_decay=0.2, decay_biases=True), "AdamW",
     {"lr": 0.01, "betas": (0.8, 0.99), "amsgrad": True, "weight_decay": 0.2}),
]  # fmt: skip
BY_SIGN = [
    (fm.Rprop(0.01), "Rprop", {"lr": 0.01}),
    (fm.Rprop(0.02, 0.4, 1.1, 1e-4, 0.05), "Rprop",
     {"lr": 0.02, "etas": (0.4, 1.1), "step_sizes": (1e-4, 0.05)}),
]  # fmt: skip
# Of the rest lion, RMSProp with Nesterov and eps inside are held against optax, delta-bar-delta
# and the lecture's forms against formulas (test_optimizer.py).


def follow(
    ours: Any, theirs: str, fields: Any, task: str, decay: float = 0.0, size: int = 5
) -> None:
    """200 steps on minibatches with short last ones, side by side, equal to 1e-10."""
    t = TASKS[task]
    X, y = t.data
    net = network(t.inputs, t.layers, seed=1)
    loss = ref.DEFAULT_LOSS.get(t.layers[-1][1], "squared_error")
    parts = torch_layers(net)
    leaves = [p for layer in parts for p in layer if p is not None]
    optimizer = getattr(torch.optim, theirs)(leaves, **fields)
    trainer = fm.Trainer(net, optimizer=ours, l2=decay, regularize_biases=True)
    blocks = [slice(i, i + size) for i in range(0, len(X), size)]
    for i in islice(cycle(blocks), 200):
        trainer.step(X[i], y[i])
        optimizer.zero_grad()
        penalty = sum(0.5 * decay * p.square().sum() for p in leaves)
        extra = 0.0 if "weight_decay" in fields else penalty
        (torch_loss(parts, t.layers, X[i], y[i], loss) + extra).backward()
        optimizer.step()
    expected = flat(parts, lambda p: p.detach().numpy())
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-10, atol=1e-10)


def ids(rules: Any) -> list[str]:
    return [repr(ours).replace("fm.", "") for ours, *_ in rules]


@pytest.mark.parametrize(("ours", "theirs", "fields"), RULES, ids=ids(RULES))
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_two_hundred_steps(ours: Any, theirs: str, fields: Any, task: str, decay: float) -> None:
    """torch's weight_decay is our l2 with biases."""
    follow(ours, theirs, {**fields, "weight_decay": decay}, task, decay)


@pytest.mark.parametrize(("ours", "theirs", "fields"), DECOUPLED, ids=ids(DECOUPLED))
@pytest.mark.parametrize("task", TASKS)
def test_two_hundred_steps_of_decoupled_decay(
    ours: Any, theirs: str, fields: Any, task: str
) -> None:
    follow(ours, theirs, fields, task)


@pytest.mark.parametrize(("ours", "theirs", "fields"), BY_SIGN, ids=ids(BY_SIGN))
@pytest.mark.parametrize("task", TASKS)
def test_two_hundred_full_batches_by_sign(ours: Any, theirs: str, fields: Any, task: str) -> None:
    """With an l2 that keeps gradients, whose sign decides, away from rounding errors."""
    follow(ours, theirs, fields, task, decay=0.01, size=24)


def test_every_rule_of_torch_is_here() -> None:
    assert {ours.name for ours, *_ in RULES + DECOUPLED + BY_SIGN} == {
        name for name, rule in ref.OPTIMIZERS.items() if rule.in_torch
    }


def test_clipping_by_value_is_torchs() -> None:
    X, y = TASKS["regression"].data
    net = network(3, TASKS["regression"].layers)
    parts = torch_layers(net)
    leaves = [p for layer in parts for p in layer]
    optimizer = torch.optim.SGD(leaves, lr=0.1)
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1, clip_value=0.05))
    for _ in range(50):
        trainer.step(X, y)
        optimizer.zero_grad()
        torch_loss(parts, TASKS["regression"].layers, X, y, "squared_error").backward()
        torch.nn.utils.clip_grad_value_(leaves, 0.05)
        optimizer.step()
    np.testing.assert_allclose(
        net.parameters, flat(parts, lambda p: p.detach().numpy()), rtol=1e-11
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_is_torchs(smoothing: float) -> None:
    """Value and gradient from class indices and from soft targets."""
    layers = TASKS["classes"].layers
    X, y = TASKS["classes"].data
    net = network(4, layers)
    loss = fm.CrossEntropy(label_smoothing=smoothing)
    for given, theirs in ((y, y), (y.argmax(1), y.argmax(1)), (0.5 * y + 0.1, 0.5 * y + 0.1)):
        parts = torch_layers(net)
        logits = torch.from_numpy(X)
        for (W, b), (_, name, _) in zip(parts, layers, strict=True):
            logits = F.linear(logits, W, b)
            logits = logits if name == "softmax" else ACTIVATIONS[name](logits)
        expected = F.cross_entropy(logits, torch.from_numpy(theirs), label_smoothing=smoothing)
        expected.backward()
        value, g = net.value_and_grad(X, given, loss=loss)
        assert value == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(g, flat(parts, lambda p: p.grad.numpy()), atol=1e-13)


@pytest.mark.parametrize("log_input", [True, False])
def test_poisson_is_torchs(log_input: bool) -> None:
    """Both readings of the output; torch adds an eps under the logarithm: here 0."""
    rng = np.random.default_rng(3)
    o, y = rng.uniform(0.1, 3, (7, 4)), rng.poisson(2.0, (7, 4)).astype(float)
    at = torch.tensor(o, requires_grad=True)
    expected = F.poisson_nll_loss(
        at, torch.from_numpy(y), log_input=log_input, eps=0.0, reduction="none"
    )
    expected.sum().backward()
    loss = fm.Poisson(log_input=log_input)
    np.testing.assert_allclose(loss(o, y), expected.detach().numpy().sum(1), rtol=1e-13)
    np.testing.assert_allclose(loss.gradient(o, y), at.grad.numpy(), rtol=1e-13)

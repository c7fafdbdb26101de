"""Parity with torch: gradients of 200 random networks, 200 steps of each optimizer, float64."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice, product
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import TASKS, network, pair

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
F = torch.nn.functional

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
    "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),  # torch's own has a threshold
    "silu": F.silu,
    "gelu": F.gelu,
}
LOSSES: dict[str, Callable[..., Any]] = {
    "squared_error": lambda o, y: 0.5 * (o - y).square().sum(),
    "absolute_error": lambda o, y: (o - y).abs().sum(),
    "huber": lambda o, y: F.huber_loss(o, y, reduction="sum"),
    "cross_entropy": lambda o, y: -(y * o.log()).sum(),
    "binary_cross_entropy": lambda o, y: -(y * o.log() + (1 - y) * (-o).log1p()).sum(),
}
# Excluded: the perceptron loss (torch has none), and binary_cross_entropy of a sign output, where
# torch makes 0 · log 0 = nan of outputs that are exactly 1.
PAIRS = [
    (output, loss)
    for output, loss in product(ACTIVATIONS, LOSSES)
    if (output, loss) != ("sign", "binary_cross_entropy")
]
CASES = list(islice(cycle(PAIRS), 200))


def random_case(seed: int, output: str) -> Any:
    """A network of 0 to 3 hidden layers of any kind with data.

    The last pre-activations lie in (0.1, 0.5), so that every output lies in (0, 1), the domain of
    the logarithms (sign: 1).
    """
    rng = np.random.default_rng(seed)
    hidden = [
        (int(rng.integers(1, 9)), str(rng.choice(list(ACTIVATIONS))), bool(rng.integers(2)))
        for _ in range(rng.integers(0, 4))
    ]
    layers = [*hidden, (int(rng.integers(2, 6)), output, True)]
    inputs, n = int(rng.integers(1, 6)), int(rng.integers(1, 9))
    net, oracle, w = pair(inputs, layers, seed=seed)
    X, y = rng.normal(size=(n, inputs)), rng.uniform(size=(n, layers[-1][0]))
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
    net, layers, X, y = random_case(seed, output)
    parts = torch_layers(net)
    expected = torch_loss(parts, layers, X, y, loss)
    expected.backward()
    g = flat(parts, lambda p: np.zeros(p.shape) if p.grad is None else p.grad.numpy())
    value, got = net.value_and_grad(X, y, loss=loss)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    assert np.linalg.norm(got - g) <= 1e-12 * np.linalg.norm(g)


def test_every_pair_is_among_the_cases() -> None:
    assert set(ACTIVATIONS) == set(ref.ACTIVATIONS)
    assert set(LOSSES) == set(ref.LOSSES) - {"perceptron"}
    assert set(CASES) == set(PAIRS)


RULES = [
    (fm.SGD(0.05), torch.optim.SGD, {"lr": 0.05}),
    (fm.SGD(0.05, 0.9), torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    (fm.SGD(0.05, 0.9, True), torch.optim.SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    (fm.Adam(0.01), torch.optim.Adam, {"lr": 0.01}),
    (fm.Adam(0.01, 0.8, 0.99, 1e-4), torch.optim.Adam,
     {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-4}),
    (fm.Adam(0.01, amsgrad=True), torch.optim.Adam, {"lr": 0.01, "amsgrad": True}),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "fields"), RULES, ids=[repr(rule[0]) for rule in RULES])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_two_hundred_steps(ours: Any, theirs: Any, fields: Any, task: str, decay: float) -> None:
    """Minibatches of 5 with short last ones; weight_decay is our l2 with biases; to 1e-10."""
    t = TASKS[task]
    X, y = t.data
    net = network(t.inputs, t.layers, seed=1)
    loss = ref.DEFAULT_LOSS.get(t.layers[-1][1], "squared_error")
    parts = torch_layers(net)
    leaves = [p for layer in parts for p in layer if p is not None]
    optimizer = theirs(leaves, **fields, weight_decay=decay)
    trainer = fm.Trainer(net, optimizer=ours, l2=decay, regularize_biases=True)
    blocks = [slice(i, i + 5) for i in range(0, len(X), 5)]
    for i in islice(cycle(blocks), 200):
        trainer.step(X[i], y[i])
        optimizer.zero_grad()
        torch_loss(parts, t.layers, X[i], y[i], loss).backward()
        optimizer.step()
    expected = flat(parts, lambda p: p.detach().numpy())
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-10, atol=1e-10)


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

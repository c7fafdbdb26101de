"""`l2_scale="batch_weight"`: l2 divided by the sum of weights of each batch, as scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import N, batches, pair, squared, task_pair

WEIGHTS = np.random.default_rng(1).uniform(0.1, 3, N)
L2 = 5.0
SCALED: Any = {"l2": L2, "l2_scale": "batch_weight"}
weightings = pytest.mark.parametrize("weighting", ["set", "batch"])


def trained(oracle: Any, w: Any, X: Any, y: Any, size: int, weighting: str = "set",
            weights: Any = None, rule: Any = None) -> tuple[Any, list[float]]:  # fmt: skip
    """The oracle's w and losses, the penalty of each batch divided by its sum of weights."""
    rule, losses = rule or ref.SGD(0.1), list[float]()
    for block in batches(len(X), size):
        total = len(block) if weights is None else weights[block].sum()
        w, found = ref.train(oracle, w, X, y, rule, [block], weights=weights, l2=L2 / total,
                             weighting=weighting)  # fmt: skip
        losses += found
    return w, losses


@weightings
@pytest.mark.parametrize("size", [1, 7, N])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("loss", [None, squared])
def test_every_batch_has_its_own_penalty(
    loss: Any, weights: Any, size: int, weighting: Any
) -> None:
    """The last, shorter one too; in native code and for a loss in Python."""
    net, oracle, w, X, y = task_pair()
    history = net.fit(
        X, y, loss=loss, optimizer=fm.SGD(0.1), epochs=1, batch_size=size, shuffle=False,
        sample_weight=weights, weighting=weighting, **SCALED)  # fmt: skip
    expected, losses = trained(oracle, w, X, y, size, weighting, weights)
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-12)
    weight = np.ones(N) if weights is None else weights
    divisors = [ref.divisor(weight, block, weighting) for block in batches(N, size)]
    assert history["loss"][0] == pytest.approx(np.average(losses, weights=divisors), rel=1e-12)


def test_a_step_and_gradients_of_ones_own_are_scaled() -> None:
    """By the batch of `step`, and by the samples of the last `forward`."""
    net, oracle, w, X, y = task_pair()
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1), **SCALED)
    with pytest.raises(RuntimeError, match=r"^Trainer\.apply: l2_scale='batch_weight' .* forward$"):
        trainer.apply(np.zeros(net.n_parameters))
    trainer.step(X, y, WEIGHTS)
    w, _ = trained(oracle, w, X, y, N, weights=WEIGHTS)
    np.testing.assert_allclose(net.parameters, w, rtol=1e-11, atol=1e-12)
    trainer.apply(trainer.backward((trainer.forward(X[:7]) - y[:7]) / 7))
    w, _ = trained(oracle, w, X[:7], y[:7], 7)
    np.testing.assert_allclose(net.parameters, w, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("method", [fm.LBFGS(), fm.Newton()])
def test_methods_that_search_have_the_same_minimum(method: Any) -> None:
    """A linear network: ridge regression with l2/n, in closed form."""
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(N, 3)), rng.normal(size=(N, 2))
    net, _, _ = pair(3, [(2, "identity", False)])
    net.fit(X, y, optimizer=method, **SCALED)
    expected = np.linalg.solve(X.T @ X + L2 * np.eye(3), X.T @ y)
    np.testing.assert_allclose(net.weights[0], expected, rtol=1e-6)


def test_l1_and_the_penalty_of_a_layer() -> None:
    """A layer's own l2 is scaled too, l1 is not."""
    _, oracle, w, X, y = task_pair()
    layers = [fm.Dense(5, "tanh", l2=L2), fm.Dense(2, l2=L2)]
    net = fm.Network(layers, inputs=3, dtype="float64")
    net.parameters = w
    net.fit(X, y, optimizer=fm.SGD(0.1), epochs=1, batch_size=8, shuffle=False, l1=0.2,
            l2_scale="batch_weight")  # fmt: skip
    blocks = batches(N, 8)
    expected, _ = ref.train(oracle, w, X, y, ref.SGD(0.1), blocks, l1=0.2, l2=L2 / 8)
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("momentum", [0.9, 1.0])
@pytest.mark.parametrize("nesterov", [False, True])
def test_a_training_of_scikit_learn_is_reproduced(
    weighted: bool, momentum: float, nesterov: bool
) -> None:
    """Its SGD on batches of 10 of 33 samples: coefficients and loss_curve_, batches by count."""
    neural_network = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(33, 4)), rng.normal(size=33)
    weights = rng.uniform(0.1, 3, 33) if weighted else None
    theirs = neural_network.MLPRegressor(
        hidden_layer_sizes=(6,), activation="tanh", solver="sgd", alpha=0.7, batch_size=10,
        learning_rate_init=1e-3, momentum=momentum, nesterovs_momentum=nesterov, shuffle=False,
        max_iter=8, tol=0, random_state=1)  # fmt: skip
    net = fm.Network([4, 6, 1], activation="tanh", dtype="float64", seed=0)
    options = {"sample_weight": weights} if weighted else {}
    theirs.partial_fit(X, y, **options)  # draws the weights, which are taken after one epoch
    for layer in range(2):
        net.weights[layer] = theirs.coefs_[layer]
        net.biases[layer] = theirs.intercepts_[layer]
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-3, momentum, nesterov=nesterov), batch_size=10,
                         l2=0.7, weighting="batch", l2_scale="batch_weight")  # fmt: skip
    trainer.state["v"] = _velocity(theirs)
    for _ in range(7):
        theirs.partial_fit(X, y, **options)
        trainer.epoch(X, y, order=np.arange(33), **options)
        found = trainer.last_epoch
        assert found is not None
        loss = found.data_loss_by_count + found.penalty_by_count
        assert loss == pytest.approx(theirs.loss_, rel=1e-13)
    for layer in range(2):
        np.testing.assert_allclose(net.weights[layer], theirs.coefs_[layer], rtol=1e-12, atol=1e-14)


def _velocity(model: Any) -> Any:
    """Per layer W as (n_out, n_in), then b, as `net.parameters`."""
    moving = model._optimizer.velocities
    n = len(moving) // 2
    layers = [(W.T.ravel(), b) for W, b in zip(moving[:n], moving[n:], strict=True)]
    return np.concatenate([part for layer in layers for part in layer])

"""`find_learning_rate`: what it suggests trains, and what it records is what training gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from bad_input import is_well_formed
from fastmlp import _core
from reference import Array

datasets = pytest.importorskip("sklearn.datasets")

RULES = [name for name, cls in _core.optimizers.items() if not cls.uses_initial_rate_only]
GRID = 10.0 ** np.arange(-4, 1.5, 0.5)
STEPS = 1000


def digits(seed: int = 0) -> tuple[Any, Array, Array]:
    X, y = datasets.load_digits(return_X_y=True)
    return fm.Network([64, 32, 10], output="softmax", seed=seed), X / 16, y


def letters(seed: int = 0) -> tuple[Any, Array, Array]:
    """26 classes in 16 features, as UCI's letters."""
    X, y = datasets.make_classification(
        4000, 16, n_informative=12, n_classes=26, n_clusters_per_class=1, class_sep=1.5,
        random_state=0,
    )  # fmt: skip
    return fm.Network([16, 64, 26], output="softmax", seed=seed), X, y


def regression(seed: int = 0) -> tuple[Any, Array, Array]:
    X, y = datasets.make_friedman1(3000, noise=0.5, random_state=0)
    return fm.Network([10, 32, 1], seed=seed), X, (y - y.mean()) / y.std()


TASKS = {"digits": digits, "letters": letters, "regression": regression}


def points(net: Any, X: Array, y: Array) -> float:
    """Accuracy, or R² of a regression, in per cent."""
    outputs = net.predict(X)
    if not np.isfinite(outputs).all():
        return -np.inf
    if net.n_outputs > 1:
        return 100 * float(np.mean(outputs.argmax(axis=1) == y))
    return 100 * (1 - float(np.mean((outputs[:, 0] - y) ** 2) / y.var()))


@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("rule", RULES)
def test_what_is_suggested_trains(rule: str, task: str) -> None:
    """On new samples within 2 points of the best of a grid of two rates per decade.

    Both are medians over three seeds, because at high rates the last step may be an unlucky one.
    """
    net, X, y = TASKS[task]()
    X = X.astype(np.float32)
    half = len(X) // 2

    def trained(rate: float) -> float:
        results = []
        for seed in range(3):
            twin = TASKS[task](seed)[0]
            epochs = round(STEPS * 32 / half)
            twin.fit(X[:half], y[:half], optimizer=_core.optimizers[rule](rate), epochs=epochs)
            results.append(points(twin, X[half:], y[half:]))
        return float(np.median(results))

    curve = fm.find_learning_rate(net, X[:half], y[:half], optimizer=rule, steps=STEPS)
    assert trained(curve.suggestion) >= max(map(trained, GRID.tolist())) - 2


ROW, TARGET = np.linspace(-1, 1, 10), 0.7  # copies of one sample are the same whatever is held out


def reached(rate: float, steps: int) -> float:
    """The mean of the losses of the last quarter of the steps on the sample, and after them."""
    net = regression()[0]
    trainer = fm.Trainer(net, optimizer=fm.Adam(rate, beta1=0.8))
    losses = [trainer.step([ROW], [TARGET]) for _ in range(steps)]
    return float(np.mean(losses[-(steps // 4) :]) + net.loss([ROW], [TARGET])) / 2


@pytest.mark.parametrize("n_samples", [3, 9, 10, 24])
def test_the_losses_are_those_of_training(n_samples: int) -> None:
    """At each rate after a tenth of the steps; the suggestion is the best of the best four."""
    X, y = np.tile(ROW, (n_samples, 1)), np.full(n_samples, TARGET)
    curve = fm.find_learning_rate(regression()[0], X, y, optimizer=fm.Adam(7.0, beta1=0.8),
                                  batch_size=n_samples, steps=200, start=1e-4, end=1.0)  # fmt: skip
    np.testing.assert_allclose(curve.learning_rates, 10.0 ** np.arange(-4, 0.5, 0.5), rtol=1e-12)
    expected = [reached(rate, 20) for rate in curve.learning_rates]
    np.testing.assert_allclose(curve.losses, expected, rtol=1e-3, atol=1e-6)


def test_a_fifth_is_held_out() -> None:
    """A loss of one's own sees every row that is trained on; the others are evaluated alone."""
    rows = np.arange(50.0).reshape(-1, 1)
    sizes: list[int] = []
    trained: set[float] = set()
    net = fm.Network([1, 1], seed=0)

    def spy(o: Array, y: Array) -> tuple[Array, Array]:
        sizes.append(len(y))
        if len(y) == 8:
            trained.update(y[:, 0].tolist())
        return 0 * o[:, 0], 0 * o

    fm.find_learning_rate(net, rows, rows, loss=spy, batch_size=8, steps=20)
    assert set(sizes) == {8, 10}  # 40 are five batches of 8, 10 are held out
    assert len(trained) == 40


def linear(steps: int = 100, **fields: Any) -> Any:
    """A unit w x at x = 1, y = 1 from w = 0: after t steps of rate r the loss is (1 - r)^2t / 2."""
    net = fm.Network([fm.Dense(1, bias=False)], inputs=1, dtype="float64", init="zeros")
    return fm.find_learning_rate(net, np.ones((4, 1)), np.ones(4), optimizer="sgd", batch_size=4,
                                 steps=steps, **fields)  # fmt: skip


def by_formula(rate: float, steps: int) -> float:
    """The mean of the losses before the last quarter of the steps, and after all of them."""
    losses = 0.5 * (1 - rate) ** (2.0 * np.arange(steps + 1))
    return float(losses[-1 - max(1, steps // 4) : -1].mean() + losses[-1]) / 2


@pytest.mark.parametrize("steps", [10, 100, 250])
def test_the_rate_of_a_linear_unit_is_the_one_by_formula(steps: int) -> None:
    curve = linear(steps, end=0.3)
    expected = [by_formula(rate, max(10, steps // 10)) for rate in curve.learning_rates]
    np.testing.assert_allclose(curve.losses, expected, rtol=1e-9)
    assert curve.suggestion == pytest.approx(0.3)


def test_a_longer_training_gets_a_lower_rate() -> None:
    """Noisy targets 1 ± 3, one at a time: few steps must be long, of many short ones are better."""
    y = np.where(np.random.default_rng(0).uniform(size=200) < 0.5, 4.0, -2.0)
    net = fm.Network([fm.Dense(1, bias=False)], inputs=1, dtype="float64", init="zeros", seed=0)
    net.parameters = [-20.0]
    suggestions = [
        fm.find_learning_rate(net, np.ones((200, 1)), y, optimizer="sgd", batch_size=1,
                              steps=steps).suggestion
        for steps in (10, 100, 3000)
    ]  # fmt: skip
    assert suggestions[0] > suggestions[1] > suggestions[2] > 1e-4


def test_rates_that_diverge_are_infinite_and_not_suggested() -> None:
    curve = linear(steps=4000, start=0.01, end=1e4)
    assert np.isinf(curve.losses[curve.learning_rates > 10]).all()
    assert np.isfinite(curve.losses[curve.learning_rates <= 1]).all()
    assert curve.suggestion <= 1.0


def test_the_network_and_later_calls_are_as_before() -> None:
    net, X, y = digits()
    before = net.parameters.tobytes(), net.seed, net.epochs_trained
    first, second = (fm.find_learning_rate(net, X, y, steps=20) for _ in range(2))
    assert (net.parameters.tobytes(), net.seed, net.epochs_trained) == before
    assert first.losses.tobytes() == second.losses.tobytes()
    assert first.suggestion == second.suggestion


def test_a_loss_of_ones_own() -> None:
    net, X, y = regression()

    def squared(o: Array, t: Array) -> tuple[Array, Array]:
        return 0.5 * ((o - t) ** 2).sum(axis=1), o - t

    ours = fm.find_learning_rate(net, X, y, steps=20)
    theirs = fm.find_learning_rate(net, X, y, steps=20, loss=squared)
    np.testing.assert_allclose(theirs.losses, ours.losses, rtol=1e-3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"optimizer": "rprop"}, "optimizer=Rprop"),
        ({"optimizer": fm.DeltaBarDelta(0.1)}, "optimizer=DeltaBarDelta"),
        ({"start": 1.0, "end": 1.0}, "end=1.0"),
        ({"start": 1.0, "end": 0.5}, "end=0.5"),
        ({"start": 0.0}, "start=0.0"),
        ({"start": -1.0}, "start=-1.0"),
        ({"end": float("inf")}, "end=inf"),
        ({"steps": 9}, "steps=9"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"loss": lambda o, y: (np.full(len(o), np.nan), o)}, "the loss is finite at no rate"),
    ],
    ids=range(10),
)
def test_what_has_no_rate_is_refused(fields: dict[str, Any], message: str) -> None:
    net, X, y = regression()
    before = net.parameters.tobytes()
    with pytest.raises(ValueError, match=message) as refused:
        fm.find_learning_rate(net, X[:50], y[:50], **fields)
    where = "Trainer" if "batch_size" in fields else "find_learning_rate"
    assert is_well_formed(str(refused.value), where)
    assert net.parameters.tobytes() == before


@pytest.mark.parametrize("factor", [1e300, 1e-300])
def test_scaling_stops_where_the_rate_would_leave_the_range(factor: float) -> None:
    """The trainer and its pickles stay usable."""
    trainer = fm.Trainer(fm.Network([2, 1], seed=0), optimizer=fm.SGD(0.5))
    trainer.scale_learning_rate(factor)
    kept = trainer.learning_rate
    with pytest.raises(ValueError, match=r"factor=1e.*finite and > 0") as refused:
        trainer.scale_learning_rate(factor)
    assert is_well_formed(str(refused.value), "Trainer.scale_learning_rate")
    assert trainer.learning_rate == kept
    assert trainer.__copy__().learning_rate == kept

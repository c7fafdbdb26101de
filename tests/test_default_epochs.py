"""epochs=None: until the loss no longer falls, and a warning where it still did at the bound."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X[:, 0]
FALLS = r"fit: the loss still fell.*200 epochs.*train again.*epochs="


def stop_of(losses: list[float]) -> int:
    """The rule in words: 10 epochs after the last fall by more than 1e-4 of the lowest loss."""
    lowest, epoch_of_lowest = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if epoch == 1 or lowest - loss > 1e-4 * abs(lowest):
            lowest, epoch_of_lowest = loss, epoch
        if epoch - epoch_of_lowest == 10:
            return epoch
    return len(losses)


def scripted(net: Any, losses: list[float]) -> Any:
    """A loss whose value in epoch k is the k-th number, with no gradient."""

    def loss(o: Array, y: Array) -> tuple[Array, Array]:
        index = min(net.epochs_trained, len(losses) - 1)
        return np.full(len(o), losses[index]), np.zeros_like(o)

    return loss


SEQUENCES = {
    "constant": [1.0] * 300,
    "falls for 30": [*np.linspace(9, 1, 30), *[1.0] * 300],
    "too slowly": list(1 - 0.9e-4 * np.minimum(np.arange(300) / 10, 9)),
    "just enough": [(1 - 1.1e-4) ** k for k in range(300)],
    "negative": [*(-np.arange(1.0, 26)), *[-25.001] * 300],
    "to zero": [1.0, 0.5, *[0.0] * 300],
    "rises": list(np.arange(1.0, 301)),
    "in steps": list(100.0 - np.arange(300) // 9),
    "in long steps": list(100.0 - np.arange(300) // 11),
    "noise": list(RNG.normal(5, 1, 300)),
}


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("by_trainer", [False, True])
def test_the_rule(name: str, validated: bool, by_trainer: bool) -> None:
    """The epoch at which it ends, of the validation loss where samples are given."""
    losses = SEQUENCES[name]
    expected = stop_of(losses)
    net = fm.Network([3, 1], dtype="float64", seed=0)
    if validated:  # which comes when the epoch has been counted
        losses = [losses[0], *losses]
    fields: dict[str, Any] = {"validation_data": (X, Y)} if validated else {}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if by_trainer:
            trainer = fm.Trainer(net, scripted(net, losses), batch_size=40)
            history = trainer.run(X, Y, **fields)
        else:
            history = net.fit(X, Y, loss=scripted(net, losses), batch_size=40, **fields)
    assert history.n_epochs == min(expected, 200)
    if expected <= 200:
        assert (history.status, len(said)) == ("converged", 0)
        return
    assert (history.status, len(said)) == ("max_steps", 1)
    caller = "Trainer.run" if by_trainer else "fit"
    assert str(said[0].message).startswith(f"{caller}: the loss still fell")
    assert said[0].filename == __file__


def test_a_number_is_taken_at_its_word() -> None:
    """Neither an early end nor a warning; the steps are those of the default, bit for bit."""
    slow: dict[str, Any] = {"optimizer": fm.SGD(1e-4), "batch_size": 40}
    default, given, more = (fm.Network([3, 1], seed=0) for _ in range(3))
    with pytest.warns(fm.TrainingWarning, match=FALLS):
        history = default.fit(X, Y, **slow)
    assert given.fit(X, Y, epochs=200, **slow)["loss"] == history["loss"]
    np.testing.assert_array_equal(default.parameters, given.parameters)
    assert more.fit(X, np.zeros(40), epochs=230, optimizer=fm.SGD(1e-12)).n_epochs == 230


def test_callbacks_and_the_time_limit_still_end_the_default() -> None:
    class Stops:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> bool:
            return epoch == 4

    net = fm.Network([3, 1], seed=0)
    history = net.fit(X, Y, callbacks=[Stops()])
    assert (history.status, history.n_epochs) == ("stopped", 4)
    assert net.fit(X, Y, max_seconds=0).status == "max_seconds"


@pytest.mark.parametrize("bad", [0, -1, 2.5, "10", True])
def test_other_epochs_are_refused(bad: Any) -> None:
    net = fm.Network([3, 1], seed=0)
    with pytest.raises((ValueError, TypeError), match=r"^fit: epochs="):
        net.fit(X, Y, epochs=bad)


SETS = {"iris": 0.96, "wine": 0.85, "digits": 0.99}  # mean accuracy on the samples themselves


@pytest.mark.parametrize("name", SETS)
def test_small_sets_are_learned_by_default(name: str) -> None:
    """All defaults, inputs as they are, three seeds: about what scikit-learn's defaults reach."""
    datasets = pytest.importorskip("sklearn.datasets")
    inputs, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
    right = []
    for seed in range(3):
        net = fm.Network([inputs.shape[1], 100, labels.max() + 1], output="softmax", seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fm.TrainingWarning)
            net.fit(inputs, labels)
        right.append((net.predict(inputs).argmax(1) == labels).mean())
    assert np.mean(right) >= SETS[name]


@pytest.mark.parametrize("scaled", [False, True])
def test_a_small_regression_is_learned_by_default(scaled: bool) -> None:
    """Scaled targets are learned better; of the others, and of the bound, there is a warning."""
    datasets = pytest.importorskip("sklearn.datasets")
    inputs, y = datasets.load_diabetes(return_X_y=True)
    if scaled:
        y = (y - y.mean(0)) / y.std(0)
    net = fm.Network([10, 100, 1], seed=0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        net.fit(inputs, y)
    r2 = 1 - ((net.predict(inputs)[:, 0] - y) ** 2).mean() / y.var()
    assert r2 > (0.55 if scaled else 0.4)
    assert ["y has mean" in str(w.message) for w in said] == ([False] if scaled else [True, False])


SCALES = {  # (mean, deviation): whether they are far from 0 ± 1
    (0, 1): False, (1, 2): False, (-9, 3): False, (9, 9): False, (0, 0.05): False,
    (11, 1): True, (-11, 1): True, (0, 11): True, (150, 70): True, (0, 0.005): True,
    (1e15, 1e14): True,
}  # fmt: skip
REGRESSIONS = ["squared_error", "absolute_error", "huber", "quantile", "gaussian_nll"]


@pytest.mark.parametrize("loss", REGRESSIONS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_targets_far_from_the_first_outputs_are_warned_of(
    loss: str, scale: tuple[float, float], dtype: str
) -> None:
    """Once, before a network's first training, with the line that scales them."""
    mean, deviation = scale
    y = mean + deviation * (X - X.mean(0)) / X.std(0)
    columns = 1 if loss == "gaussian_nll" else 2  # the second one is not far
    y = np.column_stack([X[:, 0], y[:, 1]])[:, 2 - columns :]
    for by_trainer in (False, True):
        net = fm.Network([3, 2], dtype=dtype, seed=0)
        trainer = fm.Trainer(net, loss, fm.SGD(1e-9))
        for repeat in range(2):
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                if by_trainer:
                    trainer.run(X, y, epochs=1)
                else:
                    net.fit(X, y, loss=loss, optimizer=fm.SGD(1e-9), epochs=1)
            texts = [str(w.message) for w in said if "standard deviation" in str(w.message)]
            assert len(texts) == (SCALES[scale] and repeat == 0)
            for text in texts:
                assert "(y - y.mean(0)) / y.std(0)" in text
    scaled = (y - y.mean(0)) / y.std(0)
    fm.Network([3, 2], dtype=dtype, seed=0).fit(X, scaled, loss=loss, epochs=1)  # the line helps


def test_targets_at_the_end_of_the_range_are_warned_of_in_the_same_sentence() -> None:
    y = np.where(np.arange(len(X)) % 2, 3e38, -3e38)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fm.Network([3, 1], seed=0).fit(X, y, epochs=1)
    assert {w.category for w in said} == {fm.TrainingWarning}
    assert any("standard deviation" in str(w.message) for w in said)


@pytest.mark.parametrize(
    ("output", "loss", "y"),
    [
        ("softmax", None, np.arange(40) % 2),
        ("softmax", None, np.eye(2)[np.arange(40) % 2]),
        ("identity", "poisson", 100.0 + np.ones((40, 2))),
        ("identity", lambda o, y: (np.zeros(len(o)), np.zeros_like(o)), 1e6 + np.ones((40, 2))),
        ("identity", "hinge", np.ones((40, 2))),
        ("identity", "squared_error", np.ones((40, 2))),  # a constant is no scale
    ],
)
def test_no_other_targets_are_warned_of(output: Any, loss: Any, y: Array) -> None:
    fm.Network([3, 2], output=output, seed=0).fit(X, y, loss=loss, epochs=1)


@pytest.mark.parametrize(("deviation", "warned"), [(1e-3, False), (100.0, True)])
def test_pixels_of_an_autoencoder_may_be_nearly_constant(deviation: float, warned: bool) -> None:
    pixels = (X - X.mean(0)) / X.std(0) * [1, 1, deviation]
    for y, expected in ((pixels, warned), (pixels[::-1], True)):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fm.Network([3, 3], seed=0).fit(pixels, y, optimizer=fm.SGD(1e-9), epochs=1)
        assert any("standard deviation" in str(w.message) for w in said) == expected


def test_only_targets_that_count_are_warned_of() -> None:
    """Not missing ones, which are nan, nor those of samples of weight 0."""
    y = 1000 + X[:, :1] / X[:, 0].std()
    y[0] = np.nan
    near = np.where(np.arange(len(X)) == 3, 1e6, X[:, 0])
    weights = np.arange(len(X)) != 3
    for fit, expected in (
        (lambda net: net.fit(X, y, missing="mask", epochs=1), True),
        (lambda net: net.fit(X, near, sample_weight=weights, epochs=1), False),
        (lambda net: net.fit(X, near, epochs=1), True),
    ):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fit(fm.Network([3, 1], seed=0))
        assert ["y has mean" in str(w.message) for w in said] == [True] * expected


def test_second_order_methods_make_1000_epochs_at_most() -> None:
    """Here by steps that are far too short."""
    net = fm.Network([1, 1], dtype="float64", seed=0)
    history = net.fit([[1.0], [2.0]], [1.0, 3.0], optimizer=fm.Newton(damping=1e9))
    assert (len(history["loss"]), history.status) == (1000, "max_steps")

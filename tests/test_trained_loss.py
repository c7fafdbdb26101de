"""`net.loss` without a loss means that of the last training, also in copies, pickles and files."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=20)


def own(o: Array, y: Array) -> tuple[Array, Array]:
    return (3 * o**2).sum(1), 6 * o


def restored(net: fm.Network, folder: Path) -> list[fm.Network]:
    net.save(folder / "net")
    fm.Trainer(net, net._trained_loss if callable(net._trained_loss) else None)
    twins: list[Any] = [net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    return [*twins, fm.load(folder / "net")]


TRAININGS: dict[str, Callable[[fm.Network, Any], object]] = {
    "fit": lambda net, loss: net.fit(X, Y, loss=loss, epochs=1),
    "run": lambda net, loss: fm.Trainer(net, loss).run(X, Y, epochs=1),
    "epoch": lambda net, loss: fm.Trainer(net, loss).epoch(X, Y),
    "step": lambda net, loss: fm.Trainer(net, loss).step(X, Y),
}


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("loss", ["gaussian_nll", fm.GaussianNLL()])
def test_evaluation_means_the_loss_of_the_training(
    training: str, loss: Any, tmp_path: Path
) -> None:
    """y has half as many columns there, which the default loss would refuse."""
    net = fm.Network([3, 4, 2], dtype="float64", seed=0)
    with pytest.raises(ValueError, match=r"y has shape"):
        net.loss(X, Y)
    TRAININGS[training](net, loss)
    for one in (net, *restored(net, tmp_path)):
        assert one.loss(X, Y) == net.loss(X, Y, "gaussian_nll")
        value, gradient = one.value_and_grad(X, Y)
        np.testing.assert_array_equal(gradient, net.value_and_grad(X, Y, "gaussian_nll")[1])
        assert value == net.value_and_grad(X, Y, "gaussian_nll")[0]
        v = np.ones(net.n_parameters)
        np.testing.assert_array_equal(one.hvp(X, Y, v), net.hvp(X, Y, v, "gaussian_nll"))


def test_hyperparameters_of_the_loss_are_remembered(tmp_path: Path) -> None:
    net = fm.Network([3, 1], dtype="float64", seed=0)
    net.fit(X, Y, loss=fm.Huber(0.1), epochs=1)
    for one in (net, *restored(net, tmp_path)):
        assert one.loss(X, Y) == net.loss(X, Y, fm.Huber(0.1)) != net.loss(X, Y, "huber")


def test_it_is_the_last_training_that_counts() -> None:
    """What follows the output is the default of `fit`, and then the loss that is meant."""
    net = fm.Network([3, 1], dtype="float64", seed=0)
    before = net.loss(X, Y)
    assert before == net.loss(X, Y, "squared_error")
    net.fit(X, Y, loss="absolute_error", epochs=1)
    trainer = fm.Trainer(net)  # which has not trained yet
    assert net.loss(X, Y) == net.loss(X, Y, "absolute_error")
    trainer.step(X, Y)
    assert net.loss(X, Y) == net.loss(X, Y, "squared_error")


def test_a_function_is_remembered_and_its_name_in_copies(tmp_path: Path) -> None:
    """A copy does not silently mean another loss: it must be given."""
    net = fm.Network([3, 2], dtype="float64", seed=0)
    net.fit(X, np.c_[Y, Y], loss=own, epochs=1)
    outputs = net.predict(X)
    assert net.loss(X, np.c_[Y, Y]) == pytest.approx((3 * outputs**2).sum(1).mean(), rel=1e-12)
    message = r"^Network.loss: loss=None, expected it to be given: .*test_trained_loss\.own, which"
    for one in restored(net, tmp_path):
        with pytest.raises(ValueError, match=message):
            one.loss(X, np.c_[Y, Y])
        assert one.loss(X, np.c_[Y, Y], own) == net.loss(X, np.c_[Y, Y])
        with pytest.raises(ValueError, match=message):
            one.copy().loss(X, np.c_[Y, Y])


@pytest.mark.parametrize("loss", [3, {"name": "unknown"}, {"name": "huber", "delta": -1.0}, ["a"]])
def test_a_damaged_loss_is_refused(loss: Any) -> None:
    values = {**fm.Network([3, 1]).__getstate__(), "loss": loss}
    with pytest.raises((TypeError, ValueError), match=r"^(Network|Huber): "):
        fm.Network.__new__(fm.Network).__setstate__(values)

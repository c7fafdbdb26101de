"""Networks that refer to what refers to them, and classes of users, in copies and files."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm


class Keeps(fm.Callback):
    """A callback with the trainer."""

    def set_trainer(self, trainer: fm.Trainer) -> None:
        self.trainer = trainer


class Holds:
    """An object of a network and its trainer."""

    def __init__(self, net: fm.Network) -> None:
        self.net, self.trainer = net, fm.Trainer(net)


def attach_trainer(net: Any) -> None:
    net.trainer = fm.Trainer(net)


def attach_itself(net: Any) -> None:
    net.me = [net]


def attach_callback(net: Any) -> None:
    net.callback = Keeps()
    net.fit([[1, 2, 3]], [[1, 2]], epochs=1, callbacks=net.callback)


def attach_holder(net: Any) -> None:
    net.holder = Holds(net)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize(
    "attach",
    [attach_trainer, attach_itself, attach_callback, attach_holder],
    ids=lambda f: f.__name__,
)
def test_copies_of_a_network_that_is_referred_to_refer_to_themselves(attach: Any, way: Any) -> None:
    net = fm.Network([3, 2], seed=0)
    attach(net)
    twin = way(net)
    np.testing.assert_array_equal(twin.parameters, net.parameters)
    assert twin is not net
    if attach is attach_trainer:
        assert twin.trainer.network is twin
    elif attach is attach_itself:
        assert twin.me[0] is twin
    elif attach is attach_callback:
        assert twin.callback.trainer.network is twin
    else:
        assert twin.holder.net is twin
        assert twin.holder.trainer.network is twin


class OwnTrainer(fm.Trainer):
    def twice(self) -> int:
        return 2 * self.n_steps


class OwnEnsemble(fm.Ensemble):
    def size(self) -> int:
        return len(list(self))


def test_classes_of_users_are_what_load_returns(tmp_path: Path) -> None:
    trainer = OwnTrainer(fm.Network([1, 1], seed=0))
    trainer.step([[1]], [2])
    trainer.save(tmp_path / "trainer")
    loaded = OwnTrainer.load(tmp_path / "trainer")
    assert isinstance(loaded, OwnTrainer)
    assert loaded.twice() == 2
    assert loaded.step([[1]], [2]) == trainer.step([[1]], [2])
    assert type(fm.Trainer.load(tmp_path / "trainer")) is fm.Trainer
    OwnEnsemble([fm.Network([1, 1], seed=i) for i in range(3)]).save(tmp_path / "ensemble")
    ensemble = OwnEnsemble.load(tmp_path / "ensemble")
    assert isinstance(ensemble, OwnEnsemble)
    assert ensemble.size() == 3

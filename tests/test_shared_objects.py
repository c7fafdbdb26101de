"""Objects that several threads of Python use at a time."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(64, 6)).astype("f4"), RNG.normal(size=(64, 2)).astype("f4")
IMAGES = RNG.normal(size=(16, 6 * 6)).astype("f4")


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def hammer(works: list[Callable[[], object]], rounds: int = 40) -> None:
    """Run each work in a thread of its own, all at once; raise what one of them raises."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait()
            for _ in range(rounds):
                work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def dense() -> fm.Network:
    return fm.Network([6, 16, 2], activation="tanh", seed=0)


def convolution() -> fm.Network:
    """A network whose tables are made when it reads its first batch."""
    return fm.Network([fm.Conv2D(4, 3), fm.MaxPool2D(2), fm.Dense(2)], inputs=(6, 6, 1), seed=0)


def test_readers_of_one_network_get_what_a_single_one_gets() -> None:
    """Predictions, losses, gradients, products, copies and pickles, first calls among them."""
    for make, rows in ((dense, X[:16]), (convolution, IMAGES)):
        y = Y[:16]
        twin, net = make(), make()
        v = np.ones(net.n_parameters, "f4")
        calls: list[Callable[[fm.Network], Any]] = [
            lambda n, rows=rows: n.predict(rows),  # type: ignore[misc]
            lambda n, rows=rows, y=y: n.loss(rows, y),  # type: ignore[misc]
            lambda n, rows=rows, y=y: n.value_and_grad(rows, y)[1],  # type: ignore[misc]
            lambda n, rows=rows, y=y, v=v: n.hvp(rows, y, v),  # type: ignore[misc]
            lambda n: n.copy().parameters,
            lambda n: pickle.loads(pickle.dumps(n)).parameters,
            lambda n: n.parameters,
        ]
        expected = [call(twin) for call in calls]

        def check(call: Callable[[fm.Network], Any], value: Any, net: fm.Network = net) -> None:
            np.testing.assert_array_equal(call(net), value)

        pairs = zip(calls, expected, strict=True)
        hammer([lambda c=c, e=e: check(c, e) for c, e in pairs])  # type: ignore[misc]


def test_a_training_is_not_harmed_by_readers() -> None:
    """It ends with the bits of a training that nobody watches; readers get finite numbers."""
    net, twin = dense(), dense()
    trainer = fm.Trainer(net, optimizer=fm.Adam(average=fm.Polyak("uniform")))
    alone = fm.Trainer(twin, optimizer=fm.Adam(average=fm.Polyak("uniform")))

    def read() -> None:
        assert np.isfinite(net.predict(X)).all()
        assert np.isfinite(trainer.state["m"]).all()
        assert trainer.n_steps >= 0
        assert np.isfinite(trainer.last_parameters).all()
        assert repr(net)
        pickle.dumps(net)

    readers = 2
    done = threading.Event()
    failures: list[BaseException] = []

    def watch() -> None:
        while not done.is_set():
            try:
                read()
            except BaseException as failure:
                failures.append(failure)
                return

    threads = [threading.Thread(target=watch) for _ in range(readers)]
    for thread in threads:
        thread.start()
    try:
        history = trainer.run(X, Y, epochs=60, validation_data=(X, Y))
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert history == alone.run(X, Y, epochs=60, validation_data=(X, Y))
    np.testing.assert_array_equal(net.parameters, twin.parameters)


def test_of_many_threads_that_train_one_network_one_does_at_a_time() -> None:
    """The others raise; as many updates are made as calls that did not."""
    net, made, refused = dense(), list[int](), list[str]()
    trainer = fm.Trainer(net)

    def step() -> None:
        try:
            trainer.epoch(X, Y)
        except RuntimeError as error:
            refused.append(str(error))
        else:
            made.append(1)

    hammer([step] * 4)
    assert len(made) + len(refused) == 160
    assert all("being trained by another call" in text for text in refused)
    assert trainer.n_steps == 2 * len(made)
    assert net.epochs_trained == len(made)


def test_networks_and_members_are_made_in_many_threads() -> None:
    """Equal seeds give equal networks; values of families are equal and hash equally."""
    expected = dense().parameters.copy()

    def make() -> None:
        np.testing.assert_array_equal(dense().parameters, expected)
        assert fm.Adam(0.5) == fm.Adam(0.5)
        assert hash(fm.Dense(3, "relu")) == hash(fm.Dense(3, "relu"))
        assert pickle.loads(pickle.dumps(fm.Huber(2.0))) == fm.Huber(2.0)
        np.testing.assert_array_equal(fm.ReLU()(X), np.maximum(X, 0))
        assert fm.HeNormal()(3, 2, seed=1).shape == (3, 2)

    hammer([make] * 4)


def test_a_limit_of_threads_is_that_of_its_block() -> None:
    """Another thread of Python sees its own, also while both change."""

    def within(n: int) -> None:
        with fm.threads(n):
            assert fm.get_num_threads() <= n

    hammer([lambda: within(1), lambda: within(2), lambda: within(3)])


def own_loss(o: Array, y: Array) -> tuple[Array, Array]:
    return ((o - y) ** 2).sum(1) / 2, o - y


def test_runs_of_different_networks_do_not_meet() -> None:
    """Callbacks, validation, metrics and losses in Python, at the same time in several threads."""

    class Counts:
        def __init__(self) -> None:
            self.n = 0

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            self.n += 1

    def fit(**fields: Any) -> fm.History:
        counts = Counts()
        history = dense().fit(
            X, Y, epochs=9, validation_data=(X, Y), metrics="r2", callbacks=counts, **fields
        )
        assert counts.n == 9
        return history

    ways: list[dict[str, Any]] = [{}, {"loss": own_loss}, {"optimizer": "sgd"}]
    expected = [fit(**fields) for fields in ways]

    def check(i: int) -> None:
        assert fit(**ways[i]) == expected[i]

    hammer([lambda i=i: check(i) for i in range(3)], rounds=5)  # type: ignore[misc]

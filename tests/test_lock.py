"""A network is trained by one call at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import fastmlp as fm


def test_a_network_is_trained_by_one_call_at_a_time() -> None:
    """Whatever trains raises RuntimeError while a fit runs, which is not harmed."""
    X, y = np.zeros((100_000, 32), np.float32), np.zeros((100_000, 1), np.float32)
    net = fm.Network([32, 128, 128, 1], activation="tanh", output="identity", seed=0)
    trainer = fm.Trainer(net)
    calls: list[tuple[str, Callable[[], object]]] = [
        ("fit", lambda: net.fit(X[:1], y[:1], epochs=1)),
        ("fm.fit_many", lambda: fm.fit_many([net], X[:1], y[:1], epochs=1)),
        ("Trainer.run", lambda: fm.Trainer(net).run(X[:1], y[:1], epochs=1)),
        ("Trainer.epoch", lambda: trainer.epoch(X[:1], y[:1])),
        ("Trainer.epoch", lambda: trainer.epoch([(X[:1], y[:1])])),
        ("Trainer.step", lambda: trainer.step(X[:1], y[:1])),
        ("Trainer.gradient", lambda: trainer.gradient(X[:1], y[:1])),
        ("Trainer.forward", lambda: trainer.forward(X[:1])),
        ("Trainer.apply", lambda: trainer.apply(net.parameters)),
    ]
    started, statuses = threading.Event(), []

    class Starts:
        def on_fit_begin(self) -> None:
            started.set()

    def first() -> None:
        history = net.fit(X, y, epochs=10**6, max_seconds=0.6, batch_size=1, callbacks=[Starts()])
        statuses.append(history.status)

    thread = threading.Thread(target=first)
    thread.start()
    started.wait()
    time.sleep(0.2)  # now it is inside its first, long epoch
    for name, call in calls:
        with pytest.raises(RuntimeError, match=f"^{name}: this network is being trained by anoth"):
            call()
    assert thread.is_alive()
    thread.join()
    assert statuses == ["max_seconds"]
    for _, call in calls:
        call()


def test_a_callback_cannot_train_the_network_that_calls_it() -> None:
    X, y = np.ones((4, 1), np.float32), np.ones((4, 1), np.float32)
    net = fm.Network([1, 1], output="identity", seed=0)

    class Trains:
        def on_epoch_end(self, *_: object) -> None:
            net.fit(X, y)

    with pytest.raises(RuntimeError, match=r"^fit: .*being trained by another call"):
        fm.Trainer(net).run(X, y, callbacks=[Trains()])
    assert net.fit(X, y, epochs=2).status == "max_steps"

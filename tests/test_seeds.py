"""Seeds: one number fixes order and weights; a second fit continues the stream."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from problems import TASKS, fresh, network, squared
from reference import Array


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_bits(dtype: str) -> None:
    X, y = TASKS["classes"].data
    a, b, c = (fresh("classes", seed=seed, dtype=dtype) for seed in (4, 4, 5))
    for net in (a, b, c):
        net.fit(X, y, epochs=3, batch_size=5)
    np.testing.assert_array_equal(a.parameters, b.parameters)
    assert not np.array_equal(a.parameters, c.parameters)


def test_a_second_fit_continues_the_stream() -> None:
    """2 + 3 epochs equal 5, bit for bit, where the optimizer has no state; not 3 twice."""
    X, y = TASKS["regression"].data
    whole, parts = fresh(), fresh()
    whole.fit(X, y, optimizer=fm.SGD(0.1), epochs=5, batch_size=5)
    for epochs in (2, 3):
        parts.fit(X, y, optimizer=fm.SGD(0.1), epochs=epochs, batch_size=5)
    np.testing.assert_array_equal(whole.parameters, parts.parameters)


def test_the_optimizer_starts_fresh_with_each_fit_and_continues_in_a_trainer() -> None:
    X, y = TASKS["regression"].data
    whole, refitted, resumed = fresh(), fresh(), fresh()
    whole.fit(X, y, optimizer="adam", epochs=5, batch_size=5)
    trainer = fm.Trainer(resumed, optimizer="adam", batch_size=5)
    for epochs in (2, 3):
        refitted.fit(X, y, optimizer="adam", epochs=epochs, batch_size=5)
        trainer.run(X, y, epochs=epochs)
    np.testing.assert_array_equal(whole.parameters, resumed.parameters)
    assert not np.array_equal(whole.parameters, refitted.parameters)


def test_a_trainer_may_have_another_seed() -> None:
    """It determines the order instead of the network's."""
    X, y = TASKS["regression"].data
    ends = []
    for seed in (1, 1, 2, None):
        net = fresh()
        fm.Trainer(net, seed=seed, batch_size=5).run(X, y, epochs=2)
        ends.append(net.parameters.copy())
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])
    assert not np.array_equal(ends[0], ends[3])


def test_every_position_is_reached_by_every_sample() -> None:
    """200 orders of 6 samples: each sample is first in about a sixth of them."""
    firsts: list[int] = []

    def spy(o: Array, y: Array) -> tuple[Array, Array]:
        firsts.append(int(y[0, 0]))
        return squared(o, y)

    net = network(1, [(1, "identity", True)])
    net.fit(np.zeros((6, 1)), np.arange(6.0), loss=spy, epochs=200, batch_size=6)
    counts = np.bincount(firsts, minlength=6)
    assert counts.sum() == 200
    assert counts.min() > 15

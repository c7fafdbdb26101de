"""Warnings point at the first line outside the package, however deep the call."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

X, Y = np.linspace(-1, 1, 8).reshape(-1, 1), np.ones(8)


def line() -> int:
    """The line of the caller."""
    return inspect.stack()[1].lineno


def hard_signs() -> fm.Network:
    return fm.Network([fm.Dense(3, "sign"), fm.Dense(1)], inputs=1, seed=0)


def trainer(net: fm.Network) -> fm.Trainer:
    return fm.Trainer(net, optimizer=fm.SGD(50.0), batch_size=4)


def constructor() -> int:
    return (fm.Trainer(hard_signs()), line())[1]


def fit() -> int:
    return (hard_signs().fit(X, Y, epochs=1), line())[1]


def fit_that_diverges() -> int:
    net = fm.Network([1, 1], seed=0)
    return (net.fit(X, Y, optimizer=fm.SGD(50.0), epochs=500, batch_size=4), line())[1]


def run_that_diverges() -> int:
    run = trainer(fm.Network([1, 1], seed=0)).run
    return (run(X, Y, epochs=500), line())[1]


def run_of_a_custom_loss() -> int:
    def loss(outputs: Any, y: Any) -> tuple[Any, Any]:
        return 0.5 * ((outputs - y) ** 2).sum(axis=1), outputs - y

    net = fm.Network([1, 1], seed=0)
    return (fm.Trainer(net, loss, fm.SGD(50.0), batch_size=4).run(X, Y, epochs=500), line())[1]


def in_a_callback() -> int:
    lines = []

    class Trains:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            lines.append((hard_signs().fit(X, Y, epochs=1), line())[1])

    fm.Network([1, 1], seed=0).fit(X, Y, epochs=1, callbacks=[Trains()])
    return lines[0]


def in_a_subclass() -> int:
    lines = []

    class Named(fm.Trainer):
        def __init__(self, network: fm.Network) -> None:
            lines.append((super().__init__(network), line())[1])

    Named(hard_signs())
    return lines[0]


CALLS = (
    constructor,
    fit,
    fit_that_diverges,
    run_that_diverges,
    run_of_a_custom_loss,
    in_a_callback,
    in_a_subclass,
)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_line_of_a_warning_is_the_users(call: Callable[[], int]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = call()
    (warning,) = (one for one in caught if one.category is fm.TrainingWarning)
    assert (warning.filename, warning.lineno) == (__file__, expected)

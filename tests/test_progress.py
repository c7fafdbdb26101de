"""What observing a training costs, counted, and that a display shows every epoch that it should."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._fit import progress
from fastmlp._fit.progress import Bar, Lines, Progress, Silence

X = np.random.default_rng(0).normal(size=(32, 2)).astype(np.float32)
Y = X[:, :1] * X[:, 1:]


def fit(epochs: int, **fields: Any) -> fm.History:
    net = fm.Network([2, 4, 1], activation="tanh", seed=0)
    return net.fit(X, Y, epochs=epochs, **fields)


class Nothing:
    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        """Do nothing."""


def calls_per_epoch(**fields: Any) -> float:
    """Calls of functions, Python's and native ones, that one more epoch costs."""
    counts = []
    for epochs in (10, 110):
        events: list[str] = []
        sys.setprofile(lambda _frame, event, _argument, events=events: events.append(event))  # type: ignore[misc]
        try:
            fit(epochs, **fields)
        finally:
            sys.setprofile(None)
        counts.append(sum(event in ("call", "c_call") for event in events))
    return (counts[1] - counts[0]) / 100


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({}, 0.1),
        ({"callbacks": [Nothing()]}, 25),
        ({"validation_data": (X, Y)}, 20),
        ({"callbacks": fm.EarlyStopping("loss", 999, restore_best=False)}, 33),
        ({"verbose": 1}, 20),
    ],
)
def test_an_epoch_that_is_observed_costs_few_calls(fields: dict[str, Any], most: float) -> None:
    """A tiny network has epochs of two microseconds, as long as 20 calls in Python take."""
    assert calls_per_epoch(**fields) <= most


def test_a_bar_is_not_shown_after_each_of_many_short_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[int] = []
    monkeypatch.setattr(Bar, "show", lambda self, epoch, logs: shown.append(epoch))
    fit(3000, verbose=1)
    assert len(shown) < 300
    assert (shown[-1], sorted(shown)) == (3000, shown)


def test_lines_have_every_epoch_also_of_several_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the losses of the record, which is that of a silent run."""
    history = fit(40, verbose=2)
    lines = re.findall(r"epoch +(\d+)/40  loss (\S+)\n", capsys.readouterr().out)
    expected = [(str(i), f"{x:.6g}") for i, x in enumerate(history["loss"], 1)]
    assert lines == expected
    assert fit(40) == history


def test_epochs_at_once_follow_the_time_that_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Doubled below half a period, a quarter beyond a period, 1 at least; all without a display."""
    clock = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: clock[0])
    shown = Progress(Lines(9))
    numbers = []
    for seconds in (0.0, 0.04, 0.04, 0.07, 0.11, 5.0, 5.0):
        clock[0] += seconds
        numbers.append(shown.n_at_once())
    assert numbers == [2, 4, 8, 8, 3, 1, 1]
    assert Progress(Silence()).n_at_once() == sys.maxsize

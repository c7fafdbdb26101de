"""The article beside the playground: each link shows what its paragraph says."""

from __future__ import annotations

import html
import re
from importlib import resources
from typing import NamedTuple

import pytest

from fastmlp.playground._inside import layers_of
from fastmlp.playground._model import Model
from fastmlp.playground._race import Race
from fastmlp.playground._state import State

PAGE = (resources.files("fastmlp.playground") / "static/index.html").read_text(encoding="utf-8")
LINKS = {
    " ".join(name.split()): html.unescape(address)
    for address, name in re.findall(r'<a href="#([^"]+)">([^<]+)</a>', PAGE)
}


class Seen(NamedTuple):
    train: list[float]
    test: list[float]
    message: str


def seen(name: str, epochs: int) -> Seen:
    """The last losses of each network of a link, and why the first has stopped."""
    race = Race(Model(State.parse(LINKS[name])))
    for _ in range(epochs):
        race.train(1, lambda: False)
    told = race.losses()
    parts = [[lane[part] for lane in told] for part in ("train", "test")]
    return Seen(*parts, told[0]["message"])


def test_every_link_is_of_a_test() -> None:
    assert set(LINKS) == {*ENDS, *OTHERS}


ENDS = {  # link: epochs, and the bounds of the training loss of each network then
    "two clouds": (20, [(0, 0.001)]),
    "four squares of XOR": (100, [(0.4, 0.6)]),
    "linear activations": (100, [(0.4, 0.6)]),
    "more than two classes": (200, [(0, 0.05)]),
    "eight layers of sigmoid": (100, [(0.45, 0.55)]),
    "relu": (200, [(0, 0.05)]),
    "all zero": (100, [(0.45, 0.55)]),
    "exponential decay": (100, [(0, 0.2)]),
    "race on the spiral": (60, [(0.05, 0.2), (0, 0.02)]),
    "the rate that diverged above": (100, [(0, 0.05)]),
    "saddle-free Newton": (60, [(0, 0.01), (0, 0.01)]),
    "two of them": (100, [(0.05, 0.3), (0, 0.1)]),
    "L1": (100, [(0, 0.1)]),
}
OTHERS = [
    "large ones jump over the valley and may diverge",
    "few points, much noise and many units",
    "the same points as above",
]


@pytest.mark.parametrize("name", ENDS)
def test_a_link_comes_to_its_loss(name: str) -> None:
    epochs, bounds = ENDS[name]
    found = seen(name, epochs)
    assert found.message == ""
    for loss, (low, high) in zip(found.train, bounds, strict=True):
        assert low <= loss <= high


def test_the_large_rate_diverges_and_clipping_saves_it() -> None:
    assert "diverged in epoch" in seen(OTHERS[0], 30).message
    state = State.parse(LINKS["the rate that diverged above"]).replace(clip_norm=0.0)
    race = Race(Model(state))
    for _ in range(100):
        race.train(1, lambda: False)
    assert "diverged" in race.losses()[0]["message"]


def test_many_units_overfit_and_noise_and_dropout_help() -> None:
    early, late = (seen(OTHERS[1], epochs) for epochs in (60, 660))
    assert late.train[0] < early.train[0]
    assert late.test[0] > 1.5 * early.test[0]
    assert seen(OTHERS[2], 660).test[0] < 0.7 * late.test[0]


def test_gradients_vanish_in_sigmoid_and_not_in_relu() -> None:
    gradients = {
        name: [report["gradient"] for report in layers_of(Model(State.parse(LINKS[name])))]
        for name in ("eight layers of sigmoid", "relu")
    }
    first, last = gradients["eight layers of sigmoid"][:: len(gradients["relu"]) - 1]
    assert first < 1e-6 * last
    first, last = gradients["relu"][:: len(gradients["relu"]) - 1]
    assert first > 1e-3 * last
    said = layers_of(Model(State.parse(LINKS["eight layers of sigmoid"])))[0]["said"]
    assert "the gradient is vanishing" in said


def test_l1_leaves_weights_at_zero() -> None:
    model = Model(State.parse(LINKS["L1"]))
    model.train(100)
    assert sum(model.network.parameters == 0) > 20

"""The sessions of the playground: what a page may ask for, and what it gets."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from fastmlp import playground
from fastmlp.playground._picture import square
from fastmlp.playground._session import Session
from fastmlp.playground._state import State


class Frame(NamedTuple):
    head: dict[str, Any]
    parameters: NDArray[np.float32]
    large: NDArray[np.uint8]
    rival: NDArray[np.uint8] | None
    small: NDArray[np.uint8]


def frame(session: Session, **message: Any) -> Frame:
    data = session.frame(message)
    (length,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + length])
    assert head.pop("seconds") >= 0
    sizes = session.control({"action": "describe"})["sizes"]
    n_parameters = sum((a + 1) * b for a, b in pairwise(sizes))
    begin = 4 + length
    parameters = np.frombuffer(data, "<f4", n_parameters, begin)
    pixels = np.frombuffer(data, np.uint8, offset=begin + 4 * n_parameters)
    large, *rivals = np.split(pixels[: 20_000 if "rival" in head else 10_000], [10_000])
    small = pixels[10_000 * (1 + ("rival" in head)) :].reshape(-1, 100)
    return Frame(head, parameters, large, rivals[0] if "rival" in head else None, small)


def losses(session: Session) -> tuple[float, float]:
    head = frame(session).head
    return head["train"], head["test"]


def test_frames_train_as_run_does() -> None:
    text = "seed=4&dataset=xor&batchSize=7"
    session, run = Session(text), playground.run(text, epochs=8)
    assert losses(session) == tuple(run.losses[0])
    assert frame(session, epochs=3).head["epoch"] == 3
    assert losses(session) == tuple(run.losses[3])
    last = frame(session, epochs=5)
    assert (last.head["train"], last.head["test"]) == tuple(run.losses[8])
    np.testing.assert_allclose(last.parameters, run.network.parameters, rtol=1e-6)


def test_the_map_is_the_output_of_the_network() -> None:
    session = Session("seed=4&networkShape=5,3&sinX=true")
    shown = frame(session, epochs=2)
    network = session._model.network
    grid = square(100, 6.0)
    assert grid[0].tolist() == [-6, 6]
    assert grid[99].tolist() == [6, 6]
    outputs = network.predict(np.column_stack([grid, np.sin(grid[:, 0])]))[:, 0]
    np.testing.assert_allclose(shown.large, (outputs + 1) * 127.5, atol=0.51)
    assert shown.small.shape == (5 + 3 + 1, 100)
    blocks = outputs.reshape(10, 10, 10, 10).mean((1, 3)).ravel()
    np.testing.assert_allclose(shown.small[-1], (blocks + 1) * 127.5, atol=4)


def test_the_map_of_any_unit_is_shown() -> None:
    session = Session("seed=4&networkShape=5,3")
    network = session._model.network
    hidden = np.tanh(square(100, 6.0) @ network.weights[0] + network.biases[0])
    shown = frame(session, show=[1, 4])
    np.testing.assert_allclose(shown.large, (hidden[:, 4] + 1) * 127.5, atol=0.51)
    x = frame(session, show=[0, 0]).large.reshape(100, 100)
    assert np.all(x[:, 0] == 0)
    assert np.all(x[:, -1] == 255)


def test_a_learning_rate_changes_within_the_training() -> None:
    session = Session("seed=4")
    before = frame(session, epochs=2)
    values = {"learningRate": "0.3", "optimizer": "adam", "momentum": "0.5"}
    told = session.control({"action": "set", "values": values})
    assert "learningRate=0.3" in told["hash"]
    assert "optimizer=adam&momentum=0.5" in told["hash"]
    after = frame(session)
    assert after.head["epoch"] == 2
    assert np.all(after.parameters == before.parameters)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("activation", "relu"),
        ("regularization", "L2"),
        ("regularizationRate", "0.1"),
        ("batchSize", "3"),
        ("networkShape", "3,3,3"),
        ("xSquared", "true"),
    ],
)
def test_settings_of_the_network_start_it_again_on_the_same_points(key: str, value: str) -> None:
    session = Session("seed=4")
    points = session.control({"action": "describe"})["points"]
    frame(session, epochs=2)
    told = session.control({"action": "set", "values": {key: value}})
    assert f"{key}={value}" in told["hash"]
    assert told["points"] == points
    assert frame(session).head["epoch"] == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [("dataset", "spiral"), ("noise", "25"), ("percTrainData", "20"), ("problem", "regression")],
)
def test_settings_of_the_data_draw_new_points(key: str, value: str) -> None:
    session = Session("seed=4")
    before = session.control({"action": "describe"})
    told = session.control({"action": "set", "values": {key: value}})
    assert told["points"] != before["points"]
    assert State.parse(told["hash"]).seed != "4"
    assert losses(session) == tuple(playground.run(told["hash"], epochs=0).losses[0])


def test_looks_change_nothing_else() -> None:
    session = Session("seed=4")
    before = frame(session, epochs=2)
    told = session.control({"action": "set", "values": {"discretize": "true"}})
    assert "discretize=true" in told["hash"]
    assert frame(session).head == before.head


def test_starts() -> None:
    session = Session("seed=4")
    first = frame(session)
    frame(session, epochs=2)
    session.control({"action": "same_start"})
    assert np.all(frame(session).parameters == first.parameters)
    frame(session, epochs=2)
    session.control({"action": "restart"})
    assert (frame(session).head["epoch"], frame(session).head["moments"]) == (0, 0)
    assert not np.any(frame(session).parameters[:8] == first.parameters[:8])
    before = session.control({"action": "describe"})["points"]
    assert session.control({"action": "regenerate"})["points"] != before


def test_going_back_frame_by_frame_and_to_the_start() -> None:
    session = Session("seed=4")
    frames = [frame(session, epochs=epochs) for epochs in (0, 1, 2, 3)]
    assert [shown.head["moments"] for shown in frames] == [0, 1, 2, 3]
    for expected in frames[2], frames[1]:
        session.control({"action": "back"})
        shown = frame(session)
        assert shown.head == expected.head
        assert np.all(shown.parameters == expected.parameters)
    session.control({"action": "back", "all": True})
    assert np.all(frame(session).parameters == frames[0].parameters)
    with pytest.raises(ValueError, match="a training that has begun"):
        session.control({"action": "back"})


def test_weights_and_biases_are_edited() -> None:
    session = Session("seed=4")
    edit = {"action": "edit", "layer": 1, "unit": 2}
    session.control({**edit, "input": 1, "value": 2.5})
    session.control({**edit, "input": None, "value": -1})
    network = session._model.network
    assert network.weights[0][1, 2] == 2.5
    assert network.biases[0][2] == -1
    session.control({"action": "back", "all": True})
    assert session._model.network.weights[0][1, 2] != 2.5


def test_a_divergence_stops_is_said_and_can_be_undone() -> None:
    session = Session(
        "seed=1&problem=regression&activation=relu&learningRate=1000&networkShape=8,8"
    )
    while not (message := frame(session, epochs=1).head["message"]):
        pass
    assert "try a smaller learning rate (now 1000)" in message
    stopped = frame(session, epochs=10)
    assert frame(session, epochs=10).head == stopped.head
    session.control({"action": "back"})
    assert frame(session).head["message"] == ""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({}, "action=None, expected one of describe, set"),
        ({"action": ["set"]}, "action=..set.., expected one of"),
        ({"action": "set"}, "values=None"),
        ({"action": "set", "values": {"noise": 3}}, "expected a dictionary of texts"),
        ({"action": "set", "values": {"batchSize": "x"}}, "batchSize='x', expected a number"),
        ({"action": "set", "values": {"x": "false", "y": "false"}}, "at least one feature"),
        (
            {"action": "edit", "layer": 9, "unit": 0, "value": 0},
            "layer=9, expected an integer <= 3",
        ),
        (
            {"action": "edit", "layer": 1, "unit": -1, "value": 0},
            "unit=-1, expected an integer >= 0",
        ),
        ({"action": "edit", "layer": 1, "unit": 0, "value": float("nan")}, "value=nan, expected"),
        (
            {"action": "edit", "layer": 1, "unit": 0, "value": "1"},
            "value='1' .str., expected a number",
        ),
        ({"action": "edit", "layer": 1, "unit": 4, "value": 0}, "unit=4, expected"),
        ({"action": "edit", "layer": 1, "unit": 0, "input": 2, "value": 0}, "input=2, expected"),
        ({"action": "back", "all": 1}, "all=1 .int., expected True or False"),
    ],
)
def test_messages_that_do_not_fit_change_nothing(message: dict[str, Any], expected: str) -> None:
    session = Session("seed=4")
    frame(session, epochs=1)
    before, told = frame(session), session.control({"action": "describe"})
    with pytest.raises((ValueError, TypeError), match=expected):
        session.control(message)
    after = frame(session)
    assert after.head == before.head
    assert np.all(after.parameters == before.parameters)
    assert session.control({"action": "describe"}) == told


@pytest.mark.parametrize(
    "message", [{"epochs": -1}, {"epochs": 1001}, {"epochs": "1"}, {"show": 3}, {"show": [4, 0]}]
)
def test_frames_that_do_not_exist_are_refused(message: dict[str, Any]) -> None:
    session = Session("seed=4")
    with pytest.raises((ValueError, TypeError), match="expected"):
        session.frame(message)
    assert frame(session).head["epoch"] == 0

"""Two networks of the playground on the same data, and going back in their training."""

from __future__ import annotations

import time
from threading import Event, Thread

import numpy as np
import pytest

from fastmlp import playground
from fastmlp.playground._model import Model
from fastmlp.playground._race import N_MOMENTS, N_PATH, Race
from fastmlp.playground._session import Session
from fastmlp.playground._state import State
from test_playground_session import frame

TEXT = "seed=4&dataset=xor&rivalOptimizer=adam&rivalLearningRate=0.01"


def race_of(text: str) -> Race:
    return Race(Model(State.parse(text)))


def never() -> bool:
    return False


def test_both_networks_train_as_each_would_alone() -> None:
    session = Session(TEXT)
    first = playground.run("seed=4&dataset=xor", epochs=5)
    second = playground.run("seed=4&dataset=xor&optimizer=adam&learningRate=0.01", epochs=5)
    for epoch in range(6):
        head = frame(session, epochs=int(epoch > 0)).head
        assert (head["epoch"], head["train"], head["test"]) == (epoch, *first.losses[epoch])
        assert [head["rival"]["train"], head["rival"]["test"]] == second.losses[epoch].tolist()


def test_the_map_of_the_rival_is_its_output() -> None:
    session = Session(TEXT)
    start = frame(session)
    np.testing.assert_array_equal(start.rival, start.large)
    shown = frame(session, epochs=30, show=[1, 2])
    second = Session("seed=4&dataset=xor&optimizer=adam&learningRate=0.01")
    np.testing.assert_array_equal(shown.rival, frame(second, epochs=30).large)
    assert frame(Session("seed=4")).rival is None


def test_a_rival_that_is_chosen_starts_both_again_from_the_same_start() -> None:
    session = Session("seed=4&dataset=xor")
    session.control({"action": "restart"})
    first = frame(session)
    frame(session, epochs=3)
    values = {"rivalOptimizer": "lbfgs"}
    assert "rivalOptimizer=lbfgs" in session.control({"action": "set", "values": values})["hash"]
    again = frame(session)
    assert again.head["epoch"] == 0
    np.testing.assert_array_equal(again.parameters, first.parameters)
    assert again.head["rival"] == {"train": first.head["train"], "test": first.head["test"]} | {
        "message": ""
    }
    frame(session, epochs=3)
    session.control({"action": "same_start"})
    assert frame(session).head == again.head
    session.control({"action": "set", "values": {"rivalOptimizer": "none"}})
    assert "rival" not in frame(session).head


def test_a_rate_of_the_rival_changes_within_the_training() -> None:
    session = Session(TEXT)
    before = frame(session, epochs=2)
    session.control({"action": "set", "values": {"rivalLearningRate": "0.1"}})
    rival = session._race.lanes[1].model
    assert (rival.state.learning_rate, rival._trainer.learning_rate) == (0.1, 0.1)
    assert session._model._trainer.learning_rate == 0.03
    assert frame(session).head | {"moments": 1} == before.head


@pytest.mark.parametrize(
    ("key", "kept"), [("learningRate", 1), ("rivalLearningRate", 0), ("discretize", 2)]
)
def test_a_change_leaves_the_other_networks_optimizer_alone(key: str, kept: int) -> None:
    session = Session(f"{TEXT}&batchSize=25&momentum=0.9")
    frame(session, epochs=2)
    value = "true" if key == "discretize" else "0.5"
    session.control({"action": "set", "values": {key: value}})
    steps = [lane.model._trainer.n_steps for lane in session._race.lanes]
    assert steps == [20 if kept in (index, 2) else 0 for index in range(2)]


def test_a_rival_that_does_not_fit_changes_nothing() -> None:
    session = Session("seed=4&schedule=cosine_decay")
    frame(session, epochs=2)
    told, before = session.control({"action": "describe"}), frame(session)
    for more in {}, {"dropout": "0.1"}, {"noise": "20", "seed": "1"}, {"seed": "2"}:
        with pytest.raises(ValueError, match="because the rule adapts"):
            session.control({"action": "set", "values": {"rivalOptimizer": "rprop", **more}})
        assert session.control({"action": "describe"}) == told
        after = frame(session)
        assert after.head == before.head
        np.testing.assert_array_equal(after.parameters, before.parameters)


def test_a_network_that_diverges_stands_still_while_the_other_trains() -> None:
    text = "seed=1&problem=regression&activation=relu&networkShape=8,8"
    session = Session(f"{text}&rivalOptimizer=sgd&rivalLearningRate=1000")
    for _ in range(30):
        head = frame(session, epochs=1).head
    assert (head["epoch"], head["message"]) == (30, "")
    assert "diverged in epoch" in head["rival"]["message"]
    assert head["train"] == playground.run(text, epochs=30).losses[-1, 0]
    session.control({"action": "back", "all": True})
    assert frame(session).head["rival"]["message"] == ""


@pytest.mark.parametrize(
    "text",
    [
        "seed=4&batchSize=7&momentum=0.9&rivalOptimizer=adam",
        "seed=4&batchSize=7&dropout=0.5&inputNoise=0.1&schedule=cosine_decay",
        "seed=4&batchSize=7&regularization=L1&regularizationRate=0.1",
        "seed=4&optimizer=lbfgs",
    ],
)
def test_what_follows_a_step_back_is_what_followed_before(text: str) -> None:
    """To the bit: momentum, carried samples, dropout's draws and dead weights come back too."""
    session = Session(text)
    frame(session, epochs=3)
    expected = [frame(session, epochs=2), frame(session, epochs=3)]
    for _ in range(2):
        session.control({"action": "back"})
        session.control({"action": "back"})
        for old, epochs in zip(expected, (2, 3), strict=True):
            new = frame(session, epochs=epochs)
            assert new.head == old.head
            np.testing.assert_array_equal(new.parameters, old.parameters)


def test_settings_stay_when_the_training_goes_back() -> None:
    session = Session(TEXT)
    frame(session, epochs=2)
    for values in {"learningRate": "0.3"}, {"discretize": "true"}, {"rivalLearningRate": "0.5"}:
        session.control({"action": "set", "values": values})
    told = session.control({"action": "back"})
    for pair in "learningRate=0.3", "discretize=true", "rivalLearningRate=0.5":
        assert pair in told["hash"].split("&")
    rates = [lane.model._trainer.learning_rate for lane in session._race.lanes]
    assert rates == [0.3, 0.5]


def test_moments_and_paths_are_bounded() -> None:
    race = race_of("seed=4")
    for _ in range(N_MOMENTS + 60):
        race.train(1, never)
    assert race.n_moments == N_MOMENTS
    (path,) = race.paths
    assert N_PATH / 2 <= len(path) <= N_PATH
    np.testing.assert_array_equal(path[-1], race.model.network.parameters)
    np.testing.assert_array_equal(path[0], race_of("seed=4").model.network.parameters)
    race.back(to_start=True)
    assert race.model.epoch == 60
    assert len(race.paths[0]) <= 62
    large = race_of("seed=4&networkShape=256,256,256,256,256,256,256,256,256")
    assert large._past.maxlen == (1 << 27) // (3 * large.model.network.parameters.nbytes) < 20
    assert large.paths == [[]]


def test_a_session_that_is_closed_trains_no_more() -> None:
    """Not even in the message that it is carrying out."""
    session = Session("seed=4&networkShape=256,256,256,256,256,256,256,256&batchSize=1")
    started = Event()
    epochs = 1000

    def ask() -> None:
        started.set()
        session.frame({"epochs": epochs})

    thread = Thread(target=ask)
    thread.start()
    started.wait()
    time.sleep(0.05)
    session.close()
    thread.join(60)
    assert not thread.is_alive()
    assert session._model.epoch <= 1


@pytest.mark.parametrize(
    ("text", "n_batches"),
    [
        ("seed=4&batchSize=70", 3),
        ("seed=4&batchSize=70&regularization=L1&regularizationRate=0.1", 3),
        ("seed=4&batchSize=250&momentum=0.9", 1),
        ("seed=4&batchSize=251", 1),
        ("seed=4&optimizer=lbfgs", 1),
    ],
)
def test_single_batches_make_the_epochs_of_a_run(text: str, n_batches: int) -> None:
    """A batch at a time, with the samples that are carried, in the middle of an epoch too."""
    session, run = Session(text), playground.run(text, epochs=4)
    for epoch in (1, 2):
        for batch in range(n_batches):
            assert session._model.epoch == epoch - 1
            before = frame(session).parameters
            shown = frame(session, batch=True)
            assert np.any(shown.parameters != before) or "251" in text
            assert shown.head["moments"] == (epoch - 1) * n_batches + batch + 1
        assert (shown.head["epoch"], shown.head["train"]) == (epoch, run.losses[epoch, 0])
    frame(session, batch=True)
    rest = frame(session, epochs=1 if n_batches > 1 else 0).head
    assert (rest["epoch"], rest["train"]) == (3, run.losses[3, 0])
    session.control({"action": "back"})
    assert frame(session, epochs=1 if n_batches > 1 else 2).head["train"] in run.losses[3:5, 0]


def test_a_batch_that_diverges_is_told() -> None:
    session = Session("seed=1&problem=regression&activation=relu&learningRate=1000")
    for _ in range(200):
        told = frame(session, batch=True).head
    assert "diverged in epoch 1, step" in told["message"]
    with pytest.raises(TypeError, match="batch=2"):
        session.frame({"batch": 2})

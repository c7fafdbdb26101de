"""What the playground offers beyond the original: classes, losses, schedules, layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import playground
from fastmlp.playground import _model
from fastmlp.playground._choices import ACTIVATIONS, CHOICES, LOSSES, MAX_PARAMETERS
from fastmlp.playground._datasets import CLASSES, N_POINTS, shuffled
from fastmlp.playground._model import Model, Stopped
from fastmlp.playground._picture import class_shades
from fastmlp.playground._random import Random
from fastmlp.playground._session import Session
from fastmlp.playground._state import State

START = "seed=1&batchSize=25&percTrainData=50&learningRate=0.1"  # ten steps an epoch


def trained(text: str, layers: list[Any], loss: str, rule: Any, targets: Any) -> None:
    """`run` ends where a trainer of these layers does that starts at the same weights."""
    run, start = playground.run(text, epochs=3), playground.run(text, epochs=0).network
    network = fm.Network(layers, inputs=2, dtype="float64", seed=0)
    network.parameters = start.parameters
    trainer = fm.Trainer(network, loss, rule, batch_size=25, shuffle=False)
    X, y = run.points[:250, :2], targets(run.points[:250, 2])
    assert network.loss(X, y, loss=loss) == run.losses[0, 0]
    for _ in range(3):
        trainer.epoch(X, y)
    np.testing.assert_allclose(run.network.parameters, network.parameters, rtol=1e-12, atol=1e-15)
    assert network.loss(X, y, loss=loss) == pytest.approx(run.losses[3, 0], rel=1e-12)


def same(labels: Any) -> Any:
    return labels


@pytest.mark.parametrize("name", LOSSES["classification"])
def test_losses_of_two_classes_have_their_outputs_and_labels(name: str) -> None:
    output = LOSSES["classification"][name]
    layers = [fm.Dense(4, "tanh"), fm.Dense(2, "tanh"), fm.Dense(1, output)]
    targets = (lambda y: (y + 1) / 2) if name == "binary_cross_entropy" else same
    trained(f"{START}&loss={name}", layers, name, fm.SGD(0.1), targets)


@pytest.mark.parametrize("name", LOSSES["classes"])
def test_losses_of_four_classes_have_their_outputs(name: str) -> None:
    output = LOSSES["classes"][name]
    layers = [fm.Dense(4, "tanh"), fm.Dense(2, "tanh"), fm.Dense(4, output)]
    text = f"{START}&classes=4&dataset=gauss&loss={name}"
    trained(text, layers, name, fm.SGD(0.1), lambda y: y.astype(int))


def test_softmax_with_cross_entropy_learns_six_clouds() -> None:
    run = playground.run(f"{START}&classes=6&dataset=gauss&networkShape=8", epochs=60)
    outputs = run.network.predict(run.points[:, :2])
    np.testing.assert_allclose(outputs.sum(1), 1, rtol=1e-12)
    assert np.mean(outputs.argmax(1) == run.points[:, 2]) > 0.95


@pytest.mark.parametrize("problem", ["classification", "regression"])
def test_a_loss_of_another_problem_counts_as_the_default(problem: str) -> None:
    state = State.parse(f"seed=1&problem={problem}&loss=cross_entropy")
    assert (state.loss, state.loss_name) == ("cross_entropy", "squared_error")
    assert state.replace(problem="classification", classes=3).loss_name == "cross_entropy"


@pytest.mark.parametrize("classes", [3, 6])
@pytest.mark.parametrize("name", CLASSES)
def test_data_sets_of_more_classes(name: str, classes: int) -> None:
    points = np.array(shuffled("classification", name, 0.0, Random("a"), classes))
    assert points.shape == (N_POINTS["classification"], 3)
    assert np.all(np.abs(points) <= 6)
    counts = np.bincount(points[:, 2].astype(int), minlength=classes)
    assert np.all(np.abs(counts - 500 / classes) <= 1)
    noisy = np.array(shuffled("classification", name, 0.5, Random("a"), classes))
    assert set(noisy[:, 2]) == set(range(classes))
    radius, angle = np.hypot(*points.T[:2]), np.arctan2(*points.T[:2]) % (2 * np.pi)
    label = {
        "circle": radius / (5 / classes),
        "xor": angle / (2 * np.pi / classes),
        "gauss": (angle / (2 * np.pi / classes) + 0.5) % classes,
        "spiral": (angle / (2 * np.pi / classes) - radius / 5 * classes) % classes,
    }[name]
    expected = np.rint(label) % classes if name == "spiral" else np.floor(label)
    assert np.mean(expected == points[:, 2]) > (0.9 if name == "gauss" else 0.999)


def test_layers_have_activations_of_their_own() -> None:
    text = f"{START}&networkShape=4,3,2&activations=relu,,sigmoid&activation=gelu"
    names = ["relu", "gelu", "sigmoid"]
    sizes = zip((4, 3, 2), names, strict=True)
    layers = [fm.Dense(units, name) for units, name in sizes] + [fm.Dense(1, "tanh")]
    trained(text, layers, "squared_error", fm.SGD(0.1), same)
    assert Model(State.parse(text)).state.hidden_activations == names
    assert State.parse(f"{text}&activations=x,tanh").hidden_activations == ["gelu", "tanh", "gelu"]


SCHEDULES = {
    "constant": 0.1,
    "exponential_decay": fm.ExponentialDecay(0.1, math.log(10) / 20),
    "inverse_time_decay": fm.InverseTimeDecay(0.1, 9 / 20),
    "step_decay": fm.StepDecay(0.1, 20),
    "polynomial_decay": fm.PolynomialDecay(0.1, 20),
    "cosine_decay": fm.CosineDecay(0.1, 20),
    "one_cycle": fm.OneCycle(0.1, 20),
}


@pytest.mark.parametrize("name", CHOICES["schedule"])
def test_schedules_come_to_their_end_in_the_epochs_given(name: str) -> None:
    layers = [fm.Dense(4, "tanh"), fm.Dense(2, "tanh"), fm.Dense(1, "tanh")]
    text = f"{START}&schedule={name}&scheduleEpochs=2&clipNorm=0.05"
    rule = fm.SGD(SCHEDULES[name], clip_norm=0.05)
    trained(text, layers, "squared_error", rule, same)


def test_l1_follows_the_rate_of_the_schedule() -> None:
    penalty = "regularization=L1&regularizationRate=0.001&scheduleEpochs=1000000000"
    slow = playground.run(f"{START}&{penalty}&schedule=cosine_decay", epochs=5)
    constant = playground.run(f"{START}&{penalty}", epochs=5)
    np.testing.assert_allclose(slow.losses, constant.losses, rtol=1e-7)
    ended = f"{START}&{penalty}&schedule=cosine_decay".replace("1000000000", "1")
    model = Model(State.parse(ended))
    model.train(1)
    before = model.network.parameters.copy()
    model.train(2)
    np.testing.assert_array_equal(model.network.parameters, before)


def test_dropout_and_noise_act_in_training_alone() -> None:
    layers = [
        *(fm.GaussianNoise(0.3), fm.Dense(4, "tanh"), fm.Dropout(0.5)),
        *(fm.Dense(2, "tanh"), fm.Dropout(0.5), fm.Dense(1, "tanh")),
    ]
    text = f"{START}&dropout=0.5&inputNoise=0.3"
    plain, noisy = playground.run(START, epochs=3), playground.run(text, epochs=3)
    assert [type(layer) for layer in noisy.network.layers] == [type(layer) for layer in layers]
    assert noisy.network.layers[0] == layers[0]
    assert noisy.network.layers[2] == layers[2]
    assert np.all(noisy.losses[0] == plain.losses[0])
    assert not np.any(noisy.losses[1:] == plain.losses[1:])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_trains(name: str) -> None:
    losses = playground.run(f"{START}&activation={name}&dataset=gauss", epochs=10).losses
    assert losses[-1, 0] < losses[0, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes=7", "classes=7, expected 2 to 6 classes"),
        ("classes=1", "classes=1, expected 2 to 6 classes"),
        ("clipNorm=-1", "clipNorm=-1.0, expected a number >= 0"),
        ("dropout=1", "dropout=1.0, expected 0 <= dropout < 1"),
        ("inputNoise=-1", "inputNoise=-1.0, expected a number >= 0"),
        ("scheduleEpochs=0", "scheduleEpochs=0, expected an integer >= 1"),
        ("rivalLearningRate=0", "rivalLearningRate=0.0, expected a number > 0"),
        (
            "optimizer=newton&networkShape=40,40",
            "optimizer='newton', expected at most 1000 parameters with it, not 1801",
        ),
        (
            "rivalOptimizer=hessian_free&networkShape=256,256",
            "rivalOptimizer='hessian_free', expected at most 20000 parameters with it, not 66817",
        ),
        (
            "optimizer=levenberg_marquardt&loss=hinge",
            "optimizer='levenberg_marquardt', expected loss=squared_error with it",
        ),
        ("optimizer=rprop&schedule=cosine_decay", "expected a number, because the rule adapts"),
    ],
)
def test_settings_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        playground.run(text)


MANY = "seed=1&problem=regression&percTrainData=90"  # 1080 points to train on


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("optimizer=newton&networkShape=129", True),  # 517 parameters
        ("optimizer=newton&networkShape=133", False),
        ("optimizer=levenberg_marquardt&networkShape=249", True),
        ("optimizer=saddle_free_newton&networkShape=64,64", True),
        ("optimizer=saddle_free_newton&networkShape=67,67", False),
        ("optimizer=hessian_free&networkShape=67,67", False),
        ("batchSize=1080&networkShape=" + ",".join(["256"] * 14), True),  # 856,321
        ("batchSize=1080&networkShape=" + ",".join(["256"] * 16), False),
        ("batchSize=30&networkShape=" + ",".join(["256"] * 32), True),
    ],
)
def test_steps_that_would_take_long_are_refused(text: str, fits: bool) -> None:
    state = State.parse(f"{MANY}&{text}")
    if fits:
        assert Model(state).network.n_parameters == state.n_parameters
    else:
        with pytest.raises(ValueError, match=r"a smaller network with it, or fewer than 1080 poi"):
            Model(state)


def test_a_large_network_takes_no_table_of_many_points() -> None:
    text = "networkShape=" + ",".join(["256"] * 32)
    table = "\n".join(f"{index},{index % 7},{index % 2}" for index in range(3000))
    session = Session("seed=1", table)
    told = session.control({"action": "describe"})
    with pytest.raises(ValueError, match="a smaller network, or fewer than 3000 points"):
        session.control({"action": "set", "values": {"networkShape": text.partition("=")[2]}})
    assert session.control({"action": "describe"}) == told


@pytest.mark.parametrize("name", MAX_PARAMETERS)
def test_a_setting_that_does_not_fit_changes_nothing_in_a_session(name: str) -> None:
    session = Session("seed=1&networkShape=256,256")
    before = session.control({"action": "describe"})
    with pytest.raises(ValueError, match="parameters with it"):
        session.control({"action": "set", "values": {"optimizer": name}})
    assert session.control({"action": "describe"}) == before


def test_the_map_of_classes_has_the_likeliest_and_how_likely() -> None:
    outputs = np.array([[1, 0, 0], [0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]], np.float32)
    assert class_shades(outputs).tolist() == [41, 42 + 10, 0, 2 * 42 + 41]


def test_a_stop_ends_an_epoch_between_native_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a network so large that an epoch needs several."""
    n_batches = 3
    monkeypatch.setattr(_model, "CALL_OPERATIONS", 6.0 * 25 * 25 * n_batches)
    model = Model(State.parse(START))
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(model._trainer.n_steps)
        return len(asked) == 3

    with pytest.raises(Stopped):
        model.train(1, stopped)
    assert asked == [1, 4, 7]
    assert model.epoch == 0

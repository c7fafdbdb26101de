"""`fastmlp.playground`: the numbers of TensorFlow Playground, by its URL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from fastmlp import playground
from fastmlp.playground._choices import ACTIVATIONS as NAMES
from fastmlp.playground._choices import CHOICES, FEATURES
from fastmlp.playground._datasets import DATASETS, N_POINTS, shuffled
from fastmlp.playground._model import Model
from fastmlp.playground._random import Random
from fastmlp.playground._state import State
from playground_oracle import ACTIVATIONS, OracleNetwork

# Every tenth point, the first weights, and losses of 20 epochs, as the original's code (commit
# 02469bd) computes them.
GOLDEN = np.load(Path(__file__).parent / "data/playground.npz")
N_GOLDEN = 6


@pytest.mark.parametrize("case", range(N_GOLDEN))
def test_a_url_of_the_original_has_its_points_start_and_losses(case: int) -> None:
    url = "https://playground.tensorflow.org/#" + str(GOLDEN[f"hash_{case}"])
    run = playground.run(url, epochs=20)
    np.testing.assert_allclose(run.points[::10], GOLDEN[f"points_{case}"], rtol=0, atol=1e-14)
    assert run.n_train == GOLDEN[f"n_train_{case}"]
    np.testing.assert_allclose(run.losses, GOLDEN[f"losses_{case}"], rtol=0, atol=1e-12)
    start = playground.run(url, epochs=0).network
    weights = np.concatenate([W.T.ravel() for W in start.weights])
    np.testing.assert_array_equal(weights, GOLDEN[f"initial_{case}"])
    assert all(np.all(bias == 0.1) for bias in start.biases)


@pytest.mark.parametrize("penalty", CHOICES["regularization"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("size", "problem"), [(7, "regression"), (30, "classification")])
def test_training_is_that_of_the_plain_oracle(
    penalty: str, activation: str, size: int, problem: str
) -> None:
    """With batches that do not divide the samples, so that some are carried over."""
    text = (
        f"seed=3&activation={activation}&regularization={penalty}&regularizationRate=0.03&"
        f"batchSize={size}&problem={problem}&dataset=gauss&noise=30&percTrainData=10&"
        "networkShape=3,2&sinX=true&xTimesY=true&learningRate=0.03"
    )
    run = playground.run(text, epochs=6)
    start = playground.run(text, epochs=0).network
    output = "tanh" if problem == "classification" else "linear"
    names = [activation, activation, output]
    W, b = [w.T for w in start.weights], [v for v in start.biases if v is not None]
    oracle = OracleNetwork(W, b, names)
    x, y, label = run.points.T
    X = np.column_stack([x, y, x * y, np.sin(x)])
    n = run.n_train
    assert n % size != 0
    for losses in run.losses:
        expected = [oracle.loss(X[:n], label[:n]), oracle.loss(X[n:], label[n:])]
        np.testing.assert_allclose(losses, expected, rtol=1e-11, atol=1e-13)
        oracle.epoch(X[:n], label[:n], size, 0.03, penalty, 0.03)


def test_l1_leaves_weights_at_zero_for_good() -> None:
    model = Model(State.parse("seed=1&regularization=L1&regularizationRate=0.1&networkShape=8,8"))
    model.train(20)
    dead = np.flatnonzero(model.network.parameters == 0)
    assert len(dead) > 5
    model.train(5)
    assert np.all(model.network.parameters[dead] == 0)


def test_a_batch_larger_than_the_data_never_becomes_full() -> None:
    losses = playground.run("seed=1&batchSize=251", epochs=3).losses
    assert np.all(losses == losses[0])
    assert playground.run("seed=1&batchSize=250", epochs=1).losses[1, 0] < losses[0, 0]


def test_a_restart_draws_new_weights_on_the_same_points() -> None:
    model = Model(State.parse("seed=1"))
    first, points = model.network.parameters.copy(), model.points.copy()
    model.train(3)
    model.restart(model.state)
    assert model.epoch == 0
    assert np.all(model.points == points)
    assert not np.any(model.network.weights[0].T.ravel() == first[:8])
    twin = Model(State.parse("seed=1"))
    twin.restart(twin.state)
    assert np.all(twin.network.parameters == model.network.parameters)


def test_init_zero_starts_at_zero_with_the_same_stream() -> None:
    zero, plain = Model(State.parse("seed=1&initZero=true")), Model(State.parse("seed=1"))
    assert np.all(zero.network.parameters == 0)
    assert zero._random() == plain._random()


@pytest.mark.parametrize("name", [*fm._core.optimizers, *fm._core.methods])
def test_every_rule_and_method_trains(name: str) -> None:
    text = f"seed=1&optimizer={name}&activation=elu&regularization=L2&regularizationRate=0.01"
    run = playground.run(text, epochs=4)
    start = playground.run(text, epochs=0).network
    family, rate = (
        (fm._core.methods, ()) if name in fm._core.methods else (fm._core.optimizers, (0.03,))
    )
    size = None if name in fm._core.methods else 10
    trainer = fm.Trainer(
        start, "squared_error", family[name](*rate), batch_size=size, shuffle=False, l2=0.01
    )
    for _ in range(4):
        trainer.epoch(run.points[:250, :2], run.points[:250, 2])
    np.testing.assert_allclose(run.network.parameters, start.parameters, rtol=1e-9, atol=1e-12)


def test_momentum_is_that_of_sgd() -> None:
    start = playground.run("seed=1", epochs=0).network
    run = playground.run("seed=1&momentum=0.9", epochs=3)
    rule = fm.SGD(0.03, momentum=0.9)
    trainer = fm.Trainer(start, "squared_error", rule, batch_size=10, shuffle=False)
    for _ in range(3):
        trainer.epoch(run.points[:250, :2], run.points[:250, 2])
    np.testing.assert_allclose(run.network.parameters, start.parameters, rtol=1e-12)


def test_the_learning_rate_changes_without_a_restart() -> None:
    model = Model(State.parse("seed=1"))
    model.train(2)
    before = model.network.parameters.copy()
    model.go_on(model.state.replace(learning_rate=0.3))
    assert np.all(model.network.parameters == before)
    assert (model.epoch, model.state.learning_rate) == (2, 0.3)


@pytest.mark.parametrize("options", ["", "&regularization=L1", "&optimizer=lbfgs"])
def test_the_network_counts_the_epochs_of_the_page(options: str) -> None:
    """However many native calls, and single batches, an epoch takes."""
    run = playground.run(f"#seed=1&batchSize=30{options}", epochs=3)
    assert run.network.epochs_trained == 3
    model = Model(State.parse(f"seed=1&batchSize=100{options}"))
    for epoch in (0, 1, 1, 2) if "optimizer" not in options else (1, 2, 3, 4):
        model.train_batch()
        assert model.network.epochs_trained == model.epoch == epoch
    with pytest.warns(fm.TrainingWarning, match="diverged in epoch"):
        run = playground.run("#seed=1&activation=linear&problem=regression&learningRate=1000", 5)
    assert run.network.epochs_trained == np.isfinite(run.losses[1:, 0]).sum()


def test_a_divergence_is_said_and_leaves_nan() -> None:
    url = "seed=1&problem=regression&activation=relu&learningRate=1000&networkShape=8,8"
    with pytest.warns(fm.TrainingWarning, match=r"playground.run: .* try a smaller learning rate"):
        losses = playground.run(url, epochs=30).losses
    assert np.isfinite(losses[0]).all()
    assert np.isnan(losses[-1]).all()


@pytest.mark.parametrize(
    ("problem", "name"), [(p, n) for p, some in DATASETS.items() for n in some]
)
def test_data_sets_keep_inside_the_picture_without_noise(problem: str, name: str) -> None:
    points = np.array(shuffled(problem, name, 0.0, Random("a")))
    assert points.shape == (N_POINTS[problem], 3)
    assert np.all(np.abs(points) <= 6)
    assert {-1.0, 1.0} == set(points[:, 2]) or problem == "regression"


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=300))
def test_any_text_seeds_the_generator(seed: str) -> None:
    draws, again = Random(seed), Random(seed)
    values = [draws() for _ in range(5)]
    assert all(0 <= value < 1 for value in values)
    assert values == [again() for _ in range(5)]


def test_a_seed_gives_the_numbers_of_seedrandom() -> None:
    """Those printed in the documentation of the library."""
    assert Random("hello.")() == 0.9282578795792454


TEXTS = {name: st.sampled_from(some) for name, some in CHOICES.items()}
STATES = st.builds(
    State,
    **TEXTS | {name: st.sampled_from(["sgd", "adam"]) for name in ("optimizer", "rival_optimizer")},
    activations=st.lists(st.sampled_from(list(NAMES)), max_size=3).map(tuple),
    classes=st.integers(2, 6),
    clip_norm=st.floats(0, 10),
    schedule_epochs=st.integers(1, 1000),
    dropout=st.floats(0, 0.99),
    input_noise=st.floats(0, 9),
    rival_learning_rate=st.floats(1e-9, 1e3),
    momentum=st.floats(0, 0.999),
    batch_size=st.integers(1, 1000),
    learning_rate=st.floats(1e-9, 1e3),
    regularization_rate=st.floats(0, 10),
    noise=st.floats(0, 80),
    network_shape=st.lists(st.integers(1, 256), max_size=32).map(tuple),
    seed=st.sampled_from(["0.5", "abc", "ü"]),
    perc_train_data=st.integers(1, 99).map(float),
    y=st.booleans(),
    sin_x=st.booleans(),
    hidden=st.frozensets(st.sampled_from(["dataset", "playButton"])),
)


@given(STATES)
def test_a_state_survives_its_hash(state: State) -> None:
    assert State.parse(f"http://127.0.0.1/#{state.to_hash()}") == state


def test_what_is_not_known_counts_as_absent() -> None:
    text = "activation=swish&dataset=&problem=x&color=red&&=&noise=-3&x=yes&y=false&seed=1"
    assert State.parse(text) == State(seed="1", y=False)
    assert State.parse("noise=90").noise == 50
    assert State.parse("noise=80").noise == 80
    assert State.parse("networkShape=").network_shape == ()
    assert State.parse("http://x/y?seed=2#seed=3").seed == "3"
    assert State.parse("https://playground.tensorflow.org/").features == ("x", "y")
    assert 0 <= float(State.parse("").seed) < 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learningRate=fast", "learningRate='fast', expected a number"),
        ("momentum=1", "momentum=1.0, expected 0 <= momentum < 1"),
        (
            "optimizer=newton&regularization=L1",
            "optimizer='newton', expected a rule with a learning rate, where regularization=L1",
        ),
        ("learningRate=0", "learningRate=0.0, expected a number > 0"),
        ("noise=nan", "noise='nan', expected a finite number"),
        ("batchSize=2.5", "batchSize='2.5', expected an integer"),
        ("batchSize=0", "batchSize=0, expected an integer >= 1"),
        ("regularizationRate=-1", "regularizationRate=-1.0, expected a number >= 0"),
        ("percTrainData=100", "percTrainData=100.0, expected a percentage from 1 to 99"),
        ("networkShape=4,0", r"networkShape=\[4, 0\], expected 1 to 256 units per layer"),
        ("networkShape=" + "1," * 32 + "1", "expected at most 32 hidden layers"),
        ("x=false&y=false", "x=False, expected at least one feature"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^playground.run: .*{message}$"):
        playground.run(text, epochs=1)


def test_arguments_of_the_wrong_kind_are_refused() -> None:
    with pytest.raises(TypeError, match=r"playground.run: url=5 \(int\), expected a str"):
        playground.run(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"playground.run: epochs=-1, expected an integer >= 0"):
        playground.run("", epochs=-1)


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_is_one_input(feature: str) -> None:
    chosen = {name: name == feature for name in FEATURES}
    model = Model(State(seed="1", **chosen))
    assert model.network.n_inputs == 1
    x, y = model.points[:, 0], model.points[:, 1]
    expected = {
        "x": x,
        "y": y,
        "x_squared": x**2,
        "y_squared": y**2,
        "x_times_y": x * y,
        "sin_x": np.sin(x),
        "sin_y": np.sin(y),
    }[feature]
    np.testing.assert_array_equal(model._inputs[:, 0], expected)

"""Data-parallel training with weights of single terms, own activations and observed epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from distributed_cases import N, check_equal_to_serial, consecutive, data, dealt, fitted, network
from own_activation_cases import LAYERS, OWN
from reference import Array

RNG = np.random.default_rng(3)
TERMS = RNG.uniform(0.1, 3, (N, 2)) * (RNG.random((N, 2)) < 0.8)
TERMS[4] = 0
CUTS = ([10, 47], [0, 47], [30, 30, 47])  # the second and the third have a rank without rows


def labels() -> tuple[Array, Array]:
    X, y = data()
    return X, (y > 0.2).astype(float)


def label_network() -> fm.Network:
    return fm.Network([3, 5, 2], output="sigmoid", dtype="float64", seed=2)


def classes() -> tuple[Array, Array]:
    X, y = data(3)
    return X, y.argmax(axis=1)


def class_network() -> fm.Network:
    return fm.Network([3, 5, 3], output="softmax", dtype="float64", seed=2)


@pytest.mark.parametrize("weighting", ["set", "batch"])
def test_weights_of_terms_are_those_of_the_whole_batch(weighting: str) -> None:
    given: dict[str, Any] = {"weighting": weighting, "l2": 0.1, "l2_scale": "batch_weight"}
    check_equal_to_serial(
        network, (*data(), TERMS), metrics=["r2", "mae"], validation_split=0.3, **given
    )
    for cuts in CUTS:
        check_equal_to_serial(
            network, (*data(), TERMS), (len(cuts),), rows=consecutive(cuts), metrics="rmse"
        )


@pytest.mark.parametrize(
    "optimizer", [fm.LBFGS(), fm.HessianFree(), fm.LevenbergMarquardt(), fm.BFGS()], ids=repr
)
def test_methods_that_search_have_weights_of_terms(optimizer: Any) -> None:
    check_equal_to_serial(
        network, (*data(), TERMS), (2,), 1e-7, optimizer=optimizer, batch_size=None, epochs=4
    )


def test_one_rank_alone_may_have_weights_of_terms() -> None:
    """Those of the others are 1."""
    X, y = data()
    terms = np.ones((N, 2))
    terms[:20] = TERMS[:20]

    def rows(comm: Any, *arrays: Any) -> tuple[Any, ...]:
        X, y, weights = consecutive([20, N])(comm, *arrays)
        return X, y, None if comm is not None and comm.rank == 1 else weights

    check_equal_to_serial(network, (X, y, terms), (2,), rows=rows, metrics=["r2"])


@pytest.mark.parametrize("weight", [[1, (1, 5)], {1: (2, 0.5)}, [(1, 3), {0: 0.5, 1: 2}]], ids=str)
def test_class_weights_of_labels_are_those_of_one_process(weight: Any) -> None:
    names = ["accuracy", "f1", "auc"]
    check_equal_to_serial(label_network, (*labels(), TERMS), class_weight=weight, metrics=names)
    for cuts in CUTS:
        given = {"class_weight": weight, "metrics": names}
        check_equal_to_serial(
            label_network, labels(), (len(cuts),), rows=consecutive(cuts), **given
        )


@pytest.mark.parametrize("weight", [[1, 0.2, 3], {0: 2.0}], ids=str)
def test_class_weights_serve_ranks_without_rows(weight: Any) -> None:
    for arrays in (classes(), (classes()[0], np.eye(3)[classes()[1]])):
        check_equal_to_serial(
            class_network, arrays, (2,), rows=consecutive([0, N]), class_weight=weight
        )


def test_missing_targets_and_weights_of_terms_are_left_out_together() -> None:
    X, y = data()
    y[::3, 0] = np.nan
    y[::9] = np.nan
    given: dict[str, Any] = {"missing": "mask", "metrics": ["rmse", "r2"]}
    check_equal_to_serial(network, (X, y, TERMS), **given)
    for cuts in CUTS:
        check_equal_to_serial(network, (X, y, TERMS), (len(cuts),), rows=consecutive(cuts), **given)


@pytest.mark.parametrize("cuts", [None, [0, N]], ids=["dealt", "empty"])
def test_weights_of_steps_and_lengths_are_those_of_one_process(cuts: list[int] | None) -> None:
    X, _ = data(inputs=12)
    y, weights = np.sin(np.cumsum(X[:, ::2], axis=1)), RNG.uniform(size=(N, 6))
    lengths = RNG.integers(1, 7, N)

    def losses(comm: Any) -> list[float]:
        net = network(fm.GRU(4, sequences=True), fm.Conv1D(1, 1), inputs=(6, 2))
        rows = consecutive(cuts) if cuts else dealt
        X_here, y_here, w_here, steps = rows(comm, X, y, weights, lengths)
        history = net.fit(
            X_here, y_here, sample_weight=w_here, lengths=steps, epochs=3, metrics="mae", comm=comm
        )
        return [*history["loss"], *history["mae"]]

    for ranks in fm.distributed.run_threads(losses, 2):
        np.testing.assert_allclose(ranks, losses(None), rtol=1e-12)


def test_steps_and_gradients_have_weights_of_terms() -> None:
    X, y = data()

    def steps(comm: Any) -> list[float]:
        trainer = fm.Trainer(network(), comm=comm, optimizer=fm.SGD(0.1))
        rows, targets, weights = dealt(comm, X, y, TERMS)
        return [
            trainer.step(rows, targets, weights),
            trainer.epoch(rows, targets, sample_weight=weights),
        ]

    for ranks in fm.distributed.run_threads(steps, 3):
        np.testing.assert_allclose(ranks, steps(None), rtol=1e-12)
    loss, weight, _ = fm.Trainer(network()).gradient(X, y, TERMS)
    assert loss == pytest.approx(network().loss(X, y, sample_weight=TERMS))
    assert weight == pytest.approx(TERMS.mean(axis=1).sum())


@pytest.mark.parametrize(
    ("call", "given", "text"),
    [
        ("epoch", {"class_weight": "balanced"}, "class_weight='balanced', expected numbers"),
        ("step", {"class_weight": "balanced"}, "class_weight='balanced', expected numbers"),
        (
            "step",
            {"class_weight": ["balanced", 1]},
            r"class_weight=\['balanced', 1\], expected num",
        ),
        ("epoch", {"class_weight": {1: "balanced"}}, "class_weight={1: 'balanced'}, expected num"),
        ("epoch", {"sample_weight": 1e-306}, "the largest weight is 1e-306, expected one from"),
        (
            "epoch",
            {"sample_weight": [1e-306, 0]},
            "the largest weight is 1e-306, expected one from",
        ),
    ],
)
def test_weights_that_follow_from_all_samples_are_refused(
    call: str, given: dict[str, Any], text: str
) -> None:
    X, y = labels()
    if "sample_weight" in given:
        weights = np.array(given["sample_weight"])
        given = {"sample_weight": np.broadcast_to(weights, (24, *weights.shape))}

    def train(comm: Any) -> str:
        rows = slice(24) if comm.rank == 0 else slice(24, 48)
        trainer, arrays = fm.Trainer(label_network(), comm=comm), [X[rows], y[rows]]
        here = {} if comm.rank == 1 and "sample_weight" in given else given
        with pytest.raises(ValueError, match=text) as error:
            getattr(trainer, call)(*arrays, **here)
        return str(error.value)

    first, second = fm.distributed.run_threads(train, 2)
    assert first == second


@pytest.mark.parametrize("kind", ["dense", "skip", "convolution", "recurrent"])
def test_own_activations_make_the_steps_of_one_process(kind: str) -> None:
    inputs, layers = LAYERS[kind]
    rng = np.random.default_rng(5)
    net = fm.Network(layers("tanh"), inputs=inputs, seed=0)
    X, y = rng.normal(size=(N, *net.input_shape)), rng.uniform(-0.8, 0.8, size=(N, 3))

    def make() -> fm.Network:
        return fm.Network(layers(OWN), inputs=inputs, dtype="float64", seed=1)

    check_equal_to_serial(make, (X, y), metrics="r2")
    check_equal_to_serial(make, (X, y), (2,), 1e-7, optimizer=fm.LBFGS(), batch_size=None)


def test_ranks_are_told_apart_by_the_names_of_their_activations() -> None:
    """Other objects with the functions of the same name are the same activation."""

    def made(k: int) -> Any:
        def own(a: Array) -> Array:
            return np.tanh(a)

        def slope(a: Array) -> Array:
            return 1 / np.cosh(a) ** 2

        def other(a: Array) -> Array:
            return np.tanh(a)

        return fm.Activation(other if k else own, slope)

    def train(comm: Any, same: bool) -> str:
        net = network(fm.Dense(5, made(0 if same else comm.rank)), fm.Dense(2))
        try:
            return net.fit(*dealt(comm, *data()), epochs=2, comm=comm).status
        except ValueError as error:
            return str(error)

    assert fm.distributed.run_threads(lambda comm: train(comm, True), 2) == ["max_steps"] * 2
    (message,) = set(fm.distributed.run_threads(lambda comm: train(comm, False), 2))
    assert message.startswith("fit: rank 1 has layers=")


def test_checkpoints_of_own_activations_resume_on_ranks(tmp_path: Path) -> None:
    def train(comm: Any, file: Path | None, epochs: int) -> Array:
        net = network(fm.Dense(5, OWN), fm.Dense(2))
        net.fit(*dealt(comm, *data()), epochs=epochs, checkpoint=file, comm=comm)
        return net.parameters.copy()

    whole = fm.distributed.run_threads(lambda comm: train(comm, None, 6), 2)
    fm.distributed.run_threads(lambda comm: train(comm, tmp_path / "run", 3), 2)
    resumed = fm.distributed.run_threads(lambda comm: train(comm, tmp_path / "run", 6), 2)
    assert np.array_equal(whole, resumed)


class Observer:
    """What a callback sees after each epoch: the number, the loss, and the parameters."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def set_trainer(self, trainer: fm.Trainer) -> None:
        self.trainer = trainer

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        w = self.trainer.network.parameters
        self.seen.append((epoch, logs["loss"], self.trainer._loop.training_loss(), *w))


@pytest.mark.parametrize("average", [None, fm.Polyak(beta=0.9)], ids=str)
def test_callbacks_see_what_they_see_in_one_process(average: Any) -> None:
    """The network has the average after each epoch."""

    def observed(comm: Any) -> Array:
        observer, optimizer = Observer(), fm.Adam(0.01, average=average)
        given: dict[str, Any] = {"validation_split": 0.2, "max_seconds": 1e6, "l2": 0.1}
        rows = dealt(comm, *data())
        network().fit(*rows, optimizer=optimizer, epochs=5, callbacks=observer, comm=comm, **given)
        return np.array(observer.seen)

    for ranks in fm.distributed.run_threads(observed, 3):
        np.testing.assert_allclose(ranks, observed(None), rtol=1e-10)


def rate_that_leaps(epoch: int) -> float:
    return 0.1 if epoch < 3 else 1e200


@pytest.mark.parametrize("metrics", [(), "r2"], ids=["unobserved", "observed"])
@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
def test_a_run_that_diverges_later_goes_back_by_one_epoch(metrics: Any) -> None:
    """To the last epoch of finite parameters, on all ranks."""
    given = {"optimizer": fm.SGD(rate_that_leaps), "metrics": metrics, "epochs": 9}
    check_equal_to_serial(network, data(), (2,), **given)
    _, losses, status = fitted(None, network, data(), **given)[0]
    assert (len(losses["loss"]), status) == (3, "not_finite")

"""Data-parallel training: any number of ranks makes the steps of one process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from distributed_cases import check_equal_to_serial, consecutive, data, dealt, network
from fastmlp import _core
from problems import squared

RULES = [*_core.optimizers.values()]
METHODS = [*_core.methods.values()]


def key(family: Any) -> str:
    return str(family.name) if isinstance(family.name, str) else family.__name__


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_all_update_rules_make_the_steps_of_one_process(rule: Any) -> None:
    check_equal_to_serial(network, data(), optimizer=rule)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_methods_that_search_make_the_steps_of_one_process(method: Any) -> None:
    check_equal_to_serial(
        network, data(), (2, 3), 1e-7, optimizer=method, batch_size=None, epochs=4
    )


@pytest.mark.parametrize(
    "optimizer",
    [
        fm.SGD(0.1, momentum=0.9, nesterov="lecture"),
        fm.SGD(0.1, clip_norm=0.05),
        fm.SGD(0.1, normalize=True),
        fm.Adam(0.01, average=fm.Polyak(beta=0.9)),
        fm.SGD(fm.CosineDecay(0.1, 20), clip_value=0.01),
    ],
    ids=repr,
)
def test_what_rules_do_besides_is_done_once_for_all_ranks(optimizer: Any) -> None:
    check_equal_to_serial(network, data(), (2,), optimizer=optimizer, l1=1e-3, l2=1e-2)


def test_in_float32_curves_agree_to_1e_6() -> None:
    check_equal_to_serial(lambda: network(dtype="float32"), data(), bound=1e-6)


@pytest.mark.parametrize(
    "layers",
    [
        [fm.Dropout(0.3), fm.Dense(20, "relu"), fm.Dropout(0.5), fm.Dense(2)],
        [fm.GaussianNoise(0.5), fm.Dense(6, "tanh"), fm.Dense(2)],
        [fm.Dense(6, "tanh", trainable=False), fm.Dense(2)],
        [tied := fm.Dense(6, "tanh"), fm.Tied(tied), fm.Dense(2)],
        [first := fm.Dense(6, "tanh"), fm.Dense(6, "tanh"), fm.Skip(first), fm.Dense(2)],
        [fm.Dense(4, max_norm=0.5), fm.Dense(2, l1=0.01)],
    ],
    ids=lambda layers: "-".join(layer.name for layer in layers),
)
def test_layers_of_all_kinds_have_the_masks_of_one_process(layers: list[Any]) -> None:
    check_equal_to_serial(lambda: network(*layers), data(), batch_size=20)


@pytest.mark.parametrize(
    "layers",
    [
        [fm.Conv1D(3, 2, "tanh"), fm.MaxPool1D(2), fm.Dropout(0.4), fm.Dense(2)],
        [fm.Conv1D(3, 2, "tanh"), fm.SpatialDropout(0.5), fm.GlobalAveragePool1D(), fm.Dense(2)],
        [fm.LSTM(4), fm.Dense(2)],
        [fm.Bidirectional(fm.GRU(3, sequences=True)), fm.Recurrent(4), fm.Dense(2)],
    ],
    ids=lambda layers: "-".join(layer.name for layer in layers),
)
def test_layers_over_time_make_the_steps_of_one_process(layers: list[Any]) -> None:
    X, y = data(inputs=12)
    check_equal_to_serial(lambda: network(*layers, inputs=(6, 2)), (X, y), (2,))


def test_lengths_of_sequences_are_dealt_as_their_samples() -> None:
    X, y = data(inputs=12)
    lengths = np.random.default_rng(0).integers(1, 7, len(X))

    def losses(comm: Any) -> list[float]:
        net = network(fm.GRU(4), fm.Dense(2), inputs=(6, 2))
        parts = dealt(comm, X, y, lengths)
        history = net.fit(parts[0], parts[1], lengths=parts[2], epochs=3, comm=comm)
        return list(history["loss"])

    for ranks in fm.distributed.run_threads(losses, 2):
        np.testing.assert_allclose(ranks, losses(None), rtol=1e-12)


def test_without_shard_the_rows_are_those_of_the_ranks_one_after_the_other() -> None:
    """Uneven parts, and one without any row."""
    for cuts in ([10, 47], [30, 30, 47], [0, 47], [47, 47]):
        check_equal_to_serial(
            lambda: network(fm.Dropout(0.2), fm.Dense(5, "tanh"), fm.Dense(2)),
            data(),
            (len(cuts),),
            rows=consecutive(cuts),
        )


def test_a_rank_may_have_no_rows_in_any_optimizer() -> None:
    for optimizer in (fm.LBFGS(), fm.HessianFree(), fm.LevenbergMarquardt(), fm.SGD(0.1)):
        check_equal_to_serial(
            network, data(), (2,), 1e-7, consecutive([0, 47]), optimizer=optimizer, epochs=3
        )


@pytest.mark.parametrize("weighting", ["set", "batch"])
def test_sample_weights_are_those_of_the_whole_batch(weighting: str) -> None:
    weights = np.random.default_rng(1).uniform(size=47) * (np.arange(47) % 5 > 0)
    check_equal_to_serial(
        network, (*data(), weights), weighting=weighting, l2=0.1, l2_scale="batch_weight"
    )


def test_batches_without_weight_make_no_step() -> None:
    weights = (np.arange(47) < 20) * 1.0
    check_equal_to_serial(network, (*data(), weights), shuffle=False)


def test_class_weights_and_classes_are_those_of_one_process() -> None:
    X, y = data(3)
    labels = y.argmax(axis=1)
    check_equal_to_serial(
        lambda: fm.Network([3, 5, 3], output="softmax", dtype="float64", seed=2),
        (X, labels),
        class_weight={0: 2.0, 2: 0.5},
        metrics=["accuracy", "f1", "auc", "top_2_accuracy"],
    )


def test_missing_targets_are_left_out_of_the_mean_of_all_ranks() -> None:
    X, y = data()
    y[::3, 0] = np.nan
    y[::9] = np.nan
    check_equal_to_serial(network, (X, y), missing="mask", metrics="rmse")


def test_a_loss_in_python_sees_the_rows_of_its_rank() -> None:
    layers = [fm.Dropout(0.3), fm.Dense(6, "tanh"), fm.Dense(2)]
    for given in ({}, {"weighting": "batch"}, {"max_seconds": 1e6}):
        check_equal_to_serial(lambda: network(*layers), data(), loss=squared, **given)
    weights = np.random.default_rng(1).uniform(size=47)
    check_equal_to_serial(lambda: network(*layers), (*data(), weights), loss=squared)
    check_equal_to_serial(
        network, data(), (2,), rows=consecutive([0, 47]), loss=squared, batch_size=50
    )


def test_validation_and_metrics_are_of_all_ranks() -> None:
    check_equal_to_serial(
        network,
        data(),
        validation_split=0.3,
        metrics={"r2": "r2", "largest": lambda y, o: float(np.abs(y - o).max())},
        epochs=5,
    )


def test_given_validation_data_are_the_rows_of_all_ranks() -> None:
    X, y = data()

    def losses(comm: Any) -> list[float]:
        part = (
            slice(0, 30) if comm is None else [slice(0, 20), slice(20, 30), slice(0, 0)][comm.rank]
        )
        rows = dealt(comm, X, y)
        given = (X[part], y[part])
        history = network().fit(*rows, epochs=3, validation_data=given, metrics="mae", comm=comm)
        return [*history["val_loss"], *history["val_mae"]]

    for ranks in fm.distributed.run_threads(losses, 3):
        np.testing.assert_allclose(ranks, losses(None), rtol=1e-12)

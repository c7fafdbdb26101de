"""Pickles of fastmlp 0.1.0 load, equal what they were, and continue training but for rounding."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from data.pickles_0_1_0 import make

# Between instruction sets and releases sums are rounded in another order; after a few epochs this
# remains.
ROUNDING = {"float32": 2e-4, "float64": 1e-11}
RESULTS = ("history", "early_stopping", "reduce_on_plateau", "result", "learning_rate_curve")
trained = pytest.mark.parametrize("name", [*make.NETWORKS, *make.TRAINERS])


def load(name: str) -> Any:
    return pickle.loads((make.FOLDER / f"{name}.pickle").read_bytes())


def table(name: str) -> dict[str, Any]:
    with np.load(make.FOLDER / f"{name}.npz") as arrays:
        return dict(arrays)


def continue_training(one: Any) -> Any:
    """As `make.continue_training`; masks are those of 0.1.0, which began each epoch anew."""
    if isinstance(one, fm.Network):
        return make.continue_training(one)
    X, y = make.data(one.network.dtype.name)
    one._native.samples_seen = 0
    one.run(X, y, epochs=2)
    one.step(X[:5], y[:5])
    one._native.samples_seen = 0
    one.epoch(X, y)
    return one.network.parameters.copy()


def continues_as_recorded(one: Any, expected: dict[str, Any]) -> Any:
    """Equal but for rounding to the ends on two instruction sets; returns the end."""
    ends = [end for key, end in expected.items() if key.startswith("continued_")]
    reached = continue_training(one)
    bound = ROUNDING[reached.dtype.name]
    for end in ends:
        assert reached.dtype == end.dtype
        assert not np.array_equal(end, expected["parameters"])
        np.testing.assert_allclose(reached, end, rtol=bound, atol=bound)
    return reached


@pytest.mark.parametrize("name", make.VALUES)
def test_values_equal_those_that_are_made_now(name: str) -> None:
    values = load(name)
    assert values == make.VALUES[name]
    assert list(map(type, values)) == list(map(type, make.VALUES[name]))
    assert list(map(repr, values)) == list(map(repr, make.VALUES[name]))


@trained
def test_parameters_and_outputs_are_the_old_ones(name: str) -> None:
    """Parameters to the bit; outputs to rounding, as the instruction sets differ."""
    one, expected = load(name), table(name)
    net = one.network if isinstance(one, fm.Trainer) else one
    np.testing.assert_array_equal(net.parameters, expected["parameters"])
    assert net.parameters.dtype == expected["parameters"].dtype
    X, _ = make.data(net.dtype.name)
    bound = 100 * np.finfo(net.dtype).eps
    np.testing.assert_allclose(net.predict(X), expected["outputs"], rtol=bound, atol=bound)


@pytest.mark.parametrize(("name", "dtype"), [(f"network_{d}", d) for d in ("float32", "float64")])
def test_layers_of_networks_are_the_old_ones(name: str, dtype: str) -> None:
    old, now = load(name), make.network(dtype)
    assert old.layers == now.layers
    assert (old.n_inputs, old.seed, old.dtype) == (now.n_inputs, now.seed, now.dtype)
    assert (old.epochs_trained, load("network_trained").epochs_trained) == (0, 3)


@pytest.mark.parametrize("name", make.TRAINERS)
def test_settings_and_state_of_trainers_are_the_old_ones(name: str) -> None:
    one, expected, now = load(name), table(name), make.TRAINERS[name]()
    for setting in ("loss", "optimizer", "batch_size", "seed", "l1", "l2", "shuffle"):
        assert getattr(one, setting) == getattr(now, setting)
    assert one.regularize_biases == now.regularize_biases
    assert (one.n_steps, one.learning_rate) == (expected["n_steps"], expected["learning_rate"])
    np.testing.assert_array_equal(one.last_parameters, expected["last_parameters"])
    state = {key.removeprefix("state_"): v for key, v in expected.items() if key[:6] == "state_"}
    assert set(one.state) == set(state)
    for key, array in state.items():
        np.testing.assert_array_equal(one.state[key], array)


def test_trainers_continue_their_masks_and_weighting() -> None:
    """Nine samples into an epoch, or none; weights were those of each batch."""
    seen = {name: load(name)._native.samples_seen for name in make.TRAINERS}
    averaged = ("trainer_uniform", "trainer_discounted", "trainer_exponential")
    assert seen == {name: 0 if name in averaged else 9 for name in make.TRAINERS}
    assert {load(name).weighting for name in make.TRAINERS} == {"batch"}


@trained
def test_training_continues_as_recorded_also_in_copies_and_new_pickles(name: str) -> None:
    """The pickles of 0.1.0 can be written again by this version, and then give the same bits."""
    reached = continues_as_recorded(load(name), table(name))
    for other in (copy.deepcopy(load(name)), pickle.loads(pickle.dumps(load(name)))):
        np.testing.assert_array_equal(continue_training(other), reached)


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_the_old_ones(name: str) -> None:
    one, expected = load(name), table(name)
    found = make.attributes(one)
    assert set(found) == set(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)


def test_callbacks_serve_in_a_new_fit() -> None:
    X, y = make.data()
    stopping, plateau = load("early_stopping"), load("reduce_on_plateau")
    net = fm.Network([3, 4, 2], dtype="float64", seed=0)
    history = net.fit(
        X, y, epochs=40, optimizer=fm.SGD(5.0, clip_norm=1.0), validation_data=(X, y),
        callbacks=[stopping, plateau],
    )  # fmt: skip
    assert history.status == "stopped"
    assert stopping.best == history["val_loss"][stopping.best_epoch - 1]
    assert stopping.best <= min(history["val_loss"]) + stopping.min_delta

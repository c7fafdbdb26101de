"""Promises of few words that a change of one sign would break."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm


@pytest.mark.parametrize("place", [0, 1, 5])
@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
def test_nan_is_found_wherever_it_is(name: str, place: int) -> None:
    arrays = {"X": np.zeros((6, 1)), "y": np.zeros(6), "sample_weight": np.ones(6)}
    arrays[name].flat[place] = np.nan
    X, y, weights = arrays.values()
    with pytest.raises(ValueError, match=rf"^fit: {name}\[{place}(, 0)?\]=nan, expected finite"):
        fm.Network([1, 1], seed=0).fit(X, y, sample_weight=weights, epochs=1)


@pytest.mark.parametrize("dtype", ["single precision", "i4", "float16", object])
def test_a_dtype_that_is_none_is_refused(dtype: object) -> None:
    with pytest.raises(ValueError, match=r"^Network: dtype=.*, expected 'float32' or 'float64'"):
        fm.Network([1, 1], dtype=dtype)


def test_monitors_have_no_best_before_the_first_epoch() -> None:
    for monitor in (fm.EarlyStopping(), fm.ReduceOnPlateau()):
        assert (monitor.best, monitor.best_epoch) == (np.inf, 0)


def test_a_plateau_records_the_best_loss() -> None:
    plateau = fm.ReduceOnPlateau("loss", patience=50)
    history = fm.Network([1, 1], seed=0).fit([[0], [1]], [0, 1], epochs=9, callbacks=[plateau])
    assert plateau.best == history["loss"][plateau.best_epoch - 1] == min(history["loss"])


def test_a_layer_without_a_field_is_damaged() -> None:
    state = fm.Network([1, 2, 1], seed=0).__getstate__()
    del state["layers"][0]["max_norm"]
    net = fm.Network.__new__(fm.Network)
    with pytest.raises(ValueError, match=r"layers\[0\]=.* is damaged \(KeyError\('max_norm'\)\)"):
        net.__setstate__(state)


@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
def test_labels_0_and_1_mean_minus_1_and_1(loss: str) -> None:
    net = fm.Network([2, 1], dtype="float64", seed=0)
    X, y = np.random.default_rng(0).normal(size=(9, 2)), np.arange(9) % 2
    assert net.loss(X, y, loss=loss) == net.loss(X, 2 * y - 1, loss=loss)


@pytest.mark.parametrize("factor", [1, 1.5])
def test_a_rate_is_reduced_by_less_than_1(factor: float) -> None:
    with pytest.raises(ValueError, match=r"^ReduceOnPlateau: factor=.*, expected 0 < factor < 1"):
        fm.ReduceOnPlateau("loss", factor=factor)


def test_a_long_list_of_classes_is_named_by_its_ends() -> None:
    net = fm.Network([1, 30], output="softmax", seed=0)
    X, y = np.zeros((30, 1)), np.arange(30)
    with pytest.raises(ValueError, match="0 to 29"):
        net.fit(X, y, class_weight={77: 1.0}, epochs=1)


def test_time_is_up_with_a_loss_in_python_too() -> None:
    def squared(outputs: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return ((outputs - y) ** 2).sum(axis=1), 2 * (outputs - y)

    net = fm.Network([1, 1], seed=0)
    X = np.zeros((10000, 1))
    history = net.fit(X, X, loss=squared, batch_size=1, epochs=10**6, max_seconds=0.05)
    assert history.status == "max_seconds"

"""Curves over epochs and learning rates: what the lines show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot import learning_curve, learning_curves, learning_rate_curve
from plot_cases import HISTORY, new_axes


def labels(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_both_losses_and_the_best_epoch_are_drawn() -> None:
    ax = learning_curve(HISTORY, new_axes())
    training, validation, best = ax.lines
    np.testing.assert_array_equal(training.get_xydata(), [[1, 3.0], [2, 2.0], [3, 1.5]])
    np.testing.assert_array_equal(validation.get_xydata(), [[1, 3.5], [2, 2.5], [3, 2.6]])
    np.testing.assert_array_equal(best.get_xydata(), [[2, 2.5]])
    assert labels(ax) == ["training", "validation", "best epoch: 2"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "linear")
    assert training.get_color() != validation.get_color()
    assert training.get_linestyle() != validation.get_linestyle()
    assert (best.get_linestyle(), best.get_marker()) == ("None", "o")


def test_epochs_are_whole_numbers() -> None:
    ax = learning_curve(HISTORY, new_axes())
    ticks = ax.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_without_validation_there_is_no_best_epoch() -> None:
    ax = learning_curve({"loss": [2.0, 1.0]}, new_axes())
    assert labels(ax) == ["training"]
    assert len(ax.lines) == 1
    values = {"loss": [2.0, 1.0], "val_loss": [np.nan, np.nan]}
    assert len(learning_curve(values, new_axes()).lines) == 2


def test_the_best_epoch_is_finite() -> None:
    values = {"loss": [4.0, 3.0, 2.0], "val_loss": [np.nan, 3.0, -np.inf]}
    best = learning_curve(values, new_axes()).lines[2]
    np.testing.assert_array_equal(best.get_xydata(), [[2, 3.0]])


def test_another_key_has_its_own_curves_and_the_best_epoch_of_the_loss() -> None:
    values = {**HISTORY, "accuracy": [0.1, 0.2, 0.3], "val_accuracy": [0.2, 0.25, 0.4]}
    ax = learning_curve(values, new_axes(), key="accuracy")
    assert [list(line.get_ydata()) for line in ax.lines] == [
        [0.1, 0.2, 0.3],
        [0.2, 0.25, 0.4],
        [0.25],
    ]
    assert ax.get_ylabel() == "accuracy"
    alone = learning_curve(values, new_axes(), key="lr")
    assert [list(line.get_ydata()) for line in alone.lines] == [[1.0, 0.5, 0.25]]
    validation = learning_curve({"val_loss": [2.0, 1.0]}, new_axes())
    assert labels(validation) == ["validation", "best epoch: 2"]


def test_few_epochs_are_points_too() -> None:
    """A single epoch, of which there is no line, is seen."""
    for n_epochs, marker in (1, "."), (30, "."), (31, ""):
        (line,) = learning_curve({"loss": [1.0] * n_epochs}, new_axes()).lines
        assert line.get_marker() == marker


def test_an_empty_history_has_axes_with_labels_only() -> None:
    ax = learning_curve(fm.History(), new_axes())
    assert (ax.get_xlabel(), len(ax.lines), ax.get_legend()) == ("epoch", 0, None)


def test_a_history_draws_itself() -> None:
    net = fm.Network([1, 1], seed=0)
    history = net.fit([[0], [1]], [0, 1], epochs=3, validation_data=([[2]], [2]))
    ax = history.plot(new_axes(), log=True)
    assert ax.get_yscale() == "log"
    for line, name in zip(ax.lines, ("loss", "val_loss"), strict=False):
        np.testing.assert_array_equal(line.get_ydata(), history[name])
    (line,) = history.plot(new_axes(), key="val_loss").lines
    np.testing.assert_array_equal(line.get_ydata(), history["val_loss"])
    assert line.axes.get_ylabel() == "validation loss"
    assert line.axes.get_yscale() == "linear"


def test_histories_are_compared_by_one_key() -> None:
    first, second = HISTORY, {"loss": [1.0, 0.5], "val_loss": [9.0, 8.0]}
    ax = learning_curves({"Adam": first, "SGD": second}, "val_loss", True, new_axes())
    assert [list(line.get_xydata().ravel()) for line in ax.lines] == [
        [1, 3.5, 2, 2.5, 3, 2.6],
        [1, 9.0, 2, 8.0],
    ]
    assert labels(ax) == ["Adam", "SGD"]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "validation loss")
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    loss = learning_curves({"Adam": first}, ax=new_axes())
    assert list(loss.lines[0].get_ydata()) == [3.0, 2.0, 1.5]
    assert loss.get_yscale() == "linear"


def test_a_logarithmic_axis_needs_losses_above_zero() -> None:
    with pytest.raises(ValueError, match=r"learning_curves: log=True, .* 'SGD' has the value 0"):
        learning_curves({"SGD": {"loss": [1.0, 0.0]}}, log=True, ax=new_axes())
    assert learning_curves({"a": {"loss": [1.0, 0.0]}}, ax=new_axes()).get_yscale() == "linear"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([0.5, 0.1, 1.01], "log"),
        ([0.5, 0.1, 1.0], "linear"),
        ([0.5, -0.1, 9.0], "linear"),
        ([np.inf] * 3, "linear"),
        ([0.5, 0.1, np.inf], "linear"),
    ],
)
def test_the_curve_of_learning_rates(losses: list[float], scale: str) -> None:
    rates = np.array([1e-4, 1e-2, 1.0])
    ax = learning_rate_curve(fm.LearningRateCurve(rates, np.array(losses), 1e-2), new_axes())
    curve, suggestion = ax.lines
    np.testing.assert_array_equal(curve.get_xdata(), rates)
    np.testing.assert_array_equal(curve.get_ydata(), losses)
    assert list(suggestion.get_xdata()) == [1e-2, 1e-2]
    assert labels(ax) == ["suggestion: 0.01"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", scale)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("learning rate", "loss")
    assert curve.get_color() != suggestion.get_color()


def test_a_found_curve_draws_itself() -> None:
    X = np.linspace(-1, 1, 40).reshape(-1, 1)
    curve = fm.find_learning_rate(fm.Network([1, 4, 1], seed=0), X, X**2, steps=10)
    line = curve.plot(new_axes()).lines[0]
    np.testing.assert_array_equal(line.get_ydata(), curve.losses)

"""Gradient norms over layers and epochs, and misread digits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastmlp.plot import gradient_norms, misread_digits
from plot_cases import diagnosis, new_axes

NAMES = ("first", "second", "output")


def epochs(n: int) -> list[Any]:
    return [diagnosis(1e-4 * (i + 1), 1e-2, 10.0 ** (i + 1), names=NAMES) for i in range(n)]


def test_the_heat_map_has_a_row_for_each_layer_and_a_column_for_each_epoch() -> None:
    ax = gradient_norms(epochs(4), new_axes())
    (image,) = ax.images
    expected = [[1e-4, 2e-4, 3e-4, 4e-4], [1e-2] * 4, [10, 100, 1000, 10000]]
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.get_extent() == [-0.5, 3.5, 2.5, -0.5]  # the first epoch is 0, at the top layer 0
    assert image.origin == "upper"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(NAMES)
    assert list(ax.get_yticks()) == [0, 1, 2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "layer")
    ticks = gradient_norms(epochs(2), new_axes()).get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_colours_are_logarithmic() -> None:
    ax = gradient_norms(epochs(2), new_axes())
    (image,) = ax.images
    assert image.get_clim() == (1e-4, 100)
    np.testing.assert_allclose(image.norm([1e-4, 1e-1, 100]), [0, 0.5, 1])
    brightness = image.cmap(np.linspace(0, 1, 9))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()
    (bar,) = [axes for axes in ax.figure.axes if axes is not ax]
    assert bar.get_ylabel() == "norm of the gradient"


def test_norms_without_a_logarithm_are_grey() -> None:
    bad = diagnosis(0.0, np.inf, 3.0, names=NAMES)
    (image,) = gradient_norms([*epochs(1), bad, *epochs(1)], new_axes()).images
    np.testing.assert_array_equal(np.isnan(image.get_array())[:, 1], [True, True, False])
    assert image.get_clim() == (1e-4, 10)
    np.testing.assert_allclose(image.cmap(np.nan)[:3], 0.55, atol=0.01)


def test_equal_norms_have_a_picture() -> None:
    ax = gradient_norms([diagnosis(2, 2), diagnosis(2, 2)], new_axes())
    assert ax.images[0].get_clim() == (2, 4)
    ax.figure.canvas.draw()


def test_a_single_diagnosis_is_bars() -> None:
    ax = gradient_norms(diagnosis(1e-3, 0.0, 5.0, names=NAMES), new_axes())
    np.testing.assert_array_equal([bar.get_width() for bar in ax.patches], [1e-3, np.nan, 5.0])
    assert [bar.get_y() + bar.get_height() / 2 for bar in ax.patches] == [0, 1, 2]
    assert ax.get_ylim() == (2.5, -0.5)  # the first layer at the top
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(NAMES)
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "norm of the gradient")
    ax.figure.canvas.draw()


def test_one_epoch_is_a_heat_map_of_one_column() -> None:
    assert gradient_norms(epochs(1), new_axes()).images[0].get_array().shape == (3, 1)


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_callback_is_drawn_by_its_records(kind: type) -> None:
    """Each record is `every` epochs after the one before; the first is before the training."""
    ax = gradient_norms(SimpleNamespace(records=kind(epochs(3)), every=10), new_axes())
    assert ax.images[0].get_array().shape == (3, 3)
    assert ax.images[0].get_extent() == [-5, 25, 2.5, -0.5]


def test_misread_digits_are_shown_beside_the_learning_curve() -> None:
    images = np.arange(5 * 64.0).reshape(5, 8, 8)
    labels, predictions = np.array([1, 2, 3, 4, 5]), np.array([1, 7, 3, 9, 5])
    figure = misread_digits({"loss": [2.0, 1.0]}, images, labels, predictions)
    curve, *digits = figure.axes
    assert list(curve.lines[0].get_ydata()) == [2.0, 1.0]
    assert [ax.get_title() for ax in digits[:3]] == ["2 read as 7", "4 read as 9", ""]
    assert len(digits) == 12
    np.testing.assert_array_equal(digits[1].images[0].get_array(), images[3])
    assert not digits[2].images
    assert not any(ax.axison for ax in digits)
    (half,) = [half for half in figure.subfigs if half.get_suptitle()]
    assert half.get_suptitle() == "2 of 5 digits misread"


def test_a_single_layer_has_bars_and_a_heat_map() -> None:
    one = diagnosis(1.0, names=("output",))
    assert gradient_norms(one, new_axes()).patches[0].get_width() == 1.0
    assert gradient_norms([one] * 3, new_axes()).images[0].get_array().shape == (1, 3)

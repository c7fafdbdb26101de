"""Weights as images: each weight in its place, of every kind of layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot import weights
from plot_cases import IMAGES, RECURRENT, new_axes


def image_of(ax: Any) -> Any:
    (image,) = ax.images
    return np.ma.filled(image.get_array(), np.nan)


def tiles_of(mosaic: Any, height: int, width: int) -> list[Any]:
    """The images of a mosaic, row by row, without the lines between them."""
    n_rows, n_columns = (mosaic.shape[0] - 1) // (height + 1), (mosaic.shape[1] - 1) // (width + 1)
    assert mosaic.shape == (n_rows * (height + 1) + 1, n_columns * (width + 1) + 1)
    assert np.isnan(mosaic[:: height + 1]).all()
    assert np.isnan(mosaic[:, :: width + 1]).all()
    return [
        mosaic[row * (height + 1) + 1 :, column * (width + 1) + 1 :][:height, :width]
        for row in range(n_rows)
        for column in range(n_columns)
    ]


def test_units_of_a_dense_layer_are_images_of_their_inputs() -> None:
    net = fm.Network([12, 5, 2], seed=0)
    ax = weights(net, shape=(3, 4), ax=new_axes())
    tiles = tiles_of(image_of(ax), 3, 4)
    assert len(tiles) == 6  # three rows of two
    for unit in range(5):
        expected = net.weights[0][:, unit].reshape(3, 4)
        np.testing.assert_allclose(tiles[unit], expected, rtol=1e-6)
    assert np.isnan(tiles[5]).all()
    assert ax.get_xlabel() == "layer 0: 5 images of 3 × 4 weights"
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0


def test_colours_are_symmetric_and_missing_ones_grey() -> None:
    net = fm.Network([12, 5, 2], seed=0)
    ax = weights(net, shape=(3, 4), ax=new_axes())
    (image,) = ax.images
    largest = np.abs(net.weights[0]).max()
    np.testing.assert_allclose(image.get_clim(), (-largest, largest))
    low, middle, high = image.cmap([0.0, 0.5, 1.0])[:, :3]
    assert low[2] > 2 * low[0]  # blue
    assert high[0] > 2 * high[2]  # red
    np.testing.assert_allclose(middle, 1, atol=0.05)
    np.testing.assert_allclose(image.cmap(np.nan)[:3], 0.55, atol=0.01)
    (bar,) = [axes for axes in ax.figure.axes if axes is not ax]
    assert bar.get_ylabel() == "weight"


@pytest.mark.parametrize(
    ("n_columns", "shape"), [(None, (13, 11)), (1, (21, 6)), (2, (13, 11)), (9, (5, 26))]
)
def test_the_number_of_columns(n_columns: int | None, shape: tuple[int, int]) -> None:
    """The default is about square."""
    net = fm.Network([12, 5, 2], seed=0)
    mosaic = image_of(weights(net, shape=(3, 4), n_columns=n_columns, ax=new_axes()))
    assert mosaic.shape == shape


def test_the_shape_is_that_of_the_inputs_where_they_have_one() -> None:
    net = fm.Network([fm.Dense(3), fm.Dense(1)], inputs=(4, 5, 1), seed=0)
    tiles = tiles_of(image_of(weights(net, ax=new_axes())), 4, 5)
    np.testing.assert_allclose(tiles[1], net.weights[0][:, 1].reshape(4, 5), rtol=1e-6)
    net = fm.Network([fm.Dense(3), fm.Dense(1)], inputs=(4, 5), seed=0)
    tiles = tiles_of(image_of(weights(net, ax=new_axes())), 4, 5)
    np.testing.assert_allclose(tiles[2], net.weights[0][:, 2].reshape(4, 5), rtol=1e-6)


def test_channels_are_beside_each_other() -> None:
    """One row per unit, one column per channel."""
    net = fm.Network([18, 3], seed=0)
    ax = weights(net, shape=(2, 3, 3), ax=new_axes())
    tiles = tiles_of(image_of(ax), 2, 3)
    W = net.weights[0].reshape(2, 3, 3, 3)
    for unit in range(3):
        for channel in range(3):
            expected = W[:, :, channel, unit]
            np.testing.assert_allclose(tiles[3 * unit + channel], expected, rtol=1e-6)
    assert ax.get_xlabel() == "layer 0: 3 images of 2 × 3 weights, 3 channels each"


def test_filters_of_convolutions() -> None:
    layers = [fm.Conv2D(4, (2, 3)), fm.MaxPool2D(2), fm.Conv2D(2, 2), fm.Dropout(0.1), fm.Dense(3)]
    net = fm.Network(layers, inputs=(9, 10, 2), seed=0)
    tiles = tiles_of(image_of(weights(net, 0, ax=new_axes())), 2, 3)
    assert len(tiles) == 8
    np.testing.assert_allclose(tiles[2 * 3 + 1], net.weights[0][:, :, 1, 3], rtol=1e-6)
    tiles = tiles_of(image_of(weights(net, 1, ax=new_axes())), 2, 2)
    np.testing.assert_allclose(tiles[4 * 1 + 2], net.weights[1][:, :, 2, 1], rtol=1e-6)
    # The dense layer sees outputs of shape (3, 3, 2), which dropout has not changed.
    tiles = tiles_of(image_of(weights(net, 2, ax=new_axes())), 3, 3)
    expected = net.weights[2].reshape(3, 3, 2, 3)[:, :, 1, 2]
    np.testing.assert_allclose(tiles[2 * 2 + 1], expected, rtol=1e-6)
    tiles = tiles_of(image_of(weights(IMAGES, 0, ax=new_axes())), 2, 2)
    np.testing.assert_allclose(tiles[2], IMAGES.weights[0][:, :, 0, 2], rtol=1e-6)


def test_filters_of_convolutions_in_one_dimension_are_rows() -> None:
    net = fm.Network([fm.Conv1D(3, 4), fm.Dense(1)], inputs=(9, 2), seed=0)
    tiles = tiles_of(image_of(weights(net, ax=new_axes())), 1, 4)
    np.testing.assert_allclose(tiles[2 * 2 + 1][0], net.weights[0][:, 1, 2], rtol=1e-6)


def test_layers_without_a_shape_are_matrices() -> None:
    net = fm.Network([4, 3, 2], seed=0)
    ax = weights(net, 1, ax=new_axes())
    np.testing.assert_allclose(image_of(ax), net.weights[1], rtol=1e-6)
    labels = ax.get_xlabel(), ax.get_ylabel(), ax.get_title()
    assert labels == ("unit", "input", "layer 1")
    ax = weights(RECURRENT, 0, ax=new_axes())
    np.testing.assert_allclose(image_of(ax), RECURRENT.weights[0], rtol=1e-6)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("unit, gate by gate", "input, then state")


def test_both_directions_and_what_follows_them() -> None:
    layers = [fm.Bidirectional(fm.Recurrent(2, sequences=True)), fm.Dense(1)]
    net = fm.Network(layers, inputs=(4, 3), seed=0)
    for index in 0, 1:
        drawn = image_of(weights(net, index, ax=new_axes()))
        np.testing.assert_allclose(drawn, net.weights[index], rtol=1e-6)
    tiles = tiles_of(image_of(weights(net, 2, ax=new_axes())), 4, 4)
    np.testing.assert_allclose(tiles[0], net.weights[2][:, 0].reshape(4, 4), rtol=1e-6)


def test_zeros_and_weights_that_are_not_finite_have_a_picture() -> None:
    net = fm.Network([2, 2], init="zeros")
    assert weights(net, ax=new_axes()).images[0].get_clim() == (-1, 1)
    net.parameters[:3] = [np.nan, np.inf, -2]
    assert weights(net, ax=new_axes()).images[0].get_clim() == (-2, 2)

"""Weights and filters as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import check_int, error_prefix, type_error, value_error
from fastmlp.layers import RECURRENT
from fastmlp.network import Network
from fastmlp.plot._axes import DIVERGING, axes_of, color_map
from fastmlp.plot._models import check_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]


@error_prefix("weights")
def weights(
    net: Network,
    layer: int = 0,
    *,
    shape: tuple[int, ...] | None = None,
    n_columns: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the weights of a layer: an image for each unit or filter, side by side.

    Parameters
    ----------
    net : Network
        The network.
    layer : int, default 0
        Index among the layers with parameters, as of ``net.weights``.
    shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)`` of the inputs of a dense layer; by
        default what the network has there. Without one, and of recurrent layers, the matrix is
        drawn as it is.
    n_columns : int, optional
        Images in a row; by default about as many as there are rows, or one row for each unit or
        filter with several channels.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on: one image, blue for negative weights, white for 0, red for positive
        ones, with grey lines between units and a colour bar.

    Raises
    ------
    ValueError, TypeError
        No such layer, or a shape that does not fit it.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.plot import weights
    >>> from matplotlib.figure import Figure
    >>> net = fm.Network([64, 6, 10], seed=0)
    >>> weights(net, shape=(8, 8), ax=Figure().subplots()).images[0].get_array().shape
    (19, 28)
    """
    check_network(net)
    inputs = _inputs_of_layers(net)
    index = check_int(layer, "layer", min=0, max=len(inputs) - 1)
    columns = None if n_columns is None else check_int(n_columns, "n_columns", min=1)
    W = np.asarray(net.weights[index], np.float64)
    tiles = _tiles(W, inputs[index], shape)
    ax = axes_of(ax)
    finite = np.abs(W[np.isfinite(W)])
    largest = float(finite.max(initial=0)) or 1.0
    style = {"cmap": color_map(DIVERGING), "vmin": -largest, "vmax": largest}
    if tiles is None:
        image = ax.imshow(W, aspect="auto", interpolation="nearest", **style)
        is_recurrent = inputs[index] is None
        ax.set(
            xlabel="unit, gate by gate" if is_recurrent else "unit",
            ylabel="input, then state" if is_recurrent else "input",
            title=f"layer {index}",
        )
    else:
        image = ax.imshow(_mosaic(tiles, columns), interpolation="nearest", **style)
        n_units, n_channels, height, width = tiles.shape
        of = f", {n_channels} channels each" if n_channels > 1 else ""
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel(f"layer {index}: {n_units} images of {height} × {width} weights{of}")
    ax.figure.colorbar(image, ax=ax, label="weight")
    return ax


def _inputs_of_layers(net: Network) -> list[tuple[int, ...] | None]:
    """Return the shape of the inputs of each of ``net.weights``; None of recurrent layers."""
    shapes: list[tuple[int, ...] | None] = []
    layers: tuple[Any, ...] = net.layers
    for index, layer in enumerate(layers):
        if layer.has_parameters:
            before = net._native.layer_shape(index - 1) if index > 0 else net.input_shape
            recurrent = isinstance(layer, RECURRENT)
            n_directions = 2 if getattr(layer, "bidirectional", False) else 1
            shapes += n_directions * [None if recurrent else tuple(before)]
    return shapes


def _tiles(W: Array, inputs: tuple[int, ...] | None, shape: Any) -> Array | None:
    """Return weights as images ``(units, channels, height, width)``; None for a matrix."""
    if W.ndim > 2:  # (kernel ..., channels, filters)
        if shape is not None:
            raise value_error("shape", shape, "None for a convolution, which has a kernel")
        return np.moveaxis(W if W.ndim == 4 else W[None], (3, 2), (0, 1))
    if inputs is None:
        if shape is not None:
            raise value_error("shape", shape, "None for a recurrent layer")
        return None
    if shape is None:
        if len(inputs) == 1:
            return None
        size = inputs
    else:
        expected = f"(height, width) or (height, width, channels) of {len(W)} inputs"
        if not isinstance(shape, (tuple, list)):
            raise type_error("shape", shape, expected)
        size = tuple(check_int(n, "shape", min=1) for n in shape)
        if len(size) not in (2, 3) or int(np.prod(size)) != len(W):
            raise value_error("shape", shape, expected)
    images = W.T.reshape(-1, *size[:2], *(size[2:] or (1,)))
    return np.moveaxis(images, 3, 1)


def _mosaic(tiles: Array, n_columns: int | None) -> Array:
    """Return images side by side, with a line of nan around each."""
    n_units, n_channels, height, width = tiles.shape
    n = n_units * n_channels
    if n_columns is None:
        n_columns = n_channels if n_channels > 1 else int(np.ceil(np.sqrt(n * height / width)))
    n_columns = min(n_columns, n)
    n_rows = -(-n // n_columns)
    mosaic = np.full((n_rows * (height + 1) + 1, n_columns * (width + 1) + 1), np.nan)
    for index, image in enumerate(tiles.reshape(n, height, width)):
        top, left = (
            at * (size + 1) + 1
            for at, size in zip(divmod(index, n_columns), image.shape, strict=True)
        )
        mosaic[top : top + height, left : left + width] = image
    return mosaic

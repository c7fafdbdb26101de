"""`Picture`: a network's outputs over the square [-6, 6]², as bytes that a page draws."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp.network import Network
from fastmlp.playground._model import inputs_of
from fastmlp.playground._state import State

EDGE = 6.0
DENSITY, SMALL_DENSITY = 100, 10  # points along each side: of the map, of a unit's map
LARGEST = 1e9
Bytes = NDArray[np.uint8]


def square(density: int, edge: float) -> NDArray[np.float64]:
    """Return the points of a grid, ``(density**2, 2)``, from the top left, row by row."""
    steps = np.linspace(-edge, edge, density)
    y, x = np.meshgrid(-steps, steps, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel()])


def shades(outputs: NDArray[np.float32]) -> Bytes:
    """Return outputs as bytes: 0 for -1 and less, 255 for 1 and more."""
    seen = np.clip(np.nan_to_num(outputs, nan=0.0), -1, 1)  # nan: of a training that diverges
    return np.asarray(np.rint(seen * 127.5 + 127.5), np.uint8)


def in_float32(parameters: NDArray[Any]) -> NDArray[np.float32]:
    """Return parameters for a picture, in which those beyond ±1e9 look alike."""
    seen: NDArray[np.float32] = np.clip(parameters, -LARGEST, LARGEST).astype("<f4")
    return seen


class Picture:
    """The outputs of every unit of a network, layer by layer, in float32.

    Each layer is a network of its own that reads the output of the one before, so that all units
    together cost one forward pass. Layer 0 are the features.
    """

    def __init__(self, state: State) -> None:
        self._layers = [
            Network(widths, output=activation, init="zeros", dtype="float32", seed=0)
            for widths, activation in zip(pairwise(state.sizes), state.activations, strict=True)
        ]
        # A unit of the small map stands for a block of the large one, and sees its centre.
        centres = EDGE * (1 - (DENSITY / SMALL_DENSITY - 1) / (DENSITY - 1))
        self._large = inputs_of(state.features, square(DENSITY, EDGE)).astype(np.float32)
        self._small = inputs_of(state.features, square(SMALL_DENSITY, centres)).astype(np.float32)

    def draw(self, network: Network, layer: int, unit: int) -> tuple[Bytes, Bytes]:
        """Return the map of a unit, ``(10000,)``, and those of all units, ``(n_units, 100)``.

        Parameters
        ----------
        network : Network
            Of the state given to the constructor.
        layer, unit : int
            Of the large map; the output is unit 0 of the last layer.
        """
        parameters, begin = in_float32(network.parameters), 0
        for part in self._layers:
            part.parameters = parameters[begin : begin + part.n_parameters]
            begin += part.n_parameters
        large, outputs, small = self._large, self._small, []
        for part in self._layers[:layer]:
            large = part.predict(large)
        for part in self._layers:
            outputs = part.predict(outputs)
            small.append(outputs)
        return shades(large[:, unit]), shades(np.column_stack(small).T)

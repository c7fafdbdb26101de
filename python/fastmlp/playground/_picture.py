"""`Picture`: a network's outputs over the square [-6, 6]², as bytes that a page draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp.layers import Dense
from fastmlp.network import Network
from fastmlp.playground._model import inputs_of
from fastmlp.playground._state import State

EDGE = 6.0
DENSITY, SMALL_DENSITY = 100, 10  # points along each side: of the map, of a unit's map
LARGEST = 1e9
CLASS_SHADES = 42  # bytes of each of six classes
Bytes = NDArray[np.uint8]
Outputs = NDArray[np.float32]


def square(density: int, edge: float) -> NDArray[np.float64]:
    """Return the points of a grid, ``(density**2, 2)``, from the top left, row by row."""
    steps = np.linspace(-edge, edge, density)
    y, x = np.meshgrid(-steps, steps, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel()])


def shades(outputs: Outputs) -> Bytes:
    """Return outputs as bytes: 0 for -1 and less, 255 for 1 and more."""
    seen = outputs * 127.5
    np.nan_to_num(seen, copy=False, nan=0.0)  # of a training that diverges
    np.clip(seen, -127.5, 127.5, out=seen)
    seen += 127.5
    return np.asarray(np.rint(seen), np.uint8)


def class_shades(outputs: Outputs) -> Bytes:
    """Return outputs ``(n, n_classes)`` as bytes: 42 times the first largest, plus 0 to 41.

    The shade is 0 where all outputs of a softmax are alike, and 41 where one is 1.
    """
    outputs = np.nan_to_num(outputs)
    chosen = outputs.argmax(1)
    even = 1 / outputs.shape[1]
    lead = np.clip((outputs.max(1) - even) / (1 - even), 0, 1)
    return np.asarray(CLASS_SHADES * chosen + np.rint((CLASS_SHADES - 1) * lead), np.uint8)


def in_float32(parameters: NDArray[Any]) -> NDArray[np.float32]:
    """Return parameters for a picture, in which those beyond ±1e9 look alike."""
    seen: NDArray[np.float32] = np.clip(parameters, -LARGEST, LARGEST).astype("<f4")
    return seen


class Picture:
    """The outputs of every unit of a network, in float32; layer 0 are the features."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._n_layers = len(state.sizes) - 1
        self._begun: dict[int, Network] = {}  # copies of the network up to a layer
        # A unit of the small map stands for a block of the large one, and sees its centre.
        centres = EDGE * (1 - (DENSITY / SMALL_DENSITY - 1) / (DENSITY - 1))
        self._large = inputs_of(state.features, square(DENSITY, EDGE)).astype(np.float32)
        self._small = inputs_of(state.features, square(SMALL_DENSITY, centres)).astype(np.float32)

    def large(self, network: Network, layer: int, unit: int | None) -> Bytes:
        """Return the map of a unit of a layer, ``(10000,)``; None is that of the whole output.

        `network` is one of the state given to the constructor, here and in `small`.
        """
        outputs = self._large
        if layer > 0:
            outputs = self._up_to(layer, network).predict(self._large)
        last = layer == self._n_layers
        if last and unit is None and self._state.has_classes:
            return class_shades(outputs)
        return shades(self._seen(outputs[:, unit or 0], last=last))

    def small(self, network: Network) -> Bytes:
        """Return the maps of all units, ``(n_units, 100)``."""
        maps = self._up_to(self._n_layers, network).activations(self._small)
        maps[-1] = self._seen(maps[-1], last=True)
        return shades(np.concatenate(maps, axis=1)).T

    def _seen(self, outputs: Outputs, *, last: bool) -> Outputs:
        """Return probabilities p of the output as 2 p - 1, other outputs as they are."""
        chances = last and self._state.layer_activations[-1] in ("sigmoid", "softmax")
        return 2 * outputs - 1 if chances else outputs

    def _up_to(self, layer: int, network: Network) -> Network:
        """Return a copy of the network up to a layer, without dropout and noise."""
        if layer not in self._begun:
            n_inputs, *sizes = self._state.sizes[: layer + 1]
            pairs = zip(sizes, self._state.layer_activations, strict=False)
            layers = [Dense(units, activation) for units, activation in pairs]
            self._begun[layer] = Network(
                layers, inputs=n_inputs, init="zeros", dtype="float32", seed=0
            )
        begun = self._begun[layer]
        begun.parameters = in_float32(network.parameters[: begun.n_parameters])
        return begun

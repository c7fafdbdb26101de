"""From the parameters of an estimator to a network with scikit-learn's initial weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastmlp import _core
from fastmlp._data.arrays import DType
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.validation import check_non_negative, resolve, value_error
from fastmlp.layers import Dense, Dropout, GaussianNoise, output_activation
from fastmlp.network import Network
from fastmlp.sklearn._parameters import activations, rates

SIGMOID, SOFTMAX = _core.activations["sigmoid"], _core.activations["softmax"]
DEFAULT_INIT = "glorot_uniform"  # of a network
NO_DRAW = "zeros"  # the weights are drawn by scikit-learn's generator, or copied


def hidden_sizes(given: Any) -> list[int]:
    """Return the units of the hidden layers."""
    return [int(size) for size in (given if hasattr(given, "__len__") else [given])]


def plan_layers(owner: str, given: Mapping[str, Any], output: Any, n_outputs: int) -> list[Any]:
    """Return the layers that the parameters `given` describe; the last has the outputs."""
    if given["layers"] is not None:
        return _with_outputs(list(given["layers"]), n_outputs)
    sizes = hidden_sizes(given["hidden_layer_sizes"])
    members = zip(
        sizes,
        activations(owner, given["activation"], len(sizes)),
        rates(given["dropout"], len(sizes)),
        strict=True,
    )
    bound = given["max_norm"]
    noise = check_non_negative(given["input_noise"], "input_noise")
    layers: list[Any] = [GaussianNoise(noise)] if noise > 0 else []
    for size, activation, rate in members:
        layers.append(Dense(size, activation, init=NO_DRAW, max_norm=bound))
        if rate > 0:
            layers.append(Dropout(rate))
    return [*layers, Dense(n_outputs, output, init=NO_DRAW, max_norm=bound)]


def _with_outputs(layers: list[Any], n_outputs: int) -> list[Any]:
    units = getattr(layers[-1], "units", n_outputs)
    if units != n_outputs:
        raise value_error(
            f"layers[{len(layers) - 1}]", layers[-1], f"{n_outputs} outputs for this y"
        )
    return layers


def new_network(
    layers: list[Any],
    inputs: Any,
    dtype: DType,
    random: np.random.RandomState | None,
    given: Mapping[str, Any],
) -> Network:
    """Return a network of these layers, with initial weights drawn from `random`, or zeros.

    The weights are scikit-learn's: uniform in ±sqrt(f / (inputs + outputs)), f = 6, or 2 behind
    logistic units, biases too, drawn layer after layer in double precision.
    """
    seeded = given["layers"] is not None or any(not hasattr(layer, "units") for layer in layers)
    if given["layers"] is None and random is not None:
        drawn = _draw(layers, inputs, random, given["activation"])
    else:
        drawn = []
    seed = int(random.randint(2**31 - 1)) if seeded and random is not None else 0
    precision = given["precision"]
    network = Network(layers, inputs=inputs, dtype=dtype, seed=seed, precision=precision)
    views: list[Any] = [*network.weights, *network.biases]
    for view, values in zip(views, drawn, strict=False):
        view[...] = values
    return network


def _draw(
    layers: list[Any], n_inputs: int, random: np.random.RandomState, hidden: Any
) -> list[Any]:
    """Return the weights of each layer, then the biases of each.

    The last layer has the factor of the hidden layers' activation, also where there are none.
    """
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    behind: list[Any] = [layer.activation for layer in dense[:-1]]
    behind.append(behind[-1] if behind else SIGMOID() if hidden == "logistic" else None)
    weights, biases, width = [], [], n_inputs
    for layer, activation in zip(dense, behind, strict=True):
        factor = 2.0 if isinstance(activation, SIGMOID) else 6.0
        bound = np.sqrt(factor / (width + layer.units))
        weights.append(random.uniform(-bound, bound, (width, layer.units)))
        biases.append(random.uniform(-bound, bound, layer.units))
        width = layer.units
    return [*weights, *biases]


def read_output(given: Mapping[str, Any], default: str) -> Any:
    """Return the activation of the output layer."""
    if given["layers"] is not None:
        return output_activation(given["layers"])
    return resolve("activation", given["output_activation"] or default)


def is_probability(output: Any) -> bool:
    """Return whether outputs are probabilities."""
    return isinstance(output, (SIGMOID, SOFTMAX))


def read_loss(given: Any) -> Any:
    """Return the loss as a value; a function, and None for that of the output, as they are."""
    if given is None or is_custom_loss(given):
        return given
    return resolve("loss", given)

"""Keras 3: layers in a Sequential, `train_on_batch` compiled by the backend, JAX or torch."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import numpy as np

import fastmlp as fm
from bench.layer_peers import Step

if importlib.util.find_spec("keras") is None:
    raise ImportError("keras is not installed")
os.environ.setdefault("KERAS_BACKEND", "jax" if importlib.util.find_spec("jax") else "torch")

import keras

RECURRENT = {fm.Recurrent: "SimpleRNN", fm.GRU: "GRU", fm.LSTM: "LSTM"}


def version() -> str:
    return f"Keras {keras.__version__} on {keras.backend.backend()}"


def step_of(net: fm.Network, X: Any, y: Any, rate: float) -> Step:
    model: Any = _network(net)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate), loss)

    def step() -> float:
        model.reset_metrics()
        return float(model.train_on_batch(X, y))

    return step


def _network(net: fm.Network) -> Any:
    """The same layers and parameters, without the output activation."""
    layers: list[Any] = [keras.Input(net.input_shape)]
    given: Any = net.layers
    for layer in given:
        if isinstance(layer, fm.MaxPool2D):
            layers.append(keras.layers.MaxPooling2D(layer.size))
        elif isinstance(layer, fm.Conv2D):
            if layer.padding != "valid":
                layers.append(keras.layers.ZeroPadding2D(layer.padding))
            layers.append(keras.layers.Conv2D(layer.filters, layer.kernel, activation="relu"))
        elif isinstance(layer, fm.Dense):
            phi = "relu" if layer is not given[-1] else None
            layers += [keras.layers.Flatten(), keras.layers.Dense(layer.units, activation=phi)]
        else:
            layers.append(getattr(keras.layers, RECURRENT[type(layer)])(layer.units))
    model = keras.Sequential(layers)
    learned = [layer for layer in given if layer.has_parameters]
    parts = zip(learned, net.weights, net.biases, strict=True)
    model.set_weights([each for part in parts for each in _parameters(*part, net.input_shape)])
    return model


def _parameters(layer: Any, W: Any, b: Any, shape: tuple[int, ...]) -> list[Any]:
    """W and b, of a recurrent layer W, U and b; a GRU has the gates z, r, n, and two biases."""
    if type(layer) not in RECURRENT:
        return [W, b]
    if isinstance(layer, fm.GRU):
        r, z, n = np.split(W, 3, axis=1)
        b_r, b_z, b_n, inner = np.split(b, 4)
        W = np.concatenate([z, r, n], axis=1)
        b = np.stack([np.concatenate([b_z, b_r, b_n]), np.concatenate([0 * b_z, 0 * b_r, inner])])
    return [W[: shape[-1]], W[shape[-1] :], b]

"""Losses that are the negative log-likelihood of a network's outputs, and their curvature."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.validation import short_repr, value_error
from fastmlp.laplace._forms import Floats
from fastmlp.network import Network

OUTPUTS = {
    "squared_error": "identity",
    "cross_entropy": "softmax",
    "binary_cross_entropy": "sigmoid",
}


def check_supported(network: Network, loss: Any) -> None:
    """Raise unless outputs and loss are one of the pairs, for one position."""
    phi = network._output_activation
    name = "a function" if is_custom_loss(loss) else loss.name
    if OUTPUTS.get(name) != phi.name:
        pairs = ", ".join(f"{loss} on {output}" for loss, output in OUTPUTS.items())
        raise value_error("loss", name, f"one of: {pairs}; the output is {short_repr(phi)}")
    if len(network.output_shape) > 1:
        raise value_error("output_shape", network.output_shape, "one axis, the outputs of a sample")


def with_identity_output(network: Network) -> Network:
    """Return a copy whose outputs are the pre-activations of the network's."""
    if network._output_activation.name == "identity":
        return network.copy()
    layers: list[Any] = list(network.layers)
    layers[-1] = layers[-1].replace(activation="identity")
    result = Network(
        layers,
        inputs=network.input_shape,
        dtype=network.dtype,
        seed=network.seed,
        precision=network.precision,
    )
    result.parameters = network.parameters
    result._feature_names = network._feature_names
    return result


def read_weights(data: Dataset, phi: Any, n_outputs: int) -> tuple[Floats, Floats]:
    """Return the weights of samples ``(n,)``, and those of their outputs ``(n, n_outputs)``.

    The curvature of cross_entropy by the pre-activations is as large as the sum of the targets.
    """
    n, targets = len(data.X), data.targets
    weights = np.ones(n) if data.weights is None else data.weights.astype(np.float64)
    terms = np.ones((n, 1)) if data.terms is None else data.terms.astype(np.float64)
    if phi.couples_units and targets.dtype != np.int64:
        terms = terms * targets.sum(axis=1, keepdims=True, dtype=np.float64)
    return weights, np.broadcast_to(weights[:, np.newaxis] * terms, (n, n_outputs))


def curvature_factor(phi: Any, a: Floats, weights: Floats) -> Floats:
    """Return F ``(n, K, K)``, where ``F Fᵀ`` is the curvature of the loss by a, times the weights.

    It is 1 for squared_error, p (1 - p) with a sigmoid p, and ``diag(p) - p pᵀ`` with a softmax p,
    of which ``F_jk = (delta_jk - p_j) sqrt(p_k)`` is a factor.
    """
    unit = np.eye(a.shape[1])
    if phi.couples_units:
        p = phi(a)
        factor = (unit - p[:, :, np.newaxis]) * np.sqrt(p)[:, np.newaxis]
    else:
        factor = np.sqrt(phi.derivative(a))[:, np.newaxis] * unit
    return np.asarray(np.sqrt(weights)[:, :, np.newaxis] * factor)

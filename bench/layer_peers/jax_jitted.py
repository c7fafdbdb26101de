"""JAX: a step compiled into one call, recurrence a lax.scan over time after one product with X."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

import fastmlp as fm
from bench.layer_peers import Step


def version() -> str:
    return f"JAX {jax.__version__}"


def step_of(net: fm.Network, X: Any, y: Any, rate: float) -> Step:
    inputs, targets = jnp.asarray(X), jnp.asarray(y)
    state: Any = [
        (jnp.array(W), jnp.array(b)) for W, b in zip(net.weights, net.biases, strict=True)
    ]

    def loss(parameters: Any) -> Any:
        a = _forward(net.layers, parameters, inputs)
        return -jnp.take_along_axis(jax.nn.log_softmax(a), targets[:, None], axis=1).mean()

    def update(parameters: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters)
        return value, jax.tree.map(lambda w, g: w - rate * g, parameters, gradient)

    compiled = jax.jit(update, donate_argnums=0)

    def step() -> float:
        nonlocal state
        value, state = jax.block_until_ready(compiled(state))
        return float(value)

    return step


def _forward(layers: Any, parameters: Any, h: Any) -> Any:
    """Pre-activations of the last layer."""
    given = iter(parameters)
    for layer in layers:
        if isinstance(layer, fm.MaxPool2D):
            window = (1, layer.size, layer.size, 1)
            h = jax.lax.reduce_window(h, -jnp.inf, jax.lax.max, window, window, "VALID")
            continue
        W, b = next(given)
        if isinstance(layer, fm.Conv2D):
            pad = 0 if layer.padding == "valid" else layer.padding
            sides, order = [(pad, pad)] * 2, ("NHWC", "HWIO", "NHWC")
            convolved = jax.lax.conv_general_dilated(h, W, (1, 1), sides, dimension_numbers=order)
            h = jax.nn.relu(convolved + b)
        elif isinstance(layer, fm.Dense):
            a = h.reshape(len(h), -1) @ W + b
            h = jax.nn.relu(a)
        else:
            h = _last_step(layer, W, b, h)
    return a


def _last_step(layer: Any, W: Any, b: Any, X: Any) -> Any:
    features, units = X.shape[2], layer.units
    U, columns = W[features:], W.shape[1]
    from_inputs = X.swapaxes(0, 1) @ W[:features] + b[:columns]
    zeros = jnp.zeros((len(X), units), X.dtype)

    def elman(h: Any, a: Any) -> Any:
        return jnp.tanh(a + h @ U), None

    def gru(h: Any, a: Any) -> Any:
        from_h = h @ U
        r, z = jnp.split(jax.nn.sigmoid((a + from_h)[:, : 2 * units]), 2, axis=1)
        n = jnp.tanh(a[:, 2 * units :] + r * (from_h[:, 2 * units :] + b[columns:]))
        return (1 - z) * n + z * h, None

    def lstm(state: Any, a: Any) -> Any:
        i, f, g, o = jnp.split(a + state[0] @ U, 4, axis=1)
        c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    if isinstance(layer, fm.LSTM):
        return jax.lax.scan(lstm, (zeros, zeros), from_inputs)[0][0]
    return jax.lax.scan(gru if isinstance(layer, fm.GRU) else elman, zeros, from_inputs)[0]

"""The table of layers that `summary` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastmlp.layers import Dense, Layer

if TYPE_CHECKING:
    from fastmlp.network import Network


def layer_table(network: Network) -> str:
    """Return one line about the network, one per layer and the total of parameters."""
    sizes = [network.n_inputs]
    rows = [("layer", "shape", "activation", "parameters")]
    layers: Sequence[Any] = network.layers
    for place, layer in enumerate(layers):
        name = layer_name(layer, layers)
        if not layer.has_parameters:
            rows.append(("", "", name, ""))
            continue
        index = len(sizes) - 1
        n_inputs, n_outputs = network.weights[index].shape
        shown = repr(layer.activation) if isinstance(layer, Dense) else name
        count = str(network._native.layer_size(place))
        rows.append((str(index), f"{n_inputs} -> {n_outputs}", shown, count))
        sizes.append(n_outputs)
    rows.append(("total", "", "", str(network.n_parameters)))
    title = (
        f"Network {'-'.join(map(str, sizes))}, {network.dtype.name}, seed {network.seed}, "
        f"{network.epochs_trained} epochs trained"
    )
    return "\n".join([title, *_aligned(rows)])


def layer_name(layer: Any, layers: Sequence[Any]) -> str:
    """Return the call that makes a layer; layers that it refers to by their places in the list."""
    fields = [
        f"{name}={_place(value, layers) if isinstance(value, Layer) else repr(value)}"
        for name, value in layer.get_params(deep=False).items()
    ]
    return f"{type(layer).__name__}({', '.join(fields)})"


def _place(layer: Layer, layers: Sequence[Any]) -> str:
    return f"layers[{next(i for i, other in enumerate(layers) if other is layer)}]"


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    index, shape, activation, count = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = (f"{a:>{index}}  {b:<{shape}}  {c:<{activation}}  {d:>{count}}" for a, b, c, d in rows)
    return [line.rstrip() for line in lines]

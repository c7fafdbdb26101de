"""The table of layers that `summary` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmlp.layers import Dense, Layer, Tied

if TYPE_CHECKING:
    from fastmlp.network import Network


def layer_table(network: Network) -> str:
    """Return one line about the network, one per layer and the total of parameters."""
    sizes = [network.n_inputs]
    rows = [("layer", "shape", "activation", "parameters")]
    for layer in network.layers:
        if not isinstance(layer, (Dense, Tied)):
            rows.append(("", "", _name(layer, network), ""))
            continue
        index = len(sizes) - 1
        n_inputs, n_outputs = network.weights[index].shape
        n_weights = n_inputs * n_outputs if isinstance(layer, Dense) else 0
        activation = _name(layer, network) if isinstance(layer, Tied) else repr(layer.activation)
        count = str(n_weights + n_outputs * layer.bias)
        rows.append((str(index), f"{n_inputs} -> {n_outputs}", activation, count))
        sizes.append(n_outputs)
    rows.append(("total", "", "", str(network.n_parameters)))
    title = (
        f"Network {'-'.join(map(str, sizes))}, {network.dtype.name}, seed {network.seed}, "
        f"{network.epochs_trained} epochs trained"
    )
    return "\n".join([title, *_aligned(rows)])


def _name(layer: Layer, network: Network) -> str:
    """Return a layer's call, with references as places in the list."""
    reference = getattr(layer, "of", getattr(layer, "layer", None))
    if not isinstance(reference, Layer):
        return repr(layer)
    index = next(i for i, other in enumerate(network.layers) if other is reference)
    return repr(layer).replace(repr(reference), f"layers[{index}]")


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    index, shape, activation, count = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = (f"{a:>{index}}  {b:<{shape}}  {c:<{activation}}  {d:>{count}}" for a, b, c, d in rows)
    return [line.rstrip() for line in lines]

"""The table of layers that `summary` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmlp.layers import Dense

if TYPE_CHECKING:
    from fastmlp.network import Network


def layer_table(network: Network) -> str:
    """Return one line about the network, one per layer and the total of parameters."""
    sizes = [network.n_inputs]
    rows = [("layer", "shape", "activation", "parameters")]
    for layer in network.layers:
        if not isinstance(layer, Dense):
            rows.append(("", "", repr(layer), ""))
            continue
        n_inputs, n_outputs = sizes[-1], layer.units
        shape, count = f"{n_inputs} -> {n_outputs}", n_outputs * (n_inputs + layer.bias)
        rows.append((str(len(sizes) - 1), shape, repr(layer.activation), str(count)))
        sizes.append(n_outputs)
    rows.append(("total", "", "", str(network.n_parameters)))
    title = (
        f"Network {'-'.join(map(str, sizes))}, {network.dtype.name}, seed {network.seed}, "
        f"{network.epochs_trained} epochs trained"
    )
    return "\n".join([title, *_aligned(rows)])


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    index, shape, activation, count = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = (f"{a:>{index}}  {b:<{shape}}  {c:<{activation}}  {d:>{count}}" for a, b, c, d in rows)
    return [line.rstrip() for line in lines]

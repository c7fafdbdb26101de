"""Methods of networks and trainers that describe them: the table of layers, the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastmlp.layers import Dense, Layer

if TYPE_CHECKING:
    from fastmlp.network import Network
    from fastmlp.trainer import Trainer


def summary(self: Network) -> None:
    """Print the table of the layers.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([2, 3, 1], output="sigmoid", seed=0).summary()
    Network 2-3-1, float32, seed 0, 0 epochs trained
    layer  shape   activation  parameters
        0  2 -> 3  ReLU()               9
        1  3 -> 1  Sigmoid()            4
    total                              13
    """
    print(self)


def call_text(network: Network) -> str:
    """Return the call that makes a network of this shape."""
    layers = ", ".join(layer_name(layer, network.layers) for layer in network.layers)
    return (
        f"Network([{layers}], inputs={network.n_inputs}, "
        f"dtype={network.dtype.name!r}, seed={network.seed})"
    )


def trainer_repr(trainer: Trainer) -> str:
    """Return what is trained, how, and how far."""
    sizes = [trainer.network.n_inputs, *(W.shape[1] for W in trainer.network.weights)]
    return (
        f"Trainer(<Network {'-'.join(map(str, sizes))}>, loss={trainer.loss!r}, "
        f"optimizer={trainer.optimizer!r}, batch_size={trainer.batch_size}, "
        f"seed={trainer.seed}; {trainer.n_steps} steps made)"
    )


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

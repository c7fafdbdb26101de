"""Methods of networks and trainers that describe them: the table of layers, the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp.layers import LEARNING_FIELDS, RECURRENT, Conv1D, Conv2D, Dense, Layer

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
    shape = network.input_shape
    rounding = "" if network.precision is None else f", precision={network.precision!r}"
    return (
        f"Network([{layers}], inputs={shape[0] if len(shape) == 1 else shape}, "
        f"dtype={network.dtype.name!r}, seed={network.seed}{rounding})"
    )


def trainer_repr(trainer: Trainer) -> str:
    """Return what is trained, how, and how far."""
    return (
        f"Trainer(<Network {sizes(trainer.network)}>, loss={_short(trainer.loss)}, "
        f"optimizer={_short(trainer.optimizer)}, batch_size={trainer.batch_size}, "
        f"seed={trainer.seed}; {trainer.n_steps} steps made)"
    )


def _short(value: Any) -> str:
    """Return the call that makes a value, without its defaults; of a function, its name."""
    if not isinstance(value, _core.Member):
        return str(getattr(value, "__qualname__", repr(value)))
    defaults: Any = type(value)()
    changed = {
        name: field
        for name, field in value.get_params(deep=False).items()
        if name == "learning_rate" or field != getattr(defaults, name)
    }
    return f"{type(value).__name__}({', '.join(f'{n}={field!r}' for n, field in changed.items())})"


def layer_table(network: Network) -> str:
    """Return one line about the network, one per layer and the total of parameters."""
    rows = [("layer", "shape", "activation", "parameters")]
    layers: Sequence[Any] = network.layers
    shape, index = network.input_shape, 0
    for place, layer in enumerate(layers):
        before, shape = shape, network._native.layer_shape(place)
        change = f"{shape_text(before)} -> {shape_text(shape)}"
        if not layer.has_parameters:
            rows.append(("", "" if shape == before else change, layer_name(layer, layers), ""))
            continue
        count = str(network._native.layer_size(place))
        rows.append((str(index), change, _brief(layer, layers), count))
        index += 1
    rows.append(("total", "", "", str(network.n_parameters)))
    rounding = "" if network.precision is None else f" with {network.precision} products"
    title = (
        f"Network {sizes(network)}, {network.dtype.name}{rounding}, seed {network.seed}, "
        f"{network.epochs_trained} epochs trained"
    )
    return "\n".join([title, *_aligned(rows)])


def sizes(network: Network) -> str:
    """Return the features of the inputs and of each layer that has weights: ``8x8x1-6x6x4-10``."""
    layers: Sequence[Any] = network.layers
    places = [place for place, layer in enumerate(layers) if layer.has_parameters]
    shapes = [network.input_shape, *map(network._native.layer_shape, places)]
    return "-".join(map(shape_text, shapes))


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as ``8x8x1``."""
    return "x".join(map(str, shape))


def _brief(layer: Any, layers: Sequence[Any]) -> str:
    if isinstance(layer, Dense):
        return repr(layer.activation)
    if isinstance(layer, (Conv1D, Conv2D)):
        name = type(layer).__name__
        return f"{name}({layer.filters}, {layer.kernel}), {layer.activation!r}"
    if isinstance(layer, RECURRENT):
        name = f"{type(layer).__name__}({layer.units})"
        name = f"Bidirectional({name})" if layer.bidirectional else name
        return f"{name}, {layer.activation!r}"
    return layer_name(layer, layers)


def layer_name(layer: Any, layers: Sequence[Any]) -> str:
    """Return the call that makes a layer; layers that it refers to by their places in the list."""
    fields = [
        f"{name}={_place(value, layers) if isinstance(value, Layer) else repr(value)}"
        for name, value in layer.get_params(deep=False).items()
        if name not in LEARNING_FIELDS or value != LEARNING_FIELDS[name]
    ]
    return f"{type(layer).__name__}({', '.join(fields)})"


def _place(layer: Layer, layers: Sequence[Any]) -> str:
    return f"layers[{next(i for i, other in enumerate(layers) if other is layer)}]"


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    index, shape, activation, count = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = (f"{a:>{index}}  {b:<{shape}}  {c:<{activation}}  {d:>{count}}" for a, b, c, d in rows)
    return [line.rstrip() for line in lines]

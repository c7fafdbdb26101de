"""The parameters of a network under the names that they have in files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.arrays import DType, FloatArray, native
from fastmlp._data.validation import InvalidValue, type_error

if TYPE_CHECKING:
    from fastmlp.network import Network

MAX_TIME_STEPS = 20_000  # of recurrent layers: the plan of a network takes up to 6 KB for each


class Tensors(dict[str, FloatArray]):
    """The parameters of a file by name, and how many steps its recurrent layers may have in all."""

    def __init__(self, tensors: Any, max_time_steps: int) -> None:
        if not isinstance(tensors, Mapping):
            raise type_error("parameters", tensors, "tensors by name")
        super().__init__(tensors)
        self.max_time_steps = max_time_steps

    @property
    def n_elements(self) -> int:
        """The number of parameters."""
        return sum(map(np.size, self.values()))


def named(network: Network, flat: FloatArray) -> dict[str, FloatArray]:
    """Return ``layers.<place>.weight`` and ``.bias`` as views of a flat vector of parameters.

    In the order of `Network.parameters`: W as ``(n_out, n_in)`` or ``(filters, kernel ...,
    channels)``, once where layers share it; ``.weight_reverse`` and ``.bias_reverse`` are those of
    a bidirectional layer's second direction.
    """
    native, own, found = network._native, network.parameters, dict[int, Any]()
    for index, (place, suffix) in enumerate(_parts(network.layers)):
        for name, view in (("weight", native.weight(index)), ("bias", native.bias(index))):
            if view is not None:
                begin = (view.ctypes.data - own.ctypes.data) // own.itemsize
                shape = (view.shape[-1], *view.shape[:-1])
                part = flat[begin : begin + view.size].reshape(shape)
                found.setdefault(begin, (f"layers.{place}.{name}{suffix}", part))
    return dict(found[begin] for begin in sorted(found))


def _parts(layers: Any) -> Iterator[tuple[int, str]]:
    """Yield the place in the list, and which direction it is, of all that has weights."""
    for place, layer in enumerate(layers):
        if layer.has_parameters:
            yield place, ""
            if getattr(layer, "bidirectional", False):
                yield place, "_reverse"


def check_size(
    shape: tuple[int, ...],
    layers: Any,
    dtype: DType,
    given: int,
    max_time_steps: int = MAX_TIME_STEPS,
    *,
    shared: bool = False,
) -> None:
    """Raise unless the layers have the `given` elements, before any memory is taken for them.

    Those that layers share may be given several times.
    """
    expected = native(dtype).Network.count(shape, layers, max_time_steps)
    if given < expected or (given > expected and not shared):
        raise InvalidValue(f"parameters have {given} elements, expected {expected} of the layers")


def check_state(values: Mapping[str, Any]) -> None:
    """Raise unless the largest states of a trainer are there, before memory is taken for them."""
    optimizer, state = values["optimizer"], values["state"]["optimizer"]
    network = values["network"]
    n = sum(
        np.size(part)
        for name, part in network["parameters"].items()
        if _is_trained(name, network["layers"])
    )
    rows = {"lbfgs": ("s", optimizer.get("history_size")), "bfgs": ("inverse_hessian", n)}
    name, n_rows = rows.get(optimizer["name"], ("", 0))
    if name and np.shape(state[name]) != (n_rows * n,):
        raise _unfit(f"optimizer.{name}", np.shape(state[name]), (n_rows * n,))


def _is_trained(name: str, layers: Any) -> bool:
    """Return whether the optimizer of a trainer has a state of this part of the parameters."""
    place = int(name.split(".")[1])
    trainable = layers[place].get("trainable", True)
    return trainable is True or trainable == ("bias" if ".bias" in name else "weights")


def put(network: Network, parameters: Any) -> None:
    """Give a network its parameters, an array or the tensors of a file."""
    if isinstance(parameters, Tensors):
        assign(network, parameters)
    else:
        network.parameters = parameters


def assign(network: Network, tensors: Mapping[str, Any]) -> None:
    """Copy tensors of exactly these names, shapes and dtype into a network."""
    parts = named(network, network.parameters)
    if set(parts) != set(tensors):
        raise InvalidValue(f"parameters={sorted(tensors)}, expected {sorted(parts)}")
    for name, part in parts.items():
        if tensors[name].shape != part.shape or tensors[name].dtype != part.dtype:
            raise _unfit(name, tensors[name].shape, part.shape)
        np.copyto(part, tensors[name])


def _unfit(name: str, given: Any, expected: Any) -> InvalidValue:
    return InvalidValue(f"{name} has shape {given}, expected {expected} in the network's dtype")

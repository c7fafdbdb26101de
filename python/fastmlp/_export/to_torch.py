"""A network as a module of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.validation import InvalidValue, short_repr
from fastmlp._export.activations import TABLE
from fastmlp._export.recurrences import operator_of, split
from fastmlp._export.to_onnx import Signal
from fastmlp._export.windows import (
    AVERAGE_POOLS,
    CONVOLUTIONS,
    GLOBAL_POOLS,
    MAX_POOLS,
    Window,
    window_of,
)
from fastmlp.layers import RECURRENT, Dense, Dropout, GaussianNoise, Skip, SpatialDropout, Tied

if TYPE_CHECKING:
    from fastmlp.network import Network


def export(network: Network) -> Any:
    """Return the network as a module of torch."""
    torch = require("torch", "Network.to_torch", "torch")
    for place, layer in enumerate(network.layers):
        _check(place, layer)
    return _Modules(torch, network).chain().eval()


def _check(place: int, layer: Any) -> None:
    activation = getattr(layer, "activation", None)
    if activation is None:
        return
    known = list(TABLE)
    if isinstance(layer, RECURRENT):
        known = ["tanh", "relu"] if operator_of(layer) == "RNN" else ["tanh"]
    if activation.name not in known:
        where = f"layers[{place}]={type(layer).__name__}"
        raise InvalidValue(
            f"{where} has activation={short_repr(activation)}, expected one that torch has "
            f"there: {', '.join(known)}"
        )


class _Modules:
    """The modules so far."""

    def __init__(self, torch: Any, network: Network) -> None:
        from fastmlp._export import torch_modules

        self.torch, self.network, self.own = torch, network, torch_modules
        self.dtype = getattr(torch, network.dtype.name)
        self.weights = iter(zip(network.weights, network.biases, strict=True))
        self.modules: list[Any] = []
        self.signal = Signal("", network.input_shape)
        self.outputs: list[tuple[int, Signal]] = []  # of layers, with the number of modules
        self.linear: dict[int, Any] = {}  # modules of Dense, by its identity

    def chain(self) -> Any:
        layers: Any = self.network.layers
        for place, layer in enumerate(layers):
            if isinstance(layer, Skip):
                self._skip(layer, layers)
            else:
                self._layer(layer)
            shape = self.network._native.layer_shape(place)
            self.signal = self.signal._replace(shape=shape)
            self._activation(getattr(layer, "activation", None), layer)
            self.outputs.append((len(self.modules), self.signal))
        self._channels(first=False)
        if len(self.network.input_shape) == 1 and not any(isinstance(e, Skip) for e in layers):
            return self.torch.nn.Sequential(*self.modules)
        return self.own.Chain(self.modules, self.network.input_shape)

    def _channels(self, *, first: bool) -> None:
        rank = len(self.signal.shape) + 1
        if first != self.signal.first:
            order = (0, rank - 1, *range(1, rank - 1)) if first else (0, *range(2, rank), 1)
            self.modules.append(self.own.Permute(*order))
            self.signal = self.signal._replace(first=first)

    def _layer(self, layer: Any) -> None:
        nn = self.torch.nn
        n = len(self.signal.shape) - 1
        if isinstance(layer, (Dense, Tied)):
            self._channels(first=False)
            if n:
                self.modules.append(nn.Flatten())
            self.modules.append(self._dense(layer))
        elif isinstance(layer, RECURRENT):
            self._channels(first=False)
            self.modules.append(self._recurrent(layer))
            self.modules.append(self.own.Steps(layer.sequences, layer.bidirectional))
        elif isinstance(layer, GLOBAL_POOLS):
            self._channels(first=True)
            self.modules += [(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)[n - 1](1), nn.Flatten()]
            self.signal = self.signal._replace(first=False)
        elif isinstance(layer, (*CONVOLUTIONS, *MAX_POOLS, *AVERAGE_POOLS)):
            self._channels(first=True)
            self._window(layer, window_of(layer, self.signal.shape[:-1]), n)
        elif isinstance(layer, SpatialDropout):
            self._channels(first=n > 0)
            kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d)
            self.modules.append(kinds[n](layer.rate))
        elif isinstance(layer, Dropout):
            self.modules.append(nn.Dropout(layer.rate))
        elif isinstance(layer, GaussianNoise):
            self.modules.append(self.own.GaussianNoise(layer.std))
        else:
            raise InvalidValue(f"{short_repr(layer)}, expected a layer that torch has")

    def _parameter(self, values: Any) -> Any:
        return self.torch.nn.Parameter(self.torch.tensor(np.array(values)))

    def _made(self, kind: str, *arguments: Any, **options: Any) -> Any:
        """Return a module whose parameters are not drawn."""
        cls = getattr(self.torch.nn, kind)
        return cls(*arguments, dtype=self.dtype, device="meta", **options).to_empty(device="cpu")

    def _dense(self, layer: Any) -> Any:
        W, b = next(self.weights)
        if isinstance(layer, Tied):
            bias = None if b is None else self._parameter(b)
            return self.own.TiedLinear(self.linear[id(layer.layer)], layer.transposed, bias)
        module = self.linear[id(layer)] = self._made("Linear", *W.shape, bias=b is not None)
        self._fill(module.weight, W.T)
        self._fill(module.bias, b)
        return module

    def _fill(self, parameter: Any, values: Any) -> None:
        if values is not None:
            parameter.data.copy_(self.torch.from_numpy(np.ascontiguousarray(values)))

    def _recurrent(self, layer: Any) -> Any:
        op = operator_of(layer)
        options = {"nonlinearity": layer.activation.name} if op == "RNN" else {}
        module = self._made(
            op,
            self.signal.shape[-1],
            layer.units,
            bias=layer.bias,
            batch_first=True,
            bidirectional=layer.bidirectional,
            **options,
        )
        for suffix in ("", "_reverse")[: 1 + layer.bidirectional]:
            W, b = next(self.weights)
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            for name, values in zip(names[: 2 + 2 * layer.bias], split(layer, W, b), strict=False):
                self._fill(getattr(module, f"{name}_l0{suffix}"), values)
        return module

    def _window(self, layer: Any, window: Window, n: int) -> None:
        nn, equal = self.torch.nn, window.before == window.after
        if isinstance(layer, CONVOLUTIONS):
            W, b = next(self.weights)
            if not equal:
                self._pad(window, 0.0)
            module = self._made(
                f"Conv{n}d",
                *(W.shape[-2], W.shape[-1], window.kernel, window.stride),
                padding=window.before if equal else 0,
                dilation=window.dilation,
                bias=b is not None,
            )
            self._fill(module.weight, W.transpose(n + 1, n, *range(n)))
            self._fill(module.bias, b)
            self.modules.append(module)
            return
        fits = equal and all(2 * p <= k for p, k in zip(window.before, window.kernel, strict=True))
        kernel, stride = window.kernel, window.stride
        padding = window.before if fits else 0
        if isinstance(layer, MAX_POOLS):
            if not fits:
                self._pad(window, -np.inf)
            self.modules.append(getattr(nn, f"MaxPool{n}d")(kernel, stride, padding))
        elif fits:
            module = getattr(nn, f"AvgPool{n}d")(kernel, stride, padding, count_include_pad=False)
            self.modules.append(module)
        else:
            self.modules.append(self.own.MeanOfInputs(*window[:2], *window[3:]))

    def _pad(self, window: Window, value: float) -> None:
        pairs = [*zip(window.before, window.after, strict=True)][::-1]
        pads = tuple(n for pair in pairs for n in pair)
        self.modules.append(getattr(self.torch.nn, f"ConstantPad{len(pairs)}d")(pads, value))

    def _activation(self, activation: Any, layer: Any) -> None:
        if activation is None or activation.name == "identity" or isinstance(layer, RECURRENT):
            return
        if activation.couples_units:
            self._channels(first=False)
        member = TABLE[activation.name]
        own = activation.get_params(deep=False)
        fields = {name: own.get(value, value) for name, value in member.fields.items()}
        if member.torch.islower():
            self.modules.append(self.own.Function(member.torch, **fields))
        else:
            self.modules.append(getattr(self.torch.nn, member.torch)(**fields))

    def _skip(self, layer: Any, layers: Any) -> None:
        number, other = 0, Signal("", self.network.input_shape)
        if layer.of != "input":
            number, other = self.outputs[[each is layer.of for each in layers].index(True)]
        if (self.signal.shape, self.signal.first) != (other.shape, other.first):
            self._channels(first=False)
        dims = None
        if other.first and not self.signal.first:
            dims = (0, *range(2, len(other.shape) + 1), 1)
        self.modules.append(self.own.Skip(number, dims))

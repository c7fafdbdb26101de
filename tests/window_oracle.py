"""Oracles of layers that slide windows: plain loops in NumPy, and torch in float64.

Arrays are (n, height, width, channels); sequences have a height of 1. Padding "same" is that of
TensorFlow: ceil(size / stride) positions, the odd zero at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

import fastmlp as fm
from reference import Array

CONVOLUTIONS = (fm.Conv1D, fm.Conv2D)
POOLS = (fm.MaxPool1D, fm.MaxPool2D, fm.AveragePool1D, fm.AveragePool2D)
GLOBAL = (fm.GlobalAveragePool1D, fm.GlobalAveragePool2D)


def pair(value: Any, layer: Any, unit: int = 1) -> tuple[int, int]:
    """A size as (y, x); of a sequence y is the `unit`."""
    if type(layer).__name__.endswith("1D"):
        return unit, int(value)
    return (value, value) if isinstance(value, int) else tuple(value)


def geometry(layer: Any) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Window, stride and dilation of a layer."""
    window = pair(layer.kernel if isinstance(layer, CONVOLUTIONS) else layer.size, layer)
    stride = window if layer.stride is None else pair(layer.stride, layer)
    return window, stride, pair(getattr(layer, "dilation", 1), layer)


def zeros(layer: Any, size: int, axis: int) -> tuple[int, int]:
    """The padding before and after an axis."""
    window, stride, dilation = (each[axis] for each in geometry(layer))
    if layer.padding == "valid":
        return 0, 0
    if layer.padding == "same":
        total = max(0, (-(-size // stride) - 1) * stride + (window - 1) * dilation + 1 - size)
        return total // 2, total - total // 2
    return (pair(layer.padding, layer, 0)[axis],) * 2


# ---- plain loops ---------------------------------------------------------------------------------


def regions(layer: Any, x: Array) -> Array:
    """(n, y', x', window, channels), nan outside of the input."""
    (ky, kx), (sy, sx), (dy, dx) = geometry(layer)
    pad = [(0, 0), zeros(layer, x.shape[1], 0), zeros(layer, x.shape[2], 1), (0, 0)]
    padded = np.pad(x, pad, constant_values=np.nan)
    rows = range(0, padded.shape[1] - (ky - 1) * dy, sy)
    columns = range(0, padded.shape[2] - (kx - 1) * dx, sx)
    out = np.empty((len(x), len(rows), len(columns), ky * kx, x.shape[3]))
    for (p, y), (q, z) in product(enumerate(rows), enumerate(columns)):
        for k, (i, j) in enumerate(product(range(ky), range(kx))):
            out[:, p, q, k] = padded[:, y + i * dy, z + j * dx]
    return out


def convolve(layer: Any, x: Array, W: Array, b: Array | None) -> Array:
    """h (n, y', x', filters) before the activation, W (filters, window, channels)."""
    covered = np.nan_to_num(regions(layer, x))
    out = np.zeros((*covered.shape[:3], layer.filters))
    for f in range(layer.filters):
        out[..., f] = (covered * W[f]).sum((-1, -2)) + (0.0 if b is None else b[f])
    return out


def pool(layer: Any, x: Array) -> Array:
    covered = regions(layer, x)
    maximum = isinstance(layer, (fm.MaxPool1D, fm.MaxPool2D))
    return np.nanmax(covered, 3) if maximum else np.nanmean(covered, 3)


# ---- torch ---------------------------------------------------------------------------------------


class TorchNet:
    """The network of a list of layers as a function of w and X; imports torch."""

    def __init__(self, net: Any, activations: dict[str, Callable[[Any], Any]]) -> None:
        import torch

        self.torch, self.F = torch, torch.nn.functional
        self.layers: Sequence[Any] = net.layers
        self.shape = net.input_shape
        self.activations = activations

    def __call__(self, w: Any, X: Any, last: bool = True) -> Any:
        """Outputs (n, n_out), or the last pre-activations."""
        shape = (1, *self.shape) if len(self.shape) == 2 else self.shape
        h = X.reshape(len(X), *(shape if len(shape) == 3 else (1, 1, *shape)))
        outputs, start = [], 0
        for index, layer in enumerate(self.layers):
            name = type(layer).__name__
            if name == "Dense":
                h = h.reshape(len(X), 1, 1, -1)
            columns = h.shape[-1] * int(np.prod(geometry(layer)[0])) if "Conv" in name else 0
            columns = h.shape[-1] if name == "Dense" else columns
            if columns:
                units = layer.filters if "Conv" in name else layer.units
                W = w[start : start + units * columns].reshape(units, columns)
                start += W.numel()
                b = w[start : start + units] if layer.bias else None
                start += units * layer.bias
                h = h @ W.T if name == "Dense" else self.convolve(layer, h, W)
                h = h if b is None else h + b
                if last or index + 1 < len(self.layers):
                    h = self.activations[layer.activation.name](h)
            elif isinstance(layer, POOLS):
                h = self.pool(layer, h)
            elif isinstance(layer, GLOBAL):
                h = h.mean((1, 2), keepdim=True)
            elif name == "Skip":
                h = h + outputs[[each is layer.of for each in self.layers].index(True)]
            outputs.append(h)
        return h.reshape(len(X), -1)

    def padded(self, layer: Any, h: Any, value: float) -> Any:
        """(n, channels, y, x) with `value` around it."""
        pads = [*zeros(layer, h.shape[2], 1), *zeros(layer, h.shape[1], 0)]
        return self.F.pad(h.permute(0, 3, 1, 2), pads, value=value)

    def convolve(self, layer: Any, h: Any, W: Any) -> Any:
        window, stride, dilation = geometry(layer)
        kernel = W.reshape(layer.filters, *window, -1).permute(0, 3, 1, 2)
        out = self.F.conv2d(self.padded(layer, h, 0.0), kernel, None, stride, 0, dilation)
        return out.permute(0, 2, 3, 1)

    def pool(self, layer: Any, h: Any) -> Any:
        window, stride, _ = geometry(layer)
        if isinstance(layer, (fm.MaxPool1D, fm.MaxPool2D)):
            out = self.F.max_pool2d(self.padded(layer, h, -np.inf), window, stride)
        else:
            ones = self.padded(layer, self.torch.ones_like(h), 0.0)
            share = self.F.avg_pool2d(ones, window, stride)
            out = self.F.avg_pool2d(self.padded(layer, h, 0.0), window, stride) / share
        return out.permute(0, 2, 3, 1)

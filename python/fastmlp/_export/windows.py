"""The geometry of layers that slide a window, axis by axis."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastmlp.layers import (
    AveragePool1D,
    AveragePool2D,
    Conv1D,
    Conv2D,
    GlobalAveragePool1D,
    GlobalAveragePool2D,
    MaxPool1D,
    MaxPool2D,
)

CONVOLUTIONS = (Conv1D, Conv2D)
MAX_POOLS = (MaxPool1D, MaxPool2D)
AVERAGE_POOLS = (AveragePool1D, AveragePool2D)
GLOBAL_POOLS = (GlobalAveragePool1D, GlobalAveragePool2D)


class Window(NamedTuple):
    """Per axis of positions: sizes, and zeros before and after."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def outputs(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Return the number of positions per axis."""
        extents = (d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))
        axes = zip(sizes, self.before, self.after, extents, self.stride, strict=True)
        return tuple((n + a + b - extent) // s + 1 for n, a, b, extent, s in axes)


def window_of(layer: Any, sizes: tuple[int, ...]) -> Window:
    """Return the window of a layer over this many positions."""
    n = len(sizes)
    kernel = _per_axis(layer.kernel if isinstance(layer, CONVOLUTIONS) else layer.size, n)
    stride = kernel if layer.stride is None else _per_axis(layer.stride, n)
    dilation = _per_axis(getattr(layer, "dilation", 1), n)
    if layer.padding == "same":
        return same(kernel, stride, dilation, sizes)
    zeros = _per_axis(0 if layer.padding == "valid" else layer.padding, n)
    return Window(kernel, stride, dilation, zeros, zeros)


def same(kernel: Any, stride: Any, dilation: Any, sizes: tuple[int, ...]) -> Window:
    """Return the window with ceil(size / stride) positions, the odd zero at the end."""
    axes = zip(sizes, kernel, stride, dilation, strict=True)
    totals = [max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n) for n, k, s, d in axes]
    before = tuple(total // 2 for total in totals)
    after = tuple(total - total // 2 for total in totals)
    return Window(kernel, stride, dilation, before, after)


def _per_axis(value: Any, n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)

"""Axes of tensors that are read from elsewhere, in terms of the axes that layers have here.

Operators of other libraries order axes freely, layers here do not: channels are last. So a `Value`
says which axes of a layer's output each of its own axes runs over. Transposing and flattening
change that alone, and a product reads it to put the columns of its weights in order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue

BATCH = -1  # the axis of samples
MANY = 1_000_000_007  # a prime for their number, where it is open
RECURRENT = ("RNN", "GRU", "LSTM")
Axes = tuple[tuple[int, ...], ...]


@dataclass
class Stage:
    """A layer: what makes it, the axes of its output, and its parameters."""

    kind: str
    sizes: list[int]  # of a recurrent layer (steps, directions, units)
    n_positions: int  # of the axes; the others are its channels
    make: Callable[[Stage, list[Any]], Any] | None = None  # of the layers before; None: the input
    W: Any = None  # (outputs, ..., inputs), in the order of `Network.parameters`
    b: Any = None
    further: Sequence[Any] = ()  # parameters behind
    key: Any = None  # of W, so that another layer may share it
    term: Any = None  # its output as an expression of its sums, once that is known
    change: Any = None  # factor and shift after it, as those of a `Value`
    activation: Any = None
    version: int = 0  # changes with W and b
    last: bool = False  # the output is the state after the last step

    @property
    def axes(self) -> tuple[int, ...]:
        """All axes, in order."""
        return tuple(range(len(self.sizes)))

    @property
    def channels(self) -> tuple[int, ...]:
        """The axes behind those of positions."""
        return self.axes[self.n_positions :]

    def long(self, axes: Sequence[int]) -> list[int]:
        """Return those longer than 1, and that of samples."""
        return [axis for axis in axes if axis == BATCH or self.sizes[axis] > 1]


@dataclass(frozen=True)
class Value:
    """A tensor: axes of a stage in its own order, and an expression of the stage's sums."""

    stage: int
    axes: Axes
    term: Any = "x"
    version: int = 0
    change: Any = None  # factor and shift per channel or feature, for the next weights to take
    last: bool = False
    part: int | None = None  # one direction


def shown(lengths: Sequence[int]) -> str:
    """Return lengths for a message; the number of samples is n where it is open."""
    many = [(length, *divmod(length, MANY)) for length in lengths]
    texts = [str(n) if rest or not n else "n" if k == 1 else f"{k} n" for n, k, rest in many]
    return f"({', '.join(texts)})"


def is_many(number: Any) -> bool:
    """Return whether a number is a multiple of that of samples, where it is open."""
    value = float(np.ravel(number)[0])
    return math.isfinite(value) and value != 0 and value % MANY == 0


class Reader:
    """The stages so far, and what may be done with axes of their outputs."""

    def __init__(self, sizes: Sequence[int], n_positions: int, batch: int = MANY) -> None:
        self.batch = batch
        self.dtype: np.dtype[Any] = np.dtype(np.float32)  # of the network
        self.stages = [Stage("the input", list(sizes), n_positions)]

    def product(self, value: Value, axes: Sequence[int]) -> int:
        """Return the length of some axes of the stage together."""
        sizes = self.stages[value.stage].sizes
        return math.prod(self.batch if axis == BATCH else sizes[axis] for axis in axes)

    def shape(self, value: Value) -> list[int]:
        """Return the lengths of all axes."""
        return [self.product(value, group) for group in value.axes]

    def form(self, value: Value) -> list[list[Any]]:
        """Return its axes by position and length, channels as one, for stages of all kinds."""
        stage = self.stages[value.stage]
        channels, n = stage.long(stage.channels), self.product(value, stage.channels)
        groups: list[list[Any]] = []
        for group in map(stage.long, value.axes):
            entries: list[Any] = [(axis, self.product(value, [axis])) for axis in group]
            start = group.index(channels[0]) if n > 1 and channels[0] in group else len(group)
            if group[start : start + len(channels)] == channels:
                entries[start : start + len(channels)] = [("channels", n)]
            groups.append(entries)
        return groups

    def has_axes(self, value: Value, *expected: Sequence[int]) -> bool:
        """Return whether its axes are these; parts of length 1 do not count."""
        long = self.stages[value.stage].long
        return list(map(long, value.axes)) == list(map(long, expected))

    def transposed(self, value: Value, perm: Sequence[int]) -> Value:
        """Return it with its axes in another order."""
        if sorted(perm) != list(range(len(value.axes))):
            raise InvalidValue(f"perm={list(perm)}, expected an order of {len(value.axes)} axes")
        return replace(value, axes=tuple(value.axes[axis] for axis in perm))

    def reshaped(self, value: Value, dims: Sequence[int]) -> Value:
        """Return it with axes joined, or taken apart as they had been joined."""
        shape, dims = self.shape(value), list(dims)
        if -1 in dims and (known := math.prod(dim for dim in dims if dim != -1)):
            dims[dims.index(-1)] = math.prod(shape) // known
        waiting = [axis for group in value.axes for axis in group]
        axes = []
        for dim in dims:
            group: list[int] = []
            while waiting and (not group or self.product(value, group) < dim):
                if dim == 1 < self.product(value, waiting[:1]):
                    break
                group.append(waiting.pop(0))
            if self.product(value, group) != dim:
                change = f"from shape {shown(shape)} to {shown(dims)}"
                raise InvalidValue(f"{change}, expected whole axes")
            axes.append(tuple(group))
        if self.product(value, waiting) != 1:
            change = f"from shape {shown(shape)} to {shown(dims)}"
            raise InvalidValue(f"{change}, expected as many elements")
        return replace(value, axes=tuple(axes))

    def flattened(self, value: Value, begin: int, end: int = -1) -> Value:
        """Return it with the axes from one to another joined."""
        n = len(value.axes)
        begin, end = range(n)[begin], range(n)[end] + 1
        group = tuple(axis for group in value.axes[begin:end] for axis in group)
        return replace(value, axes=(*value.axes[:begin], group, *value.axes[end:]))

    def squeezed(self, value: Value, axes: Sequence[int]) -> Value:
        """Return it without axes of length 1."""
        places = {range(len(value.axes))[axis] for axis in axes}
        if any(self.shape(value)[place] != 1 for place in places):
            raise InvalidValue(
                f"axes={list(axes)} of shape {shown(self.shape(value))}, expected lengths 1"
            )
        return replace(value, axes=tuple(g for k, g in enumerate(value.axes) if k not in places))

    def unsqueezed(self, value: Value, axes: Sequence[int]) -> Value:
        """Return it with further axes of length 1."""
        groups = list(value.axes)
        rank = len(groups) + len(axes)
        for axis in sorted(range(rank)[axis] for axis in axes):
            groups.insert(axis, ())
        return replace(value, axes=tuple(groups))

    def picked(self, value: Value, axis: int, index: int) -> Value:
        """Return one entry along an axis: the last step, a direction, or all there is."""
        stage, axis = self.stages[value.stage], range(len(value.axes))[axis]
        group, size = value.axes[axis], self.shape(value)[axis]
        rest = replace(value, axes=value.axes[:axis] + value.axes[axis + 1 :])
        index = range(size)[index]
        if BATCH in group:
            raise InvalidValue("it takes one sample, expected all")
        if size == 1:
            return rest
        if stage.kind in RECURRENT and group == (0,) and index == size - 1:
            if stage.sizes[1] == 2:
                expected = (
                    "the last state of each direction, which for the reversed one is the first"
                )
                raise InvalidValue(
                    f"it takes the last step of both directions, expected {expected}"
                )
            return replace(rest, last=True)
        if stage.kind in RECURRENT and group == (1,) and value.last:
            return replace(rest, part=index)
        raise InvalidValue(f"it takes entry {index} of {size}, expected the last step of a layer")

    def joined(self, values: Sequence[Any], axis: int) -> Value:
        """Return the last states of both directions side by side."""
        first: Value
        first, second = values
        axis = range(len(first.axes))[axis]
        both = first.part == 0 and second.part == 1 and replace(second, part=0) == first
        if not both or first.axes[axis] != (2,):
            raise InvalidValue("it joins outputs, expected both directions of a recurrent layer")
        axes = (*first.axes[:axis], (1, 2), *first.axes[axis + 1 :])
        return replace(first, axes=axes, part=None)

    def ordered(self, stage: Stage, group: Sequence[int], rows: Any) -> Any:
        """Return rows, one for each entry of a group of all axes, in the order of our features."""
        group = stage.long(group)
        grid = rows.reshape(*(stage.sizes[axis] for axis in group), *rows.shape[1:])
        order = [*np.argsort(group), *range(len(group), grid.ndim)]
        return grid.transpose([int(axis) for axis in order]).reshape(rows.shape)

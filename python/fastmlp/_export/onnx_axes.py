"""Operators of ONNX that move, join and pick axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue
from fastmlp._export.axes import BATCH, Value
from fastmlp._export.chain import Chain
from fastmlp._export.onnx_constants import Node, stored


def value_of(node: Node, place: int = 0) -> Value:
    value = node[place]
    if not isinstance(value, Value):
        raise InvalidValue(f"input {place} is a constant, expected an output of a layer")
    return value


def array_of(node: Node, place: int) -> Any:
    if node[place] is None or isinstance(node[place], Value):
        raise InvalidValue(f"input {place} is no constant, expected weights in the file")
    return np.asarray(stored(node[place]))


def _reshape(chain: Chain, node: Node) -> Value:
    value = value_of(node)
    dims = [int(n) for n in np.ravel(array_of(node, 1))]
    shape = chain.shape(value)
    dims = [shape[k] if n == 0 else n for k, n in enumerate(dims)]
    return chain.reshaped(value, dims)


def _flatten(chain: Chain, node: Node) -> Value:
    shape, axis = chain.shape(value_of(node)), node.get("axis")
    return chain.reshaped(value_of(node), [math.prod(shape[:axis]), math.prod(shape[axis:])])


def _squeeze(chain: Chain, node: Node) -> Value:
    value = value_of(node)
    ones = [k for k, n in enumerate(chain.shape(value)) if n == 1]
    return chain.squeezed(value, node.get("axes", 1) or ones)


def _gather(chain: Chain, node: Node) -> Value:
    index, axis = array_of(node, 1), node.get("axis")
    if index.size != 1:
        raise InvalidValue(f"it takes {index.size} entries, expected one")
    value = chain.picked(value_of(node), axis, int(index.reshape(-1)[0]))
    if index.ndim == 0:
        return value
    return chain.unsqueezed(value, [range(len(value_of(node).axes))[axis]])


def _slice(chain: Chain, node: Node) -> Value:
    """Return all of an axis, or its last entry."""
    value = value_of(node)
    starts, ends = node.get("starts", 1), node.get("ends", 2)
    axes = node.get("axes", 3) or range(len(starts))
    steps = node.get("steps", 4) or [1] * len(starts)
    for axis, begin, end, step in zip(axes, starts, ends, steps, strict=True):
        size = chain.shape(value)[axis]
        taken = range(size)[begin:end:step]
        if taken == range(size):
            continue
        if BATCH in value.axes[axis]:
            raise InvalidValue("it takes some samples, expected all")
        if len(taken) != 1:
            raise InvalidValue(f"it takes {len(taken)} entries of {size}, expected all or one")
        place = range(len(value.axes))[axis]
        value = chain.unsqueezed(chain.picked(value, axis, taken[0]), [place])
    return value


AXES: dict[str, Callable[[Chain, Node], Any]] = {
    "Flatten": _flatten,
    "Gather": _gather,
    "Reshape": _reshape,
    "Shape": lambda chain, node: np.array(chain.shape(value_of(node))),
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": lambda chain, node: chain.transposed(
        value_of(node), node.get("perm") or range(len(value_of(node).axes))[::-1]
    ),
    "Unsqueeze": lambda chain, node: chain.unsqueezed(value_of(node), node.get("axes", 1)),
}

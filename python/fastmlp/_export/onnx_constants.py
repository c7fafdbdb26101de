"""Nodes of ONNX, and those that compute constants, such as the shape that another one reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue
from fastmlp._export.axes import shown

VIEWS = {"Identity", "Slice", "Squeeze", "Transpose", "Unsqueeze"}  # they take no memory

KINDS = {  # by ONNX's number of a type
    **{1: "float32", 10: "float16", 11: "float64", 9: "bool", 2: "uint8", 3: "int8", 4: "uint16"},
    **{5: "int16", 6: "int32", 7: "int64", 12: "uint32", 13: "uint64"},
}


@dataclass
class Node:
    """A node with the values of its inputs and attributes, defaults among these."""

    op: str
    inputs: list[Any]
    names: list[str]
    attributes: dict[str, Any]
    opset: int

    def __getitem__(self, place: int) -> Any:
        """Return an input, None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def get(self, name: str, place: int | None = None) -> Any:
        """Return an attribute, or the integers of the input that it became later."""
        if name in self.attributes or place is None or self[place] is None:
            return self.attributes.get(name)
        return [int(each) for each in np.ravel(stored(self[place]))]

    def only(self, name: str, value: Any, reason: str) -> None:
        """Raise unless an attribute has this value."""
        if self.attributes.get(name, value) != value:
            raise InvalidValue(f"{name}={self.attributes[name]!r}, expected {value!r}: {reason}")


def stored(array: Any) -> Any:
    """Return an array; one that repeats a number, and takes no memory, is refused."""
    if np.size(array) > 1 and 0 in np.asarray(array).strides:
        raise InvalidValue(
            f"a number repeated to shape {shown(np.shape(array))}, expected an array"
        )
    return array


def computed(node: Node, budget: list[int]) -> Any:
    if node.op == "Constant":
        return next(iter(node.attributes.values()))
    if node.op not in _FUNCTIONS:
        raise InvalidValue("it reads constants alone, expected an output of a layer")
    if node.op in ("Expand", "ConstantOfShape"):  # no memory is taken
        value = node[0] if node.op == "Expand" else node.attributes.get("value", np.zeros(1))
        return np.broadcast_to(np.ravel(value)[:1], [int(n) for n in node.inputs[-1]])
    if node.op not in VIEWS:
        budget[0] -= sum(np.size(each) for each in node.inputs)
    if budget[0] < 0:
        raise InvalidValue("constants larger than the file are computed, expected them in it")
    return _FUNCTIONS[node.op](node)


def _slice(node: Node) -> Any:
    array, starts, ends = node.inputs[:3]
    axes = node.get("axes", 3) or range(len(starts))
    steps = node.get("steps", 4) or [1] * len(starts)
    index = [slice(None)] * np.ndim(array)
    for axis, begin, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(int(begin), int(end), int(step))
    return array[tuple(index)]


def _cast(node: Node) -> Any:
    """Return numbers of another type; integers as floating-point numbers are exact as they are."""
    array, kind = np.asarray(node[0]), KINDS.get(node.get("to"))
    if kind is None:
        raise InvalidValue(f"to={node.get('to')}, expected a type of numbers")
    if array.dtype.kind in "iu" and kind in ("float32", "float64"):
        return array
    with np.errstate(all="ignore"):
        return array.astype(kind, copy=False)


_FUNCTIONS: dict[str, Callable[[Node], Any]] = {
    "Add": lambda node: node[0] + node[1],
    "Cast": _cast,
    "Concat": lambda node: np.concatenate(node.inputs, node.get("axis")),
    "ConstantOfShape": lambda node: None,
    "Expand": lambda node: None,
    "Gather": lambda node: np.take(node[0], node[1], node.get("axis")),
    "Identity": lambda node: node[0],
    "Mul": lambda node: node[0] * node[1],
    "Reshape": lambda node: np.reshape(node[0], [int(n) for n in node[1]]),
    "Shape": lambda node: np.array(np.shape(node[0])),
    "Slice": _slice,
    "Squeeze": lambda node: np.squeeze(node[0], tuple(node.get("axes", 1) or ()) or None),
    "Transpose": lambda node: np.transpose(node[0], node.get("perm")),
    "Unsqueeze": lambda node: np.expand_dims(node[0], tuple(node.get("axes", 1))),
}

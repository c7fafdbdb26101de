"""A graph of ONNX that grows node by node."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._export.activations import Call

Shape = tuple[int | str, ...]


class Graph:
    """Nodes and initializers; the body of a loop has its own nodes, and the root's initializers."""

    def __init__(self, onnx: Any, dtype: np.dtype[Any], root: Graph | None = None) -> None:
        self.onnx, self.dtype = onnx, dtype
        self.root = root or self
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.place = ""  # the layer, with which names begin
        self._names: dict[str, int] = {}

    @property
    def is_double(self) -> bool:
        """Whether it computes in float64."""
        return self.dtype == np.float64

    def _name(self, kind: str) -> str:
        name = f"{self.root.place}{kind}"
        count = self.root._names[name] = self.root._names.get(name, 0) + 1
        return name if count == 1 else f"{name}_{count}"

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output, and return the name of that."""
        return self.nodes_of(op, inputs, 1, **attributes)[0]

    def nodes_of(self, op: str, inputs: Any, n_outputs: int, **attributes: Any) -> list[str]:
        """Add a node, and return the names of its outputs."""
        name = self._name(op)
        outputs = [name, *(f"{name}:{k}" for k in range(1, n_outputs))]
        made = self.onnx.helper.make_node(op, inputs, outputs, name, **attributes)
        self.nodes.append(made)
        return outputs

    def weight(self, name: str, values: Any) -> str:
        """Return the name of parameters, in the precision of the graph."""
        kept, name = self.root.initializers, f"{self.root.place}{name}"
        array = np.ascontiguousarray(values, self.dtype.newbyteorder("<"))
        kept[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def number(self, value: float) -> str:
        """Return the name of a constant number."""
        return self.constant(f"number {value!r}", np.array(value, self.dtype))

    def integers(self, *values: int) -> str:
        """Return the name of a constant vector of integers."""
        return self.constant("integers " + " ".join(map(str, values)), np.array(values, np.int64))

    def constant(self, name: str, array: Any) -> str:
        """Return the name of an array that is no parameter."""
        if name not in self.root.initializers:
            self.root.initializers[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def expression(self, expression: Any, x: str) -> str:
        """Add the nodes of an expression of x."""
        if isinstance(expression, Call):
            inputs = [self.expression(each, x) for each in expression.inputs]
            return self.node(expression.op, *inputs, **expression.attributes)
        return self.number(expression) if isinstance(expression, float) else x

    def proto(self, name: str, inputs: dict[str, Shape], outputs: dict[str, Shape]) -> Any:
        """Return the graph, with the shapes of what goes in and out."""
        helper = self.onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)

        def infos(shapes: dict[str, Shape]) -> list[Any]:
            return [helper.make_tensor_value_info(n, kind, s) for n, s in shapes.items()]

        kept = list(self.initializers.values())
        return helper.make_graph(self.nodes, name, infos(inputs), infos(outputs), kept)

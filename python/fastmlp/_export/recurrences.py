"""Recurrent layers in ONNX: its own operators, or a loop (Scan) of products and sums.

ONNX Runtime has those operators in float32, with few activations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastmlp._export.activations import TABLE, Call
from fastmlp._export.graph import Graph
from fastmlp.layers import GRU, LSTM

ORDER = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 3, 1, 2]}  # our gates in the order of ONNX
NATIVE = {"Tanh", "Relu", "Sigmoid", "Softplus", "Softsign"}


def operator_of(layer: Any) -> str:
    """Return the name of the operator, which is that of torch's module too."""
    return "GRU" if isinstance(layer, GRU) else "LSTM" if isinstance(layer, LSTM) else "RNN"


def split(layer: Any, W: Any, b: Any) -> tuple[Any, Any, Any, Any]:
    """Return W of x and of h, (gates units, columns), and the biases beside each, as torch has."""
    W = W.T
    W_x, W_h = W[:, : -layer.units], W[:, -layer.units :]
    b_x = np.zeros(len(W), W.dtype) if b is None else b[: len(W)]
    b_h = np.zeros(len(W), W.dtype)
    if b is not None:
        b_h[len(W) - (len(b) - len(W)) :] = b[len(W) :]  # c_n of a GRU
    return W_x, W_h, b_x, b_h


def add_recurrent(graph: Graph, layer: Any, x: str, weights: Any, steps: int) -> str:
    """Add the nodes of a layer over x (n, time, features); weights are (W, b) per direction."""
    parts = [split(layer, W, b) for W, b in weights]
    x = graph.node("Transpose", x, perm=[1, 0, 2])  # (time, n, features)
    phi = TABLE[layer.activation.name].onnx(layer.activation)
    native = isinstance(phi, Call) and phi.op in NATIVE and phi.inputs == ("x",)
    units = layer.units * len(parts)
    if native and not graph.is_double:
        outputs = _native(graph, layer, x, parts, phi.op)
        if layer.sequences:  # (time, directions, n, units)
            y = graph.node("Transpose", outputs[0], perm=[2, 0, 1, 3])
            return graph.node("Reshape", y, graph.integers(-1, steps, units))
        y = graph.node("Transpose", outputs[1], perm=[1, 0, 2])
        return graph.node("Reshape", y, graph.integers(-1, units))
    ends = [_scan(graph, layer, x, *each, reverse=k > 0) for k, each in enumerate(parts)]
    y = ends[0] if len(ends) == 1 else graph.node("Concat", *ends, axis=-1)
    return graph.node("Transpose", y, perm=[1, 0, 2]) if layer.sequences else y


def _native(graph: Graph, layer: Any, x: str, parts: Sequence[Any], phi: str) -> list[str]:
    op = operator_of(layer)

    def in_order(values: Any) -> Any:
        gates = values.reshape(len(ORDER[op]), layer.units, *values.shape[1:])[ORDER[op]]
        return gates.reshape(values.shape)

    W_x, W_h, b_x, b_h = (
        np.stack([in_order(v) for v in each]) for each in zip(*parts, strict=True)
    )
    names = [graph.weight("W", W_x), graph.weight("R", W_h)]
    names.append(graph.weight("B", np.concatenate([b_x, b_h], 1)) if layer.bias else "")
    one = {"RNN": [phi], "GRU": ["Sigmoid", phi], "LSTM": ["Sigmoid", phi, phi]}[op]
    attributes = {"hidden_size": layer.units, "activations": one * len(parts)}
    if len(parts) == 2:
        attributes["direction"] = "bidirectional"
    if op == "GRU":
        attributes["linear_before_reset"] = 1
    inputs = [x, *(name for name in names if name)]
    return graph.nodes_of(op, inputs, 2, **attributes)


def _scan(
    graph: Graph, layer: Any, x: str, W_x: Any, W_h: Any, b_x: Any, b_h: Any, *, reverse: bool
) -> str:
    """Add one direction: all h (time, n, units), or the last one (n, units)."""
    suffix = "_reverse" if reverse else ""
    if reverse:
        x = _reversed(graph, x)
    a = graph.node("MatMul", x, graph.weight(f"W{suffix}", W_x.T))
    if layer.bias:
        a = graph.node("Add", a, graph.weight(f"b{suffix}", b_x))
    n = graph.node("Slice", graph.node("Shape", x), graph.integers(1), graph.integers(2))
    shape = graph.node("Concat", n, graph.integers(layer.units), axis=0)
    kind = graph.onnx.helper.np_dtype_to_tensor_dtype(graph.dtype)
    zero = graph.onnx.helper.make_tensor("zero", kind, [1], [0.0])
    state = [graph.node("ConstantOfShape", shape, value=zero)] * (1 + isinstance(layer, LSTM))
    body = Graph(graph.onnx, graph.dtype, graph.root)
    names = [body._name(each) for each in ("h", "c")[: len(state)]]
    step = body._name("a")
    product = body.node("MatMul", names[0], graph.weight(f"U{suffix}", W_h.T))
    if layer.bias and isinstance(layer, GRU):
        product = body.node("Add", product, graph.weight(f"c{suffix}", b_h))
    new = _STEPS[operator_of(layer)](body, layer, step, product, names)
    shapes: dict[str, Any] = dict.fromkeys(names, ("n", layer.units))
    shown = body.node("Identity", new[0])
    proto = body.proto(
        body._name("step"),
        {**shapes, step: ("n", len(W_x))},
        dict.fromkeys([*new, shown], ("n", layer.units)),
    )
    inputs = [*state, a]
    *ends, all_h = graph.nodes_of("Scan", inputs, len(state) + 1, body=proto, num_scan_inputs=1)
    if not layer.sequences:
        return ends[0]
    return _reversed(graph, all_h) if reverse else all_h


def _reversed(graph: Graph, x: str) -> str:
    """Return steps from the last to the first."""
    return graph.node("Slice", x, *map(graph.integers, (-1, -(2**62), 0, -1)))


def _phi(body: Graph, layer: Any, a: str) -> str:
    member = TABLE[layer.activation.name]
    form = member.double if body.is_double else member.onnx
    assert form is not None  # refused before
    return body.expression(form(layer.activation), a)


def _gates(body: Graph, layer: Any, a: str, n: int) -> list[str]:
    sizes = body.integers(*(layer.units,) * n)
    return body.nodes_of("Split", (a, sizes), n, axis=-1)


def _rnn_step(body: Graph, layer: Any, a: str, product: str, state: list[str]) -> list[str]:
    return [body.node("Identity", _phi(body, layer, body.node("Add", a, product)))]


def _gru_step(body: Graph, layer: Any, a: str, product: str, state: list[str]) -> list[str]:
    """Return h = n + z (h - n)."""
    a_r, a_z, a_n = _gates(body, layer, a, 3)
    u_r, u_z, u_n = _gates(body, layer, product, 3)
    r = body.node("Sigmoid", body.node("Add", a_r, u_r))
    z = body.node("Sigmoid", body.node("Add", a_z, u_z))
    n = _phi(body, layer, body.node("Add", a_n, body.node("Mul", r, u_n)))
    kept = body.node("Mul", z, body.node("Sub", state[0], n))
    return [body.node("Add", n, kept)]


def _lstm_step(body: Graph, layer: Any, a: str, product: str, state: list[str]) -> list[str]:
    i, f, g, o = _gates(body, layer, body.node("Add", a, product), 4)
    kept = body.node("Mul", body.node("Sigmoid", f), state[1])
    new = body.node("Mul", body.node("Sigmoid", i), _phi(body, layer, g))
    c = body.node("Add", kept, new)
    h = body.node("Mul", body.node("Sigmoid", o), _phi(body, layer, c))
    return [h, c]


_STEPS = {"RNN": _rnn_step, "GRU": _gru_step, "LSTM": _lstm_step}

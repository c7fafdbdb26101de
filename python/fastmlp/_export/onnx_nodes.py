"""Operators of ONNX, each in terms of a `Chain`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue
from fastmlp._export.activations import READ, TABLE, Call, call, recognise
from fastmlp._export.axes import BATCH, Value, shown
from fastmlp._export.chain import Chain
from fastmlp._export.onnx_axes import AXES, array_of, value_of
from fastmlp._export.onnx_constants import KINDS, Node, computed, stored
from fastmlp._export.recurrences import NATIVE, ORDER
from fastmlp._export.windows import Window, same


def run(chain: Chain, node: Node, budget: list[int]) -> list[Any]:
    """Return the outputs of a node."""
    if not any(isinstance(each, Value) for each in node.inputs):
        return [computed(node, budget)]
    if node.op in OPERATORS:
        outputs = OPERATORS[node.op](chain, node)
        return outputs if isinstance(outputs, list) else [outputs]
    if node.op in _ELEMENTWISE:
        inputs = [e if isinstance(e, Value) else stored(e) for e in node.inputs]
        return [chain.elementwise(node.op, inputs, **node.attributes)]
    known = ", ".join(sorted(OPERATORS.keys() | _ELEMENTWISE))
    raise InvalidValue(f"an operator without counterpart, expected one of: {known}")


def _matmul(chain: Chain, node: Node) -> Value:
    W = array_of(node, 1)
    if W.ndim != 2:
        raise InvalidValue(f"weights of shape {W.shape}, expected (inputs, outputs)")
    return chain.dense(value_of(node), W.T, key=(node.names[1], True))


def _gemm(chain: Chain, node: Node) -> Value:
    node.only("transA", 0, "samples are rows")
    W, alpha = array_of(node, 1), node.get("alpha")
    if W.ndim != 2:
        raise InvalidValue(f"weights of shape {W.shape}, expected two axes")
    transposed = not node.get("transB")
    W = W.T if transposed else W
    b = None
    if node[2] is not None:
        c, units = array_of(node, 2), len(W)
        if c.ndim > 2 or c.shape[-1:] not in ((), (1,), (units,)) or c.shape[:-1] not in ((), (1,)):
            raise InvalidValue(f"C of shape {c.shape}, expected ({units},): one for all samples")
        b = node.get("beta") * np.broadcast_to(c, (1, units))[0]
    key = (node.names[1], transposed) if alpha == 1 else None
    return chain.dense(value_of(node), W if alpha == 1 else alpha * W, b, key)


def _window(chain: Chain, node: Node, kernel: Any) -> Window:
    sizes, n = tuple(chain.shape(value_of(node))[2:]), len(kernel)
    if len(sizes) != n or n not in (1, 2):
        raise InvalidValue(f"a kernel of {n} axes over {len(sizes)}, expected 1 or 2 of both")
    ones = [1] * n
    stride, dilation = (tuple(node.get(k) or ones) for k in ("strides", "dilations"))
    pads = tuple(node.get("pads") or [0] * 2 * n)
    fitting = len(stride) == len(dilation) == n and len(pads) == 2 * n
    if not fitting or min((*kernel, *stride, *dilation)) < 1 or min(pads) < 0:
        raise InvalidValue(f"strides={stride}, pads={pads}, expected positive ones per axis")
    window = Window(tuple(kernel), stride, dilation, pads[:n], pads[n:])
    auto = node.get("auto_pad")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        window = same(*window[:3], sizes)
        if auto == "SAME_LOWER":
            window = Window(*window[:3], window.after, window.before)
    if min(window.outputs(sizes)) < 1:
        over = f"{window.kernel} over {shown(sizes)}"
        raise InvalidValue(f"a window of {over}, expected one that fits")
    return window


def _conv(chain: Chain, node: Node) -> Value:
    node.only("group", 1, "there are no grouped convolutions here")
    W = array_of(node, 1)
    b = None if node[2] is None else array_of(node, 2)
    if b is not None and b.shape != W.shape[:1]:
        raise InvalidValue(f"a bias of shape {b.shape}, expected {W.shape[:1]}")
    return chain.convolution(value_of(node), W, b, _window(chain, node, W.shape[2:]))


def _pool(chain: Chain, node: Node) -> Value:
    window = _window(chain, node, node.get("kernel_shape") or ())
    zeros = any(window.before + window.after)
    if node.op == "AveragePool" and zeros:
        node.only("count_include_pad", 0, "means are those of the inputs alone")
    if node.get("ceil_mode"):
        sizes = chain.shape(value_of(node))[2:]
        axes = zip(sizes, *window, strict=True)
        if any((n + a + b - d * (k - 1) - 1) % s for n, k, s, d, a, b in axes):
            raise InvalidValue("ceil_mode=1 adds a window that goes over the end, expected 0")
    return chain.pool(value_of(node), node.op, window)


def _means(chain: Chain, node: Node) -> Value:
    rank = len(value_of(node).axes)
    if node.op == "GlobalAveragePool":
        return chain.global_mean(value_of(node), range(2, rank), keep=True)
    return chain.global_mean(
        value_of(node), node.get("axes", 1) or range(rank), node.get("keepdims")
    )


def _normalization(chain: Chain, node: Node) -> Value:
    node.only("training_mode", 0, "statistics of a batch have no counterpart")
    value = value_of(node)
    scale, b, mean, variance = (array_of(node, place).astype(float) for place in range(1, 5))
    factor = scale / np.sqrt(variance + node.get("epsilon"))
    shape = (-1, *(1,) * (len(value.axes) - 2))
    return chain.changed(value, factor.reshape(shape), (b - mean * factor).reshape(shape))


def _scaler(chain: Chain, node: Node) -> Value:
    """Return (x - offset) scale."""
    scale, offset = (np.array(node.get(name), float) for name in ("scale", "offset"))
    return chain.changed(value_of(node), scale, -offset * scale)


def _softmax(chain: Chain, node: Node) -> Value:
    value = value_of(node)
    if node.opset < 13 and len(value.axes) > 2:
        raise InvalidValue("softmax over several axes, expected opset 13 or later")
    return chain.softmax(value, node.get("axis"))


def _activation(node: Node, n_directions: int) -> Any:
    names = [name.lower() for name in node.get("activations") or ()]
    n_gates = {"RNN": 0, "GRU": 1, "LSTM": 1}[node.op]
    n_own = 2 if node.op == "LSTM" else 1
    names = names or (["sigmoid"] * n_gates + ["tanh"] * n_own) * n_directions
    names = names[: n_directions * (n_gates + n_own)]  # a default is that of two directions
    one = names[: n_gates + n_own]
    own = one[-1] if one else ""
    spelled = {name.lower(): name for name in NATIVE}
    if own not in spelled or one != ["sigmoid"] * n_gates + [own] * n_own:
        raise InvalidValue(f"activations={names}, expected sigmoid gates and one of {NATIVE}")
    if names != one * n_directions:
        raise InvalidValue(f"activations={names}, expected those of one direction in both")
    return recognise(call(spelled[own], "x"))


def _recurrent(chain: Chain, node: Node) -> list[Any]:
    n_directions = 2 if node.get("direction") == "bidirectional" else 1
    if n_directions == 1:
        node.only("direction", "forward", "a layer goes forward, or both ways")
    node.only("linear_before_reset", 1 if node.op == "GRU" else 0, "r is applied to U h + c")
    node.only("input_forget", 0, "the gates are separate")
    node.only("clip", None, "nothing is clipped")
    if node[4] is not None or node[7] is not None:
        raise InvalidValue("lengths or peepholes, expected none")
    for place in (5, 6):
        if node[place] is not None and not _is_zero(node[place]):
            raise InvalidValue("an initial state, expected zeros")
    order = np.argsort(ORDER[node.op])

    def ours(rows: Any) -> Any:
        gates = rows.reshape(len(order), -1, *rows.shape[1:])[order]
        return gates.reshape(rows.shape)

    parts = []
    for k in range(n_directions):
        W_x, W_h = (ours(array_of(node, place)[k]) for place in (1, 2))
        b = None if node[3] is None else array_of(node, 3)[k]
        halves = (None, None) if b is None else map(ours, (b[: len(W_x)], b[len(W_x) :]))
        parts.append((W_x, W_h, *halves))
    batch_first = bool(node.get("layout"))
    activation = _activation(node, n_directions)
    y = chain.recurrent(value_of(node), node.op, activation, parts, batch_first)
    steps, samples = (0,), (BATCH,)
    orders = ([steps, (1,), samples, (2,)], [(1,), samples, (2,)])
    if batch_first:
        orders = ([samples, steps, (1,), (2,)], [samples, (1,), (2,)])
    return [
        replace(y, axes=tuple(orders[0])),
        replace(y, axes=tuple(orders[1]), last=True),
    ]


def _is_zero(state: Any) -> bool:
    """Return whether a state is constant and 0; a repeated number is looked at once."""
    if isinstance(state, Value):
        return False
    repeated = (slice(0, 1 if stride == 0 else None) for stride in state.strides)
    return not state[tuple(repeated)].any()


def _concat(chain: Chain, node: Node) -> Value:
    """Return both directions, or p of 1 - p and p, which scikit-learn has for two classes."""
    if len(node.inputs) != 2:
        raise InvalidValue(f"it joins {len(node.inputs)} outputs, expected 2")
    first, second = (value_of(node, place) for place in range(2))
    complement = call("Sub", 1.0, second.term)
    if first == replace(second, term=complement) and chain.shape(second)[1:] == [1]:
        return second
    return chain.joined([first, second], node.get("axis"))


def _clip(chain: Chain, node: Node) -> Value:
    low, high = node.get("min"), node.get("max")
    low = node[1] if low is None else low
    high = node[2] if high is None else high
    bounds = (-math.inf if low is None else low, math.inf if high is None else high)
    return chain.elementwise("Clip", [value_of(node), *bounds])


def _sum(chain: Chain, node: Node) -> Any:
    total = node.inputs[0]
    for each in node.inputs[1:]:
        total = chain.elementwise("Add", [total, each])
    return total


def _cast(chain: Chain, node: Node) -> Value:
    kind = KINDS.get(node.get("to"), "another type")
    if kind not in ("float64", str(chain.dtype)):
        reason = "an output of a layer would be rounded"
        raise InvalidValue(f"to {kind} in a network of {chain.dtype}, expected the same: {reason}")
    return value_of(node)


def _dropout(chain: Chain, node: Node) -> Value:
    training = node[2]
    if training is not None and (isinstance(training, Value) or np.any(stored(training))):
        raise InvalidValue("training_mode=True, expected False: its draws have no counterpart")
    return value_of(node)


def _same_value(chain: Chain, node: Node) -> Value:
    return value_of(node)


OPERATORS: dict[str, Callable[[Chain, Node], Any]] = {
    **AXES,
    **dict.fromkeys(("Identity", "ZipMap"), _same_value),
    **dict.fromkeys(("AveragePool", "MaxPool"), _pool),
    **dict.fromkeys(("GlobalAveragePool", "ReduceMean"), _means),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    "BatchNormalization": _normalization,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "Dropout": _dropout,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Scaler": _scaler,
    "Softmax": _softmax,
    "Sum": _sum,
}


def _operators(expression: Any) -> Iterator[str]:
    if isinstance(expression, Call):
        yield expression.op
        for each in expression.inputs:
            yield from _operators(each)


class _Any:
    def __getattr__(self, name: str) -> float:
        return 1.0


_ELEMENTWISE = {
    op
    for name, member in TABLE.items()
    for form in (member.onnx, member.double, *READ.get(name, ()))
    if form is not None
    for op in _operators(form(_Any()))
} | {"Add", "Sub", "Mul", "Div"}

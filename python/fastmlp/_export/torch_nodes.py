"""Modules and functions of torch, each in terms of a `Chain`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fastmlp import _core
from fastmlp._data.validation import InvalidValue
from fastmlp._export.activations import TABLE
from fastmlp._export.axes import BATCH, Value, shown
from fastmlp._export.chain import Chain
from fastmlp._export.windows import Window
from fastmlp.layers import Dropout, GaussianNoise, SpatialDropout

EQUAL_FROM = {"float32": 16.0, "float64": 36.0}  # where a softplus is linear to rounding


def array(tensor: Any) -> Any:
    """Return a tensor as an array, in float32 or float64; None where there is none."""
    if tensor is None:
        return None
    if tensor.is_meta:
        raise InvalidValue("a tensor is on the device meta, expected one with values")
    values = tensor.detach().cpu()
    return (values if values.element_size() in (4, 8) else values.float()).numpy()


def only(module: Any, name: str, value: Any, reason: str) -> None:
    """Raise unless an attribute of a module has this value."""
    if getattr(module, name, value) != value:
        given = getattr(module, name)
        raise InvalidValue(f"{name}={given!r}, expected {value!r}: {reason}")


# Activations.


def _activation(name: str) -> Callable[[Chain, Any, Any], Value]:
    member = TABLE[name]

    def run(chain: Chain, module: Any, x: Any) -> Value:
        fields = {}
        own = [field.name for field in _core.activations[name].fields]
        for theirs, value in member.fields.items():
            if value in own:
                fields[value] = float(getattr(module, theirs))
            elif theirs == "threshold":
                linear = EQUAL_FROM[chain.dtype.name]
                if module.threshold < linear:
                    expected = f"at least {linear} in {chain.dtype}, where it makes no difference"
                    raise InvalidValue(f"threshold={module.threshold}, expected {expected}")
            elif theirs != "dim":
                only(module, theirs, value, f"the values of {name} are others")
        if name == "softmax":
            if module.dim is None:
                raise InvalidValue("dim=None, expected the number of an axis")
            return chain.softmax(x, module.dim)
        expression = member.onnx(_core.activations[name](**fields))
        return x if expression == "x" else _over(chain, expression, x)

    return run


def _over(chain: Chain, expression: Any, x: Value) -> Value:
    if isinstance(expression, str):
        return x
    inputs = [each if isinstance(each, float) else _over(chain, each, x)
              for each in expression.inputs]  # fmt: skip
    return chain.elementwise(expression.op, inputs, **expression.attributes)


# Layers.


def _linear(chain: Chain, module: Any, x: Any) -> Value:
    key = (id(module.weight), False)
    return chain.dense(x, array(module.weight), array(module.bias), key)


def _tied(chain: Chain, module: Any, x: Any) -> Value:
    W = array(module.weight)
    W = W.T if module.transposed else W
    return chain.dense(x, W, array(module.bias), (id(module.weight), module.transposed))


def _per_axis(value: Any, n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)


def _dims(module: Any) -> int:
    return int(type(module).__name__[-2])


def _convolution(chain: Chain, module: Any, x: Any) -> Value:
    only(module, "groups", 1, "there are no grouped convolutions here")
    n = _dims(module)
    kernel, stride, dilation = module.kernel_size, module.stride, module.dilation
    before = after = (0,) * n
    if module.padding == "same":
        totals = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        before = tuple(total // 2 for total in totals)
        after = tuple(total - total // 2 for total in totals)
    elif module.padding != "valid":
        before = after = _per_axis(module.padding, n)
    if any(before + after):
        only(module, "padding_mode", "zeros", "other paddings have no counterpart")
    before, after, x = _with_pads(chain, x, before, after, 0.0)
    window = Window(kernel, stride, dilation, before, after)
    return chain.convolution(x, array(module.weight), array(module.bias), window)


def _with_pads(chain: Chain, x: Any, before: Any, after: Any, value: float) -> Any:
    """Return zeros, those of a padding module before this one added, and what that reads."""
    if not isinstance(x, Padded):
        return before, after, x
    if x.number != value:
        raise InvalidValue(f"a padding of {x.number}, expected {value}")
    before, after = (
        tuple(a + b for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in ((before, x.before), (after, x.after))
    )
    return before, after, x.value


class Padded:
    """A value with a padding, which the next window takes."""

    def __init__(self, value: Any, pads: Sequence[int], number: float) -> None:
        pairs = [*zip(pads[::2], pads[1::2], strict=True)][::-1]
        self.value, self.number = value, number
        self.before, self.after = (tuple(each) for each in zip(*pairs, strict=True))


def _padding(chain: Chain, module: Any, x: Any) -> Padded:
    if len(module.padding) != 2 * (len(x.axes) - 2) or min(module.padding) < 0:
        raise InvalidValue(f"padding={module.padding}, expected zeros or more around positions")
    return Padded(x, module.padding, float(getattr(module, "value", 0.0)))


def _pool(chain: Chain, module: Any, x: Any) -> Value:
    n, average = _dims(module), type(module).__name__.startswith("Avg")
    kernel = _per_axis(module.kernel_size, n)
    stride = kernel if module.stride is None else _per_axis(module.stride, n)
    zeros = _per_axis(module.padding, n)
    only(module, "return_indices", False, "outputs are the maxima alone")
    only(module, "divisor_override", None, "means are those of the inputs")
    if average and any(zeros):
        only(module, "count_include_pad", False, "means are those of the inputs alone")
    before, after, x = _with_pads(chain, x, zeros, zeros, 0.0 if average else -math.inf)
    if average and before + after != zeros + zeros:
        raise InvalidValue("a padding that counts, expected none")
    window = Window(kernel, stride, _per_axis(getattr(module, "dilation", 1), n), before, after)
    sizes = tuple(chain.shape(x)[2:])
    if module.ceil_mode and any(
        (size + a + b - d * (k - 1) - 1) % s
        for size, k, s, d, a, b in zip(sizes, *window, strict=True)
    ):
        raise InvalidValue("ceil_mode=True adds a window that goes over the end, expected False")
    if min(window.outputs(sizes)) < 1:
        raise InvalidValue(f"a window of {kernel} over {shown(sizes)}, expected one that fits")
    return chain.pool(x, "AveragePool" if average else "MaxPool", window)


def _means_of_inputs(chain: Chain, module: Any, x: Any) -> Value:
    ones = (1,) * len(module.kernel)
    window = Window(module.kernel, module.stride, ones, module.before, module.after)
    return chain.pool(x, "AveragePool", window)


def _global_mean(chain: Chain, module: Any, x: Any) -> Value:
    n = _dims(module)
    if _per_axis(module.output_size, n) != (1,) * n:
        raise InvalidValue(f"output_size={module.output_size}, expected 1, the mean of all")
    return chain.global_mean(x, range(-n, 0), keep=True)


def _normalization(chain: Chain, module: Any, x: Any) -> Value:
    if module.running_mean is None:
        raise InvalidValue("no running mean, expected track_running_stats=True")
    mean, variance = array(module.running_mean).astype(float), array(module.running_var)
    factor = 1.0 / np.sqrt(variance.astype(float) + module.eps)
    b = 0.0
    if module.weight is not None:
        factor, b = factor * array(module.weight), array(module.bias).astype(float)
    shape = (-1, *(1,) * (len(x.axes) - 2))
    return chain.changed(x, factor.reshape(shape), (b - mean * factor).reshape(shape))


class Cell:
    """The cell state of an LSTM, which a layer here does not return."""


class States(list[Value]):
    """The last states of all layers and directions."""


def check_given(args: Sequence[Any], *, whole: bool) -> None:
    """Raise at states that have no counterpart; `whole`: those of all layers have one."""
    if any(isinstance(each, Cell) for each in args):
        expected = "expected its outputs or its last states h"
        raise InvalidValue(f"the cell state of an LSTM has no counterpart, {expected}")
    if not whole and any(isinstance(each, States) for each in args[:1]):
        raise InvalidValue("the last states of all layers together, expected one, such as h[-1]")


def _recurrent(chain: Chain, module: Any, x: Any, state: Any = None) -> Any:
    if state is not None:
        raise InvalidValue("an initial state, expected none: it is zeros")
    only(module, "proj_size", 0, "outputs are not projected")
    op, states = module.mode.split("_")[0], States()
    activation = _core.activations[getattr(module, "nonlinearity", "tanh")]()
    suffixes = ["", "_reverse"][: 1 + module.bidirectional]
    for k in range(module.num_layers):
        parts = []
        for suffix in suffixes:
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            parts.append([array(getattr(module, f"{name}_l{k}{suffix}", None)) for name in names])
        x = chain.recurrent(x, op, activation, parts, module.batch_first)
        last = replace(x, axes=((BATCH,), (1, 2)), last=True)
        halves = [replace(last, axes=((BATCH,), (2,)), part=direction) for direction in (0, 1)]
        states += halves if module.bidirectional else [last]
        if module.dropout and k + 1 < module.num_layers:
            x = chain.plain(x, Dropout(module.dropout))
    return x, (states, Cell()) if op == "LSTM" else states


def _silent(make: Callable[[Any], Any]) -> Callable[[Chain, Any, Any], Value]:
    def run(chain: Chain, module: Any, x: Any) -> Value:
        layer = make(module)
        return x if layer is None else chain.plain(x, layer)

    return run


CALLED = {each.torch: name for name, each in TABLE.items() if each.torch[0].islower()}


def function(chain: Chain, name: str, x: Any, **fields: float) -> Value:
    """Return an activation that is a function of torch, with the fields of its module."""
    member = TABLE[CALLED[name]]
    own = {member.fields[key]: value for key, value in fields.items() if key in member.fields}
    return _over(chain, member.onnx(_core.activations[CALLED[name]](**own)), x)


def _steps(chain: Chain, module: Any, both: Any) -> Any:
    outputs, states = both
    if module.sequences:
        return outputs
    states = states[0] if isinstance(states, tuple) else states
    return chain.joined(states, -1) if module.bidirectional else states[-1]


_DROPOUT = _silent(lambda module: Dropout(module.p) if module.p else None)
_CHANNELS = _silent(lambda module: SpatialDropout(module.p) if module.p else None)

MODULES: dict[str, Callable[..., Any]] = {
    **{each.torch: _activation(name) for name, each in TABLE.items() if each.torch[0].isupper()},
    **dict.fromkeys(("Linear", "NonDynamicallyQuantizableLinear"), _linear),
    **dict.fromkeys(("Conv1d", "Conv2d"), _convolution),
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"), _pool),
    **dict.fromkeys(("AdaptiveAvgPool1d", "AdaptiveAvgPool2d"), _global_mean),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d"), _normalization),
    **dict.fromkeys(("ZeroPad1d", "ZeroPad2d", "ConstantPad1d", "ConstantPad2d"), _padding),
    **dict.fromkeys(("RNN", "GRU", "LSTM"), _recurrent),
    "Dropout": _DROPOUT,
    **dict.fromkeys(("Dropout1d", "Dropout2d"), _CHANNELS),
    "Flatten": lambda chain, m, x: chain.flattened(x, m.start_dim, m.end_dim),
    "Identity": lambda chain, m, x: x,
    # Those of fastmlp.
    "Function": lambda chain, m, x: function(chain, m.name, x, factor=m.factor),
    "GaussianNoise": _silent(lambda module: GaussianNoise(module.std)),
    "MeanOfInputs": _means_of_inputs,
    "Steps": _steps,
    "Permute": lambda chain, m, x: chain.transposed(x, m.dims),
    "TiedLinear": _tied,
}  # fmt: skip

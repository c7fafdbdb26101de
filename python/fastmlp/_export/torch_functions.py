"""Functions of torch and methods of its tensors, each in terms of a `Chain`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue
from fastmlp._export.axes import Value
from fastmlp._export.chain import Chain
from fastmlp._export.torch_nodes import CALLED, MODULES, function

FIRST = ("input", "self", "tensors")  # names of the first argument
WEIGHTS = (
    "weights given as arguments have no counterpart, expected layers of torch.nn with their own"
)
BY_FUNCTION = {name.lower(): name for name in MODULES if name != "Function"}


def _transposed(chain: Chain, x: Any, a: int, b: int) -> Value:
    order = list(range(len(x.axes)))
    order[a], order[b] = order[b], order[a]
    return chain.transposed(x, order)


def _integers(values: Any) -> list[int]:
    """Return the integers of f(x, 1, 2) or f(x, (1, 2))."""
    return list(values[0]) if values and isinstance(values[0], (tuple, list)) else list(values)


def _item(chain: Chain, x: Any, index: Any) -> Any:
    if not isinstance(x, Value):
        return x[index]
    axis = 0
    for each in index if isinstance(index, tuple) else (index,):
        if each == slice(None):
            axis += 1
        elif isinstance(each, int):
            x = chain.picked(x, axis, each)
        else:
            raise InvalidValue(f"entries {each} of an output, expected one or all")
    return x


def _mean(chain: Chain, x: Any, dim: Any = None, keepdim: bool = False) -> Value:
    dims = range(len(x.axes)) if dim is None else [dim] if isinstance(dim, int) else dim
    return chain.global_mean(x, dims, keepdim)


def _arithmetic(op: str) -> Callable[..., Any]:
    def run(chain: Chain, a: Any, b: Any, **options: Any) -> Any:
        if options and set(options.values()) != {1}:
            raise InvalidValue(f"{options}, expected none")
        return chain.elementwise(op, [a, b])

    return run


def _size(chain: Chain, x: Any, axis: int | None = None) -> Any:
    return chain.shape(x) if axis is None else chain.shape(x)[axis]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("add", "iadd"), _arithmetic("Add")),
    **dict.fromkeys(("sub", "isub"), _arithmetic("Sub")),
    **dict.fromkeys(("mul", "imul"), _arithmetic("Mul")),
    **dict.fromkeys(("div", "truediv", "itruediv"), _arithmetic("Div")),
    "cat": lambda chain, values, dim=0: chain.joined(list(values), dim),
    "contiguous": lambda chain, x: x,
    "flatten": lambda chain, x, start_dim=0, end_dim=-1: chain.flattened(x, start_dim, end_dim),
    "getattr": lambda chain, x, name: {"shape": chain.shape(x)}[name],
    "getitem": _item,
    "mean": _mean,
    "permute": lambda chain, x, *dims: chain.transposed(x, _integers(dims)),
    "reshape": lambda chain, x, *dims: chain.reshaped(x, _integers(dims)),
    "size": _size,
    "squeeze": lambda chain, x, dim: chain.squeezed(x, [dim]),
    "transpose": _transposed,
    "unsqueeze": lambda chain, x, dim: chain.unsqueezed(x, [dim]),
    "view": lambda chain, x, *dims: chain.reshaped(x, _integers(dims)),
}


def run(chain: Chain, nn: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """Return what a function or a method gives."""
    if not args:
        args = tuple(kwargs[each] for each in FIRST if each in kwargs)
        kwargs = {key: value for key, value in kwargs.items() if key not in FIRST}
    if name in FUNCTIONS:
        return _call(FUNCTIONS[name], chain, *args, **kwargs)
    others = leaves([args[1:], *kwargs.values()])
    if any(isinstance(each, np.ndarray) for each in [*leaves(args[:1]), *others]):
        raise InvalidValue(WEIGHTS)
    if name in CALLED:
        return function(chain, name, args[0])
    kind = BY_FUNCTION.get(name.replace("_", ""))
    if kind is None or not hasattr(nn, kind):
        known = ", ".join(sorted(FUNCTIONS))
        raise InvalidValue(f"no counterpart, expected layers, activations or some of: {known}")
    if any(isinstance(each, Value) for each in others):
        raise InvalidValue(WEIGHTS)
    cls = getattr(nn, kind)
    takes = inspect.signature(cls).parameters
    options = {key: value for key, value in kwargs.items() if key in takes}
    return MODULES[kind](chain, _call(cls, *args[1:], **options), args[0])


def leaves(values: Any) -> list[Any]:
    """Return what nested lists and tuples contain."""
    if isinstance(values, (tuple, list)):
        return [leaf for each in values for leaf in leaves(each)]
    return [values]


def _call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what a function gives; raise at arguments that it does not have."""
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise InvalidValue(f"its arguments have no counterpart: {error}") from None
    return function(*args, **kwargs)

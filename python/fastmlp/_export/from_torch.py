"""`fm.from_torch`: the network of a module of torch, or of its weights."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.types import ActivationLike
from fastmlp._data.validation import (
    InvalidArgument,
    InvalidValue,
    check_int,
    error_prefix,
    resolve,
    type_error,
    value_error,
)
from fastmlp._export import torch_effects, torch_functions, torch_nodes
from fastmlp._export.axes import BATCH, Value
from fastmlp._export.chain import Chain
from fastmlp._io.files import DAMAGE
from fastmlp.layers import Dense
from fastmlp.network import Network

OF_PYTHON = ("_operator", "builtins", "math")  # modules whose functions take arrays and numbers
NEUTRAL = {"Dropout", "Identity", "GaussianNoise"}
FIRST = (  # those that read channels first
    *("Conv", "MaxPool", "AvgPool", "Adaptive", "BatchNorm2d", "Dropout1d", "Dropout2d"),
    *("ZeroPad", "ConstantPad", "MeanOfInputs"),
)


@error_prefix("fm.from_torch")
def from_torch(
    module: Any,
    inputs: int | tuple[int, ...] | None = None,
    *,
    activation: ActivationLike | None = None,
    output: ActivationLike | None = None,
) -> Network:
    """Return the network of a module of torch, with a copy of its parameters.

    ``torch.fx`` follows the module's `forward`: layers of ``torch.nn``, functions such as
    ``F.relu`` and ``torch.flatten``, sums with an earlier layer, and what moves axes. Batch
    normalization, as it is in evaluation, goes into the weights beside it. Shared weights remain
    shared (`Tied`).

    Channels are last here. Where the module takes ``(n, channels, height, width)``, the network
    takes ``X.transpose(0, 2, 3, 1)``; where it takes ``(time, n, features)``, ``(n, time,
    features)``.

    Parameters
    ----------
    module : torch.nn.Module or mapping
        The module; or a `state_dict` of linear layers, in their order. Of that, activations are
        not known.
    inputs : int or tuple of int, optional
        As for `Network`: ``(height, width, channels)``, ``(length, channels)``, ``(time,
        features)``. By default what the first linear layer reads, or the module of
        `Network.to_torch`.
    activation, output : str or activation, optional
        Of a `state_dict` alone: of hidden layers, default ``"relu"``, and of the last one, default
        ``"identity"``.

    Returns
    -------
    Network
        In float64 where a parameter is, else in float32.

    Raises
    ------
    ImportError
        The extra ``torch`` is not installed.
    TypeError
        `module` is neither a module nor a mapping.
    ValueError
        A part has no counterpart, or differs in its values; the message names it and the reason.

    Notes
    -----
    Nothing is trained or changed; random numbers of torch are not drawn. Cost: memory of a few
    times the parameters.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from torch import nn  # doctest: +SKIP
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))  # doctest: +SKIP
    >>> fm.from_torch(model)  # doctest: +SKIP
    Network([...], inputs=4, dtype='float32', seed=0)
    >>> fm.from_torch({"weight": np.array([[1.0, 2.0]]), "bias": [3.0]}).predict([1.0, 1.0])
    array([6.])
    """
    if isinstance(module, Mapping):
        return _of_weights(module, inputs, activation, output)
    torch = require("torch", "fm.from_torch", "torch")
    if not isinstance(module, torch.nn.Module):
        raise type_error("module", module, "a torch.nn.Module or a state_dict")
    for name, value in (("activation", activation), ("output", output)):
        if value is not None:
            raise value_error(name, value, "None, because the module has its own")
    return _Traced(torch, module, inputs).network()


def _of_weights(weights: Mapping[str, Any], inputs: Any, activation: Any, output: Any) -> Network:
    """Return a network of linear layers, by the names that end on weight and bias."""
    found: dict[str, list[Any]] = {}
    for name, value in weights.items():
        if not isinstance(name, str):
            raise type_error("a name of the weights", name, "a string")
        array = np.asarray(torch_nodes.array(value) if hasattr(value, "detach") else value)
        stem, _, kind = name.rpartition(".")
        widths = [len(layer[0]) for layer in found.values()][-1:] or array.shape[1:]
        if kind == "weight" and array.ndim == 2 and array.shape[1:] == tuple(widths):
            found[stem] = [array]
        elif kind == "bias" and stem in found and array.shape == (len(found[stem][0]),):
            found[stem].append(array)
        else:
            expected = "weights (outputs, inputs) and biases of linear layers, in order"
            raise InvalidValue(f"{name} has shape {array.shape}, expected {expected}")
    if not found:
        raise value_error("module", dict(weights), "at least one weight")
    hidden = resolve("activation", "relu" if activation is None else activation)
    last = resolve("activation", "identity" if output is None else output)
    *before, end = found.values()
    layers = [Dense(len(each[0]), hidden, bias=len(each) > 1) for each in before]
    layers.append(Dense(len(end[0]), last, bias=len(end) > 1))
    arrays = [array for each in found.values() for array in each]
    dtype = np.float64 if any(array.dtype == np.float64 for array in arrays) else np.float32
    n_inputs = arrays[0].shape[1]
    if inputs not in (None, n_inputs):
        raise value_error("inputs", inputs, f"None or {n_inputs}")
    net = Network(layers, inputs=n_inputs, dtype=dtype, seed=0)
    net.parameters = np.concatenate([np.ravel(array) for array in arrays])
    return net


class _Traced:
    """The graph of a module, and what its nodes have given so far."""

    def __init__(self, torch: Any, module: Any, inputs: Any) -> None:
        torch_effects.check_hooks(torch, module)
        self.torch, self.root = torch, module
        self.nodes = list(self._graph().nodes)
        names = [str(each.dtype).removeprefix("torch.") for each in module.parameters()]
        self.dtype: Any = np.dtype(np.float64 if "float64" in names else np.float32)
        self.inputs = getattr(module, "input_shape", None) if inputs is None else inputs
        self.values: dict[Any, Any] = {}

    def _graph(self) -> Any:
        base: Any = torch_effects.tracer_of(self.torch)

        class Tracer(base):  # type: ignore[misc]
            def is_leaf_module(self, module: Any, name: str) -> bool:
                own = module.__module__ == "fastmlp._export.torch_modules"
                known = own and type(module).__name__ in torch_nodes.MODULES
                return known or super().is_leaf_module(module, name)

        tracer = Tracer()
        if tracer.is_leaf_module(self.root, ""):
            self.root = self.torch.nn.Sequential(self.root)
        try:
            return tracer.trace(self.root)
        except Exception as error:
            raise InvalidValue(
                f"torch.fx cannot follow its forward ({error}), expected one without decisions on "
                "values; or export it by torch.onnx, for fm.from_onnx"
            ) from error

    def network(self) -> Network:
        places = [node for node in self.nodes if node.op == "placeholder"]
        if len(places) != 1:
            raise InvalidValue(f"its forward takes {len(places)} inputs, expected one")
        chain, self.values[places[0]] = self._begin()
        chain.dtype = self.dtype
        for node, reader in torch_effects.overwritten(self.root, self.nodes):
            text = f"it changes in place what {reader.name!r} reads after it, expected a new tensor"
            raise self._refusal(node, InvalidValue(text))
        for node in self.nodes:
            if node.op in ("placeholder", "output"):
                continue
            try:
                self.values[node] = self._run(chain, node)
            except (*DAMAGE, ValueError, InvalidArgument) as error:
                raise self._refusal(node, error) from error
        result = self._given(self.nodes[-1].args[0])
        torch_nodes.check_given([result], whole=False)
        if not isinstance(result, Value):
            raise InvalidValue(f"its forward returns {type(result).__name__}, expected one tensor")
        return chain.network(result, self.dtype)

    def _refusal(self, node: Any, error: Exception) -> InvalidValue:
        kind = torch_effects.kind_of(self.root, node)
        return InvalidValue(f"module {node.name!r} ({kind}): {error or type(error).__name__}")

    def _first(self) -> tuple[Any, str]:
        """Return the first module that reads positions or features, and its kind."""
        for node in self.nodes:
            if node.op == "call_module":
                module = self.root.get_submodule(node.target)
                kind = type(module).__name__
                if kind not in NEUTRAL:
                    return module, kind
            elif node.op == "call_function" and "pool" in getattr(node.target, "__name__", ""):
                return None, "MaxPool"
        return None, ""

    def _begin(self) -> tuple[Chain, Value]:
        """Return the chain at its input: its axes are in the order that the first layer reads."""
        module, kind = self._first()
        linear = [m for m in self.root.modules() if type(m).__name__ == "Linear"]
        shape = self.inputs
        if shape is None and linear and kind in ("Linear", "Flatten", "BatchNorm1d"):
            shape = linear[0].in_features
        if shape is None:
            expected = "its shape, such as (height, width, channels) or (time, features)"
            raise value_error("inputs", None, expected)
        given = shape if isinstance(shape, (tuple, list)) else (shape,)
        sizes = tuple(check_int(size, "inputs", min=1) for size in given)
        positions = [(axis,) for axis in range(len(sizes) - 1)]
        channels = (len(sizes) - 1,)
        axes = [(BATCH,), *positions, channels]
        if kind.startswith(FIRST) or (kind == "BatchNorm1d" and len(sizes) > 1):
            axes = [(BATCH,), channels, *positions]
        elif kind in ("RNN", "GRU", "LSTM") and not module.batch_first:
            axes = [*positions[:1], (BATCH,), *positions[1:], channels]
        return Chain(sizes, len(sizes) - 1), Value(0, tuple(axes))

    def _given(self, argument: Any) -> Any:
        return self.torch.fx.node.map_arg(argument, lambda node: self.values[node])

    def _run(self, chain: Chain, node: Any) -> Any:
        args, kwargs = self._given(node.args), self._given(node.kwargs)
        whole = node.op == "call_function" and node.target is operator.getitem
        torch_nodes.check_given([*args, *kwargs.values()], whole=whole)
        if node.op == "get_attr":
            return torch_nodes.array(operator.attrgetter(node.target)(self.root))
        if node.op == "call_module":
            module = self.root.get_submodule(node.target)
            kind = type(module).__name__
            if kind not in torch_nodes.MODULES:
                known = ", ".join(sorted(torch_nodes.MODULES))
                raise InvalidValue(f"no counterpart, expected some of: {known}")
            return torch_nodes.MODULES[kind](chain, module, *args, **kwargs)
        name = node.target if node.op == "call_method" else node.target.__name__
        leaves = torch_functions.leaves([args, *kwargs.values()])
        if not any(isinstance(each, Value) for each in leaves):
            if node.op == "call_method" or node.target.__module__ not in OF_PYTHON:
                raise InvalidValue("values of weights or shapes alone have no counterpart")
            return node.target(*args, **kwargs)
        return torch_functions.run(chain, self.torch.nn, name.strip("_"), args, kwargs)

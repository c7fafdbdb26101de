"""`fm.from_onnx`: the network of an ONNX file, which may be damaged or hostile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.validation import InvalidValue, type_error
from fastmlp._export import onnx_nodes
from fastmlp._export.axes import BATCH, MANY, Value
from fastmlp._export.chain import Chain
from fastmlp._export.onnx_constants import Node
from fastmlp._export.onnx_own import ERRORS, own_network
from fastmlp._io.files import ModelFileError
from fastmlp.network import Network

FREE = 10_000  # elements that may be computed beyond the size of the file
OLDEST = 7  # opset; earlier ones broadcast in another way
DOMAINS = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml"}
CHANNELS_FIRST = {"AveragePool", "BatchNormalization", "Conv", "GlobalAveragePool", "MaxPool"}
PASSING = {"Add", "Cast", "Div", "Dropout", "Identity", "Mul", "Sub"}  # those keep axes


def from_onnx(path: str | os.PathLike[str] | Any) -> Network:
    """Return the network of an ONNX file.

    The file of `Network.to_onnx` gives the very network back, dropout and seed included. Others are
    read operator by operator: ``Gemm``, ``MatMul``, ``Conv``, pooling, ``RNN``, ``GRU``, ``LSTM``,
    activations also where they are made of several operators, sums with an earlier layer, and
    operators that move axes. ``BatchNormalization``, and factors and shifts of the inputs, go into
    the weights beside them. Of a classifier of scikit-learn the probabilities are read; of two
    classes, that of the second.

    Channels are last here. Where the file has an input ``(n, channels, height, width)``, the
    network takes ``X.transpose(0, 2, 3, 1)``; where it has ``(time, n, features)``, ``(n, time,
    features)``.

    Parameters
    ----------
    path : str, path-like or onnx.ModelProto
        The file. Nothing in it is run, and no other file is read.

    Returns
    -------
    Network
        In float64 where the input is, else in float32; its layers are those that the file needs.

    Raises
    ------
    ModelFileError
        The file is damaged; it has data in other files; or an operator has no counterpart, or
        differs in its values. The message names the node and the reason.
    ImportError
        The extra ``onnx`` is not installed.
    OSError
        There is no such file, or it cannot be read.

    Notes
    -----
    Cost: memory of a few times the file. Opsets from 7 to the newest of the installed onnx.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([4, 8, 3], output="softmax", seed=0)
    >>> net.to_onnx("model.onnx")  # doctest: +SKIP
    >>> fm.from_onnx("model.onnx").predict([1, 2, 3, 4])  # doctest: +SKIP
    >>> net.n_parameters
    67
    """
    onnx = require("onnx", "fm.from_onnx", "onnx")
    name, model = "the model", path
    if not isinstance(path, onnx.ModelProto):
        if not isinstance(path, (str, os.PathLike)):
            raise type_error("path", path, "a file or an onnx.ModelProto").named("fm.from_onnx")
        name = repr(os.fspath(path))
        with open(path, "rb") as file:
            data = file.read()
    decode_error = require("google.protobuf.message", "fm.from_onnx", "onnx").DecodeError
    try:
        if model is path and not isinstance(path, onnx.ModelProto):
            model = onnx.ModelProto.FromString(data)
        _check_data(onnx, model)
        return own_network(onnx, model) or _File(onnx, model).network()
    except (*ERRORS, decode_error) as error:
        reason = error if str(error) else type(error).__name__
        raise ModelFileError(f"fm.from_onnx: {name} cannot be read: {reason}") from error


def _check_data(onnx: Any, model: Any) -> None:
    """Raise where a tensor is in another file; no path is looked at."""
    waiting = [model.graph, *model.functions, *(info.algorithm for info in model.training_info)]
    while waiting:
        graph = waiting.pop()
        tensors = list(getattr(graph, "initializer", ()))
        for node in graph.node:
            for attribute in node.attribute:
                tensors += [attribute.t, *attribute.tensors]
                waiting += [attribute.g, *attribute.graphs]
        for tensor in tensors:
            if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
                raise InvalidValue(
                    f"tensor {tensor.name!r} has its data in another file, expected them in this "
                    "one: onnx.save(model, path, save_as_external_data=False)"
                )
        if len(getattr(graph, "sparse_initializer", ())):
            raise InvalidValue("it has sparse initializers, expected dense ones")


class _File:
    """A graph, its constants, and what its nodes have given so far."""

    def __init__(self, onnx: Any, model: Any) -> None:
        self.onnx, self.graph = onnx, model.graph
        self.opsets = {DOMAINS.get(e.domain, e.domain): e.version for e in model.opset_import}
        newest = onnx.defs.onnx_opset_version()
        if not OLDEST <= self.opsets.get("", 0) <= newest:
            version = self.opsets.get("")
            raise InvalidValue(f"it has opset {version}, expected one from {OLDEST} to {newest}")
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self.values: dict[str, Any] = {"": None}
        self.unread: dict[str, str] = {}  # outputs without counterpart, by their nodes
        self.budget = [model.ByteSize() + FREE]

    def network(self) -> Network:
        output = self._output()
        nodes = self._needed(output)
        source = self._source(nodes)
        chain, self.values[source.name] = self._begin(source, nodes)
        kind = source.type.tensor_type.elem_type
        double = kind == self.onnx.TensorProto.DOUBLE
        chain.dtype = np.dtype(np.float64 if double else np.float32)
        for node in nodes:
            try:
                outputs = onnx_nodes.run(chain, self._read(node), self.budget)
            except ERRORS as error:
                raise self._refusal(node, error) from error
            self.values.update(zip(node.output, outputs, strict=False))
            further = node.output[len(outputs) :]
            self.unread.update(dict.fromkeys(further, f"{node.name!r} ({node.op_type})"))
        value = self._value(output)
        if not isinstance(value, Value):
            raise InvalidValue(f"output {output!r} is a constant")
        try:
            return chain.network(value, chain.dtype)
        except ERRORS as error:
            raise self._refusal(nodes[-1], error) if nodes else error from error

    def _refusal(self, node: Any, error: Exception) -> InvalidValue:
        name = node.name or next(iter(node.output), "")
        reason = str(error) or type(error).__name__
        return InvalidValue(f"node {name!r} ({node.op_type}): {reason}")

    def _output(self) -> str:
        """Return the name of the one output with numbers; labels are none."""
        labels = (self.onnx.TensorProto.INT64, self.onnx.TensorProto.STRING)
        names = [
            each.name for each in self.graph.output if each.type.tensor_type.elem_type not in labels
        ]
        if len(names) != 1:
            raise InvalidValue(f"it has outputs {names}, expected one with numbers")
        return str(names[0])

    def _needed(self, output: str) -> list[Any]:
        """Return the nodes on which an output depends, in the order of the file."""
        makers: dict[str, int] = {}
        for place, node in enumerate(self.graph.node):
            for name in filter(None, node.output):
                if name in makers or name in self.constants:
                    raise self._refusal(node, InvalidValue(f"it gives {name!r} a second time"))
                makers[name] = place
        waiting, found = [output], set[int]()
        while waiting:
            place = makers.get(waiting.pop(), -1)
            if place >= 0 and place not in found:
                found.add(place)
                waiting += self.graph.node[place].input
        return [self.graph.node[place] for place in sorted(found)]

    def _source(self, nodes: list[Any]) -> Any:
        used = {name for node in nodes for name in node.input}
        inputs = [e for e in self.graph.input if e.name in used and e.name not in self.constants]
        if len(inputs) != 1:
            raise InvalidValue(f"it has inputs {[e.name for e in inputs]}, expected one")
        return inputs[0]

    def _begin(self, source: Any, nodes: list[Any]) -> tuple[Chain, Value]:
        """Return the chain at its input: its axes are ordered for the first layer."""
        dims = [dim.dim_value for dim in source.type.tensor_type.shape.dim]
        n, first = len(dims), self._first(source.name, nodes)
        time_first = first is not None and first.op_type in ("RNN", "GRU", "LSTM")
        if time_first and first is not None:
            time_first = not any(a.name == "layout" and a.i for a in first.attribute)
        batch = 1 if time_first and n == 3 else 0
        order = [axis for axis in range(n) if axis != batch]
        if first is not None and first.op_type in CHANNELS_FIRST and n > 2:
            order = [*range(2, n), 1]
        sizes = [dims[axis] for axis in order]
        if not 2 <= n <= 4 or min(sizes) < 1:
            raise InvalidValue(
                f"input {source.name!r} has shape {dims}, expected 2 to 4 axes, all but that of "
                "samples of a known length"
            )
        axes = [(BATCH,) if axis == batch else (order.index(axis),) for axis in range(n)]
        chain = Chain(sizes, len(sizes) - 1, dims[batch] if dims[batch] > 0 else MANY)
        return chain, Value(0, tuple(axes))

    def _first(self, name: str, nodes: list[Any]) -> Any:
        """Return the first node that reads the input, or what only adds to it or scales it."""
        names = {name}
        for node in nodes:
            if names.intersection(node.input) and node.op_type != "Shape":
                if node.op_type not in PASSING:
                    return node
                names.update(node.output)
        return None

    def _value(self, name: str) -> Any:
        if name in self.values:
            return self.values[name]
        if name in self.unread:
            raise InvalidValue(f"output {name!r} of node {self.unread[name]} has no counterpart")
        if name not in self.constants:
            raise InvalidValue(f"{name!r} is given by no node before, expected nodes in order")
        tensor = self.constants[name]
        if any(n < 0 for n in tensor.dims):
            raise InvalidValue(f"{name!r} has shape {list(tensor.dims)}, expected none below 0")
        return self.onnx.numpy_helper.to_array(tensor)

    def _read(self, node: Any) -> Node:
        """Return a node with its inputs, its attributes and their defaults."""
        if node.domain not in DOMAINS:
            raise InvalidValue(f"an operator of domain {node.domain!r}, expected ONNX's own")
        domain = DOMAINS[node.domain]
        opset = self.opsets.get(domain, 1)
        try:
            schema = self.onnx.defs.get_schema(node.op_type, opset, domain)
        except self.onnx.defs.SchemaError:
            raise InvalidValue(f"no operator of opset {opset}") from None
        attributes = dict(self._attributes(node, schema))
        inputs = [self._value(name) for name in node.input]
        return Node(node.op_type, inputs, list(node.input), attributes, opset)

    def _attributes(self, node: Any, schema: Any) -> Iterator[tuple[str, Any]]:
        given = {attribute.name: attribute for attribute in node.attribute}
        if unknown := given.keys() - schema.attributes.keys():
            raise InvalidValue(f"attributes {sorted(unknown)} that it does not have")
        for name, each in schema.attributes.items():
            attribute = given.get(name, each.default_value)
            if name in given and attribute.type != each.type.value:
                raise InvalidValue(f"attribute {name} is of type {attribute.type}")
            if attribute.type not in (0, self.onnx.AttributeProto.GRAPH):
                value = self.onnx.helper.get_attribute_value(attribute)
                yield name, self._plain(value)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, self.onnx.TensorProto):
            return self.onnx.numpy_helper.to_array(value)
        if hasattr(value, "__iter__") and not isinstance(value, str):
            return [self._plain(each) for each in value]
        return value

"""ONNX files of fastmlp itself, whose metadata have the layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._data.feature_names import as_names
from fastmlp._data.validation import InvalidArgument, InvalidValue, check_dtype
from fastmlp._export import to_onnx
from fastmlp._export.graph import Graph
from fastmlp._export.windows import AVERAGE_POOLS
from fastmlp._io import container, layout, serialization
from fastmlp._io.files import DAMAGE
from fastmlp.network import Network

ERRORS = (*DAMAGE, ValueError, InvalidArgument)


class _Positions(Graph):
    """A graph that keeps where its parameters stand in `Network.parameters`."""

    found: dict[str, Any]

    def weight(self, name: str, values: Any) -> str:
        name = f"{self.root.place}{name}"
        self.root.found[name] = np.array(values)  # type: ignore[attr-defined]
        return name


def own_network(onnx: Any, model: Any) -> Network | None:
    """Return the network of a file of ours: one that exporting it makes the same graph of."""
    text = {entry.key: entry.value for entry in model.metadata_props}.get(to_onnx.KEY)
    if text is None:
        return None
    try:
        network = _specified(onnx, model, container.from_json(text))
        again = to_onnx.model_of(onnx, network, network.dtype)
        graphs = (each.graph.SerializeToString(deterministic=True) for each in (model, again))
        return network if next(graphs) == next(graphs) else None
    except ERRORS:
        return None


def _specified(onnx: Any, model: Any, values: dict[str, Any]) -> Network:
    kind = model.graph.input[0].type.tensor_type.elem_type
    dtype = check_dtype(onnx.helper.tensor_dtype_to_np_dtype(kind))
    given = {**values, "parameters": None, "dtype": dtype.name}
    (shape, layers, _, seed, precision), epochs = serialization.network_from_dict(given)
    n_bytes = model.ByteSize()
    layout.check_size(shape, layers, dtype, n_bytes // dtype.itemsize, shared=True)
    network, like = Network.__new__(Network), Network.__new__(Network)
    network._build(shape, layers, dtype, seed, precision, draw=False)
    like._build(shape, layers, np.dtype(np.float64), seed, draw=False)
    to_onnx.check_activations(network, dtype)
    for place, layer in enumerate(layers):  # what sums are divided by is in the file
        positions = np.prod(network._native.layer_shape(place)[:-1], dtype=float)
        if isinstance(layer, AVERAGE_POOLS) and positions > n_bytes:
            raise InvalidValue("more positions than the file has bytes")
    like.parameters = np.arange(1, like.n_parameters + 1)
    graph = _Positions(onnx, dtype)
    graph.found = {}
    to_onnx.add_network(graph, like, "X")
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, positions in graph.found.items():
        array = onnx.numpy_helper.to_array(tensors[name])
        if array.shape != positions.shape or array.dtype != dtype:
            raise InvalidValue(f"{name} has shape {array.shape}")
        kept = positions > 0  # others are no parameters
        network.parameters[positions[kept].astype(np.int64) - 1] = array[kept]
    network.epochs_trained = epochs
    network._feature_names = as_names(values.get("feature_names_in_"), network.n_inputs)
    return network

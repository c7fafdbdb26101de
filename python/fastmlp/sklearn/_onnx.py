"""Converters of estimators for skl2onnx: the network, and what `predict` makes of its outputs."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.validation import error_prefix, value_error
from fastmlp._export import to_onnx
from fastmlp._export.graph import Graph
from fastmlp.sklearn._labels import MULTILABEL

WHERE = "skl2onnx"
OPTIONS = {  # of its classifiers
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def register(cls: Any) -> None:
    """Make the converter of a class of estimators known to skl2onnx."""
    options = OPTIONS if hasattr(cls, "predict_log_proba") else None
    update = require("skl2onnx", "register_skl2onnx", "onnx").update_registered_converter
    update(cls, f"FastMLP{cls.__name__}", set_shapes, convert, options=options)


def register_if_imported(cls: Any) -> None:
    """Register a class in a program that has imported skl2onnx."""
    if hasattr(sys.modules.get("skl2onnx"), "update_registered_converter"):
        register(cls)


def set_shapes(operator: Any) -> None:
    """Tell skl2onnx the kinds and shapes of the outputs."""
    estimator, types = operator.raw_operator, require("skl2onnx.common.data_types", WHERE, "onnx")
    numbers = types.DoubleTensorType if _is_double(operator) else types.FloatTensorType
    if not hasattr(estimator, "classes_"):
        width = estimator.network_.n_outputs // estimator._per_target()
        operator.outputs[0].set_type(numbers([None, width]))
        return
    several, labels = estimator._y_kind == MULTILABEL, _labels(estimator)
    kind = types.StringTensorType if labels.dtype.kind == "U" else types.Int64TensorType
    width = estimator.n_outputs_ if several else len(labels)
    operator.outputs[0].set_type(kind([None, width] if several else [None]))
    operator.outputs[1].set_type(numbers([None, width]))


@error_prefix(WHERE)
def convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the graph of an estimator to that of skl2onnx."""
    onnx, estimator = require("onnx", WHERE, "onnx"), operator.raw_operator
    dtype = np.dtype(np.float64 if _is_double(operator) else np.float32)
    network = estimator.network_
    to_onnx.check_activations(network, dtype)
    graph = Graph(onnx, dtype)
    kind = onnx.helper.np_dtype_to_tensor_dtype(dtype)
    outputs = to_onnx.add_network(graph, network, graph.node("Cast", "X", to=kind))
    add = _add_labels if hasattr(estimator, "classes_") else _add_values
    names = add(graph, estimator, outputs)
    proto = graph.proto("fastmlp", {"X": ("n", network.n_inputs)}, dict.fromkeys(names, ("n",)))
    opsets = [onnx.helper.make_opsetid("", to_onnx.OPSET)]
    model = onnx.helper.make_model(proto, opset_imports=opsets)
    require("skl2onnx.helpers", WHERE, "onnx").add_onnx_graph(scope, operator, container, model)


def _is_double(operator: Any) -> bool:
    types = require("skl2onnx.common.data_types", WHERE, "onnx")
    return isinstance(operator.inputs[0].type, types.DoubleTensorType)


def _labels(estimator: Any) -> Any:
    """Return the labels of the outputs as ONNX has them: texts or integers."""
    if estimator._y_kind == MULTILABEL:
        return np.arange(estimator.n_outputs_)
    labels = np.asarray(estimator.classes_)
    if labels.dtype.kind in "UO":
        return labels.astype(str)
    if not np.array_equal(labels, labels.astype(np.int64)):
        raise value_error("classes_", labels, "texts or integers")
    return labels.astype(np.int64)


def _add_values(graph: Graph, estimator: Any, outputs: str) -> list[str]:
    """Add what `MLPRegressor._values` does: the means, or what they are logarithms of."""
    if estimator._per_target() > 1:
        end = estimator.network_.n_outputs // estimator._per_target()
        outputs = graph.node("Slice", outputs, *map(graph.integers, (0, end, 1)))
    return [graph.node("Exp" if estimator._is_log() else "Identity", outputs)]


def _add_labels(graph: Graph, estimator: Any, outputs: str) -> list[str]:
    """Add the labels beside the probabilities."""
    try:
        estimator._gives_probabilities()
    except AttributeError as error:
        expected = "one of probabilities; convert its network_ by Network.to_onnx"
        raise value_error("out_activation_", estimator.out_activation_, expected) from error
    if estimator._y_kind == MULTILABEL:
        above = graph.node("Greater", outputs, graph.number(0.5))
        kind = graph.onnx.TensorProto.INT64
        return [graph.node("Cast", above, to=kind), graph.node("Identity", outputs)]
    if estimator.network_.n_outputs == 1:
        rest = graph.node("Sub", graph.number(1.0), outputs)
        outputs = graph.node("Concat", rest, outputs, axis=1)
    largest = graph.node("ArgMax", outputs, axis=1, keepdims=0)
    labels = graph.constant("labels", _labels(estimator))
    return [graph.node("Gather", labels, largest, axis=0), graph.node("Identity", outputs)]

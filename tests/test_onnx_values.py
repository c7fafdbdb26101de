"""`fm.from_onnx` of operators that may change values: they are read as they are, or refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from exchange_cases import difference

onnx = pytest.importorskip("onnx")

from onnx import TensorProto  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from hostile_onnx import W, model, node, recurrent, then  # noqa: E402  needs onnx

X = np.random.default_rng(0).normal(size=(5, 3))
FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE


def check(made: Any, dtype: Any = np.float32) -> None:
    """The network gives what onnx.reference gives."""
    (expected,) = ReferenceEvaluator(made).run(None, {"X": X.astype(dtype)})
    net = fm.from_onnx(made)
    assert difference(net.predict(X.astype(dtype)), np.asarray(expected, net.dtype)) < 1e-6


def refused(made: Any, message: str) -> None:
    with pytest.raises(fm.ModelFileError, match=r"cannot be read: node '\w+' " + message):
        fm.from_onnx(made)


def cast_in(kind: int, dtype: Any, to: int) -> Any:
    """A cast of an output, before its activation, in a network of a dtype."""
    nodes = [node("MatMul", "X", "W", "a"), node("Cast", "a", "b", to=to), node("Tanh", "b", "Y")]
    return model(nodes, {"W": np.ones((3, 2), dtype)}, kind=kind)


@pytest.mark.parametrize("to", ["INT64", "INT32", "BOOL", "FLOAT16", "BFLOAT16", "UINT8"])
@pytest.mark.parametrize(("kind", "dtype"), [(FLOAT, np.float32), (DOUBLE, np.float64)])
def test_a_cast_of_outputs_that_rounds_is_refused(to: str, kind: int, dtype: Any) -> None:
    name = rf"\(Cast\): to [a-z0-9 ]+ in a network of {np.dtype(dtype)}, expected the same: "
    refused(cast_in(kind, dtype, getattr(TensorProto, to)), name)


def test_a_cast_to_a_wider_type_or_the_same_is_left_out() -> None:
    refused(cast_in(DOUBLE, np.float64, FLOAT), r"\(Cast\): to float32 in a network of float64, ")
    check(cast_in(FLOAT, np.float32, FLOAT))
    check(cast_in(FLOAT, np.float32, DOUBLE))
    check(cast_in(DOUBLE, np.float64, DOUBLE), np.float64)


@pytest.mark.parametrize("to", ["INT64", "BOOL", "FLOAT16", "FLOAT"])
def test_a_cast_of_weights_is_made(to: str) -> None:
    """To other numbers and back, as files with weights in half precision have it."""
    nodes = [
        node("Cast", "V", "v", to=getattr(TensorProto, to)),
        node("Cast", "v", "w", to=FLOAT),
        node("MatMul", "X", "w", "Y"),
    ]
    check(model(nodes, {"V": np.array([[1.7, 0.0], [-2.3, 1.1], [0.1, 3.3]], np.float32)}))


def test_a_cast_of_weights_to_what_are_no_numbers_is_refused() -> None:
    nodes = [node("Cast", "W", "v", to=TensorProto.STRING), node("MatMul", "X", "v", "Y")]
    refused(model(nodes, W), r"\(Cast\): to=8, expected a type of numbers")


@pytest.mark.parametrize("given", [np.array(False), None])
def test_a_dropout_is_left_out_unless_it_trains(given: Any) -> None:
    arrays = {"ratio": np.float32(0.5)}
    names = ["a", "ratio", "Y"]
    if given is not None:
        arrays["t"] = given
        names.insert(2, "t")
    made = then(node("Dropout", *names), **arrays)
    check(made)
    made = then(node("Dropout", "a", "ratio", "t", "Y"), **{**arrays, "t": np.array(True)})
    refused(made, r"\(Dropout\): training_mode=True, expected False: its draws have no counterpart")


@pytest.mark.parametrize("op", ["RNN", "LSTM"])
def test_a_recurrence_without_the_attribute_activations_has_the_default(op: str) -> None:
    """That of RNN in the schema has a name for each of two directions."""
    made = recurrent(op)
    weights = [onnx.numpy_helper.to_array(each) for each in made.graph.initializer]
    for tensor, weight in zip(made.graph.initializer, weights, strict=True):
        draws = np.random.default_rng(0).normal(size=weight.shape).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(draws, tensor.name))
    made.graph.node[0].output[0] = "all"
    made.graph.node.append(node("Squeeze", "all", "axes", "Y"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "axes"))
    steps = np.random.default_rng(1).normal(size=(4, 5, 3)).astype(np.float32)
    (expected,) = ReferenceEvaluator(made).run(None, {"X": steps})
    outputs = fm.from_onnx(made).predict(steps.transpose(1, 0, 2))
    assert difference(outputs.transpose(1, 0, 2), expected) < 1e-6


def test_an_output_without_counterpart_is_named_with_its_node() -> None:
    made = recurrent("LSTM")
    made.graph.node[0].output.extend(["h", "c"])
    made.graph.node[0].output[0] = "all"
    made.graph.node.append(node("Squeeze", "c", "axes", "Y"))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0]), "axes"))
    refused(made, r"\(Squeeze\): output 'c' of node 'r' \(LSTM\) has no counterpart")
    dropout = onnx.helper.make_node("Dropout", ["a", "ratio"], ["b", "mask"], name="drop")
    made = then(dropout, node("Identity", "mask", "Y"), ratio=np.float32(0.5))
    refused(made, r"\(Identity\): output 'mask' of node 'drop' \(Dropout\) has no counterpart")


@pytest.mark.parametrize("shape", [(5, 3), (5, 1), (3, 1), (1, 4), (2,), (1, 1, 3)])
def test_a_bias_of_gemm_that_is_none_of_all_samples_is_refused(shape: tuple[int, ...]) -> None:
    made = model([node("Gemm", "X", "W", "C", "Y")], {**W, "C": np.ones(shape, np.float32)})
    text = f"(Gemm): C of shape {shape}, expected (3,): one for all samples"
    refused(made, re.escape(text))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (1, 1)])
def test_a_bias_of_gemm_is_one_for_all_samples(shape: tuple[int, ...]) -> None:
    check(model([node("Gemm", "X", "W", "C", "Y")], {**W, "C": np.full(shape, 0.5, np.float32)}))

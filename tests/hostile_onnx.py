"""Hostile ONNX files, each with what the message must have: cycles, huge claims, wrong types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, HUGE = TensorProto.FLOAT, 2**40


def info(name: str, shape: Any, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def node(op: str, *names: str, **attributes: Any) -> Any:
    """A node of inputs and, last, its output, by which it is called."""
    return helper.make_node(op, names[:-1], names[-1:], name=names[-1], **attributes)


def model(
    nodes: list[Any], arrays: Any = None, shape: Any = ("n", 3), opset: int = 17, kind: int = FLOAT
) -> Any:
    tensors = [
        numpy_helper.from_array(np.asarray(array), name) for name, array in (arrays or {}).items()
    ]
    graph = helper.make_graph(nodes, "g", [info("X", shape, kind)], [info("Y", None)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


W = {"W": np.ones((3, 3), np.float32)}
IMAGE = ("n", 2, 6, 6)
K = {"K": np.ones((2, 2, 3, 3), np.float32)}
BN = {name: np.ones(3, np.float32) for name in "sbmv"}


def external(change: Callable[[Any], Any]) -> Any:
    """A tensor whose data would be those of a file of the system."""
    made = model([node("MatMul", "X", "W", "Y")], W)
    tensor = change(made)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"
    return made


def in_attribute(made: Any) -> Any:
    constant = node("Constant", "C", value=numpy_helper.from_array(np.ones(3, np.float32), "t"))
    made.graph.node.insert(0, constant)
    return made.graph.node[0].attribute[0].t


def in_subgraph(made: Any) -> Any:
    body = helper.make_graph([], "body", [], [], [numpy_helper.from_array(np.ones(3), "t")])
    made.graph.node.append(helper.make_node("Loop", ["", ""], ["q"], name="loop", body=body))
    return made.graph.node[-1].attribute[0].g.initializer[0]


def claimed(dims: list[int], kind: int = FLOAT) -> Any:
    """A tensor that says it is larger than its data are."""
    made = model([node("MatMul", "X", "W", "Y")], W)
    tensor = made.graph.initializer[0]
    del tensor.dims[:]
    tensor.dims.extend(dims)
    tensor.data_type = kind
    return made


def doubled(n: int) -> Any:
    """Constants that double n times."""
    nodes = [node("Concat", f"c{k}", f"c{k}", f"c{k + 1}", axis=0) for k in range(n)]
    return model([*nodes, node("Add", "X", f"c{n}", "Y")], {"c0": np.ones(1000, np.float32)})


def grown(n: int) -> Any:
    """An expression whose size doubles n times."""
    nodes = [node("MatMul", "X", "W", "e0")]
    nodes += [node("Mul", f"e{k}", f"e{k}", f"e{k + 1}") for k in range(n)]
    return model([*nodes, node("Relu", f"e{n}", "Y")], W)


def recurrent(op: str = "GRU", **attributes: Any) -> Any:
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[op]
    arrays = {
        "W": np.ones((1, gates * 2, 3), np.float32),
        "R": np.ones((1, gates * 2, 2), np.float32),
    }
    options = {"hidden_size": 2, **({"linear_before_reset": 1} if op == "GRU" else {})}
    made = helper.make_node(op, ["X", "W", "R"], ["Y"], "r", **{**options, **attributes})
    return model([made], arrays, (attributes.get("steps", 4), "n", 3))


def typed(kind: int) -> Any:
    """An attribute of a wrong type."""
    made = model([node("Conv", "X", "K", "Y", strides=[1, 1])], K, IMAGE)
    attribute = made.graph.node[0].attribute[0]
    attribute.type = kind
    return made


def metadata(text: str) -> Any:
    made = model([node("Sinh", "X", "Y")])
    helper.set_model_props(made, {"fastmlp": text})
    return made


def layers(text: str, inputs: str = "[4, 1]", dtype: str = "float32") -> Any:
    return metadata(
        f'{{"format":"fastmlp.network","version":1,"dtype":"{dtype}","inputs":{inputs},'
        f'"layers":[{text}],"seed":0,"epochs_trained":0}}'
    )


def two_outputs() -> Any:
    made = model([node("MatMul", "X", "W", "Y"), node("Relu", "Y", "Z")], W)
    made.graph.output.append(info("Z", None))
    return made


def conv(**attributes: Any) -> Any:
    return model([node("Conv", "X", "K", "Y", **attributes)], K, IMAGE)


def pool(op: str = "MaxPool", shape: Any = IMAGE, **attributes: Any) -> Any:
    return model([node(op, "X", "Y", **{"kernel_shape": [2, 2], **attributes})], None, shape)


def then(*nodes: Any, **arrays: Any) -> Any:
    """These nodes behind a product."""
    return model([node("MatMul", "X", "W", "a"), *nodes], {**W, **arrays})


def opset(version: int, domain: str = "") -> Any:
    made = model([node("MatMul", "X", "W", "Y")], W)
    made.opset_import[0].version, made.opset_import[0].domain = version, domain
    return made


def foreign() -> Any:
    made = model([node("MatMul", "X", "W", "Y")], W)
    made.graph.node[0].domain = "com.microsoft"
    return made


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    # The message has the name of the node, or what is wrong with the whole.
    "cycle": (lambda: model([node("Add", "X", "Y", "Y")]), "'Y' (Add)"),
    "cycle of two": (lambda: model([node("Add", "X", "b", "a"), node("Relu", "a", "b"),
                                    node("Add", "a", "b", "Y")]), "'a' (Add)"),
    "not in order": (lambda: model([node("Relu", "a", "Y"), node("MatMul", "X", "W", "a")], W),
                     "'Y' (Relu)"),
    "given twice": (lambda: model([node("Relu", "X", "Y"), node("Tanh", "X", "Y")]), "'Y' (Tanh)"),
    "over a weight": (lambda: model([node("Relu", "X", "W"), node("Tanh", "W", "Y")], W),
                      "'W' (Relu)"),
    "unknown name": (lambda: model([node("Add", "X", "none", "Y")]), "'Y' (Add)"),
    "no output": (onnx.ModelProto, "opset"),
    "no node": (lambda: model([]), "inputs []"),
    "a constant": (lambda: model([node("Identity", "W", "Y")], W), "inputs []"),
    "two outputs": (two_outputs, "outputs ['Y', 'Z']"),
    "two inputs": (lambda: (lambda m: (m.graph.input.append(info("Z", ("n", 3))), m)[1])(
        model([node("Add", "X", "Z", "Y")])), "inputs ['X', 'Z']"),
    "no shape": (lambda: model([node("MatMul", "X", "W", "Y")], W, None), "input 'X'"),
    "scalar": (lambda: model([node("MatMul", "X", "W", "Y")], W, ()), "input 'X'"),
    "open axis": (lambda: model([node("MatMul", "X", "W", "Y")], W, ("n", "m")), "input 'X'"),
    "five axes": (lambda: model([node("Relu", "X", "Y")], W, ("n", 2, 2, 2, 2)), "input 'X'"),
    "negative axis": (lambda: model([node("MatMul", "X", "W", "Y")], W, ("n", -3)), "input 'X'"),
    "huge input": (lambda: model([node("MatMul", "X", "W", "Y")], W, ("n", HUGE)), "'Y' (MatMul)"),
    "huge image": (lambda: model([node("Conv", "X", "K", "Y")], K, ("n", 2, HUGE, HUGE)), ""),
    "huge pool": (lambda: pool(shape=("n", 2, HUGE, HUGE), kernel_shape=[HUGE, HUGE]), ""),
    "huge time": (lambda: recurrent(steps=HUGE), ""),
    "external": (lambda: external(lambda m: m.graph.initializer[0]), "'W' has its data in another"),
    "external constant": (lambda: external(in_attribute), "'t' has its data in another"),
    "external below": (lambda: external(in_subgraph), "'t' has its data in another"),
    "claims more": (lambda: claimed([3, HUGE]), "'Y' (MatMul)"),
    "claims other": (lambda: claimed([3, 3], TensorProto.DOUBLE), "'Y' (MatMul)"),
    "claims nothing": (lambda: claimed([]), "'Y' (MatMul)"),
    "negative dims": (lambda: claimed([-1, 3]), "'Y' (MatMul)"),
    "unknown kind": (lambda: claimed([3, 3], 77), "'Y' (MatMul)"),
    "texts": (lambda: model([node("MatMul", "X", "T", "Y")], {"T": np.array([["a"]], object)}),
              "'Y' (MatMul)"),
    "sparse": (lambda: (lambda m: (m.graph.sparse_initializer.add(), m)[1])(
        model([node("Relu", "X", "Y")])), "sparse initializers"),
    "opset 0": (lambda: opset(0), "opset 0"),
    "opset 999": (lambda: opset(999), "opset 999"),
    "opset of others": (lambda: opset(17, "ai.onnx.ml"), "opset None"),
    "domain": (foreign, "'Y' (MatMul): an operator of domain 'com.microsoft'"),
    "unknown operator": (lambda: model([node("Frobnicate", "X", "Y")]), "'Y' (Frobnicate): no op"),
    "later operator": (lambda: model([node("Gelu", "X", "Y")]), "'Y' (Gelu)"),
    "no name": (lambda: model([helper.make_node("Sinh", ["X"], ["Y"])]), "node 'Y' (Sinh)"),
    "unread operator": (lambda: model([node("Sinh", "X", "Y")]), "'Y' (Sinh): an operator without"),
    "loop": (lambda: model([node("Loop", "X", "X", "X", "Y", body=helper.make_graph(
        [], "b", [], []))]), "'Y' (Loop)"),
    "if": (lambda: model([node("If", "X", "Y", then_branch=helper.make_graph([], "b", [], []),
                               else_branch=helper.make_graph([], "b", [], []))]), "'Y' (If)"),
    "unknown attribute": (lambda: conv(strength=1), "'Y' (Conv): attributes ['strength']"),
    "attribute float": (lambda: typed(1), "'Y' (Conv): attribute strides"),
    "no inputs": (lambda: model([node("Add", "X", "a"), helper.make_node("Add", [], ["Y"], "e"),
                                 node("Add", "a", "Y", "Z")]), "inputs []"),
    "one input": (lambda: model([node("MatMul", "X", "Y")]), "'Y' (MatMul)"),
    "weights of X": (lambda: model([node("MatMul", "X", "X", "Y")]), "'Y' (MatMul)"),
    "X behind": (lambda: model([node("MatMul", "W", "X", "Y")], W), "'Y' (MatMul)"),
    "vector": (lambda: model([node("MatMul", "X", "v", "Y")], {"v": np.ones(3, np.float32)}),
               "'Y' (MatMul)"),
    "narrow": (lambda: model([node("MatMul", "X", "W", "Y")], {"W": np.ones((2, 3))}),
               "'Y' (MatMul): weights of shape (3, 2)"),
    "transA": (lambda: model([node("Gemm", "X", "W", "Y", transA=1)], W), "'Y' (Gemm): transA=1"),
    "a long bias": (lambda: model([node("Gemm", "X", "W", "b", "Y")], {**W, "b": np.ones(9)}),
                    "'Y' (Gemm)"),
    "a matrix as bias": (lambda: model([node("Gemm", "X", "W", "W", "Y")], W), "'Y' (Gemm)"),
    "a long sum": (lambda: then(node("Add", "a", "b", "Y"), b=np.ones(7)), "'Y' (Add)"),
    "a sum per sample": (lambda: then(node("Add", "a", "b", "Y"), b=np.ones((5, 1))), "'Y' (Add)"),
    "a sum of X": (lambda: model([node("Relu", "X", "a"), node("Add", "a", "X", "Y")]), "'Y' (A"),
    "a quotient": (lambda: then(node("Div", "b", "a", "Y"), b=np.ones(3)), "'Y' (Div)"),
    "a product of outputs": (lambda: model([node("MatMul", "X", "W", "a"), node(
        "MatMul", "a", "W", "b"), node("Mul", "a", "b", "Y")], W), "'Y' (Mul)"),
    "activations": (lambda: then(node("Tanh", "a", "b"), node("Relu", "b", "Y")), "'Y' (Relu)"),
    "softmax of samples": (lambda: then(node("Softmax", "a", "Y", axis=0)), "'Y' (Softmax)"),
    "softmax far away": (lambda: then(node("Softmax", "a", "Y", axis=9)), "'Y' (Softmax)"),
    "clip": (lambda: then(node("Clip", "a", "a", "Y")), "'Y' (Clip)"),
    "clip to nan": (lambda: then(node("Clip", "a", "b", "Y"), b=np.float32("nan")), "'Y' (Clip)"),
    "normalization short": (lambda: model([node("BatchNormalization", "X", *"sbmv", "Y")],
                                          {**BN, "s": np.ones(2)}), "'Y' (BatchNormalization)"),
    "normalization matrix": (lambda: model([node("BatchNormalization", "X", *"sbmv", "Y")],
                                           {**BN, "s": np.ones((3, 3))}), "'Y' (BatchNorm"),
    "normalization trains": (lambda: model([node(
        "BatchNormalization", "X", *"sbmv", "Y", training_mode=1)], BN), "'Y' (BatchNorm"),
    "normalization alone": (lambda: model([node("BatchNormalization", "X", *"sbmv", "Y")], BN),
                            "'Y' (BatchNormalization): a factor or a shift is left"),
    "group 2": (lambda: conv(group=2), "'Y' (Conv): group=2"),
    "stride -1": (lambda: conv(strides=[-1, 1]), "'Y' (Conv): strides"),
    "dilation 0": (lambda: conv(dilations=[0, 1]), "'Y' (Conv): strides"),
    "pads huge": (lambda: conv(pads=[2**62] * 4), ""),
    "pads negative": (lambda: conv(pads=[-1, 0, 0, 0]), "'Y' (Conv): strides"),
    "pads uneven": (lambda: conv(pads=[2, 0, 0, 0]), "'Y' (Conv): zeros (2, 0) before"),
    "auto_pad": (lambda: conv(auto_pad=b"\xff\xfe"), "'Y' (Conv)"),
    "no channels": (lambda: model([node("Conv", "X", "K", "Y")], K, ("n", 3, 6, 6)), "'Y' (Conv)"),
    "three axes": (lambda: model([node("Conv", "X", "K", "Y")], K, ("n", 2, 6)), "'Y' (Conv)"),
    "too large": (lambda: model([node("Conv", "X", "K", "Y")], K, ("n", 2, 2, 2)), "'Y' (Conv)"),
    "a bias of Conv": (lambda: model([node("Conv", "X", "K", "b", "Y")], {**K, "b": np.ones(3)},
                                     IMAGE), "'Y' (Conv): a bias of shape (3,)"),
    "pool counts": (lambda: pool("AveragePool", pads=[1, 1, 1, 1], count_include_pad=1),
                    "'Y' (AveragePool): count_include_pad=1"),
    "pool ceil": (lambda: pool(shape=("n", 2, 5, 5), strides=[2, 2], ceil_mode=1),
                  "'Y' (MaxPool): ceil_mode=1"),
    "pool dilated": (lambda: pool(dilations=[2, 2]), "'Y' (MaxPool): dilation=(2, 2)"),
    "pool padded": (lambda: pool(pads=[2, 2, 2, 2]), ""),
    "pool 0": (lambda: pool(kernel_shape=[0, 0]), "'Y' (MaxPool)"),
    "pool empty": (lambda: pool(kernel_shape=None), "'Y' (MaxPool)"),
    "mean of samples": (lambda: model([node("ReduceMean", "X", "Y", axes=[0])]), "'Y' (ReduceM"),
    "reverse": (lambda: recurrent(direction="reverse"), "'r' (GRU): direction='reverse'"),
    "direction": (lambda: recurrent(direction="up"), "'r' (GRU): direction='up'"),
    "both with one": (lambda: recurrent(direction="bidirectional"), "'r' (GRU)"),
    "reset before": (lambda: recurrent(linear_before_reset=0), "'r' (GRU): linear_before_reset=0"),
    "clipped": (lambda: recurrent("LSTM", clip=1.0), "'r' (LSTM): clip=1.0"),
    "coupled": (lambda: recurrent("LSTM", input_forget=1), "'r' (LSTM): input_forget=1"),
    "gates of tanh": (lambda: recurrent(activations=["Tanh", "Tanh"]), "'r' (GRU): activations"),
    "few activations": (lambda: recurrent(activations=["Sigmoid"]), "'r' (GRU): activations"),
    "no activation": (lambda: recurrent("RNN", activations=["Softmax"]), "'r' (RNN): activations"),
    "reshape 0": (lambda: then(node("Reshape", "a", "s", "Y"), s=np.array([0, 0, 0])), "'Y' (Res"),
    "reshape huge": (lambda: then(node("Reshape", "a", "s", "Y"), s=np.array([HUGE, -1])),
                     "'Y' (Reshape)"),
    "reshape two open": (lambda: then(node("Reshape", "a", "s", "Y"), s=np.array([-1, -1])),
                         "'Y' (Reshape)"),
    "reshape many": (lambda: then(node("Reshape", "a", "s", "Y"), s=np.ones(10**5, np.int64)), ""),
    "reshape by X": (lambda: then(node("Reshape", "a", "X", "Y")), "'Y' (Reshape)"),
    "transpose": (lambda: then(node("Transpose", "a", "Y", perm=[0, 0])), "'Y' (Transpose)"),
    "flipped": (lambda: then(node("Transpose", "a", "b", perm=[1, 0]), node(
        "MatMul", "b", "W", "Y")), "'Y' (MatMul)"),
    "squeeze": (lambda: then(node("Squeeze", "a", "s", "Y"), s=np.array([1])), "'Y' (Squeeze)"),
    "unsqueeze far": (lambda: then(node("Unsqueeze", "a", "s", "Y"), s=np.array([99])),
                      "'Y' (Unsqueeze)"),
    "gather": (lambda: then(node("Gather", "a", "s", "Y", axis=1), s=np.array(1)), "'Y' (Gather)"),
    "slice": (lambda: then(node("Slice", "a", "z", "o", "Y"), z=np.array([0]), o=np.array([1])),
              "'Y' (Slice)"),
    "step 0": (lambda: then(node("Slice", "a", "z", "o", "o", "z", "Y"), z=np.array([0]),
                            o=np.array([1])), "'Y' (Slice)"),
    "concat": (lambda: then(node("Concat", "a", "a", "Y", axis=1)), "'Y' (Concat)"),
    "doubling constants": (lambda: doubled(60), "constants larger than the file"),
    "doubling expressions": (lambda: grown(60), "an expression of many operators"),
    "expanded": (lambda: model([node("Expand", "c", "s", "e"), node("Add", "X", "e", "Y")],
                               {"c": np.ones(1), "s": np.array([HUGE, HUGE])}), "'e' (Expand)"),
    "filled": (lambda: model([node("ConstantOfShape", "s", "e"), node("Add", "X", "e", "Y")],
                             {"s": np.array([HUGE])}), "'Y' (Add)"),
    "axes repeated": (lambda: then(node("ConstantOfShape", "s", "e"), node(
        "Squeeze", "a", "e", "Y"), s=np.array([HUGE])), "'Y' (Squeeze): a number repeated"),
    "state": (lambda: (lambda m: (m.graph.node[0].input.extend(["", "", "R"]), m)[1])(recurrent()),
              "'r' (GRU): an initial state"),
    "no JSON": (lambda: metadata("{"), "'Y' (Sinh)"),
    "deep JSON": (lambda: metadata('{"a":' * 10**5), "'Y' (Sinh)"),
    "other JSON": (lambda: metadata("[]"), "'Y' (Sinh)"),
    "huge layer": (lambda: layers('{"kind":"dense","units":1000000000000}'), "'Y' (Sinh)"),
    "huge pooling": (lambda: layers('{"kind":"average_pool1d","size":2,"stride":1,"padding":'
                                    '"same"}', "[1000000000,1]"), "'Y' (Sinh)"),
    "unknown layer": (lambda: layers('{"kind":"x"}'), "'Y' (Sinh)"),
}  # fmt: skip

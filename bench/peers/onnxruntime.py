"""ONNX Runtime, inference only."""

from __future__ import annotations

import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from bench.peer import Runner, Unsupported, chunks, joined
from bench.workloads import Array, Problem, Weights


def version() -> str:
    return str(onnxruntime.__version__)


def prepare(problem: Problem, threads: int) -> Runner:
    if problem.workload.rule is not None:
        raise Unsupported("ONNX Runtime is measured at inference only")
    return _Runner(problem, threads)


class _Runner:
    def __init__(self, problem: Problem, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            _model(problem).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.chunks = chunks(problem.X)

    def run(self, repeats: int) -> None:
        for _ in range(repeats):
            self.outputs()

    def outputs(self) -> Array:
        parts = [self.session.run(None, {"x0": x})[0] for x in self.chunks]
        return joined(parts)

    def weights(self) -> Weights:
        raise NotImplementedError


def _model(problem: Problem) -> ModelProto:
    """Gemm and Relu per layer, Softmax at the end."""
    sizes, last = problem.workload.sizes, len(problem.weights) - 1
    nodes, tensors = [], []
    for layer, (W, b) in enumerate(problem.weights):
        named = ((W, f"W{layer}"), (b, f"b{layer}"))
        tensors += [numpy_helper.from_array(*pair) for pair in named]
        product, activation = f"a{layer}", "Softmax" if layer == last else "Relu"
        nodes.append(helper.make_node("Gemm", [f"x{layer}", f"W{layer}", f"b{layer}"], [product]))
        nodes.append(helper.make_node(activation, [product], [f"x{layer + 1}"]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
        for name, size in (("x0", sizes[0]), (f"x{last + 1}", sizes[-1]))
    ]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], tensors)
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10)

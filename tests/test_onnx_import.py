"""`fm.from_onnx`: our own files, those of torch and scikit-learn, and graphs written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from exchange_cases import ACTIVATIONS, difference, random_net, samples
from reference import Array

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402  needs onnx
from onnx.reference import ReferenceEvaluator  # noqa: E402

RECURRENT = dict.fromkeys((fm.Recurrent, fm.GRU, fm.LSTM), ACTIVATIONS)
NATIVE = {kind: ["tanh", "relu", "sigmoid"] for kind in RECURRENT}


def net_of(seed: int, dtype: str, names: Any = RECURRENT) -> fm.Network:
    return random_net(seed, dtype, names, ("gelu",) if dtype == "float64" else ())


def without_metadata(model: Any) -> Any:
    """As another program would have written it."""
    other = onnx.ModelProto.FromString(model.SerializeToString())
    del other.metadata_props[:]
    return other


def check_own(seed: int, dtype: str) -> None:
    net = net_of(seed, dtype)
    back = fm.from_onnx(net.to_onnx())
    assert repr(back) == repr(net)
    assert back.parameters.tobytes() == net.parameters.tobytes()
    assert (back.seed, back.epochs_trained) == (net.seed, net.epochs_trained)
    model = without_metadata(net_of(seed, "float32", NATIVE).to_onnx())
    net = net_of(seed, "float32", NATIVE)
    X = samples(net)
    assert difference(fm.from_onnx(model).predict(X), net.predict(X)) < 1e-6


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(12))
def test_our_files_give_the_very_network_and_are_read_without_their_metadata(
    seed: int, dtype: str
) -> None:
    check_own(seed, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(12, 200))
def test_200_of_our_files_give_the_very_network(seed: int, dtype: str) -> None:
    check_own(seed, dtype)


def test_the_precision_of_a_file_is_that_of_its_network() -> None:
    net = net_of(2, "float64")
    back = fm.from_onnx(net.to_onnx(dtype="float32"))
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back.parameters, net.parameters.astype(np.float32))


def test_names_of_features_come_back() -> None:
    pandas = pytest.importorskip("pandas")
    net = fm.Network([2, 1], seed=0)
    net.fit(pandas.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]}), [0, 1], epochs=1)
    assert list(fm.from_onnx(net.to_onnx()).feature_names_in_) == ["a", "b"]


def test_metadata_that_are_not_those_of_the_graph_do_not_count() -> None:
    """Weights that were changed afterwards are read; layers that were, too."""
    model = fm.Network([2, 3, 1], activation="tanh", seed=0).to_onnx()
    other = fm.Network([2, 3, 1], activation="relu", seed=5).to_onnx()
    helper.set_model_props(other, {"fastmlp": model.metadata_props[0].value})
    back = fm.from_onnx(other)
    assert back.layers[0].activation == fm.ReLU()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(
        back.predict([[1, 2]]), fm.Network([2, 3, 1], seed=5).predict([[1, 2]])
    )


# Graphs by hand.


def model_of(
    nodes: list[Any],
    shape: list[Any],
    arrays: dict[str, Any],
    opset: int = 17,
    kind: int = TensorProto.DOUBLE,
    outputs: tuple[str, ...] = ("Y",),
) -> Any:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("X", kind, shape)],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets)


def draws(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def check(model: Any, X: Array, ours: Array | None = None, bound: float = 1e-12) -> fm.Network:
    """The network gives what onnx.reference gives."""
    (expected,) = ReferenceEvaluator(model).run(None, {"X": X})
    net = fm.from_onnx(model)
    outputs = net.predict(X if ours is None else ours)
    assert difference(outputs.reshape(expected.shape), np.asarray(expected, net.dtype)) < bound
    return net


def node(op: str, *names: str, **attributes: Any) -> Any:
    """A node of inputs and, last, its output, by which it is called."""
    return helper.make_node(op, names[:-1], names[-1:], name=names[-1], **attributes)


def test_products_are_read_in_all_their_forms() -> None:
    nodes = [
        node("MatMul", "X", "W", "a"),
        node("Add", "c", "a", "b"),
        node("Tanh", "b", "h"),
        node("Gemm", "h", "V", "d", "Y", alpha=0.5, beta=2.0),
    ]
    arrays = {"W": draws(4, 3), "c": draws(3), "V": draws(3, 2), "d": draws(1, 2)}
    net = check(model_of(nodes, ["n", 4], arrays), draws(5, 4))
    assert [type(layer).__name__ for layer in net.layers] == ["Dense", "Dense"]


def test_normalization_goes_into_the_weights_before_and_after() -> None:
    """Of inputs, sums and outputs of a layer, with a convolution and a padding among them."""
    statistics = {
        f"{name}{k}": np.abs(draws(n, seed=k)) + 0.5
        for k, n in enumerate((2, 3, 3))
        for name in ("scale", "b", "mean", "var")
    }

    def normalized(k: int, x: str, y: str) -> Any:
        names = (f"{name}{k}" for name in ("scale", "b", "mean", "var"))
        return node("BatchNormalization", x, *names, y)

    nodes = [
        normalized(0, "X", "x"),
        node("Conv", "x", "W", "a"),
        normalized(1, "a", "b"),
        node("Relu", "b", "h"),
        normalized(2, "h", "i"),
        node("Conv", "i", "V", "j"),
        node("Flatten", "j", "Y"),
    ]
    arrays = {**statistics, "W": draws(3, 2, 3, 3), "V": draws(1, 3, 4, 4)}
    X = draws(4, 2, 6, 6)
    net = check(model_of(nodes, ["n", 2, 6, 6], arrays), X, X.transpose(0, 2, 3, 1))
    assert [type(layer).__name__ for layer in net.layers] == ["Conv2D", "Conv2D"]


def test_scaled_inputs_go_into_the_first_weights() -> None:
    nodes = [
        node("Sub", "X", "mean", "a"),
        node("Div", "a", "std", "b"),
        node("MatMul", "b", "W", "Y"),
    ]
    arrays = {"mean": draws(4), "std": np.abs(draws(4)) + 1, "W": draws(4, 2)}
    assert len(check(model_of(nodes, [None, 4], arrays), draws(5, 4)).layers) == 1


@pytest.mark.parametrize("last", [False, True])
def test_layers_on_channels_first_or_last_are_read_in_our_order(last: bool) -> None:
    """The columns behind a flattened convolution are those of its axes there."""
    X = draws(3, 5, 4, 2)
    nodes = [
        node("Transpose", "X", "x", perm=[0, 3, 1, 2]) if last else node("Identity", "X", "x"),
        node("Conv", "x", "W", "c", pads=[1, 1, 1, 1], strides=[2, 1]),
        node("MaxPool", "c", "p", kernel_shape=[2, 2]),
        node("Sigmoid", "p", "s"),
        node("Reshape", "s", "shape", "f"),
        node("Gemm", "f", "V", "Y", transB=1),
    ]
    x = X if last else X.transpose(0, 3, 1, 2)
    arrays = {"W": draws(3, 2, 3, 3), "shape": np.array([0, -1]), "V": draws(2, 3 * 2 * 3)}
    net = check(model_of(nodes, ["n", *x.shape[1:]], arrays), x, X)
    assert net.input_shape == (5, 4, 2)
    assert net.layers[0].activation == fm.Sigmoid()  # type: ignore[attr-defined]


@pytest.mark.parametrize("pads", [("SAME_UPPER", None), ("NOTSET", [0, 1, 1, 1]), ("VALID", None)])
def test_paddings_are_ours(pads: Any) -> None:
    auto, given = pads
    options = {"auto_pad": auto} if given is None else {"pads": given}
    nodes = [
        node("Conv", "X", "W", "a", strides=[2, 1], **options),
        node("Transpose", "a", "Y", perm=[0, 2, 3, 1]),
    ]
    X = draws(3, 2, 6, 5)
    model = model_of(nodes, ["n", 2, 6, 5], {"W": draws(3, 2, 3, 3)})
    net = check(model, X, X.transpose(0, 2, 3, 1))
    assert net.output_shape == ((2, 3, 3) if auto == "VALID" else (3, 5, 3))


def test_mean_pooling_and_the_mean_of_all() -> None:
    X = draws(3, 2, 9)
    nodes = [
        node("AveragePool", "X", "a", kernel_shape=[3], pads=[1, 1], strides=[2]),
        node("GlobalAveragePool", "a", "b"),
        node("Squeeze", "b", "axes", "c"),
        node("MatMul", "c", "W", "Y"),
    ]
    model = model_of(nodes, ["n", 2, 9], {"axes": np.array([2]), "W": draws(2, 2)})
    check(model, X, X.transpose(0, 2, 1))


def test_a_sum_with_an_earlier_layer_is_a_skip() -> None:
    nodes = [
        node("Gemm", "X", "W", "a", transB=1),
        node("Relu", "a", "h"),
        node("Gemm", "h", "V", "b"),
        node("Softplus", "b", "g"),
        node("Add", "h", "g", "s"),
        node("Add", "s", "h", "Y"),
    ]
    net = check(model_of(nodes, [2, 4], {"W": draws(3, 4), "V": draws(3, 3)}), draws(2, 4))
    names = ["Dense", "Dense", "Skip", "Skip"]
    assert [type(layer).__name__ for layer in net.layers] == names


def test_one_weight_of_two_layers_is_tied() -> None:
    nodes = [node("MatMul", "X", "W", "a"), node("Tanh", "a", "h")]
    nodes.append(node("Gemm", "h", "W", "b", "Y", transB=1))
    net = check(model_of(nodes, ["n", 4], {"W": draws(4, 3), "b": draws(4)}), draws(5, 4))
    assert isinstance(net.layers[1], fm.Tied)
    assert net.n_parameters == 12 + 4


def test_activations_made_of_several_operators_are_recognised() -> None:
    """Those of one unit, whose bias is a number, too."""
    nodes = [
        node("MatMul", "X", "W", "a"),
        node("Add", "a", "b", "c"),
        node("Div", "c", "root", "d"),
        node("Erf", "d", "e"),
        node("Add", "one", "e", "f"),
        node("Mul", "c", "f", "g"),
        node("Mul", "g", "half", "Y"),
    ]
    arrays = {"W": draws(3, 1), "b": draws(1), "root": np.sqrt(2.0), "one": np.ones(1), "half": 0.5}
    net = check(model_of(nodes, ["n", 3], arrays), draws(5, 3), bound=1e-7)  # of its erf
    assert net.layers[0].activation == fm.GELU()  # type: ignore[attr-defined]
    sigmoid = [node("MatMul", "X", "W", "a"), node("Sigmoid", "a", "s"), node("Mul", "s", "a", "Y")]
    net = check(model_of(sigmoid, ["n", 3], {"W": draws(3, 2)}), draws(5, 3))
    assert net.layers[0].activation == fm.SiLU()  # type: ignore[attr-defined]


def test_a_time_first_recurrence_takes_our_order() -> None:
    X = draws(6, 4, 3).astype(np.float32)
    arrays = {"W": draws(1, 15, 3), "R": draws(1, 15, 5), "B": draws(1, 30)}
    gru = helper.make_node(
        *("GRU", ["X", "W", "R", "B"], ["Y_all", "h"], "gru"), hidden_size=5, linear_before_reset=1
    )
    model = model_of(
        [gru, node("Squeeze", "h", "axes", "Y")],
        [6, "n", 3],
        {**{k: v.astype(np.float32) for k, v in arrays.items()}, "axes": np.array([0])},
        kind=TensorProto.FLOAT,
    )
    net = check(model, X, X.transpose(1, 0, 2), 1e-6)
    assert net.input_shape == (6, 3)


def test_a_path_and_a_model_are_read_alike(tmp_path: Path) -> None:
    net = fm.Network([3, 2], seed=0)
    net.to_onnx(tmp_path / "model.onnx")
    for path in (tmp_path / "model.onnx", str(tmp_path / "model.onnx")):
        np.testing.assert_array_equal(fm.from_onnx(path).parameters, net.parameters)
    with pytest.raises(TypeError, match=r"^fm\.from_onnx: path=3 \(int\), expected a file"):
        fm.from_onnx(3)
    with pytest.raises(FileNotFoundError):
        fm.from_onnx(tmp_path / "none")

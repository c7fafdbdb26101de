"""`Network.to_onnx`: random networks in ONNX Runtime and in onnx.reference, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from exchange_cases import ACTIVATIONS, difference, random_net, samples
from fastmlp import _core
from reference import Array

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

from onnx.reference import ReferenceEvaluator  # noqa: E402  needs onnx

# That of onnx.reference computes exp(a) of large a beside the branch that is taken.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in exp:RuntimeWarning")
RECURRENT = dict.fromkeys((fm.Recurrent, fm.GRU, fm.LSTM), ACTIVATIONS)
BOUNDS = {"float32": 1e-6, "float64": 1e-12}
# Those that onnx.reference has in its own recurrent operators.
REFERENCE = {fm.Recurrent: ["tanh"], fm.GRU: ["tanh"], fm.LSTM: ["tanh"]}


def in_runtime(model: Any, X: Array) -> Array:
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (Y,) = session.run(None, {"X": X})
    return np.asarray(Y)


def in_reference(model: Any, X: Array) -> Array:
    return np.asarray(ReferenceEvaluator(model).run(None, {"X": X})[0])


def net_of(seed: int, dtype: str, names: Any = RECURRENT) -> fm.Network:
    return random_net(seed, dtype, names, ("gelu",) if dtype == "float64" else ())


def has_padded_maxima(model: Any) -> bool:
    """Of which onnx.reference 1.23 gives wrong ones, or none."""
    return any(
        any(attribute.ints)
        for node in model.graph.node
        for attribute in node.attribute
        if node.op_type == "MaxPool" and attribute.name == "pads"
    )


def check(seed: int, dtype: str) -> None:
    net = net_of(seed, dtype)
    X, model = samples(net), net.to_onnx()
    onnx.checker.check_model(model, full_check=True)
    expected = net.predict(X)
    assert difference(in_runtime(model, X), expected) < BOUNDS[dtype]
    assert difference(in_runtime(model, X[:1]), net.predict(X[:1]), expected) < BOUNDS[dtype]
    net = net_of(seed, dtype, REFERENCE)
    model, X = net.to_onnx(), samples(net)
    if not has_padded_maxima(model):
        assert difference(in_reference(model, X), net.predict(X)) < BOUNDS[dtype]


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("seed", range(8))
def test_random_networks_give_our_outputs(seed: int, dtype: str) -> None:
    check(seed, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("seed", range(8, 200))
def test_200_random_networks_give_our_outputs(seed: int, dtype: str) -> None:
    check(seed, dtype)


@pytest.mark.parametrize("name", _core.activations)
@pytest.mark.parametrize("dtype", BOUNDS)
def test_every_activation_exists_there(name: str, dtype: str) -> None:
    """Also far from 0, in a product with a bias; gelu in float64 has no operator."""
    net = fm.Network([fm.Dense(41, name), fm.Dense(41)], inputs=41, dtype=dtype, seed=0)
    net.weights[0][...] = np.eye(41)
    net.weights[1][...] = np.eye(41)
    X = np.diag(np.linspace(-30, 30, 41)).astype(dtype) + np.linspace(-3, 3, 41, dtype=dtype)
    if name == "gelu" and dtype == "float64":
        message = r"^Network\.to_onnx: layers\[0\] has activation=GELU\(\), .*use dtype='float32'$"
        with pytest.raises(ValueError, match=message):
            net.to_onnx()
        return
    assert difference(in_runtime(net.to_onnx(), X), net.predict(X)) < BOUNDS[dtype]


@pytest.mark.parametrize("kind", ["Recurrent", "GRU", "LSTM"])
def test_recurrent_layers_are_operators_in_float32_and_loops_else(kind: str) -> None:
    net = fm.Network([getattr(fm, kind)(3)], inputs=(4, 2), seed=0)
    op = {"Recurrent": "RNN"}.get(kind, kind)
    assert op in {node.op_type for node in net.to_onnx().graph.node}
    assert op not in {node.op_type for node in net.to_onnx(dtype="float64").graph.node}


@pytest.mark.parametrize("dtype", BOUNDS)
def test_the_precision_is_the_one_asked_for(dtype: str) -> None:
    net = net_of(1, "float64" if dtype == "float32" else "float32")
    model, X = net.to_onnx(dtype=dtype), samples(net).astype(dtype)
    assert difference(in_runtime(model, X), net.predict(X).astype(dtype)) < 1e-6


def test_simple_networks_are_simple_graphs() -> None:
    model = fm.Network([4, 8, 3], activation="tanh", output="softmax", seed=0).to_onnx()
    assert [node.op_type for node in model.graph.node] == ["Gemm", "Tanh", "Gemm", "Softmax"]
    assert model.opset_import[0].version == 17
    assert model.ir_version == 8


def test_tied_weights_are_there_once() -> None:
    first = fm.Dense(3)
    net = fm.Network([first, fm.Tied(first)], inputs=5, seed=0)
    sizes = [np.prod(tensor.dims) for tensor in net.to_onnx().graph.initializer]
    assert sum(sizes) == net.n_parameters


def test_the_file_is_the_model_and_equal_calls_write_equal_bytes(tmp_path: Path) -> None:
    net = net_of(2, "float32")
    model = net.to_onnx(tmp_path / "a.onnx")
    net.to_onnx(str(tmp_path / "b.onnx"))
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert onnx.load(tmp_path / "a.onnx") == model
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.onnx", "b.onnx"]


def test_what_is_refused_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    net = fm.Network([2, 1], dtype="float64", seed=0)
    net.parameters = [1.0, 1e300, 0.0]
    path = tmp_path / "model.onnx"
    path.write_text("old")
    with pytest.raises(ValueError, match=r"^Network\.to_onnx: parameters=1e\+300, expected values"):
        net.to_onnx(path, dtype="float32")
    with pytest.raises(ValueError, match=r"^Network\.to_onnx: dtype='int8', expected 'float32'"):
        net.to_onnx(path, dtype="int8")
    with pytest.raises(ValueError, match=r"^Network\.to_onnx: path=.*, expected a file"):
        net.to_onnx(tmp_path)
    with pytest.raises(TypeError, match=r"^Network\.to_onnx: path=3 \(int\), expected a file"):
        net.to_onnx(3)  # type: ignore[arg-type]
    assert path.read_text() == "old"


def test_an_activation_without_operators_is_refused_by_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one of a user's own, in Python, is."""
    from fastmlp._export.activations import TABLE

    monkeypatch.delitem(TABLE, "tanh")
    net = fm.Network([2, 3, 1], activation="tanh", seed=0)
    text = r"^Network\.to_onnx: layers\[0\] has activation=Tanh\(\), expected one that ONNX has"
    with pytest.raises(ValueError, match=text):
        net.to_onnx()


def test_windows_of_many_taps_are_refused_in_float64() -> None:
    net = fm.Network([fm.AveragePool1D(1001), fm.Dense(1)], inputs=(2002, 1), dtype="float64")
    with pytest.raises(ValueError, match=r"at most 1000 along an axis in float64"):
        net.to_onnx()
    assert net.to_onnx(dtype="float32").graph.node


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    net = fm.Network([2, 1], seed=0)
    text = r'needs onnx; install it with: pip install "fastmlp\[onnx\]"'
    with pytest.raises(ImportError, match=r"^Network\.to_onnx " + text):
        net.to_onnx()
    with pytest.raises(ImportError, match=r"^fm\.from_onnx " + text):
        fm.from_onnx("model.onnx")

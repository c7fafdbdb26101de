"""What `Network.to_c` takes and refuses, before anything is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._export.c._functions import Functions
from fastmlp._export.c._passes import ONLY_IN_TRAINING, Pass


def functions() -> Functions:
    return Functions(np.dtype("float32"), fused=True, flash=False, quantize=None)


def test_a_name_may_begin_as_those_of_the_functions_do(tmp_path: Path) -> None:
    net = fm.Network([2, 1], seed=0)
    net.to_c(tmp_path / "net_a.h", "net_a")
    text = (tmp_path / "net_a.h").read_text()
    assert text.startswith("/*\n * net_a.h: ")
    assert "int net_a_selftest(void)" in text
    assert "#define NET_A_INPUTS 2" in text


def test_every_layer_and_activation_has_a_form_in_c() -> None:
    for name in {*_core.activations} - {"identity", "softmax"}:
        assert f"net_{name}" in functions()
        assert f"net_{name}_slope" in functions()
    for name in {*_core.layers} - ONLY_IN_TRAINING:
        assert hasattr(Pass, f"_{name}")


def test_what_has_no_form_in_c_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Functions, "__contains__", lambda self, name: name != "net_tanh")
    net = fm.Network([2, 3, 1], output="tanh", seed=0)
    with pytest.raises(ValueError, match=r"to_c: layers\[1\] has activation=Tanh\(\), expected"):
        net.to_c(tmp_path / "net.h")
    made = Pass(fm.Network([1, 1]), [("net_w0", "0")], functions(), tangent=False)
    with pytest.raises(ValueError, match=r"layers\[0\] has activation=namespace\(name='relu'\)"):
        made._activate(SimpleNamespace(name="relu"), "y", 1)  # a function of Python of this name
    monkeypatch.delattr(Pass, "_dense")
    with pytest.raises(ValueError, match=r"to_c: layers\[0\]=Dense\(units=3.* has no form in C"):
        net.to_c(tmp_path / "net.h")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "1net"}, "name='1net', expected a name of C"),
        ({"name": "a-b"}, "name='a-b', expected a name of C"),
        ({"name": "nét"}, "name='nét', expected a name of C"),
        ({"name": ""}, "name='', expected a name of C"),
        ({"name": "net\n"}, r"name='net\\n', expected a name of C"),
        ({"precision": "float16"}, "precision='float16', expected 'float32' or 'float64'"),
        ({"layout": "rom"}, "layout='rom', expected one of: 'plain', 'flash'"),
        ({"quantize": "int4"}, "quantize='int4', expected one of: 'int8', 'int16'"),
        ({"X": [[1.0, 2.0, 3.0]]}, r"X has shape \(1, 3\), expected"),
        ({"X": np.zeros((0, 2))}, r"X has shape \(0, 2\), expected at least one sample"),
        ({"X": [[1.0, np.nan]]}, r"X\[0, 1\]=nan, expected finite values"),
        ({"X": [[1e38, 1e38]]}, r"predict\(X\)\[0, 0\]=inf, expected finite values"),
        ({"path": "."}, "path='.', expected a file"),
    ],
)
def test_bad_values_are_refused_and_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    net = fm.Network([2, 1], seed=0)
    net.parameters = [2e3, 3e3, 1]
    with pytest.raises(ValueError, match=rf"^Network\.to_c: {message}"):
        net.to_c(**{"path": "net.h", **arguments})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": 3}, r"name=3 \(int\), expected a name of C"),
        ({"jacobian": 1}, r"jacobian=1 \(int\), expected True or False"),
        ({"layout": None}, r"layout=None \(NoneType\), expected one of"),
        ({"quantize": 8}, r"quantize=8 \(int\), expected one of"),
        ({"quantise": "int8"}, "quantise is not a parameter; .*quantize"),
    ],
)
def test_bad_kinds_are_refused(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=rf"^Network\.to_c: {message}"):
        fm.Network([2, 1], seed=0).to_c(tmp_path / "net.h", **arguments)


def test_sparse_samples_and_other_parameters_are_refused(tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    net = fm.Network([2, 1], seed=0)
    with pytest.raises(TypeError, match=r"expected an array; of sparse ones X\.toarray"):
        net.to_c(tmp_path / "net.h", X=sparse.eye(2, format="csr"))
    net.parameters[1] = np.inf
    with pytest.raises(ValueError, match=r"parameters\[1\]=inf, expected finite values"):
        net.to_c(tmp_path / "net.h")
    large = fm.Network([2, 1], dtype="float64", seed=0)
    large.parameters[0] = 1e300
    with pytest.raises(ValueError, match="parameters"):
        large.to_c(tmp_path / "net.h", precision="float32")


def test_an_old_header_stays_where_the_new_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "net.h"
    path.write_text("old")
    net = fm.Network([2, 1], seed=0)
    with pytest.raises(ValueError, match="layout"):
        net.to_c(path, layout="")
    assert path.read_text() == "old"
    net.to_c(path)
    assert path.read_text().startswith("/*\n * net.h: a network of fastmlp")


def test_the_export_is_imported_where_it_is_used() -> None:
    code = (
        "import fastmlp, sys; found = {m for m in sys.modules if '_export.' in m}; "
        "assert found == {'fastmlp._export.methods'}, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

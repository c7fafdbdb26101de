"""The script that checks dependency rules and lengths finds a sample of each offence."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci/check_includes.py"
LONG = "  f();\n" * 61
LONG_PYTHON = "    f()\n" * 61

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="the source tree is not here")

OFFENCES = {  # name: (path, text, message)
    "upward include": (
        "cpp/fastmlp/nn/a.hpp",
        '#include "fastmlp/train/b.hpp"\n',
        "1: nn must not",
    ),
    "sideways include": (
        "cpp/fastmlp/optim/a.hpp",
        '\n#include "fastmlp/nn/b.hpp"\n',
        "2: optim must not include nn",
    ),
    "angle brackets": ("cpp/fastmlp/nn/a.hpp", "#include <fastmlp/base/b.hpp>\n", "write quotes"),
    "upward include in angle brackets": (
        "cpp/fastmlp/kernels/a.hpp",
        "#include <fastmlp/nn/b.hpp>\n",
        "kernels must not include nn",
    ),
    "angle brackets in bindings": (
        "cpp/bindings/a.cpp",
        "\n#include <fastmlp/base/b.hpp>\n",
        "2: #include <fastmlp/base/b.hpp>: write quotes",
    ),
    "angle brackets in a test": (
        "cpp/tests/a.cpp",
        "# include  <fastmlp/nn/b.hpp>\n",
        "write quotes",
    ),
    "short path": ("cpp/fastmlp/nn/a.hpp", '#include "b.hpp"\n', "write the whole path"),
    "unknown module": ("cpp/fastmlp/more/a.hpp", "\n", "more is none of the modules"),
    "pybind11 in the core": (
        "cpp/fastmlp/nn/a.hpp",
        "#include <pybind11/pybind11.h>\n",
        "no pybind",
    ),
    "pybind11 in a test": ("cpp/tests/a.cpp", "py::object a;\n", "only bindings use pybind11"),
    "iostream": ("cpp/fastmlp/nn/a.hpp", "#include <iostream>\n", "no iostream or files"),
    "mutable global": ("cpp/fastmlp/nn/a.cpp", "int counter = 0;\n", "no mutable global"),
    "static variable": ("cpp/fastmlp/nn/a.cpp", "  static int n = 0;\n", "no mutable global"),
    "OpenMP in the core": ("cpp/fastmlp/nn/a.cpp", "#include <omp.h>\n", "has OpenMP"),
    "OpenMP in bindings": ("cpp/bindings/a.cpp", "#pragma omp parallel\n", "has OpenMP"),
    "long function": ("cpp/fastmlp/nn/a.cpp", f"void g(int a) {{\n{LONG}}}\n", "g(int a) has 61"),
    "long method": (
        "cpp/tests/a.cpp",
        f"struct A {{\n  A() : a_{{1}} {{\n{LONG}  }}\n  int a_;\n}};\n",
        "has 61 lines, at most 60",
    ),
    "long const method": (
        "bench/native/a.cpp",
        f"int A::g() const noexcept {{\n  if (a) {{\n{LONG}  }}\n}}\n",
        "g() const noexcept has 63",
    ),
    "long function after a comment sign in a text": (
        "cpp/fastmlp/nn/a.cpp",
        f'void f() {{ g("// {{"); }}\nvoid h() {{\n{LONG}}}\n',
        "h() has 61",
    ),
    "long function after a raw text": (
        "cpp/tests/a.cpp",
        f'auto t = R"(it\'s "a {{\n)";\nvoid h() {{\n{LONG}}}\n',
        "3: void h() has 61",
    ),
    "long function that returns a struct": (
        "cpp/fastmlp/nn/a.cpp",
        f"struct A g() {{\n{LONG}}}\n",
        "struct A g() has 61",
    ),
    "long function of C": (
        "cpp/bindings/a.cpp",
        f'extern "C" int g(int a) {{\n{LONG}}}\n',
        "g(int a) has 61",
    ),
    "long lambda without parameters": (
        "cpp/fastmlp/nn/a.cpp",
        f"const auto g = [] {{\n{LONG}}};\n",
        "const auto g = [] has 61",
    ),
    "long lambda with a trailing type": (
        "bench/native/a.cpp",
        f"const auto g = [](int a) -> int {{\n{LONG}}};\n",
        "-> int has 61",
    ),
    "long function with a default": (
        "cpp/tests/a.cpp",
        f"void g(A a = {{}}) {{\n{LONG}}}\n",
        "has 61 lines",
    ),
    "long file": ("cpp/fastmlp/nn/a.cpp", "\n" * 301, "301 lines, at most 300"),
    "long catalogue": ("cpp/fastmlp/nn/loss.cpp", "\n" * 451, "451 lines, at most 450"),
    "module without rank": ("python/fastmlp/_data/new.py", "", "_data.new has no rank"),
    "upward import": (
        "python/fastmlp/_data/arrays.py",
        "from fastmlp._fit import fit_loop\n",
        "_data.arrays must not import _fit.fit_loop",
    ),
    "upward import of a name": (
        "python/fastmlp/_fit/history.py",
        "\nfrom fastmlp.network import Network\n",
        "2: _fit.history must not import network",
    ),
    "upward import in a function": (
        "python/fastmlp/trainer.py",
        "def f():\n    from fastmlp.network import Network\n",
        "2: trainer must not import network",
    ),
    "relative import": (
        "python/fastmlp/_fit/history.py",
        "from ..trainer import Trainer\n",
        "_fit.history must not import trainer",
    ),
    "import by name": (
        "python/fastmlp/_fit/history.py",
        "import importlib\nimportlib.import_module('fastmlp.trainer')\n",
        "2: _fit.history must not import trainer",
    ),
    "import of the package": (
        "python/fastmlp/config.py",
        "def f():\n    from fastmlp import __version__\n",
        "config must not import __init__",
    ),
    "import of itself": (
        "python/fastmlp/layers.py",
        "from fastmlp import layers\n",
        "layers must not import layers",
    ),
    "import of a leaf": (
        "python/fastmlp/network.py",
        "def f():\n    import fastmlp.cli\n",
        "network must not import cli",
    ),
    "optional package at load": (
        "python/fastmlp/plot.py",
        "try:\n    import matplotlib\nexcept ImportError:\n    pass\n",
        "2: matplotlib is optional",
    ),
    "long Python function": (
        "tests/a.py",
        f"def g():\n    '''Doc.'''\n{LONG_PYTHON}",
        "1: g has 61 lines",
    ),
}

ALLOWED = {
    "downward include": ("cpp/fastmlp/train/a.hpp", '#include "fastmlp/nn/b.hpp"\n'),
    "same module": ("cpp/fastmlp/nn/a.hpp", '#include "fastmlp/nn/b.hpp"\n'),
    "constant": ("cpp/fastmlp/nn/a.cpp", "const int kWidth = 4;\nconstexpr int kHeight = 3;\n"),
    "comment": ("cpp/fastmlp/nn/a.cpp", "// #include <omp.h>, py::object\n"),
    "OpenMP in the only file for it": ("cpp/fastmlp/base/parallel.cpp", "#include <omp.h>\n"),
    "function of 60 lines": ("cpp/fastmlp/nn/a.cpp", f"void g() {{\n{LONG[7:]}}}\n"),
    "long namespace": (
        "cpp/fastmlp/nn/a.cpp",
        "namespace a {\n" + "void g() { f(); }\n" * 70 + "}\n",
    ),
    "braces in strings": (
        "cpp/tests/a.cpp",
        "void f() { g(\"{\", '{'); }\n" + "void h() {}\n" * 70,
    ),
    "long table": ("cpp/fastmlp/nn/a.cpp", "const int a[] = {\n" + "  1,\n" * 70 + "};\n"),
    "long struct": (
        "cpp/fastmlp/nn/a.hpp",
        "struct A : B<int> {\n" + "  int f() { return 1; }\n" * 70 + "};\n",
    ),
    "include in a comment": ("cpp/tests/a.cpp", "// #include <fastmlp/nn/b.hpp>\n"),
    "system include": ("cpp/bindings/a.cpp", "#include <vector>\n"),
    "downward import": ("python/fastmlp/trainer.py", "from fastmlp._fit import fit_loop\n"),
    "import for type checks": (
        "python/fastmlp/trainer.py",
        "if TYPE_CHECKING:\n    from fastmlp.network import Network\n",
    ),
    "optional package in a function": (
        "python/fastmlp/plot.py",
        "def f():\n    import matplotlib\n",
    ),
}


def offences(path: str, text: str) -> list[str]:
    """The offences of a tree with only this file, which must be the current directory."""
    Path(path).parent.mkdir(parents=True)
    Path(path).write_text(text)
    found = runpy.run_path(str(SCRIPT))["offences"]()
    return [line for line in found if line.startswith(f"{path}:")]


@pytest.mark.parametrize("name", OFFENCES)
def test_an_offence_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, text, message = OFFENCES[name]
    monkeypatch.chdir(tmp_path)
    found = offences(path, text)
    assert any(message in line for line in found), found


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_passes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert offences(*ALLOWED[name]) == []


def test_a_ranked_module_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = list(runpy.run_path(str(SCRIPT))["offences"]())
    assert ".ci/check_includes.py:1: the ranked module network does not exist" in found


def test_the_script_fails_with_its_offences(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/a.py").write_text("\n" * 301)
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "tests/a.py:1: 301 lines, at most 300" in run.stdout

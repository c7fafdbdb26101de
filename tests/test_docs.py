"""Documentation that runs: the README's example and every docstring's."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core

ROOT = Path(__file__).parents[1]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(fm.__path__, "fastmlp.")
    if "_core" not in module.name and not module.name.endswith("__main__")
]


def code_blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def test_the_readmes_example_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The ten lines, in order, in one namespace, in an empty directory."""
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)
    blocks = code_blocks(ROOT / "README.md")
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)


def run_doctests(tests: list[doctest.DocTest]) -> doctest.TestResults:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in tests:
        runner.run(test)
    return runner.summarize()


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_of_modules(name: str) -> None:
    module: ModuleType = importlib.import_module(name)
    globs = {"fm": fm, "np": np}
    assert run_doctests(doctest.DocTestFinder().find(module, extraglobs=globs)).failed == 0


def test_docstrings_of_native_classes() -> None:
    """They live in C++, where the finder does not look by itself."""
    parser, globs = doctest.DocTestParser(), {"fm": fm, "np": np}
    families = (_core.activations, _core.losses, _core.initializers, _core.optimizers)
    tests = [
        parser.get_doctest(cls.__doc__, dict(globs), cls.__name__, None, 0)
        for family in families
        for cls in family.values()
    ]
    assert run_doctests(tests).failed == 0


def test_everything_public_is_documented_and_exported() -> None:
    for name in fm.__all__:
        thing = getattr(fm, name)
        assert isinstance(thing, str) or (thing.__doc__ or "").strip(), name
    assert {"Network", "Dense", "Trainer", "minimize", "EarlyStopping", "TrainingWarning"} <= set(
        fm.__all__
    )


def test_the_version_is_the_installed_one() -> None:
    try:
        installed = version("fastmlp")
    except PackageNotFoundError:
        pytest.skip("fastmlp is imported from a build tree")
    assert fm.__version__ == installed

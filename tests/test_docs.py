"""Documentation that runs: README, docs and every docstring."""

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
    if "_core" not in module.name and not module.name.endswith(("__main__", "torch_modules"))
]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty directory, and figures without a screen."""
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)


def code_blocks(page: Path) -> list[tuple[str, str]]:
    """[(language, code)] of the Python in a page: plain, or a session with its output."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```(python|pycon)\n(.*?)^```", text, re.M | re.S)


def run_page(page: Path) -> None:
    """All blocks in order, in one namespace, as a reader would paste them."""
    names: dict[str, object] = {}
    for language, code in code_blocks(page):
        if language == "python":
            exec(compile(code, page.name, "exec"), names)
        else:
            test = doctest.DocTestParser().get_doctest(code, {}, page.name, None, 0)
            test.globs = names
            assert run_doctests([test], clear_globs=False).failed == 0


@pytest.mark.usefixtures("elsewhere")
def test_the_readmes_example_runs() -> None:
    if not (ROOT / "README.md").exists():
        pytest.skip("README.md is not here")
    assert code_blocks(ROOT / "README.md")
    run_page(ROOT / "README.md")


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_pages_run(page: Path) -> None:
    run_page(page)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_pages_say_whom_they_are_for(page: Path) -> None:
    """Their first paragraph has the readers, and what these will be able to do."""
    _, first, *_ = page.read_text(encoding="utf-8").split("\n\n")
    if page.stem != "index":  # which leads to all others
        assert re.match(r"For whoever |This page is for ", first)
        assert " you can " in " ".join(first.split())


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    for page in filter(Path.exists, pages):
        prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for link in re.findall(r"\]\((?!https:)([^)#]+)[^)]*\)", prose):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def run_doctests(tests: list[doctest.DocTest], *, clear_globs: bool = True) -> doctest.TestResults:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in tests:
        runner.run(test, clear_globs=clear_globs)
    return runner.summarize()


def test_docstrings_of_public_classes() -> None:
    """Their `__module__` is the package, so the finder does not see them in their modules."""
    finder, globs = doctest.DocTestFinder(), {"fm": fm, "np": np}
    objects = [getattr(fm, name) for name in fm.__all__]
    classes = [cls for cls in objects if getattr(cls, "__module__", "") == "fastmlp"]
    tests = [test for cls in classes for test in finder.find(cls, module=False, globs=globs)]
    with_examples = {test.name for test in tests if test.examples}
    assert {"Network.fit", "Network.predict", "Trainer.run"} <= with_examples
    result = run_doctests(tests)
    assert result.failed == 0
    assert result.attempted > 30


def examples_of(name: str) -> list[doctest.DocTest]:
    """Those in the docstrings of a module; public classes call themselves of the package."""
    module: ModuleType = importlib.import_module(name)
    return doctest.DocTestFinder().find(module, extraglobs={"fm": fm, "np": np})


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_of_modules(name: str) -> None:
    if name.startswith(("fastmlp.sklearn", "fastmlp.plot")):
        pytest.importorskip("sklearn", minversion="1.6")
    if name.startswith("fastmlp.plot"):
        pytest.importorskip("matplotlib")
    assert run_doctests(examples_of(name)).failed == 0


def test_docstrings_of_modules_are_found() -> None:
    """Examples of these functions, which no class has, are among those that run."""
    found = {test.name for name in MODULES for test in examples_of(name) if test.examples}
    public = {
        "minimization.minimize",
        "_fit.lr_finder.find_learning_rate",
        "config.set_num_threads",
    }
    assert {f"fastmlp.{name}" for name in public} <= found


def test_docstrings_of_native_classes() -> None:
    """They are C++ classes, which the finder does not search by itself; each has an example."""
    parser, globs = doctest.DocTestParser(), {"fm": fm, "np": np}
    families = (
        *(_core.activations, _core.losses, _core.initializers, _core.optimizers),
        *(_core.methods, _core.line_searches),
        *(_core.schedules, _core.averages, _core.layers),
    )
    tests = [
        parser.get_doctest(cls.__doc__, dict(globs), cls.__name__, None, 0)
        for family in families
        for cls in family.values()
    ]
    assert [test.name for test in tests if len(test.examples) < 2] == []
    result = run_doctests(tests)
    assert result.failed == 0
    assert result.attempted >= 2 * len(tests) > 100


def test_everymember_public_is_documented_and_exported() -> None:
    for name in fm.__all__:
        member = getattr(fm, name)
        assert isinstance(member, str) or (member.__doc__ or "").strip(), name
    assert {"Network", "Dense", "Trainer", "minimize", "EarlyStopping", "TrainingWarning"} <= set(
        fm.__all__
    )


def test_the_version_is_the_installed_one() -> None:
    try:
        installed = version("fastmlp")
    except PackageNotFoundError:
        pytest.skip("fastmlp is imported from a build tree")
    assert fm.__version__ == installed

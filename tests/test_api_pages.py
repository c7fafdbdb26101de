"""Every public name has a page of the API, a docstring in full, and an example that runs."""

from __future__ import annotations

import doctest
import inspect
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

EXTENSIONS = Path(__file__).parents[1] / "docs" / "extensions"
if not EXTENSIONS.exists():
    pytest.skip("the sources of the site are not here", allow_module_level=True)
for library, least in (("sklearn", "1.6"), ("matplotlib", None)):
    pytest.importorskip(library, minversion=least)
sys.path.insert(0, str(EXTENSIONS))
import api_pages  # noqa: E402
from mathml import Parser, mathml  # noqa: E402

NAMES = [name for names in api_pages.groups().values() for name in names]
NATIVE = [
    name for name in NAMES if getattr(api_pages.find(name), "__module__", "") == "fastmlp._core"
]


def text_of(name: str) -> str:
    return inspect.getdoc(api_pages.find(name)) or ""


def examples_of(name: str) -> list[doctest.Example]:
    """Those that run and show something; imports alone do not count."""
    found = doctest.DocTestParser().get_examples(text_of(name))
    return [
        example
        for example in found
        if not example.options.get(doctest.SKIP)
        and not re.match(r"(from .* )?import ", example.source)
    ]


def test_every_public_name_is_in_one_group() -> None:
    assert len(NAMES) == len(set(NAMES)) > 100
    assert {name for name in NAMES if name.count(".") == 1} == {f"fastmlp.{n}" for n in fm.__all__}
    for module in api_pages.MODULES:
        assert any(name.startswith(f"{module}.") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_its_docstring_has_an_example_that_runs(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.chdir(tmp_path)
    assert examples_of(name), f"{name} has no example"
    globs = {"fm": fm, "np": np}
    test = doctest.DocTestParser().get_doctest(text_of(name), globs, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert runner.run(test).failed == 0


@pytest.mark.parametrize("name", NAMES)
def test_its_docstring_names_every_parameter(name: str) -> None:
    """numpydoc's section, or a class whose values have attributes that are described."""
    value = api_pages.find(name)
    text = text_of(name)
    assert text.strip().splitlines()[0].strip()
    if inspect.isclass(value) and "Attributes\n---" in text and "Parameters\n---" not in text:
        return  # a result: it is not made by users
    try:
        signature = inspect.signature(value)
    except ValueError:  # exceptions
        return
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        head = rf"^(.*, )?{parameter.name}(, .*)?( : .*)?$"
        described = re.search(head, text, re.M)
        assert described, f"{name}: {parameter.name}"


@pytest.mark.parametrize("name", NAMES)
def test_its_page_shows_its_docstring_and_where_it_is_written(name: str) -> None:
    page = api_pages.page(name)
    assert re.search(rf"^\.\. auto(class|function):: {re.escape(name)}$", page, re.M)
    if name not in NATIVE:
        return  # viewcode shows the module
    cls = api_pages.find(name)
    path, first, last = api_pages.source(cls)
    lines = path.read_text(encoding="utf-8").splitlines()[first - 1 : last]
    assert lines[0].startswith("struct ")
    assert cls.__name__ in lines[0]
    assert lines[-1] == "};"
    assert f":lines: {first}-{last}" in page


@pytest.mark.parametrize("name", NATIVE)
def test_the_formula_of_a_native_class_is_mathematics(name: str) -> None:
    cls = api_pages.find(name)
    description = text_of(name).split("\n\nParameters\n")[0].split("\n\nNotes\n")[0]
    blocks = re.findall(r"(?:^    .*\n?)+", description, re.M)
    assert blocks, f"{name} has no formula"
    for block in blocks:
        html = mathml(block.splitlines(), [field.name for field in cls.fields])
        assert html.startswith("<math")
        assert not re.search(r"<-|sqrt|\^|²|ᵀ", re.sub(r"<[^>]*>", "", html))


FORMULAS = {
    "a / b": "<mfrac><mi>a</mi><mi>b</mi></mfrac>",
    "lr g / (sqrt(a) + eps)": (
        "<mfrac><mi>lr</mi><mi>g</mi><msqrt><mi>a</mi></msqrt><mo>+</mo><mi>ε</mi></mfrac>"
    ),
    "1/2 a": "<mfrac><mn>1</mn><mn>2</mn></mfrac><mi>a</mi>",
    "dL/do": "<mfrac><mi>d</mi><mi>L</mi><mi>d</mi><mi>o</mi></mfrac>",
    "-sum_j y_j": (
        '<mo form="prefix">−</mo><munder><mo movablelimits="false">∑</mo><mi>j</mi></munder>'
        "<msub><mi>y</mi><mi>j</mi></msub>"
    ),
    "beta1^t": "<msubsup><mi>β</mi><mn>1</mn><mi>t</mi></msubsup>",
    "gᵀd": "<msup><mi>g</mi><mi>T</mi></msup><mi>d</mi>",
    "w_{t+1}": "<msub><mi>w</mi><mi>t</mi><mo>+</mo><mn>1</mn></msub>",
    "a <- -b": '<mi>a</mi><mo>←</mo><mo form="prefix">−</mo><mi>b</mi>',
    "a_j² / 2 where a > 0": (
        "<mfrac><msubsup><mi>a</mi><mi>j</mi><mn>2</mn></msubsup><mn>2</mn></mfrac>"
        "<mtext>where</mtext><mi>a</mi><mo>&gt;</mo><mn>0</mn>"
    ),
}


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_read_as_they_are_meant(text: str) -> None:
    html = re.sub(r"</?mrow>|<mspace[^>]*>", "", Parser(text).line())
    assert html == FORMULAS[text]


@pytest.mark.parametrize("text", ["(a", "a)", "|a", "sqrt(a"])
def test_a_formula_that_does_not_close_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        Parser(text).line()


def test_parameters_are_set_as_a_whole() -> None:
    def symbols(parameters: list[str]) -> list[Any]:
        return re.findall(r"<mi>(.*?)</mi>", mathml(["weight_decay lr"], parameters))

    assert symbols(["weight_decay"]) == ["weight_decay", "lr"]
    assert symbols([]) == ["weight", "decay", "lr"]

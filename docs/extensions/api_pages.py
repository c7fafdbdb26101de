"""A page for every public name, below `api/`: written before Sphinx reads its sources."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import fastmlp
from fastmlp import _core, distributed, playground, plot, sklearn  # noqa: F401

CORE = Path(__file__).parents[2] / "cpp" / "fastmlp"
FAMILIES = {
    "Layers": _core.layers,
    "Activations": _core.activations,
    "Losses": _core.losses,
    "Initialisers": _core.initializers,
    "Update rules": _core.optimizers,
    "Methods that search": _core.methods,
    "Line searches": _core.line_searches,
    "Schedules": _core.schedules,
    "Averages": _core.averages,
}
INTRODUCTION = """API
===

For whoever knows what a thing is called, or looks for it: each public name has a page with its
formula, parameters, errors, cost, an example that runs, and its source. In Python,
``help(fm.Adam)`` shows the same.
"""
MODULES = ("fastmlp.sklearn", "fastmlp.plot", "fastmlp.distributed", "fastmlp.playground")


def public_names(module: Any) -> list[str]:
    """`__all__`, or all functions and classes that were written for it."""
    listed = getattr(module, "__all__", None)
    return listed or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]


def groups() -> dict[str, list[str]]:
    """All public names with their module in front, by the titles of the index."""
    native = {
        title: [f"fastmlp.{cls.__name__}" for cls in family.values()]
        for title, family in FAMILIES.items()
    }
    named = {name for names in native.values() for name in names}
    own = [f"fastmlp.{name}" for name in fastmlp.__all__ if f"fastmlp.{name}" not in named]
    classes = [name for name in own if inspect.isclass(find(name))]
    functions = [name for name in own if name not in classes]
    submodules = {
        f"`{module}`": [f"{module}.{name}" for name in public_names(find(module))]
        for module in MODULES
    }
    return {"Networks and training": classes, "Functions": functions, **native, **submodules}


def find(name: str) -> Any:
    """Return the object of a dotted name."""
    value: Any = fastmlp
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    return value


def members(cls: Any) -> list[str]:
    """Public methods and properties that this package documents, without fields of native ones."""
    fields = {field.name for field in getattr(cls, "fields", ())}
    return [
        name
        for name, value in inspect.getmembers(cls)
        if (not name.startswith("_") or name == "__call__")
        and name not in fields
        and inspect.getdoc(value)
        and home(value).startswith("fastmlp")
    ]


def home(member: Any) -> str:
    """Return the module of a method or a property, "" of anything else."""
    if isinstance(member, property):
        member = member.fget
    return getattr(member, "__module__", None) or "" if inspect.isroutine(member) else ""


def source(cls: type) -> tuple[Path, int, int]:
    """File and lines, from 1, of the C++ struct of a native class."""
    for path in sorted(CORE.rglob("*.hpp")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for place, line in enumerate(lines):
            if re.search(rf'class_name = "{cls.__name__}"', line):
                starts = [
                    i for i, text in enumerate(lines[:place]) if re.match("struct|class", text)
                ]
                end = next(i for i in range(place, len(lines)) if lines[i].startswith("};"))
                return path, starts[-1] + 1, end + 1
    raise LookupError(f"no struct of {cls.__name__} in {CORE}")


def page(name: str) -> str:
    value = find(name)
    title = name.removeprefix("fastmlp.")
    text = f"{title}\n{'=' * len(title)}\n\n"
    if not inspect.isclass(value):
        return f"{text}.. autofunction:: {name}\n"
    text += f".. autoclass:: {name}\n   :members: {', '.join(members(value))}\n"
    if value.__module__ != _core.__name__:
        return text
    path, first, last = source(value)
    place = path.relative_to(CORE.parents[1])
    return (
        f"{text}\nSource\n------\n\nLines {first} to {last} of ``{place}``:\n\n"
        f".. literalinclude:: ../../{place}\n   :language: cpp\n   :lines: {first}-{last}\n"
    )


def summary(name: str) -> str:
    """Return the first sentence of the docstring, below the signature of native classes."""
    text = inspect.getdoc(find(name)) or ""
    paragraphs = text.split("\n\n")
    first = paragraphs[1] if paragraphs[0].startswith(f"{name.split('.')[-1]}(") else paragraphs[0]
    return " ".join(first.split())


def index() -> str:
    text = INTRODUCTION
    for title, names in groups().items():
        text += f"\n{title}\n{'-' * len(title)}\n\n.. list-table::\n   :widths: 30 70\n\n"
        for name in names:
            words = summary(name).replace("|", "\\|")
            text += f"   * - :doc:`{name.removeprefix('fastmlp.')} <{name}>`\n     - {words}\n"
        text += "\n.. toctree::\n   :hidden:\n\n" + "".join(f"   {name}\n" for name in names)
    return text


def write_pages(app: Any) -> None:
    """Write what has changed, and remove pages of names that are gone."""
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    pages = {f"{name}.rst": page(name) for names in groups().values() for name in names}
    pages["index.rst"] = index()
    for path in folder.glob("*.rst"):
        if path.name not in pages:
            path.unlink()
    for file, text in pages.items():
        path = folder / file
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", write_pages, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

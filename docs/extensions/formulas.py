"""Formulas of native docstrings, which are blocks indented by four spaces, become MathML."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from mathml import mathml
from sphinx.util.docutils import SphinxDirective

from fastmlp import _core

SECTIONS = ("Parameters", "Raises", "Notes", "Examples")


class Formula(SphinxDirective):
    """``.. formula:: names``: the lines of the body as MathML, `names` set as a whole."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        names = self.arguments[0].split() if self.arguments else []
        html = mathml(list(self.content), names)
        return [nodes.raw("", f'<div class="formula" tabindex="0">{html}</div>', format="html")]


def is_native(cls: object) -> bool:
    return isinstance(cls, type) and cls.__module__ == _core.__name__


def without_bars(line: str) -> str:
    """Escape ``|W|`` outside of code, where it would be a substitution."""
    parts = re.split("(``.*?``)", line)
    return "".join(part if part.startswith("``") else part.replace("|", r"\|") for part in parts)


def mark_formulas(
    app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Put the directive above each indented block of a native class before its first section."""
    examples = lines.index("Examples") if "Examples" in lines else len(lines)
    heads = [i for i, line in enumerate(lines) if line in SECTIONS] if is_native(value) else [0]
    names = " ".join(field.name for field in getattr(value, "fields", ()))
    marked: list[str] = []
    for place, line in enumerate(lines[:examples]):
        is_formula = line.startswith("    ") and place < min(heads, default=len(lines))
        if is_formula and not marked[-1].strip():
            marked += [f".. formula:: {names}", ""]
        marked.append(line if is_formula else without_bars(line))
    lines[:examples] = marked


def without_annotations(
    app: Any, what: str, name: str, value: Any, options: Any, signature: str | None, returns: Any
) -> tuple[str | None, None] | None:
    """Drop the types from signatures of native methods, as autodoc does from those in Python."""
    if signature is None or what == "class":
        return None
    return re.sub(r": [^=,)]+(?: (=) )?", r"\1", signature), None


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("formula", Formula)
    app.connect("autodoc-process-docstring", mark_formulas, priority=100)  # before numpydoc's
    app.connect("autodoc-process-signature", without_annotations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

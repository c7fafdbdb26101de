"""Write the tables of members in docs/ from the docstrings, where formulas and sources stand.

A page has ``<!-- members: FAMILY ... [brief] -->`` and ``<!-- end of members -->``; what is between
them is written here. Run with ``--check`` in the gate to see whether it is what it would be.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from fastmlp import _core

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"(<!-- members: ([\w ]+) -->\n).*?(<!-- end of members -->)", re.DOTALL)


def parts_of(member: Any) -> tuple[str, list[str]]:
    """Return the first sentence of a member's docstring, and the lines of its formula."""
    _, _, text = member.__doc__.partition("\n\n")
    text, *_ = re.split(r"\n\n(?:Parameters|Notes|Examples)\n-", text, maxsplit=1)
    sentence = " ".join(text.split("\n\n")[0].split())
    formula = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return sentence.rstrip("."), [re.sub(r"\s{2,}", "  ", line) for line in formula]


def table(families: list[str], *, brief: bool) -> str:
    """Return a row for each member: with its formula, or in brief by its name."""
    heads = ("class", "name", "") if brief else ("class", "", "formula")
    rows = [heads, ("---",) * 3]
    for family in families:
        for name, member in getattr(_core, family).items():
            sentence, formula = parts_of(member)
            code = "<br>".join(f"`{line}`" for line in formula)
            cls = f"`{member.__name__}`"
            rows.append((cls, f'`"{name}"`', sentence) if brief else (cls, sentence, code))
    cells = (" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows)
    return "".join(f"| {line} |\n".replace("|  |", "| |") for line in cells)


def rewritten(page: str) -> str:
    """Return a page with its tables as they are to be."""

    def block(found: re.Match[str]) -> str:
        words = found[2].split()
        families = [word for word in words if word != "brief"]
        return f"{found[1]}{table(families, brief='brief' in words)}{found[3]}"

    return BLOCK.sub(block, page)


def main() -> None:
    """Write the pages, or exit with the names of those that differ."""
    pages = {path: path.read_text() for path in sorted(DOCS.glob("*.md"))}
    changed = {path: text for path, old in pages.items() if (text := rewritten(old)) != old}
    if "--check" in sys.argv[1:]:
        names = ", ".join(path.name for path in changed)
        sys.exit(f"run python .ci/make_tables.py: {names} differ from docstrings" if names else 0)
    for path, text in changed.items():
        path.write_text(text)


if __name__ == "__main__":
    main()

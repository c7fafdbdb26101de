"""Code that names something public, or an example, becomes a link to its page."""

from __future__ import annotations

import re
import sys
from typing import Any

from api_pages import groups
from docutils import nodes
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer
from sphinx.transforms.post_transforms import SphinxPostTransform

EXAMPLE = re.compile(r"examples/(\w+)\.py")


def page_of(text: str, names: set[str]) -> str | None:
    """Return the page of ``fm.Adam``, ``Adam(0.1)``, ``Network.fit`` or ``examples/bowl.py``."""
    example = EXAMPLE.fullmatch(text)
    if example:
        return f"auto_examples/{example[1]}"
    name = re.sub(r"\(.*\)$", "", text).replace("fm.", "fastmlp.", 1)
    if not re.fullmatch(r"(fastmlp\.)?[A-Za-z_.0-9]+", name):
        return None
    if not name.startswith("fastmlp."):
        if not name[0].isupper():
            return None
        name = f"fastmlp.{name}"
    owner = name if name in names else name.rpartition(".")[0]
    return f"api/{owner}" if owner in names else None


def in_link(node: nodes.Node | None) -> bool:
    while node is not None and not isinstance(node, nodes.reference):
        node = node.parent
    return node is not None


class LinkCode(SphinxPostTransform):
    default_priority = 20  # after references are resolved

    def run(self, **kwargs: Any) -> None:
        names = {name for group in groups().values() for name in group}
        for literal in list(self.document.findall(nodes.literal)):
            here = self.env.docname
            page = page_of(literal.astext(), names)
            if page is None or page == here or page not in self.env.all_docs or in_link(literal):
                continue
            uri = self.app.builder.get_relative_uri(here, page)
            reference = nodes.reference("", "", internal=True, refuri=uri)
            literal.replace_self(reference)
            reference += literal


def link_examples(app: Any, docname: str, source: list[str]) -> None:
    """Links to scripts lead to their pages in the gallery; to folders out of the site nowhere.

    Scripts that are not in the gallery can be downloaded.
    """
    text = re.sub(r"\]\(\.\./examples/(\w+)\.py\)", r"](auto_examples/\1.rst)", source[0])
    text = re.sub(r"\]\(\.\./examples/?\)", "](auto_examples/index.rst)", text)
    source[0] = re.sub(r"\[([^\]]*)\]\(\.\./(?![\w/]+\.py\))[^)]*\)", r"\1", text)


def module_of(app: Any, module: str, name: str) -> str | None:
    """Return the module that defines a name; `__module__` of public classes is the package."""
    for home in [name for name in sys.modules if name.startswith("fastmlp.")]:
        try:
            if name in ModuleAnalyzer.for_module(home).find_tags():
                return home
        except PycodeError:  # a native module has no source in Python
            continue
    return None


def setup(app: Any) -> dict[str, bool]:
    app.add_post_transform(LinkCode)
    app.connect("source-read", link_examples)
    app.connect("viewcode-follow-imported", module_of)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

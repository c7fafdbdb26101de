"""Write the type stubs of the compiled core, from the build that is installed, and of the package.

The package has one because its module adds the members of the families when it is imported.
Usage: python .ci/make_stubs.py [--check]; with --check nothing is written, and stubs that are not
up to date are an error. Needs pybind11-stubgen.
"""

import ast
import difflib
import re
import sys
import tempfile
from pathlib import Path

import pybind11_stubgen

import fastmlp
from fastmlp import _core

PACKAGE = Path(__file__).resolve().parents[1] / "python/fastmlp"
STUBS = [PACKAGE / "__init__.pyi", *(PACKAGE / "_core").glob("*.pyi")]
ALIASES = {  # the union of a family's classes
    "AnyActivation": {**_core.activations, "": _core.Activation},
    "Initializer": _core.initializers,
    "LineSearch": _core.line_searches,
    "Loss": _core.losses,
    "Optimizer": {**_core.optimizers, **_core.methods},
    "Schedule": _core.schedules,
}
UNION = re.compile(r"^(\w+): types\.UnionType.*$")
REWRITES = [
    (r"\bfields: typing\.ClassVar\[tuple.*$", "fields: typing.ClassVar[tuple[Field, ...]]"),
    (r"^(\w+): (?!list\[str\] = \[)([^=\n]+?) = .*$", r"\1: \2"),  # values differ by machine
    (r"\bContextVar\b(?!\[)", "ContextVar[int]"),
    (r" \| typing\.SupportsIndex\b", ""),  # only newer versions of pybind11 write it
    (r"\bcollections\.abc\.Callable\b(?!\[)", "collections.abc.Callable[..., typing.Any]"),
    (r"\bdict\b(?=[\s:,\])]|$)", "dict[str, typing.Any]"),
    (r"\btuple\b(?=[\s:,\])]|$)", "tuple[typing.Any, ...]"),
    (r"\blist\b(?=[\s:,\])]|$)", "list[typing.Any]"),
]
# What makes the stub short, in this order; `help` has the texts that are left out.
GENERIC = "copy|deepcopy|eq|getstate|hash|reduce|repr|setstate|sklearn_clone"
SHORTENINGS = [
    # the functions of an own activation
    (
        r"^from collections.abc import Callable as Elementwise\n((?:(?:from|import) .*\n)*)",
        r"\1Elementwise: typing.TypeAlias = "
        r"collections.abc.Callable[[numpy.typing.NDArray[typing.Any]], numpy.typing.ArrayLike]\n",
    ),
    # methods that `object` has too, or that only Python itself calls
    (rf"^    def __({GENERIC})__\(.*\) -> .*:\n        \.\.\.\n", ""),
    # the empty text of attributes that are made when they are read
    (r'    """\n    """\n', ""),
    # texts of properties, of which most are those of the parameters, and of methods of all classes
    (
        r'^(    @property\n    def \w+\(self\) -> .*:\n)        """\n.*\n        """\n',
        r"\1        ...\n",
    ),
    (r'^(    def (?:get_params|replace)\(.*:\n)        """[^"]*"""\n', r"\1        ...\n"),
    # the parameters, whose types `__init__` has, and what follows them; the call above the text
    (r'\n\n    (?:Parameters|Raises|Notes)\n    -+\n(?:.*\n)*?(?=    """\n)', "\n"),
    (r'^(    """\n)    \w+\(.*\)\n\n', r"\1"),
    (r'"{3}\n *(\S.*)\n *"{3}', r'"""\1"""'),
    (r":\n +\.\.\.\n", ": ...\n"),
    # what all members have, once
    (r"^    fields: typing\.ClassVar\[tuple\[Field, \.\.\.\]\]\n", ""),
    (r'^(class Member:\n    """.*"""\n)', r"\1    fields: typing.ClassVar[tuple[Field, ...]]\n"),
]
ANNOTATION = re.compile(r"^ *(def .*|\w+: .*)$")


def with_types(line: str) -> str:
    """Return an annotation with its types complete, and unions of classes written out."""
    if match := UNION.match(line):
        members = " | ".join(member.__name__ for member in ALIASES[match[1]].values())
        return f"{match[1]}: typing.TypeAlias = {members}"
    for pattern, replacement in REWRITES:
        line = re.sub(pattern, replacement, line)
    return line


def is_kept(line: str) -> bool:
    """Return False for what only Python reads, and for modules that no type needs any more."""
    return not re.search(r"__(signature|slots)__", line) and line != "import types"


def rewrite(stub: str) -> str:
    """Return `stub` with the same text for every machine and nothing left generic."""
    lines, in_text = [], False
    for line in filter(is_kept, stub.splitlines()):
        if not in_text and ANNOTATION.match(line):
            line = with_types(line)
        in_text ^= line.count('"""') % 2 == 1
        lines.append(line.rstrip())
    text = "\n".join(lines) + "\n"
    for pattern, replacement in SHORTENINGS:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    if "typing.Any" in text and not re.search(r"^import typing$", text, flags=re.MULTILINE):
        text = text.replace("import annotations\n", "import annotations\nimport typing\n", 1)
    return text


def package_stub() -> str:
    """Return the public names of the package, each with the module that has it."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    homes = {
        alias.asname or alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for module, names in fastmlp._ON_DEMAND.items():
        homes |= dict.fromkeys(names, f"fastmlp.{module}")
    lines = [f'"""{fastmlp.__doc__}"""', "from fastmlp._version import __version__ as __version__"]
    lines += [f"from fastmlp import {name} as {name}" for name in fastmlp._SUBMODULES]
    for name in sorted(fastmlp.__all__):
        lines.append(f"from {homes.get(name, 'fastmlp._core')} import {name} as {name}")
    names = "".join(f"    {name!r},\n" for name in sorted(fastmlp.__all__))
    return "\n".join([*lines, f"__all__ = [\n{names}]\n"])


def core_stubs() -> dict[Path, str]:
    public = {name for name in vars(_core._build) if name[0] != "_"} | {
        "isa",
        "Elementwise",
        *ALIASES,
    }
    for name in set(vars(_core)) - public:
        if not name.startswith("__"):
            delattr(_core, name)
    with tempfile.TemporaryDirectory() as folder:
        pybind11_stubgen.main(
            ["fastmlp._core", "fastmlp._core._cpu", "--output-dir", folder, "--exit-code"]
        )
        written = Path(folder, "fastmlp/_core")
        return {
            PACKAGE / "_core" / path.name: rewrite(path.read_text())
            for path in sorted(written.glob("*.pyi"))
        }


def main() -> int:
    stubs = {PACKAGE / "__init__.pyi": package_stub(), **core_stubs()}
    kept = {path: path.read_text() for path in STUBS if path.exists()}
    if "--check" not in sys.argv[1:]:
        for path in kept.keys() - stubs.keys():
            path.unlink()
        for path, text in stubs.items():
            path.write_text(text)
        return 0
    for path in sorted(kept.keys() | stubs.keys()):
        old, new = (side.get(path, "").splitlines(keepends=True) for side in (kept, stubs))
        name = path.relative_to(PACKAGE)
        sys.stdout.writelines(difflib.unified_diff(old, new, f"kept/{name}", f"built/{name}"))
    print("stubs are up to date" if stubs == kept else "stubs are stale: python .ci/make_stubs.py")
    return stubs != kept


if __name__ == "__main__":
    sys.exit(main())

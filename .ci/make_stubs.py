"""Write the type stubs of the compiled core, from the build that is installed.

Usage: python .ci/make_stubs.py [--check]; with --check nothing is written, and stubs that are not
up to date are an error. Needs pybind11-stubgen.
"""

import difflib
import re
import sys
import tempfile
from pathlib import Path

import pybind11_stubgen

from fastmlp import _core

STUBS = Path(__file__).resolve().parents[1] / "python/fastmlp/_core"
REWRITES = [
    (r"^(\w+): (?!list\[str\] = \[)([^=\n]+?) = .*$", r"\1: \2"),  # values differ by machine
    (r" \| typing\.SupportsIndex\b", ""),  # only newer versions of pybind11 write it
    (r"\bcollections\.abc\.Callable\b(?!\[)", "collections.abc.Callable[..., typing.Any]"),
    (r"\bdict\b(?=[\s:,\])]|$)", "dict[str, typing.Any]"),
    (r"\btuple\b(?=[\s:,\])]|$)", "tuple[typing.Any, ...]"),
    (r"\blist\b(?=[\s:,\])]|$)", "list[typing.Any]"),
]
ANNOTATION = re.compile(r"^ *(def .*|\w+: .*)$")


def rewrite(stub: str) -> str:
    """Return `stub` with the same text for every machine and nothing left generic."""
    lines, in_text = [], False
    for line in stub.splitlines():
        if not in_text and ANNOTATION.match(line):
            for pattern, replacement in REWRITES:
                line = re.sub(pattern, replacement, line)
        in_text ^= line.count('"""') % 2 == 1
        lines.append(line.rstrip())
    text = "\n".join(lines) + "\n"
    if "typing.Any" in text and not re.search(r"^import typing$", text, flags=re.MULTILINE):
        text = text.replace("import annotations\n", "import annotations\nimport typing\n", 1)
    return text


def generate() -> dict[str, str]:
    """Return the stubs by file name."""
    public = {name for name in vars(_core._build) if name[0] != "_"} | {"isa"}
    for name in set(vars(_core)) - public:
        if not name.startswith("__"):
            delattr(_core, name)
    with tempfile.TemporaryDirectory() as folder:
        pybind11_stubgen.main(
            ["fastmlp._core", "fastmlp._core._cpu", "--output-dir", folder, "--exit-code"]
        )
        written = Path(folder, "fastmlp/_core")
        return {path.name: rewrite(path.read_text()) for path in sorted(written.glob("*.pyi"))}


def main() -> int:
    stubs = generate()
    kept = {path.name: path.read_text() for path in STUBS.glob("*.pyi")}
    if "--check" not in sys.argv[1:]:
        for name in kept.keys() - stubs.keys():
            (STUBS / name).unlink()
        for name, text in stubs.items():
            (STUBS / name).write_text(text)
        return 0
    for name in sorted(kept.keys() | stubs.keys()):
        old, new = (side.get(name, "").splitlines(keepends=True) for side in (kept, stubs))
        sys.stdout.writelines(difflib.unified_diff(old, new, f"kept/{name}", f"built/{name}"))
    print("stubs are up to date" if stubs == kept else "stubs are stale: python .ci/make_stubs.py")
    return stubs != kept


if __name__ == "__main__":
    sys.exit(main())

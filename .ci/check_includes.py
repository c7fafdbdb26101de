"""Check the borders between the rooms of the code, and the length of files and functions.

Usage: python .ci/check_includes.py; prints one line per offence and fails if there is any.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

ROOMS = {  # room: the other rooms it may include
    "base": set(),
    "kernels": {"base"},
    "nn": {"base", "kernels"},
    "optim": {"base", "kernels"},
    "train": {"base", "kernels", "nn", "optim"},
}
# A mutable global is a variable at the left margin (namespaces do not indent) or a static one.
NO_VARIABLE = (
    r"(using|namespace|template|extern|struct|class|enum|union|typedef|return|friend|static_assert|"
    r"public|private|protected)\b"
)
MUTABLE = r"(?![^\n;=({]*\bconst(expr)?\b)"
SET = r"\s*(=(?!=)|\{|;)"
FORBIDDEN_IN_CORE = {
    "pybind11": r"#\s*include\s*[<\"]pybind11/|\bpybind11::|\bpy::",
    "Python": r"#\s*include\s*[<\"]Python\.h",
    "iostream or files": r"#\s*include\s*<(iostream|ostream|istream|fstream|filesystem)>"
    r"|\b(fopen|freopen|f?printf|puts|FILE)\b",
    "mutable global": rf"(?m)^(?!{NO_VARIABLE}){MUTABLE}"
    rf"[A-Za-z_][\w:<>,*& ]*[ >&*]\w+[\[\]\w]*{SET}"
    rf"|\b(static|thread_local)\s{MUTABLE}[^\n;=({{]*{SET}",
}
OPENMP = r"#\s*include\s*<omp\.h>|#\s*pragma\s+omp|\b_?omp_\w+\s*\(|\b_OPENMP\b"

PYTHON_LAYERS = [{"_core"}, {"config", "layers"}, {"trainer"}, {"network"}]  # lower ones first
PYTHON_LEAVES = {"__main__", "cli", "demo", "io", "plot", "sklearn"}
OPTIONAL = {"matplotlib", "pandas", "polars", "scipy", "sklearn", "torch", "tqdm"}

FILE_LINES = 300
CATALOGUE_LINES = 450
CATALOGUES = {
    *("activation", "loss", "init", "adaptive_rules", "schedule", "line_search"),
    *("reference", "reference_rules"),
}
FUNCTION_LINES = 60
MEASURED = ["cpp", "python", "tests", "bench", ".ci", "cmake", "examples"]


def without_comments(code: str) -> str:
    blank = lambda match: "\n" * match[0].count("\n")  # noqa: E731
    return re.sub(r"//[^\n]*|/\*.*?\*/", blank, code, flags=re.DOTALL)


def find(pattern: str, code: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each match."""
    for match in re.finditer(pattern, code):
        yield code.count("\n", 0, match.start()) + 1, match[0]


def core_offences(path: Path, room: str) -> Iterator[str]:
    code = without_comments(path.read_text())
    for line, include in find(r'#\s*include\s*"[^"]+"', code):
        target = include.split('"')[1]
        parts = target.removeprefix("fastmlp/").split("/")
        if not target.startswith("fastmlp/") or len(parts) < 2:
            yield f'{line}: {include}: write the whole path, "fastmlp/<room>/<file>"'
        elif parts[0] not in ROOMS[room] | {room}:
            yield f"{line}: {room} must not include {parts[0]}: {include}"
    for what, pattern in FORBIDDEN_IN_CORE.items():
        for line, text in find(pattern, code):
            yield f"{line}: no {what} in the core: {text}"
    if (room, path.stem) != ("base", "parallel"):
        for line, text in find(OPENMP, code):
            yield f"{line}: only base/parallel has OpenMP: {text}"


def imports_at_load(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the modules imported when a file of the package is: not those inside functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, ["fastmlp" if node.level else "", node.module]))
            if module == "fastmlp":
                yield from ((node.lineno, f"fastmlp.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def package_offences(path: Path) -> Iterator[str]:
    rank = {module: height for height, layer in enumerate(PYTHON_LAYERS) for module in layer}
    module = path.stem
    for line, imported in imports_at_load(ast.parse(path.read_text())):
        package, _, own = imported.partition(".")
        own = own.split(".")[0]
        if module in PYTHON_LEAVES:
            continue
        if package in OPTIONAL:
            yield f"{line}: {package} is optional: import it where it is used"
        elif package != "fastmlp":
            continue
        elif own in PYTHON_LEAVES:
            yield f"{line}: {own} is a leaf: nobody imports it on loading"
        elif rank.get(own, -1) > rank.get(module, len(rank)):
            yield f"{line}: {module} must not import {own} on loading"


def length_offences(path: Path) -> Iterator[str]:
    text = path.read_text()
    limit = CATALOGUE_LINES if path.stem in CATALOGUES else FILE_LINES
    if (lines := text.count("\n")) > limit:
        yield f"1: {lines} lines, at most {limit}"
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body and (lines := body[-1].end_lineno - body[0].lineno + 1) > FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}"


def offences() -> Iterator[str]:
    for path in sorted((ROOT / "cpp/fastmlp").rglob("*.[ch]pp")):
        room = path.relative_to(ROOT / "cpp/fastmlp").parts[0]
        if room not in ROOMS:
            yield f"{path.relative_to(ROOT)}:1: {room} is none of the rooms {', '.join(ROOMS)}"
            continue
        yield from (f"{path.relative_to(ROOT)}:{what}" for what in core_offences(path, room))
    for path in sorted((ROOT / "cpp").rglob("*.[ch]pp")):
        if "bindings" not in path.parts:
            continue
        for line, text in find(OPENMP, without_comments(path.read_text())):
            yield f"{path.relative_to(ROOT)}:{line}: only base/parallel has OpenMP: {text}"
    for path in sorted((ROOT / "python/fastmlp").glob("*.py")):
        yield from (f"{path.relative_to(ROOT)}:{what}" for what in package_offences(path))
    for path in sorted(path for folder in MEASURED for path in (ROOT / folder).rglob("*")):
        if path.suffix in {".cpp", ".hpp", ".py", ".cmake", ".sh"}:
            yield from (f"{path.relative_to(ROOT)}:{what}" for what in length_offences(path))


if __name__ == "__main__":
    found = list(offences())
    print("\n".join(found) or "borders and lengths are kept")
    sys.exit(bool(found))

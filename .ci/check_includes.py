"""Check the dependency rules between modules, and the length of files and functions.

Usage: python .ci/check_includes.py [ROOT]; prints one line per offence and fails if there is any.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

MODULES = {  # C++ module: the other modules it may include
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
PYBIND11 = r"#\s*include\s*[<\"]pybind11/|\bpybind11::|\bpy::"
FORBIDDEN_IN_CORE = {
    "pybind11": PYBIND11,
    "Python": r"#\s*include\s*[<\"]Python\.h",
    "iostream or files": r"#\s*include\s*<(iostream|ostream|istream|fstream|filesystem)>"
    r"|\b(fopen|freopen|f?printf|puts|FILE)\b",
    "mutable global": rf"(?m)^(?!{NO_VARIABLE}){MUTABLE}"
    rf"[A-Za-z_][\w:<>,*& ]*[ >&*]\w+[\[\]\w]*{SET}"
    rf"|\b(static|thread_local)\s{MUTABLE}[^\n;=({{]*{SET}",
}
OPENMP = r"#\s*include\s*<omp\.h>|#\s*pragma\s+omp|\b_?omp_\w+\s*\(|\b_OPENMP\b"

LEVELS = tomllib.loads((Path(__file__).parent / "levels.toml").read_text())["levels"]
RANKS = {module: rank for rank, level in enumerate(LEVELS) for module in level}
COMPILED = {"_core._cpu"}
LEAVES = {"__main__", "cli", "demo", "sklearn"}  # which may import optional packages at load
OPTIONAL = {
    *("joblib", "matplotlib", "mlflow", "mpi4py", "onnx", "optuna", "pandas", "polars"),
    *("safetensors", "scipy", "sklearn", "skl2onnx", "tensorboard", "torch", "tqdm"),
}
IMPORT_FUNCTIONS = {"__import__", "find_spec", "import_module", "require"}

FILE_LINES = 300
CATALOGUE_LINES = 450
CATALOGUES = {
    *("activation", "loss", "init", "adaptive_rules", "schedule", "line_search"),
    *("reference", "reference_rules"),
}
FUNCTION_LINES = 60
MEASURED = ["cpp", "python", "tests", "bench", ".ci", "cmake", "examples"]
CPP = {".cpp", ".hpp"}
CONTROL = r"(if|for|while|switch|catch|do|else|try)\b"
SCOPE = r"(namespace|class|struct|enum|union|extern)\b[^()]*$"  # but not a function of such a type
LAMBDA = r"(?<![\w\]])\[[^\]]*\]\s*(mutable|noexcept)?$"  # without parameters
RAW_TEXT = r'\bR"(?P<end>\w*)\(.*?\)(?P=end)"'
TEXT = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
COMMENT = r"//[^\n]*|/\*.*?\*/"


def without(patterns: str, code: str, kept: str = "") -> str:
    """Return the code without texts or comments, on the lines where it was.

    Texts are found together with comments, because each may have the signs of the other inside.
    """

    def blank(match: re.Match[str]) -> str:
        return match[0] if kept and re.match(kept, match[0]) else "\n" * match[0].count("\n")

    return re.sub(patterns, blank, code, flags=re.DOTALL)


def without_comments(code: str) -> str:
    return without(f"{RAW_TEXT}|{TEXT}|{COMMENT}", code, kept="R?[\"']")


def find(pattern: str, code: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each match."""
    for match in re.finditer(pattern, code):
        yield code.count("\n", 0, match.start()) + 1, match[0]


def core_offences(code: str, module: str, stem: str) -> Iterator[str]:
    for line, include in find(r'#\s*include\s*("[^"]+"|<fastmlp/[^>]+>)', code):
        target = re.split(r'["<>]', include)[1]
        parts = target.removeprefix("fastmlp/").split("/")
        if not target.startswith("fastmlp/") or len(parts) < 2:
            yield f'{line}: {include}: write the whole path, "fastmlp/<module>/<file>"'
        elif parts[0] not in MODULES[module] | {module}:
            yield f"{line}: {module} must not include {parts[0]}: {include}"
    for name, pattern in FORBIDDEN_IN_CORE.items():
        for line, text in find(pattern, code):
            yield f"{line}: no {name} in the core: {text}"


def cpp_offences(path: Path) -> Iterator[str]:
    """Check one file; `path` is relative to the folder ``cpp``."""
    code = without_comments((Path("cpp") / path).read_text())
    folder, module = path.parts[0], path.parts[1]
    for line, include in find(r"#\s*include\s*<(fastmlp|\.)[^>]*>", code):
        yield f"{line}: {include}: write quotes"
    if folder == "fastmlp":
        if module in MODULES:
            yield from core_offences(code, module, path.stem)
        else:
            yield f"1: {module} is none of the modules {', '.join(MODULES)}"
    elif folder != "bindings":
        yield from (f"{n}: only bindings use pybind11: {text}" for n, text in find(PYBIND11, code))
    if path.with_suffix("") != Path("fastmlp/base/parallel"):
        yield from (f"{n}: only base/parallel has OpenMP: {text}" for n, text in find(OPENMP, code))


def cpp_function_offences(code: str) -> Iterator[str]:
    """Measure the bodies of functions: braces whose head has parentheses and no other keyword."""
    code = without(f"{RAW_TEXT}|{TEXT}", code)
    code = re.sub(r"(?m)^[ \t]*#([^\n]*\\\n)*[^\n]*", lambda m: "\n" * m[0].count("\n"), code)
    opened: list[tuple[int, str]] = []
    start = 0
    for match in re.finditer(r"[{};]", code):
        head, position = code[start : match.start()].strip(), match.end()
        start = position
        if match[0] == "{":
            opened.append((position, head))
        elif match[0] == "}" and opened:
            begin, head = opened.pop()
            # After a member initialised by braces the head of a constructor is empty.
            is_block = re.match(CONTROL, head) or re.match(SCOPE, head)
            is_function = (")" in head or not head or re.search(LAMBDA, head)) and not is_block
            lines = code[begin : match.start()].strip().count("\n") + 1
            if is_function and lines > FUNCTION_LINES:
                line = code.count("\n", 0, begin) + 1
                name = re.sub(r"\s+", " ", head)[-60:]
                yield f"{line}: {name} has {lines} lines, at most {FUNCTION_LINES}"


def module_name(path: Path) -> str:
    """Return the name of a module inside the package: ``_fit.history``, ``_data``, ``__init__``."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def called_imports(node: ast.Call) -> Iterator[str]:
    function = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
    name = function if isinstance(function, str) else getattr(function, "id", "")
    if name in IMPORT_FUNCTIONS and node.args and isinstance(node.args[0], ast.Constant):
        yield str(node.args[0].value)


def imports(path: Path, tree: ast.Module) -> Iterator[tuple[int, bool, str]]:
    """Yield line, whether at load, and absolute name of each import but those for type checks."""
    package = ["fastmlp", *path.parts[:-1]]
    waiting: list[tuple[ast.AST, bool]] = [(node, True) for node in tree.body]
    while waiting:
        node, at_load = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, at_load, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*parents, *filter(None, [node.module])])
            yield from ((node.lineno, at_load, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += [(child, at_load) for child in node.orelse]
        else:
            if isinstance(node, ast.Call):
                yield from ((node.lineno, False, name) for name in called_imports(node))
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            waiting += [(child, at_load and not inside) for child in ast.iter_child_nodes(node)]


def target_module(name: str) -> str:
    """Return the module of the package that an absolute name ``fastmlp.a.b`` belongs to."""
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in RANKS:
        parts.pop()
    return ".".join(parts) or "__init__"


def package_offences(path: Path) -> Iterator[str]:
    """Check one module; `path` is relative to the package."""
    module = module_name(path)
    if module not in RANKS:
        yield f"1: {module} has no rank in .ci/levels.toml"
        return
    tree = ast.parse((Path("python/fastmlp") / path).read_text())
    for line, at_load, name in imports(path, tree):
        package = name.partition(".")[0]
        if package in OPTIONAL and at_load and module.partition(".")[0] not in LEAVES:
            yield f"{line}: {package} is optional: import it where it is used"
        if package == "fastmlp" and RANKS[target := target_module(name)] >= RANKS[module]:
            yield f"{line}: {module} must not import {target}, which is not below it"


def python_function_offences(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body and (lines := body[-1].end_lineno - body[0].lineno + 1) > FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}"


def length_offences(path: Path) -> Iterator[str]:
    text = path.read_text()
    limit = CATALOGUE_LINES if path.stem in CATALOGUES else FILE_LINES
    if (lines := text.count("\n")) > limit:
        yield f"1: {lines} lines, at most {limit}"
    if path.suffix == ".py":
        yield from python_function_offences(text)
    elif path.suffix in CPP:
        yield from cpp_function_offences(without_comments(text))


def offences() -> Iterator[str]:
    for path in sorted(path for path in Path("cpp").rglob("*") if path.suffix in CPP):
        yield from (f"{path}:{text}" for text in cpp_offences(path.relative_to("cpp")))
    package = Path("python/fastmlp")
    modules = sorted(path.relative_to(package) for path in package.rglob("*.py"))
    for path in modules:
        yield from (f"{package / path}:{text}" for text in package_offences(path))
    for name in sorted(RANKS.keys() - {module_name(path) for path in modules} - COMPILED):
        yield f".ci/check_includes.py:1: the ranked module {name} does not exist"
    for path in sorted(path for folder in MEASURED for path in Path(folder).rglob("*")):
        if path.suffix in CPP | {".py", ".cmake", ".sh"}:
            yield from (f"{path}:{text}" for text in length_offences(path))


if __name__ == "__main__":
    import os

    os.chdir(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
    found = list(offences())
    print("\n".join(found) or "dependency rules and lengths are kept")
    sys.exit(bool(found))

"""The commands of everyday work: python .ci/dev.py build | test | bench | stubs | format | check.

build   compile the core into python/fastmlp/_core, what has changed since the last time
test    pytest on what is about the changed files; further arguments are pytest's
bench   the benchmarks of the changed files
stubs   write the type stubs of the compiled core, and the tables of its members in docs/
format  format C++ and Python, and repair what ruff can
check   style, types, dependency rules, stubs, as the gate does

Changed is what differs from the branch main, and what git does not track yet.
"""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = tomllib.loads((ROOT / ".ci/dev.toml").read_text())["source"]
MODULES = tomllib.loads((ROOT / ".ci/mutate.toml").read_text())


def run(*command: str) -> None:
    print("+", shlex.join(command), flush=True)
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status != 0:
        sys.exit(status)


def lines_of_git(*arguments: str) -> list[str]:
    finished = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return finished.stdout.splitlines() if finished.returncode == 0 else []


def changed_files() -> list[str]:
    for branch in ("origin/main", "main"):
        if base := lines_of_git("merge-base", "HEAD", branch):
            break
    else:
        base = ["HEAD"]
    untracked = lines_of_git("ls-files", "--others", "--exclude-standard")
    return sorted({*lines_of_git("diff", "--name-only", *base), *untracked})


def source_of(file: str) -> dict[str, object]:
    return next((source for source in SOURCES if re.match(source["files"], file)), {})


def test_names(file: str) -> list[str]:
    """Those of the table, those about a module, and the tests that import a changed helper."""
    path = Path(file)
    names = [path.stem, *source_of(file).get("tests", [])]
    if path.is_relative_to("python/fastmlp"):
        names += MODULES.get(path.relative_to("python/fastmlp").with_suffix("").as_posix(), [])
    if path.parent == Path("tests") and not path.stem.startswith("test_"):
        imports = re.compile(rf"^(?:from|import) {path.stem}\b", re.MULTILINE)
        for test in (ROOT / "tests").glob("test_*.py"):
            if imports.search(test.read_text(encoding="utf-8")):
                names.append(test.stem.removeprefix("test_"))
    return [name.removeprefix("test_") for name in names]


def tests_of(files: list[str]) -> list[str]:
    names = {name for file in files for name in test_names(file)}
    paths = [f"tests/test_{name}.py" for name in sorted(names)]
    return [path for path in paths if (ROOT / path).exists()]


def benches_of(files: list[str]) -> list[str]:
    return list(
        dict.fromkeys(source["bench"] for file in files if "bench" in (source := source_of(file)))
    )


def build() -> None:
    if not (ROOT / "build/dev/build.ninja").exists():
        options = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        run("cmake", "--preset", "dev", f"-DPython_EXECUTABLE={sys.executable}", *options)
    run("cmake", "--build", "--preset", "dev")


def test(*options: str) -> None:
    tests = tests_of(changed_files())
    if not tests:
        print("nothing has changed that a test is about")
        return
    run(sys.executable, "-m", "pytest", "-q", *options, *tests)


def bench() -> None:
    for command in benches_of(changed_files()):
        program, *arguments = shlex.split(command)
        if program == "python":
            program = sys.executable
        else:
            run("cmake", "--preset", "bench", f"-DPython_EXECUTABLE={sys.executable}")
            run("cmake", "--build", "--preset", "bench")
        run(program, *arguments)


def stubs() -> None:
    run(sys.executable, ".ci/make_stubs.py")
    run(sys.executable, ".ci/make_tables.py")


def format_sources() -> None:
    sources = [
        str(path) for folder in ("cpp", "bench") for path in (ROOT / folder).rglob("*.[ch]pp")
    ]
    run("ruff", "check", "--fix")
    run("ruff", "format")
    subprocess.run(["clang-format", "-i", *sources], check=True)


def check() -> None:
    run("bash", ".ci/steps/style")


COMMANDS = {
    "build": build,
    "test": test,
    "bench": bench,
    "stubs": stubs,
    "format": format_sources,
    "check": check,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])

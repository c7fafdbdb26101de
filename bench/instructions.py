"""Instructions of two source trees, counted by callgrind on one thread at level v3.

python -m bench.instructions /path/to/before /path/to/after

Unlike times they repeat on a busy machine. Each tree is built in a separate folder, which is kept
for the next call. "core" is what runs inside the extension module, per step or per call of predict;
"all" is everything, Python included.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LEVEL = "v3"  # valgrind has no AVX-512
HELPER_SOURCE = Path(__file__).parent / "native" / "callgrind.c"
SCRATCH = Path(tempfile.gettempdir()) / "fastmlp_instructions"
Counts = dict[str, tuple[float, float]]  # by measurement: core, all


def build(tree: Path) -> Path:
    """Build a copy of the tree at LEVEL, so that edits meanwhile do no harm; return its folder."""
    folder = SCRATCH / hashlib.sha256(str(tree).encode()).hexdigest()[:12]
    for part in ("CMakeLists.txt", "cmake", "cpp", "python"):
        copy(tree / part, folder / part)
    package = folder / "python" / "fastmlp"
    options = [
        "-DCMAKE_BUILD_TYPE=Release",
        f"-DFASTMLP_ISA_LEVELS={LEVEL}",
        f"-DCMAKE_LIBRARY_OUTPUT_DIRECTORY={package / '_core'}",
        f"-DPython_EXECUTABLE={sys.executable}",
    ]
    options += ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    configure = ["cmake", "-G", "Ninja", "-S", str(folder), "-B", str(folder / "build"), *options]
    for command in (configure, ["cmake", "--build", str(folder / "build")]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def copy(source: Path, target: Path) -> None:
    """Copy with the times of change, by which the build finds what is new."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        return
    for old in target.rglob("*"):
        if old.is_file() and old.suffix != ".so":
            old.unlink()
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)


def build_helper() -> Path:
    SCRATCH.mkdir(exist_ok=True)
    library = SCRATCH / "callgrind.so"
    command = ["cc", "-O2", "-shared", "-fPIC", str(HELPER_SOURCE), "-o", str(library)]
    subprocess.run(command, check=True)
    return library


def count(folder: Path, helper: Path) -> Counts:
    """Run the calls of `bench.counted` under callgrind."""
    with tempfile.TemporaryDirectory() as output:
        environment = os.environ | {
            "PYTHONPATH": str(folder / "python"),
            "FASTMLP_ISA": LEVEL,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",
        }
        command = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no"]
        command += [f"--callgrind-out-file={output}/out"]
        command += [sys.executable, "-m", "bench.counted", str(helper)]
        subprocess.run(command, env=environment, check=True)
        dumps = dict(read(path) for path in Path(output).glob("out.*"))
    return reduce(dumps)


def read(path: Path) -> tuple[str, tuple[int, int]]:
    """The name of a dump, and its self costs: in the core, and of everything."""
    text = path.read_text()
    trigger = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
    core = everything = 0
    objects: dict[str, bool] = {}
    in_core = is_call = False
    for line in text.splitlines():
        if match := re.match(r"ob=(\(\d+\))(?: (.*))?$", line):
            if match[2]:
                objects[match[1]] = f"_core_{LEVEL}" in match[2]
            in_core = objects[match[1]]
        elif match := re.match(r"cob=(\(\d+\)) (.*)$", line):
            objects[match[1]] = f"_core_{LEVEL}" in match[2]
        elif line.startswith("calls="):
            is_call = True  # the next line is the cost of the callee
        elif re.match(r"[+*\d-]", line):
            cost = 0 if is_call or " " not in line else int(line.rpartition(" ")[2])
            everything += cost
            core += cost if in_core else 0
            is_call = False
    return trigger[1] if trigger else "", (core, everything)


def reduce(dumps: dict[str, tuple[int, int]]) -> Counts:
    """Per step the difference of two lengths, per call of predict the mean."""
    lengths: dict[str, list[tuple[int, tuple[int, int]]]] = {}
    for label, costs in dumps.items():
        name, _, units = label.rpartition(":")
        if name:
            lengths.setdefault(name, [(0, (0, 0))]).append((int(units), costs))
    table: Counts = {}
    for name in sorted(lengths):
        (shorter, low), (longer, high) = sorted(lengths[name])[-2:]
        core, everything = ((b - a) / (longer - shorter) for a, b in zip(low, high, strict=True))
        table[name] = (core, everything)
    return table


def markdown(before: Counts, after: Counts) -> str:
    lines = [
        "| step or call | core, before | core, after | ratio | all, before | all, after | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, first in before.items():
        second = after[name]
        cells = [f"{a:,.0f} | {b:,.0f} | {b / a:.4f}" for a, b in zip(first, second, strict=True)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.instructions", description=__doc__)
    parser.add_argument("before", type=Path, help="a source tree")
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args()
    helper = build_helper()
    trees = [tree.resolve() for tree in (arguments.before, arguments.after)]
    folders = [build(tree) for tree in trees]
    before, after = (count(folder, helper) for folder in folders)
    print(markdown(before, after))


if __name__ == "__main__":
    main()

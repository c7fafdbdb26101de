"""Costs of fastmlp other than run time: import time, installed size, peak memory of a training.

python -m bench.cost --packages fastmlp,sklearn --peers fastmlp,sklearn --output cost.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from bench import machine
from bench.report import quartiles
from bench.workloads import WORKLOADS, make_problem

MB = 1e6
TIMED_IMPORT = """
import time
start = time.perf_counter()
import {}
print(time.perf_counter() - start)
"""
PEAK = """
with open("/proc/self/status", encoding="ascii") as status:
    peak_kb = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(int(peak_kb) * 1.024e-3)
"""
TRAINING = """
import numpy as np
from bench import peer
from bench.workloads import WORKLOADS, Problem
names = "X y W0 b0 W1 b1".split()
X, y, *w = (np.load({folder!r} + "/" + name + ".npy") for name in names)
problem = Problem(WORKLOADS["W3"], X, y, [(w[0], w[1]), (w[2], w[3])])
peer.load({name!r}).prepare(problem, 1).run({epochs})
"""


def python(*arguments: str, threads: int = 1) -> str:
    """Last line that a fresh interpreter prints."""
    command = [sys.executable, "-W", "ignore", *arguments]
    environment = machine.worker_environment(threads)
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return output.stdout.strip().splitlines()[-1]


def import_ms(packages: list[str], rounds: int) -> dict[str, tuple[float, float, float]]:
    """Milliseconds over `import numpy`: quartiles of interleaved pairs of fresh interpreters."""
    names = ["numpy", *packages]
    turns = [
        {name: 1e3 * float(python("-c", TIMED_IMPORT.format(name))) for name in names}
        for _ in range(rounds + 1)
    ][1:]  # the first one writes bytecode and fills the page cache
    return {name: quartiles([turn[name] - turn["numpy"] for turn in turns]) for name in packages}


def installed_mb(package: str) -> float:
    """Files of the distribution, or of the package's folder where it is not installed."""
    names = metadata.packages_distributions().get(package)
    if names:
        files = [Path(str(f.locate())) for f in metadata.files(names[0]) or ()]
    else:
        spec = util.find_spec(package)
        folders = spec.submodule_search_locations if spec else None
        files = [f for folder in folders or () for f in Path(folder).rglob("*")]
    counted = (f for f in files if f.is_file() and "__pycache__" not in f.parts)
    return sum(f.stat().st_size for f in counted) / MB


def training_mb(peers: list[str], epochs: int) -> dict[str, float]:
    """Peak memory of a W3 training, less the data and an interpreter with NumPy."""
    problem = make_problem(WORKLOADS["W3"])
    arrays = {"X": problem.X, "y": problem.y}
    for layer, (W, b) in enumerate(problem.weights):
        arrays |= {f"W{layer}": W, f"b{layer}": b}
    numpy_mb = float(python("-c", "import numpy" + PEAK))
    data_mb = (problem.X.nbytes + problem.y.nbytes) / MB
    with tempfile.TemporaryDirectory() as folder:
        for key, array in arrays.items():
            np.save(f"{folder}/{key}.npy", array)
        code = {name: TRAINING.format(folder=folder, name=name, epochs=epochs) for name in peers}
        return {n: float(python("-c", code[n] + PEAK)) - data_mb - numpy_mb for n in peers}


def main() -> None:
    arguments = parse()
    absent = [name for name in arguments.packages if util.find_spec(name) is None]
    packages = [name for name in arguments.packages if name not in absent]
    for name in absent:
        print(f"{name}: not installed, skipped", file=sys.stderr)
    imports = import_ms(packages, arguments.rounds)
    memory = training_mb([name for name in arguments.peers if _package(name) not in absent], 2)
    results: dict[str, Any] = {
        "machine": machine.describe(),
        "import_ms_over_numpy": imports,
        "installed_mb": {name: installed_mb(name) for name in packages},
        "training_mb_over_data_and_numpy": memory,
    }
    print("| package | import over NumPy's, ms | quartiles | installed, MB |\n|---|--:|--:|--:|")
    for name, (low, middle, high) in imports.items():
        size = results["installed_mb"][name]
        print(f"| {name} | {middle:.1f} | {low:.1f}–{high:.1f} | {size:.2f} |")
    print("\n| W3 training | peak memory over data and NumPy, MB |\n|---|--:|")
    for name, megabytes in memory.items():
        print(f"| {name} | {megabytes:.1f} |")
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=1), encoding="utf-8")


def _package(name: str) -> str:
    """The package that a peer is made of."""
    return {"numpy_by_hand": "numpy"}.get(name, name.split("_")[0])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.cost", description="costs other than run time")
    add = parser.add_argument
    add("--packages", type=_names, default="fastmlp,torch,jax,sklearn", help="to import")
    add("--peers", type=_names, default="fastmlp,torch_eager,jax_scan,sklearn", help="to train W3")
    add("--rounds", type=int, default=11, help="interpreters started per package")
    add("--output", type=Path, help="JSON")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    main()

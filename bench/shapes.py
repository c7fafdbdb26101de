"""Steps of sixty shapes beside peers, and the cliffs between a shape and its neighbours.

Usage: python -m bench.shapes --output shapes.json [--only 7-1000 "batch 33"] [--seconds 90]
       python -m bench.shapes --cliffs [--only outputs]

One thread, in one process on one core, in turn, after the losses of a few steps have been compared.
Times are those of the processor, which others' work disturbs less: medians of rounds, and of the
ratios within rounds. With `--output` a shape is measured once: what the file has is printed, the
rest is measured until `--seconds` have passed, and the next call goes on; the table is written
beside it. `--peers jax_scan torch_eager` saves the time that torch takes to compile a shape.
`--cliffs` needs no peer: it times three neighbours, each beside the mean of the other two, and
marks those above 1.3.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench import machine, peer
from bench.workloads import (
    ADAM,
    RMSPROP,
    SGD,
    Activation,
    Array,
    Problem,
    Rule,
    Workload,
    make_problem,
)

TOLERANCE = 1e-3  # of the losses, relative
CLIFF = 1.3  # a neighbour that takes so many times the mean of the others is marked
EPOCH_MFLOP, EPOCH_BYTES = 200, 2e7  # at most, in an epoch of several steps
AT_LEAST = 5e-2  # seconds of a sample, one call of fastmlp

erf = np.vectorize(math.erf, otypes=[float])
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda a: np.maximum(a, 0),
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "elu": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
    "softplus": lambda a: np.logaddexp(a, 0),
    "silu": lambda a: a / (1 + np.exp(-a)),
    "gelu": lambda a: a / 2 * (1 + erf(a / math.sqrt(2))),
}


def shape(
    sizes: tuple[int, ...],
    batch: int,
    phi: Activation = "relu",
    rule: Rule = ADAM,
    dtype: Literal["float32", "float64"] = "float32",
) -> Workload:
    """A shape as a workload, whose name says all of it."""
    hidden = sizes[1:-1]
    if len(hidden) > 3 and len(set(hidden)) == 1:
        text = f"{sizes[0]}-[{hidden[0]}]×{len(hidden)}-{sizes[-1]}"
    else:
        text = "-".join(map(str, sizes))
    name = f"{text} {phi}, batch {batch}, {rule.name}, {dtype}"
    task: Literal["classes", "numbers"] = "classes" if sizes[-1] > 1 else "numbers"
    one = Workload(name, sizes, batch, batch, rule, phi, task, dtype)
    fitting = int(EPOCH_BYTES / (batch * sizes[0] * 8))
    steps = max(2, min(500, fitting, int(EPOCH_MFLOP / one.mflop)))
    return replace(one, samples=batch * steps)


def table() -> list[Workload]:
    """Widths around powers of two, depths, batches, activations, few features, both dtypes."""
    widths = (1, 7, 8, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 256, 257, 512, 513, 1024, 4096)
    shapes = [shape((64, width, 10), 128) for width in widths]
    shapes += [shape((10, width, width, 10), 128) for width in (512, 1024, 1025)]
    shapes += [shape((32, *[64] * n, 1), 64, "tanh", rule=RMSPROP) for n in (1, 2, 5, 10, 20, 50)]
    shapes += [shape((32, *[16] * 50, 1), 32), shape((100, *[256] * 5, 10), 100)]
    batches = (1, 4, 8, 15, 16, 17, 31, 32, 33, 48, 50, 100, 1000, 10_000)
    shapes += [shape((64, 64, 10), batch) for batch in batches]
    rest: tuple[Activation, ...] = ("sigmoid", "elu", "softplus", "silu", "gelu")
    shapes += [shape((64, 128, 10), 64, phi) for phi in rest]
    shapes += [
        shape((2, 8, 8, 1), 10, "tanh", rule=SGD),
        shape((1, 100, 1), 32, "tanh"),
        shape((7, 1000, 1), 50, "tanh", rule=SGD),
        shape((7, 1000, 1), 50, "tanh", rule=SGD, dtype="float64"),
        shape((784, 128, 10), 128),
        shape((3072, 512, 10), 100),
    ]
    double = [((64, 64, 10), 32), ((64, 64, 10), 33), ((100, 100, 10), 200), ((10, 512, 10), 128)]
    shapes += [shape(sizes, batch, dtype="float64") for sizes, batch in double]
    return [*shapes, shape((64, 64, 33), 32)]


def neighbours() -> dict[str, list[Workload]]:
    """Three shapes each that differ by one in one dimension."""
    groups: dict[str, list[Workload]] = {}

    def add(what: str, n: int, make: Callable[[int], Workload]) -> None:
        groups[f"{what} {n - 1}, {n}, {n + 1}"] = [make(m) for m in (n - 1, n, n + 1)]

    for n in (4, 8, 16, 24, 32, 40, 48, 64, 128):
        add("64-64-10, batch", n, lambda m: shape((64, 64, 10), m))
    for n in (3, 4, 8, 16, 32, 48, 64, 128):
        add("batch 32, outputs 64-64 to", n, lambda m: shape((64, 64, m), 32))
    for n in (3, 4, 8, 16, 32, 48, 64, 128, 256, 512, 1024):
        add("batch 128, width of 64-n-10,", n, lambda m: shape((64, m, 10), 128))
    for n in (3, 4, 8, 16, 32, 64, 256, 512, 1024):
        add("batch 64, inputs to 64-10,", n, lambda m: shape((m, 64, 10), 64))
    for n in (49, 64):
        add("7-1000-1 tanh, batch", n, lambda m: shape((7, 1000, 1), m, "tanh", rule=SGD))
    for n in (9, 32, 33):
        add("64-64-10 float64, batch", n, lambda m: shape((64, 64, 10), m, dtype="float64"))
    return groups


def loss_of(problem: Problem, weights: list[tuple[Array, Array]]) -> float:
    """The mean loss over all samples, by NumPy in float64."""
    h = problem.X.astype(float)
    for level, (W, b) in enumerate(weights):
        h = h @ W.astype(float) + b.astype(float)
        if level + 1 < len(weights):
            h = FUNCTIONS[problem.workload.activation](h)
    if problem.workload.task == "numbers":
        return float(0.5 * ((h - problem.y) ** 2).sum(axis=1).mean())
    chosen = np.take_along_axis(h, problem.y[:, None], axis=1)[:, 0]
    return float((np.logaddexp.reduce(h, axis=1) - chosen).mean())


def runners(problem: Problem, names: list[str]) -> dict[str, peer.Runner]:
    """Return those that can run the problem; all have to arrive at the loss of fastmlp."""
    made: dict[str, peer.Runner] = {}
    losses: dict[str, float] = {}
    for name in ["fastmlp", *names]:
        try:
            runner = peer.load(name).prepare(problem, 1)
        except (ImportError, peer.Unsupported) as reason:
            print(f"  {name} is left out: {reason}")
            continue
        runner.run(1)
        made[name], losses[name] = runner, loss_of(problem, runner.weights())
    for loss in losses.values():
        if not abs(loss - losses["fastmlp"]) <= TOLERANCE * abs(losses["fastmlp"]):
            raise SystemExit(f"{problem.workload.name}: losses differ, {losses}")
    return made


def microseconds(runner: peer.Runner, steps: int, repeats: int) -> float:
    start = time.process_time()
    runner.run(repeats)
    return (time.process_time() - start) / (repeats * steps) * 1e6


def times(workloads: list[tuple[peer.Runner, int]], rounds: int) -> list[list[float]]:
    """Microseconds a step of each, in turn."""
    repeats: list[int] = []
    for runner, steps in workloads:
        epoch = microseconds(runner, steps, 1) * steps * 1e-6
        repeats.append(max(1, math.ceil(AT_LEAST / max(epoch, 1e-6))))
    taken: list[list[float]] = [[] for _ in workloads]
    for _ in range(rounds):
        for (runner, steps), n, to in zip(workloads, repeats, taken, strict=True):
            to.append(microseconds(runner, steps, n))
    return taken


def measure(workload: Workload, names: list[str], rounds: int) -> dict[str, Any]:
    """The medians of a shape, and of the ratios to each peer."""
    made = runners(make_problem(workload), names)
    taken = times([(runner, workload.steps) for runner in made.values()], rounds)
    by_name = dict(zip(made, taken, strict=True))
    ours = by_name["fastmlp"]
    return {
        "us": {name: statistics.median(values) for name, values in by_name.items()},
        "ratio": {
            name: statistics.median(np.divide(by_name[name], ours).tolist())
            for name in by_name
            if name != "fastmlp"
        },
    }


def row(name: str, result: dict[str, Any], names: list[str]) -> str:
    ratios = [result["ratio"].get(each) for each in names]
    cells = [f"{result['us']['fastmlp']:.3g}"]
    cells += ["–" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
    return f"| {name} | " + " | ".join(cells) + " |"


def compare(arguments: argparse.Namespace) -> None:
    """Measure what the file lacks, and print the table."""
    path: Path | None = arguments.output
    known: dict[str, Any] = json.loads(path.read_text()) if path and path.exists() else {}
    lines = [
        "| shape | fastmlp, µs | " + " | ".join(arguments.peers) + " |",
        "|---|" + "--:|" * (1 + len(arguments.peers)),
    ]
    print("\n".join(lines))
    end = time.monotonic() + arguments.seconds
    left = 0
    for workload in chosen(table(), arguments.only):
        if workload.name not in known:
            if time.monotonic() > end:
                left += 1
                continue
            known[workload.name] = measure(workload, arguments.peers, arguments.rounds)
            if path:
                path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        lines.append(row(workload.name, known[workload.name], arguments.peers))
        print(lines[-1], flush=True)
    if path:
        path.with_suffix(".md").write_text("\n".join(lines) + "\n")
    if left:
        print(f"\n{left} shapes are left")


def chosen(workloads: list[Workload], only: list[str]) -> Iterator[Workload]:
    return (w for w in workloads if not only or any(part in w.name for part in only))


def cliffs(arguments: argparse.Namespace) -> None:
    """Print the times of neighbours, and the largest quotient of one and the mean of the others."""
    print("| neighbours | µs | | | largest quotient | |\n|---|--:|--:|--:|--:|---|")
    prepare = peer.load("fastmlp").prepare
    for name, group in neighbours().items():
        if arguments.only and not any(part in name for part in arguments.only):
            continue
        made = [(prepare(make_problem(w), 1), w.steps) for w in group]
        taken = [statistics.median(values) for values in times(made, arguments.rounds)]
        worst = max(2 * each / (sum(taken) - each) for each in taken)
        cells = [*(f"{each:.3g}" for each in taken), f"{worst:.2f}"]
        print(
            f"| {name} |", " | ".join(cells), "|", "cliff |" if worst > CLIFF else "|", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="*", default=["jax_scan", "torch_compiled"])
    parser.add_argument("--only", nargs="*", default=[], help="parts of names")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=math.inf, help="after which none is begun")
    parser.add_argument("--output", type=Path, help="JSON of what is measured")
    parser.add_argument("--cliffs", action="store_true", help="neighbours of fastmlp alone")
    arguments = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # before NumPy starts its threads
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
        os.environ.update(machine.worker_environment(1))
        os.execv(sys.executable, [sys.executable, "-m", "bench.shapes", *sys.argv[1:]])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    print(f"{machine.describe()['processor']}, one thread\n")
    if arguments.cliffs:
        cliffs(arguments)
    else:
        compare(arguments)


if __name__ == "__main__":
    main()

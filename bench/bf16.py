"""Products of bfloat16 beside float32, ours and torch's, in turn in one process.

Usage: python -m bench.bf16 [--threads 1] [--rounds 9] [--workloads W3,W4,W5,I2]
       python -m bench.bf16 --accuracy [--seeds 10] [--data FOLDER]

torch has its parameters and X in bfloat16. With one thread times are those of the processor, which
others' work disturbs less, with several those of the clock. Accuracy is that of scikit-learn's
digits and of a regression, and of `letter.npz` and `mnist10k.npz` where the folder has them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm
from bench.machine import describe
from bench.peers.fastmlp import network_and_trainer
from bench.workloads import WORKLOADS, Problem, make_problem

PRECISIONS = {"float32": None, "bf16": "bf16"}


def ours(problem: Problem, precision: str | None) -> Callable[[], Any]:
    """Return an epoch, or a prediction, of fastmlp."""
    net, trainer = network_and_trainer(problem, precision=precision)
    if trainer is None:
        return lambda: net.predict(problem.X)
    return lambda: trainer.run(problem.X, problem.y, epochs=1, verbose=False)


def torchs(problem: Problem, bf16: bool) -> Callable[[], Any]:
    """Return the same of torch."""
    import torch

    from bench.peers.torch_eager import TorchRunner

    runner = TorchRunner(problem)
    if bf16:
        runner.model.to(torch.bfloat16)
        runner.X = runner.X.to(torch.bfloat16)
        if runner.y.is_floating_point():
            runner.y = runner.y.to(torch.bfloat16)
    if problem.workload.rule is not None:
        return lambda: runner.run(1)

    def predict() -> None:
        with torch.inference_mode():
            for x in runner.X.split(2048):
                torch.softmax(runner.model(x), dim=1)

    return predict


def contenders(problem: Problem, threads: int) -> dict[str, Callable[[], Any]]:
    """Return what is timed by its name."""
    runs = {f"fastmlp {name}": ours(problem, p) for name, p in PRECISIONS.items()}
    try:
        import torch
    except ImportError:
        return runs
    torch.set_num_threads(threads)
    return runs | {
        f"torch {name}": torchs(problem, p is not None) for name, p in PRECISIONS.items()
    }


def speed(names: list[str], threads: int, rounds: int) -> None:
    """Print microseconds a step, medians of rounds, and what they gain."""
    clock = time.process_time if threads == 1 else time.perf_counter
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    print("| |", " | ".join(["fastmlp float32, µs", "bf16", "torch float32", "torch bf16"]), end="")
    print(" | float32 / bf16 | torch bf16 / bf16 |\n|---|" + "--:|" * 6)
    for name in names:
        problem = make_problem(WORKLOADS[name])
        runs = contenders(problem, threads)
        times: dict[str, list[float]] = {each: [] for each in runs}
        with fm.threads(threads):
            for turn in range(rounds + 1):
                for each, run in runs.items():
                    start = clock()
                    run()
                    if turn > 0:
                        times[each].append((clock() - start) / problem.workload.steps)
        medians = [statistics.median(values) * 1e6 for values in times.values()]
        ratios = [
            statistics.median(np.divide(times[each], times["fastmlp bf16"]))
            for each in ("fastmlp float32", "torch bf16")
            if each in times
        ]
        cells = [f"{m:.0f}" for m in medians] + [f"{ratio:.2f}" for ratio in ratios]
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


def data_sets(folder: Path | None) -> Iterator[tuple[str, Any, Any, tuple[int, ...]]]:
    """Yield name, X, y and hidden sizes."""
    from sklearn.datasets import load_digits, make_friedman1

    X, y = load_digits(return_X_y=True)
    yield "digits", X / 16, y, (128, 64)
    X, y = make_friedman1(4000, noise=0.5, random_state=0)
    yield "Friedman 1 (R²)", X, (y - y.mean()) / y.std(), (128, 128)
    for name, hidden in (("letter", (256, 128)), ("mnist10k", (256, 128))):
        path = folder and folder / f"{name}.npz"
        if path and path.exists():
            with np.load(path, allow_pickle=False) as file:
                X, y = (file[k if k in file else f"{k}_train"] for k in ("X", "y"))
            X = X.reshape(len(X), -1).astype(np.float32)
            yield name, X / np.abs(X).max(), np.unique(y, return_inverse=True)[1], hidden


def score(X: Any, y: Any, hidden: tuple[int, ...], precision: str | None, seed: int) -> float:
    """Return the accuracy in %, or 100 R², on a fifth of the rows that training has not seen."""
    order = np.random.default_rng(seed).permutation(len(X))
    test, rest = np.split(order, [len(X) // 5])
    X = X.astype(np.float32)
    classes = np.issubdtype(y.dtype, np.integer)
    layers = [X.shape[1], *hidden, int(y.max()) + 1 if classes else 1]
    output = "softmax" if classes else "identity"
    net = fm.Network(layers, output=output, seed=seed, precision=precision)
    targets = y if classes else y[:, None].astype(np.float32)
    adam = fm.Adam(1e-3)
    net.fit(X[rest], targets[rest], epochs=20, batch_size=64, optimizer=adam, verbose=False)
    outputs = net.predict(X[test])
    if classes:
        return float(100 * (outputs.argmax(1) == y[test]).mean())
    return float(100 * (1 - np.square(outputs - targets[test]).mean() / targets[test].var()))


def accuracy(seeds: int, folder: Path | None) -> None:
    """Print means of both precisions over seeds, and the standard error of their difference."""
    print("| | float32 | bf16 | difference | standard error |\n|---|" + "--:|" * 4)
    for name, X, y, hidden in data_sets(folder):
        scores = np.array(
            [[score(X, y, hidden, p, seed) for p in PRECISIONS.values()] for seed in range(seeds)]
        )
        difference = scores[:, 1] - scores[:, 0]
        error = difference.std(ddof=1) / np.sqrt(seeds)
        means = " | ".join(f"{mean:.2f}" for mean in scores.mean(0))
        print(f"| {name} | {means} | {difference.mean():+.2f} | {error:.2f} |", flush=True)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python -m bench.bf16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workloads", default="W3,W4,W5,I2")
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    print(describe()["processor"], "·", fm._core.config()["bf16"] or "no bfloat16")
    if given.accuracy:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            accuracy(given.seeds, given.data)
    else:
        speed(given.workloads.split(","), given.threads, given.rounds)


if __name__ == "__main__":
    main()

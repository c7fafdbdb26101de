"""Cost of update rules and options: W3 with and without each, interleaved.

python -m bench.options --threads 1 --output options.json
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import fastmlp as fm
from bench import machine
from bench.report import quartiles
from bench.workloads import WORKLOADS, Problem, make_problem
from fastmlp import _core

WORKLOAD = WORKLOADS["W3"]
RATE = 1e-6  # so small that every rule stays finite
SAFE_OVERRIDES: dict[str, dict[str, float]] = {  # of rules whose updates do not scale with the rate
    "delta_bar_delta": {"kappa": 0.0},
    "rprop": {"max_step": 1e-4},
}


@dataclass(frozen=True)
class Candidate:
    """A training: its optimizer, the layers around the dense ones, its penalties."""

    name: str
    optimizer: Any
    noise: float = 0.0
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0

    def trainer(self, problem: Problem) -> Any:
        n_inputs, *hidden, n_outputs = WORKLOAD.sizes
        layers: list[Any] = [fm.GaussianNoise(self.noise)] if self.noise else []
        for units in hidden:
            layers.append(fm.Dense(units, WORKLOAD.activation))
            layers += [fm.Dropout(self.dropout)] if self.dropout else []
        layers.append(fm.Dense(n_outputs, WORKLOAD.output))
        net = fm.Network(layers, inputs=n_inputs, dtype=WORKLOAD.dtype, seed=0)
        for index, (W, b) in enumerate(problem.weights):
            net.weights[index] = W
            net.biases[index] = b
        return fm.Trainer(
            net, WORKLOAD.loss, self.optimizer, batch_size=WORKLOAD.batch, l1=self.l1, l2=self.l2,
            shuffle=False,
        )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A variant compared with its base: microseconds a step, and the ratios of their pairs."""

    variant: str
    base: str
    target: float
    base_us: tuple[float, float, float]  # quartiles
    variant_us: tuple[float, float, float]
    ratio: tuple[float, float, float]  # above 1: the variant is slower


def comparisons() -> Iterator[tuple[Candidate, Candidate, float]]:
    """(base, variant, target); every rule of the family is among the variants."""
    sgd = Candidate("SGD", fm.SGD(RATE))
    for name, rule in _core.optimizers.items():
        optimizer = rule(RATE, **SAFE_OVERRIDES.get(name, {}))
        yield sgd, Candidate(type(optimizer).__name__, optimizer), 1.15
    yield sgd, Candidate("SGD, momentum", fm.SGD(RATE, momentum=0.9)), 1.15
    adam = Candidate("Adam", fm.Adam(RATE))
    yield adam, Candidate("dropout 0.5", adam.optimizer, dropout=0.5), 1.10
    yield adam, Candidate("averaging", fm.Adam(RATE, average=fm.Polyak())), 1.05
    everything = fm.Adam(RATE, clip_norm=1.0, average=fm.Polyak())
    yield adam, Candidate("all options", everything, 0.1, 0.5, l1=1e-6, l2=1e-4), 1.35


def compare(
    base: Candidate,
    variant: Candidate,
    target: float,
    problem: Problem,
    rounds: int,
    seconds: float,
) -> Row:
    """Time base and variant alternately; ratios are taken within a round."""
    trainers = [candidate.trainer(problem) for candidate in (base, variant)]
    epochs = [max(1, math.ceil(seconds / epoch_seconds(one, problem, 1))) for one in trainers]
    times = [
        [epoch_seconds(one, problem, n) for one, n in zip(trainers, epochs, strict=True)]
        for _ in range(rounds)
    ]
    to_us = 1e6 / WORKLOAD.steps
    base_us, variant_us = (quartiles([to_us * pair[i] for pair in times]) for i in (0, 1))
    ratio = quartiles([theirs / ours for ours, theirs in times])
    return Row(variant.name, base.name, target, base_us, variant_us, ratio)


def epoch_seconds(trainer: Any, problem: Problem, epochs: int) -> float:
    """Return the mean seconds of an epoch, after one that warms the caches."""
    trainer.run(problem.X, problem.y, epochs=1)
    start = time.perf_counter()
    history = trainer.run(problem.X, problem.y, epochs=epochs)
    taken = time.perf_counter() - start
    if history.status != "max_steps":
        raise RuntimeError(f"{trainer.optimizer}: {history.status}, so that its time means nothing")
    return taken / epochs


def markdown(rows: list[Row], threads: int) -> str:
    lines = [
        f"{WORKLOAD.describe().split(',')[0]}, batch {WORKLOAD.batch}, threads {threads}\n",
        "| variant | base | base, µs | variant, µs | ratio | quartiles | target | |",
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        low, middle, high = row.ratio
        lines.append(
            f"| {row.variant} | {row.base} | {row.base_us[1]:.0f} | {row.variant_us[1]:.0f} "
            f"| **{middle:.2f}** | {low:.2f}–{high:.2f} | {row.target:.2f} "
            f"| {'' if middle <= row.target else 'above'} |"
        )
    return "\n".join(lines)


def main() -> None:
    arguments = parse()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-arguments.threads :])
    fm.set_num_threads(arguments.threads)
    problem = make_problem(WORKLOAD)
    rows = [
        compare(*three, problem, arguments.rounds, arguments.sample_seconds)
        for three in comparisons()
    ]
    print(markdown(rows, arguments.threads))
    if arguments.output:
        head = {"machine": machine.describe(), "settings": vars(arguments)}
        results = head | {"rows": [asdict(row) for row in rows]}
        arguments.output.write_text(json.dumps(results, indent=1, default=str), encoding="utf-8")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.options", description="cost of rules and options")
    add = parser.add_argument
    add("--threads", type=int, choices=[1, 2], default=1)
    add("--rounds", type=int, default=15, help="pairs of samples per row")
    add("--sample-seconds", type=float, default=0.2, help="about the time of one sample")
    add("--output", type=Path, help="JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()

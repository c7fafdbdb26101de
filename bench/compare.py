"""Measure fastmlp and its peers alternately: ours, peer, ours, ... on the same data and weights.

python -m bench.compare --workloads W1,W2 --peers torch_eager,sklearn --threads 1 --output r.json
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import machine, peer, report
from bench.peers.numpy_by_hand import NumpyRunner
from bench.report import Row, Sample
from bench.worker import Worker
from bench.workloads import GROUPS, WORKLOADS, make_problem

TOLERANCE = {"float32": 1e-3, "float64": 1e-5}  # relative to the oracle's loss; absolute on outputs


class Comparison:
    """All candidates on one workload."""

    def __init__(self, workload: str, arguments: argparse.Namespace) -> None:
        self.workload, self.arguments = WORKLOADS[workload], arguments
        self.skipped: dict[str, str] = {}
        self.about: dict[str, Any] = {}
        self.workers: dict[str, list[Worker]] = {}
        self.errors: dict[str, str | None] = {}
        self.repeats: dict[Worker, int] = {}
        for name in [arguments.ours, *arguments.peers]:
            self._start(name)

    def run(self) -> tuple[list[Row], list[Sample]]:
        ours = self.arguments.ours
        samples: list[Sample] = []
        if ours not in self.workers:
            return [], samples
        rivals = [name for name in self.workers if name != ours]
        for index in range(self.arguments.rounds):
            for rival in rivals:
                for mine, theirs in zip(self.workers[ours], self.workers[rival], strict=True):
                    samples += [self._sample(w, rival, index) for w in (mine, theirs)]
        rows = []
        for rival in rivals:
            errors = ", ".join(filter(None, (self.errors[ours], self.errors[rival])))
            paired = [s for s in samples if s.opponent == rival]
            close_ns = self.arguments.close_ns
            rows.append(report.summarise(paired, ours, rival, close_ns, errors or None))
        return rows, samples

    def close(self) -> None:
        for workers in self.workers.values():
            for worker in workers:
                worker.close()

    def _start(self, name: str) -> None:
        workers: list[Worker] = []
        try:
            for threads in self.arguments.threads:
                workers.append(Worker(name, self.workload.name, threads, self.arguments.shuffled))
            self.about[name] = {str(w.threads): w.about for w in workers}
            self.errors[name] = self._check(workers)
            self.repeats |= {worker: self._calibrate(worker) for worker in workers}
            self.workers[name] = workers
        except peer.Unsupported as reason:
            self.skipped[name] = str(reason)
            for worker in workers:
                worker.close()

    def _check(self, workers: list[Worker]) -> str | None:
        """None where every thread count gives the float64 oracle's result, else what is wrong."""
        expected, tolerance = self.expected, TOLERANCE[self.workload.dtype]
        for worker in workers:
            error = abs(worker.check() - expected) / (expected or 1.0)
            self.about[worker.name][str(worker.threads)]["error"] = error
            if not error <= tolerance:
                return f"WRONG: {worker.name} is off by {error:.1e} (threads {worker.threads})"
        return None

    @cached_property
    def expected(self) -> float:
        """The oracle's loss; for inference the error itself is reported, so 0."""
        if self.workload.rule is None:
            return 0.0
        problem = make_problem(self.workload, shuffled=self.arguments.shuffled).in_order()
        oracle = NumpyRunner(problem, "float64")
        oracle.run(self.workload.check_epochs)
        return oracle.loss()

    def _calibrate(self, worker: Worker) -> int:
        """Repeats that fill a sample; the first run compiles and warms up."""
        worker.seconds(1)
        repeats, goal = 1, self.arguments.sample_seconds
        while (seconds := worker.seconds(repeats)) < 0.5 * goal:
            repeats = math.ceil(repeats * min(10.0, goal / seconds))
        return repeats

    def _sample(self, worker: Worker, opponent: str, index: int) -> Sample:
        state = machine.probe()
        repeats = self.repeats[worker]
        if repeats > 1:
            worker.seconds(1)  # bring its data back into the caches
        step_us = worker.seconds(repeats) / (repeats * self.workload.steps) * 1e6
        name = self.workload.name
        return Sample(name, worker.name, opponent, index, worker.threads, step_us, state)


def main() -> None:
    arguments = parse()
    started = time.strftime("%Y-%m-%d %H:%M")
    if reason := machine.build_helper():
        print(reason, file=sys.stderr)
    rows: list[Row] = []
    samples: list[Sample] = []
    skipped: dict[str, list[str]] = {}
    about: dict[str, Any] = {}
    for workload in arguments.workloads:
        print(f"{workload} …", file=sys.stderr, flush=True)
        comparison = Comparison(workload, arguments)
        try:
            more_rows, more_samples = comparison.run()
        finally:
            comparison.close()
        rows += more_rows
        samples += more_samples
        for name, reason in comparison.skipped.items():
            skipped.setdefault(f"{name} ({reason})", []).append(workload)
        about[workload] = comparison.about
    table = report.markdown(rows, skipped)
    print(table)
    if arguments.output:
        head = {"started": started, "machine": machine.describe(), "settings": vars(arguments)}
        body = report.as_json(rows, samples) | {"candidates": about, "skipped": skipped}
        text = json.dumps(head | body, indent=1, default=str)
        arguments.output.write_text(text, encoding="utf-8")
        arguments.output.with_suffix(".md").write_text(table + "\n", encoding="utf-8")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.compare", description="fastmlp compared with its peers", allow_abbrev=False
    )
    add = parser.add_argument
    names = ", ".join([*WORKLOADS, *GROUPS])
    add("--workloads", type=_workloads, default="training", help=f"of {names}")
    add("--peers", type=_peers, default="all", help=f"of all, {', '.join(peer.names())}")
    add("--ours", default="fastmlp", choices=peer.names(), help="the one compared to all others")
    add("--threads", default="best", choices=["1", "2", "best"], help="best: the faster of 1 and 2")
    add("--rounds", type=int, default=15, help="samples of each candidate per peer")
    add("--sample-seconds", type=float, default=0.2, help="the least time of one sample")
    add("--close-ns", type=float, default=200.0, help="longest round trip between close cores")
    add("--shuffled", action="store_true", help="gather rows in random order, all candidates alike")
    add("--output", type=Path, help="JSON; the table is written to the same path with .md")
    arguments = parser.parse_args()
    arguments.threads = [1, 2] if arguments.threads == "best" else [int(arguments.threads)]
    arguments.peers = [name for name in arguments.peers if name != arguments.ours]
    return arguments


def _workloads(text: str) -> list[str]:
    names = [name for part in text.split(",") for name in GROUPS.get(part, [part])]
    if unknown := [name for name in names if name not in WORKLOADS]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return names


def _peers(text: str) -> list[str]:
    names = peer.names() if text == "all" else text.split(",")
    if unknown := [name for name in names if name not in peer.names()]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    main()

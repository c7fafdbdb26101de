"""The calls whose instructions `bench.instructions` counts; it runs under callgrind.

Training is counted in two lengths, because their difference is the work of the epochs only. The
name of a count ends with the steps or calls that were counted.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import fastmlp as fm
from bench.peers import fastmlp as peer
from bench.workloads import WORKLOADS, Problem, Workload, make_problem

STEPS = {"W1": 100, "W2": 20, "W3": 3, "W4": 2, "W5": 1, "W6": 4, "W7": 4}  # of an epoch
BATCHES = {"W5": 32}  # instead of 512: valgrind computes the lanes of a multiply-add one by one
SHORT, LONG = 1, 2  # epochs
SHUFFLED = ("W3",)
PREDICTIONS = {"I1a": (1, 100), "I1b": (1, 100)}  # rows
CALLS = 10


def shortened(name: str, samples: int, batch: int, shuffled: bool = False) -> Problem:
    workload: Workload = replace(WORKLOADS[name], samples=samples, batch=batch)
    return make_problem(workload, shuffled=shuffled)


def training(count: Callable[[str, Callable[[], Any]], None], name: str, shuffled: bool) -> None:
    batch = BATCHES.get(name, WORKLOADS[name].batch)
    problem = shortened(name, STEPS[name] * batch, batch, shuffled)
    label = f"{name} shuffled" if shuffled else name
    for epochs in (SHORT, LONG):
        runner = peer.prepare(problem, 1)  # a fresh one: equal work in both
        count(f"{label}:{epochs * STEPS[name]}", partial(runner.run, epochs))


def prediction(count: Callable[[str, Callable[[], Any]], None], name: str, rows: int) -> None:
    runner = peer.prepare(shortened(name, rows, rows), 1)
    runner.run(2)
    count(f"{name} {rows} rows:{CALLS}", partial(runner.run, CALLS))


def main() -> None:
    helper = ctypes.CDLL(sys.argv[1])

    def count(label: str, function: Callable[[], Any]) -> None:
        helper.start_counting()
        function()
        helper.stop_counting(label.encode())

    fm.set_num_threads(1)
    peer.prepare(shortened("W1", 10, 10), 1).run(1)  # imports what a first run imports
    for name in STEPS:
        for shuffled in (False, True) if name in SHUFFLED else (False,):
            training(count, name, shuffled)
    for name, all_rows in PREDICTIONS.items():
        for rows in all_rows:
            prediction(count, name, rows)


if __name__ == "__main__":
    main()

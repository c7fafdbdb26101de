"""Training on a busy machine: two threads beside one, with 0, 1 and 2 competing processes a core.

python -m bench.busy [--workloads W3,W4] [--seconds 4]

A row has the median time of a step on one thread and on two, in turn, and their ratio; what follows
is the two-thread time relative to that of the quiet machine, every half second after the competing
processes have ended.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import fastmlp as fm
from bench import machine, workloads

SPIN = [sys.executable, "-S", "-c", "print(flush=True)\nwhile True: pass"]


@contextmanager
def competing(processes: int) -> Generator[None]:
    busy = [subprocess.Popen(SPIN, stdout=subprocess.PIPE) for _ in range(processes)]
    try:
        for process in busy:
            assert process.stdout
            process.stdout.readline()  # it has begun
        yield
    finally:
        for process in busy:
            process.kill()
            process.communicate()


class Fits:
    """Runs of one workload by one trainer for each number of threads, as long as one sample."""

    def __init__(self, work: workloads.Workload, sample: float) -> None:
        problem = workloads.make_problem(work)
        self.X, self.y, self.steps = problem.X, problem.y, work.steps
        self.trainers = {threads: self._trainer(work, threads) for threads in (1, 2)}
        self.epochs = 1
        self.epochs = max(1, round(sample / (self.time(1) * self.steps)))

    @staticmethod
    def _trainer(work: workloads.Workload, threads: int) -> fm.Trainer:
        net = fm.Network(
            work.sizes, activation=work.activation, output=work.output, dtype=work.dtype, seed=0
        )
        return fm.Trainer(
            net,
            work.loss,
            optimizer="adam",
            batch_size=work.batch,
            shuffle=False,
            n_threads=threads,
        )

    def time(self, threads: int) -> float:
        """Seconds of a step."""
        start = time.perf_counter()
        self.trainers[threads].run(self.X, self.y, epochs=self.epochs)
        return (time.perf_counter() - start) / (self.epochs * self.steps)

    def medians(self, seconds: float) -> tuple[float, float]:
        end = time.perf_counter() + seconds
        times: list[Any] = []
        while len(times) < 3 or time.perf_counter() < end:
            times.append((self.time(1), self.time(2)))
        one, two = map(statistics.median, zip(*times, strict=True))
        return one, two


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workloads", default="W3,W4", help="names, by default W3,W4")
    parser.add_argument("--seconds", type=float, default=4, help="of each row")
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    print(machine.describe()["processor"])
    for name in options.workloads.split(","):
        fits = Fits(workloads.WORKLOADS[name], options.seconds / 40)
        quiet = fits.medians(options.seconds)
        rows = [(0, quiet)]
        for each in (1, 2):
            with competing(each * cores):
                rows.append((each, fits.medians(options.seconds)))
        after = [fits.medians(0.5)[1] / quiet[1] for _ in range(4)]
        for each, (one, two) in rows:
            print(f"{name}, {each} a core: {1e6 * one:.0f} us, {1e6 * two:.0f} us, {two / one:.2f}")
        print(f"{name}, after: " + " ".join(f"{ratio:.2f}" for ratio in after))


if __name__ == "__main__":
    main()

"""Data-parallel steps of a workload: measured, and predicted from the time of a sum.

``mpirun -n N python -m mpi4py -m bench.distributed [--workload W5] [--batch 4096]`` prints on rank
0, in milliseconds, the best of several: a step of one process with one thread while the others
sleep, the step of all, the part of a rank alone, the sum of its gradient; and the latency and the
time per byte to which the sums of several sizes are fitted. With ``--cpu``, for a busy machine,
the one process and the part are measured in the processor's time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from mpi4py import MPI

import fastmlp as fm
from bench.workloads import WORKLOADS

Clock = Callable[[], float]
COMM = MPI.COMM_WORLD
SIZES = (1_000, 30_000, 300_000, 3_000_000)  # numbers of 4 bytes


def best(run: Callable[[], Any], repeats: int, clock: Clock = time.perf_counter) -> float:
    """Seconds of the fastest run, of all ranks together."""
    seconds = []
    for _ in range(repeats):
        COMM.Barrier()
        start = clock()
        run()
        seconds.append(COMM.allreduce(clock() - start, MPI.MAX))
    return float(min(seconds))


def sleep_until_done(run: Callable[[], float]) -> float:
    """What rank 0 returns, for which the others wait without work."""
    result = run() if COMM.rank == 0 else 0.0
    request = COMM.Ibarrier()
    while not request.Test():
        time.sleep(0.01)
    return float(COMM.bcast(result, 0))


def alone(run: Callable[[], Any], repeats: int, clock: Clock) -> float:
    seconds = []
    for _ in range(repeats):
        start = clock()
        run()
        seconds.append(clock() - start)
    return min(seconds)


def seconds_of_sum(n: int, repeats: int) -> float:
    array = np.zeros(n, np.float32)
    return best(lambda: COMM.Allreduce(MPI.IN_PLACE, array, MPI.SUM), repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", default="W5")
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cpu", action="store_true")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    fm.set_num_threads(1)
    sizes = WORKLOADS[options.workload].sizes
    rng = np.random.default_rng(0)
    X = rng.random((options.batch, sizes[0]), np.float32)
    y = rng.integers(sizes[-1], size=options.batch)

    def trainer(comm: Any) -> fm.Trainer:
        net = fm.Network(list(sizes), activation="relu", output="softmax", seed=0)
        optimizer = fm.SGD(1e-3, momentum=0.9)
        return fm.Trainer(net, optimizer=optimizer, batch_size=None, shuffle=False, comm=comm)

    single, part, whole = trainer(None), trainer(None), trainer(COMM)
    here = slice(COMM.rank, None, COMM.size)
    one = sleep_until_done(lambda: alone(lambda: single.step(X, y), options.repeats, clock))
    rows = np.ascontiguousarray(X[here]), np.ascontiguousarray(y[here])
    local = best(lambda: part.step(*rows), options.repeats, clock)
    together = best(lambda: whole.step(*rows), options.repeats)
    n = whole.network.n_parameters
    total = seconds_of_sum(n, 4 * options.repeats)
    times = [seconds_of_sum(size, 20) for size in SIZES]
    latency = seconds_of_sum(64, 200)
    per_byte = float(np.polyfit(4 * np.array(SIZES), times, 1)[0])
    if COMM.rank == 0:
        print(f"{options.workload}, batch {options.batch}, {COMM.size} ranks, {4 * n} bytes")
        print(
            f"one process {1e3 * one:.1f} ms, ranks {1e3 * together:.1f} ms: {one / together:.2f}x"
        )
        print(f"a rank's part {1e3 * local:.1f} ms + its sum {1e3 * total:.1f} ms", end=" ")
        print(f"= {1e3 * (local + total):.1f} ms predicted: {one / (local + total):.2f}x")
        print(f"latency {1e6 * latency:.1f} us, {1e9 * per_byte:.3f} ns a byte")


if __name__ == "__main__":
    main()

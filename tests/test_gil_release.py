"""Other threads of Python continue while a fit runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core


@pytest.fixture(autouse=True)
def _limits_end() -> Iterator[None]:
    yield
    _core.force_num_threads(0)


def ticks(work: Callable[[float], object], seconds: float = 0.15) -> float:
    """Ticks a second of a thread that sleeps a millisecond at a time while work(seconds) runs."""
    count, done = 0, threading.Event()

    def tick() -> None:
        nonlocal count
        while not done.is_set():
            time.sleep(1e-3)
            count += 1

    thread = threading.Thread(target=tick)
    start = time.perf_counter()
    thread.start()
    work(seconds)
    elapsed = time.perf_counter() - start
    done.set()
    thread.join()
    return count / elapsed


def ticks_during(processes: int) -> float:
    """The same during processes that are as busy as a fit on this number of threads."""
    spin = [sys.executable, "-S", "-c", "print(flush=True)\nwhile True: pass"]
    busy = [subprocess.Popen(spin, stdout=subprocess.PIPE) for _ in range(processes)]
    try:
        for process in busy:
            assert process.stdout
            process.stdout.readline()  # it has begun
        return ticks(time.sleep)
    finally:
        for process in busy:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("threads", "width", "rows"),
    [(1, 256, 4096), (2, 256, 4096), (1, 16, 2048), (1, 4, 8)],
    ids=["one thread", "two threads", "epochs of a millisecond", "epochs of some microseconds"],
)
def test_other_threads_of_python_keep_their_ticks(threads: int, width: int, rows: int) -> None:
    """At least 90 %: with fit, and during other processes with the same load.

    A busy machine can only take ticks away: a fit that kept the interpreter for itself would fall
    short in every series.
    """
    X, y = np.ones((rows, width), np.float32), np.ones((rows, 1), np.float32)
    net = fm.Network([width, width, 1], output="identity", seed=0)
    _core.force_num_threads(threads)

    def fit(seconds: float) -> Any:
        return net.fit(X, y, epochs=10**6, max_seconds=seconds, batch_size=64)

    ratios: list[float] = []
    for _ in range(5):
        pairs = [(ticks(fit), ticks_during(threads)) for _ in range(3)]
        ours, others = map(statistics.median, zip(*pairs, strict=True))
        ratios.append(ours / others)
        if ratios[-1] >= 0.9:
            return
    pytest.fail(f"fit left {ratios} of the ticks")

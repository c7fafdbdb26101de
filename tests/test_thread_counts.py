"""How many threads a call gets, and that they are gone after it."""

from __future__ import annotations

import os
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

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def _limits_end() -> Iterator[None]:
    yield
    _core.force_num_threads(0)
    fm.set_num_threads(1024)


def count() -> int:
    return len(os.listdir("/proc/self/task"))


def settled() -> int:
    """The threads of this process, once those that have ended are gone."""
    counts = [count()]
    while len(counts) < 10 or len(set(counts[-10:])) > 1:
        time.sleep(5e-3)
        counts.append(count())
    return counts[-1]


def extra_threads(work: Callable[[], object]) -> int:
    """The most threads that the process had beyond those before, while work() ran."""
    seen, done = [0], threading.Event()

    def watch(before: int) -> None:
        while not done.is_set():
            seen.append(count() - before)
            time.sleep(1e-4)

    watcher = threading.Thread(target=watch, args=(settled() + 1,))
    watcher.start()
    work()
    done.set()
    watcher.join()
    return max(seen)


def long_fit(layers: list[int]) -> Callable[[], object]:
    """0.3 seconds of training."""
    net = fm.Network(layers, output="identity", seed=0)
    X, y = np.ones((5_000, layers[0]), np.float32), np.ones((5_000, layers[-1]), np.float32)
    return lambda: net.fit(X, y, epochs=10**6, max_seconds=0.3, batch_size=256)


@linux
@pytest.mark.parametrize(("forced", "extra"), [(1, 0), (2, 2), (3, 3), (8, 8)])
def test_forced_threads_are_there_while_they_work_and_gone_after(forced: int, extra: int) -> None:
    """A team of more than one has an engine beside the caller, who waits."""
    before = settled()
    _core.force_num_threads(forced)
    assert extra_threads(long_fit([4, 4, 1])) == extra
    assert settled() == before


@linux
def test_a_small_network_stays_on_the_calling_thread() -> None:
    assert extra_threads(long_fit([4, 8, 1])) == 0


@linux
def test_a_large_network_uses_as_many_threads_as_it_may() -> None:
    threads = fm.get_num_threads()
    assert extra_threads(long_fit([256, 512, 1])) == (threads if threads > 1 else 0)
    fm.set_num_threads(1)
    assert extra_threads(long_fit([256, 512, 1])) == 0


def test_the_number_set_is_the_most_and_holds_for_all_threads() -> None:
    available = fm.get_num_threads()
    assert 1 <= available <= (os.cpu_count() or 1)
    fm.set_num_threads(1)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(fm.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [1] == [fm.get_num_threads()]
    fm.set_num_threads(available + 1)
    assert fm.get_num_threads() == available


@pytest.mark.parametrize(
    ("threads", "error"),
    [(0, ValueError), (-1, ValueError), (10**9, ValueError), (10**30, ValueError)]
    + [(wrong, TypeError) for wrong in ("2", None, [2], 1.5, True)],
)
def test_what_is_no_number_of_threads_is_refused(threads: Any, error: type[Exception]) -> None:
    before = fm.get_num_threads()
    with pytest.raises(error, match=r"^set_num_threads: threads"):
        fm.set_num_threads(threads)
    assert fm.get_num_threads() == before


def threads_of(code: str, **environment: str) -> int:
    """What a fresh process prints."""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
@pytest.mark.parametrize("order", ["before", "after"])
def test_affinity_is_obeyed_whenever_it_is_set(order: str) -> None:
    bind = "os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])"
    lines = [bind, "import fastmlp as fm"]
    code = "\n".join(["import os", *(lines if order == "before" else lines[::-1])])
    assert threads_of(f"{code}\nprint(fm.get_num_threads())") == 1


@pytest.mark.skipif(_core.config()["openmp"] is None, reason="built without OpenMP")
def test_the_environment_of_openmp_is_obeyed() -> None:
    code = "import fastmlp as fm\nprint(fm.get_num_threads())"
    assert threads_of(code, OMP_NUM_THREADS="1") == 1
    assert threads_of(code, OMP_NUM_THREADS="64") <= (os.cpu_count() or 1)

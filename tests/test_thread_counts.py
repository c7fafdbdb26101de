"""The number of threads of a call, and their end after it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
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
    """The threads of this process, once those that no call has used for some time are gone."""
    counts = [count()]
    while len(counts) < 80 or len(set(counts[-80:])) > 1:
        time.sleep(5e-3)
        counts.append(count())
    return counts[-1]


def extra_threads(work: Callable[[], object]) -> int:
    """The maximum number of additional threads while work() ran."""
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
@pytest.mark.parametrize(("forced", "extra"), [(1, 0), (2, 1), (3, 2), (8, 7)])
def test_forced_threads_are_there_while_they_work_and_gone_after(forced: int, extra: int) -> None:
    """The caller is one of the team."""
    before = settled()
    _core.force_num_threads(forced)
    assert extra_threads(long_fit([4, 4, 1])) == extra
    assert settled() == before


@linux
def test_a_small_network_stays_on_the_calling_thread() -> None:
    """In a process where no other library has threads that come and go."""
    code = "import test_thread_counts as t; print(t.extra_threads(t.long_fit([4, 8, 1])))"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, check=True)
    assert int(found.stdout) == 0


@linux
def test_a_large_network_uses_as_many_threads_as_it_may() -> None:
    threads = fm.get_num_threads()
    assert extra_threads(long_fit([256, 512, 1])) == threads - 1
    fm.set_num_threads(1)
    assert extra_threads(long_fit([256, 512, 1])) == 0


@linux
@pytest.mark.parametrize(("rate", "shared"), [(1e-3, True), (lambda epoch: 1e-3, False)])
def test_short_epochs_count_together_where_one_call_makes_them(rate: Any, shared: bool) -> None:
    """With a schedule in Python each epoch is a separate call, too short for threads."""
    width, n = (256, 640) if shared else (64, 32)
    net = fm.Network([width, width, 10], output="identity", seed=0)
    X, y = np.ones((n, width), np.float32), np.ones((n, 10), np.float32)

    def fit() -> object:
        return net.fit(X, y, optimizer=fm.Adam(rate), epochs=10**6, max_seconds=0.3, batch_size=64)

    assert extra_threads(fit) == (fm.get_num_threads() - 1 if shared else 0)


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
    """Output of a fresh process."""
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


def quota(root: Path, membership: str, files: dict[str, str] | None = None) -> int:
    """The threads by quota where control groups have these files."""
    for name, text in (files or {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return _core.cgroup_cpu_limit(str(root), membership)


@pytest.mark.parametrize(
    ("text", "threads"),
    [
        ("max 100000\n", 0),
        ("100000 100000\n", 1),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("800000 100000\n", 8),
        *((garbage, 0) for garbage in ("", "?", "1", "1 0", "-1 100000", "1e300 1", "nan nan")),
    ],
)
def test_a_quota_counts_as_processors_rounded_up(text: str, threads: int, tmp_path: Path) -> None:
    """In version 2 of control groups; malformed values are no limit."""
    assert quota(tmp_path, "0::/\n", {"cpu.max": text}) == threads


@pytest.mark.parametrize(
    ("microseconds", "threads"), [("-1", 0), ("150000", 2), ("300000", 3), ("?", 0), ("", 0)]
)
def test_a_quota_of_version_1_counts_alike(microseconds: str, threads: int, tmp_path: Path) -> None:
    membership = "12:cpuset:/other\n4:cpu,cpuacct:/group\n"
    group = "cpu/group/cpu.cfs"
    files = {f"{group}_quota_us": microseconds, f"{group}_period_us": "100000"}
    assert quota(tmp_path, membership, files) == threads


@pytest.mark.parametrize(
    ("outer", "middle", "inner", "threads"),
    [
        ("max 1000", "max 1000", "3000 1000", 3),
        ("2000 1000", "max 1000", "3000 1000", 2),
        ("max 1000", "1000 1000", "3000 1000", 1),
        ("5000 1000", "4000 1000", "max 1000", 4),
    ],
)
def test_the_tightest_of_nested_groups_counts(
    outer: str, middle: str, inner: str, threads: int, tmp_path: Path
) -> None:
    files = {"cpu.max": outer, "a.slice/cpu.max": middle, "a.slice/b/cpu.max": inner}
    assert quota(tmp_path, "0::/a.slice/b\n", files) == threads
    assert quota(tmp_path, "0::/another\n") == quota(tmp_path, "0::/\n")


def test_without_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    for membership in ("", "0::/\n", "0::/a/b\n", "4:cpu:/a\n", "garbage\n:\n::\n"):
        assert quota(tmp_path, membership) == 0


def test_a_container_that_sees_its_own_group_as_the_root_is_limited(tmp_path: Path) -> None:
    """It may read its path on the host, which does not exist inside."""
    assert quota(tmp_path, "0::/docker/0123\n", {"cpu.max": "200000 100000"}) == 2

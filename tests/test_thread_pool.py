"""Threads that stay for the next call: their number, their end, and what they leave alone."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from forced_threads import forced_threads

TASKS = Path("/proc/self/task")
pytestmark = pytest.mark.skipif(not TASKS.exists(), reason="threads are counted in /proc")

X = np.random.default_rng(0).normal(size=(128, 100)).astype("f4")
Y = np.sin(X[:, :1])


def threads() -> set[str]:
    """All threads of this process."""
    return set(os.listdir(TASKS))


def trainer() -> fm.Trainer:
    return fm.Trainer(fm.Network([100, 64, 1], seed=0))


def wait_until(condition: Callable[[], Any]) -> bool:
    """Whether it comes true, in much more time than idle threads have."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def wait_for_idle_threads() -> None:
    """Until none has ended for three times as long as they wait."""
    last = threads()
    while True:
        time.sleep(0.3)
        if last <= (now := threads()):
            return
        last = now


@pytest.fixture(autouse=True)
def no_idle_threads() -> None:
    """Those of the tests before have ended."""
    wait_for_idle_threads()


def test_the_threads_of_a_call_serve_the_next_and_then_end() -> None:
    step = trainer().step
    before = threads()
    with forced_threads(3):
        step(X, Y)
        started = threads() - before
        assert len(started) == 2
        for _ in range(20):
            step(X, Y)
            started |= threads() - before
    assert len(started) < 20  # 42 where each call has its own; on a busy machine some have ended
    assert wait_until(lambda: not threads() & started)


def test_small_work_and_a_limit_of_one_start_no_thread() -> None:
    def work() -> None:
        trainer().run(X, Y, epochs=3)
        fm.Network([100, 300, 1], seed=0).fit(X, Y, epochs=300, n_threads=1)

    work()  # the first calls of a process measure what a thread costs
    wait_for_idle_threads()
    before = threads()
    work()
    assert threads() <= before


def test_idle_threads_take_no_processor_time() -> None:
    step = trainer().step
    with forced_threads(4):
        step(X, Y)
        before = time.process_time()
        time.sleep(0.05)
        assert time.process_time() - before < 0.02  # 0.15 where three of them do not sleep


def test_signals_are_left_to_the_threads_of_the_program() -> None:
    """A program that waits for a signal, which it blocks elsewhere, gets it."""
    before = threads()
    with forced_threads(3):
        trainer().step(X, Y)
        for thread in threads() - before:
            status = (TASKS / thread / "status").read_text()
            blocked = int(status.split("SigBlk:")[1].split()[0], 16)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD):
                assert blocked >> (number - 1) & 1
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes")
def test_a_forked_child_starts_threads_of_its_own() -> None:
    made = trainer()
    with forced_threads(3):
        made.step(X, Y)
        before = threads()
        child = os.fork()  # before which idle threads end, because Python warns of threads
        if child == 0:
            counts = [len(threads())]
            signal.alarm(20)
            made.step(X, Y)
            counts.append(len(threads()))
            os._exit(counts != [1, 3])
        assert len(threads() & before) <= len(before) - 2
        assert os.waitpid(child, 0)[1] == 0
        made.step(X, Y)

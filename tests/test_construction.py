"""Work outside of training that takes long: other threads run, and Ctrl-C ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core

CODE = """
import functools, signal, sys, time
import numpy as np
import fastmlp as fm

double = np.ones(2 * 10**7)
rows = np.ones((3 * 10**6, 10), "f4")
calls = {
    "orthogonal": lambda: fm.Network([1200, 1200], init="orthogonal"),
    "float64": lambda: fm.Network([3000, 3000], init="he_uniform", dtype="float64"),
    "Dense": lambda: fm.Network([fm.Dense(3000, init="he_normal"), fm.Dense(1)], inputs=3000),
    "HeNormal": lambda: fm.HeNormal()(3000, 3000),
    "Orthogonal": lambda: fm.Orthogonal()(1200, 600),
    "GELU": lambda: fm.GELU()(double),
    "GELU.derivative": lambda: fm.GELU().derivative(double),
    "Softmax": lambda: fm.Softmax()(rows),
    "Softmax.derivative": lambda: fm.Softmax().derivative(rows[: 10**6]),
    "CrossEntropy": lambda: fm.CrossEntropy()(rows, rows),
    "CrossEntropy.gradient": lambda: fm.CrossEntropy().gradient(rows, rows),
    "save": lambda: large().save(sys.argv[2]),
    "load": lambda: fm.load(sys.argv[2]),
}
@functools.cache
def large():
    return fm.Network([6000, 6000, 1], init="zeros")

if sys.argv[1] == "load":
    large().save(sys.argv[2])
call = calls[sys.argv[1]]

class Alarm(Exception):
    pass

def ring(*_):
    raise Alarm

signal.signal(signal.SIGPROF, ring)
start = time.process_time()
call()
whole = time.process_time() - start
shares = []
for part in (0.2, 0.4):
    start = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, max(part * whole, 1e-3))
        call()
        signal.setitimer(signal.ITIMER_PROF, 0)
    except Alarm:
        pass
    shares.append((time.process_time() - start) / whole)
print(*shares)
"""
CALLS = [
    "orthogonal", "float64", "Dense", "HeNormal", "Orthogonal", "GELU", "GELU.derivative",
    "Softmax", "Softmax.derivative", "CrossEntropy", "CrossEntropy.gradient", "save",
    "load",
]  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="POSIX signals")
@pytest.mark.parametrize("call", CALLS)
def test_an_interrupt_ends_the_call(tmp_path: Path, call: str) -> None:
    """After less than 0.8 of its processor time, sent at 0.2 and 0.4 of it; in one of six calls.

    A busy machine can only make the end later; a call that does not look is late in every series.
    """
    shares = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", CODE, call, str(tmp_path / "net")],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        shares.append([float(word) for word in done.stdout.split()])
        if min(shares[-1]) < 0.8:
            return
    pytest.fail(f"shares of the call until it ended: {shares}")


def longest_wait(work: Callable[[], object]) -> tuple[float, float]:
    """Processor time of the longest wait of another thread during the work, and that of it."""
    gaps, done = [0.0], threading.Event()

    def tick() -> None:
        last = time.process_time()
        while not done.is_set():
            time.sleep(1e-3)
            gaps.append(time.process_time() - last)
            last += gaps[-1]

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.process_time()
    work()
    took = time.process_time() - start
    done.set()
    thread.join()
    return max(gaps), took


MANY = 6000  # 36 million weights


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], object]]:
    """Work on a large network, by name."""
    net = fm.Network([MANY, MANY, 1], init="zeros")
    path = tmp_path_factory.mktemp("large") / "net"
    trainer = fm.Trainer(net)
    kept = _core.float32.Snapshot()
    net.save(path)
    trainer._native.keep(kept)
    return {
        "keep": lambda: trainer._native.keep(kept),
        "go back": lambda: trainer._native.go_back(kept),
        "state": lambda: trainer._native.state_dict(),
        "copy": lambda: net.copy(),
        "save": lambda: net.save(path),
        "load": lambda: fm.load(path),
        "orthogonal": lambda: fm.Network([1200, 1200], init="orthogonal"),
    }


@pytest.mark.parametrize("name", ["keep", "go back", "state", "copy", "save", "load", "orthogonal"])
def test_other_threads_run_during_long_work(
    large: dict[str, Callable[[], object]], name: str
) -> None:
    """They wait at most for a part of it; a busy machine can only make them wait longer."""
    found = []
    for _ in range(5):
        longest, took = longest_wait(large[name])
        found.append((longest, took))
        if longest < 0.6 * took:
            return
    pytest.fail(f"processor time of the longest wait, and of the whole: {found}")


def test_a_trainer_takes_no_memory_for_zeros_before_its_first_step() -> None:
    """Made in less time than one pass over its parameters, which a state of zeros would take."""
    net = fm.Network([MANY, MANY, 1], init="zeros")
    shares = []
    for _ in range(5):
        start = time.process_time()
        made = fm.Trainer(net)
        middle = time.process_time()
        copies = [net.parameters.copy() for _ in range(2)]  # as many as Adam's state
        shares.append((middle - start) / (time.process_time() - middle))
        del made, copies
        if shares[-1] < 0.5:
            return
    pytest.fail(f"time of a trainer, by that of two copies: {shares}")


@pytest.mark.parametrize(
    "shape",
    [
        (1, 1),
        (47, 47),
        (48, 48),
        (49, 30),
        (95, 60),
        (96, 96),
        (97, 144),
        (200, 130),
        (130, 200),
        (3, 300),
        (300, 3),
    ],
)
def test_orthogonal_weights_of_all_block_sizes(shape: tuple[int, int]) -> None:
    """W Wᵀ = I or Wᵀ W = I, and W R is the Gaussian matrix of the same draws, R triangular."""
    n_in, n_out = shape
    w = fm.Orthogonal()(n_in, n_out, seed=5)
    tall = w if n_in > n_out else w.T
    np.testing.assert_allclose(tall.T @ tall, np.eye(min(shape)), atol=1e-13)
    gaussian: Any = fm.Normal(std=1.0)(n_in, n_out, seed=5).T.reshape(-1)
    gaussian = gaussian.reshape(tall.shape[1], tall.shape[0]).T  # column by column
    r = tall.T @ gaussian
    np.testing.assert_allclose(np.tril(r, -1), 0, atol=1e-12)
    np.testing.assert_allclose(tall @ r, gaussian, atol=1e-12)
    assert (np.diag(r) > 0).all()

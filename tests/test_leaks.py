"""A call releases its memory and its threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A fifth of the cycles makes teams of two threads: their stacks and arenas are memory, too.
CYCLES = """
import gc, os, pickle, sys, time
import numpy as np
import fastmlp as fm
from fastmlp import _core

random = np.random.default_rng(0)
X, y = random.standard_normal((64, 20), "f"), random.integers(3, size=64)
not_finite = X.copy()
not_finite[5, 5] = np.nan


def refused(error, call):
    try:
        call()
    except error:
        return
    raise SystemExit(f"no {error.__name__}")


def fails(outputs, y):
    raise RuntimeError("a custom loss")


def cycle(i):
    _core.force_num_threads(2 if i % 5 == 0 else 1)
    net = fm.Network([20, 30, 3], output="softmax", seed=i)
    net.fit(X, y, epochs=2, optimizer=fm.Adam(1e-2, clip_norm=1.0), validation_data=(X, y))
    net.predict(X)
    net.value_and_grad(X, y)
    net.copy().predict(X[0])
    pickle.loads(pickle.dumps(net)).fit(X, y, epochs=1)
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1, momentum=0.9))
    trainer.backward(trainer.forward(X))
    trainer.state
    refused(ValueError, lambda: net.predict(X[:, 1:]))
    refused(ValueError, lambda: net.fit(not_finite, y))
    refused(ValueError, lambda: fm.Adam(beta2=1.5))
    refused(TypeError, lambda: fm.Network([20, 3], activation=3))
    refused(RuntimeError, lambda: net.fit(X, y, loss=fails))


def used():
    '''Resident bytes and threads of this process.'''
    gc.collect()
    time.sleep(0.5)  # for threads that wait for another call
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    return resident, len(os.listdir("/proc/self/task"))


def warmed_up(cycles):
    for i in range(cycles):
        cycle(i)
    return used()


warm_up, cycles = map(int, sys.argv[1:])
resident, threads = warmed_up(warm_up)
after, threads_after = warmed_up(cycles)
print(after - resident, threads_after - threads)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("warm_up", "cycles"), [(300, 700), pytest.param(1_000, 10_000, marks=pytest.mark.slow)]
)
def test_ten_thousand_cycles_grow_by_less_than_a_megabyte(warm_up: int, cycles: int) -> None:
    """fit, predict, copy, pickle, exceptions; afterwards there are as many threads as before."""
    run = subprocess.run(
        [sys.executable, "-c", CYCLES, str(warm_up), str(cycles)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    growth, threads = map(int, run.stdout.split())
    assert growth < 2**20
    assert threads == 0

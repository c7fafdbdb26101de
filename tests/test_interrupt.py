"""Neighbours and Ctrl-C: one training at a time, stopped between two steps."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

import fastmlp as fm


def test_a_network_is_trained_by_one_call_at_a_time() -> None:
    """A second fit raises RuntimeError while the first runs, which is not harmed."""
    X, y = np.zeros((100_000, 32), np.float32), np.zeros((100_000, 1), np.float32)
    net = fm.Network([32, 128, 128, 1], activation="tanh", output="identity", seed=0)
    started, errors, statuses = threading.Event(), [], []

    class Starts:
        def on_fit_begin(self, *_: Any, **__: Any) -> None:
            started.set()

    def first() -> None:
        history = net.fit(X, y, epochs=10**6, max_seconds=0.6, batch_size=1, callbacks=[Starts()])
        statuses.append(history.status)

    thread = threading.Thread(target=first)
    thread.start()
    started.wait()
    time.sleep(0.2)  # now it is inside its first, long epoch
    while thread.is_alive():
        try:
            net.fit(X[:1], y[:1], epochs=1)
        except RuntimeError as error:
            errors.append(str(error))
    thread.join()
    assert statuses == ["max_seconds"]
    assert errors
    assert all("being trained by another call" in error for error in errors)
    net.fit(X[:5], y[:5], epochs=1)


INTERRUPTED = """
import signal, sys, threading, time
import numpy as np
import fastmlp as fm

def kill_after(seconds, sent):
    def kill():
        time.sleep(seconds)
        sent.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)
    threading.Thread(target=kill, daemon=True).start()

def latency(work):
    sent = []
    kill_after(0.4, sent)
    try:
        work()
    except KeyboardInterrupt:
        return time.perf_counter() - sent[0]
    raise SystemExit("no KeyboardInterrupt")

def spin():
    while True:
        pass

n, batch = 50_000, 128
rng = np.random.default_rng(0)
X, y = rng.standard_normal((n, 128), "f"), rng.standard_normal((n, 1), "f")
make = lambda: fm.Network([128, 512, 512, 1], activation="tanh", output="identity", seed=0)
net, twin = make(), make()
fields = dict(optimizer=fm.Adam(1e-4), batch_size=batch)
normal = latency(spin)
ours = latency(lambda: net.fit(X, y, epochs=10**6, shuffle=False, **fields))

trainer, steps = fm.Trainer(twin, **fields), 0
while not np.array_equal(net.parameters, twin.parameters):
    if steps > 5_000:
        raise SystemExit("the parameters are those of no complete step")
    start = steps * batch % n
    trainer.step(X[start:start + batch], y[start:start + batch])
    steps += 1
if steps == 0:
    raise SystemExit("nothing was trained before the interrupt")
net.fit(X[:64], y[:64], epochs=1)
print(ours, normal)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_within_a_tenth_of_a_second_leaves_the_last_complete_step() -> None:
    """Measured against the same interrupt of a Python loop, for busy machines."""
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr
    ours, normal = map(float, run.stdout.split())
    assert ours < 0.1 + 5 * normal

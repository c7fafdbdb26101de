"""Ctrl-C at any moment."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def run(code: str, *arguments: object) -> str:
    """Output of a fresh process, where signals can do no harm."""
    process = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def assert_in_time(code: str, threads: int, *arguments: object) -> None:
    """Within 0.1 s and one step, in processor time, to which a busy machine adds nothing."""
    ours, step = map(float, run(code, threads, *arguments).split())
    assert ours < 0.1 * threads + step


# A timer sends what Ctrl-C sends, at a known moment of the work, with the handler of SIGINT:
# SIGPROF where processor time is measured, SIGALRM to come at any moment, not at ticks alone.
PRELUDE = """
import signal, sys, time
import numpy as np
import fastmlp as fm
from fastmlp import _core

threads, moments = map(int, sys.argv[1:3])
_core.force_num_threads(threads)
for number in (signal.SIGPROF, signal.SIGALRM):
    signal.signal(number, signal.default_int_handler)
random = np.random.default_rng(threads)

def latency(work, longest, timer=signal.ITIMER_PROF):
    '''Processor seconds from a random moment's interrupt to its arrival.'''
    seconds = random.uniform(1e-4, longest)
    try:
        sent = time.process_time() + seconds
        signal.setitimer(timer, seconds)
        while True:
            work()
    except KeyboardInterrupt:
        return time.process_time() - sent
"""

FIT = (
    PRELUDE
    + """
n, batch = 12_800, 128
X, y = random.standard_normal((n, 128), "f"), random.standard_normal((n, 1), "f")
X.setflags(write=False)
make = lambda: fm.Network([128, 512, 512, 1], activation="tanh", output="identity", seed=0)
net, twin = make(), make()
fields = dict(optimizer=fm.Adam(1e-4), batch_size=batch, shuffle=False)
trainer, steps = fm.Trainer(net, **fields), fm.Trainer(twin, **fields)

def same():
    return net.parameters.tobytes() == twin.parameters.tobytes() and all(
        trainer.state[name].tobytes() == steps.state[name].tobytes() for name in steps.state
    )

ours, longest_step = [], 0.0
for moment in range(moments):
    ours.append(latency(lambda: trainer.run(X, y, epochs=10**6), 0.2))
    for step in range(trainer.n_steps - steps.n_steps):
        begin = step * batch % n
        start = time.process_time()
        steps.step(X[begin:begin + batch], y[begin:begin + batch])
        longest_step = max(longest_step, time.process_time() - start)
    if not same():
        raise SystemExit(f"interrupt {moment} left the parameters of no complete step")
if not trainer.n_steps:
    raise SystemExit("nothing was trained before the interrupts")
print(max(ours), longest_step)
"""
)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("moments", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_a_fit_ends_within_a_tenth_of_a_second_after_a_complete_step(
    threads: int, moments: int
) -> None:
    """Training continues after each interrupt, equal to its twin that makes single steps."""
    assert_in_time(FIT, threads, moments)


CALLS = (
    PRELUDE
    + """
X, y = random.standard_normal((3000, 400), "f"), random.standard_normal((3000, 400), "f")
net = fm.Network([400, 1000, 400], output="identity", seed=0)
before = net.parameters.tobytes()
deep = fm.Network([200, 100, 100, 10], activation="tanh", output="softmax", seed=0)
labels = np.arange(3000) % 10

def diagonal(method):
    return lambda: deep.hessian_diagonal(X[:, :200], labels, method=method, draws=100)

work = {
    "predict": lambda: net.predict(X),
    "loss": lambda: net.loss(X, y),
    "value_and_grad": lambda: net.value_and_grad(X, y),
    "backward": lambda: net.backward(X, y),
    "jacobian": lambda: net.jacobian(X[:50]),
    "activations": lambda: net.activations(X),
    "exact": diagonal("exact"),
    "gauss_newton": diagonal("gauss_newton"),
    "curvature_propagation": diagonal("curvature_propagation"),
    "hutchinson": diagonal("hutchinson"),
}
ours = max(latency(work[sys.argv[3]], 0.1) for _ in range(moments))
if net.parameters.tobytes() != before:
    raise SystemExit("the parameters were changed")
print(ours, 0)
"""
)


CALLED = ["predict", "loss", "value_and_grad", "backward", "jacobian", "activations"]
CALLED += ["exact", "gauss_newton", "curvature_propagation", "hutchinson"]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", CALLED)
@pytest.mark.parametrize("moments", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_every_long_call_can_be_interrupted(call: str, threads: int, moments: int) -> None:
    assert_in_time(CALLS, threads, moments, call)


SMALL = (
    PRELUDE
    + """
from collections import Counter

X, y = np.ones((4, 2), "f"), np.ones((4, 1), "f")
net = fm.Network([2, 3, 1], output="identity", seed=0)
trainer = fm.Trainer(net)
gradient = np.zeros(net.n_parameters, "f")
work = {
    "step": lambda: trainer.step(X, y),
    "epoch": lambda: trainer.epoch(X, y),
    "fit": lambda: net.fit(X, y, epochs=2),
    "forward": lambda: trainer.forward(X),
    "apply": lambda: trainer.apply(gradient),
}
left_locked = Counter()
for name, call in work.items():
    for _ in range(moments):
        latency(call, 3e-3, signal.ITIMER_REAL)
        try:
            trainer.step(X, y)
        except RuntimeError:
            left_locked[name] += 1
            net = net.copy()
            trainer = fm.Trainer(net)
if left_locked:
    raise SystemExit(f"of {moments} interrupts each left the network locked: {dict(left_locked)}")
"""
)


@pytest.mark.parametrize("moments", [300, pytest.param(5_000, marks=pytest.mark.slow)])
def test_an_interrupt_between_small_calls_leaves_the_network_free(moments: int) -> None:
    """Most of these moments lie in Python code, some where the network is taken or given back."""
    run(SMALL, 1, moments)


MEMBERS = (
    PRELUDE
    + """
steps = np.arange(2e7)
a = np.linspace(-9, 9, 20_000_000)
work = {
    "schedule": lambda: fm.CosineDecay(0.1, 100)(steps),
    "initialiser": lambda: fm.Orthogonal()(1500, 1500, 0),
    "activation": lambda: fm.GELU()(a),
    "loss": lambda: fm.Huber()(a, a),
    "network": lambda: fm.Network([1500, 1500], init="orthogonal"),
}[sys.argv[3]]

class Stop(Exception):
    pass

def stop(*_):
    raise Stop

signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.03)
try:
    work()
except Stop:
    print("stopped")
"""
)


@pytest.mark.parametrize("call", ["schedule", "initialiser", "activation", "loss", "network"])
def test_calls_of_members_on_big_arrays_can_be_interrupted(call: str) -> None:
    """Those take a tenth of a second at least; the lock of the interpreter is free meanwhile."""
    assert run(MEMBERS, 1, 0, call) == "stopped\n"

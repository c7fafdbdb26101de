"""Values that change while native code reads them: numbers or an exception, never a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DTYPES = ["float32", "float64"]


def output_of(code: str, *arguments: object) -> str:
    """Output of a fresh process, in which memory may be written at will."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parent,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stdout


CLASSES = """
import sys
import numpy as np
import fastmlp as fm
from fastmlp import _core

dtype, threads, call, wrong = sys.argv[1], int(sys.argv[2]), sys.argv[3], map(int, sys.argv[4:])
_core.force_num_threads(threads)
X, y = np.ones((300, 4), dtype), np.zeros(300, np.int64)
net = fm.Network([4, 6, 3], output="softmax", dtype=dtype, seed=0)
loss, v = fm.CrossEntropy(), np.ones((2, net.n_parameters), dtype)
curvature = lambda: getattr(_core, dtype).Curvature(net._native, X, y, loss, None)
lbfgs = fm.Trainer(net, optimizer="lbfgs")._native
trainer = fm.Trainer(net, batch_size=50, optimizer=fm.SGD(0.1, average=fm.Polyak()))
native, good = trainer._native, getattr(_core, dtype).Snapshot()
calls = {
    "loss": lambda: net._native.loss(X, y, loss, None),
    "value_and_grad": lambda: net._native.value_and_grad(X, y, loss, None),
    **{
        kind: lambda kind=kind: curvature().products(kind, v)
        for kind in ("hessian", "gauss_newton", "central_difference")
    },
    "diagonal": lambda: curvature().diagonal("hessian"),
    "gradient": lambda: curvature().gradient(),
    "ritz_values": lambda: curvature().ritz_values("hessian", 3, np.ones(net.n_parameters)),
    "step": lambda: native.step(X, y, None),
    "epochs": lambda: native.epochs(X, y, None, 3, None, good, []),
    "lbfgs": lambda: lbfgs.epochs(X, y, None, 3, None, good, []),
}
for y[217] in wrong:
    before = net.parameters.copy()
    try:
        calls[call]()
    except ValueError as error:
        print(error)
    assert call == "epochs" or np.array_equal(net.parameters, before)
    assert np.isfinite(net.parameters).all()
    y[217] = 2
    calls[call]()
"""
WRONG_CLASSES = 3, -1, 10**9, -(2**63), 2**63 - 1


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "call",
    [
        *("loss", "value_and_grad", "hessian", "gauss_newton", "central_difference"),
        *("diagonal", "gradient", "ritz_values", "step", "epochs", "lbfgs"),
    ],
)
def test_a_class_is_checked_where_it_is_used(call: str, threads: int) -> None:
    """In the core itself, which receives y after all checks in Python; the next call works."""
    for dtype in DTYPES:
        lines = output_of(CLASSES, dtype, threads, call, *WRONG_CLASSES).splitlines()
        assert len(lines) == len(WRONG_CLASSES), lines
        for line, wrong in zip(lines, WRONG_CLASSES, strict=True):
            assert line.startswith(f"y[217]={wrong}, expected class indices 0 to 2"), line


CHANGES = """
import signal, sys, threading
import numpy as np
import fastmlp as fm

way, seed = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(seed)
X = random.normal(size=(20000, 16)).astype("f4")
y, weights = np.zeros(20000, np.int64), np.ones(20000, "f4")
net = fm.Network([16, 32, 5], output="softmax", seed=0)
batch = int(random.choice([1, 32, 500, 20000]))
fields = dict(batch_size=batch, sample_weight=weights, max_seconds=1.0, shuffle=bool(seed % 2))

def spoil(*_):
    y[:] = random.choice([10**9, -1, 5, 2**62])
    X[:], weights[:] = random.choice([np.nan, np.inf, 1e30, -0.0], 2)
    return 0.01

try:
    if way == "rate":
        rate = fm.SGD(lambda epoch: spoil() if epoch else 0.01)
        net.fit(X, y, optimizer=rate, epochs=3, **fields)
    else:
        if way == "signal":
            signal.signal(signal.SIGALRM, spoil)
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.02, 0.3))
        else:
            threading.Timer(random.uniform(0.02, 0.3), spoil).start()
        net.fit(X, y, epochs=10**6, **fields)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("way", ["rate", "signal", "thread"])
@pytest.mark.parametrize("seed", [0, 1, pytest.param(2, marks=pytest.mark.slow)])
def test_samples_that_change_during_a_fit_do_no_harm(way: str, seed: int) -> None:
    """X, y and weights at once, from a learning rate, a signal handler and another thread."""
    assert "expected" in output_of(CHANGES, way, seed)


READS_TRAINER = """
import copy, pickle, threading
import numpy as np
import fastmlp as fm

X, y = np.ones((64, 8), "f4"), np.ones((64, 1), "f4")
net = fm.Network([8, 3000, 1], seed=0)
trainer = fm.Trainer(net, optimizer=fm.Adam(1e-6, average=fm.Polyak()), batch_size=32)
done = threading.Event()

def read():
    while not done.is_set():
        trainer.last_parameters, trainer.state, copy.copy(trainer), pickle.dumps(trainer)

thread = threading.Thread(target=read)
thread.start()
trainer.run(X, y, epochs=300, validation_data=(X, y))
done.set()
thread.join()
"""


def test_a_trainer_is_read_while_it_trains() -> None:
    """Its average comes and goes in every epoch, in memory that stays."""
    output_of(READS_TRAINER)

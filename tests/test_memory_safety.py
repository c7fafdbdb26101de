"""Arrays that change, or would move, while native code reads them: an exception, never a crash."""

from __future__ import annotations

import linecache
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from reference import Array

N, N_IN, N_OUT = 4000, 64, 5
DTYPES = ["float32", "float64"]


@pytest.fixture(autouse=True)
def _limits_end() -> Iterator[None]:
    yield
    _core.force_num_threads(0)


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

dtype, threads, call, wrong = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
_core.force_num_threads(threads)
X, y = np.ones((300, 4), dtype), np.zeros(300, np.int64)
y[217] = wrong
net = fm.Network([4, 6, 3], output="softmax", dtype=dtype, seed=0)
loss, v = fm.CrossEntropy(), np.ones(net.n_parameters, dtype)
trainer = fm.Trainer(net, batch_size=50, optimizer=fm.SGD(0.1, average=fm.Polyak()))
native, good = trainer._native, getattr(_core, dtype).Snapshot()
calls = {
    "loss": lambda: net._native.loss(X, y, loss, None),
    "value_and_grad": lambda: net._native.value_and_grad(X, y, loss, None),
    "hessian": lambda: net._native.curvature_product("hessian", X, y, loss, None, v),
    "gauss_newton": lambda: net._native.curvature_product("gauss_newton", X, y, loss, None, v),
    "step": lambda: native.step(X, y, None),
    "epochs": lambda: native.epochs(X, y, None, 3, None, good, []),
}
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


@pytest.mark.parametrize("wrong", [3, -1, 10**9, -(2**63), 2**63 - 1])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "call", ["loss", "value_and_grad", "hessian", "gauss_newton", "step", "epochs"]
)
def test_a_class_is_checked_where_it_is_used(call: str, threads: int, wrong: int) -> None:
    """In the core itself, which receives y after all checks in Python; the next call works."""
    for dtype in DTYPES:
        text = output_of(CLASSES, dtype, threads, call, wrong)
        assert text.startswith(f"y[217]={wrong}, expected class indices 0 to 2"), text


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


def data(dtype: str) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(N, N_IN)).astype(dtype), rng.normal(size=(N, N_OUT)).astype(dtype)
    return X, Y, np.ones(N, dtype)


Owned = tuple[Array, Callable[[], object]]  # an array, and a way to move its memory


def owned(array: Array) -> Owned:
    """An array that owns its memory."""
    copy = array.copy()
    return copy, lambda: copy.resize((10 * copy.size,), refcheck=False)


def viewed(array: Array) -> Owned:
    """A view of a view of an array that owns the memory."""
    flat, move = owned(array.reshape(-1))
    return flat[:].reshape(array.shape), move


def owned_by_bytes(array: Array) -> Owned:
    """An array over a bytearray, which NumPy does not keep exported."""
    owner = bytearray(array.tobytes())
    return np.ndarray(array.shape, array.dtype, owner), owner.clear


READERS: dict[str, Callable[[fm.Network, fm.Trainer, Array, Array, Array], Any]] = {
    "predict": lambda net, trainer, X, Y, w: net.predict(X),
    "loss": lambda net, trainer, X, Y, w: net.loss(X, Y),
    "value_and_grad": lambda net, trainer, X, Y, w: net.value_and_grad(X, Y),
    "backward": lambda net, trainer, X, Y, w: net.backward(X, Y),
    "jacobian": lambda net, trainer, X, Y, w: net.jacobian(X),
    "step": lambda net, trainer, X, Y, w: trainer.step(X, Y, w),
    "epoch": lambda net, trainer, X, Y, w: trainer.epoch(X, Y, sample_weight=w),
    "forward": lambda net, trainer, X, Y, w: trainer.forward(X),
}
READS_Y = ("loss", "value_and_grad", "backward", "step", "epoch")


def in_native_call(frame: FrameType | None) -> bool:
    """Whether the innermost line of Python is one that calls the core."""
    assert frame
    return "native" in linecache.getline(frame.f_code.co_filename, frame.f_lineno)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="POSIX signals")
@pytest.mark.parametrize("owner", [owned, viewed, owned_by_bytes])
@pytest.mark.parametrize(
    ("call", "which"),
    [(call, "X") for call in READERS]
    + [(call, "Y") for call in READS_Y]
    + [("step", "w"), ("epoch", "w")],
)
def test_memory_that_is_read_cannot_move(
    call: str, which: str, owner: Callable[[Array], Owned]
) -> None:
    """Its owner refuses to resize it in a signal handler during the call."""
    # One thread takes several times as long as the 20 ms between two looks for signals.
    _core.force_num_threads(1)
    net = fm.Network([N_IN, 16_000, N_OUT], seed=0)
    trainer = fm.Trainer(net)
    refused: list[bool] = []
    for attempt in range(60):
        arrays = dict(zip(("X", "Y", "w"), data("float32"), strict=True))
        arrays[which], move = owner(arrays[which])

        def handler(_: int, frame: FrameType | None, move: Callable[[], object] = move) -> None:
            if not in_native_call(frame):
                return
            try:
                move()
            except (ValueError, BufferError):
                refused.append(True)

        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-3 * (1 + attempt))
            READERS[call](net, trainer, *arrays.values())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        if refused:
            return
    pytest.fail("the memory was never held while the core read it")


def test_a_finite_scan_and_members_hold_their_arrays() -> None:
    """Other calls that release the interpreter: NumPy refuses to resize meanwhile."""
    array = np.zeros(30_000_000, np.float32)
    tanh, loss = fm.Tanh(), fm.SquaredError()
    calls = [_core.first_non_finite, tanh, tanh.derivative]
    for call in [*calls, lambda a: loss(a, a), lambda a: loss.gradient(a, a)]:
        assert any(held_during(call, array) for _ in range(50))


def held_during(call: Callable[[Array], object], array: Array) -> bool:
    """Whether another thread saw that NumPy would refuse; it may come too late to see anything."""
    done = threading.Event()
    weak: list[int] = [0]
    thread = threading.Thread(target=watch, args=(array, done, weak))
    thread.start()
    call(array)
    done.set()
    thread.join()
    return max(weak) > 0


def watch(array: Array, done: threading.Event, counts: list[int]) -> None:
    """Append the number of weak references, with which NumPy refuses to resize, until `done`."""
    while not done.is_set():
        counts.append(weakref.getweakrefcount(array))
        time.sleep(1e-3)


def test_a_rate_function_may_move_what_is_not_yet_read() -> None:
    """Pointers are taken after the last call into Python: a shape that changed is refused."""
    X, Y, w = data("float32")
    net = fm.Network([N_IN, N_OUT], seed=0)

    def rate(epoch: int) -> float:
        if epoch == 1:
            X.resize((7, N_IN), refcheck=False)
        return 0.01

    with pytest.raises(ValueError, match=r"y has 4000 rows, expected 7, as X has"):
        net.fit(X, Y, optimizer=fm.SGD(rate), epochs=3, sample_weight=w)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_core_converts_nothing(dtype: str) -> None:
    """A copy that a conversion makes would be gone before it is read."""
    X, Y, w = data(dtype)
    other = "float32" if dtype == "float64" else "float64"
    native = fm.Network([N_IN, N_OUT], dtype=dtype, seed=0)._native
    for targets in (Y.tolist(), Y.astype(other), Y[:, ::-1], np.zeros(N, np.int32), None):
        with pytest.raises(TypeError, match=rf"^y is of type .*, expected an array of {dtype}"):
            native.loss(X, targets, fm.SquaredError(), None)
    for weights in (w.tolist(), w.astype(other), np.ones(2 * N, dtype)[::2]):
        with pytest.raises(TypeError, match=rf"^sample_weight is of type .* {dtype} in C order"):
            native.loss(X, Y, fm.SquaredError(), weights)


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

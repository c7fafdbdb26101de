"""Memory that native code reads in place stays where it is."""

from __future__ import annotations

import linecache
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
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
    "activations": lambda net, trainer, X, Y, w: net.activations(X),
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


def test_arrays_of_a_run_cannot_be_resized_between_native_calls() -> None:
    """By a learning rate: neither X nor y, of which the package has views; afterwards they can."""
    X, classes = data("float32")[0], np.zeros(N, np.int64)
    for array in (X, classes):
        net = fm.Network([N_IN, N_OUT], output="softmax", seed=0)

        def rate(epoch: int, array: Array = array) -> float:
            if epoch:  # epoch 0 is also asked for before anything is read
                array.resize((array.size + 1,), refcheck=False)
            return 0.01

        with pytest.raises(ValueError, match="cannot resize an array"):
            net.fit(X, classes, optimizer=fm.SGD(rate), epochs=3)
    X.resize((7, N_IN), refcheck=False)


def test_pointers_are_taken_after_the_last_call_into_python() -> None:
    """In the core itself: a shape that the learning rate has changed is refused."""
    X, Y, _ = data("float32")

    def rate(epoch: int) -> float:
        X.resize((7, N_IN), refcheck=False)
        return 0.01

    trainer = fm.Trainer(fm.Network([N_IN, N_OUT], seed=0), optimizer=fm.SGD(rate))
    with pytest.raises(ValueError, match=r"y has 4000 rows, expected 7, as X has"):
        trainer._native.epochs(X, Y, None, 1, None, _core.float32.Snapshot(), [])


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

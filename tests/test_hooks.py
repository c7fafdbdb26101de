"""What callbacks may answer, and that output and NumPy's error state never end a training."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._fit.progress import Progress, Silence
from reference import Array

X, Y = [[0.0], [1.0]], [0.0, 1.0]


class Answers:
    """A callback with one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> Any:
        return self.answer


@pytest.mark.parametrize("call", ["fit", "run"])
@pytest.mark.parametrize("answer", [None, False, True, np.False_, np.True_])
def test_true_stops(answer: Any, call: str) -> None:
    net = fm.Network([1, 1], seed=0)
    run = net.fit if call == "fit" else fm.Trainer(net).run
    history = run(X, Y, epochs=3, callbacks=[Answers(None), Answers(answer), Answers(False)])
    assert (history.status, history.n_epochs) == (
        ("stopped", 1) if answer else ("max_steps", 3)
    )  # fmt: skip


WRONG = [0.3, 0.0, 0, 1, "no", "", {"loss": 1.0}, [], np.float32(0), np.array([True]), object()]


@pytest.mark.parametrize("answer", WRONG)
@pytest.mark.parametrize("call", ["fit", "Trainer.run"])
def test_anything_else_is_no_answer(answer: Any, call: str) -> None:
    """Refused by name, after the first epoch, which stays; all callbacks have seen it."""
    net, seen = fm.Network([1, 1], seed=0), []

    class Later:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            seen.append(epoch)

    run = net.fit if call == "fit" else fm.Trainer(net).run
    with pytest.raises(TypeError, match=rf"^{call}: .*Answers\.on_epoch_end=.*expected True to"):
        run(X, Y, epochs=3, callbacks=[Answers(answer), Later()])
    assert (net.history.status, net.history.n_epochs, seen) == ("interrupted", 1, [1])


HOOKS = ["set_trainer", "on_fit_begin", "on_epoch_end", "on_fit_end"]


async def coroutine(*_: Any) -> None:
    """Do nothing when it is called."""


def generator(*_: Any) -> Iterator[None]:
    """Do nothing when it is called."""
    yield


async def asynchronous_generator(*_: Any) -> Any:
    """Do nothing when it is called."""
    yield


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("function", [coroutine, generator, asynchronous_generator, 3])
def test_hooks_whose_call_does_nothing_are_refused(hook: str, function: Any) -> None:
    net = fm.Network([1, 1], seed=0)
    before = net.parameters.copy()
    callback = type("Mine", (), {hook: staticmethod(function) if callable(function) else function})
    with pytest.raises(TypeError, match=rf"^fit: callbacks: {hook}=.*expected a plain method"):
        net.fit(X, Y, epochs=3, callbacks=[callback()])
    np.testing.assert_array_equal(net.parameters, before)
    assert net.history is None


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError("no reader")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


STREAMS: dict[str, Callable[[], Any]] = {"none": lambda: None, "broken": Broken, "closed": closed}


@pytest.mark.parametrize("tqdm", ["installed", "missing", "damaged"])
@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize("stream", STREAMS)
def test_a_display_that_fails_does_not_end_the_training(
    stream: str, verbose: int, tqdm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in pythonw or a service, or after `| head`: the numbers are those without a display."""
    if tqdm != "installed":
        monkeypatch.setitem(sys.modules, "tqdm", None if tqdm == "missing" else object())
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    quiet = fm.Network([1, 1], seed=0).fit(X, Y, epochs=3)
    monkeypatch.setattr(sys, "stderr", STREAMS[stream]())
    monkeypatch.setattr(sys, "stdout", STREAMS[stream]())
    shown = fm.Network([1, 1], seed=0).fit(X, Y, epochs=3, verbose=verbose)
    assert shown["loss"] == quiet["loss"]


def test_a_display_is_silent_after_it_has_failed() -> None:
    class Fails(Silence):
        n = 0

        def show(self, epoch: int, logs: Any) -> None:
            self.n += 1
            raise OSError

        def close(self) -> None:
            raise ValueError

    failing = Fails()
    display = Progress(failing)
    display.show(1, {})
    display.show(2, {})
    display.close()
    assert failing.n == 1
    Progress(Fails()).close()


def tiny(o: Array, y: Array) -> tuple[Array, Array]:
    """A loss with subnormal derivatives."""
    return np.full(len(o), np.finfo(o.dtype).tiny), np.full(o.shape, np.finfo(o.dtype).tiny)


def huge(o: Array, y: Array) -> tuple[Array, Array]:
    """A loss whose sums overflow."""
    return np.full(len(o), np.finfo(o.dtype).max), np.full(o.shape, np.finfo(o.dtype).max)


RNG = np.random.default_rng(0)
SAMPLES, LABELS = RNG.normal(size=(300, 6)), np.arange(300) % 3
TARGETS = RNG.normal(size=(300, 3))
CALLS: dict[str, Callable[[Any], Any]] = {
    "fit": lambda net: net.fit(SAMPLES, LABELS, epochs=1),
    "loss of one's own": lambda net: net.fit(SAMPLES, LABELS, loss=tiny, epochs=1),
    "overflow": lambda net: net.loss(SAMPLES, LABELS, loss=huge),
    "gradient": lambda net: net.value_and_grad(SAMPLES, LABELS, loss=tiny),
    "step": lambda net: fm.Trainer(net, tiny).step(SAMPLES, LABELS, np.full(300, 1e-30)),
    "weights": lambda net: net.fit(
        SAMPLES, LABELS, epochs=1, sample_weight=np.full(300, 1e-30), class_weight={0: 1e-30}
    ),
    "weights of all sizes": lambda net: net.fit(
        SAMPLES,
        LABELS,
        epochs=1,
        sample_weight=np.where(LABELS == 0, np.finfo(net.dtype).max, np.finfo(net.dtype).tiny),
    ),
    "balanced": lambda net: net.fit(
        SAMPLES, LABELS, epochs=1, sample_weight=np.full(300, 1e-37), class_weight="balanced"
    ),
    "regression": lambda net: fm.Network([6, 2, 3], dtype=net.dtype, seed=0).fit(
        SAMPLES, TARGETS * [1, 1e-38, 1e-20], epochs=1, validation_data=(SAMPLES, TARGETS)
    ),
    "wide": lambda net: net.predict(SAMPLES * 1e-45),
    "rates": lambda net: fm.find_learning_rate(net, SAMPLES, LABELS),
    "stopping": lambda net: net.fit(
        SAMPLES, LABELS, epochs=3, l2=1e-30, callbacks=[fm.EarlyStopping("loss")]
    ),
}


@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("call", CALLS)
def test_numpys_error_state_changes_nothing(call: str, dtype: str) -> None:
    """The caller's seterr(all="raise") is for the caller's own arithmetic."""
    outcomes = []
    for state in ("ignore", "raise"):
        net = fm.Network([6, 8, 3], output="softmax", dtype=dtype, seed=0)
        with np.errstate(all=state):
            outcomes.append((net, CALLS[call](net)))
    (plain, expected), (strict, found) = outcomes
    np.testing.assert_array_equal(strict.parameters, plain.parameters)
    if isinstance(expected, (float, np.ndarray)):
        np.testing.assert_array_equal(found, expected)

"""Subnormal numbers: 0 in native calls, on every thread, and as before wherever Python runs."""

from __future__ import annotations

import platform
import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from reference import Array

X86 = platform.machine().lower() in ("x86_64", "amd64")
x86_only = pytest.mark.skipif(not X86, reason="flushed on x86-64 alone, where they are slow")
DTYPES = ["float32", "float64"]
MEMBERS = {
    cls.__name__: cls
    for family in ("layers", "activations", "losses", "initializers", "optimizers")
    for cls in getattr(_core, family).values()
}


@pytest.fixture(autouse=True)
def _limits_end() -> Iterator[None]:
    yield
    _core.force_num_threads(0)


def subnormal(dtype: str) -> float:
    """Half of the smallest normal number."""
    return float(np.finfo(dtype).tiny) / 2


def mode_is_kept() -> bool:
    """Whether this thread computes with subnormal numbers."""
    halves = [np.finfo(dtype).tiny / np.dtype(dtype).type(2) for dtype in DTYPES]
    sums = [half + half == np.finfo(dtype).tiny for half, dtype in zip(halves, DTYPES, strict=True)]
    return all(half != 0 for half in halves) and all(sums)


def network(dtype: str, weight: float) -> fm.Network:
    """Three inputs and three outputs without biases; all weights are equal."""
    net = fm.Network([fm.Dense(3, bias=False)], inputs=3, dtype=dtype, init="zeros")
    net.parameters = np.full(9, weight)
    return net


def plain_trainer(net: fm.Network) -> fm.Trainer:
    return fm.Trainer(net, optimizer=fm.SGD(1.0), batch_size=10**6)


EVALUATIONS: dict[str, Callable[[str, Array, float], Any]] = {
    "predict": lambda dtype, X, w: network(dtype, w).predict(X),
    "predict one": lambda dtype, X, w: network(dtype, w).predict(X[0]),
    "jacobian": lambda dtype, X, w: network(dtype, w).jacobian(X) * (w != 1),
    "backward": lambda dtype, X, w: network(dtype, w).backward(X, np.full(X.shape, w)),
    "loss": lambda dtype, X, w: network(dtype, w).loss(
        X, np.zeros_like(X), fm.AbsoluteError()),
    "value_and_grad": lambda dtype, X, w: network(dtype, w).value_and_grad(
        X, np.zeros_like(X), fm.AbsoluteError())[0],
    "forward": lambda dtype, X, w: plain_trainer(network(dtype, w)).forward(X),
    "step": lambda dtype, X, w: fm.Trainer(network(dtype, w), fm.AbsoluteError()).step(
        X, np.zeros_like(X)),
    "epoch": lambda dtype, X, w: fm.Trainer(network(dtype, w), fm.AbsoluteError()).epoch(
        X, np.zeros_like(X)),
}  # fmt: skip


@x86_only
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("call", EVALUATIONS)
def test_subnormal_weights_and_inputs_are_zero(call: str, threads: int, dtype: str) -> None:
    """Exactly 0 in all rows, so on all threads; larger numbers are not."""
    _core.force_num_threads(threads)
    tiny = subnormal(dtype)
    rows = np.ones((5000, 3), dtype)
    assert not np.any(EVALUATIONS[call](dtype, rows, tiny))
    assert np.all(EVALUATIONS[call](dtype, rows, 2.0**30 * tiny))
    if call not in ("jacobian", "backward"):
        assert not np.any(EVALUATIONS[call](dtype, rows * tiny, 1.0))
        assert np.all(EVALUATIONS[call](dtype, rows * 2.0**30 * tiny, 1.0))
    assert mode_is_kept()


@pytest.mark.parametrize("dtype", DTYPES)
def test_members_on_arrays_are_exact(dtype: str) -> None:
    """They are references, also of subnormal numbers."""
    a = np.full((300, 3), subnormal(dtype), dtype)
    np.testing.assert_array_equal(fm.ReLU()(a), a)
    np.testing.assert_array_equal(fm.LeakyReLU(0.5)(-a), -a / 2)
    np.testing.assert_array_equal(fm.AbsoluteError()(a, 0 * a), a.sum(axis=1))
    np.testing.assert_array_equal(fm.SquaredError().gradient(a, 3 * a), -2 * a)
    assert mode_is_kept()


def test_saturated_outputs_of_a_softmax_are_zero() -> None:
    """e^-95 is subnormal in float32; the loss is computed from pre-activations and is exact."""
    net = fm.Network([1, 2], output="softmax", init="zeros")
    net.weights[0] = [[0.0, -95.0]]
    outputs = net.predict([[1.0]] * 20)
    assert outputs[0, 0] == 1
    assert outputs[0, 1] == (0 if X86 else pytest.approx(np.exp(-95.0), rel=1e-3))
    assert net.loss([[1.0]], [1]) == pytest.approx(95.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_python_runs_in_its_own_mode(threads: int) -> None:
    """Callbacks, losses, metrics of the user, learning rates, objectives, and after each call."""
    _core.force_num_threads(threads)
    seen: dict[str, list[bool]] = {}

    def note(where: str) -> None:
        seen.setdefault(where, []).append(mode_is_kept())

    class Notes:
        def on_fit_begin(self) -> None:
            note("on_fit_begin")

        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            note("on_epoch_end")

        def on_fit_end(self) -> None:
            note("on_fit_end")

    def rate(epoch: int) -> float:
        note("learning rate")
        return 0.1

    def loss(outputs: Array, y: Array) -> tuple[Array, Array]:
        note("loss")
        return ((outputs - y) ** 2).sum(1), 2 * (outputs - y)

    def fun(w: Array) -> tuple[float, Array]:
        note("objective")
        return float(w @ w), 2 * w

    X = np.random.default_rng(0).normal(size=(200, 3))
    net = fm.Network([3, 3], seed=0)
    fields: Any = {"epochs": 2, "callbacks": [Notes()], "validation_data": (X, X)}
    net.fit(X, X, optimizer=fm.SGD(rate), **fields)
    net.fit(X, X, loss=loss, **fields)
    fm.minimize(fun, np.ones(3), fm.Adam(rate), steps=3)
    for call in EVALUATIONS.values():
        call("float32", X, 1.0)
        note("after")
    with pytest.raises(ValueError, match="positive"):
        fm.minimize(lambda w: _raise(), np.ones(3))
    note("after an exception")
    assert len(seen) == 8
    assert all(all(values) for values in seen.values()), seen


def _raise() -> Any:
    raise ValueError("positive")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="POSIX signals")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("call", ["fit", "predict", "value_and_grad", "minimize", "Network"])
def test_signal_handlers_run_in_the_mode_of_the_program(call: str, threads: int) -> None:
    """The handler looks, and ends the call; after it the mode is as before."""
    _core.force_num_threads(threads)
    X = np.ones((20_000, 100), np.float32)
    net = fm.Network([100, 300, 100], seed=0)
    calls: dict[str, Callable[[], Any]] = {
        "fit": lambda: net.fit(X, X, epochs=10**6),
        "predict": lambda: net.predict(X),
        "value_and_grad": lambda: net.value_and_grad(X, X),
        "minimize": lambda: fm.minimize(lambda w: (float(w @ w), w), np.ones(9), steps=10**5),
        "Network": lambda: fm.Network([1000, 1000], init="orthogonal"),
    }
    seen = []

    def handler(*_: Any) -> None:
        seen.append(mode_is_kept())
        raise InterruptedError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(InterruptedError):
            _repeat(calls[call])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen == [True]
    assert mode_is_kept()


def _repeat(call: Callable[[], Any]) -> None:
    while True:
        call()


def numbers(cls: Any) -> list[str]:
    """The real fields of a member that admit the smallest number, but for those of averages."""
    names = []
    for field in cls.fields:
        if "float" not in field.type:
            continue
        try:
            make(cls, field.name, 5e-324)
        except (ValueError, TypeError):
            continue
        names.append(field.name)
    return names


def make(cls: Any, name: str, value: float) -> Any:
    required = {
        "units": 3,
        "rate": 0.5,
        "std": 1.0,
        "of": "input",
        "filters": 2,
        "kernel": 1,
        "size": 1,
    }
    arguments = {f.name: required[f.name] for f in cls.fields if f.required}
    return cls(**{**arguments, name: value})


def use(member: Any, dtype: str) -> None:
    """Whatever computes with a member in a dtype."""
    name = type(member).__name__
    net = fm.Network([3, 3], dtype=dtype, seed=0)
    if name in {cls.__name__ for cls in _core.losses.values()}:
        net.loss(np.ones((1, 3)), np.ones((1, 3)), member)
    elif name in {cls.__name__ for cls in _core.optimizers.values()}:
        fm.Trainer(net, optimizer=member)
    elif name in {cls.__name__ for cls in _core.activations.values()}:
        fm.Network([3, 3], activation=member, output=member, dtype=dtype)
    elif name in {cls.__name__ for cls in _core.initializers.values()}:
        fm.Network([3, 3], init=member, dtype=dtype)
    else:
        sequences = name in ("Recurrent", "GRU", "LSTM") or name[-2:] == "1D"
        shape = (3, 1) if sequences else (3, 3, 1) if name[-2:] == "2D" else (3,)
        fm.Network([member, fm.Dense(3)], inputs=shape, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name, cls in MEMBERS.items() if name != "Tied" for field in numbers(cls)],
)
def test_settings_that_would_be_zero_are_refused(name: str, field: str, dtype: str) -> None:
    """The message names them; the smallest normal number is accepted."""
    tiny = subnormal(dtype)
    for value in (tiny, 5e-324):
        with pytest.raises(ValueError, match=rf"{name}: {field}=.*, expected 0 or at least"):
            use(make(MEMBERS[name], field, value), dtype)
    use(make(MEMBERS[name], field, 2 * tiny), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_penalties_that_would_be_zero_are_refused(name: str, dtype: str) -> None:
    net = fm.Network([1, 1], dtype=dtype, seed=0)
    penalty: Any = {name: subnormal(dtype)}
    for call in (lambda: net.fit([[1]], [1], **penalty), lambda: fm.Trainer(net, **penalty)):
        with pytest.raises(ValueError, match=rf"Trainer: {name}=.*, expected 0 or at least"):
            call()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("by", ["sample_weight", "class_weight", "both"])
def test_subnormal_weights_act_by_their_ratios(dtype: str, by: str) -> None:
    """Natively and with a loss in Python; beside a weight of 1 they count as 0."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = np.arange(40) % 2
    tiny = subnormal(dtype)
    root = np.sqrt(tiny)
    low: dict[str, Any] = {
        "sample_weight": {"sample_weight": np.full(40, tiny)},
        "class_weight": {"class_weight": {0: tiny, 1: tiny}},
        "both": {"sample_weight": np.full(40, root), "class_weight": {0: root, 1: root}},
    }[by]

    def loss(outputs: Array, targets: Array) -> tuple[Array, Array]:
        return fm.CrossEntropy()(outputs, targets), fm.CrossEntropy().gradient(outputs, targets)

    def trained(chosen: Any, **weights: Any) -> Array:
        net = fm.Network([2, 2], output="softmax", dtype=dtype, seed=0)
        net.fit(X, y, loss=chosen, batch_size=8, epochs=5, **weights)
        return net.parameters

    for chosen in (None, loss):
        np.testing.assert_allclose(trained(chosen, **low), trained(chosen), rtol=1e-5)
        zero, smallest = ({"sample_weight": np.where(y, 1, w)} for w in (0.0, tiny))
        np.testing.assert_array_equal(trained(chosen, **smallest), trained(chosen, **zero))

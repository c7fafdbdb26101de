"""`Network.compile`: the outputs of `predict`, written to arrays that are there already."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm

NETWORKS: dict[str, Any] = {
    "dense": lambda dtype: fm.Network([5, 7, 3], seed=0, dtype=dtype),
    "softmax": lambda dtype: fm.Network([4, 20], output="softmax", seed=0, dtype=dtype),
    "wide": lambda dtype: fm.Network([300, 130, 2], activation="tanh", seed=0, dtype=dtype),
    "dropout": lambda dtype: fm.Network(
        [fm.Dense(8, "gelu"), fm.Dropout(0.5), fm.Dense(2)], inputs=3, seed=0, dtype=dtype
    ),
    "images": lambda dtype: fm.Network(
        [fm.Conv2D(3, 3), fm.MaxPool2D(2), fm.Dense(4, "softmax")],
        inputs=(8, 8, 2),
        seed=0,
        dtype=dtype,
    ),
    "sequences": lambda dtype: fm.Network(
        [fm.GRU(4, sequences=True), fm.Conv1D(2, 1)], inputs=(6, 3), seed=0, dtype=dtype
    ),
}


def arrays_of(net: fm.Network, batch: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, *net.input_shape)).astype(net.dtype)
    return x, np.full((batch, *net.output_shape), np.nan, net.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 2, 7, 8, 33, 100])
def test_outputs_are_those_of_predict_to_the_bit(name: str, batch: int, dtype: str) -> None:
    net = NETWORKS[name](dtype)
    compiled = net.compile(batch=batch)
    for seed in range(3):
        x, out = arrays_of(net, batch, seed)
        assert compiled(x, out) is out
        assert np.array_equal(out, net.predict(x))


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_products_are_rounded_where_those_of_predict_are(batch: int) -> None:
    net = fm.Network([300, 200, 2], seed=0, precision="bf16")
    x, out = arrays_of(net, batch)
    assert np.array_equal(net.compile(batch)(x, out), net.predict(x))


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=2, max_size=5), batch=st.integers(1, 40))
def test_any_sizes(sizes: list[int], batch: int) -> None:
    net = fm.Network(sizes, activation="silu", seed=1)
    x, out = arrays_of(net, batch)
    assert np.array_equal(net.compile(batch)(x, out), net.predict(x))


def test_the_axes_of_a_sample_can_be_flat_and_the_first_left_out_of_one() -> None:
    net = NETWORKS["images"]("float32")
    compiled = net.compile()
    x, out = arrays_of(net, 1)
    expected = net.predict(x)[0]
    for form in (x, x[0], x.reshape(1, -1), x.ravel()):
        for result in (out, out[0]):
            assert np.array_equal(compiled(form, result).ravel(), expected)
    assert (compiled.batch, compiled.input_shape, compiled.output_shape) == (1, (8, 8, 2), (4,))


def test_it_follows_the_parameters_of_the_network() -> None:
    for batch in (1, 50):
        net = fm.Network([30, 200, 1], seed=0)
        compiled = net.compile(batch)
        x, out = arrays_of(net, batch)
        before = compiled(x, out).copy()
        net.fit(x, np.ones((batch, 1)), epochs=3)
        assert not np.array_equal(compiled(x, out), before)
        assert np.array_equal(out, net.predict(x))


def test_it_keeps_its_network_alive() -> None:
    net = fm.Network([3, 2], seed=0)
    x, out = arrays_of(net, 1)
    expected, compiled = net.predict(x), net.compile()
    del net
    assert np.array_equal(compiled(x, out), expected)


def test_keywords_and_the_method_do_the_same() -> None:
    net = fm.Network([3, 2], seed=0)
    x, out = arrays_of(net, 1)
    compiled = net.compile()
    for call in (
        lambda: compiled(x, out=out),
        lambda: compiled(out=out, x=x),
        lambda: compiled.__call__(x, out),
    ):
        out[:] = np.nan
        assert call() is out
        assert np.array_equal(out, net.predict(x))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_call_takes_no_memory_of_python(name: str) -> None:
    net = NETWORKS[name]("float32")
    compiled = net.compile()
    x, out = arrays_of(net, 1)
    compiled(x, out)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(100):
            compiled(x, out)
        assert tracemalloc.get_traced_memory()[1] - before < 200  # of the loop
    finally:
        tracemalloc.stop()


GOOD = np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32)
READ_ONLY = np.zeros((2, 4), np.float32)
READ_ONLY.flags.writeable = False
SHARED = np.zeros(14, np.float32)
UNALIGNED = np.zeros(25, np.uint8)[1:].view(np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    ("x", "out", "error", "message"),
    [
        ([[1, 2, 3]] * 2, GOOD[1], TypeError, "x is of type list, expected an ndarray of float32"),
        (
            GOOD[0].astype(float),
            GOOD[1],
            TypeError,
            "x has dtype float64, expected an ndarray of float32 in C order",
        ),
        (
            np.zeros((3, 2), np.float32).T,
            GOOD[1],
            TypeError,
            "x has strides (4, 8), expected an ndarray of float32 in C order",
        ),
        (np.ma.zeros((2, 3), np.float32), GOOD[1], TypeError, "MaskedArray, expected an ndarray"),
        (GOOD[0][:1], GOOD[1], ValueError, "x has shape (1, 3), expected (2, 3)"),
        (GOOD[0][0], GOOD[1], ValueError, "x has shape (3,), expected (2, 3)"),
        (GOOD[0].reshape(3, 2), GOOD[1], ValueError, "x has shape (3, 2), expected (2, 3)"),
        (GOOD[0].ravel(), GOOD[1], ValueError, "x has shape (6,), expected (2, 3)"),
        (GOOD[0], GOOD[0], ValueError, "out has shape (2, 3), expected (2, 4)"),
        (GOOD[0], None, TypeError, "out is of type NoneType, expected a writable ndarray"),
        (GOOD[0], READ_ONLY, TypeError, "out is read-only, expected a writable ndarray"),
        (
            SHARED[:6].reshape(2, 3),
            SHARED[5:13].reshape(2, 4),
            ValueError,
            "out shares memory with x, expected memory of its own",
        ),
        (
            SHARED[7:13].reshape(2, 3),
            SHARED[:8].reshape(2, 4),
            ValueError,
            "out shares memory with x, expected memory of its own",
        ),
        (UNALIGNED, GOOD[1], TypeError, "x is not aligned, expected an ndarray of float32"),
        (np.float32(1), GOOD[1], TypeError, "x is of type numpy.float32"),
        (np.zeros((), np.float32), GOOD[1], ValueError, "x has shape (), expected (2, 3)"),
    ],
)
def test_other_arrays_are_refused(x: Any, out: Any, error: type[Exception], message: str) -> None:
    compiled = fm.Network([3, 4], seed=0).compile(2)
    before = None if out is None else out.copy()
    for call in (lambda: compiled(x, out), lambda: compiled(x, out=out)):
        with pytest.raises(error) as caught:
            call()
        text = str(caught.value)
        assert text.startswith("CompiledNetwork: ")
        assert message in text
    if before is not None:
        assert np.array_equal(out, before)


def test_neighbours_in_memory_are_not_shared() -> None:
    compiled = fm.Network([3, 4], seed=0).compile(2)
    compiled(SHARED[:6].reshape(2, 3), SHARED[6:].reshape(2, 4))
    compiled(SHARED[8:].reshape(2, 3), SHARED[:8].reshape(2, 4))


@pytest.mark.parametrize("arguments", [(), (GOOD[0],), (*GOOD, None)])
def test_it_has_two_arguments(arguments: tuple[Any, ...]) -> None:
    compiled = fm.Network([3, 4], seed=0).compile(2)
    with pytest.raises(TypeError, match="incompatible function arguments"):
        compiled(*arguments)


@pytest.mark.parametrize(
    ("batch", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_a_batch_is_a_positive_integer(batch: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^Network\.compile: batch=.*, expected an integer >= 1"):
        fm.Network([3, 4]).compile(batch)


def test_errors_of_a_function_of_the_user_come_through() -> None:
    def fail(a: Any) -> Any:
        raise KeyError("mine")

    net = fm.Network([fm.Dense(2, (fail, fail))], inputs=3)
    compiled = net.compile()
    with pytest.raises(KeyError, match="mine"):
        compiled(np.ones(3, np.float32), np.empty(2, np.float32))


def test_a_function_of_the_user_cannot_call_it_again() -> None:
    x, out = np.ones(3, np.float32), np.empty(2, np.float32)

    def again(a: Any) -> Any:
        if calls.pop():
            compiled(x, out)
        return a

    calls = [False, True]
    compiled = fm.Network([fm.Dense(2, (again, np.ones_like))], inputs=3).compile()
    with pytest.raises(RuntimeError, match=r"^CompiledNetwork: another call is at work$"):
        compiled(x, out)
    assert compiled(x, out) is out


def test_it_cannot_be_copied() -> None:
    compiled = fm.Network([3, 4]).compile()
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            copied(compiled)
    unmade = type(compiled).__new__(type(compiled))
    with pytest.raises(TypeError, match="not initialised"):
        unmade(*GOOD)

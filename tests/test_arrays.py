"""Every array-like that NumPy reads as real numbers equals its C-ordered copy, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

import fastmlp as fm
from reference import Array

N_IN, N_OUT = 4, 3


def net(dtype: str) -> Any:
    return fm.Network([N_IN, 5, N_OUT], activation="tanh", output="softmax", dtype=dtype, seed=2)


def reversed_view(X: Array) -> Array:
    return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]


def strided(X: Array) -> Array:
    wide = np.full((2 * X.shape[0], 3 * X.shape[1]), np.nan)
    wide[::2, ::3] = X
    return wide[::2, ::3]


def unaligned(X: Array) -> Array:
    raw = np.zeros(X.nbytes + 1, np.uint8)
    view = raw[1:].view(X.dtype).reshape(X.shape)
    view[:] = X
    return view


def read_only(X: Array) -> Array:
    X = X.copy()
    X.flags.writeable = False
    return X


def pandas_frame(X: Array) -> Any:
    return pytest.importorskip("pandas").DataFrame(X, columns=list("abcd"))


def pandas_mixed(X: Array) -> Any:
    frame = pandas_frame(X)
    return frame.astype({"a": "float32", "b": "Float64"}) if len(X) else frame


def polars_frame(X: Array) -> Any:
    return pytest.importorskip("polars").DataFrame(dict(zip("abcd", X.T, strict=True)))


def memory_map(X: Array) -> Array:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        mapped = np.memmap(file.name, X.dtype, "w+", shape=X.shape)
        mapped[:] = X
        return mapped


FORMS: dict[str, Callable[[Array], Any]] = {
    "lists": lambda X: X.tolist(),
    "rows": lambda X: list(X),
    "Fortran": np.asfortranarray,
    "float16": lambda X: X.astype(np.float16),
    "float32": lambda X: X.astype(np.float32),
    "float64": lambda X: X.astype(np.float64),
    "longdouble": lambda X: X.astype(np.longdouble),
    "int64": lambda X: X.astype(np.int64),
    "int8": lambda X: np.clip(X, -100, 100).astype(np.int8),
    "uint8": lambda X: np.abs(X).clip(0, 255).astype(np.uint8),
    "bool": lambda X: X > 0,
    "byte-swapped": lambda X: X.astype(X.dtype.newbyteorder()),
    "reversed": reversed_view,
    "strided": strided,
    "unaligned": unaligned,
    "read-only": read_only,
    "memmap": memory_map,
    "subclass": lambda X: X.view(type("Mine", (np.ndarray,), {})),
    "pandas": pandas_frame,
    "pandas of mixed columns": pandas_mixed,
    "polars": polars_frame,
}
samples = st.integers(1, 9).flatmap(
    lambda n: arrays(np.float64, (n, N_IN), elements=st.floats(-1e3, 1e3, width=16))
)


def clean(X: Any, dtype: str) -> Array:
    """The copy that everything is compared with."""
    values = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X)
    return np.array(values, dtype=dtype, order="C")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", FORMS)
@given(X=samples)
def test_predict_and_gradient_read_any_form(form: str, dtype: str, X: Array) -> None:
    """Values and gradients are those of the clean copy; the input is left as it was."""
    given_X = FORMS[form](X)
    expected, network = clean(given_X, dtype), net(dtype)
    y = np.arange(len(X)) % N_OUT
    np.testing.assert_array_equal(network.predict(given_X), network.predict(expected))
    value, g = network.value_and_grad(given_X, y)
    clean_value, clean_g = network.value_and_grad(expected, y)
    assert value == clean_value
    np.testing.assert_array_equal(g, clean_g)
    np.testing.assert_array_equal(clean(given_X, dtype), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", FORMS)
def test_fit_reads_any_form(form: str, dtype: str) -> None:
    """X, y and sample_weight in the same foreign form train the same bits."""
    rng = np.random.default_rng(4)
    X = FORMS[form](np.round(8 * rng.normal(size=(20, N_IN)), 2))
    y = FORMS[form](rng.integers(0, 2, (20, N_IN)).astype(float))
    one, two = (
        fm.Network([N_IN, 5, N_IN], activation="relu", output="sigmoid", dtype=dtype, seed=1)
        for _ in range(2)
    )
    one.fit(X, y, epochs=2, batch_size=6, validation_data=(X, y))
    two.fit(clean(X, dtype), clean(y, dtype), epochs=2, batch_size=6)
    np.testing.assert_array_equal(one.parameters, two.parameters)


@pytest.mark.parametrize("form", ["list", "pandas", "polars", "int", "bool", "reversed"])
def test_flat_targets_and_weights_in_any_form(form: str) -> None:
    """Series and lists as y and as weights."""
    X, y = np.arange(12.0).reshape(6, 2) / 10, np.array([0, 1, 1, 0, 1, 0])

    def formed(values: Array) -> Any:
        if form in ("pandas", "polars"):
            return pytest.importorskip(form).Series(values)
        if form == "reversed":
            return values[::-1].copy()[::-1]
        return values.tolist() if form == "list" else values.astype(form)

    ends = []
    for target, weight in ((formed(y), formed(y + 0)), (y.astype(float), y.astype(float))):
        network = fm.Network([2, 1], output="sigmoid", seed=0)
        network.fit(X, target, sample_weight=weight, epochs=2)
        ends.append(network.parameters.copy())
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_ready_array_is_read_in_place(dtype: str) -> None:
    """C order and the network's dtype: no copy of the size of X is made."""
    import tracemalloc

    X, y = np.zeros((10_000, 64), dtype), np.zeros((10_000, 1), dtype)
    network = fm.Network([64, 3, 1], activation="relu", output="identity", dtype=dtype, seed=0)
    network.loss(X, y)
    tracemalloc.start()
    network.loss(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 8


@given(
    shape=st.lists(st.integers(0, 5), min_size=0, max_size=4).map(tuple),
    method=st.sampled_from(["predict", "jacobian", "fit", "loss"]),
)
def test_any_other_shape_is_refused_with_its_shape(shape: tuple[int, ...], method: str) -> None:
    """(n, 4) and (4,) are samples; the rest is a ValueError that shows the shape given."""
    network, X = net("float64"), np.zeros(shape)
    before = network.parameters.copy()
    if shape == (N_IN,) or (len(shape) == 2 and shape[1] == N_IN):
        return
    arguments = (
        (X,) if method in ("predict", "jacobian") else (X, np.zeros((len(np.atleast_1d(X)), 3)))
    )
    with pytest.raises(ValueError, match=r"X has shape \(") as refused:
        getattr(network, method)(*arguments)
    assert str(shape) in str(refused.value)
    assert "expected (n_samples, 4)" in str(refused.value)
    np.testing.assert_array_equal(network.parameters, before)


@given(n=st.integers(1, 40), hidden=st.integers(1, 40), n_in=st.integers(1, 20),
       n_out=st.integers(1, 20), dtype=st.sampled_from(["float32", "float64"]))  # fmt: skip
def test_shapes_around_the_tiles(n: int, hidden: int, n_in: int, n_out: int, dtype: str) -> None:
    """Any numbers of samples and units give the plain product, for any tiles."""
    network = fm.Network([n_in, hidden, n_out], activation="relu", output="identity",
                         dtype=dtype, seed=3)  # fmt: skip
    rng = np.random.default_rng(n)
    X, c = rng.normal(size=(n, n_in)).astype(dtype), rng.normal(size=(n, n_out)).astype(dtype)
    (W1, W2), (b1, b2) = network.weights, network.biases
    W1, W2 = W1.astype(float), W2.astype(float)
    a = X @ W1 + b1
    h, tol = np.maximum(a, 0), 1e-3 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(network.predict(X), h @ W2 + b2, atol=tol)
    delta = (c @ W2.T) * (a > 0)
    g = [(delta.T @ X).ravel(), delta.sum(0), (c.T @ h).ravel(), c.sum(0)]
    np.testing.assert_allclose(network.backward(X, c), np.concatenate(g), atol=tol)

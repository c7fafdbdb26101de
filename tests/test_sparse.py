"""Sparse X of SciPy: the bits of the same numbers as a dense array, row by row."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastmlp as fm
from forced_threads import forced_threads
from problems import squared

sparse = pytest.importorskip("scipy.sparse")

N, N_IN = 60, 40
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
FORMATS: dict[str, Callable[[Any], Any]] = {
    "csr_matrix": sparse.csr_matrix,
    "csr_array": sparse.csr_array,
    "csc_matrix": sparse.csc_matrix,
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "lil_matrix": sparse.lil_matrix,
}


def samples(n: int, n_in: int, dtype: Any, density: float = 0.1, seed: int = 0) -> Any:
    """A CSR array with empty rows and columns among others."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_in)) * (rng.random((n, n_in)) < density)
    X[n // 3 : n // 2, :] = 0
    return sparse.csr_array(X.astype(dtype))


def targets(n: int) -> Any:
    return np.sin(np.arange(2.0 * n)).reshape(n, 2)


def network(n_in: int, dtype: Any) -> Any:
    return fm.Network([n_in, 9, 2], activation="tanh", dtype=dtype, seed=3)


def everything(X: Any, dtype: Any, loss: Any = None) -> dict[str, Any]:
    """What each public call makes of X."""
    n, n_in = X.shape
    net, y, weight = network(n_in, dtype), targets(n), np.linspace(0.1, 2, n)
    found: dict[str, Any] = {
        "predict": net.predict(X), "predict few": net.predict(X[:3]),
        "loss": net.loss(X, y, loss, sample_weight=weight),
        "gradient": net.value_and_grad(X, y, loss, sample_weight=weight)[1],
        "backward": net.backward(X, y), "jacobian": net.jacobian(X[:9]),
        "parameter_jacobian": net.parameter_jacobian(X[:9]),
    }  # fmt: skip
    if loss is None:
        found["hvp"] = net.hvp(X, y, np.ones(net.n_parameters))
    trainer = fm.Trainer(net, loss, batch_size=7)
    found["step"] = trainer.step(X, y, weight)
    found["epoch"] = trainer.epoch(X, y, sample_weight=weight)
    found["order"] = trainer.epoch(X, y, order=np.arange(n)[::-2])
    history = trainer.run(X, y, epochs=2, validation_data=(X, y, weight))
    found |= {"run": history["loss"], "validation": history["val_loss"]}
    outputs = trainer.forward(X)
    trainer.apply(trainer.backward(outputs - y))
    found |= {"forward": outputs, "trained": np.array(net.parameters)}
    net.fit(X, y, loss=loss, epochs=2, shuffle=False)
    return {**found, "fit": np.array(net.parameters)}


def assert_equal_bits(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@dtypes
@pytest.mark.parametrize("loss", [None, squared])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_call_has_the_bits_of_the_dense_array(dtype: str, loss: Any, threads: int) -> None:
    X = samples(N, N_IN, dtype)
    with forced_threads(threads):
        found, expected = (everything(each, dtype, loss) for each in (X, X.toarray()))
    assert_equal_bits(found, expected)


@dtypes
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["f4", "f8", "i2", "?", ">f8"])
def test_formats_and_dtypes(name: str, kind: str, dtype: str) -> None:
    """Other formats and numbers are converted once; X is as it was."""
    X = FORMATS[name](samples(N, N_IN, "f8").astype(np.dtype(kind).newbyteorder("=")))
    dense, y = X.toarray(), targets(N)
    nets = [network(N_IN, dtype) for _ in range(2)]
    for net, each in zip(nets, (X, dense.astype(kind)), strict=True):
        net.fit(each, y, epochs=2)
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)
    np.testing.assert_array_equal(X.toarray(), dense)


@dtypes
@pytest.mark.parametrize("index", [np.int32, np.int64])
@given(data=st.data())
def test_entries_in_any_order_add_up(dtype: str, index: Any, data: st.DataObject) -> None:
    """Unsorted and repeated columns, as SciPy allows them, and room behind the last entry."""
    lengths = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=20))
    n = sum(lengths)
    rng = np.random.default_rng(n)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(index)
    columns = rng.integers(0, 5, n + 3).astype(index)
    values = rng.normal(size=n + 3)
    values[n:] = np.nan
    X = sparse.csr_array((len(lengths), 5), dtype=dtype)
    X.data, X.indices, X.indptr = values.astype(dtype), columns, starts
    kept = [np.array(a) for a in (X.data, X.indices, X.indptr)]
    assert X.indices.dtype == index
    dense = np.zeros(X.shape, dtype)
    for i, j in enumerate(np.repeat(np.arange(len(lengths)), lengths)):
        dense[j, columns[i]] += X.data[i]
    found, expected = (everything(each, dtype) for each in (X, dense))
    assert_equal_bits(found, expected)
    for array, before in zip((X.data, X.indices, X.indptr), kept, strict=True):
        np.testing.assert_array_equal(array, before)


@dtypes
def test_wide_samples_and_several_chunks(dtype: str) -> None:
    """More rows than a chunk, more columns than are evaluated with a whole one."""
    X = samples(1100, 9000, dtype, density=0.002)
    net, y = network(9000, dtype), targets(1100)
    for threads in (1, 2):
        with forced_threads(threads):
            for call in (net.loss, net.value_and_grad):
                for one, other in zip(
                    np.atleast_1d(np.array(call(X, y), object)),
                    np.atleast_1d(np.array(call(X.toarray(), y), object)),
                    strict=True,
                ):
                    np.testing.assert_array_equal(one, other)


def damage(**arrays: Any) -> Any:
    X = samples(6, 4, "f4", density=0.6)
    for name, change in arrays.items():
        array = getattr(X, name).copy()
        change(array)
        setattr(X, name, array)
    return X


def put(i: int, value: int) -> Callable[[Any], None]:
    return lambda array: array.__setitem__(i, value)


DAMAGED: dict[str, tuple[Any, str]] = {
    "column beyond": (damage(indices=put(1, 4)), r"X\.indices\[1\]=4, expected 0 to 3"),
    "column < 0": (damage(indices=put(0, -1)), r"X\.indices\[0\]=-1, expected 0 to 3"),
    "column 2**31": (damage(indices=put(0, -(2**31))), r"X\.indices\[0\]=-2147483648, expected"),
    "row < 0": (damage(indptr=put(0, -3)), r"X\.indptr\[0\]=-3, expected 0 to \d+, ascending"),
    "rows that descend": (damage(indptr=put(2, 0)), r"X\.indptr\[2\]=0, expected 0 to \d+, asc"),
    "row beyond": (damage(indptr=put(6, 99)), r"X\.indptr\[6\]=99, expected 0 to \d+, ascending"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_matrices_are_refused(name: str) -> None:
    """By every call, before it reads or changes anything."""
    X, text = DAMAGED[name]
    net, y = network(4, "float32"), targets(6)
    before = np.array(net.parameters)
    for where, call in {
        "fit": lambda: net.fit(X, y),
        r"Network\.predict": lambda: net.predict(X),
        r"Trainer\.step": lambda: fm.Trainer(net).step(X, y),
        "fit: validation_data": lambda: net.fit(np.ones((6, 4)), y, validation_data=(X, y)),
    }.items():
        with pytest.raises(ValueError, match=f"^{where}: {text}"):
            call()
    other = sparse.csr_array((6, 4))  # of float64, so it has to be converted
    other.data, other.indices, other.indptr = X.data.astype(float), X.indices, X.indptr
    with pytest.raises(ValueError, match=r"^Network\.predict: X is damaged \("):
        net.predict(other)
    np.testing.assert_array_equal(net.parameters, before)


SHAPES: dict[str, tuple[Any, str]] = {
    "columns": (sparse.csr_array((6, 5)), r"X has shape \(6, 5\), expected \(n_samples, 4\)"),
    "no rows": (sparse.csr_array((0, 4)), r"X has shape \(0, 4\), expected at least one sample"),
    "1-D": (sparse.coo_array(np.ones(4)), r"X has shape \(4,\), expected \(n_samples, 4\)"),
    "nan": (sparse.csr_array(np.diag([1.0, 2, np.nan, 4])), r"X\[2, 2\]=nan, expected finite"),
    "inf": (sparse.csc_array(np.diag([1, 2, 3, np.inf])), r"X\[3, 3\]=inf, expected finite"),
    "too large": (sparse.csr_array(np.eye(4) * 1e300), "X.* is too large for float32"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_does_not_fit_is_refused(name: str) -> None:
    X, text = SHAPES[name]
    with pytest.raises(ValueError, match=f"^fit: {text}"):
        network(4, "float32").fit(X, targets(X.shape[0]))


def test_kinds_that_are_refused() -> None:
    net = network(4, "float32")
    with pytest.raises(TypeError, match=r"^fit: X has dtype complex128, expected real numbers"):
        net.fit(sparse.csr_array(np.eye(4) * 1j), targets(4))
    with pytest.raises(TypeError, match=r"^fit: y is sparse \(csr_array\), expected a dense array"):
        net.fit(np.eye(4), sparse.csr_array(np.ones((4, 2))))


@pytest.mark.parametrize("array", ["indices", "indptr"])
def test_a_matrix_that_changes_during_a_run_does_no_harm(array: str) -> None:
    """An index that is none any more ends the run by an error, never by foreign memory."""
    X, y = samples(N, N_IN, "f4"), targets(N)
    net = network(N_IN, "float32")

    class Spoil:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            with pytest.raises(ValueError, match="resize"):
                getattr(X, array).resize(10**6)
            getattr(X, array)[5:] = 10**8

    with pytest.raises(ValueError, match=rf"X\.{array}\[\d+\]=100000000, expected 0 to"):
        net.fit(X, y, epochs=3, callbacks=[Spoil()])
    assert np.isfinite(net.parameters).all()


def test_another_thread_may_write_the_matrix() -> None:
    X, y = samples(3000, N_IN, "f4"), targets(3000)
    kept, done = X.indices.copy(), threading.Event()

    def spoil() -> None:
        while not done.is_set():
            X.indices[:] = 10**9
            X.indices[:] = kept

    thread = threading.Thread(target=spoil)
    thread.start()
    net = network(N_IN, "float32")
    try:
        for _ in range(20):
            try:
                net.fit(X, y, epochs=3)
            except ValueError as error:
                assert "X.indices" in str(error)  # noqa: PT017
    finally:
        done.set()
        thread.join()
    assert np.isfinite(net.parameters).all()


MEMORY = """
import sys
import numpy as np, scipy.sparse
import fastmlp as fm

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

dtype, n = sys.argv[1], 20_000
fm.set_num_threads(2)  # each has a tile of its own
rng = np.random.default_rng(0)
columns = rng.integers(0, 50_000, n * 50).astype(np.int32)
X = scipy.sparse.csr_array((rng.normal(size=n * 50).astype(dtype), columns,
                            np.arange(0, n * 50 + 1, 50, dtype=np.int32)), (n, 50_000))
y = np.arange(n) % 3
net = fm.Network([50_000, 100, 3], output="softmax", dtype=dtype, seed=0)
before = peak()
net.fit(X, y, epochs=1, batch_size=200, optimizer=fm.SGD(0.01, 0.9), max_seconds=4.0,
        validation_data=(X[:1100], y[:1100]))
net.predict(X[:2000])
net.loss(X[:2000], y[:2000])
print(peak() - before)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux tells the peak")
@dtypes
def test_memory_is_bounded_by_the_batch(dtype: str) -> None:
    """20,000 × 50,000 with 50 entries a row: dense it had 4 or 8 GB, here 500 MB at most."""
    done = subprocess.run([sys.executable, "-c", MEMORY, dtype], capture_output=True, text=True,
                          timeout=600, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 500

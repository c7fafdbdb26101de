"""Data in files: read row by row in place, converted then, with the bits of an array."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._data import arrays
from reference import Array

N, N_IN = 90, 5
DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
networks = pytest.mark.parametrize("precision", ["float32", "float64"])


def numbers(dtype: str, shape: tuple[int, ...] = (N, N_IN)) -> Array:
    return (np.random.default_rng(1).normal(size=shape) * 2).astype(dtype)


def mapped(path: Path, X: Array) -> Any:
    np.save(path / "X.npy", X)
    return np.load(path / "X.npy", mmap_mode="r")


def network(precision: Any = "float32", inputs: Any = N_IN) -> fm.Network:
    layers = [fm.Dense(6, "tanh"), fm.Dense(2)]
    return fm.Network(layers, inputs=inputs, dtype=precision, seed=0)


@networks
@pytest.mark.parametrize("dtype", DTYPES)
def test_results_are_those_of_a_converted_array(tmp_path: Path, dtype: str, precision: str) -> None:
    X, y = numbers(dtype), numbers("f8", (N, 2))
    stored, converted = mapped(tmp_path, X), X.astype(precision)
    assert isinstance(arrays.as_inputs(stored, network(precision))[0], arrays.STORED)
    twins = []
    for given_X in (stored, converted):
        net = network(precision)
        history = net.fit(given_X, y, epochs=3, batch_size=16, validation_split=0.2, l2=0.01)
        trainer = fm.Trainer(net)
        found = [trainer.step(given_X[:20], y[:20]), trainer.epoch(given_X, y, order=[3, 3, 80])]
        found += [net.loss(given_X, y), history["val_loss"][-1]]
        twins.append((net.parameters, found, net.predict(given_X), net.predict(given_X[:3])))
    for one, other in zip(*twins, strict=True):
        np.testing.assert_array_equal(one, other)


def test_methods_that_keep_or_choose_samples(tmp_path: Path) -> None:
    """A loss in Python, curvature that outlives the file, searches, samples of sequences."""
    X, y = numbers("f2"), numbers("f4", (N, 2))
    stored = mapped(tmp_path, X)

    def loss(predicted: Array, targets: Array) -> Any:
        return ((predicted - targets) ** 2).sum(1) / 2, predicted - targets

    twins = []
    for given_X in (stored, X.astype("f4")):
        net = network()
        net.fit(given_X, y, epochs=2, loss=loss)
        net.fit(given_X, y, optimizer=fm.LBFGS(), epochs=3)
        curvature = pickle.loads(pickle.dumps(fm.Curvature(net, given_X, y)))
        found = fm.find_learning_rate(network(), given_X, y)
        product = curvature.hvp(np.ones(net.n_parameters))
        twins.append((net.parameters, product, found.losses, net.jacobian(given_X)))
    for one, other in zip(*twins, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rows_of_other_shapes_and_strides(tmp_path: Path) -> None:
    """Images, every second row, the last first; what has no whole rows is copied."""
    X = numbers("u1", (40, 4, 3))
    stored = mapped(tmp_path, X)
    net = network(inputs=(4, 3))
    for rows in (slice(None), slice(1, None, 2), slice(None, None, -1)):
        assert isinstance(arrays.as_inputs(stored[rows], net)[0], arrays.STORED)
        np.testing.assert_array_equal(net.predict(stored[rows]), net.predict(X[rows]))
    flat = network(inputs=12)
    np.testing.assert_array_equal(
        flat.predict(stored.reshape(40, 12)), flat.predict(X.reshape(40, 12))
    )
    turned = mapped(tmp_path, np.asfortranarray(numbers("f4")))
    assert isinstance(arrays.as_inputs(turned, network())[0], np.ndarray)
    np.testing.assert_array_equal(network().predict(turned), network().predict(numbers("f4")))


@networks
def test_all_halves_are_numpys(tmp_path: Path, precision: str) -> None:
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(-1, 4)
    stored = getattr(_core, precision).StoredSamples([halves], 4)
    read = stored.take(np.arange(len(halves)))
    np.testing.assert_array_equal(read, halves.astype(precision))
    np.testing.assert_array_equal(np.signbit(read), np.signbit(halves))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_fit_refuses_what_is_not_finite(tmp_path: Path, dtype: str, value: float) -> None:
    X = numbers(dtype, (N, 600))
    X[70, 599] = value
    net = network(inputs=600)
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=rf"^fit: X\[70, 599\]={value}, expected finite values"):
        net.fit(mapped(tmp_path, X), numbers("f4", (N, 2)))
    np.testing.assert_array_equal(net.parameters, before)


CALLS: dict[str, Callable[[fm.Network, Any, Any], object]] = {
    "fit": lambda net, X, y: net.fit(X, y),
    "Network.predict": lambda net, X, y: net.predict(X),
    "Network.loss": lambda net, X, y: net.loss(X, y),
    "Network.value_and_grad": lambda net, X, y: net.value_and_grad(X, y),
    "Network.activations": lambda net, X, y: net.activations(X),
    "Network.jacobian": lambda net, X, y: net.jacobian(X),
    "Network.hvp": lambda net, X, y: net.hvp(X, y, net.parameters),
    "Network.diagnose": lambda net, X, y: net.diagnose(X, y),
    "Trainer.step": lambda net, X, y: fm.Trainer(net).step(X, y),
    "Trainer.epoch": lambda net, X, y: fm.Trainer(net).epoch(X, y),
    "Trainer.gradient": lambda net, X, y: fm.Trainer(net).gradient(X, y),
    "Trainer.forward": lambda net, X, y: fm.Trainer(net).forward(X),
}


@pytest.mark.parametrize("name", CALLS)
def test_numbers_too_large_for_the_network_are_named(tmp_path: Path, name: str) -> None:
    X = numbers("f8", (N, 600))
    X[70, 598] = -1e300
    stored, message = mapped(tmp_path, X), r"X\[70, 598\]=-1e\+300 is too large for float32, expec"
    net = network(inputs=600)
    before = net.parameters.copy()
    with pytest.raises(ValueError, match=f"^{name}: {message}"):
        CALLS[name](net, stored, numbers("f4", (N, 2)))
    np.testing.assert_array_equal(net.parameters, before)
    assert np.isfinite(network("float64", 600).predict(stored)).all()


@pytest.mark.parametrize("dtype", ["f8", "f4", "u1"])
def test_memory_is_that_of_a_batch(tmp_path: Path, dtype: str) -> None:
    """Of 200 MB of X, less than 2 are allocated in Python, targets and their order included."""
    n = 200_000_000 // (1000 * np.dtype(dtype).itemsize)
    X = np.memmap(tmp_path / "X", dtype, "w+", shape=(n, 1000))
    net, y = fm.Network([1000, 2, 1], seed=0), np.zeros(n, "f4")
    tracemalloc.start()
    net.fit(X, y, epochs=1, batch_size=256, validation_split=0.1)
    net.predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * n + 1_000_000


@pytest.mark.parametrize("shuffle", [False, True])
def test_reading_ahead_changes_no_bit(tmp_path: Path, shuffle: bool) -> None:
    """Files that are large enough for it; its thread ends with the epoch, however that ends."""
    n = 22_000
    X = np.memmap(tmp_path / "X", "f4", "w+", shape=(n, 1000))
    X[:, :3] = numbers("f4", (n, 3))
    y = numbers("f4", (n, 1))
    twins = []
    for given_X in (X, np.array(X)):
        net = fm.Network([1000, 4, 1], seed=0)
        net.fit(given_X, y, epochs=2, shuffle=shuffle)
        twins.append(net.parameters.copy())
        fm.Trainer(net, shuffle=shuffle).epoch(given_X, y, max_seconds=1e-3)
    np.testing.assert_array_equal(*twins)
    assert len(list(Path("/proc/self/task").iterdir())) < 50


def test_bytes_of_a_bool_are_true_unless_they_are_0() -> None:
    X = np.array([[0, 1, 255, 2]], np.uint8)
    stored = _core.float32.StoredSamples([X.view(bool)], 4)
    np.testing.assert_array_equal(stored.take(np.arange(1)), X.view(bool).astype("f4"))


def test_c_is_quantized_for_samples_of_a_file(tmp_path: Path) -> None:
    X, net = numbers("f4"), network()
    texts = []
    for given_X in (mapped(tmp_path, X), X):
        net.to_c(tmp_path / "net.h", X=given_X, quantize="int8")
        texts.append((tmp_path / "net.h").read_text())
    assert texts[0] == texts[1]


def test_a_signal_ends_the_check_before_training(tmp_path: Path) -> None:
    """Of 4 GB, of which no byte is written."""
    program = """
import signal, sys, numpy as np, fastmlp as fm
X = np.memmap(sys.argv[1], "f4", "w+", shape=(1_000_000, 1000))
net = fm.Network([1000, 1], seed=0)
signal.signal(signal.SIGALRM, lambda *_: sys.exit("in time"))
signal.setitimer(signal.ITIMER_REAL, 0.02)
fm._core.float32.StoredSamples([X], 1000).first_not_finite()
"""
    command = [sys.executable, "-c", program, tmp_path / "X"]
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert finished.stderr == "in time\n"

"""`net.predict(X, samples=n)`: mean and standard deviation over passes with dropout and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

import fastmlp as fm
from forced_threads import forced_threads

RNG = np.random.default_rng(4)
X = RNG.normal(size=(70, 6))
LENGTHS = RNG.integers(1, 4, 70)
NETS: dict[str, tuple[list[Any], Any]] = {
    "dropout": ([fm.Dropout(0.2), fm.Dense(20, "relu"), fm.Dropout(0.5), fm.Dense(3)], 6),
    "noise": ([fm.GaussianNoise(0.3), fm.Dense(7, "tanh"), fm.GaussianNoise(1), fm.Dense(2)], 6),
    "last": ([fm.Dense(6, "tanh"), fm.Skip("input"), fm.Dropout(0.3), fm.Dense(4, "softmax")], 6),
    "channels": (
        [fm.Conv1D(5, 2, "relu"), fm.SpatialDropout(0.4), fm.MaxPool1D(2), fm.Dense(2)], (3, 2)
    ),
    "sequence": ([fm.Dropout(0.3), fm.GRU(5, sequences=True), fm.Dropout(0.5), fm.Conv1D(2, 1)],
                 (3, 2)),
    "last step": ([fm.LSTM(5), fm.Dropout(0.5), fm.Dense(2)], (3, 2)),
}  # fmt: skip


def network(name: str, dtype: str = "float64", seed: int = 7) -> fm.Network:
    layers, inputs = NETS[name]
    return fm.Network(layers, inputs=inputs, dtype=dtype, seed=seed)


def drawn(net: fm.Network, n: int, seed: int | None = None, lengths: Any = None) -> Any:
    """Outputs in training mode, of the epochs that are counted down from the last one."""
    trainer, outputs = fm.Trainer(net, seed=seed), []
    for k in range(n):
        trainer._native.epoch_number = 2**32 - 1 - k
        trainer._native.samples_seen = 0
        outputs.append(trainer._native.forward(X.astype(net.dtype), lengths))
    return np.array(outputs, float).reshape(n, len(X), *net.output_shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETS)
def test_mean_and_deviation_are_those_of_passes_in_training(name: str, dtype: str) -> None:
    net = network(name, dtype)
    sequence = "seq" in name or "step" in name
    for seed, lengths in ((None, None), (3, LENGTHS if sequence else None)):
        outputs = drawn(net, 9, seed, lengths)
        mean, std = net.predict(X, samples=9, seed=seed, lengths=lengths)
        assert mean.dtype == std.dtype == dtype
        tolerance = 1e-12 if dtype == "float64" else 1e-6
        np.testing.assert_allclose(mean, outputs.mean(axis=0), rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(std, outputs.std(axis=0, ddof=1), rtol=tolerance, atol=tolerance)


def test_the_deviation_of_dropped_inputs_is_that_of_the_formula() -> None:
    """h = x m / (1 - p): mean x, variance x² p / (1 - p), within five deviations of each."""
    p, n, x = 0.3, 4000, np.full((50, 8), 2.0)
    net = fm.Network([fm.Dropout(p), fm.Dense(8, bias=False)], inputs=8, dtype="float64", seed=1)
    net.weights[0][:] = np.eye(8)
    mean, std = net.predict(x, samples=n)
    sigma = 2 * np.sqrt(p / (1 - p))
    assert np.abs(mean - 2).max() < 5 * sigma / np.sqrt(n)
    assert np.abs(std - sigma).max() < 5 * sigma / np.sqrt(n)
    assert abs(mean.mean() - 2) < 5 * sigma / np.sqrt(n * mean.size)


@pytest.mark.parametrize("name", NETS)
def test_bits_depend_on_the_seed_alone(name: str) -> None:
    """Not on threads, other rows, the layout of X, or what else is computed."""
    net = network(name)
    expected = net.predict(X, samples=5)
    for threads in (1, 2, 3):
        with forced_threads(threads):
            found = net.predict(X, samples=5)
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(net.predict(X[:11], samples=5), np.array(expected)[:, :11])
    sparse = net.predict(scipy.sparse.csr_array(X), samples=5)
    np.testing.assert_array_equal(sparse, expected)
    np.testing.assert_array_equal(net.copy().predict(X, samples=5), expected)
    np.testing.assert_array_equal(net.predict(X, samples=5, seed=net.seed, n_threads=2), expected)
    assert not np.array_equal(net.predict(X, samples=5, seed=8), expected)
    assert not np.array_equal(network(name, seed=8).predict(X, samples=5), expected)


def test_nothing_changes() -> None:
    net, twin = network("dropout"), network("dropout")
    net.fit(X, X[:, :3], epochs=1)
    twin.fit(X, X[:, :3], epochs=1)
    net.predict(X, samples=3)
    np.testing.assert_array_equal(net.predict(X), twin.predict(X))
    for each in (net, twin):
        each.fit(X, X[:, :3], epochs=1)
    np.testing.assert_array_equal(net.parameters, twin.parameters)


def test_small_deviations_of_large_outputs_keep_their_digits() -> None:
    """A difference of mean squares would lose all of them."""
    net = fm.Network([fm.GaussianNoise(1e-6), fm.Dense(1, bias=False)], inputs=1, dtype="float64")
    net.parameters = [1.0]
    trainer, beyond = fm.Trainer(net), []
    for k in range(50):
        trainer._native.epoch_number = 2**32 - 1 - k
        trainer._native.samples_seen = 0
        beyond.append(trainer._native.forward(np.array([[1e6]]), None).item() - 1e6)
    mean, std = net.predict([[1e6]], samples=50)
    assert mean.item() == 1e6 + np.mean(beyond)
    assert std.item() == pytest.approx(np.std(beyond, ddof=1), rel=1e-12)
    assert 5e-7 < std.item() < 2e-6


def test_shapes_follow_the_samples() -> None:
    net = network("sequence")
    for samples in (X, X[:1], X[:0]):
        for result in net.predict(samples, samples=2):
            assert result.shape == (len(samples), 3, 2)
    for result in network("dropout").predict(X[0], samples=2):
        assert result.shape == (3,)


def test_a_rate_of_0_has_no_spread() -> None:
    net = fm.Network([fm.Dense(4, "tanh"), fm.Dropout(0.0), fm.Dense(2)], inputs=6, dtype="float64")
    mean, std = net.predict(X, samples=10)
    np.testing.assert_array_equal(std, np.zeros((70, 2)))
    np.testing.assert_array_equal(mean, net.predict(X))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"samples": 1}, ValueError, "samples=1, expected an integer >= 2"),
        ({"samples": 0}, ValueError, "samples=0, expected an integer >= 2"),
        ({"samples": 2.5}, TypeError, "samples=2.5"),
        ({"samples": True}, TypeError, "samples=True"),
        ({"samples": 2**33}, ValueError, "samples=8589934592, expected an integer <="),
        ({"samples": 2, "seed": -1}, ValueError, "seed=-1"),
        ({"seed": 3}, ValueError, "seed=3, expected None, as samples is not given"),
        ({"samples": 2, "n_threads": 0}, ValueError, "n_threads=0"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(given: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=rf"^Network\.predict: {message}"):
        network("dropout").predict(X, **given)


def test_a_network_without_random_layers_has_no_spread_to_show() -> None:
    net = fm.Network([6, 3, 1], seed=0)
    with pytest.raises(ValueError, match=r"^Network\.predict: samples=10, expected None, as"):
        net.predict(X, samples=10)
    with pytest.raises(ValueError, match="X has shape"):
        network("dropout").predict(X[:, :2], samples=10)

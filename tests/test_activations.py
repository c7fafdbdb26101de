"""Outputs of all layers: `Network.activations`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import fastmlp as fm
from file_cases import dense_net, recurrent_net, window_net
from forced_threads import forced_threads

Array = np.ndarray[Any, Any]
CASES = [(kind, seed) for kind in (dense_net, window_net, recurrent_net) for seed in range(8)]


def drawn(kind: Any, seed: int, dtype: str, n: int) -> tuple[fm.Network, Array]:
    random = np.random.default_rng(seed)
    net = kind(random, dtype)
    return net, random.normal(size=(n, *net.input_shape)).astype(dtype)


def test_of_a_chain_of_products(rng: np.random.Generator) -> None:
    """h_l = phi(h_{l-1} W_l + b_l), in plain NumPy."""
    net = fm.Network([3, 5, 4, 2], activation="tanh", output="softmax", dtype="float64", seed=0)
    for bias in net.biases:
        bias[:] = rng.normal(size=bias.shape)
    h = X = rng.normal(size=(50, 3))
    outputs = net.activations(X)
    for layer, (W, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        a = h @ W + b
        e = np.exp(a)
        h = np.tanh(a) if layer < 2 else e / e.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(outputs[layer], h, rtol=1e-13, atol=1e-15)
    assert len(outputs) == 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_each_is_the_prediction_of_the_layers_so_far(kind: Any, seed: int, dtype: str) -> None:
    """Of all layers, and random ones; dropout and noise do nothing."""
    net, X = drawn(kind, seed, dtype, 40)
    outputs = net.activations(X)
    assert len(outputs) == len(net.layers)
    for index, output in enumerate(outputs):
        if isinstance(net.layers[index], fm.Dropout | fm.GaussianNoise | fm.SpatialDropout):
            np.testing.assert_array_equal(output, outputs[index - 1])
            continue
        start = fm.Network(net.layers[: index + 1], inputs=net.input_shape, dtype=dtype)
        start.parameters = net.parameters[: start.n_parameters]
        tolerance = 1e-5 if dtype == "float32" else 1e-13  # an output softmax is fused otherwise
        assert output.shape == (40, *start.output_shape)
        np.testing.assert_allclose(output, start.predict(X), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("kind", "seed"), CASES)
@pytest.mark.parametrize("n", [1, 5, 40, 3000])
def test_bits_are_those_of_predict_for_any_threads(kind: Any, seed: int, n: int) -> None:
    net, X = drawn(kind, seed, "float32", n)
    outputs = net.activations(X)
    np.testing.assert_array_equal(outputs[-1], net.predict(X))
    for threads in (2, 3, 4):
        with forced_threads(threads):
            for one, several in zip(outputs, net.activations(X), strict=True):
                np.testing.assert_array_equal(one, several)


def test_one_sample_has_no_axis_of_samples(rng: np.random.Generator) -> None:
    net = fm.Network([fm.Conv2D(3, 2), fm.Dense(2)], inputs=(4, 5, 1), seed=0)
    x = rng.normal(size=(4, 5, 1)).astype("float32")
    one, many = net.activations(x), net.activations(x[None])
    assert [h.shape for h in one] == [(3, 4, 3), (2,)]
    for single, several in zip(one, many, strict=True):
        np.testing.assert_array_equal(single, several[0])


@pytest.mark.parametrize("n", [3, 200])
def test_of_sparse_samples(n: int, rng: np.random.Generator) -> None:
    X = (rng.normal(size=(n, 30)) * (rng.random((n, 30)) < 0.1)).astype("float32")
    net = fm.Network([30, 8, 2], seed=0)
    for dense, sparse in zip(net.activations(X), net.activations(csr_array(X)), strict=True):
        np.testing.assert_array_equal(dense, sparse)


@pytest.mark.parametrize("layer", [fm.Recurrent, fm.GRU, fm.LSTM])
def test_of_sequences_with_lengths(layer: Any, rng: np.random.Generator) -> None:
    """Each is as if it stood alone, and 0 after its end."""
    layers = [layer(3, sequences=True), fm.Bidirectional(layer(2)), fm.Dense(2)]
    net = fm.Network(layers, inputs=(6, 2), dtype="float64", seed=0)
    X, lengths = rng.normal(size=(20, 6, 2)), rng.integers(1, 7, 20)
    outputs = net.activations(X, lengths=lengths)
    np.testing.assert_array_equal(outputs[-1], net.predict(X, lengths=lengths))
    for i, length in enumerate(lengths):
        alone = fm.Network(layers, inputs=(int(length), 2), dtype="float64")
        alone.parameters = net.parameters
        first, last, _ = alone.activations(X[i : i + 1, :length])
        np.testing.assert_allclose(outputs[0][i, :length], first[0], rtol=1e-13)
        np.testing.assert_allclose(outputs[1][i], last[0], rtol=1e-13)
        assert not outputs[0][i, length:].any()


def test_nothing_changes_and_none_is_a_view(rng: np.random.Generator) -> None:
    net, X = fm.Network([3, 4, 2], seed=0), rng.normal(size=(20, 3)).astype("float32")
    first = net.activations(X, n_threads=1)
    kept = [h.copy() for h in first]
    first[0][:] = 0
    for before, after in zip(kept, net.activations(X), strict=True):
        np.testing.assert_array_equal(before, after)

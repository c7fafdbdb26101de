"""Recurrent layers in both directions: two layers, one of which reads the reversed sequence."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm

KINDS: list[Any] = [fm.Recurrent, fm.GRU, fm.LSTM]


def make(kind: Any, sequences: bool, dtype: str = "float64", time: int = 6, **fields: Any) -> Any:
    layer = fm.Bidirectional(kind(5, sequences=sequences, **fields))
    net = fm.Network([layer], inputs=(time, 3), dtype=dtype, seed=1)
    net.parameters = net.parameters + 0.1 * np.random.default_rng(0).normal(size=net.n_parameters)
    return net


def one_way(net: fm.Network, kind: Any, index: int) -> fm.Network:
    """The network of one of the two directions."""
    layer = net.layers[0].replace(bidirectional=False)  # type: ignore[attr-defined]
    twin = fm.Network([layer], inputs=net.input_shape, dtype=net.dtype, seed=0)
    twin.weights[0][...], twin.biases[0][...] = net.weights[index], net.biases[index]
    return twin


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 7), st.sampled_from([1, 3, 33, 100]), st.booleans())
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 5e-6)])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_two_layers(
    kind: Any, dtype: str, bound: float, time: int, n: int, sequences: bool
) -> None:
    net = make(kind, sequences, dtype, time)
    X = np.random.default_rng(n).normal(size=(n, time, 3)).astype(dtype)
    forward = one_way(net, kind, 0).predict(X)
    backward = one_way(net, kind, 1).predict(X[:, ::-1])
    backward = backward[:, ::-1] if sequences else backward
    np.testing.assert_allclose(net.predict(X), np.concatenate([forward, backward], -1), atol=bound)


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_with_lengths_each_sequence_is_reversed_from_its_own_end(
    kind: Any, sequences: bool
) -> None:
    net, rng = make(kind, sequences), np.random.default_rng(4)
    X, lengths = rng.normal(size=(20, 6, 3)), rng.integers(1, 7, 20)
    y = rng.normal(size=(20, *net.output_shape))
    outputs = net.predict(X, lengths=lengths)
    values, gradients = [], []
    for i, length in enumerate(lengths):
        twin = fm.Network(net.layers, inputs=(int(length), 3), dtype="float64", seed=0)
        twin.parameters = net.parameters
        x, target = X[i : i + 1, :length], y[i : i + 1, :length] if sequences else y[i : i + 1]
        np.testing.assert_allclose(
            outputs[i, :length] if sequences else outputs[i], twin.predict(x)[0], atol=1e-14
        )
        value, gradient = twin.value_and_grad(x, target)
        values.append(value)
        gradients.append(gradient)
    value, gradient = net.value_and_grad(X, y, lengths=lengths)
    assert value == pytest.approx(np.mean(values), rel=1e-13)
    np.testing.assert_allclose(gradient, np.mean(gradients, axis=0), atol=1e-13)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_outputs_are_those_of_torch(kind: str, packed: bool) -> None:
    torch = pytest.importorskip("torch")
    net = make({"RNN": fm.Recurrent, "GRU": fm.GRU, "LSTM": fm.LSTM}[kind], True)
    theirs = getattr(torch.nn, kind)(
        3, 5, batch_first=True, bidirectional=True, dtype=torch.float64
    )
    for suffix, W, b in zip(("", "_reverse"), net.weights, net.biases, strict=True):
        gates = getattr(theirs, f"bias_ih_l0{suffix}").numel()
        rest = np.zeros(gates)
        rest[2 * gates - len(b) :] = b[gates:]
        for name, value in (("weight_ih", W[:3].T), ("weight_hh", W[3:].T),
                            ("bias_ih", b[:gates]), ("bias_hh", rest)):  # fmt: skip
            getattr(theirs, f"{name}_l0{suffix}").data = torch.from_numpy(value.copy())
    rng = np.random.default_rng(4)
    X, lengths = rng.normal(size=(9, 6, 3)), rng.integers(1, 7, 9)
    lengths[0] = 6
    x = torch.from_numpy(X)
    if packed:
        tools = torch.nn.utils.rnn
        x = tools.pack_padded_sequence(x, torch.from_numpy(lengths), True, enforce_sorted=False)
        expected = tools.pad_packed_sequence(theirs(x)[0], True)[0]
    else:
        expected = theirs(x)[0]
    outputs = net.predict(X, lengths=lengths if packed else None)
    np.testing.assert_allclose(outputs, expected.detach().numpy(), atol=1e-14)


def test_truncation_cuts_at_the_same_steps_in_both_directions() -> None:
    """With one step between cuts no gradient passes a step: that of dL/dh_t alone."""
    net = make(fm.Recurrent, True, truncate=1)
    X = np.random.default_rng(4).normal(size=(7, 6, 3))
    upstream = np.random.default_rng(5).normal(size=(7, 6, 10))
    gradient = net.backward(X, upstream)
    h = net.predict(X)
    zero = np.zeros((7, 1, 5))
    before = np.concatenate([zero, h[:, :-1, :5]], 1), np.concatenate([h[:, 1:, 5:], zero], 1)
    expected = []
    for part, state in zip((slice(0, 5), slice(5, 10)), before, strict=True):
        delta = upstream[..., part] * (1 - h[..., part] ** 2)
        read = np.concatenate([X, state], -1)
        expected += [np.einsum("ntu,ntf->uf", delta, read).ravel(), delta.sum((0, 1))]
    np.testing.assert_allclose(gradient, np.concatenate(expected), atol=1e-13)


def test_the_directions_start_apart_and_copies_keep_them() -> None:
    layer = fm.Bidirectional(fm.LSTM(4, forget_bias=2.0))
    assert layer == fm.LSTM(4, forget_bias=2.0, bidirectional=True)
    net = fm.Network([layer, fm.Dense(2)], inputs=(5, 3), seed=0)
    assert [W.shape for W in net.weights] == [(7, 16), (7, 16), (8, 2)]
    assert not (net.weights[0] == net.weights[1]).any()
    for b in net.biases[:2]:
        assert b[4:8].tolist() == [2.0] * 4
    for U in (net.weights[0][3:, :4], net.weights[1][3:, :4]):
        np.testing.assert_allclose(U @ U.T, np.eye(4), atol=1e-6)
    X = np.ones((2, 5, 3))
    for twin in (net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(twin.predict(X), net.predict(X))
    assert "Bidirectional(LSTM(4)), Tanh()" in str(net)
    one = fm.Network([layer.replace(bidirectional=False)], inputs=(5, 3), seed=0)
    np.testing.assert_array_equal(one.weights[0], net.weights[0])


def test_bits_are_those_of_any_number_of_threads() -> None:
    X = np.random.default_rng(0).normal(size=(600, 9, 3)).astype("f")
    y = np.random.default_rng(1).integers(0, 3, 600)
    results = set()
    for threads in (1, 2, 3, 4):
        layers = [fm.Bidirectional(fm.GRU(9, sequences=True)), fm.Bidirectional(fm.LSTM(7)),
                  fm.Dense(3, "softmax")]  # fmt: skip
        net = fm.Network(layers, inputs=(9, 3), seed=0)
        net.fit(X, y, epochs=2, batch_size=300, n_threads=threads)
        results.add(net.parameters.tobytes())
    assert len(results) == 1


def test_a_later_step_is_read() -> None:
    """The class of a step is the sign of the next number, which only the reversed direction has."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 8, 1)).astype("f")
    y = (np.roll(X[..., 0], -1, axis=1) > 0).astype(int)
    y[:, -1] = 0
    layers = [fm.Bidirectional(fm.GRU(8, sequences=True)), fm.Conv1D(2, 1, "softmax")]
    net = fm.Network(layers, inputs=(8, 1), seed=0)
    net.fit(X, y, epochs=40, optimizer=fm.Adam(1e-2))
    assert (net.predict(X).argmax(-1) == y).mean() > 0.97


@pytest.mark.parametrize("layer", [fm.Dense(2), 3, None, "lstm"])
def test_layers_that_are_not_recurrent_are_refused(layer: Any) -> None:
    with pytest.raises(TypeError, match=r"^Bidirectional: layer=.*expected fm.Recurrent, fm.GRU"):
        fm.Bidirectional(layer)


def test_single_steps_are_refused() -> None:
    net = make(fm.GRU, False)
    with pytest.raises(ValueError, match=r"^Network.step: layers\[0\] is bidirectional, expected"):
        net.step(np.ones(3))
    with pytest.raises(ValueError, match=r"^Network: layers\[0\] is bidirectional"):
        net.recurrent_state = [np.ones((1, 5))]

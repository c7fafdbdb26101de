"""One step of a recurrent network at a time, and the state that is kept between steps."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm

RNG = np.random.default_rng(5)

NETS: dict[str, Callable[[], list[Any]]] = {
    "last": lambda: [fm.Recurrent(7)],
    "all steps": lambda: [fm.Recurrent(5, "softplus", sequences=True)],
    "class": lambda: [fm.GRU(6), fm.Dense(4, "relu"), fm.Dense(3, "softmax")],
    "tagger": lambda: [fm.LSTM(6, sequences=True), fm.Dropout(0.5), fm.GRU(7, sequences=True),
                       fm.Conv1D(3, 1, "softmax")],
    "stacked": lambda: [fm.Conv1D(4, 1, "tanh"), fm.Recurrent(7, "relu", sequences=True),
                        fm.LSTM(3, sequences=True), fm.LSTM(5)],
    "truncated": lambda: [fm.GRU(4, truncate=2), fm.GaussianNoise(0.1), fm.Dense(2)],
}  # fmt: skip


def make(name: str, time: int = 6, dtype: str = "float64") -> fm.Network:
    return fm.Network(NETS[name](), inputs=(time, 3), dtype=dtype, seed=1)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 9), st.sampled_from([1, 2, 31, 100]))
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-14), ("float32", 1e-5)])
@pytest.mark.parametrize("name", NETS)
def test_steps_are_the_outputs_of_the_sequence_up_to_them(
    name: str, dtype: str, bound: float, time: int, n: int
) -> None:
    """Step by step: of a whole sequence each step of predict, else its output after so many."""
    net = make(name, time, dtype)
    X = RNG.normal(size=(n, time, 3)).astype(dtype)
    whole = net.predict(X)
    outputs = [net.step(X[:, t]) for t in range(time)]
    for t, each in enumerate(outputs):
        shorter = make(name, t + 1, dtype)
        expected = whole[:, t] if whole.ndim == 3 else shorter.predict(X[:, : t + 1])
        np.testing.assert_allclose(each, expected, atol=bound * (1 + np.abs(expected).max()))


def test_the_state_is_that_of_torch_and_can_be_put_back() -> None:
    torch = pytest.importorskip("torch")
    net = fm.Network([fm.LSTM(5, sequences=True), fm.GRU(4)], inputs=(8, 3), dtype="float64",
                     seed=0)  # fmt: skip
    net.biases[1][8:] = RNG.normal(size=8)
    theirs = torch.nn.LSTM(3, 5, dtype=torch.float64), torch.nn.GRU(5, 4, dtype=torch.float64)
    for layer, W, b in zip(theirs, net.weights, net.biases, strict=True):
        units = layer.hidden_size
        layer.weight_ih_l0.data = torch.from_numpy(W[:-units].T.copy())
        layer.weight_hh_l0.data = torch.from_numpy(W[-units:].T.copy())
        gates = layer.bias_ih_l0.numel()
        layer.bias_ih_l0.data = torch.from_numpy(b[:gates].copy())
        layer.bias_hh_l0.data[...] = 0
        layer.bias_hh_l0.data[gates - len(b) + gates :] = torch.from_numpy(b[gates:].copy())
    X = RNG.normal(size=(8, 6, 3))  # (time, n, features)
    h, (h_n, c_n) = theirs[0](torch.from_numpy(X))
    _, g_n = theirs[1](h)
    for t in range(5):
        net.step(X[t])
    kept = net.recurrent_state
    assert kept is not None
    kept = [tuple(each.copy() for each in kept[0]), kept[1].copy()]
    for t in range(5, 8):
        net.step(X[t])
    (ours_h, ours_c), ours_g = net.recurrent_state  # type: ignore[misc]
    for ours, their in ((ours_h, h_n), (ours_c, c_n), (ours_g, g_n)):
        np.testing.assert_allclose(ours, their[0].detach().numpy(), atol=1e-14)
    net.recurrent_state = kept
    for t in range(5, 8):
        net.step(X[t])
    np.testing.assert_array_equal(net.recurrent_state[0][1], ours_c)  # type: ignore[index]


def test_one_sample_or_many_and_a_new_beginning() -> None:
    net = make("class")
    assert net.recurrent_state is None
    first = net.step([0.5, -1.0, 2.0])
    assert first.shape == (3,)
    assert net.step([0.5, -1.0, 2.0]).tolist() != first.tolist()
    net.recurrent_state = None
    np.testing.assert_array_equal(net.step([[0.5, -1.0, 2.0]]), [first])
    assert net.recurrent_state[0].shape == (1, 6)  # type: ignore[index, union-attr]


def test_the_state_is_a_view_and_no_part_of_copies() -> None:
    net = make("tagger")
    net.step(np.ones((2, 3)))
    for twin in (net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin.recurrent_state is None
        twin.step(np.ones((2, 3)))
        np.testing.assert_array_equal(twin.recurrent_state[1], net.recurrent_state[1])
    before = net.copy().predict(np.ones((1, 6, 3)))
    for part in (*net.recurrent_state[0], net.recurrent_state[1]):  # type: ignore[index]
        part[...] = 0
    np.testing.assert_allclose(net.step(np.ones((2, 3)))[0], before[0, 0], rtol=1e-12)


def test_steps_follow_the_parameters() -> None:
    """Also after training: the steps have no parameters of their own."""
    net = make("class")
    net.step(np.ones(3))
    net.parameters = 2 * net.parameters
    net.recurrent_state = None
    x = RNG.normal(size=3)
    shorter = make("class", 1)
    shorter.parameters = net.parameters
    np.testing.assert_array_equal(net.step(x), shorter.predict([[x]])[0])


def test_steps_have_the_same_bits_for_any_number_of_threads() -> None:
    net = fm.Network([fm.LSTM(80, sequences=True), fm.LSTM(80)], inputs=(4, 30), seed=0)
    x = RNG.normal(size=(700, 30)).astype("float32")
    states = []
    for threads in (1, 2, 3, 4):
        net.recurrent_state = None
        with fm.threads(threads):
            net.step(x)
            states.append(net.step(x).tobytes())
    assert len(set(states)) == 1


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([fm.Dense(2)], r"^Network.step: no layer is recurrent, expected fm.Recurrent"),
        ([fm.GRU(2, sequences=True), fm.Dense(2)],
         r"^Network.step: layers\[1\]=Dense reads several steps at once, expected layers of one"),
        ([fm.Conv1D(2, 3, padding="same"), fm.GRU(2)], r"layers\[0\]=Conv1D reads several steps"),
        ([fm.Conv1D(2, 1, stride=2), fm.GRU(2)], r"layers\[0\]=Conv1D reads several steps"),
        ([fm.Conv1D(2, 1, padding=1), fm.GRU(2)], r"layers\[0\]=Conv1D reads several steps"),
        ([fm.GRU(2, sequences=True), fm.GlobalAveragePool1D()], r"layers\[1\]=GlobalAveragePool1D"),
    ],
)  # fmt: skip
def test_layers_that_read_several_steps_are_refused(layers: list[Any], message: str) -> None:
    net = fm.Network(layers, inputs=(6, 3), seed=0)
    with pytest.raises(ValueError, match=message):
        net.step(np.ones(3))
    assert net.recurrent_state is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: net.step(np.ones((2, 4))), r"x has shape \(2, 4\), expected \(n_samples, 3\)"),
        (lambda net: net.step(np.ones((6, 6, 3))), r"x has shape \(6, 6, 3\), expected"),
        (lambda net: net.step(np.ones((3, 3))), r"x has 3 samples, expected 2, as the last step"),
        (lambda net: setattr(net, "recurrent_state", [np.ones((2, 6))]), "each of the 2 recurrent"),
        (lambda net: setattr(net, "recurrent_state", [np.ones((2, 6)), np.ones((2, 7))]),
         r"recurrent_state\[0\] is ndarray, expected the pair \(h, c\)"),
        (lambda net: setattr(net, "recurrent_state", [[np.ones((2, 6))] * 2, np.ones((3, 7))]),
         r"recurrent_state\[1\] has shape \(3, 7\), expected \(2, 7\)"),
        (lambda net: setattr(net, "recurrent_state", [(1, 2), 3]),
         r"recurrent_state\[0\] has shape \(\), expected \(n_samples, 6\)"),
        (lambda net: setattr(net, "recurrent_state", [[np.ones(6)] * 2, np.ones(7)]),
         r"recurrent_state\[0\] has shape \(6,\), expected \(n_samples, 6\)"),
        (lambda net: setattr(net, "recurrent_state", [[np.ones((2, 6))] * 2, np.ones(7)]),
         r"recurrent_state\[1\] has shape \(7,\), expected \(n_samples, 7\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_leaves_the_state(call: Any, message: str) -> None:
    net = make("tagger")
    net.step(np.ones((2, 3)))
    before = net.recurrent_state[1].copy()  # type: ignore[index, union-attr]
    with pytest.raises((ValueError, TypeError), match=message):
        call(net)
    np.testing.assert_array_equal(net.recurrent_state[1], before)  # type: ignore[index]

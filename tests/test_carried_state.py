"""`carry_state=True`: a batch goes on from the state after the one before, without its gradient."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from carried_cases import CARRIED, NETS, TIME, flat_state, make, pieces_of
from forced_threads import forced_threads
from reference import Array


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 6), st.sampled_from([1, 3, 33, 70]))
@pytest.mark.parametrize("kind", [fm.Recurrent, fm.GRU, fm.LSTM])
def test_pieces_are_a_long_sequence_with_its_gradient_cut_between_them(
    kind: Any, count: int, k: int, n: int
) -> None:
    """truncate=k is its own implementation: outputs, and the sum of the pieces' gradients."""

    def network(time: int) -> fm.Network:
        layers = [
            kind(4, sequences=True, truncate=k),
            kind(3, "elu", sequences=True, truncate=k),
        ]
        return fm.Network(layers, inputs=(time, 2), dtype="float64", seed=3)

    rng = np.random.default_rng(n)
    long, net = network(k * count), network(k)
    X, by_output = rng.normal(size=(n, k * count, 2)), rng.normal(size=(n, k * count, 3))
    trainer = fm.Trainer(net, **CARRIED)
    outputs: list[Array] = []
    gradient = np.zeros(net.n_parameters)
    for begin in range(0, k * count, k):
        part = slice(begin, begin + k)
        outputs.append(trainer.forward(X[:, part]))
        gradient += trainer.backward(by_output[:, part])
    np.testing.assert_allclose(np.concatenate(outputs, axis=1), long.predict(X), atol=1e-13)
    expected = long.backward(X, by_output)
    np.testing.assert_allclose(gradient, expected, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("n", [4, 1100])
def test_the_state_after_a_step_is_that_of_its_sequences(threads: int, n: int) -> None:
    """Of all samples, in batches of several chunks too, and of the weights before the update."""
    net = make("stacked")
    twin = net.copy()
    (X, Z), (y, _) = pieces_of(net, n, 2)
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-3), **CARRIED)
    with forced_threads(threads):
        trainer.step(X, y)
        for piece in (X, Z):
            for t in range(TIME):
                twin.step(piece[:, t])
            np.testing.assert_allclose(flat_state(net), flat_state(twin), atol=1e-13)
            twin.parameters = net.parameters
            trainer.step(Z, y)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("own_loss", [False, True])
def test_an_epoch_is_its_steps_and_begins_with_zeros(name: str, own_loss: bool) -> None:
    """Bit for bit, twice; the last state stays; `order` gives the samples of the batches."""
    net = make(name)
    X, y = pieces_of(net, 4, 3)

    def loss(outputs: Array, targets: Array) -> tuple[Array, Array]:
        error = outputs - targets
        return 0.5 * np.square(error).sum(axis=1), error

    y = y.reshape(3, 4, -1) if own_loss else y
    given: dict[str, Any] = {"loss": loss if own_loss else None, "batch_size": 4, **CARRIED}
    stepped, by_order, fitted = (fm.Trainer(net.copy(), **given) for _ in range(3))
    rows = np.concatenate(X), np.concatenate(y)
    fitted.run(*rows, epochs=2)
    shuffled = np.random.default_rng(0).permutation(12)
    for _ in range(2):
        stepped.network.recurrent_state = None
        for Xb, yb in zip(X, y, strict=True):
            stepped.step(Xb, yb)
        by_order.epoch(rows[0][shuffled], rows[1][shuffled], order=np.argsort(shuffled))
    for trainer in (by_order, fitted):
        np.testing.assert_array_equal(trainer.network.parameters, stepped.network.parameters)
        np.testing.assert_array_equal(flat_state(trainer.network), flat_state(stepped.network))
    anew = fm.Trainer(net.copy(), loss if own_loss else None, batch_size=4, shuffle=False)
    anew.run(*rows, epochs=2)
    assert np.abs(anew.network.parameters - fitted.network.parameters).max() > 1e-4


@pytest.mark.parametrize("own_loss", [False, True])
def test_a_loss_in_python_learns_as_the_native_one(own_loss: bool) -> None:
    """And own gradients: forward, backward, apply."""
    net = make("LSTM")
    X, y = pieces_of(net, 6, 8)
    trainer, twin = fm.Trainer(net.copy(), **CARRIED), fm.Trainer(net, **CARRIED)
    own = fm.Trainer(
        net.copy(), lambda o, t: (0.5 * np.square(o - t).sum(axis=1), o - t), **CARRIED
    )
    for Xb, yb in zip(X, y, strict=True):
        trainer.step(Xb, yb)
        if own_loss:
            own.step(Xb, yb)
        else:
            twin.apply(twin.backward((twin.forward(Xb) - yb) / len(Xb)))
    other = own if own_loss else twin
    np.testing.assert_allclose(
        other.network.parameters, trainer.network.parameters, rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(flat_state(other.network), flat_state(trainer.network), atol=1e-12)


def test_the_bits_do_not_depend_on_the_number_of_threads() -> None:
    """Nor on the chunks that large batches are taken in."""
    layers = [fm.LSTM(40, sequences=True), fm.GRU(30)]
    results = []
    for threads in (1, 2, 3, 4):
        net = fm.Network(layers, inputs=(TIME, 3), seed=0)
        X, y = pieces_of(net, 1300, 3)
        trainer = fm.Trainer(net, batch_size=1300, **CARRIED)
        with forced_threads(threads):
            for Xb, yb in zip(X, y, strict=True):
                trainer.step(Xb, yb)
            trainer.epoch(np.concatenate(X), np.concatenate(y))
        results.append(net.parameters.tobytes() + flat_state(net).tobytes())
    assert len(set(results)) == 1


@pytest.mark.parametrize("call", ["step", "epoch", "own loss"])
def test_the_state_goes_on_through_a_batch_without_weight(call: str) -> None:
    net = make("GRU")
    (A, B), y = pieces_of(net, 4, 2)
    own = {"loss": lambda o, t: (np.square(o - t).sum(axis=1), 2 * (o - t))}
    given: dict[str, Any] = own if call == "own loss" else {}
    trainer = fm.Trainer(net, **given, batch_size=4, weighting="batch", **CARRIED)
    before = net.parameters.copy()
    if call == "step":
        trainer.step(A, y[0], sample_weight=np.zeros(4))
        np.testing.assert_array_equal(net.parameters, before)
    else:
        trainer.epoch(
            np.concatenate([B, A]), np.concatenate(y), sample_weight=np.repeat([1.0, 0.0], 4)
        )
    twin = fm.Network(net.layers, inputs=net.input_shape, dtype="float64")
    twin.parameters = before
    if call != "step":
        for t in range(TIME):
            twin.step(B[:, t])
        twin.parameters = net.parameters
    for t in range(TIME):
        twin.step(A[:, t])
    np.testing.assert_allclose(flat_state(net), flat_state(twin), atol=1e-14)
    assert trainer.n_steps == (0 if call == "step" else 1)


def test_a_sequence_that_ends_in_a_batch_begins_anew_in_the_next() -> None:
    """With lengths: the others go on."""
    net = make("LSTM")
    twin = net.copy()
    (A, B), y = pieces_of(net, 3, 2)
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-12), **CARRIED)
    trainer.step(A, y[0], lengths=[TIME, 2, TIME - 1])
    assert not flat_state(net)[1:].any()
    value = trainer.step(B, y[1])
    for t in range(TIME):
        twin.step(A[:, t])
    for part in (*twin.recurrent_state[0],):  # type: ignore[index]
        part[1:] = 0
    for t in range(TIME):
        outputs = twin.step(B[:, t])
    assert value == pytest.approx(0.5 * np.square(outputs - y[1]).sum() / 3, rel=1e-9)


def test_the_state_is_the_networks() -> None:
    """Set, changed in part, and begun anew between batches."""
    net = make("GRU")
    X, y = pieces_of(net, 4, 2)
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-12), **CARRIED)
    first = trainer.step(X[0], y[0])
    assert trainer.step(X[0], y[0]) != pytest.approx(first, rel=1e-4)
    net.recurrent_state = None
    assert trainer.step(X[0], y[0]) == pytest.approx(first, rel=1e-9)
    net.recurrent_state[0][...] = 0  # type: ignore[index]
    assert trainer.step(X[0], y[0]) == pytest.approx(first, rel=1e-9)
    net.recurrent_state = None
    assert trainer.step(X[0, :2], y[0, :2]) < np.inf  # of another size
    memory = weakref.ref(net._state)
    net.recurrent_state = None
    assert memory() is None


def test_a_step_that_fails_leaves_the_state() -> None:
    net = make("Recurrent")
    X, y = pieces_of(net, 4, 1)
    trainer = fm.Trainer(net, **CARRIED)
    trainer.step(X[0], y[0])
    before = flat_state(net)
    assert not np.isfinite(trainer.step(X[0], np.full_like(y[0], np.nan)))
    np.testing.assert_array_equal(flat_state(net), before)
    with pytest.raises(ValueError, match="X has 3 samples, expected 4, as the last step"):
        trainer.step(X[0, :3], y[0, :3])
    np.testing.assert_array_equal(flat_state(net), before)

    def fails(outputs: Array, targets: Array) -> Any:
        raise KeyboardInterrupt

    failing = fm.Trainer(net, fails, batch_size=2, **CARRIED)
    for call in (failing.step, failing.epoch):
        with pytest.raises(KeyboardInterrupt):
            call(X[0], y[0])
        np.testing.assert_array_equal(flat_state(net), before)

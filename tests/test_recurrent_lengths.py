"""Sequences of their own lengths: each is as if it stood alone, cut to its length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm

TIME = 7

NETS: dict[str, Callable[[], list[Any]]] = {
    "last": lambda: [fm.Recurrent(3, "sigmoid")],
    "last softmax": lambda: [fm.Recurrent(4, "softmax")],
    "all steps": lambda: [fm.Recurrent(3, "softplus", sequences=True)],
    "class": lambda: [fm.GRU(6), fm.Dense(4, "gelu"), fm.Dense(3, "softmax")],
    "tagger": lambda: [fm.Conv1D(4, 1, "tanh"), fm.LSTM(6, sequences=True),
                       fm.GRU(5, sequences=True), fm.Conv1D(3, 1, "softmax")],
    "steps of softmax": lambda: [fm.Recurrent(5, "softmax"), fm.Dense(2)],
    "labels": lambda: [fm.LSTM(5, sequences=True), fm.Conv1D(2, 1, "sigmoid")],
    "stacked": lambda: [fm.Recurrent(7, "silu", sequences=True), fm.LSTM(3, sequences=True),
                        fm.LSTM(5)],
    "truncated": lambda: [fm.GRU(4, truncate=3, sequences=True), fm.LSTM(3, truncate=2)],
}  # fmt: skip


def problem(name: str, n: int, dtype: str = "float64") -> tuple[Any, ...]:
    """(network, X, y, lengths) with large numbers in the steps that do not count."""
    net = fm.Network(NETS[name](), inputs=(TIME, 3), dtype=dtype, seed=1)
    rng = np.random.default_rng(n)
    net.parameters = net.parameters + 0.1 * rng.normal(size=net.n_parameters)
    X = rng.normal(size=(n, TIME, 3)).astype(dtype)
    lengths = rng.integers(1, TIME + 1, n)
    y = rng.uniform(0, 1, size=(n, *net.output_shape)).astype(dtype)
    ended = np.arange(TIME) >= lengths[:, None]
    X[ended] = 30
    if y.ndim == 3:
        y[ended] = -9
    return net, X, y, lengths


def alone(net: fm.Network, X: Any, y: Any, lengths: Any) -> list[tuple[fm.Network, Any, Any]]:
    """A network of the length of each sample, with its X and y."""
    parts = []
    for x, target, length in zip(X, y, lengths, strict=True):
        twin = fm.Network(net.layers, inputs=(int(length), 3), dtype=net.dtype, seed=0)
        twin.parameters = net.parameters
        parts.append(
            (twin, x[None, :length], target[None, :length] if y.ndim == 3 else target[None])
        )
    return parts


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([1, 2, 9, 33, 100]))
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-13), ("float32", 1e-5)])
@pytest.mark.parametrize("name", NETS)
def test_each_sequence_is_as_if_it_stood_alone(name: str, dtype: str, bound: float, n: int) -> None:
    """Outputs, 0 after the end, loss, and gradient, weighted too."""
    net, X, y, lengths = problem(name, n, dtype)
    weights = np.random.default_rng(0).uniform(0.5, 2, n)
    outputs = net.predict(X, lengths=lengths)
    total, sum_of_gradients = 0.0, np.zeros(net.n_parameters)
    for i, (twin, x, target) in enumerate(alone(net, X, y, lengths)):
        expected = twin.predict(x)[0]
        if y.ndim == 3:
            assert (outputs[i, lengths[i] :] == 0).all()
            np.testing.assert_allclose(outputs[i, : lengths[i]], expected, atol=bound)
        else:
            np.testing.assert_allclose(outputs[i], expected, atol=bound)
        value, gradient = twin.value_and_grad(x, target)
        total += weights[i] / weights.sum() * value
        sum_of_gradients += weights[i] / weights.sum() * gradient
    value, gradient = net.value_and_grad(X, y, sample_weight=weights, lengths=lengths)
    scale = 1 + max(total, np.abs(sum_of_gradients).max())
    assert value == pytest.approx(total, abs=bound * scale)
    assert net.loss(X, y, sample_weight=weights, lengths=lengths) == value
    np.testing.assert_allclose(gradient, sum_of_gradients, atol=bound * scale)


@pytest.mark.parametrize("name", NETS)
def test_whole_lengths_change_nothing(name: str) -> None:
    net, X, y, _ = problem(name, 40)
    y = np.abs(y) % 1
    whole = np.full(40, TIME)
    np.testing.assert_allclose(net.predict(X, lengths=whole), net.predict(X), atol=1e-15)
    value, gradient = net.value_and_grad(X, y, lengths=whole)
    expected, its_gradient = net.value_and_grad(X, y)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, its_gradient, atol=1e-14 * (1 + np.abs(gradient).max()))


@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error", "poisson"])
def test_other_losses_count_the_steps_before_the_end(loss: str) -> None:
    net, X, y, lengths = problem("all steps", 20)
    y[np.arange(TIME) >= lengths[:, None]] = 0.5
    values = [twin.loss(x, t, loss) for twin, x, t in alone(net, X, y, lengths)]
    assert net.loss(X, y, loss, lengths=lengths) == pytest.approx(np.mean(values), rel=1e-13)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_packed_sequences_of_torch(kind: str) -> None:
    """The last states and their gradient: torch.nn.utils.rnn.pack_padded_sequence."""
    torch = pytest.importorskip("torch")
    layer = {"LSTM": fm.LSTM, "GRU": fm.GRU, "RNN": fm.Recurrent}[kind](6)
    net = fm.Network([layer, fm.Dense(1)], inputs=(TIME, 3), dtype="float64", seed=0)
    rng = np.random.default_rng(3)
    X, lengths, y = (
        rng.normal(size=(11, TIME, 3)),
        rng.integers(1, TIME + 1, 11),
        rng.normal(size=11),
    )
    theirs = getattr(torch.nn, kind)(3, 6, batch_first=True, dtype=torch.float64)
    W, b = net.weights[0], net.biases[0]
    gates = theirs.bias_ih_l0.numel()
    theirs.weight_ih_l0.data = torch.from_numpy(W[:3].T.copy())
    theirs.weight_hh_l0.data = torch.from_numpy(W[3:].T.copy())
    theirs.bias_ih_l0.data = torch.from_numpy(b[:gates].copy())
    theirs.bias_hh_l0.data[...] = 0
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        *map(torch.from_numpy, (X, lengths)), batch_first=True, enforce_sorted=False
    )
    _, state = theirs(packed)
    last = (state[0] if kind == "LSTM" else state)[0]
    o = last @ torch.from_numpy(net.weights[1]) + torch.from_numpy(net.biases[1])
    loss = 0.5 * ((o[:, 0] - torch.from_numpy(y)) ** 2).mean()
    loss.backward()
    value, gradient = net.value_and_grad(X, y, lengths=lengths)
    assert value == pytest.approx(loss.item(), rel=1e-14)
    by_x = gradient[: W.size].reshape(W.T.shape)
    np.testing.assert_allclose(by_x[:, :3], theirs.weight_ih_l0.grad.numpy(), atol=1e-14)
    np.testing.assert_allclose(by_x[:, 3:], theirs.weight_hh_l0.grad.numpy(), atol=1e-14)


def tagging(n: int = 90) -> tuple[Any, Any, Any]:
    """Classes of each step: the sign of the running sum; -1 after the end."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 9, 1)).astype("float32")
    lengths = rng.integers(2, 10, n)
    y = (X[..., 0].cumsum(1) > 0).astype(int)
    y[np.arange(9) >= lengths[:, None]] = -1
    return X, y, lengths


def tagger(seed: int = 0) -> fm.Network:
    layers = [fm.LSTM(12, sequences=True), fm.Dropout(0.1), fm.Conv1D(2, 1, "softmax")]
    return fm.Network(layers, inputs=(9, 1), seed=seed)


def test_fit_epoch_step_and_validation_read_lengths() -> None:
    X, y, lengths = tagging()
    net = tagger()
    history = net.fit(X, y, lengths=lengths, epochs=40, optimizer=fm.Adam(1e-2),
                      validation_data=(X[:9], y[:9], None, lengths[:9]))  # fmt: skip
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    assert history["val_loss"][-1] == net.loss(X[:9], y[:9], lengths=lengths[:9])
    counted = np.arange(9) < lengths[:, None]
    classes = net.predict(X, lengths=lengths).argmax(-1)
    assert (classes == y)[counted].mean() > 0.95
    twins = [tagger(), tagger()]
    for twin, padding in zip(twins, (0.0, 5.0), strict=True):  # what comes after is not read
        padded = np.where(counted[..., None], X, np.float32(padding))
        trainer = fm.Trainer(twin, batch_size=16, seed=1)
        trainer.epoch(padded, y, lengths=lengths)
        trainer.step(padded[:7], y[:7], lengths=lengths[:7])
        trainer.run(padded, y, lengths=lengths, epochs=2)
    np.testing.assert_allclose(twins[0].parameters, twins[1].parameters, atol=2e-6)


def test_explosions_after_the_end_do_not_matter() -> None:
    """An identity recurrence grows by 3 a step: 3**100 is not finite in float32."""
    net = fm.Network([fm.Recurrent(1, "identity"), fm.Dense(1)], inputs=(100, 1), seed=0)
    net.weights[0][...] = [[1.0], [3.0]]
    X, y = np.ones((5, 100, 1), np.float32), np.ones(5)
    value, gradient = net.value_and_grad(X, y, lengths=[1, 2, 3, 4, 5])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert not np.isfinite(net.loss(X, y))


@pytest.mark.parametrize("name", NETS)
def test_second_derivatives_are_the_mean_over_the_sequences_alone(name: str) -> None:
    net, X, y, lengths = problem(name, 12)
    v = np.random.default_rng(2).normal(size=(2, net.n_parameters))
    curvature = fm.Curvature(net, X, y, lengths=lengths)
    each = [fm.Curvature(twin, x, t) for twin, x, t in alone(net, X, y, lengths)]
    for ours, theirs in (
        (curvature.hvp(v), np.mean([one.hvp(v) for one in each], axis=0)),
        (curvature.gnvp(v), np.mean([one.gnvp(v) for one in each], axis=0)),
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-12 * (1 + np.abs(theirs).max()))


@pytest.mark.parametrize("name", ["last softmax", "all steps", "labels"])
def test_matrices_and_diagonals_are_means_over_the_sequences_alone(name: str) -> None:
    net, X, y, lengths = problem(name, 6)
    each = alone(net, X, y, lengths)
    whole: Any = {"lengths": lengths}
    hessian = np.mean([twin.hessian(x, t) for twin, x, t in each], axis=0)
    bound = 1e-12 * (1 + np.abs(hessian).max())
    np.testing.assert_allclose(net.hessian(X, y, **whole), hessian, atol=bound)
    eye = np.eye(net.n_parameters)
    np.testing.assert_allclose(net.hvp(X, y, eye, **whole), hessian, atol=bound)
    gauss_newton = np.mean([twin.gnvp(x, t, eye) for twin, x, t in each], axis=0)
    np.testing.assert_allclose(net.gnvp(X, y, eye, **whole), gauss_newton, atol=bound)
    for method, matrix in (("exact", hessian), ("gauss_newton", gauss_newton)):
        diagonal = net.hessian_diagonal(X, y, method=method, **whole)
        np.testing.assert_allclose(diagonal, np.diag(matrix), atol=bound)
    squares = np.mean([twin.fisher_diagonal(x, t) for twin, x, t in each], axis=0)
    np.testing.assert_allclose(net.fisher_diagonal(X, y, **whole), squares, atol=bound)
    spectrum = net.hessian_spectrum(X, y, k=2, **whole)
    values = np.linalg.eigvalsh(hessian)
    np.testing.assert_allclose(spectrum.largest, values[-2:], atol=1e-8 * np.abs(values).max())


def test_the_learning_rate_is_sought_with_lengths() -> None:
    """What comes after the ends does not matter, here nan in y."""
    X, _, lengths = tagging()
    y = X[..., :1].cumsum(axis=1)
    y[np.arange(9) >= lengths[:, None]] = np.nan
    net = fm.Network([fm.GRU(4, sequences=True), fm.Conv1D(1, 1)], inputs=(9, 1), seed=0)
    curve = fm.find_learning_rate(net, X, y, lengths=lengths, steps=30)
    assert 1e-3 < curve.suggestion < 10
    with pytest.raises(ValueError, match=r"^find_learning_rate: y\["):
        fm.find_learning_rate(net, X, y)


@pytest.mark.parametrize("method", [fm.LBFGS(), fm.HessianFree(), fm.Newton(), fm.NonlinearCG()])
def test_searching_methods_read_lengths(method: Any) -> None:
    """Hessian products too: the gradient at the end is 0 for the padded problem."""
    net, X, y, lengths = problem("class", 30)
    y = np.eye(3)[np.random.default_rng(0).integers(0, 3, 30)]
    before = net.loss(X, y, lengths=lengths)
    net.fit(X, y, lengths=lengths, optimizer=method, epochs=4)
    assert net.loss(X, y, lengths=lengths) < before


def test_same_bits_for_any_number_of_threads() -> None:
    X, y, lengths = tagging(700)
    results = set()
    for threads in (1, 2, 3, 4):
        net = tagger()
        net.fit(X, y, lengths=lengths, epochs=2, batch_size=300, n_threads=threads)
        results.add(net.parameters.tobytes() + net.predict(X, lengths=lengths).tobytes())
    assert len(results) == 1


def test_no_samples_may_have_an_empty_list_of_lengths() -> None:
    net, none = fm.Network(NETS["class"](), inputs=(TIME, 3), seed=0), np.zeros((0, TIME, 3))
    np.testing.assert_array_equal(net.predict(none, lengths=[]), net.predict(none))


X3 = np.zeros((2, TIME, 3))


def own_loss(o: Any, y: Any) -> Any:
    """Whose gradient has a row less."""
    return o[:, 0], o[1:]


@pytest.mark.parametrize(
    ("layers", "call", "message"),
    [
        (NETS["class"](), lambda net: net.predict(X3, lengths=[1]),
         r"^Network.predict: lengths has shape \(1,\), expected \(2,\)"),
        (NETS["class"](), lambda net: net.predict(X3, lengths=[1, 8]),
         r"lengths\[1\]=8, expected 1 to 7"),
        (NETS["class"](), lambda net: net.loss(X3, [0, 1], lengths=[0, 2]),
         r"^Network.loss: lengths\[0\]=0, expected 1 to 7"),
        (NETS["class"](), lambda net: net.fit(X3, [0, 1], lengths=[1.5, 2]), "expected integers"),
        (NETS["tagger"](), lambda net: net.fit(X3, np.zeros(2), loss=own_loss, lengths=[1, 2]),
         r"^fit: y has shape \(2,\), expected \(2, 7, ...\), a target of each step, as lengths"),
        (NETS["tagger"](), lambda net: net.loss(X3, np.zeros((2, 7)), own_loss, lengths=[1, 3]),
         r"^Network.loss: gradient of the loss has shape \(3, 3\), expected \(4, 3\)"),
        ([fm.Dense(3)], lambda net: net.backward(X3, np.zeros((2, 3)), lengths=[1, 2]),
         "Network.backward: no layer is recurrent"),
        (NETS["class"](), lambda net: fm.Trainer(net).forward(X3, lengths=[1, 2, 3]),
         r"Trainer.forward: lengths has shape \(3,\), expected \(2,\)"),
        ([fm.GRU(2, sequences=True), fm.Dense(3)], lambda net: net.predict(X3, lengths=[1, 2]),
         r"layers\[1\]=Dense reads several steps at once"),
        ([fm.Dense(3)], lambda net: net.predict(X3, lengths=[1, 2]), "no layer is recurrent"),
        ([fm.GRU(3, sequences=True)],
         lambda net: net.loss(X3, np.zeros((2, TIME, 1)), "gaussian_nll", lengths=[1, 2]),
         r"output_shape\[-1\]=3, expected an even number"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(layers: Any, call: Any, message: str) -> None:
    net = fm.Network(layers, inputs=(TIME, 3), seed=0)
    before = net.parameters.copy()
    with pytest.raises((ValueError, TypeError), match=message):
        call(net)
    np.testing.assert_array_equal(net.parameters, before)

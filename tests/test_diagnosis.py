"""What `Network.diagnose` reports, against plain formulas, and what it says of 50 networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from diagnosis_cases import KINDS, dead_relus, deep, recurrent
from recurrent_oracle import Elman

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 12))
Y = np.sin(X[:, :1]) + 0.1 * X[:, 1:2]
SEQUENCES = RNG.normal(size=(40, 100, 3))
WORDS = ("vanishing", "exploding", "saturated", "dead")


CASES = [(make, said, seed) for make, said, count in KINDS for seed in range(count)]


@pytest.mark.parametrize(("make", "said", "seed"), CASES)
def test_fifty_networks_are_told_apart(make: Any, said: str, seed: int) -> None:
    """Six kinds, and the same over 100 steps; a healthy one has none of the words in its text."""
    assert len(CASES) == 50
    net = make(seed)
    samples = SEQUENCES if len(net.input_shape) == 2 else X
    diagnosis = net.diagnose(samples, Y[: len(samples)])
    assert diagnosis.trouble == said
    assert diagnosis.healthy == (said == "")
    text = str(diagnosis)
    assert [word for word in WORDS if word in text] == ([said] if said else [])
    in_trouble = [layer for layer in diagnosis.layers if layer.trouble]
    assert bool(in_trouble) == bool(said)
    for layer in in_trouble:
        assert f"{layer.name}: {layer.advice}" in text
        assert "; use " in layer.advice or "; scale " in layer.advice


def test_a_dead_layer_is_named_and_its_remedy() -> None:
    diagnosis = dead_relus(2).diagnose(X, Y)  # the layers before it receive nothing: one cause
    assert [layer.trouble for layer in diagnosis.layers] == ["", "", "dead", ""]
    assert "layers[2] Dense(24, relu): 100% of the units are dead" in str(diagnosis)


def dense_oracle(net: fm.Network, name: str) -> tuple[list[Any], list[Any]]:
    """Deltas and slopes of the layers of a dense network, mean squared error by hand."""
    phi, h, slopes = ref.ACTIVATIONS[name], X, []
    last = len(net.weights) - 1
    for index, (W, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        assert b is not None
        a = h @ W + b
        slopes.append(np.ones_like(a) if index == last else phi.dphi(a))
        h = a if index == last else phi.phi(a)
    delta, deltas = (h - Y) / len(X), []
    for W, slope in zip(reversed(net.weights), reversed(slopes), strict=True):
        delta = delta * slope
        deltas.append(delta)
        delta = delta @ W.T
    return deltas[::-1], slopes


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "hard_tanh", "relu", "elu", "gelu"])
def test_numbers_are_those_of_the_formulas(name: str) -> None:
    net = deep(name, fm.Normal(1.5), depth=4, width=9, seed=3)
    net.biases[1][2:5] -= 1e3  # type: ignore[index]
    deltas, slopes = dense_oracle(net, name)
    _, gradient = net.value_and_grad(X, Y)
    diagnosis = net.diagnose(X, Y)
    sizes = [W.size + W.shape[1] for W in net.weights]
    ends = np.cumsum(sizes)[:-1]
    of_gradient = [np.linalg.norm(part) for part in np.split(gradient, ends)]
    of_weights = [np.linalg.norm(part) for part in np.split(net.parameters, ends)]
    np.testing.assert_allclose(diagnosis.gradient_norms, of_gradient, rtol=1e-12)
    np.testing.assert_allclose(diagnosis.weight_norms, of_weights, rtol=1e-14)
    assert np.isnan(diagnosis.update_norms).all()
    assert diagnosis.loss == pytest.approx(net.loss(X, Y), rel=1e-14)
    largest = 0.25 if name == "sigmoid" else 1.0
    bounded = name in ("sigmoid", "tanh", "hard_tanh")
    for layer, delta, slope in zip(diagnosis.layers[:-1], deltas, slopes, strict=False):
        assert layer.signal == pytest.approx(np.linalg.norm(delta), rel=1e-12)
        flat = np.abs(slope) < 0.05 * largest
        assert layer.saturated == pytest.approx(flat.mean() if bounded else 0, abs=1e-12)
        off = (np.abs(slope) < 1e-3 * largest).all(0)
        assert layer.dead == pytest.approx(0 if bounded else off.mean(), abs=1e-12)
        assert layer.over_time is None
    assert bounded or diagnosis.layers[1].dead >= 3 / 9


@pytest.mark.parametrize("given", [None, RNG.integers(1, 100, size=40)])
def test_the_signal_over_time_is_that_of_backpropagation_through_time(given: Any) -> None:
    net = recurrent(fm.Recurrent(6, "tanh", recurrent_init=fm.Normal(0.6)), seed=2)
    lengths = np.full(40, 100) if given is None else given
    W, V = net.weights
    oracle = Elman("tanh", W, net.biases[0])
    h = oracle.forward(SEQUENCES)
    rows = np.arange(40)
    outputs = h[rows, lengths - 1] @ V + net.biases[1]
    later = (outputs - Y[:40]) / 40 @ V.T
    squares, flat, count = np.zeros(100), 0, 0
    for t in reversed(range(100)):
        slope = oracle.phi.dphi(oracle.a[:, t])
        live = (lengths > t)[:, np.newaxis]
        delta = later * slope * live
        squares[t] = np.sum(delta**2)
        later = np.where(live, delta @ W[3:].T, later)
        flat += np.count_nonzero((slope < 0.05) & live)
        count += 6 * np.count_nonzero(live)
    layer = net.diagnose(SEQUENCES, Y[:40], lengths=given).layers[0]
    assert layer.over_time is not None
    np.testing.assert_allclose(layer.over_time, np.sqrt(squares), rtol=1e-10)
    assert layer.signal == pytest.approx(np.sqrt(squares.max()), rel=1e-10)
    assert layer.saturated == pytest.approx(flat / count, rel=1e-12)


@pytest.mark.parametrize("make", [fm.GRU, fm.LSTM])
def test_gates_count_for_the_signal_but_not_as_saturated(make: Any) -> None:
    net = recurrent(make(8))
    net.biases[0][:8] += 50.0  # type: ignore[index]  # a gate that is open for good
    layer = net.diagnose(SEQUENCES, Y[:40]).layers[0]
    assert layer.over_time is not None
    assert layer.over_time.shape == (100,)
    assert layer.saturated < 0.5


def test_both_directions_are_no_trouble_for_each_other() -> None:
    net = recurrent(fm.Bidirectional(fm.Recurrent(8, recurrent_init=fm.Normal(0.1))))
    layer = net.diagnose(SEQUENCES, Y[:40]).layers[0]
    assert layer.over_time is not None
    assert layer.over_time[0] > 100 * layer.over_time[50] < layer.over_time[-1] / 100
    assert layer.trouble == ""


def test_a_filter_is_dead_where_it_is_off_at_all_positions() -> None:
    layers = [fm.Conv2D(4, 3, "relu"), fm.GlobalAveragePool2D(), fm.Dense(1)]
    net = fm.Network(layers, inputs=(6, 6, 1), seed=0)
    net.biases[0][:3] = -1e3  # type: ignore[index]
    found = net.diagnose(RNG.normal(size=(30, 6, 6, 1)), Y[:30])
    assert found.layer_names == ["layers[0] Conv2D(4, relu)", "layers[2] Dense(1, identity)"]
    assert [layer.dead for layer in found.layers] == [0.75, 0.0]
    assert found.trouble == "dead"


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_reports_do_not_depend_on_threads_and_cover_all_chunks(n_threads: int) -> None:
    net = deep("tanh", "glorot_uniform", depth=3)
    many = RNG.normal(size=(2500, 12))
    target = many[:, :1]
    whole = net.diagnose(many, target, n_threads=1)
    same = net.diagnose(many, target, n_threads=n_threads)
    assert repr(same.layers) == repr(whole.layers)
    np.testing.assert_array_equal(same.gradient_norms, whole.gradient_norms)
    _, gradient = net.value_and_grad(many, target, n_threads=1)
    assert np.linalg.norm(gradient) == pytest.approx(np.linalg.norm(whole.gradient_norms))
    halves = [net.diagnose(many[part], target[part]) for part in (slice(1250), slice(1250, None))]
    shares = [half.layers[0].saturated for half in halves]
    assert whole.layers[0].saturated == pytest.approx(np.mean(shares))


def half_square(outputs: Any, y: Any) -> Any:
    return ((outputs - y) ** 2).sum(1) / 2, outputs - y


def test_weights_losses_and_own_losses() -> None:
    net = deep("tanh", "glorot_uniform", depth=3)
    weights = RNG.random(len(X))

    for keywords in ({}, {"sample_weight": weights}):
        built_in = net.diagnose(X, Y, **keywords)  # type: ignore[arg-type]
        own = net.diagnose(X, Y, half_square, **keywords)  # type: ignore[arg-type]
        np.testing.assert_allclose(own.gradient_norms, built_in.gradient_norms, rtol=1e-12)
        signals = [[layer.signal for layer in each.layers] for each in (own, built_in)]
        np.testing.assert_allclose(*signals, rtol=1e-12)
        assert own.loss == pytest.approx(built_in.loss)
    other = net.diagnose(X, Y, "absolute_error")
    assert other.loss == pytest.approx(net.loss(X, Y, "absolute_error"))


def test_own_losses_of_sequences_with_lengths() -> None:
    net = recurrent(fm.GRU(5))
    lengths = RNG.integers(1, 100, size=40)

    own = net.diagnose(SEQUENCES, Y[:40], half_square, lengths=lengths).layers[0]
    built_in = net.diagnose(SEQUENCES, Y[:40], lengths=lengths).layers[0]
    assert own.over_time is not None and built_in.over_time is not None  # noqa: PT018
    np.testing.assert_allclose(own.over_time, built_in.over_time, rtol=1e-10, atol=1e-300)
    assert own.saturated == built_in.saturated


@pytest.mark.parametrize(("act", "bias"), [("tanh", 0.0), ("relu", -20.0)])
def test_padding_counts_for_nothing(act: str, bias: float) -> None:
    """In a layer of single steps before a recurrent one, and in one of the outputs of all steps."""
    lengths = np.array([1, 2, 3, 4, 5, 6, 2, 1])
    padded = np.arange(6) >= lengths[:, np.newaxis]
    samples = 3 * RNG.normal(size=(8, 6, 2))
    layers = [fm.Conv1D(3, 1, act), fm.Recurrent(2, sequences=True), fm.Conv1D(3, 1, act)]
    net = fm.Network(layers, inputs=(6, 2), dtype="float64", seed=0)
    net.biases[0][:] = net.biases[2][:] = bias
    y = RNG.normal(size=(8, 6, 3))
    reports = []
    for value in (0.0, 100.0):
        samples[padded] = y[padded] = value
        reports.append(net.diagnose(samples, y, lengths=lengths))
    assert repr(reports[0].layers) == repr(reports[1].layers)  # nan equals nan
    one = fm.Network(layers[:1], inputs=(1, 2), dtype="float64", seed=0)
    one.parameters = net.parameters[: one.n_parameters]
    valid = samples[~padded].reshape(-1, 1, 2)
    alone = one.diagnose(valid, np.zeros((len(valid), 1, 3))).layers[0]
    assert reports[0].layers[0].saturated == pytest.approx(alone.saturated)
    assert reports[0].layers[0].dead == alone.dead
    assert alone.saturated > 0 or alone.dead == 1


def test_the_recorder_measures_updates_between_epochs() -> None:
    net = deep("tanh", "glorot_uniform", depth=3)
    recorder = fm.DiagnosisRecorder(X, Y, every=2)
    kept = [net.parameters.copy()]

    class Keep(fm.Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            kept.append(net.parameters.copy())

    net.fit(X, Y, epochs=5, callbacks=[recorder, Keep()])
    assert len(recorder.records) == 3  # before, and after epochs 2 and 4
    assert np.isnan(recorder.records[0].update_norms).all()
    for record, now, before in zip(recorder.records[1:], kept[2::2], kept[::2], strict=False):
        ends = np.cumsum([W.size + W.shape[1] for W in net.weights])[:-1]
        parts = np.split(now - before, ends)
        np.testing.assert_allclose(record.update_norms, [np.linalg.norm(p) for p in parts])
    assert recorder.records[-1].loss < recorder.records[0].loss


def test_the_recorder_diagnoses_the_loss_that_is_trained() -> None:
    net = deep("tanh", "glorot_uniform", depth=3)
    recorder = fm.DiagnosisRecorder(X, Y)
    net.fit(X, Y, loss="absolute_error", epochs=1, callbacks=[recorder])
    assert recorder.records[-1].loss == pytest.approx(net.loss(X, Y, "absolute_error"))


def test_the_recorder_goes_on_after_a_stop(tmp_path: Any) -> None:
    file = tmp_path / "run.ckpt"
    first = deep("tanh", "glorot_uniform", depth=3)
    whole = fm.DiagnosisRecorder(X, Y)
    first.fit(X, Y, epochs=4, callbacks=[whole])
    for epochs in (2, 4):
        net = deep("tanh", "glorot_uniform", depth=3)
        recorder = fm.DiagnosisRecorder(X, Y)
        net.fit(X, Y, epochs=epochs, callbacks=[recorder], checkpoint=file)
    np.testing.assert_array_equal(recorder.records[-1].update_norms, whole.records[-1].update_norms)


def test_infinite_gradients_explode() -> None:
    net = deep("identity", fm.Normal(1e80), depth=5)
    assert net.diagnose(X, Y).trouble == "exploding"


def test_nothing_changes_and_bad_input_is_refused() -> None:
    net = deep("tanh", "glorot_uniform", depth=3)
    before = net.parameters.copy()
    net.diagnose(X, Y)
    np.testing.assert_array_equal(net.parameters, before)
    with pytest.raises(ValueError, match=r"Network.diagnose: X has shape \(150, 11\)"):
        net.diagnose(X[:, 1:], Y)
    with pytest.raises(ValueError, match=r"Network.diagnose: the weights are all 0"):
        net.diagnose(X, Y, sample_weight=np.zeros(150))
    with pytest.raises(ValueError, match=r"DiagnosisRecorder: every=0, expected"):
        fm.DiagnosisRecorder(X, Y, every=0)

"""Training on sequences of their own lengths, with losses in Python as with native ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from forced_threads import forced_threads
from sequence_losses import (
    FEATURES,
    IN_PYTHON,
    TIME,
    Case,
    in_python,
    names,
    problem,
    spoiled,
)


def training(case: Case, loss: Any, **fields: Any) -> Any:
    """The parameters and losses after a run, single epochs and steps, with dropout and weights."""
    net, X, y, lengths, weights = problem(case, 21)
    X, y = spoiled(X, y, lengths, np.random.default_rng(1))
    layers = [net.layers[0], fm.Dropout(0.3), net.layers[1]]
    net = fm.Network(layers, inputs=(TIME, FEATURES), dtype="float64", seed=2)
    trainer = fm.Trainer(net, loss, fm.Adam(1e-2, clip_norm=1.0), batch_size=8, l2=1e-3, **fields)
    given = {"sample_weight": weights, "lengths": lengths}
    held_out = (X[:5], y[:5], weights[:5], lengths[:5])
    history = trainer.run(X, y, epochs=3, validation_data=held_out, **given)
    losses = [*history["loss"], *history["val_loss"], trainer.epoch(X, y, **given)]
    losses.append(trainer.epoch(X, y, order=[3, 1, 2, 7, 7, 0], **given))
    losses.append(trainer.step(X[:9], y[:9], weights[:9], lengths=lengths[:9]))
    return net.parameters.copy(), np.array(losses)


@pytest.mark.parametrize("weighting", ["set", "batch"])
@pytest.mark.parametrize("case", IN_PYTHON[4:], ids=names(IN_PYTHON[4:]))
def test_training_with_a_loss_in_python_is_that_with_the_native_one(
    case: Case, weighting: Any
) -> None:
    parameters, losses = training(case, in_python(case.loss), weighting=weighting)
    expected, its_losses = training(case, case.loss, weighting=weighting)
    np.testing.assert_allclose(losses, its_losses, atol=1e-12 * (1 + np.abs(its_losses).max()))
    np.testing.assert_allclose(parameters, expected, atol=1e-12)


@pytest.mark.parametrize("case", [IN_PYTHON[0], IN_PYTHON[4]], ids=["numbers", "classes"])
def test_a_state_is_carried_as_with_the_native_loss(case: Case) -> None:
    """A sequence that ends within a batch begins anew in the next, where others go on."""
    results = []
    for loss in (case.loss, in_python(case.loss)):
        net, X, y, lengths, weights = problem(case, 24)
        trainer = fm.Trainer(net, loss, batch_size=8, shuffle=False, carry_state=True)
        weights[8:16] = 0  # a batch that is passed by
        trainer.epoch(X, y, sample_weight=weights, lengths=lengths)
        trainer.step(X[:8], y[:8], lengths=lengths[:8])
        outputs = trainer.forward(X[8:16], lengths=lengths[8:16])
        state: Any = net.recurrent_state
        results.append(np.concatenate([net.parameters, state[0].ravel(), outputs.ravel()]))
    np.testing.assert_allclose(results[1], results[0], atol=1e-12)


@pytest.mark.parametrize("case", IN_PYTHON, ids=names(IN_PYTHON))
def test_forward_backward_and_apply_make_the_step_of_the_trainer(case: Case) -> None:
    """Outputs are 0 after the ends, and the gradient given there is not read."""
    net, X, y, lengths, _ = problem(case, 19)
    counted = np.arange(TIME) < lengths[:, np.newaxis]
    twin = net.copy()
    trainer = fm.Trainer(net, case.loss, fm.SGD(0.1))
    outputs = trainer.forward(X, lengths=lengths)
    np.testing.assert_array_equal(outputs, net.predict(X, lengths=lengths))
    assert not outputs[~counted].any()
    by_output = np.full_like(outputs, np.nan)
    by_output[counted] = in_python(case.loss)(outputs[counted], y[counted])[1] / 19
    gradient = trainer.backward(by_output)
    np.testing.assert_array_equal(net.backward(X, by_output, lengths=lengths), gradient)
    trainer.apply(gradient)
    fm.Trainer(twin, case.loss, fm.SGD(0.1)).step(X, y, lengths=lengths)
    np.testing.assert_allclose(net.parameters, twin.parameters, atol=1e-13)
    np.testing.assert_array_equal(  # and later batches are whole again
        trainer.forward(X), net.predict(X)
    )


@pytest.mark.parametrize(
    "first", [fm.LSTM(4), fm.Bidirectional(fm.GRU(3, sequences=True))], ids=["last", "both ways"]
)
def test_a_loss_in_python_reads_what_lengths_change(first: Any) -> None:
    """The last step, the begin of the reversed direction; dropout draws the same masks."""
    last = fm.Dense(2) if isinstance(first, fm.LSTM) else fm.Conv1D(2, 1)
    results = []
    for loss in ("squared_error", in_python("squared_error")):
        layers = [first, fm.Dropout(0.2), last]
        net = fm.Network(layers, inputs=(TIME, FEATURES), dtype="float64", seed=0)
        rng, lengths = np.random.default_rng(5), [4, 1, 6] * 10
        X, y = rng.normal(size=(30, TIME, FEATURES)), rng.normal(size=(30, *net.output_shape))
        held_out = (X[:7], y[:7], None, lengths[:7])
        history = net.fit(X, y, loss=loss, lengths=lengths, epochs=3, batch_size=7,
                          validation_data=held_out)  # fmt: skip
        value, gradient = net.value_and_grad(X, y, loss, lengths=lengths)
        assert net.loss(X, y, loss, lengths=lengths) == value
        results.append(np.concatenate([net.parameters, gradient, [value], history["val_loss"]]))
    np.testing.assert_allclose(results[1], results[0], atol=1e-12)


@pytest.mark.parametrize("written", ["native", "python"])
def test_same_bits_for_any_number_of_threads(written: str) -> None:
    case = IN_PYTHON[-2]
    assert case.loss == "gaussian_nll"
    net, X, y, lengths, _ = problem(case, 300)
    loss: Any = case.loss if written == "native" else in_python(case.loss)
    results = set()
    for threads in (1, 2, 3, 4):
        with forced_threads(threads):
            twin = net.copy()
            twin.fit(X, y, loss=loss, lengths=lengths, epochs=2, batch_size=110)
            gradient = twin.value_and_grad(X, y, loss, lengths=lengths)[1]
            results.add(twin.parameters.tobytes() + gradient.tobytes())
    assert len(results) == 1


@pytest.mark.parametrize("sequences", [True, False])
def test_levenberg_marquardt_with_lengths_is_that_of_the_residuals(sequences: bool) -> None:
    """Of the outputs of each sequence alone, by fm.least_squares: points after each of 4 steps."""
    rng = np.random.default_rng(2)
    layer = fm.Recurrent(3, sequences=sequences)
    net = fm.Network([layer], inputs=(TIME, 2), dtype="float64", seed=0)
    X, lengths = rng.normal(size=(40, TIME, 2)), rng.integers(1, TIME + 1, 40)
    y = 0.5 * rng.normal(size=(40, *net.output_shape))
    alone = [fm.Network([layer], inputs=(int(t), 2), dtype="float64") for t in lengths]

    def residuals(w: Any) -> Any:
        parts = []
        for twin, x, target, length in zip(alone, X, y, lengths, strict=True):
            twin.parameters = w
            own = target[:length] if sequences else target
            parts.append(np.ravel(twin.predict(x[:length]) - own) / np.sqrt(40))
        return np.concatenate(parts)

    start, steps = net.parameters.copy(), []
    result = fm.least_squares(residuals, start, steps=4, record_path=True)
    trainer = fm.Trainer(net, optimizer=fm.LevenbergMarquardt())
    for _ in range(4):
        trainer.step(X, y, lengths=lengths)
        steps.append(net.parameters.copy())
    np.testing.assert_allclose(steps, result.path[1:], atol=1e-5)  # of forward differences
    assert net.loss(X, y, lengths=lengths) == pytest.approx(result.value, rel=1e-6)


def test_targets_after_the_end_do_not_count_in_the_warning_of_their_scale() -> None:
    """Long sequences are few: nothing is said of numbers that stand for their missing steps."""
    net, X, y, lengths, _ = problem(IN_PYTHON[0], 40)
    lengths[:] = 1
    lengths[0], y[0] = TIME, 1.03
    net.copy().fit(X, y, lengths=lengths, epochs=1)
    with pytest.warns(fm.TrainingWarning, match=r"y has mean 50"):
        net.fit(X, y + 50, lengths=lengths, epochs=1)

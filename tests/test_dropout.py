"""Dropout and Gaussian noise: distributions, modes, seeds, and gradients through them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.stats

import fastmlp as fm
import reference as ref
from forced_threads import forced_threads
from problems import TASKS, squared
from reference import Array

X, Y = TASKS["regression"].data
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
noisy = pytest.mark.parametrize("layer", [fm.Dropout(0.5), fm.GaussianNoise(0.5)], ids=repr)


def bare(layer: Any, units: int, dtype: str = "float64", seed: int = 0) -> Any:
    """One noisy layer below an identity matrix: outputs are those of the layer."""
    net = fm.Network([layer, fm.Dense(units, bias=False)], inputs=units, dtype=dtype, seed=seed)
    net.weights[0][:] = np.eye(units)
    return net


def drawn(layer: Any, n: int, units: int, x: float = 1.0, dtype: str = "float64") -> Array:
    """Outputs for the constant x in a batch of n samples."""
    outputs = fm.Trainer(bare(layer, units, dtype)).forward(np.full((n, units), x, dtype))
    return np.array(outputs, float)


def trained(layer: Any, threads: int = 0, seed: int = 3, **fields: Any) -> Any:
    """A net with the layer between and below, after two epochs."""
    net = fm.Network(
        [layer, fm.Dense(40, "tanh"), layer, fm.Dense(70, "relu"), layer, fm.Dense(2)],
        inputs=3, seed=seed, **fields,
    )  # fmt: skip
    with forced_threads(threads):
        net.fit(X, Y, epochs=2, batch_size=10)
    return net


@dtypes
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout_is_inverted_and_drops_at_its_rate(rate: float, dtype: str) -> None:
    """Values are 0 or x / (1 - rate); the number of zeros is binomial, over all and by unit."""
    h = drawn(fm.Dropout(rate), 2000, 130, 3.0, dtype)
    kept = h != 0
    np.testing.assert_allclose(h[kept], 3.0 / (1 - rate), rtol=1e-6)
    deviation = np.sqrt(rate * (1 - rate))
    assert abs(kept.mean() - (1 - rate)) <= 4 * deviation / np.sqrt(h.size)
    assert np.abs(kept.mean(0) - (1 - rate)).max() <= 5 * deviation / np.sqrt(2000)
    assert np.abs(kept.mean(1) - (1 - rate)).max() <= 5 * deviation / np.sqrt(130)


def test_dropout_is_drawn_for_each_sample_and_unit() -> None:
    """No two of 200 units, nor two of 500 samples, are correlated beyond chance."""
    h = drawn(fm.Dropout(0.5), 500, 200)
    for table in (h, h.T):
        table = table - table.mean(0)
        norms = np.linalg.norm(table, axis=0)
        correlation = table.T @ table / np.outer(norms, norms)
        np.fill_diagonal(correlation, 0)
        assert np.abs(correlation).max() < 6 / np.sqrt(len(table))


@dtypes
@pytest.mark.parametrize("std", [0.0, 0.1, 2.0])
def test_noise_is_normal_with_its_deviation(std: float, dtype: str) -> None:
    """Mean x, variance std², shape of N(0, 1) by Kolmogorov and Smirnov, moments 3 and 4."""
    z = (drawn(fm.GaussianNoise(std), 1000, 130, 0.5, dtype) - 0.5).ravel()
    assert abs(z.mean()) <= 4 * std / np.sqrt(z.size)
    if std == 0:
        return
    assert z.var() == pytest.approx(std**2, rel=0.02)
    assert scipy.stats.kstest(z / std, "norm").pvalue > 1e-3
    assert abs(scipy.stats.skew(z)) < 0.03
    assert abs(scipy.stats.kurtosis(z)) < 0.06


def test_noise_is_independent_between_samples_and_units() -> None:
    z = drawn(fm.GaussianNoise(1.0), 500, 200, 0.0)
    for table in (z, z.T):
        correlation = np.corrcoef(table.T)
        np.fill_diagonal(correlation, 0)
        assert np.abs(correlation).max() < 6 / np.sqrt(len(table))


@noisy
def test_each_presentation_and_each_layer_draws_new_values(layer: Any) -> None:
    """Two batches of an epoch, two epochs and two layers differ."""
    net = bare(layer, 50)
    trainer = fm.Trainer(net)
    x = np.ones((10, 50))
    first, second = trainer.forward(x), trainer.forward(x)
    trainer.epoch(x, np.ones((10, 50)))
    net.weights[0][:] = np.eye(50)
    third = trainer.forward(x)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, third)
    assert not np.array_equal(second, third)
    twice = fm.Network([layer, fm.Dense(50, bias=False), layer, fm.Dense(50, bias=False)],
                       inputs=50, dtype="float64", seed=0)  # fmt: skip
    for W in twice.weights:
        W[:] = np.eye(50)
    both = fm.Trainer(twice).forward(x)
    if isinstance(layer, fm.Dropout):
        assert abs((both != 0).mean() - 0.25) < 0.1
    else:
        assert (both - 1).var() == pytest.approx(0.5, rel=0.25)


@noisy
def test_off_but_in_training(layer: Any) -> None:
    """Prediction, loss, gradients and Jacobian are those of the net without the layer."""
    layers = [fm.Dense(5, "tanh"), fm.Dense(2)]
    net = fm.Network([layer, layers[0], layer, layers[1]], inputs=3, dtype="float64", seed=1)
    plain = fm.Network(layers, inputs=3, dtype="float64", seed=1)
    plain.parameters = net.parameters
    np.testing.assert_array_equal(net.predict(X), plain.predict(X))
    assert net.loss(X, Y) == plain.loss(X, Y)
    np.testing.assert_array_equal(net.value_and_grad(X, Y)[1], plain.value_and_grad(X, Y)[1])
    np.testing.assert_array_equal(net.backward(X, Y), plain.backward(X, Y))
    np.testing.assert_array_equal(net.jacobian(X), plain.jacobian(X))
    np.testing.assert_array_equal(net.predict(X), net.predict(X))
    history = net.fit(X, Y, epochs=1, validation_data=(X, Y))
    assert history["val_loss"][0] == pytest.approx(net.loss(X, Y), rel=1e-12)


@noisy
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_draws_depend_only_on_the_seed(layer: Any, threads: int) -> None:
    """The same bits for any number of threads, other ones for another seed."""
    expected = trained(layer, threads=1).parameters
    np.testing.assert_array_equal(trained(layer, threads=threads).parameters, expected)
    assert not np.array_equal(trained(layer, seed=4).parameters, expected)


@noisy
def test_an_epoch_is_drawn_once(layer: Any) -> None:
    """2 + 3 epochs are 5, in fits, in runs, and through pickle and copy."""
    ends = []
    for parts in ((5,), (2, 3)):
        for between in (
            lambda net: net,
            copy.deepcopy,
            lambda net: pickle.loads(pickle.dumps(net)),
        ):
            net = fm.Network([layer, fm.Dense(4, "tanh"), layer, fm.Dense(2)], inputs=3, seed=0)
            for epochs in parts:
                net = between(net)
                net.fit(X, Y, optimizer=fm.SGD(0.1), epochs=epochs, batch_size=7)
            ends.append(net.parameters.copy())
    for end in ends[1:]:
        np.testing.assert_array_equal(end, ends[0])


def test_backward_goes_through_the_masks_of_forward() -> None:
    """A linear net shows its masks; the gradient equals the formula with them, to rounding."""
    layers = [fm.Dropout(0.4), fm.Dense(30, bias=False), fm.Dropout(0.3), fm.Dense(30, bias=False)]
    net = fm.Network(layers, inputs=30, dtype="float64", seed=2)
    net.weights[0][:] = net.weights[1][:] = np.eye(30)
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-3))
    rng = np.random.default_rng(0)
    x, c = rng.uniform(1, 2, (20, 30)), rng.normal(size=(20, 30))
    product = trainer.forward(x) / x  # of both masks, each 0 or 1 / (1 - rate)
    gradient = trainer.backward(c)
    first, second = (g.reshape(30, 30) for g in np.split(gradient, 2))  # rows are units
    # diagonals: ∂/∂W_jj of Σ c o = Σ c_j m2_j m1_j x_j, for both layers
    expected = (c * product * x).sum(0)
    np.testing.assert_allclose(np.diag(first), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(np.diag(second), expected, rtol=1e-12, atol=1e-12)


@noisy
def test_gradients_are_differences_at_fixed_draws(layer: Any) -> None:
    """A fresh trainer of the same seed draws the same: central differences through forward."""
    layers = [layer, fm.Dense(6, "tanh"), layer, fm.Dense(3, "softmax")]
    net = fm.Network(layers, inputs=3, dtype="float64", seed=5)
    c = np.random.default_rng(1).normal(size=(len(X), 3))

    def outputs(w: Array) -> float:
        net.parameters = w
        return float((fm.Trainer(net).forward(X) * c).sum())

    w = net.parameters.copy()
    slope = ref.differences(outputs, w, 1e-6)
    net.parameters = w
    trainer = fm.Trainer(net)
    trainer.forward(X)
    np.testing.assert_allclose(trainer.backward(c), slope, atol=1e-7)


@noisy
def test_a_custom_loss_and_an_explicit_loop_draw_as_the_built_in_one(layer: Any) -> None:
    """fit with f(o, y), and forward, backward, apply, make the steps of trainer.step."""
    layers = [layer, fm.Dense(6, "tanh"), layer, fm.Dense(2)]
    ends = []
    for way in ("step", "loop", "fit", "custom loss"):
        net = fm.Network(layers, inputs=3, dtype="float64", seed=5)
        trainer = fm.Trainer(net, optimizer=fm.SGD(0.1), batch_size=6, shuffle=False)
        if "fit" in way:
            net.fit(X, Y, loss=squared if way == "custom loss" else None, optimizer=fm.SGD(0.1),
                    epochs=1, batch_size=6, shuffle=False)  # fmt: skip
        for i in range(0, 0 if "fit" in way else len(X), 6):
            if way == "step":
                trainer.step(X[i : i + 6], Y[i : i + 6])
            else:
                o = trainer.forward(X[i : i + 6])
                trainer.apply(trainer.backward((o - Y[i : i + 6]) / 6))
        ends.append(net.parameters.copy())
    for end in ends[1:]:
        np.testing.assert_allclose(end, ends[0], rtol=1e-11, atol=1e-12)


@noisy
def test_a_custom_loss_draws_as_the_built_in_one_in_every_epoch(layer: Any) -> None:
    """Shuffled, with a short last batch, and a batch whose weights sum to 0 and makes no step."""
    weights = np.ones(len(X))
    weights[:4] = 0
    ends = []
    for loss in (None, squared):
        net = fm.Network([layer, fm.Dense(6, "tanh"), layer, fm.Dense(2)], inputs=3,
                         dtype="float64", seed=5)  # fmt: skip
        for shuffle in (True, False):
            net.fit(X, Y, loss=loss, optimizer=fm.SGD(0.1), epochs=3, batch_size=4,
                    sample_weight=weights, shuffle=shuffle)  # fmt: skip
        ends.append(net.parameters.copy())
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-10, atol=1e-11)


@noisy
@pytest.mark.parametrize("gap", ["no weight", "not finite"])
def test_a_custom_loss_draws_as_the_built_in_one_after_a_batch_without_a_step(
    layer: Any, gap: str
) -> None:
    """A step whose weights sum to 0, and one whose loss is infinite, count as positions too."""
    far = np.where(np.arange(8) == 0, np.inf, 0.0)[:, None] * np.ones(2)
    ends = []
    for loss in (None, squared):
        net = fm.Network([layer, fm.Dense(6, "tanh"), layer, fm.Dense(2)], inputs=3,
                         dtype="float64", seed=5)  # fmt: skip
        trainer = fm.Trainer(net, loss, optimizer=fm.SGD(0.1))
        trainer.step(X[:8], Y[:8])
        if gap == "no weight":
            trainer.step(X[8:16], Y[8:16], sample_weight=np.zeros(8))
        else:
            trainer.step(X[8:16], Y[8:16] + far)
        trainer.step(X[:8], Y[:8])
        ends.append(net.parameters.copy())
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-10, atol=1e-11)


def test_dropout_trains() -> None:
    """A net with dropout and noise fits more than the mean of y."""
    net = trained(fm.Dropout(0.1))
    before = net.loss(X, Y)
    net.fit(X, Y, optimizer=fm.Adam(0.01), epochs=60, batch_size=8)
    assert net.loss(X, Y) < before / 3


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (lambda: fm.Dropout(1.0), ValueError, r"^Dropout: rate=1, expected"),
        (lambda: fm.Dropout(-0.1), ValueError, r"^Dropout: rate=-0\.1, expected"),
        (lambda: fm.Dropout("half"), TypeError, r"^Dropout: rate='half'"),
        (lambda: fm.GaussianNoise(-1.0), ValueError, r"^GaussianNoise: std=-1, expected"),
        (lambda: fm.GaussianNoise(None), TypeError, r"^GaussianNoise: std=None"),
        (lambda: fm.Network([fm.Dense(2), fm.Dropout(0.5)], inputs=2), ValueError,
         r"^Network: layers\[1\]=Dropout.*expected a last layer other than dropout and noise"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(make: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        make()

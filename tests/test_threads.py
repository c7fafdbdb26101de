"""The same bits for any number of threads, and the number that a call uses.

A feature joins by a line in TRAININGS, WEIGHTS or NETWORKS; a new optimizer without any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from problems import squared
from reference import Array

THREADS = (2, 3, 4, 8)
N = 150

AVERAGES = ("uniform", "discounted", "exponential")

# The keywords of fm.Trainer.
TRAININGS: dict[str, dict[str, Any]] = {
    **{name: {"optimizer": name} for name in _core.optimizers},
    "momentum": {"optimizer": fm.SGD(0.01, momentum=0.9)},
    "nesterov": {"optimizer": fm.SGD(0.01, momentum=0.9, nesterov=True)},
    "amsgrad": {"optimizer": fm.Adam(amsgrad=True)},
    "eps_mode hat": {"optimizer": fm.Adam(eps_mode="hat")},
    "eps_mode inside": {"optimizer": fm.Adam(eps_mode="inside")},
    "clip_value": {"optimizer": fm.SGD(0.1, clip_value=1e-3)},
    "clip_value, two ends": {"optimizer": fm.Adam(clip_value=(-1e-3, 2e-3))},
    "clip_norm": {"optimizer": fm.SGD(0.1, clip_norm=1e-2)},
    "clip_norm and clip_value": {"optimizer": fm.Adam(clip_norm=1e-2, clip_value=1e-3)},
    "normalize": {"optimizer": fm.SGD(0.01, normalize=True)},
    "lecture's nesterov": {"optimizer": fm.SGD(0.01, momentum=0.9, nesterov="lecture")},
    "rmsprop with momentum": {"optimizer": fm.RMSProp(momentum=0.9, nesterov=True)},
    "scalar adadelta": {"optimizer": fm.AdaDelta(scalar=True)},
    "momentum in delta_bar_delta": {"optimizer": fm.DeltaBarDelta(momentum=0.5)},
    "decay of biases": {"optimizer": fm.AdamW(weight_decay=0.1, decay_biases=True)},
    **{f"average {mode}": {"optimizer": fm.Adam(average=fm.Polyak(mode))} for mode in AVERAGES},
    "schedule per step": {"optimizer": fm.SGD(fm.InverseTimeDecay(0.1, 0.5, per="step"))},
    "custom schedule": {"optimizer": fm.Adam(lambda epoch: 0.01 / (epoch + 1))},
    "l1": {"l1": 1e-3},
    "proximal_l1": {"optimizer": fm.SGD(0.1, proximal_l1=True), "l1": 1e-3},
    "l2 with biases": {"l2": 1e-2, "regularize_biases": True},
    "l1, l2 and clip_norm": {"l1": 1e-3, "l2": 1e-2, "optimizer": fm.SGD(0.1, clip_norm=1e-2)},
    "in order": {"shuffle": False},
    **{name: {"loss": name} for name in ("absolute_error", "huber", "quantile", "poisson")},
    "custom loss": {"loss": squared},
}

WEIGHTS = {
    "weights": np.random.default_rng(1).uniform(size=N),
    "weights with zeros": np.arange(N) % 3.0,
}

# Several parts a layer; columns in panels, of the inputs and of a layer; deep and narrow; minimal.
NETWORKS: dict[str, dict[str, Any]] = {
    "parts": {"layers": [200, 100, 90, 3], "activation": "relu", "output": "identity"},
    "classes": {"layers": [40, 300, 10], "activation": "gelu", "output": "softmax"},
    "wide inputs": {"layers": [1100, 70, 2], "activation": "tanh", "output": "identity"},
    "wide layer": {"layers": [30, 1100, 64, 1], "activation": "elu", "output": "identity"},
    "deep": {"layers": [9, *[17] * 7, 2], "activation": "silu", "output": "sigmoid"},
    "minimal": {"layers": [1, 1], "output": "identity"},
    "dropout": {
        "layers": [fm.Dropout(0.1), fm.Dense(150, "relu"), fm.Dropout(0.5), fm.Dense(2)],
        "inputs": 70,
    },
    "noise": {
        "layers": [fm.GaussianNoise(0.1), fm.Dense(150, "tanh"), fm.GaussianNoise(1), fm.Dense(2)],
        "inputs": 70,
    },
    "limits per layer": {
        "layers": [fm.Dense(150, "relu", max_norm=0.5, l1=1e-3), fm.Dense(2, bias=False, l2=0.1)],
        "inputs": 70,
    },
}

NOISY = ("dropout", "noise")  # what a step draws depends on the steps before

dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def problem(name: str, n: int, dtype: str) -> tuple[Callable[[], fm.Network], Array, Array]:
    """A maker of equal networks, X and y for them."""

    def make() -> fm.Network:
        return fm.Network(**NETWORKS[name], dtype=dtype, seed=0)

    net, rng = make(), np.random.default_rng(0)
    X = rng.standard_normal((n, net.n_inputs)).astype(dtype)
    if NETWORKS[name].get("output") == "softmax":
        return make, X, rng.integers(net.n_outputs, size=n)
    return make, X, rng.uniform(size=(n, net.n_outputs)).astype(dtype)


@pytest.fixture(autouse=True)
def _limits_end() -> Iterator[None]:
    yield
    _core.force_num_threads(0)
    fm.set_num_threads(1024)


def bits(work: Callable[[], Iterable[Any]], threads: int) -> list[bytes]:
    _core.force_num_threads(threads)
    return [np.asarray(result).tobytes() for result in work()]


def assert_same_bits(work: Callable[[], Iterable[Any]]) -> None:
    expected = bits(work, 1)
    for threads in THREADS:
        pairs = enumerate(zip(expected, bits(work, threads), strict=True))
        differ = [i for i, (one, many) in pairs if one != many]
        assert not differ, f"{threads} threads change results {differ}"


def assert_same_fit(dtype: str, sample_weight: Array | None, **training: Any) -> None:
    """Parameters, losses and losses of validation after two epochs with a short last batch."""
    make, X, y = problem("parts", N, dtype)

    def work() -> list[Any]:
        net = make()
        history = net.fit(
            X,
            y,
            epochs=2,
            batch_size=64,
            sample_weight=sample_weight,
            validation_data=(X[:50], y[:50]),
            **training,
        )
        assert np.isfinite(net.parameters).all()
        return [net.parameters, history["loss"], history["val_loss"]]

    assert_same_bits(work)


@dtypes
@pytest.mark.parametrize("training", TRAININGS)
def test_fit(training: str, dtype: str) -> None:
    assert_same_fit(dtype, None, **TRAININGS[training])


@dtypes
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("training", ["adam", "clip_norm", "custom loss"])
def test_fit_with_weights(training: str, weights: str, dtype: str) -> None:
    assert_same_fit(dtype, WEIGHTS[weights], **TRAININGS[training])


@dtypes
@pytest.mark.parametrize("training", [t for t in TRAININGS if t != "lecture's nesterov"])
def test_steps_and_explicit_loops(training: str, dtype: str) -> None:
    """step, forward, backward and apply, with the optimizer's state."""
    make, X, y = problem("parts", N, dtype)

    def work() -> list[Any]:
        net = make()
        trainer = fm.Trainer(net, **TRAININGS[training])
        losses = [trainer.step(X, y), trainer.step(X[:7], y[:7], WEIGHTS["weights"][:7])]
        outputs = trainer.forward(X)
        gradient = trainer.backward((outputs - y) / N)
        trainer.apply(gradient)
        return [losses, outputs, gradient, net.parameters, *trainer.state.values()]

    assert_same_bits(work)


@dtypes
@pytest.mark.parametrize("size", [1, 10, 100, 1024, 1025, 2500])
@pytest.mark.parametrize("name", NETWORKS)
def test_batch_sizes(name: str, size: int, dtype: str) -> None:
    """From one sample to the whole set, which is more than two chunks."""
    n = min(2500, 3 * size + size // 2)
    make, X, y = problem(name, n, dtype)

    def work() -> list[Any]:
        net = make()
        history = net.fit(X, y, epochs=1, batch_size=size, optimizer=fm.Adam(0.01))
        return [net.parameters, history["loss"]]

    assert_same_bits(work)


@dtypes
@pytest.mark.parametrize("n", [1, 7, 130, 2500])
@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation(name: str, n: int, dtype: str) -> None:
    make, X, y = problem(name, n, dtype)
    net = make()
    upstream = np.random.default_rng(2).standard_normal((n, net.n_outputs)).astype(dtype)

    def work() -> list[Any]:
        value, gradient = net.value_and_grad(X, y)
        few = X[:130]
        return [
            net.predict(X),
            net.loss(X, y),
            value,
            gradient,
            net.backward(X, upstream),
            net.jacobian(few),
        ]

    assert_same_bits(work)


def test_the_choice_of_the_library_is_one_of_them() -> None:
    """A network that is large enough for all threads of the machine."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 400), "f"), rng.standard_normal((2000, 1), "f")

    def work() -> list[Any]:
        net = fm.Network([400, 500, 1], output="identity", seed=0)
        net.fit(X, y, epochs=2, batch_size=200)
        return [net.parameters, net.predict(X), *net.value_and_grad(X, y)]

    assert bits(work, 0) == bits(work, 1)


@dtypes
def test_the_number_may_change_from_step_to_step(dtype: str) -> None:
    """A trainer is not tied to the threads that it began with, nor to the size of its batches."""
    make, X, y = problem("parts", 1500, dtype)

    def work(threads: Iterable[int]) -> list[bytes]:
        net = make()
        trainer = fm.Trainer(net)
        for number, rows in zip(threads, (10, 1500, 64, 1, 1024, 300), strict=True):
            _core.force_num_threads(number)
            trainer.step(X[:rows], y[:rows])
        return [array.tobytes() for array in (net.parameters, *trainer.state.values())]

    assert work((1, 4, 2, 8, 3, 1)) == work((1,) * 6) == work((8, 1, 2, 2, 1, 4))


@dtypes
@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in NOISY])
def test_what_a_trainer_keeps_between_batches_changes_nothing(name: str, dtype: str) -> None:
    """A trainer of batches of any size against a fresh one for each of them."""
    make, X, y = problem(name, 1500, dtype)
    one, many = make(), make()
    kept = fm.Trainer(one, optimizer=fm.SGD(0.01))
    for rows in (100, 3, 3, 1500, 5, 1, 20, 1, 1, 1024):
        kept.step(X[:rows], y[:rows])
        fm.Trainer(many, optimizer=fm.SGD(0.01)).step(X[:rows], y[:rows])
        assert one.parameters.tobytes() == many.parameters.tobytes(), f"{rows} rows"

"""Layers that are not trained, and rates of their own, against networks without them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = np.sin(X[:, :1] - X[:, 1:2])
RULES = [*_core.optimizers.values()]
METHODS = [*_core.methods.values()]
EXTRAS: list[dict[str, Any]] = [
    {},
    {"clip_norm": 0.5},
    {"clip_value": 0.05},
    {"average": fm.Polyak("uniform")},
    {"average": fm.Polyak("exponential", 0.9)},
]


def two_layers(**frozen: Any) -> fm.Network:
    """A layer that is not trained below two that are; a negative zero must keep its sign."""
    layers = [fm.Dense(7, "tanh", trainable=False, **frozen), fm.Dense(6, "tanh"), fm.Dense(1)]
    net = fm.Network(layers, inputs=5, dtype="float64", seed=3)
    net.weights[0][0, 0] = -0.0
    return net


def top_of(net: fm.Network) -> fm.Network:
    """The network of the layers above the first, on its outputs."""
    top = fm.Network(net.layers[1:], inputs=7, dtype="float64", seed=3)
    top.parameters = net.parameters[-top.n_parameters :]
    return top


def bits(array: Any) -> bytes:
    return np.asarray(array).tobytes()


def check_same_as_top(optimizer: Any, **keywords: Any) -> None:
    net = two_layers()
    top, below = top_of(net), net.parameters[: 7 * 6].copy()
    features = net.activations(X)[0]
    given = {"epochs": 6, "optimizer": optimizer, **keywords}
    history, expected = net.fit(X, Y, **given), top.fit(features, Y, **given)
    assert bits(net.parameters[: 7 * 6]) == bits(below)
    np.testing.assert_allclose(net.parameters[7 * 6 :], top.parameters, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-9)
    assert history.status == expected.status
    assert not np.array_equal(net.weights[1], two_layers().weights[1])


@pytest.mark.parametrize("extra", EXTRAS, ids=str)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rest_is_trained_as_if_it_were_alone(rule: Any, extra: dict[str, Any]) -> None:
    """On what the frozen layer computes, by every rule, with penalties, in batches."""
    check_same_as_top(rule(**extra), l2=0.01, batch_size=16)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_methods_search_among_the_trained_parameters(method: Any) -> None:
    check_same_as_top(method(), l2=0.01)


@pytest.mark.parametrize("average", [fm.Polyak("uniform"), fm.Polyak("exponential", 0.5)])
def test_methods_average_the_trained_parameters(average: Any) -> None:
    check_same_as_top(fm.LBFGS(average=average))


@pytest.mark.parametrize(
    "rule",
    [
        fm.SGD(0.1, momentum=0.9, nesterov=True),
        fm.SGD(0.1, momentum=0.9, nesterov="lecture"),
        fm.RMSProp(0.01, momentum=0.9, nesterov=True),
        fm.AdamW(0.01, weight_decay=0.1, decay_biases=True),
        fm.SGD(0.1, proximal_l1=True),
        fm.AdaDelta(scalar=True),
        fm.Adam(0.01, amsgrad=True),
        fm.SGD(0.1, normalize=True),
    ],
    ids=repr,
)
def test_look_ahead_decay_and_sums_leave_out_what_is_frozen(rule: Any) -> None:
    check_same_as_top(rule, l1=0.001)


def test_penalties_and_limits_of_a_frozen_layer_do_nothing() -> None:
    net = two_layers(l1=0.5, l2=0.5, max_norm=1e-3)
    below = net.parameters[: 7 * 6].copy()
    trainer = fm.Trainer(net)
    trainer.epoch(X, Y)
    assert bits(net.parameters[: 7 * 6]) == bits(below)
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.penalty == 0


def quadratic(net: fm.Network, trained: Any) -> Callable[[Any], tuple[float, Any]]:
    """The loss as a function of the trained parameters alone."""
    whole = net.copy()

    def fun(z: Any) -> tuple[float, Any]:
        whole.parameters[trained] = z
        value, gradient = whole.value_and_grad(X, Y)
        return value, gradient[trained]

    return fun


@pytest.mark.parametrize(
    ("trainable", "trained"),
    [
        ((True, False, True), np.r_[0:42, 90:97]),
        ((True, True, False), np.r_[0:90]),
        (("weights", "bias", True), np.r_[0:35, 84:97]),
        ((False, "weights", "bias"), np.r_[42:84, 96:97]),
        (("bias", False, False), np.r_[35:42]),
    ],
)
@pytest.mark.parametrize("optimizer", [fm.SGD(0.1, momentum=0.9), fm.Adam(0.01), fm.BFGS()])
def test_any_part_is_trained_alone(trainable: Any, trained: Any, optimizer: Any) -> None:
    sizes = [(7, "tanh"), (6, "tanh"), (1, "identity")]
    layers = [fm.Dense(*size, trainable=t) for size, t in zip(sizes, trainable, strict=True)]
    net = fm.Network(layers, inputs=5, dtype="float64", seed=1)
    assert net.n_parameters == 97
    before = net.parameters.copy()
    found = fm.minimize(quadratic(net, trained), before[trained], optimizer, steps=8)
    net.fit(X, Y, optimizer=optimizer, epochs=8, batch_size=60, shuffle=False)
    np.testing.assert_allclose(net.parameters[trained], found.w, rtol=1e-9, atol=1e-12)
    frozen = np.setdiff1d(np.arange(97), trained)
    assert bits(net.parameters[frozen]) == bits(before[frozen])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_factor_on_the_rate_is_another_rate(rule: Any) -> None:
    """By every rule: parameters move as with a trainer of that rate, by the same gradients."""
    gradients = RNG.normal(size=(12, 97))
    moved = []
    for factors, rate in (((1.0, 0.25, 1.0), 0.04), ((1.0, 1.0, 1.0), 0.04), ((1.0,) * 3, 0.01)):
        first, second, third = factors
        layers = [
            fm.Dense(7, "tanh", learning_rate_factor=first),
            fm.Dense(6, "tanh", learning_rate_factor=second, bias_learning_rate_factor=third),
            fm.Dense(1),
        ]
        net = fm.Network(layers, inputs=5, dtype="float64", seed=1)
        trainer = fm.Trainer(net, optimizer=rule(rate))
        for gradient in gradients:
            trainer.apply(gradient)
        moved.append(net.parameters.copy())
    np.testing.assert_allclose(moved[0][42:84], moved[2][42:84], rtol=1e-12)
    assert bits(moved[0][84:]) == bits(moved[1][84:])
    assert bits(moved[0][:42]) == bits(moved[1][:42])
    assert not np.allclose(moved[0][42:84], moved[1][42:84], rtol=1e-6)


def test_a_gradient_of_ones_own_moves_no_frozen_parameter() -> None:
    net = two_layers()
    below = net.parameters[:42].copy()
    trainer = fm.Trainer(net, optimizer=fm.Adam(0.1, clip_norm=1.0))
    gradient = trainer.backward(trainer.forward(X) - Y)
    assert not gradient[:42].any()
    _, whole = net.value_and_grad(X, Y)  # which has all of it
    assert whole[:42].all()
    huge = np.full(net.n_parameters, 1.0)
    huge[:42] = 1e300  # nor counts it for the norm
    expected = two_layers()
    fm.Trainer(expected, optimizer=fm.Adam(0.1, clip_norm=1.0)).apply(
        np.r_[np.zeros(42), huge[42:]]
    )
    trainer.apply(huge)
    assert bits(net.parameters[:42]) == bits(below)
    assert bits(net.parameters) == bits(expected.parameters)


def own_loss(outputs: Any, y: Any) -> Any:
    return ((outputs - y) ** 2).sum(1) / 2, outputs - y


def test_own_losses_train_what_is_trainable() -> None:
    nets = two_layers(), two_layers()
    for net, loss in zip(nets, (None, own_loss), strict=True):
        net.fit(X, Y, loss=loss, epochs=3)
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-10)
    assert bits(nets[1].parameters[:42]) == bits(two_layers().parameters[:42])


def kinds() -> list[tuple[list[Any], Any, Any]]:
    encoder = fm.Dense(9, "sigmoid", trainable=False)
    images = RNG.normal(size=(20, 8, 8, 1))
    series = RNG.normal(size=(20, 12, 3))
    wide = RNG.normal(size=(40, 2048))
    convolution = fm.Conv2D(3, 3, "relu", trainable=False)
    return [
        ([convolution, fm.MaxPool2D(2), fm.Dense(4, "relu"), fm.Dense(1)], (8, 8, 1), images),
        ([fm.GRU(5, trainable=False), fm.Dense(1)], (12, 3), series),
        ([fm.Bidirectional(fm.LSTM(4, trainable="bias")), fm.Dense(1)], (12, 3), series),
        (
            [fm.Recurrent(5, sequences=True), fm.GRU(4, trainable=False), fm.Dense(1)],
            (12, 3),
            series,
        ),
        ([encoder, fm.Dropout(0.3), fm.Tied(encoder), fm.Dense(1)], 5, X[:20]),
        ([fm.Dense(5, "relu"), fm.Dense(5, trainable=False), fm.Skip("input"), fm.Dense(1)], 5, X),
        ([fm.Dense(64, "relu", trainable=False), fm.Dense(1)], 2048, wide),
        ([fm.Dense(64, "relu"), fm.Dense(64, "relu", trainable=False), fm.Dense(1)], 2048, wide),
    ]


@pytest.mark.parametrize("index", range(8))
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_every_kind_of_layer_can_be_frozen(index: int, optimizer: str) -> None:
    """The others follow the gradient of the loss, and threads change no bit."""
    layers, inputs, samples = kinds()[index]
    results = []
    for n_threads in (1, 2):
        net = fm.Network(layers, inputs=inputs, dtype="float64", seed=0)
        before, target = net.parameters.copy(), Y[: len(samples)]
        net.fit(samples, target, optimizer=optimizer, epochs=3, batch_size=16, n_threads=n_threads)
        results.append(net.parameters.copy())
    assert bits(results[0]) == bits(results[1])
    start, moved = 0, results[0] != before
    for place, layer in enumerate(net.layers):
        part = slice(start, start := start + net._native.layer_size(place))
        if getattr(layer, "trainable", True) is False:
            assert not moved[part].any()
        elif layer.has_parameters:  # type: ignore[attr-defined]
            assert moved[part].any()


@pytest.mark.parametrize("index", range(8))
def test_the_gradient_of_training_is_that_of_the_loss_where_it_is_trained(index: int) -> None:
    layers, inputs, samples = kinds()[index]
    layers = [layer for layer in layers if not isinstance(layer, fm.Dropout)]
    net = fm.Network(layers, inputs=inputs, dtype="float64", seed=0)
    target = Y[: len(samples)]
    _, whole = net.value_and_grad(samples, target)
    trainer = fm.Trainer(net, optimizer=fm.SGD(1.0))
    gradient = trainer.backward((trainer.forward(samples) - target) / len(samples))
    trained = gradient != 0
    assert 0 < np.count_nonzero(trained) < net.n_parameters
    np.testing.assert_allclose(gradient[trained], whole[trained], rtol=1e-10, atol=1e-14)
    before = net.parameters.copy()
    trainer.step(samples, target)
    np.testing.assert_allclose(before - net.parameters, gradient, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("optimizer", [fm.Adam(average=fm.Polyak()), fm.LBFGS(average=fm.Polyak())])
def test_runs_resume_and_copies_keep_what_is_frozen(optimizer: Any, tmp_path: Any) -> None:
    whole = fm.Trainer(two_layers(), optimizer=optimizer)
    whole.run(X, Y, epochs=6)
    half = fm.Trainer(two_layers(), optimizer=optimizer)
    half.run(X, Y, epochs=3)
    half.save(tmp_path / "run")
    for again in (
        fm.Trainer.load(tmp_path / "run"),
        pickle.loads(pickle.dumps(half)),
        copy.copy(half),
    ):
        assert [layer.trainable for layer in again.network.layers] == [False, True, True]  # type: ignore[attr-defined]
        again.run(X, Y, epochs=3)
        assert bits(again.network.parameters) == bits(whole.network.parameters)


def test_files_without_the_fields_are_read_and_written_as_before() -> None:
    state = fm.Network([fm.Dense(2)], inputs=3, seed=0).__getstate__()
    assert "trainable" not in state["layers"][0]
    frozen = fm.Network([fm.Dense(2, trainable="bias", learning_rate_factor=0.5)], inputs=3, seed=0)
    assert pickle.loads(pickle.dumps(frozen)).layers == frozen.layers


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="Dense: trainable='weight', expected True, False or"):
        fm.Dense(2, trainable="weight")
    with pytest.raises(ValueError, match=r"Dense: learning_rate_factor=0, expected .* > 0"):
        fm.Dense(2, learning_rate_factor=0.0)
    net = fm.Network([fm.Dense(2, trainable=False)], inputs=5, seed=0)
    with pytest.raises(ValueError, match="no layer is trainable, expected at least one"):
        net.fit(X, np.zeros((60, 2)))
    net = fm.Network([fm.Dense(2, learning_rate_factor=0.5)], inputs=5, seed=0)
    with pytest.raises(ValueError, match=r"^LBFGS: learning_rate_factor=0.5 of .* expected 1"):
        net.fit(X, np.zeros((60, 2)), optimizer="lbfgs")

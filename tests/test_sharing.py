"""Skip connections and tied layers: views, counts, penalties, copies, training."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from forced_threads import forced_threads

RNG = np.random.default_rng(7)


def shared_layers() -> list[Any]:
    """An encoder and a decoder with tied weights, and skips from a layer and from the input."""
    first, second = fm.Dense(9, "tanh", l2=0.1), fm.Dense(9, "silu", max_norm=0.8)
    return [
        first,
        second,
        fm.Skip(first),
        fm.Tied(second, "sigmoid"),
        fm.Tied(second, "tanh", transposed=False, bias=False),
        fm.Tied(first),
        fm.Skip("input"),
    ]


ORACLE = ref.Net(
    6,
    [
        (9, "tanh", True),
        (9, "silu", True),
        ref.Skip(0),
        ref.Tied(1, "sigmoid"),
        ref.Tied(1, "tanh", transposed=False, bias=False),
        ref.Tied(0),
        ref.Skip(-1),
    ],
)


def network(dtype: str = "float64", seed: int = 1) -> fm.Network:
    return fm.Network(shared_layers(), inputs=6, dtype=dtype, seed=seed)


def samples(n: int, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    return RNG.normal(size=(n, 6)).astype(dtype), RNG.normal(size=(n, 6)).astype(dtype)


@pytest.mark.parametrize("n", [1, 5, 8, 40, 1100])
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-13), ("float32", 5e-6)])
def test_outputs_and_gradient_are_those_of_the_oracle(n: int, dtype: str, bound: float) -> None:
    """Prediction, loss and the gradient, which sums over all uses of a weight."""
    net = network(dtype)
    X, y = samples(n, dtype)
    w = net.parameters.astype(float)
    np.testing.assert_allclose(net.predict(X), ORACLE.predict(w, X), rtol=bound, atol=bound)
    value, gradient = net.value_and_grad(X, y)
    expected, g = ORACLE.value_and_grad(w, X, y)
    assert value == pytest.approx(expected, rel=bound)
    np.testing.assert_allclose(gradient, g, atol=bound * np.abs(g).max())


def test_jacobian_is_that_of_differences() -> None:
    net = network()
    x = RNG.normal(size=6)
    step = 1e-6 * np.eye(6)
    expected = (net.predict(x + step) - net.predict(x - step)).T / 2e-6
    np.testing.assert_allclose(net.jacobian(x), expected, atol=1e-8)


def test_all_layers_have_views_of_one_array() -> None:
    """`weights[l]` of a tied layer is a view of the owner's, contiguous where transposed."""
    net = network()
    first, second, tied_second, again, tied_first = net.weights
    assert [each.shape for each in net.weights] == [(6, 9), (9, 9), (9, 9), (9, 9), (9, 6)]
    assert np.shares_memory(first, tied_first)
    np.testing.assert_array_equal(tied_first, first.T)
    np.testing.assert_array_equal(tied_second, second.T)
    np.testing.assert_array_equal(again, second)
    assert tied_first.flags.c_contiguous
    tied_first[2, 3] = 5.0
    assert first[3, 2] == 5.0
    assert net.biases[3] is None
    assert [None if b is None else b.size for b in net.biases] == [9, 9, 9, None, 6]
    assert net.n_parameters == 6 * 9 + 9 + 9 * 9 + 9 + 9 + 6
    assert len(net.parameters) == net.n_parameters


def test_summary_counts_a_shared_weight_once() -> None:
    lines = str(network()).splitlines()
    assert lines[0].startswith("Network 6-9-9-9-9-6, float64")
    counts = [int(line.split()[-1]) for line in lines[2:] if line[4:5].isdigit()]
    assert counts == [63, 90, 9, 0, 6]
    assert int(lines[-1].split()[-1]) == sum(counts)
    assert "Skip(of=layers[0])" in str(network())
    assert "Tied(layer=layers[1], activation=Sigmoid(), transposed=True, bias=True)" in str(
        network()
    )


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    ("optimizer", "rule"),
    [
        (fm.SGD(0.05, momentum=0.9), lambda: ref.OPTIMIZERS["sgd"](0.05, momentum=0.9)),
        (fm.Adam(0.01, clip_norm=0.5), lambda: ref.OPTIMIZERS["adam"](0.01, clip_norm=0.5)),
    ],
)
def test_training_is_that_of_the_oracle(threads: int, optimizer: Any, rule: Any) -> None:
    """Twenty updates with l1, l2 of one layer and max_norm of another, each counted once."""
    net = network()
    X, y = samples(24)
    trainer = fm.Trainer(net, optimizer=optimizer, l1=0.02)
    oracle = rule()
    w = net.parameters.copy()
    slots, size = ORACLE.slots()
    l1, l2 = 0.02 * ORACLE.weight_mask(), np.zeros(size)
    l2[slots[0].weights] = 0.1
    with forced_threads(threads):
        for _ in range(20):
            value = ORACLE.value_and_grad(w, X, y)[0] + float(l1 @ abs(w) + 0.5 * l2 @ w**2)
            w = oracle.step(
                w, lambda at: ORACLE.value_and_grad(at, X, y)[1] + l1 * np.sign(at) + l2 * at
            )
            rows = w[slots[1].weights].reshape(9, 9)
            rows *= np.minimum(1.0, 0.8 / np.linalg.norm(rows, axis=1))[:, None]
            assert trainer.step(X, y) == pytest.approx(value, rel=1e-12)
            np.testing.assert_allclose(net.parameters, w, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]
)
def test_copies_keep_the_sharing(make: Any) -> None:
    """References point into the list of the copy, and training continues bit for bit."""
    net = network()
    X, y = samples(30)
    net.fit(X, y, epochs=2)
    twin = make(net)
    assert twin.layers[2].of is twin.layers[0]
    assert twin.layers[5].layer is twin.layers[0]
    assert twin.layers[6].of == "input"
    assert np.shares_memory(twin.weights[0], twin.weights[4])
    assert not np.shares_memory(twin.weights[0], net.weights[0])
    net.fit(X, y, epochs=2)
    twin.fit(X, y, epochs=2)
    np.testing.assert_array_equal(twin.parameters, net.parameters)


def test_state_has_indices_instead_of_layers() -> None:
    layers = network().__getstate__()["layers"]
    assert layers[2] == {"kind": "skip", "of": 0}
    assert layers[6] == {"kind": "skip", "of": "input"}
    assert layers[5]["layer"] == 0
    damaged = network().__getstate__()
    damaged["layers"][2]["of"] = 12
    with pytest.raises(ValueError, match=r"Network: layers\[2\]=.* is damaged"):
        fm.Network.__new__(fm.Network).__setstate__(damaged)


def test_equal_bits_for_any_number_of_threads() -> None:
    X, y = samples(300, "float32")
    results = []
    for threads in (1, 2, 4):
        net = network("float32")
        with forced_threads(threads):
            net.fit(X, y, epochs=3, batch_size=70)
        results.append(net.parameters.copy())
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


def test_a_residual_output_learns_the_identity_at_once() -> None:
    """The last layer may be a skip: the network starts from the input."""
    net = fm.Network([fm.Dense(6, init="zeros"), fm.Skip("input")], inputs=6, seed=0)
    X, _ = samples(20, "float32")
    np.testing.assert_array_equal(net.predict(X), X)
    assert net.loss(X, X) == 0


FIRST, WIDE, OTHER = fm.Dense(3), fm.Dense(4), fm.Dense(3)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([FIRST, fm.Skip(OTHER)], r"layers\[1\] refers to a layer that does not come before"),
        (
            [FIRST, fm.Skip(OTHER), OTHER],
            r"layers\[1\] refers to a layer that does not come before",
        ),
        ([FIRST, FIRST, fm.Skip(FIRST)], r"refers to layers\[0\], which occurs more than once"),
        ([FIRST, WIDE, fm.Skip(FIRST)], r"layers\[2\] adds 3 features to 4, expected equal widths"),
        ([WIDE, fm.Skip("input")], r"layers\[1\] adds 2 features to 4"),
        ([FIRST, WIDE, fm.Tied(FIRST)], r"layers\[2\] multiplies 4 features by weights for 3"),
        ([fm.Tied(FIRST)], r"layers\[0\] refers to a layer that does not come before"),
    ],
)
def test_references_that_do_not_fit_are_refused(layers: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fm.Network(layers, inputs=2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: fm.Skip("output"),
            "Skip: of='output', expected a layer of the network or 'input'",
        ),
        (lambda: fm.Skip(3), "Skip: of=3, expected a layer of the network or 'input'"),
        (lambda: fm.Tied("input"), "Tied: layer='input', expected an fm.Dense"),
        (lambda: fm.Tied(fm.Dropout(0.5)), "Tied: layer=Dropout"),
        (lambda: fm.Tied(FIRST, transposed=1), "Tied: transposed=1, expected True or False"),
    ],
)
def test_references_of_a_wrong_kind_are_refused(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_hard_signs_are_warned_of_beside_skips() -> None:
    """With a skip, gradients pass around the layer; a sign before it is not the output."""
    first = fm.Dense(3)
    net = fm.Network([first, fm.Dense(3, "sign"), fm.Skip(first), fm.Dense(1)], inputs=2)
    with pytest.warns(fm.TrainingWarning, match=r"layer 1 has .* so that it does not learn"):
        fm.Trainer(net)
    last = fm.Network([fm.Dense(2, "sign"), fm.Skip("input")], inputs=2)
    with pytest.warns(fm.TrainingWarning, match=r"layer 0 has .* so that it does not learn"):
        fm.Trainer(last, "hinge")


def test_names_of_many_skips_stay_short() -> None:
    """References are places in the list, at any depth."""
    layers: list[Any] = [fm.Dense(4)]
    for _ in range(300):
        layers.append(fm.Skip(layers[-1]))
    net = fm.Network(layers, inputs=4, seed=0)
    assert len(repr(net)) < 300 * 30
    assert "Skip(of=layers[299])" in repr(net)
    assert "Skip(of=layers[299])" in str(net)


@pytest.mark.parametrize("damage", [True, -1, 1.0, None])
def test_damaged_references_are_refused(damage: Any) -> None:
    state = network().__getstate__()
    state["layers"][2]["of"] = damage
    with pytest.raises(ValueError, match=r"layers\[2\]=.* is damaged"):
        fm.Network.__new__(fm.Network).__setstate__(state)


def test_a_layer_without_all_its_fields_is_refused() -> None:
    state = network().__getstate__()
    del state["layers"][0]["activation"]
    with pytest.raises(ValueError, match=r"layers\[0\]=.*'activation'"):
        fm.Network.__new__(fm.Network).__setstate__(state)


def test_forward_after_an_epoch_that_ended_early() -> None:
    """The order of an epoch is not read after it: `backward` prefetches nothing of it."""
    net = fm.Network([64, 64, 1], seed=0)
    X, y = np.ones((40000, 64), "float32"), np.ones((40000, 1), "float32")
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-3), batch_size=32)
    trainer.epoch(X, y, max_seconds=1e-3)
    trainer.epoch(np.ones((80000, 64), "float32"), np.ones((80000, 1), "float32"), max_seconds=1e-9)
    outputs = trainer.forward(X[:100])
    assert np.isfinite(trainer.backward(np.ones_like(outputs))).all()

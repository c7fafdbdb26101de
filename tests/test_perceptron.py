"""The perceptron: it converges where a hyperplane parts the classes, and says so either way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import fastmlp as fm

CORNERS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
AND, XOR = np.array([-1.0, -1, -1, 1]), np.array([-1.0, 1, 1, -1])


def perceptron(n_inputs: int, bias: bool = True, **keywords: Any) -> fm.Network:
    layer = fm.Dense(keywords.pop("units", 1), "sign", bias=bias, init="zeros")
    return fm.Network([layer], inputs=n_inputs, dtype="float64", seed=0, **keywords)


def train(net: fm.Network, X: Any, y: Any, **keywords: Any) -> fm.History:
    given = {"optimizer": fm.SGD(1.0), "batch_size": 1, "epochs": 1000, **keywords}
    return net.fit(X, y, **given)


def online(
    X: NDArray[Any], y: NDArray[Any], order: NDArray[Any], margin: float, epochs: int
) -> tuple[list[int], NDArray[Any]]:
    """The rule by itself: v += y x at each mistake, of augmented vectors, in this order."""
    v, mistakes = np.zeros(X.shape[1] + 1), []
    for _ in range(epochs):
        count = 0
        for i in order:
            x = np.append(X[i], 1.0)
            if y[i] * (v @ x) <= margin:
                v, count = v + y[i] * x, count + 1
        mistakes.append(count)
        if count == 0:
            break
    return mistakes, v


@pytest.mark.parametrize(("loss", "margin"), [("perceptron", 0.0), ("hinge", 1.0)])
def test_updates_and_mistakes_are_those_of_the_rule(loss: str, margin: float) -> None:
    rng = np.random.default_rng(3)
    X = rng.integers(-3, 4, size=(40, 3)).astype(float)
    y = np.where(X @ [2.0, -1, 0.5] + 0.25 > 0, 1.0, -1.0)
    net = perceptron(3)
    history = train(net, X, y, loss=loss, shuffle=False)
    mistakes, v = online(X, y, np.arange(40), margin, 1000)
    assert history["mistakes"] == mistakes
    np.testing.assert_array_equal(net.parameters, v)
    assert history.status == "converged"
    total = sum(mistakes)
    assert history.advice == f"separated after {total} mistakes in {len(mistakes)} epochs"


@pytest.mark.parametrize("seed", range(100))
def test_mistakes_stay_within_novikoffs_bound(seed: int) -> None:
    """At most (R/gamma)² with augmented vectors (x, 1), from w = 0, one sample at a time."""
    rng = np.random.default_rng(seed)
    n_inputs = int(rng.integers(1, 6))
    v = rng.normal(size=n_inputs + 1)
    v /= np.linalg.norm(v)
    X = rng.normal(size=(200, n_inputs))
    signed = np.column_stack([X, np.ones(200)]) @ v
    keep = np.abs(signed) > 0.1
    X, signed = X[keep], signed[keep]
    y = np.sign(signed)
    radius = np.linalg.norm(np.column_stack([X, np.ones(len(X))]), axis=1).max()
    gamma = np.abs(signed).min()  # that of one separating v; the largest is no smaller
    net = perceptron(n_inputs)
    history = train(net, X, y, epochs=100_000)
    assert history.status == "converged"
    assert sum(history["mistakes"]) <= (radius / gamma) ** 2
    np.testing.assert_array_equal(net.predict(X)[:, 0], y)
    assert fm.linearly_separable(X, y)


@pytest.mark.parametrize("bias", [True, False])
def test_a_hyperplane_through_the_origin_needs_no_bias(bias: bool) -> None:
    X, y = np.array([[1.0, 2], [2, 1], [-1, -2], [-2, -1]]), [1, 1, -1, -1]
    history = train(perceptron(2, bias), X, y)
    assert history.status == "converged"
    assert train(perceptron(2, bias), CORNERS, AND).status == ("converged" if bias else "max_steps")


def test_what_is_not_separable_ends_at_the_bound_and_says_so() -> None:
    history = train(perceptron(2), CORNERS, XOR, epochs=30)
    assert (history.status, history.n_epochs) == ("max_steps", 30)
    for text in (history.advice, repr(history)):
        assert "not separated within 30 epochs" in text
    assert min(history["mistakes"]) >= 1


def test_without_epochs_a_perceptron_goes_on_until_it_separates() -> None:
    """The plateau of other losses does not end it: mistakes may rise for long."""
    X = np.linspace(10, 11, 30)[:, np.newaxis]
    y = np.where(X[:, 0] > 10.5, 1.0, -1.0)
    with pytest.warns(fm.TrainingWarning, match="fit: not separated within 200 epochs"):
        assert train(perceptron(1), X, y, epochs=None).n_epochs == 200
    history = train(perceptron(1), X, y, epochs=100_000)
    assert history.status == "converged"
    assert history.n_epochs > 200


def test_a_hidden_layer_learns_xor_where_the_perceptron_fails() -> None:
    net = fm.Network([2, 4, 1], activation="tanh", output="sigmoid", seed=1)
    net.fit(CORNERS, XOR > 0, optimizer=fm.Adam(0.1), epochs=300)
    np.testing.assert_array_equal(net.predict(CORNERS)[:, 0] > 0.5, XOR > 0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_converged_run_has_all_samples_right(momentum: float, batch_size: int) -> None:
    """With momentum the weights move on without mistakes, so an epoch without one is not enough."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = np.where(X @ [1.0, -2.0] > 0.1, 1.0, -1.0)
    net = perceptron(2)
    history = train(net, X, y, optimizer=fm.SGD(1.0, momentum=momentum), batch_size=batch_size)
    assert history.status == "converged"
    np.testing.assert_array_equal(net.predict(X)[:, 0], y)


def test_samples_without_weight_are_not_separated() -> None:
    X, y = np.array([[0.0], [1.0], [2.0], [1.5]]), np.array([-1.0, 1, 1, -1])
    history = train(perceptron(1), X, y, sample_weight=[1, 1, 1, 0])
    assert history.status == "converged"


def test_callbacks_may_monitor_the_mistakes() -> None:
    stopping = fm.EarlyStopping("mistakes", patience=3)
    history = train(perceptron(2), CORNERS, XOR, callbacks=stopping)
    assert (history.status, stopping.best) == ("stopped", min(history["mistakes"]))


def test_several_sign_outputs_are_several_perceptrons() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 2))
    labels = np.where(X[:, 0] > 1, 0, np.where(X[:, 0] < -1, 1, 2))
    X[labels == 2, 1] += 6
    net = perceptron(2, units=3)
    history = train(net, X, labels)
    assert history.status == "converged"
    np.testing.assert_array_equal(net.predict(X).argmax(1), labels)
    assert fm.linearly_separable(X, labels)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_mistakes_of_whole_sets_are_counted_over_all_chunks(n_threads: int) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(5000, 2)), np.sign(rng.normal(size=5000))
    with fm.threads(n_threads):
        trainer = fm.Trainer(perceptron(2), optimizer=fm.SGD(1.0), batch_size=5000)
        trainer.epoch(X, y)
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.n_mistakes == 5000  # from zeros all are
    trainer.network.parameters = [1.0, 0.0, 0.0]
    trainer.epoch(X, y)
    assert trainer.last_epoch.n_mistakes == np.count_nonzero(np.sign(X[:, 0]) != y)


def test_other_losses_have_no_mistakes() -> None:
    net = fm.Network([2, 1], seed=0)
    assert list(net.fit(CORNERS, AND, epochs=2)) == ["loss"]
    trainer = fm.Trainer(fm.Network([2, 1], output="sigmoid", seed=0))
    trainer.epoch(CORNERS, AND > 0)
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.n_mistakes == 0


def test_a_perceptron_resumes_with_its_mistakes(tmp_path: Any) -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(100, 4))
    y = np.where(X @ [1.0, 2, -1, 0.5] > 0.05, 1.0, -1.0)
    whole = train(perceptron(4), X, y)
    file = tmp_path / "run.ckpt"
    train(perceptron(4), X, y, epochs=2, checkpoint=file)
    history = train(perceptron(4), X, y, checkpoint=file)
    assert (history["mistakes"], history.advice) == (whole["mistakes"], whole.advice)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), n=st.integers(2, 25), m=st.integers(1, 4), bias=st.booleans()
)
def test_the_verdict_is_that_of_the_perceptron_theorem(
    seed: int, n: int, m: int, bias: bool
) -> None:
    """True: a separating hyperplane is shown by its construction. False: by Gordan's theorem."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-4, 5, size=(n, m)).astype(float)
    w, b = rng.integers(-3, 4, size=m).astype(float), 0.5 if bias else 0.0
    values = X @ w + b
    apart = values != 0
    if apart.any():
        assert fm.linearly_separable(X[apart], np.sign(values[apart]), bias=bias)
    # A convex combination of signed rows that is 0 excludes every hyperplane: a point with both
    # labels is one.
    twice = np.concatenate([X[:1], X])
    assert not fm.linearly_separable(twice, np.r_[1.0, -1.0, np.ones(n - 1)], bias=bias)


def test_three_points_on_a_line_and_huge_scales() -> None:
    assert not fm.linearly_separable([[0.0], [1.0], [2.0]], ["a", "b", "a"])
    assert fm.linearly_separable([[0.0], [1.0], [2.0]], ["a", "a", "b"])
    assert fm.linearly_separable([[0.0, 1e-9], [1e12, 3e-9]], [True, False])
    assert not fm.linearly_separable([[1.0], [2.0]], [0, 1], bias=False)
    assert fm.linearly_separable([[1.0], [2.0]], [1, 1])
    assert fm.linearly_separable(CORNERS, np.column_stack([AND, -AND]))
    assert not fm.linearly_separable(CORNERS, np.column_stack([AND, XOR]))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([1.0, 2.0], [0, 1], r"X has shape \(2,\), expected \(n_samples, n_inputs\)"),
        (CORNERS, [0, 1], r"y has shape \(2,\), expected \(4,\) or \(4, n_outputs\)"),
        ([[np.nan], [1.0]], [0, 1], r"X\[0, 0\]"),
        ([[0.0], [1.0]], [0.0, np.inf], r"y\[1\]"),
        (CORNERS, np.arange(8).reshape(4, 2), "a column of y has 4 values, expected two"),
    ],
)
def test_bad_input_of_the_verdict(X: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"linearly_separable: {message}"):
        fm.linearly_separable(X, y)

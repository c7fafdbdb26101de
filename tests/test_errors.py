"""Errors: `Where: what was given, what was expected[; what to do]`; nothing is changed."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

X = np.random.default_rng(0).normal(size=(6, 4))
Y = np.array([0, 1, 2, 0, 1, 2])


def classifier(**fields: Any) -> Any:
    return fm.Network([4, 5, 3], activation="tanh", output="softmax", seed=0, **fields)


def changed(array: Any, index: Any, value: Any) -> Any:
    array = np.array(array, float)
    array[index] = value
    return array


KNOWN = "identity, sign, sigmoid, tanh, relu, hard_tanh, softmax"
CONSTRUCTION: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: fm.Dense(3, "rleu"),
        ValueError,
        rf"^Dense: activation='rleu' is not known; expected one of: {KNOWN}",
    ),
    (lambda: fm.Dense(3, init="glorot"), ValueError, r"^Dense: init='glorot' is not known"),
    (lambda: fm.Dense(0), ValueError, r"^Dense: units=0, expected"),
    (lambda: fm.Dense(2.5), TypeError, r"^Dense: units=2\.5"),
    (lambda: fm.Dense("3"), TypeError, r"^Dense: units='3'"),
    (lambda: fm.Dense(3, 7), TypeError, r"^Dense: activation"),
    (lambda: fm.Dense(3, l2=-1.0), ValueError, r"^Dense: l2=-1, expected"),
    (lambda: fm.Dense(3, l1=float("nan")), ValueError, r"^Dense: l1=nan, expected"),
    (lambda: fm.Dense(3, bias="no"), TypeError, r"^Dense: bias='no'"),
    (lambda: fm.Network([4]), ValueError, r"^Network: layers"),
    (lambda: fm.Network([]), ValueError, r"^Network: layers"),
    (lambda: fm.Network([4, -3]), ValueError, r"^Network: layers.*-3"),
    (lambda: fm.Network("4-3"), TypeError, r"^Network: layers"),
    (lambda: fm.Network([4, 3], dtype="int32"), ValueError, r"^Network: dtype=.*float32.*float64"),
    (lambda: fm.Network([4, 3], seed=-1), ValueError, r"^Network: seed=-1, expected"),
    (lambda: fm.Network([4, 3], seed=0.5), TypeError, r"^Network: seed=0\.5"),
    (lambda: fm.Network([4, 3], inputs=4), ValueError, r"^Network: inputs=4, expected"),
    (lambda: fm.Network([fm.Dense(3)]), (ValueError, TypeError), r"^Network: inputs=None"),
    (lambda: fm.Network([fm.Dense(3)], inputs=2, output="relu"), ValueError, r"^Network: output"),
    (lambda: fm.Network([4, 3], output="sofmax"), ValueError, r"^Network: output='sofmax' is not"),
    (lambda: fm.Network([2**40, 2**40]), ValueError, r"^Network: .*parameters, expected at most"),
    (lambda: fm.LeakyReLU("steep"), TypeError, r"slope"),
    (lambda: fm.Huber(delta=0.0), ValueError, r"^Huber: delta=0.*expected"),
    (lambda: fm.Normal(std=-1.0), ValueError, r"^Normal: std=-1.*expected"),
    (lambda: fm.EarlyStopping(monitor=3), TypeError, r"^EarlyStopping: monitor=3 \(int\)"),
    (lambda: fm.EarlyStopping(mode="auto"), ValueError, r"^EarlyStopping: mode='auto', expected"),
    (lambda: fm.EarlyStopping(patience=-1), ValueError, r"^EarlyStopping: patience=-1, expected"),
    (lambda: fm.Trainer("net"), TypeError, r"^Trainer: network='net'"),
    (
        lambda: fm.Trainer(classifier(), loss="mse"),
        ValueError,
        r"^Trainer: loss='mse' is not known",
    ),
    (lambda: fm.Trainer(classifier(), batch_size=0), ValueError, r"^Trainer: batch_size=0"),
]


@pytest.mark.parametrize(("make", "kind", "text"), CONSTRUCTION)
def test_construction(make: Callable[[], Any], kind: Any, text: str) -> None:
    """Every bad argument is named with its value."""
    with pytest.raises(kind, match=text):
        make()


USE: list[tuple[str, Callable[[Any], Any], Any, str]] = [
    ("shape", lambda n: n.predict(np.zeros((150, 5))), ValueError,
     r"^Network\.predict: X has shape \(150, 5\), expected \(n_samples, 4\)"),
    ("1-D", lambda n: n.predict(np.zeros(7)), ValueError, r"X\.reshape\(-1, 1\)"),
    ("1-D fit", lambda n: n.fit(np.zeros(7), Y), ValueError, r"^fit: .*X\.reshape\(-1, 1\)"),
    ("complex", lambda n: n.predict(X + 1j), TypeError, r"^Network\.predict: X .*complex128"),
    ("strings", lambda n: n.predict([["a"] * 4]), TypeError, r"^Network\.predict: X "),
    ("dates", lambda n: n.predict(np.zeros((2, 4), "M8[s]")), TypeError, r"^Network\.predict: X "),
    ("objects", lambda n: n.predict(np.full((2, 4), None)), TypeError, r"^Network\.predict: X "),
    ("None", lambda n: n.predict(None), TypeError, r"^Network\.predict: X "),
    ("ragged", lambda n: n.predict([[1, 2, 3, 4], [1]]), ValueError, r"^Network\.predict: X "),
    ("large", lambda n: n.predict(changed(X, (1, 2), 1e39)), ValueError,
     r"^Network\.predict: X.*1e\+39.*float32"),
    ("nan", lambda n: n.fit(changed(X, (3, 2), np.nan), Y), ValueError, r"^fit: X\[3, 2\]=nan"),
    ("inf", lambda n: n.fit(changed(X, (3, 2), -np.inf), Y), ValueError, r"^fit: X\[3, 2\]=-inf"),
    ("nan y", lambda n: n.fit(X, changed(np.eye(3)[Y], (1, 0), np.nan)), ValueError, r"^fit: y\["),
    ("nan weight", lambda n: n.fit(X, Y, sample_weight=changed(np.ones(6), 4, np.nan)), ValueError,
     r"^fit: sample_weight\[4\]=nan"),
    ("negative weight", lambda n: n.fit(X, Y, sample_weight=changed(np.ones(6), 4, -1)), ValueError,
     r"^fit: sample_weight\[4\]=-1"),
    ("no weight", lambda n: n.fit(X, Y, sample_weight=np.zeros(6)), ValueError, r"^fit: .*weight"),
    ("short weight", lambda n: n.fit(X, Y, sample_weight=np.ones(5)), ValueError,
     r"^fit: sample_weight has shape \(5,\), expected \(6,\)"),
    ("class weight", lambda n: n.fit(X, Y, class_weight={0: -1.0}), ValueError,
     r"^fit: class_weight"),
    ("empty", lambda n: n.fit(X[:0], Y[:0]), ValueError, r"^fit: X has shape \(0, 4\), expected"),
    ("short y", lambda n: n.fit(X, Y[:5]), ValueError, r"^fit: y has shape \(5,\), expected"),
    ("wide y", lambda n: n.fit(X, np.zeros((6, 2))), ValueError, r"^fit: y has shape \(6, 2\)"),
    ("class 3", lambda n: n.fit(X, Y + 1), ValueError, r"^fit: y\[2\]=3.* 0 .*2"),
    ("class -1", lambda n: n.loss(X, Y - 1), ValueError, r"^Network\.loss: y\[0\]=-1"),
    ("half a class", lambda n: n.fit(X, Y + 0.5), ValueError, r"^fit: y\[0\]=0\.5"),
    ("class names", lambda n: n.fit(X, list("abcabc")), TypeError, r"^fit: y "),
    ("loss", lambda n: n.fit(X, Y, loss="mse"), ValueError, r"^fit: loss='mse' is not known"),
    ("loss kind", lambda n: n.fit(X, Y, loss=3), TypeError, r"^fit: loss"),
    ("optimizer", lambda n: n.fit(X, Y, optimizer="adm"), ValueError,
     r"^fit: optimizer='adm' is not known; expected one of: sgd, delta_bar_delta"),
    ("optimizer class", lambda n: n.fit(X, Y, optimizer=fm.Adam), TypeError, r"^fit: optimizer"),
    ("epochs", lambda n: n.fit(X, Y, epochs=-1), ValueError, r"^fit: epochs=-1, expected"),
    ("epochs kind", lambda n: n.fit(X, Y, epochs=1.5), TypeError, r"^fit: epochs=1\.5"),
    ("batch", lambda n: n.fit(X, Y, batch_size=0), ValueError, r"^fit: batch_size=0, expected"),
    ("l2", lambda n: n.fit(X, Y, l2=-0.1), ValueError, r"^fit: l2=-0\.1, expected"),
    ("seconds", lambda n: n.fit(X, Y, max_seconds=-1), ValueError, r"^fit: max_seconds=-1"),
    ("callback", lambda n: n.fit(X, Y, callbacks=[3]), TypeError, r"^fit: callbacks"),
    ("validation", lambda n: n.fit(X, Y, validation_data=X), (TypeError, ValueError),
     r"^fit: validation_data"),
    ("validation shape", lambda n: n.fit(X, Y, validation_data=(X[:, :2], Y)), ValueError,
     r"validation_data.*X has shape \(6, 2\)"),
    ("parameters", lambda n: setattr(n, "parameters", np.zeros(3)), ValueError,
     r"parameters has shape \(3,\), expected \(43,\)"),
    ("backward", lambda n: n.backward(X, np.zeros((6, 2))), ValueError,
     r"^Network\.backward: .*\(6, 2\), expected \(6, 3\)"),
    ("custom loss values", lambda n: n.fit(X, np.eye(3)[Y], loss=lambda o, y: (o, o)), ValueError,
     r"^fit: .*\(6, 3\), expected \(6,\)"),
    ("custom loss gradient", lambda n: n.fit(X, np.eye(3)[Y], loss=lambda o, y: (o[:, 0], o[:, 0])),
     ValueError, r"^fit: .*\(6,\), expected \(6, 3\)"),
    ("custom loss", lambda n: n.fit(X, np.eye(3)[Y], loss=lambda o, y: 0.0), TypeError, r"^fit: "),
]  # fmt: skip


@pytest.mark.parametrize(("use", "kind", "text"), [u[1:] for u in USE], ids=[u[0] for u in USE])
def test_use_is_refused_and_nothing_has_changed(
    use: Callable[[Any], Any], kind: Any, text: str
) -> None:
    """Class and text as documented; parameters, seed and stream of the network as before."""
    net = classifier()
    before = pickle.dumps(net)
    with pytest.raises(kind, match=text):
        use(net)
    assert pickle.dumps(net) == before


def test_predict_and_step_do_not_search_for_nan() -> None:
    """predict returns nan for nan; only fit scans its input."""
    net = classifier()
    bad = changed(X, (3, 2), np.nan)
    assert np.isnan(net.predict(bad)[3]).all()
    assert np.isfinite(net.predict(bad)[:3]).all()
    assert np.isnan(net.loss(bad, Y))
    assert np.isnan(fm.Trainer(net).step(bad, Y))


def test_a_float64_network_takes_large_numbers() -> None:
    """Only a conversion to float32 refuses them."""
    assert np.isfinite(classifier(dtype="float64").predict(changed(X, (1, 2), 1e39))).all()


@pytest.mark.parametrize("output", ["identity", "relu"])
def test_inf_is_not_too_large_for_float32(output: str) -> None:
    """±inf stay ±inf in predict: they are float32 values."""
    net = fm.Network([1, 1], output=output, seed=0)
    net.parameters = [1.0, 0.0]
    np.testing.assert_array_equal(net.predict([[np.inf]]), [[np.inf]])


@pytest.mark.parametrize(
    ("loss", "y"),
    [("perceptron", [0.0, 1.0, 2.0]), ("perceptron", [0.5, 1.0, -1.0])],
)
def test_perceptron_labels_are_two(loss: str, y: list[float]) -> None:
    net = fm.Network([2, 1], output="sign", seed=0)
    with pytest.raises(ValueError, match=r"y.*expected.*-1 and 1"):
        net.fit(np.ones((3, 2)), y, loss=loss)


def test_targets_too_large_for_the_dtype_of_outputs_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^SquaredError: y\[0, 0\]=1e\+300 is too large for float32"
    ):
        fm.SquaredError()(np.ones((1, 1), "float32"), [[1e300]])

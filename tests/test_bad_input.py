"""Bad input: the class and the text that are documented, and every object as it was."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from bad_input import DEFECTS, N_IN, SLOTS, TARGETS, Subject, X, Y, is_well_formed, refusal

Case = tuple[Callable[[Subject], Any], type[Exception], str]
UNTOUCHED = Subject().continues_identically()


GRID = [
    (slot, defect)
    for slot, defect in itertools.product(SLOTS, DEFECTS)
    if not (slot.endswith("weight") and defect == "None")  # no weights are good weights
    and not (SLOTS[slot].name == "X" and defect == "sparse")  # nor is X refused that is
]


@pytest.mark.parametrize(("slot", "defect"), GRID)
def test_no_array_argument_takes_what_is_no_array_of_its_shape(slot: str, defect: str) -> None:
    """Every argument for an array against everything that is none, or is one of another shape."""
    argument, (spoil, kind, text) = SLOTS[slot], DEFECTS[defect]
    subject, value = Subject(), spoil(argument.good)
    error = refusal(lambda s: argument.call(s, value), subject, value)
    assert type(error) is kind, str(error)
    assert is_well_formed(str(error), argument.where), str(error)
    assert f": {argument.name}" in str(error)
    assert re.search(text, str(error)), str(error)
    assert subject.continues_identically() == UNTOUCHED


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("slot", [name for name, slot in SLOTS.items() if slot.trains])
def test_training_refuses_what_is_not_finite(slot: str, value: float) -> None:
    """By its position, so that it can be found."""
    argument, subject = SLOTS[slot], Subject()
    bad = argument.good.copy()
    bad.flat[-1] = value
    text = str(refusal(lambda s: argument.call(s, bad), subject, bad))
    assert is_well_formed(text, argument.where)
    position = ", ".join(str(n - 1) for n in bad.shape)
    assert re.search(rf"[Xyw]\w*\[{position}\]=-?(nan|inf), expected", text), text
    assert subject.continues_identically() == UNTOUCHED


def sigmoid() -> Any:
    return fm.Network([N_IN, 3], output="sigmoid", seed=0)


def fit(**arguments: Any) -> Callable[[Subject], Any]:
    return lambda s: s.net.fit(**{"X": X, "y": Y, "epochs": 1} | arguments)


def train(**arguments: Any) -> Callable[[Subject], Any]:
    return lambda s: fm.Trainer(**{"network": s.net} | arguments)


def build(*layers: Any, **arguments: Any) -> Callable[[Subject], Any]:
    return lambda s: fm.Network(*layers, **arguments)


def dense(**arguments: Any) -> Callable[[Subject], Any]:
    return lambda s: fm.Dense(**{"units": 3} | arguments)


def minimize(fun: Any, **arguments: Any) -> Callable[[Subject], Any]:
    return lambda s: fm.minimize(fun, np.ones(2), **arguments)


def loss(function: Any) -> Callable[[Subject], Any]:
    return fit(y=TARGETS, loss=function)


class Hook:
    on_epoch_end = 3


FIT: dict[str, Case] = {
    "class 3": (fit(y=Y + 1), ValueError, r"fit: y[2]=3, expected class indices 0 to 2"),
    "class -1": (fit(y=Y - 1), ValueError, "fit: y[0]=-1, expected class indices"),
    "class 2**63": (
        fit(y=Y.astype(np.uint64) + np.uint64(2**63)), ValueError, "fit: y[0]=922337203685477580"),
    "half a class": (fit(y=Y + 0.5), ValueError, "fit: y[0]=0.5, expected class indices"),
    "class nan": (fit(y=np.where(Y == 2, np.nan, Y)), ValueError, "fit: y[2]=nan, expected class"),
    "class names": (fit(y=list("abcabc")), TypeError, "fit: y has dtype <U1, "),
    "classes in a row": (fit(y=Y[None]), ValueError, "fit: y has shape (1, 6), expected (6,)"),
    "too few classes": (fit(y=Y[:5]), ValueError, "fit: y has shape (5,), expected (6,) class"),
    "no y": (fit(y=None), TypeError, "fit: y is of type NoneType"),
    "4 targets": (fit(y=np.zeros((6, 4))), ValueError, "fit: y has shape (6, 4), expected (6,)"),
    "targets of classes": (lambda s: sigmoid().fit(X, Y), ValueError, "fit: y has shape (6,), "),
    "signs for probabilities": (
        lambda s: sigmoid().fit(X, 2 * TARGETS - 1), ValueError,
        "fit: y[0, 1]=-1.0, expected values from 0 to 1 for loss='binary_cross_entropy'"),
    "counts for probabilities": (
        fit(y=3 * TARGETS), ValueError, "fit: y[0, 0]=3.0, expected values from 0 to 1"),
    "negative counts": (
        fit(y=-TARGETS, loss="poisson"), ValueError, "fit: y[0, 0]=-1.0, expected values >= 0"),
    "no samples": (fit(X=X[:0], y=Y[:0]), ValueError, "fit: X has shape (0, 4), expected at least"),
    "one column": (fit(X=X[:, 0]), ValueError, "fit: X has shape (6,), expected (n_samples, 4); "),
    "negative weight": (fit(sample_weight=1.0 - Y), ValueError, "fit: sample_weight[2]=-1.0, "),
    "no weight": (fit(sample_weight=0 * Y), ValueError, "fit: the weights are all 0, expected"),
    "weights too small": (fit(sample_weight=[1e-60] * 6), ValueError, "fit: the weights are all 0"),
    "weights as column": (
        fit(sample_weight=np.ones((6, 1))), ValueError, "fit: sample_weight has shape (6, 1), "),
    "one weight": (fit(sample_weight=2.0), ValueError, "fit: sample_weight has shape (), expected"),
    "class_weight's name": (fit(class_weight="balance"), ValueError, "fit: class_weight='balance'"),
    "class_weight as list": (fit(class_weight=[1, 2]), ValueError, "fit: class_weight has 2 ent"),
    "class_weight < 0": (fit(class_weight={0: -1}), ValueError, "fit: class_weight[0]=-1, exp"),
    "class_weight nan": (fit(class_weight={0: np.nan}), ValueError, "fit: class_weight[0]=nan"),
    "class_weight text": (fit(class_weight={0: "a"}), TypeError, "fit: class_weight[0]='a' (str)"),
    "class_weight None": (fit(class_weight={0: None}), TypeError, "fit: class_weight[0]=None"),
    "class_weight of names": (fit(class_weight={"a": 1}), TypeError, "fit: class_weight={'a': 1}"),
    "class_weight all 0": (
        fit(class_weight=dict.fromkeys(range(3), 0)), ValueError, "fit: the weights are all 0"),
    "class_weight too large": (
        fit(class_weight={1: 1e300}), ValueError, "fit: class_weight[1]=1e+300, expected at most"),
    "class_weight for soft targets": (
        fit(y=TARGETS / 2, class_weight="balanced"), ValueError, "fit: class_weight is given, "),
    "epochs 0": (fit(epochs=0), ValueError, "fit: epochs=0, expected an integer >= 1"),
    "epochs 1.5": (fit(epochs=1.5), TypeError, "fit: epochs=1.5 (float), expected"),
    "epochs True": (fit(epochs=True), TypeError, "fit: epochs=True (bool), expected"),
    "epochs as text": (fit(epochs="3"), TypeError, "fit: epochs='3' (str), expected"),
    "epochs 2**70": (fit(epochs=2**70), ValueError, "fit: epochs=1180591620717411303424, expected"),
    "epochs 10**5000": (fit(epochs=10**5000), ValueError, "fit: epochs=an integer of 16610 bits, "),
    "batch_size 0": (fit(batch_size=0), ValueError, "fit: batch_size=0, expected"),
    "batch_size 2.0": (fit(batch_size=2.0), TypeError, "fit: batch_size=2.0 (float), expected"),
    "l1 < 0": (fit(l1=-0.1), ValueError, "fit: l1=-0.1, expected a finite number >= 0"),
    "l2 inf": (fit(l2=np.inf), ValueError, "fit: l2=inf, expected a finite number"),
    "l2 complex": (fit(l2=1j), TypeError, "fit: l2=1j (complex), expected"),
    "l2 ragged": (fit(l2=[[1], [1, 2]]), TypeError, "fit: l2=[[1], [1, 2]] (list), expected"),
    "l2 too large": (fit(l2=10**400), ValueError, "fit: l2=an integer of 1329 bits, expected"),
    "shuffle 1": (fit(shuffle=1), TypeError, "fit: shuffle=1 (int), expected True or False"),
    "weighting row": (fit(weighting="row"), ValueError, "fit: weighting='row', expected 'set' or"),
    "weighting None": (fit(weighting=None), TypeError, "fit: weighting=None (NoneType), expected"),
    "no weight in loss": (lambda s: s.net.loss(X, Y, sample_weight=0 * Y), ValueError,
                          "Network.loss: the weights are all 0, expected"),
    "no weight in grad": (lambda s: s.net.value_and_grad(X, Y, sample_weight=0 * Y), ValueError,
                          "Network.value_and_grad: the weights are all 0, expected"),
    "class weight of a step": (lambda s: s.trainer.step(X, Y, None, {0: -1}), ValueError,
                               "Trainer.step: class_weight[0]=-1, expected"),
    "regularize_biases None": (fit(regularize_biases=None), TypeError, "fit: regularize_biases=No"),
    "max_seconds < 0": (fit(max_seconds=-1), ValueError, "fit: max_seconds=-1, expected"),
    "max_seconds nan": (fit(max_seconds=np.nan), ValueError, "fit: max_seconds=nan, expected"),
    "verbose 3": (fit(verbose=3), ValueError, "fit: verbose=3, expected an integer <= 2"),
    "callbacks None": (fit(callbacks=None), TypeError, "fit: callbacks=None (NoneType), expected "),
    "no callback": (fit(callbacks=3), TypeError, "fit: callbacks=3 (int), expected a callback"),
    "callback class": (fit(callbacks=[fm.EarlyStopping]), TypeError, "fit: callbacks=<class"),
    "callback function": (fit(callbacks=[len]), TypeError, "fit: callbacks=<built-in function len"),
    "callback without methods": (
        fit(callbacks=[Hook()]), TypeError, "fit: callbacks: on_epoch_end=3 (int), expected"),
    "monitor": (fit(callbacks=[fm.EarlyStopping()]), ValueError, "fit: monitor='val_loss', expect"),
    "validation number": (fit(validation_data=3), TypeError, "fit: validation_data is of type int"),
    "validation X": (fit(validation_data=X), TypeError, "fit: validation_data is of type ndarray"),
    "validation of 4": (
        fit(validation_data=(X, Y, Y, Y, Y)), ValueError, "fit: validation_data has 5 members"),
    "validation empty": (
        fit(validation_data=(X[:0], Y[:0])), ValueError, "fit: validation_data: X has shape (0, 4"),
    "validation weight": (
        fit(validation_data=(X, Y, -Y)), ValueError, "fit: validation_data: sample_weight[1]=-1"),
    "loss's name": (fit(loss="mse"), ValueError, "fit: loss='mse' is not known; expected one of: "),
    "loss in bytes": (fit(loss=b"huber"), TypeError, "fit: loss=b'huber', expected"),
    "loss class": (fit(loss=fm.CrossEntropy), TypeError, "fit: loss=<class 'fastmlp"),
    "loss of another family": (fit(loss=fm.ReLU()), TypeError, "fit: loss=ReLU(), expected"),
    "loss without gradient": (loss(lambda o, y: 1.0), TypeError, "fit: the loss returned float, "),
    "loss of one value": (
        loss(lambda o, y: (1.0, o)), ValueError, "fit: values of the loss has shape (), expected"),
    "loss with strings": (
        loss(lambda o, y: (["a"] * len(o), o)), TypeError, "fit: values of the loss has dtype <U1"),
    "loss with complex gradient": (
        loss(lambda o, y: (o[:, 0], 1j * o)), TypeError, "fit: gradient of the loss has dtype"),
    "optimizer's name": (fit(optimizer="adm"), ValueError, "fit: optimizer='adm' is not known; "),
    "optimizer None": (fit(optimizer=None), TypeError, "fit: optimizer=None, expected"),
    "optimizer class": (fit(optimizer=fm.Adam), TypeError, "fit: optimizer=<class 'fastmlp"),
}  # fmt: skip

MAKING: dict[str, Case] = {
    "layers None": (build(None), TypeError, "Network: layers=None (NoneType), expected a list"),
    "layers text": (build("43"), TypeError, "Network: layers='43' (str), expected a list"),
    "layers of a set": (build({4, 3}), TypeError, "Network: layers={3, 4} (set), expected a list"),
    "layers of a dict": (build({4: 3, 3: 1}), TypeError, "Network: layers={4: 3, 3: 1} (dict), "),
    "no layers": (build([]), ValueError, "Network: layers=[], expected a list"),
    "only inputs": (build([4]), ValueError, "Network: layers=[4], expected the number of inputs"),
    "layer of 0": (build([4, 0, 1]), ValueError, "Network: layers[1]=0, expected an integer >= 1"),
    "layer of 3.0": (build([4, 3.0]), TypeError, "Network: layers[1]=3.0 (float), expected"),
    "layer True": (build([4, True]), TypeError, "Network: layers[1]=True (bool), expected"),
    "layers nested": (build([[4, 3]]), TypeError, "Network: layers[0]=[4, 3] (list), expected"),
    "2**63 units": (build([2**63, 1]), ValueError, "Network: layers[0]=9223372036854775808, "),
    "2**80 parameters": (build([2**40, 2**40]), ValueError, "Network: the layers have 12089258196"),
    "2**62 inputs": (
        build([fm.Dense(3)], inputs=2**62), ValueError, "Network: the layers have 13835058055"),
    "sizes and layers": (build([4, fm.Dense(3)]), TypeError, "Network: layers[0]=4 (int), expecte"),
    "layer class": (build([fm.Dense], inputs=4), ValueError, "Network: inputs=4, expected None"),
    "no inputs": (build([fm.Dense(3)]), TypeError, "Network: inputs=None (NoneType), expected"),
    "inputs twice": (build([4, 3], inputs=4), ValueError, "Network: inputs=4, expected None"),
    "activation": (build([4, 3], activation="rlu"), ValueError, "Network: activation='rlu' is not"),
    "output": (build([4, 3], output=3), TypeError, "Network: output=3, expected"),
    "init class": (build([4, 3], init=fm.Zeros), TypeError, "Network: init=<class 'fastmlp"),
    "dtype float16": (build([4, 3], dtype="float16"), ValueError, "Network: dtype='float16', "),
    "dtype swapped": (build([4, 3], dtype=">f4"), ValueError, "Network: dtype='>f4', expected"),
    "dtype None": (build([4, 3], dtype=None), TypeError, "Network: dtype=None (NoneType), expecte"),
    "seed -1": (build([4, 3], seed=-1), ValueError, "Network: seed=-1, expected an integer >= 0"),
    "seed 2**64": (build([4, 3], seed=2**64), ValueError, "Network: seed=18446744073709551616, "),
    "seed of NumPy": (
        build([4, 3], seed=np.random.default_rng(0)), TypeError, "Network: seed=Generator(PCG64)"),
    "seed of an array": (
        build([4, 3], seed=np.zeros((2, 2))), TypeError, "Network: seed=array([[0., 0.], [0., 0.]"),
    "units -1": (dense(units=-1), ValueError, "Dense: units=-1, expected an integer >= 1"),
    "units [3]": (dense(units=np.array([3])), TypeError, "Dense: units=array([3]), expected"),
    "units 2**70": (dense(units=2**70), ValueError, "Dense: units=1180591620717411303424, "),
    "Dense activation": (dense(activation="RELU"), ValueError, "Dense: activation='RELU' is not"),
    "activation class": (dense(activation=fm.ReLU), TypeError, "Dense: activation=<class 'fastmlp"),
    "activation optimizer": (dense(activation=fm.Adam()), TypeError, "Dense: activation=Adam("),
    "bias 0": (dense(bias=0), TypeError, "Dense: bias=0, expected True or False"),
    "Dense init": (dense(init="xavier"), ValueError, "Dense: init='xavier' is not known; expected"),
    "Dense l1": (dense(l1=[1]), TypeError, "Dense: l1=[1], expected a number or None"),
    "Dense l2": (dense(l2=-1e-9), ValueError, "Dense: l2=-1e-09, expected a finite l2 >= 0"),
    "trainer of nothing": (train(network=None), TypeError, "Trainer: network=None (NoneType), "),
    "trainer of a class": (train(network=fm.Network), TypeError, "Trainer: network=<class"),
    "trainer loss": (train(loss=3), TypeError, "Trainer: loss=3, expected"),
    "trainer batch": (train(batch_size=0), ValueError, "Trainer: batch_size=0, expected"),
    "trainer seed": (train(seed="a"), TypeError, "Trainer: seed='a' (str), expected"),
    "trainer shuffle": (train(shuffle=None), TypeError, "Trainer: shuffle=None (NoneType), "),
    "beta2": (lambda s: fm.Adam(beta2=1.5), ValueError, "Adam: beta2=1.5, expected 0 <= beta2 < 1"),
    "keyword": (lambda s: fm.Adam(beta=1), TypeError, "Adam: beta is not a parameter; expected so"),
    "rate": (lambda s: fm.SGD("fast"), TypeError, "SGD: learning_rate='fast', expected"),
    "rate nan": (lambda s: fm.SGD(np.nan), ValueError, "SGD: learning_rate=nan, expected"),
    "clip": (lambda s: fm.SGD(clip_value=(1, 0)), ValueError, "SGD: clip_value=(1, 0), expected"),
    "patience": (lambda s: fm.EarlyStopping(patience=0), ValueError, "EarlyStopping: patience=0, "),
    "threads 0": (lambda s: fm.set_num_threads(0), ValueError, "set_num_threads: threads=0, "),
    "threads 2.0": (lambda s: fm.set_num_threads(2.0), TypeError, "set_num_threads: threads=2.0 ("),
    "threads 2**40": (lambda s: fm.set_num_threads(2**40), ValueError, "set_num_threads: threads="),
}  # fmt: skip

USE: dict[str, Case] = {
    "backward of nothing": (
        lambda s: s.net.backward(X[:0], np.zeros((0, 3))), ValueError,
        "Network.backward: X has shape (0, 4), expected at least one sample"),
    "forward of nothing": (
        lambda s: s.trainer.forward(X[:0]), ValueError, "Trainer.forward: X has shape (0, 4), "),
    "loss of nothing": (
        lambda s: s.net.loss(X[:0], Y[:0]), ValueError, "Network.loss: X has shape (0, 4), "),
    "weights[2]": (
        lambda s: s.net.weights[2], IndexError,
        "Network: weights[2] is no layer, expected an integer from -2 to 1"),
    "weights['a']": (lambda s: s.net.weights["a"], TypeError, "Network: weights['a'] is no layer"),
    "biases[-3] =": (
        lambda s: s.net.biases.__setitem__(-3, 0), IndexError, "Network: biases[-3] is no layer"),
    "weights[:] =": (
        lambda s: s.net.weights.__setitem__(slice(2), 0), TypeError, "Network: weights[slice("),
    "no bias": (
        lambda s: fm.Network([fm.Dense(1, bias=False)], inputs=1).biases.__setitem__(0, [1]),
        ValueError, "Network: biases[0] is None, expected no value"),
    "backward first": (
        lambda s: fm.Trainer(s.net).backward(TARGETS), RuntimeError,
        "Trainer.backward: there are no outputs since the last update; call forward"),
    "fun": (minimize(3), TypeError, "minimize: fun=3 (int), expected a function of w"),
    "fun of one": (minimize(lambda w: 1.0), TypeError, "minimize: fun returned float, expected"),
    "fun of values": (
        minimize(lambda w: (w, w)), ValueError, "minimize: value of fun has shape (2,), expected"),
    "fun of text": (minimize(lambda w: ("1", w)), TypeError, "minimize: value of fun is of type s"),
    "fun of a short gradient": (
        minimize(lambda w: (1.0, w[:1])), ValueError, "minimize: gradient of fun has shape (1,), "),
    "fun of a masked gradient": (
        minimize(lambda w: (1.0, np.ma.ones(2))), TypeError, "minimize: gradient of fun is a mask"),
    "steps": (minimize(len, steps=-1), ValueError, "minimize: steps=-1, expected an integer >= 0"),
    "path": (minimize(len, record_path=1), TypeError, "minimize: record_path=1 (int), expected"),
    "optimizer": (minimize(len, optimizer="adm"), ValueError, "minimize: optimizer='adm' is not k"),
    "seconds": (minimize(len, max_seconds="1"), TypeError, "minimize: max_seconds='1' (str), "),
}  # fmt: skip

CASES = {**FIT, **{f"make {key}": case for key, case in MAKING.items()}, **USE}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_by_name(case: str) -> None:
    """The message is the one documented, in one line, and the training continues unchanged."""
    call, kind, text = CASES[case]
    subject = Subject()
    error = refusal(call, subject)
    assert type(error) is kind, repr(error)
    assert str(error).startswith(text), str(error)
    assert is_well_formed(str(error), text.split(": ")[0]) or kind is RuntimeError, str(error)
    assert subject.continues_identically() == UNTOUCHED


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 120
    assert len(GRID) >= 800

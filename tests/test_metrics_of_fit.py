"""`metrics` of `fit`: what is recorded, of which samples, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

import fastmlp as fm
from reference import Array

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
NUMBERS = X[:, :2] * 0.5 + 0.1 * RNG.normal(size=(60, 2))
CLASSES = np.argmax(X[:, :3] + 0.5 * RNG.normal(size=(60, 3)), 1)
LABELS = (X[:, :2] + 0.5 * RNG.normal(size=(60, 2)) > 0).astype(float)
WEIGHTS = RNG.uniform(0, 2, 60)


def positive(o: Array) -> Array:
    return (o > 0.5).astype(int)


def signs(o: Array) -> Array:
    return np.where(o > 0, 1, -1)


CASES: dict[str, tuple[dict[str, Any], Array, str, Callable[[Array, Array, Array], float]]] = {
    "accuracy": (
        {"output": "softmax", "units": 3}, CLASSES, "accuracy",
        lambda y, o, w: sk.accuracy_score(y, o.argmax(1), sample_weight=w),
    ),
    "one-hot": (
        {"output": "softmax", "units": 3}, np.eye(3)[CLASSES], "accuracy",
        lambda y, o, w: sk.accuracy_score(y.argmax(1), o.argmax(1), sample_weight=w),
    ),
    "top k": (
        {"output": "softmax", "units": 3}, CLASSES, "top_2_accuracy",
        lambda y, o, w: sk.top_k_accuracy_score(y, o, k=2, sample_weight=w),
    ),
    "f1": (
        {"output": "softmax", "units": 3}, CLASSES, "f1",
        lambda y, o, w: sk.f1_score(y, o.argmax(1), average="macro", sample_weight=w),
    ),
    "auc": (
        {"output": "softmax", "units": 3}, CLASSES, "auc",
        lambda y, o, w: float(np.mean(
            [sk.roc_auc_score(y == c, o[:, c], sample_weight=w) for c in range(3)])),
    ),
    "two classes": (
        {"output": "softmax", "units": 2}, CLASSES % 2, "f1",
        lambda y, o, w: sk.f1_score(y, o.argmax(1), sample_weight=w),
    ),
    "one label": (
        {"output": "sigmoid", "units": 1}, LABELS[:, 0], "accuracy",
        lambda y, o, w: sk.accuracy_score(y, positive(o), sample_weight=w),
    ),
    "labels": (
        {"output": "sigmoid", "units": 2}, LABELS, "accuracy",
        lambda y, o, w: sk.accuracy_score(y, positive(o), sample_weight=w),
    ),
    "labels -1 and 1": (
        {"output": "tanh", "units": 1}, 2 * LABELS[:, 0] - 1, "f1",
        lambda y, o, w: sk.f1_score(y, signs(o), sample_weight=w),
    ),
    "perceptron": (
        {"output": "sign", "units": 1}, LABELS[:, 0], "accuracy",
        lambda y, o, w: sk.accuracy_score(2 * y - 1, signs(o), sample_weight=w),
    ),
    "perceptrons": (
        {"output": "sign", "units": 3}, CLASSES, "accuracy",
        lambda y, o, w: sk.accuracy_score(y, o.argmax(1), sample_weight=w),
    ),
    "r2": (
        {"output": "identity", "units": 2}, NUMBERS, "r2",
        lambda y, o, w: sk.r2_score(y, o, sample_weight=w),
    ),
    "mae": (
        {"output": "identity", "units": 2}, NUMBERS, "mae",
        lambda y, o, w: sk.mean_absolute_error(y, o, sample_weight=w),
    ),
    "rmse": (
        {"output": "identity", "units": 2}, NUMBERS, "rmse",
        lambda y, o, w: sk.root_mean_squared_error(y, o, sample_weight=w),
    ),
    "means": (
        {"output": "identity", "units": 2, "loss": "gaussian_nll"}, NUMBERS[:, 0], "r2",
        lambda y, o, w: sk.r2_score(y, o[:, :1], sample_weight=w),
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_what_is_recorded_is_the_metric_after_the_epoch(case: str, dtype: str) -> None:
    """Of training samples and validation, weighted, in evaluation mode, of averages if any."""
    fields, y, name, expected = CASES[case]
    layers = [fm.Dense(5, "tanh"), fm.Dropout(0.5), fm.Dense(fields["units"], fields["output"])]
    net = fm.Network(layers, inputs=4, dtype=dtype, seed=3)
    seen: list[Array] = []

    class Sees:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            seen.append(net.predict(X).astype(float))

    history = net.fit(
        X[:40], y[:40], validation_data=(X[40:], y[40:], WEIGHTS[40:]), metrics=[name], epochs=3,
        sample_weight=WEIGHTS[:40], loss=fields.get("loss"), callbacks=Sees(),
        optimizer=fm.SGD(0.1, average=fm.Polyak()))  # fmt: skip
    recorded = [key for key in history if key != "mistakes"]  # those of sign outputs
    assert recorded == ["loss", "val_loss", name, f"val_{name}"]
    w = WEIGHTS.astype(dtype).astype(float)
    y = y.astype(dtype).astype(float)
    for epoch, o in enumerate(seen):
        train = expected(y[:40], o[:40], w[:40])
        assert history[name][epoch] == pytest.approx(train, rel=1e-12)
        validation = expected(y[40:], o[40:], w[40:])
        assert history[f"val_{name}"][epoch] == pytest.approx(validation, rel=1e-12)


def test_functions_receive_y_and_outputs_as_predict_returns_them() -> None:
    """By their names in a list, or by keys; numbers of any kind become floats."""
    net = fm.Network([4, 3], output="softmax", seed=0)
    shapes: list[Any] = []

    def first(y: Array, outputs: Array) -> Any:
        shapes.append((y.dtype.kind, y.shape, outputs.shape))
        return np.float32(outputs[0, 0])

    history = net.fit(X, CLASSES, epochs=2, metrics=["accuracy", first])
    assert shapes == [("i", (60,), (60, 3))] * 2
    assert history["first"][-1] == net.predict(X)[0, 0]
    named = net.fit(X, CLASSES, epochs=1, metrics={"a": first, "b": "f1", "c": lambda y, o: 3})
    assert list(named) == ["loss", "a", "b", "c"]
    assert all(type(value) is float for column in named.values() for value in column)
    alone = net.fit(X, CLASSES, epochs=1, metrics=first)
    assert list(alone) == ["loss", "first"]


@pytest.mark.parametrize("time", [2, 5])
def test_positions_count_each_and_those_after_the_end_do_not(time: int) -> None:
    """A class per step: as many samples as steps."""
    net = fm.Network([fm.Recurrent(4, sequences=True), fm.Conv1D(3, 1, "softmax")],
                     inputs=(time, 2), dtype="float64", seed=0)  # fmt: skip
    random = np.random.default_rng(1)
    X, y = random.normal(size=(8, time, 2)), random.integers(0, 3, (8, time))
    lengths, w = random.integers(1, time + 1, 8), random.uniform(0.5, 2, 8)
    used = np.arange(time) < lengths[:, None]
    history = net.fit(X, y, lengths=lengths, sample_weight=w, epochs=1, metrics=["accuracy", "f1"])
    found = net.predict(X, lengths=lengths).argmax(-1)
    weights = np.repeat(w[:, None], time, 1)[used]
    score = sk.accuracy_score(y[used], found[used], sample_weight=weights)
    assert history["accuracy"] == pytest.approx([score], rel=1e-12)
    whole = net.fit(X, y, epochs=1, metrics=["accuracy"])
    assert whole["accuracy"] == pytest.approx([(net.predict(X).argmax(-1) == y).mean()], rel=1e-12)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["acc"], r"metrics='acc', expected one of: accuracy, top_3_accuracy, f1, auc, r2, mae"),
        ("top_k_accuracy", "expected one of"),
        ("top_0_accuracy", "expected one of"),
        (3, r"metrics=3 \(int\), expected a name, a list of names or a dictionary"),
        ([3], r"metrics=3 \(int\), expected names, or functions"),
        ({3: "r2"}, r"metrics=3 \(int\), expected names as keys"),
        (["r2", "r2"], "metrics='r2', expected names once each"),
        ({"val_x": "r2"}, "metrics='val_x', expected names once each, without 'val_'"),
        ({"loss": "r2"}, "metrics='loss', expected names once each"),
        ({"": "r2"}, "metrics='', expected names"),
        ([lambda y, o: 0.0], "expected a function with a name, or {name: function}"),
        ("accuracy", "metrics='accuracy', but y has other values than -1 and 1"),
        ("top_2_accuracy", "metrics='top_2_accuracy' with 0 classes"),
        ({"x": lambda y, o: "text"}, r"the metric 'x'='text' \(str\), expected a number"),
        ({"x": lambda y, o: True}, r"the metric 'x'=True \(bool\), expected a number"),
        ({"x": lambda y, o: np.ones(2)}, "the metric 'x'=.*expected a number"),
    ],
)
def test_metrics_that_do_not_fit_are_refused(metrics: Any, message: str) -> None:
    net = fm.Network([4, 2], seed=0)
    before = net.__getstate__()["parameters"]
    with pytest.raises((TypeError, ValueError), match=f"^fit: .*{message}"):
        net.fit(X, NUMBERS, epochs=1, metrics=metrics)
    assert (net.history is None) == bool((net.parameters == before).all())


def test_metrics_of_numbers_are_refused_of_classes() -> None:
    net = fm.Network([4, 3], output="softmax", seed=0)
    with pytest.raises(ValueError, match="metrics='r2' with a y of classes, expected metrics of c"):
        net.fit(X, CLASSES, metrics="r2")
    with pytest.raises(ValueError, match="metrics='top_4_accuracy' with 3 classes"):
        net.fit(X, CLASSES, metrics="top_4_accuracy")
    assert net.fit(X, CLASSES, epochs=1, metrics="top_3_accuracy")["top_3_accuracy"] == [1.0]
    one = fm.Network([4, 1], output="sigmoid", seed=0)
    y = LABELS[:, 0]
    with pytest.raises(ValueError, match=r"validation_data: metrics='f1', but y has other values"):
        one.fit(X, y, validation_data=(X, 0.5 * y), metrics="f1")
    own = fm.Network([4, 1], seed=0)

    def loss(o: Array, y: Array) -> tuple[Array, Array]:
        return (o[:, 0] - y[:, 0]) ** 2 / 2, o - y[:, :1]

    with pytest.raises(ValueError, match=r"y has shape \(60, 2\), expected \(60, 1\), as metrics"):
        own.fit(X, NUMBERS, loss=loss, metrics="r2")
    assert "s" in own.fit(X, NUMBERS, loss=loss, epochs=1, metrics={"s": lambda y, o: y.sum()})

"""The native metrics beside scikit-learn's, weighted and not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

import fastmlp as fm
from fastmlp import _core
from reference import Array

seeds = st.integers(0, 2**32 - 1)


def weights_of(random: np.random.Generator, n: int, kind: int) -> Array | None:
    """None, positive ones, and some that are 0."""
    w = random.uniform(0.1, 3.0, n)
    w[1:] *= random.integers(0, 2, n - 1) if kind == 2 else 1
    return None if kind == 0 else w


def native(name: str, outputs: Array, y: Array, w: Array | None, k: int = 1) -> float:
    width = outputs.shape[1]
    same = fm.Network([fm.Dense(width, bias=False)], inputs=width, dtype="float64")
    same.weights[0][:] = np.eye(width)
    given = (outputs.astype(float), None, y, w, None, 0.5, [(name, k)], width)
    return _core.float64.repeated_metrics(same._native, *given)()[0]


def same(found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


@settings(max_examples=150, deadline=None)
@given(seeds, st.integers(2, 60), st.integers(2, 5), st.integers(0, 2), st.booleans())
def test_metrics_of_classes_are_those_of_scikit_learn(
    seed: int, n: int, n_classes: int, kind: int, ties: bool
) -> None:
    """Of equal outputs the first one is predicted; AUC counts pairs of equal ones half."""
    random = np.random.default_rng(seed)
    outputs = random.integers(1, 4, (n, n_classes)) if ties else random.random((n, n_classes))
    outputs = outputs / outputs.sum(1, keepdims=True)
    y = random.integers(0, n_classes, n)
    w = weights_of(random, n, kind)
    found, labels = outputs.argmax(1), list(range(n_classes))
    same(native("accuracy", outputs, y, w), sk.accuracy_score(y, found, sample_weight=w))
    if n_classes == 2:
        expected = sk.f1_score(y, found, sample_weight=w, zero_division=0)
    else:
        expected = sk.f1_score(y, found, average="macro", sample_weight=w, zero_division=0)
    same(native("f1", outputs, y, w), expected)
    for k in range(1, n_classes) if n_classes > 2 else ():
        expected = sk.top_k_accuracy_score(y, outputs, k=k, labels=labels, sample_weight=w)
        same(native("top_k_accuracy", outputs, y, w, k), expected)
    same(native("top_k_accuracy", outputs, y, w, n_classes), 1.0)
    seen = y if w is None else y[w > 0]
    if len(np.unique(seen)) < n_classes:
        assert math.isnan(native("auc", outputs, y, w))
    elif n_classes == 2:
        same(native("auc", outputs, y, w), sk.roc_auc_score(y, outputs[:, 1], sample_weight=w))
    else:
        areas = [sk.roc_auc_score(y == c, outputs[:, c], sample_weight=w) for c in labels]
        same(native("auc", outputs, y, w), np.mean(areas))
        if kind == 0:
            same(np.mean(areas), sk.roc_auc_score(y, outputs, multi_class="ovr"))


@settings(max_examples=150, deadline=None)
@given(seeds, st.integers(2, 60), st.integers(1, 4), st.integers(0, 2), st.booleans())
def test_metrics_of_labels_are_those_of_scikit_learn(
    seed: int, n: int, n_labels: int, kind: int, ties: bool
) -> None:
    """One output is one label; of several, a sample is right where all labels are."""
    random = np.random.default_rng(seed)
    shape = (n, n_labels)
    outputs = random.integers(0, 4, shape) / 3 if ties else random.random(shape)
    y = random.integers(0, 2, shape).astype(float)
    w = weights_of(random, n, kind)
    found, columns = (outputs > 0.5).astype(int), range(n_labels)
    same(native("accuracy", outputs, y, w), sk.accuracy_score(y, found, sample_weight=w))
    average = "binary" if n_labels == 1 else "macro"
    expected = sk.f1_score(y, found, average=average, sample_weight=w, zero_division=0)
    same(native("f1", outputs, y, w), expected)
    seen = y if w is None else y[w > 0]
    if (seen.min(0) < seen.max(0)).all():
        areas = [sk.roc_auc_score(y[:, j], outputs[:, j], sample_weight=w) for j in columns]
        same(native("auc", outputs, y, w), np.mean(areas))
    else:
        assert math.isnan(native("auc", outputs, y, w))


@settings(max_examples=150, deadline=None)
@given(seeds, st.integers(2, 60), st.integers(1, 4), st.integers(0, 2), st.floats(0, 100))
def test_metrics_of_numbers_are_those_of_scikit_learn(
    seed: int, n: int, n_outputs: int, kind: int, mean: float
) -> None:
    """The mean over the outputs of each one's, also of one that is constant."""
    random = np.random.default_rng(seed)
    y = random.normal(mean, 1.0, (n, n_outputs))
    y[:, 0] = 3.0 if kind == 0 and random.random() < 0.2 else y[:, 0]
    outputs = random.normal(mean, 1.0, (n, n_outputs))
    outputs[:, 0] = y[:, 0] if random.random() < 0.2 else outputs[:, 0]
    w = weights_of(random, n, kind)
    expected = sk.r2_score(y, outputs, sample_weight=w)
    if w is None or (w > 0).sum() > 1:  # else a quotient of rounding errors
        tolerance = 1e-12 * (1 + abs(expected))
        assert native("r2", outputs, y, w) == pytest.approx(expected, abs=tolerance)
    same(native("mae", outputs, y, w), sk.mean_absolute_error(y, outputs, sample_weight=w))
    same(native("rmse", outputs, y, w), sk.root_mean_squared_error(y, outputs, sample_weight=w))


@pytest.mark.parametrize("name", ["accuracy", "f1", "auc", "r2", "mae", "rmse"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_outputs_that_are_not_finite_have_no_metric(name: str, bad: float) -> None:
    outputs, y = np.array([[0.1, 0.7], [0.3, bad]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    assert math.isnan(native(name, outputs, y, None))


def test_constant_targets_of_any_size_have_an_r2() -> None:
    """0.1 is not the mean of three of it in floating point; R² is 0 or 1 all the same."""
    y = np.full((3, 1), 0.1)
    assert native("r2", y, y.copy(), None) == 1
    assert native("r2", y + 1e-3, y, None) == 0
    y[2] = 5.0  # a target without weight does not vary them
    assert native("r2", np.full((3, 1), 0.2), y, np.array([1.0, 1.0, 0.0])) == 0
    assert math.isnan(native("r2", y[:1], y[:1].copy(), None))


@pytest.mark.parametrize(
    ("key", "y", "w"),
    [
        ("r2", np.zeros(3, np.int64), None),
        ("top_k_accuracy", np.zeros((3, 2)), None),
        ("accuracy", np.zeros((3, 3)), None),
        ("accuracy", np.zeros((2, 2)), None),
        ("accuracy", np.zeros(4, np.int64), None),
        ("accuracy", np.zeros((3, 2)), np.ones(2)),
        ("accuracy", np.zeros((3, 2), np.float32), None),
        ("other", np.zeros((3, 2)), None),
    ],
)
def test_arrays_that_do_not_fit_are_refused_natively(key: str, y: Array, w: Any) -> None:
    """No call can read beyond an array."""
    with pytest.raises((TypeError, ValueError)):
        native(key, np.zeros((3, 2)), y, w)


def test_a_class_out_of_range_is_no_hit() -> None:
    """The caller's memory may change at any time."""
    y = np.array([-1, 2, 2**62, 1])
    assert native("top_k_accuracy", np.ones((4, 2)), y, None, 2) == 0.25
    assert native("accuracy", np.ones((4, 2)), y, None) == 0.0

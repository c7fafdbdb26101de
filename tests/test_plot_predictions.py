"""Confusion matrices and calibration, against counts made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot import calibration, confusion_matrix
from fastmlp.sklearn import MLPClassifier
from plot_cases import CLASSES, NET, X, Y, new_axes


def counts_of(predicted: Any, y: Any, labels: Any) -> Any:
    return np.array([[np.sum((y == t) & (predicted == p)) for p in labels] for t in labels])


def bar_of(ax: Any) -> Any:
    (bar,) = [axes for axes in ax.figure.axes if axes is not ax]
    return bar


@pytest.mark.parametrize("seed", [0, 1])
def test_rows_are_true_and_columns_predicted_classes(seed: int) -> None:
    net = fm.Network([2, 4, 3], output="softmax", seed=seed)
    y = np.random.default_rng(0).integers(0, 3, 40)
    ax = confusion_matrix(net, X, y, ax=new_axes())
    expected = counts_of(net.predict(X).argmax(1), y, range(3))
    np.testing.assert_array_equal(ax.images[0].get_array(), expected)
    assert (expected != expected.T).any()
    written = [int(text.get_text()) for text in ax.texts]
    assert written == list(expected.ravel())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Predicted label", "True label")
    assert bar_of(ax).get_ylabel() == "samples"


@pytest.mark.parametrize(("normalize", "axis"), [("true", 1), ("pred", 0), ("all", None)])
def test_shares(normalize: Any, axis: int | None) -> None:
    ax = confusion_matrix(NET, X, Y, normalize=normalize, ax=new_axes())
    counts = counts_of(NET.predict(X)[:, 0] > 0.5, Y, [0, 1])
    expected = counts / counts.sum(axis, keepdims=True)
    np.testing.assert_allclose(ax.images[0].get_array(), expected)
    assert ax.texts[0].get_text() == f"{expected[0, 0]:.2f}"
    assert bar_of(ax).get_ylabel() == "share of samples"


def test_labels_of_estimators_and_of_sign() -> None:
    names = np.array(["no", "yes"])
    model = MLPClassifier.from_network(NET, names)
    ax = confusion_matrix(model, X, names[Y], ax=new_axes())
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["no", "yes"]
    expected = counts_of(model.predict(X), names[Y], names)
    np.testing.assert_array_equal(ax.images[0].get_array(), expected)
    net = fm.Network([2, 1], output="sign", seed=1)
    ax = confusion_matrix(net, X, 2 * Y - 1, ax=new_axes())
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["-1", "1"]
    expected = counts_of(net.predict(X)[:, 0], 2 * Y - 1, [-1, 1])
    np.testing.assert_array_equal(ax.images[0].get_array(), expected)


def test_classes_that_do_not_occur_have_a_row() -> None:
    net = fm.Network([2, 3], output="softmax", seed=0)
    ax = confusion_matrix(net, X, np.zeros(40, int), ax=new_axes())
    assert ax.images[0].get_array().shape == (3, 3)
    assert (ax.images[0].get_array()[1:] == 0).all()


@pytest.mark.parametrize("net", [NET, CLASSES], ids=["sigmoid", "softmax"])
@pytest.mark.parametrize("n_bins", [3, 10])
def test_points_are_shares_over_probabilities(net: fm.Network, n_bins: int) -> None:
    ax = calibration(net, X, Y, n_bins=n_bins, ax=new_axes())
    p = net.predict(X)[:, -1]
    bins = np.minimum((p * n_bins).astype(int), n_bins - 1)
    expected = [(p[bins == b].mean(), Y[bins == b].mean()) for b in np.unique(bins)]
    line = next(line for line in ax.lines if line.get_label() == "Network")
    np.testing.assert_allclose(line.get_xydata(), expected)
    diagonal = next(line for line in ax.lines if line.get_label() == "Perfectly calibrated")
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert ax.get_xlabel() == "mean predicted probability of class 1"
    assert ax.get_ylabel() == "share of samples of class 1"


def test_calibration_of_an_estimator_with_names() -> None:
    """The second class is the one whose probability it is."""
    names = np.array(["no", "yes"])
    model = MLPClassifier.from_network(NET, names)
    ax = calibration(model, X, names[Y], n_bins=4, ax=new_axes())
    line = next(line for line in ax.lines if line.get_label() == "MLPClassifier")
    again = calibration(NET, X, Y, n_bins=4, ax=new_axes())
    expected = next(line for line in again.lines if line.get_label() == "Network")
    np.testing.assert_allclose(line.get_xydata(), expected.get_xydata())
    assert ax.get_xlabel() == "mean predicted probability of class yes"


def test_classifiers_without_probabilities_are_refused() -> None:
    svm = pytest.importorskip("sklearn.svm").LinearSVC().fit(X, Y)
    with pytest.raises(ValueError, match=r"calibration: model=LinearSVC.*, expected a classifier"):
        calibration(svm, X, Y, ax=new_axes())

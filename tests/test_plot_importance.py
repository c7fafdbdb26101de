"""Importance by permutation and partial dependence, of models whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot import partial_dependence, permutation_importance
from fastmlp.sklearn import MLPClassifier, MLPRegressor
from plot_cases import NET, Y, new_axes

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))


def linear(*coefficients: float) -> fm.Network:
    net = fm.Network([len(coefficients), 1], dtype="float64")
    net.parameters = [*coefficients, 0.0]
    return net


def medians(ax: object) -> list[float]:
    lines = ax.lines  # type: ignore[attr-defined]
    return [line.get_ydata()[0] for line in lines if line.get_color() == "#D55E00"]


def test_features_are_sorted_by_the_median_of_their_decrease() -> None:
    net = linear(0.0, 3.0, -1.0)
    ax = permutation_importance(net, X, net.predict(X), n_repeats=7, seed=4, ax=new_axes())
    names = [tick.get_text() for tick in ax.get_xticklabels()]
    assert names == ["feature 1", "feature 2", "feature 0"]
    assert list(ax.get_xticks()) == [1, 2, 3]
    inspection = pytest.importorskip("sklearn.inspection")
    model = MLPRegressor.from_network(net)
    y = net.predict(X)[:, 0]
    found = inspection.permutation_importance(model, X, y, n_repeats=7, random_state=4)
    expected = np.median(found.importances, axis=1)[[1, 2, 0]]
    np.testing.assert_allclose(medians(ax), expected)
    assert expected[2] == 0
    assert list(ax.lines[-1].get_ydata()) == [0, 0]  # a line for comparison
    assert ax.get_ylabel() == "decrease of R²"
    assert ax.get_xlabel() == "feature"


def test_the_score_of_classifiers_is_the_accuracy() -> None:
    data = X[:40, :2]
    ax = permutation_importance(NET, data, Y, ax=new_axes())
    assert ax.get_ylabel() == "decrease of the accuracy"
    again = permutation_importance(MLPClassifier.from_network(NET), data, Y, ax=new_axes())
    np.testing.assert_array_equal(medians(ax), medians(again))
    other = permutation_importance(NET, data, Y, seed=1, ax=new_axes())
    assert medians(ax) != medians(other)


def test_names_of_features() -> None:
    net, y = linear(2.0, 1.0, 0.0), X[:, 0]
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["a", "b", "c"])
    for data, options, expected in (
        (frame, {}, ["a", "b", "c"]),
        (X, {"feature_names": ["x", "y", "z"]}, ["x", "y", "z"]),
    ):
        net = linear(2.0, 1.0, 0.0)
        y = net.predict(X)
        ax = permutation_importance(net, data, y, ax=new_axes(), **options)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == expected


@pytest.mark.parametrize(("n_features", "angle"), [(4, 0), (5, 90)])
def test_many_names_are_written_upwards(n_features: int, angle: int) -> None:
    data = rng.normal(size=(20, n_features))
    ax = permutation_importance(linear(*range(n_features)), data, data[:, 0], ax=new_axes())
    assert {tick.get_rotation() for tick in ax.get_xticklabels()} == {angle}


def test_partial_dependence_is_the_mean_prediction() -> None:
    net = linear(1.0, 2.0, -3.0)
    for feature, slope in enumerate((1.0, 2.0, -3.0)):
        ax = partial_dependence(net, X, feature, ax=new_axes())
        x, y = ax.lines[0].get_xydata().T
        others = [i for i in range(3) if i != feature]
        mean = sum(net.parameters[i] * X[:, i].mean() for i in others)
        np.testing.assert_allclose(y, slope * x + mean, atol=1e-9)
        assert len(x) > 10
    first = partial_dependence(net, X, ax=new_axes()).lines[0].get_ydata()
    again = partial_dependence(net, X, 0, ax=new_axes()).lines[0].get_ydata()
    np.testing.assert_array_equal(first, again)


def test_partial_dependence_of_a_pair_is_contours() -> None:
    ax = partial_dependence(linear(1.0, 2.0, 0.0), X, (0, 1), ax=new_axes())
    drawn = [item for item in ax.collections if hasattr(item, "levels")]
    assert drawn
    lines = next(item for item in drawn if not item.filled)
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        points = path.vertices
        np.testing.assert_allclose(points @ [1.0, 2.0], level, atol=1e-9)


def test_partial_dependence_of_a_class() -> None:
    net = fm.Network([3, 3], output="softmax", dtype="float64", seed=0)
    ax = partial_dependence(net, X, 1, target=2, ax=new_axes())
    x, y = ax.lines[0].get_xydata().T
    data = X.copy()
    data[:, 1] = x[17]
    assert y[17] == pytest.approx(net.predict(data)[:, 2].mean())


def test_columns_of_frames_by_their_names() -> None:
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["a", "b", "c"])
    ax = partial_dependence(linear(1.0, 2.0, 0.0), frame, "b", ax=new_axes())
    assert ax.get_xlabel() == "b"
    x, y = ax.lines[0].get_xydata().T
    np.testing.assert_allclose(y, 2 * x + X[:, 0].mean(), atol=1e-9)

"""Decision regions are what the model predicts, for every kind of output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot import decision_regions
from fastmlp.sklearn import MLPClassifier, MLPRegressor
from plot_cases import X, Y, new_axes

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
colors = pytest.importorskip("matplotlib.colors")


def net_of(output: str, n_outputs: int = 1) -> fm.Network:
    net = fm.Network([2, 5, n_outputs], activation="tanh", output=output, seed=3)
    net.parameters *= 3
    return net


def regions(ax: Any) -> Any:
    """Index of the class at each point of the grid, and the grid."""
    (image,) = ax.images
    n_rows, n_columns = image.get_array().shape
    left, right, bottom, top = image.get_extent()
    half = (right - left) / n_columns / 2, (top - bottom) / n_rows / 2
    x = np.linspace(left + half[0], right - half[0], n_columns)
    y = np.linspace(bottom + half[1], top - half[1], n_rows)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    assert image.origin == "lower"
    return np.asarray(image.get_array()), grid


@pytest.mark.parametrize(
    ("output", "low", "threshold"),
    [("sigmoid", 0, 0.5), ("sign", -1, 0), ("tanh", -1, 0), ("identity", 0, 0.5)],
)
def test_one_output_is_compared_with_the_middle_of_the_labels(
    output: str, low: int, threshold: float
) -> None:
    net = net_of(output)
    labels = np.where(Y == 1, 1, low)
    ax = decision_regions(net, X, labels, resolution=30, ax=new_axes())
    index, grid = regions(ax)
    expected = net.predict(grid.reshape(-1, 2))[:, 0].reshape(30, 30) > threshold
    np.testing.assert_array_equal(index, expected)
    assert 0.05 < expected.mean() < 0.95
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        f"class {low}",
        "class 1",
    ]
    column = decision_regions(net, X, labels[:, None].astype(float), resolution=30, ax=new_axes())
    np.testing.assert_array_equal(regions(column)[0], index)


def test_softmax_predicts_the_largest() -> None:
    net = net_of("softmax", 3)
    labels = net.predict(X).argmax(1)
    ax = decision_regions(net, X, labels, resolution=25, ax=new_axes())
    index, grid = regions(ax)
    np.testing.assert_array_equal(index, net.predict(grid.reshape(-1, 2)).argmax(1).reshape(25, 25))
    assert set(np.unique(index)) == {0, 1, 2}
    one_hot = decision_regions(net, X, np.eye(3)[labels], resolution=25, ax=new_axes())
    np.testing.assert_array_equal(regions(one_hot)[0], index)
    for drawn, again in zip(ax.collections[-3:], one_hot.collections[-3:], strict=True):
        np.testing.assert_array_equal(drawn.get_offsets(), again.get_offsets())


def test_samples_have_the_colour_and_the_marker_of_their_class() -> None:
    ax = decision_regions(net_of("sigmoid"), X, Y, resolution=9, ax=new_axes())
    points = ax.collections[-2:]
    for label, drawn in enumerate(points):
        np.testing.assert_array_equal(drawn.get_offsets(), X[label == Y])
    faces = [colors.to_hex(drawn.get_facecolor()[0]) for drawn in points]
    assert faces == [colors.to_hex(color) for color in ax.images[0].cmap.colors]
    assert faces[0] != faces[1]
    shapes = [len(drawn.get_paths()[0].vertices) for drawn in points]
    assert shapes[0] != shapes[1]
    assert ax.images[0].get_clim() == (-0.5, 1.5)
    assert ax.images[0].get_alpha() < 0.5


def test_lines_between_classes_are_where_the_output_is_the_threshold() -> None:
    net = net_of("sigmoid")
    ax = decision_regions(net, X, Y, ax=new_axes())
    assert ax.images[0].get_array().shape == (200, 200)
    (line,) = [item for item in ax.collections if hasattr(item, "levels")]
    points = np.concatenate([path.vertices for path in line.get_paths()])
    assert len(points) > 100
    np.testing.assert_allclose(net.predict(points), 0.5, atol=0.01)
    three = decision_regions(net_of("softmax", 3), X, Y, ax=new_axes())
    assert len([item for item in three.collections if hasattr(item, "levels")]) == 3


def test_a_model_that_predicts_one_class_has_no_line() -> None:
    net = fm.Network([2, 1], output="sigmoid", init="zeros")
    net.biases[0][:] = 5  # type: ignore[index]
    ax = decision_regions(net, X, Y, resolution=9, ax=new_axes())
    assert not [item for item in ax.collections if hasattr(item, "levels")]
    assert (regions(ax)[0] == 1).all()


def test_the_picture_has_a_margin_around_the_samples() -> None:
    ax = decision_regions(net_of("sigmoid"), [[2, 5], [12, 5]], [0, 1], resolution=9, ax=new_axes())
    np.testing.assert_allclose((*ax.get_xlim(), *ax.get_ylim()), (1, 13, 4.9, 5.1))
    # The centres of the outermost pixels are on the borders.
    pixel, flat = 12 / 8, 0.2 / 8
    expected = (1 - pixel / 2, 13 + pixel / 2, 4.9 - flat / 2, 5.1 + flat / 2)
    np.testing.assert_allclose(ax.images[0].get_extent(), expected)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("feature 0", "feature 1")


def test_estimators_with_any_labels() -> None:
    names = np.array(["no", "yes"])[Y]
    model = MLPClassifier(random_state=0, max_iter=20).fit(X, names)
    ax = decision_regions(model, X, names, resolution=20, ax=new_axes())
    index, grid = regions(ax)
    expected = model.predict(grid.reshape(-1, 2)).reshape(20, 20)
    np.testing.assert_array_equal(np.array(["no", "yes"])[index], expected)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["class no", "class yes"]
    with pytest.raises(ValueError, match=r"decision_regions: y has the label maybe, expected one"):
        decision_regions(model, X, np.where(Y == 1, "maybe", "no"), ax=new_axes())
    with pytest.raises(ValueError, match="decision_regions: model has 3 inputs, expected 2"):
        decision_regions(MLPClassifier().fit(np.ones((3, 3)), [0, 1, 0]), X, names)


def test_regressors_have_two_regions() -> None:
    model = MLPRegressor(random_state=0, max_iter=20).fit(X, Y)
    index, grid = regions(decision_regions(model, X, Y, resolution=20, ax=new_axes()))
    expected = model.predict(grid.reshape(-1, 2)).reshape(20, 20) > 0.5
    np.testing.assert_array_equal(index, expected)


def test_a_frame_names_the_axes() -> None:
    """Its estimator does not warn that the grid has no names."""
    frame = pytest.importorskip("pandas").DataFrame(X, columns=["width / mm", "mass / g"])
    model = MLPClassifier(random_state=0, max_iter=2).fit(frame, Y)
    for fitted in model, net_of("sigmoid"):
        ax = decision_regions(fitted, frame, Y, resolution=9, ax=new_axes())
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("width / mm", "mass / g")

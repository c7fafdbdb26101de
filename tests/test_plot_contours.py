"""Contours lie where the function has their level; paths and limits are those of the optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot import contours
from plot_cases import PATH, bowl, new_axes

LIMITS: dict[str, Any] = {"xlim": (-2, 3), "ylim": (-1, 2)}


def contour_set(ax: Any) -> Any:
    (drawn,) = [item for item in ax.collections if hasattr(item, "levels")]
    return drawn


def test_contours_are_where_the_function_has_their_level() -> None:
    drawn = contour_set(contours(bowl, ax=new_axes(), **LIMITS))
    spacing = 5 / 100
    seen = 0
    for level, path in zip(drawn.levels, drawn.get_paths(), strict=True):
        points = path.vertices
        values = points[:, 0] ** 2 + 4 * points[:, 1] ** 2 + 1
        # Between grid points it is interpolated linearly: errors up to f'' spacing² / 8.
        np.testing.assert_allclose(values, level, atol=8 * spacing**2 / 8)
        seen += len(points)
    assert seen > 1000


def test_functions_with_and_without_gradient_have_the_same_contours() -> None:
    with_gradient = contour_set(contours(bowl, ax=new_axes(), **LIMITS))
    for fun in (lambda w: bowl(w)[0], lambda w: [np.array([bowl(w)[0]]), None]):
        drawn = contour_set(contours(fun, ax=new_axes(), **LIMITS))
        np.testing.assert_array_equal(drawn.levels, with_gradient.levels)


def test_levels_are_logarithmic_above_the_minimum() -> None:
    drawn = contour_set(contours(bowl, ax=new_axes(), levels=7, **LIMITS))
    x, y = np.meshgrid(np.linspace(-2, 3, 101), np.linspace(-1, 2, 101))
    above = x**2 + 4 * y**2
    above -= above.min()
    share = np.quantile(above, 0.005)
    expected = 1 + (x**2 + 4 * y**2).min() + np.geomspace(share, above.max(), 8)[:7]
    np.testing.assert_allclose(drawn.levels, expected)
    assert len(contour_set(contours(bowl, ax=new_axes(), **LIMITS)).levels) == 30


def test_a_flat_bottom_has_no_contour_at_its_height() -> None:
    drawn = contour_set(contours(lambda w: max(w[0], 0.0), ax=new_axes(), **LIMITS))
    assert drawn.levels[0] == pytest.approx(0.05)  # the least value above 0 on the grid


def test_levels_of_the_user_are_taken() -> None:
    drawn = contour_set(contours(bowl, ax=new_axes(), levels=[2, 3, 5], **LIMITS))
    assert list(drawn.levels) == [2, 3, 5]


def test_levels_are_written_on_some_contours() -> None:
    ax = contours(lambda w: 1000 * bowl(w)[0], levels=[2000, 3000], ax=new_axes(), **LIMITS)
    assert {text.get_text() for text in ax.texts} == {"2000"}
    ax = contours(bowl, levels=np.linspace(2, 10, 14).tolist(), ax=new_axes(), **LIMITS)
    shown = {f"{level:.2g}" for level in np.linspace(2, 10, 14)[[3, 9]]}
    assert {text.get_text() for text in ax.texts} == shown


def test_higher_contours_are_lighter() -> None:
    colors = contour_set(contours(bowl, ax=new_axes(), **LIMITS)).get_edgecolor()
    brightness = colors[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()
    assert brightness[-1] < 0.8  # readable on white


def test_paths_begin_at_a_circle_and_end_at_a_star() -> None:
    result = fm.minimize(bowl, [2.0, 1.0], fm.SGD(0.05), steps=5, record_path=True)
    ax = contours(bowl, {"SGD": result, "points": PATH.tolist()}, ax=new_axes())
    assert result.path is not None
    lines = {line.get_label(): line for line in ax.lines if line.get_label()[0] != "_"}
    np.testing.assert_array_equal(lines["SGD"].get_xydata(), result.path)
    np.testing.assert_array_equal(lines["points"].get_xydata(), PATH)
    assert lines["SGD"].get_color() != lines["points"].get_color()
    assert lines["SGD"].get_marker() != lines["points"].get_marker()
    ends = [(line.get_marker(), *line.get_xydata()[0]) for line in ax.lines[2:]]
    assert ends == [
        ("o", *result.path[0]),
        ("*", *result.path[-1]),
        ("o", *PATH[0]),
        ("*", *PATH[-1]),
    ]
    assert [line.get_color() for line in ax.lines[3::2]] == [
        lines[name].get_color() for name in ("SGD", "points")
    ]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["SGD", "points"]


@pytest.mark.parametrize(("n_points", "is_marked"), [(100, True), (101, False)])
def test_long_paths_are_lines(n_points: int, is_marked: bool) -> None:
    path = np.linspace([2.0, 1.0], [0.0, 0.0], n_points)
    line = contours(bowl, {"a": path}, ax=new_axes()).lines[0]
    assert (line.get_marker() != "") == is_marked


def test_limits_are_those_of_the_paths_with_a_margin() -> None:
    bad = [[np.nan, 50.0], [np.inf, 1.0]]
    ax = contours(bowl, {"a": PATH, "b": [*bad, [0.0, 3.0]]}, ax=new_axes())
    np.testing.assert_allclose(ax.get_xlim(), (0 - 0.15 * 2, 2 + 0.15 * 2))
    np.testing.assert_allclose(ax.get_ylim(), (-0.5 - 0.15 * 3.5, 3 + 0.15 * 3.5))
    ax = contours(bowl, {"a": PATH}, xlim=(-7, 8), ax=new_axes())
    assert ax.get_xlim() == (-7, 8)
    np.testing.assert_allclose(ax.get_ylim(), (-0.5 - 0.15 * 1.5, 1 + 0.15 * 1.5))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w[0]", "w[1]")


def test_paths_without_extent_have_a_picture() -> None:
    ax = contours(bowl, {"a": [[1.0, 1.0], [3.0, 1.0]]}, ax=new_axes())
    np.testing.assert_allclose(ax.get_ylim(), (1 - 0.3, 1 + 0.3))
    ax = contours(bowl, {"a": [[1.0, 1.0]]}, ax=new_axes())
    np.testing.assert_allclose((*ax.get_xlim(), *ax.get_ylim()), (0.85, 1.15) * 2)


def test_places_without_a_value_stay_empty_without_a_warning() -> None:
    fun = lambda w: np.log(np.float64(w[0]))  # noqa: E731  nan and -inf left of 0
    drawn = contour_set(contours(fun, ax=new_axes(), **LIMITS))
    points = np.concatenate([path.vertices for path in drawn.get_paths()])
    assert points[:, 0].min() > 0
    assert np.isfinite(drawn.levels).all()


def test_the_function_may_change_its_argument() -> None:
    def careless(w: Any) -> float:
        value = bowl(w)[0]
        w[:] = 99
        return value

    drawn = contour_set(contours(careless, ax=new_axes(), **LIMITS))
    np.testing.assert_array_equal(
        drawn.levels, contour_set(contours(bowl, ax=new_axes(), **LIMITS)).levels
    )


def test_exceptions_of_the_function_pass_through() -> None:
    def broken(w: Any) -> float:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        contours(broken, ax=new_axes(), **LIMITS)

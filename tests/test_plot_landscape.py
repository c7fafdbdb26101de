"""Slices of the loss and spectra of the Hessian, against the network's own loss and eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp._data.surface import interval, loss_surface, principal_plane
from fastmlp.plot import _landscape, hessian_spectrum
from fastmlp.plot import loss_surface as draw_surface
from plot_cases import IMAGES, NET, RECURRENT, X, Y, new_axes

NET_PATH = NET.parameters + np.cumsum(
    np.random.default_rng(1).normal(size=(9, NET.n_parameters)), 0
)


def drawn_losses(monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[Any, ...]:
    """Return x, y, the values whose contours were drawn, and the axes."""
    seen: list[Any] = []
    monkeypatch.setattr(_landscape, "draw_contours", lambda ax, x, y, v, h: seen.append((x, y, v)))
    ax = draw_surface(NET, X, Y, ax=new_axes(), **options)
    return (*seen[0], ax)


def loss_at(w: Any) -> float:
    probe = NET.copy()
    probe.parameters = w
    return probe.loss(X, Y)


def test_the_surface_is_the_loss_along_the_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with steps that differ along both: the first direction is the horizontal one."""
    u, v = np.random.default_rng(2).normal(size=(2, NET.n_parameters))
    options: dict[str, Any] = {"directions": [u, v], "span": 0.5, "resolution": 5}
    x, y, values, ax = drawn_losses(monkeypatch, **options)
    np.testing.assert_allclose(x, np.linspace(-0.5, 0.5, 5))
    np.testing.assert_allclose(y, x)
    for i, j in (0, 0), (4, 0), (0, 4), (1, 3), (2, 2):
        expected = loss_at(NET.parameters + x[j] * u + y[i] * v)
        assert values[i, j] == pytest.approx(expected, rel=1e-12)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-0.5, 0.5) * 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("direction 1", "direction 2")
    (cross,) = ax.lines
    assert list(cross.get_xydata()[0]) == [0, 0]


def test_the_default_has_51_points_within_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _, values, ax = drawn_losses(monkeypatch)
    assert (x[0], x[-1], *values.shape) == (-1, 1, 51, 51)
    assert ax.get_ylabel() == "filter-normalised direction 2"
    again, other = (drawn_losses(monkeypatch, seed=seed)[2] for seed in (0, 1))
    np.testing.assert_array_equal(values, again)
    assert (values != other).any()


@pytest.mark.parametrize("net", [NET, IMAGES, RECURRENT], ids=["dense", "images", "recurrent"])
def test_random_directions_have_the_norm_of_each_filter(net: fm.Network) -> None:
    first, second = _landscape._random_directions(net, 5)
    assert abs(first @ second) < 0.9 * np.linalg.norm(first) * np.linalg.norm(second)
    probe = net.copy()
    for direction in first, second:
        probe.parameters = direction
        for drawn, W, b in zip(probe.weights, net.weights, probe.biases, strict=True):
            filters, wanted = (A.reshape(-1, A.shape[-1]) for A in (drawn, W))
            norms = np.linalg.norm(filters, axis=0)
            np.testing.assert_allclose(norms, np.linalg.norm(wanted, axis=0), rtol=1e-5)
            assert not np.allclose(drawn, W)
            np.testing.assert_array_equal(b, 0)


def test_filters_of_zeros_have_no_direction() -> None:
    net = fm.Network([2, 2], init="zeros")
    assert (_landscape._random_directions(net, 0) == 0).all()


def test_a_path_lies_in_the_plane_of_its_principal_components(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, y, values, ax = drawn_losses(monkeypatch, path=NET_PATH, resolution=7)
    moves = NET_PATH - NET.parameters
    rows = np.linalg.svd(moves, full_matrices=False)[2][:2]
    line = next(line for line in ax.lines if line.get_label() == "training")
    points = line.get_xydata()
    signs = np.sign(np.sum(points * (moves @ rows.T), axis=0))
    np.testing.assert_allclose(points, (moves @ rows.T) * signs, atol=1e-9)
    w = NET.parameters + x[5] * signs[0] * rows[0] + y[1] * signs[1] * rows[1]
    assert values[1, 5] == pytest.approx(loss_at(w), rel=1e-9)
    for (low, high), track in zip((ax.get_xlim(), ax.get_ylim()), points.T, strict=True):
        assert low < min(0, track.min()) <= max(0, track.max()) < high
    assert ax.get_xlabel() == "principal component 1"


def test_a_path_is_projected_onto_directions_that_are_not_orthogonal() -> None:
    u, v = np.random.default_rng(2).normal(size=(2, NET.n_parameters))
    coefficients = np.array([[3.0, -1.0], [0.5, 0.25], [0.0, 0.0]])
    path = NET.parameters + coefficients @ [u, u + v]
    ax = draw_surface(NET, X, Y, directions=[u, u + v], path=path, resolution=3, ax=new_axes())
    line = next(line for line in ax.lines if line.get_label() == "training")
    np.testing.assert_allclose(line.get_xydata(), coefficients, atol=1e-9)


def test_contours_of_the_surface_are_drawn() -> None:
    ax = draw_surface(NET, X, Y, resolution=9, ax=new_axes())
    (drawn,) = [item for item in ax.collections if hasattr(item, "levels")]
    assert len(drawn.levels) == 30
    assert drawn.levels[0] < NET.loss(X, Y) + 1


def test_the_loss_is_the_one_that_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, values, _ = drawn_losses(monkeypatch, loss="squared_error", resolution=3)
    assert (x[1], y[1]) == (0, 0)
    assert values[1, 1] == pytest.approx(NET.loss(X, Y, loss="squared_error"))


def test_a_surface_in_single_precision() -> None:
    net = fm.Network([2, 3, 1], seed=0)
    axes = np.ones((2, net.n_parameters))
    found = loss_surface(net, X, Y, None, axes, np.array([[0.0, 1.0], [0.0, -1.0]]))
    assert found[0, 0] == pytest.approx(net.loss(X, Y), rel=1e-6)
    assert found[1, 1] == pytest.approx(found[0, 0], rel=1e-6)


def test_intervals_hold_their_values() -> None:
    assert interval(np.array([0.0]), 2.0) == (-2, 2)
    assert interval(np.array([-2.0, 6.0])) == (-4, 8)
    assert interval(np.array([0.0, 1.0])) == (-0.5, 1.5)


def test_missing_components_are_filled_with_directions() -> None:
    moves = np.outer([1.0, 2.0, 0.0], [3.0, 4.0, 0.0, 0.0])
    axes, share = principal_plane(moves)
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(np.abs(axes[0]), [0.6, 0.8, 0, 0], atol=1e-12)
    assert share == pytest.approx(1)
    assert principal_plane(np.zeros((1, 4)))[1] == 0


def eigenvalues(net: fm.Network, **options: Any) -> Any:
    return np.linalg.eigvalsh(net.hessian(X, Y, **options))


def test_all_eigenvalues_are_drawn_in_rising_order() -> None:
    ax = hessian_spectrum(NET, X, Y, ax=new_axes())
    lines = {line.get_label(): line for line in ax.lines if line.get_label()[0] != "_"}
    values = eigenvalues(NET)
    n_negative = int(np.sum(values < 0))
    positive, negative = (
        lines[f"positive: {13 - n_negative}"],
        lines[f"negative: {n_negative}"],
    )
    assert 0 < n_negative < 13
    np.testing.assert_allclose(negative.get_ydata(), values[:n_negative], atol=1e-12)
    np.testing.assert_allclose(positive.get_ydata(), values[n_negative:], atol=1e-12)
    assert list(negative.get_xdata()) == list(range(1, n_negative + 1))
    assert list(positive.get_xdata()) == list(range(n_negative + 1, 14))
    assert positive.get_color() != negative.get_color()
    assert positive.get_marker() != negative.get_marker()
    assert ax.get_xlabel() == "rank among 13 eigenvalues"
    low, high = ax.get_ylim()
    assert low == pytest.approx(2 * values[0])
    assert high == pytest.approx(2 * values[-1])
    threshold = ax.yaxis.get_transform().linthresh
    largest = np.abs(values).max()
    assert 1e-4 * largest < threshold <= 1e-3 * largest
    assert np.log10(threshold) == round(np.log10(threshold))


def test_a_spectrum_without_negative_eigenvalues() -> None:
    """A linear network with squared error; with the inputs 0 all but that of the bias are 0."""
    net = fm.Network([2, 1], init="zeros", dtype="float64")
    ax = hessian_spectrum(net, np.zeros((3, 2)), np.ones(3), ax=new_axes())
    lines = {line.get_label(): list(line.get_ydata()) for line in ax.lines[:-1]}
    assert lines == {"positive: 1": [1.0], "zero: 2": [0.0, 0.0]}
    assert ax.get_ylim() == (-1e-3, 2)
    flat = hessian_spectrum(net, X, 2 * Y - 1, loss="hinge", ax=new_axes())
    assert flat.get_ylim() == (-1e-3, 1e-3)


def test_k_eigenvalues_at_each_end() -> None:
    ax = hessian_spectrum(NET, X, Y, k=3, ax=new_axes())
    lines = [line for line in ax.lines if line.get_label()[0] != "_"]
    drawn = sorted(point for line in lines for point in line.get_xydata().tolist())
    values = eigenvalues(NET)
    np.testing.assert_allclose([y for _, y in drawn], [*values[:3], *values[-3:]], atol=1e-8)
    assert [x for x, _ in drawn] == [1, 2, 3, 7, 8, 9]
    assert list(ax.get_xticks()) == [1, 3, 7, 9]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "3", "11", "13"]
    assert ax.get_xlabel() == "rank among 13 eigenvalues, the 3 at each end"
    one = hessian_spectrum(NET, X, Y, k=1, ax=new_axes())
    assert [label.get_text() for label in one.get_xticklabels()] == ["1", "13"]


@pytest.mark.parametrize(("k", "n_drawn"), [(6, 12), (7, 13), (13, 13)])
def test_many_are_all(k: int, n_drawn: int) -> None:
    ax = hessian_spectrum(NET, X, Y, k=k, ax=new_axes())
    lines = [line for line in ax.lines if line.get_label()[0] != "_"]
    assert sum(len(line.get_xdata()) for line in lines) == n_drawn


@pytest.mark.parametrize(("hidden", "n_drawn"), [(125, 501), (124, 497)])
def test_large_networks_show_the_ends(hidden: int, n_drawn: int) -> None:
    net = fm.Network([2, hidden, 1], activation="tanh", seed=0)
    assert net.n_parameters == n_drawn
    ax = hessian_spectrum(net, X, Y, ax=new_axes())
    lines = [line for line in ax.lines if line.get_label()[0] != "_"]
    shown = sum(len(line.get_xdata()) for line in lines)
    assert shown == (40 if n_drawn > 500 else n_drawn)


def test_the_spectrum_of_another_loss() -> None:
    ax = hessian_spectrum(NET, X, Y, loss="squared_error", ax=new_axes())
    drawn = np.sort(np.concatenate([line.get_ydata() for line in ax.lines[:-1]]))
    np.testing.assert_allclose(drawn, eigenvalues(NET, loss="squared_error"), atol=1e-12)

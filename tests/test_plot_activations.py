"""Pictures of activations and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp.plot import activations
from plot_cases import new_axes


def test_curves_are_the_activations_and_their_derivatives() -> None:
    ax = activations(["tanh", fm.LeakyReLU(0.1)], limits=(-2, 3), ax=new_axes())
    tanh, tanh_slope, leaky, leaky_slope = ax.lines
    a = tanh.get_xdata()
    np.testing.assert_allclose((a[0], a[-1]), (-2, 3))
    np.testing.assert_allclose(tanh.get_ydata(), np.tanh(a), atol=1e-12)
    np.testing.assert_allclose(tanh_slope.get_ydata(), 1 / np.cosh(a) ** 2, atol=1e-12)
    np.testing.assert_allclose(leaky.get_ydata(), np.where(a > 0, a, 0.1 * a), atol=1e-12)
    np.testing.assert_array_equal(leaky_slope.get_ydata(), np.where(a > 0, 1, 0.1))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["tanh", "derivative", "LeakyReLU(slope=0.1)", "derivative"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("pre-activation a", "φ(a), φ′(a)")
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"] * 2
    assert tanh.get_color() == tanh_slope.get_color() != leaky.get_color()
    assert tanh.get_marker() != leaky.get_marker()


def test_markers_of_curves_are_apart() -> None:
    """Where curves coincide, as of many for large a, all of their markers are seen."""
    lines = activations(["relu", "leaky_relu", "elu"], derivative=False, ax=new_axes()).lines
    starts = [line.get_markevery() for line in lines]
    assert len(set(starts)) == 3
    assert all(start < every for start, every in starts)


def test_one_activation_without_its_derivative() -> None:
    ax = activations("sigmoid", derivative=False, ax=new_axes())
    (line,) = ax.lines
    a = line.get_xdata()
    np.testing.assert_allclose((a[0], a[-1], a[400]), (-4, 4, 0), atol=1e-12)
    np.testing.assert_allclose(line.get_ydata(), 1 / (1 + np.exp(-a)))
    assert (line.get_marker(), ax.get_ylabel()) == ("None", "φ(a)")


@pytest.mark.parametrize("name", sorted({*_core.activations} - {"softmax"}))
def test_each_activation_has_a_picture(name: str) -> None:
    phi = _core.activations[name]()
    curve, slope = activations(phi, ax=new_axes()).lines
    np.testing.assert_array_equal(curve.get_ydata(), phi(curve.get_xdata()))
    np.testing.assert_array_equal(slope.get_ydata(), phi.derivative(curve.get_xdata()))
    assert curve.get_label() == repr(phi)


def test_many_have_a_legend_of_two_columns() -> None:
    names = ["tanh", "sigmoid", "relu"]
    assert activations(names, ax=new_axes()).get_legend()._ncols == 2
    assert activations(names[:2], ax=new_axes()).get_legend()._ncols == 1
    assert activations(names, derivative=False, ax=new_axes()).get_legend()._ncols == 1

"""Activations and their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastmlp._data.types import ActivationLike
from fastmlp._data.validation import error_prefix, resolve, value_error
from fastmlp.plot._axes import as_limits, axes_of, marker_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_VALUES = 801


@error_prefix("activations")
def activations(
    phi: ActivationLike | Sequence[ActivationLike],
    *,
    limits: tuple[float, float] = (-4.0, 4.0),
    derivative: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw activations and their derivatives.

    Parameters
    ----------
    phi : str, activation, or list of these
        Names such as ``"tanh"``, or values such as ``fm.LeakyReLU(0.1)``; softmax, whose outputs
        depend on all units of the layer, has no such curve.
    limits : tuple of float, default (-4, 4)
        Range of the pre-activation.
    derivative : bool, default True
        If True, the derivative is drawn too, as a dashed line of the same colour.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError, TypeError
        An activation that is not known or not element by element; invalid limits.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from fastmlp.plot import activations
    >>> from matplotlib.figure import Figure
    >>> ax = activations(["sigmoid", "tanh"], ax=Figure().subplots())
    >>> [line.get_label() for line in ax.lines]
    ['sigmoid', 'derivative', 'tanh', 'derivative']
    """
    given = list(phi) if isinstance(phi, (list, tuple)) else [phi]
    if not given:
        raise value_error("phi", phi, "at least one activation")
    members = [resolve("activation", member) for member in given]
    for member in members:
        if member.couples_units:
            raise value_error("phi", member, "an activation that is applied element by element")
    a = np.linspace(*as_limits(limits, "limits"), N_VALUES)
    ax = axes_of(ax)
    every = N_VALUES // 8
    for index, (name, member) in enumerate(zip(given, members, strict=True)):
        marks = {**marker_style(index), "markevery": (index * 17 % every, every), "markersize": 5}
        if len(members) == 1:
            del marks["marker"]
        label = name if isinstance(name, str) else repr(member)
        ax.plot(a, member(a), label=label, **marks)
        if derivative:
            slope = member.derivative(a)
            ax.plot(a, slope, label="derivative", linestyle="--", **marks)
    ax.set(xlabel="pre-activation a", ylabel="φ(a), φ′(a)" if derivative else "φ(a)")
    ax.grid(color="0.9")
    ax.legend(ncols=2 if len(members) > 2 and derivative else 1)
    return ax

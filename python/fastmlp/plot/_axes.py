"""Axes, colours and limits of all pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.validation import type_error, value_error

# Colours that colour-blind readers tell apart (Okabe & Ito 2008), without yellow, which is too
# light for lines on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"  # colour maps
GAP = "0.55"  # grey, of values that are missing and between images


def matplotlib(module: str) -> Any:
    """Import a module of matplotlib."""
    return require(f"matplotlib.{module}", "fastmlp.plot", "plot")


def axes_of(ax: Any) -> Any:
    """Return the axes to draw on: those given, or for None those of a new figure."""
    if ax is None:
        return matplotlib("pyplot").subplots(layout="constrained")[1]
    if not isinstance(ax, matplotlib("axes").Axes):
        raise type_error("ax", ax, "a matplotlib.axes.Axes")
    return ax


def line_style(index: int) -> dict[str, Any]:
    """Return the colour and the style of the line of an index."""
    return {
        "color": COLORS[index % len(COLORS)],
        "linestyle": LINE_STYLES[index % len(LINE_STYLES)],
    }


def marker_style(index: int) -> dict[str, Any]:
    """Return the colour and the marker of the points of an index."""
    return {"color": COLORS[index % len(COLORS)], "marker": MARKERS[index % len(MARKERS)]}


def color_map(name: str) -> Any:
    """Return a colour map that shows values that are missing in grey."""
    return matplotlib("pyplot").get_cmap(name).with_extremes(bad=GAP)


def as_limits(value: Any, name: str) -> tuple[float, float]:
    """Return the two ends of an axis as floats."""
    expected = "(low, high), finite with low < high"
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        raise type_error(name, value, expected) from None
    if not (np.isfinite([low, high]).all() and low < high):
        raise value_error(name, value, expected)
    return low, high

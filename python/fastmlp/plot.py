"""Figures with matplotlib, an optional dependency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from fastmlp._data.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastmlp._fit.lr_finder import LearningRateCurve

NAMES = {"loss": "training", "val_loss": "validation"}
N_MISREAD = 12


def _new_axes() -> Any:
    return require("matplotlib.pyplot", "fastmlp.plot", "plot").subplots()[1]


def learning_curve(
    history: Mapping[str, Sequence[float]], ax: Axes | None = None, log: bool = False
) -> Axes:
    """Draw the losses of a training over its epochs, and its metrics dashed.

    Parameters
    ----------
    history : mapping of str to sequence of float
        A `History`, or its `to_dict()`.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.
    log : bool, default False
        If True, the losses are drawn on a logarithmic scale, and metrics on a linear one of their
        own at the right.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from fastmlp.plot import learning_curve
    >>> from matplotlib.figure import Figure
    >>> learning_curve({"loss": [2.0, 1.0]}, Figure().subplots()).get_ylabel()
    'loss'
    """
    ax = ax or _new_axes()
    metrics = [name for name in history if name not in NAMES]
    other = ax.twinx() if log and metrics else ax
    for place, (name, values) in enumerate(history.items()):
        axes, style = (other, "--") if name in metrics else (ax, "-")
        label = NAMES.get(name, name)
        axes.plot(range(1, len(values) + 1), values, f"C{place % 10}{style}", label=label)
    ax.set(xlabel="epoch", ylabel="loss", yscale="log" if log else "linear")
    if history:
        lines = [*ax.get_lines(), *(other.get_lines() if other is not ax else [])]
        ax.legend(handles=lines, loc="upper right")
    return ax


def learning_rate_curve(curve: LearningRateCurve, ax: Axes | None = None) -> Axes:
    """Draw the loss over the learning rate, and the suggested rate.

    Parameters
    ----------
    curve : LearningRateCurve
        Result of `fastmlp.find_learning_rate`.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    ax = ax or _new_axes()
    ax.semilogx(curve.learning_rates, curve.losses)
    ax.axvline(curve.suggestion, linestyle="--", label=f"suggestion {curve.suggestion:.2g}")
    ax.set(xlabel="learning rate", ylabel="loss")
    ax.legend(loc="upper right")
    return ax


def misread_digits(
    history: Mapping[str, Sequence[float]],
    images: NDArray[Any],
    labels: NDArray[Any],
    predictions: NDArray[Any],
) -> Figure:
    """Draw a learning curve and the first digits that were misread.

    Parameters
    ----------
    history : mapping of str to sequence of float
        The losses per epoch.
    images : ndarray of shape (n_samples, height, width)
        Grey images.
    labels, predictions : ndarray of shape (n_samples,)
        True and predicted digits.

    Returns
    -------
    matplotlib.figure.Figure
        A figure that belongs to no window.

    Raises
    ------
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastmlp.plot import misread_digits
    >>> figure = misread_digits({"loss": [1.0]}, np.zeros((1, 8, 8)), np.array([3]), np.array([8]))
    >>> len(figure.axes)
    13
    """
    module = require("matplotlib.figure", "fastmlp.plot", "plot")
    figure: Figure = module.Figure((11, 4.5), dpi=150, layout="constrained")
    halves: Any = figure.subfigures(1, 2)
    left, right = halves
    learning_curve(history, left.subplots())
    wrong = (labels != predictions).nonzero()[0]
    right.suptitle(f"{len(wrong)} of {len(labels)} digits misread")
    axes = right.subplots(3, N_MISREAD // 3).ravel().tolist()
    for ax in axes:
        ax.set_axis_off()
    for ax, index in zip(axes, wrong.tolist(), strict=False):
        ax.imshow(images[index], cmap="gray_r")
        ax.set_title(f"{labels[index]} read as {predictions[index]}", fontsize=8)
    return figure

"""Curves of the loss over epochs and over learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data import arrays
from fastmlp._data.validation import InvalidValue, error_prefix, type_error, value_error
from fastmlp.plot._axes import axes_of, line_style, matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastmlp._fit.lr_finder import LearningRateCurve

FEW_EPOCHS = 30  # which are drawn as points too
WIDE = 10  # highest by lowest loss, above which its axis is logarithmic
Floats = NDArray[np.float64]


@error_prefix("learning_curve")
def learning_curve(
    history: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    key: str = "loss",
    log: bool = False,
) -> Axes:
    """Draw the loss of a training run over its epochs, and the best epoch in validation.

    Parameters
    ----------
    history : mapping of str to sequence of float
        A `History`, or its `to_dict()`.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.
    key : str, default "loss"
        The recorded value to draw, for training and, as ``"val_" + key``, for validation data.
    log : bool, default False
        If True, the axis of the loss is logarithmic.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on: lines with the labels "training" and "validation", and a point at the
        epoch of the lowest ``"val_loss"``.

    Raises
    ------
    ValueError, TypeError
        `history` is not a mapping to numbers, has no such key, or has values that are not positive
        and cannot be drawn on a logarithmic axis.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from fastmlp.plot import learning_curve
    >>> from matplotlib.figure import Figure
    >>> history = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.2, 1.5, 1.7]}
    >>> ax = learning_curve(history, Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['training', 'validation', 'best epoch: 2']
    """
    validated = f"val_{key}"
    curves = {
        name: _column(history, source, "history")
        for name, source in (("training", key), ("validation", validated))
        if source in _as_mapping(history, "history")
    }
    if len(history) > 0 and not curves:
        raise _unknown_key(history, key)
    _check_positive(curves, log=log)
    best = _best_epoch(history)
    ax = axes_of(ax)
    _draw_over_epochs(ax, curves, log=log)
    ax.set_ylabel(_title(key))
    if best is not None and best < len(curves.get("validation", ())):
        ax.plot(
            best + 1,
            curves["validation"][best],
            marker="o",
            markersize=9,
            markerfacecolor="none",
            linestyle="none",
            color="black",
            label=f"best epoch: {best + 1}",
        )
    if curves:
        ax.legend()
    return ax


@error_prefix("learning_curves")
def learning_curves(
    histories: Mapping[str, Mapping[str, Sequence[float]]],
    key: str = "loss",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Compare several trainings: one curve of each over the epochs.

    Parameters
    ----------
    histories : mapping of str to mapping
        The `History` of each training, or its `to_dict()`, by the label of its curve.
    key : str, default "loss"
        What to draw, such as ``"val_loss"``.
    log : bool, default False
        If True, the axis of the loss is logarithmic.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError, TypeError
        As for `learning_curve`.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from fastmlp.plot import learning_curves
    >>> from matplotlib.figure import Figure
    >>> histories = {"SGD": {"loss": [2.0, 1.0]}, "Adam": {"loss": [2.0, 0.5]}}
    >>> len(learning_curves(histories, log=True, ax=Figure().subplots()).lines)
    2
    """
    if not _as_mapping(histories, "histories"):
        raise value_error("histories", histories, "at least one history")
    curves = {
        str(label): _column(history, key, f"histories[{label!r}]")
        for label, history in histories.items()
    }
    _check_positive(curves, log=log)
    ax = axes_of(ax)
    _draw_over_epochs(ax, curves, log=log)
    ax.set_ylabel(_title(key))
    ax.legend()
    return ax


def _as_mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise type_error(name, value, "a History, or a mapping of names to numbers per epoch")
    return value


def _unknown_key(history: Mapping[str, Any], key: str) -> InvalidValue:
    return value_error("key", key, f"one of: {', '.join(map(str, history)) or 'none, no epochs'}")


def _column(history: Any, key: str, name: str) -> Floats:
    """Return the numbers of one key, one per epoch."""
    if key not in _as_mapping(history, name):
        raise _unknown_key(history, key)
    values = arrays.read(history[key], f"{name}[{key!r}]")
    if values.ndim != 1:
        raise InvalidValue(f"{name}[{key!r}] has shape {values.shape}, expected (n_epochs,)")
    return values.astype(np.float64)


def _check_positive(curves: Mapping[str, Floats], *, log: bool) -> None:
    for label, values in curves.items():
        if log and (values <= 0).any():
            expected = f"False, because {label!r} has the value {values.min():.3g}"
            raise value_error("log", log, expected)


def _best_epoch(history: Mapping[str, Any]) -> int | None:
    """Return the index of the epoch with the lowest validation loss, if there is one."""
    losses = _column(history, "val_loss", "history") if "val_loss" in history else np.array([])
    finite = np.where(np.isfinite(losses), losses, np.inf)
    return int(finite.argmin()) if np.isfinite(losses).any() else None


def _draw_over_epochs(ax: Any, curves: Mapping[str, Floats], *, log: bool) -> None:
    for index, (label, values) in enumerate(curves.items()):
        marker = "." if len(values) <= FEW_EPOCHS else ""
        epochs = range(1, len(values) + 1)
        ax.plot(epochs, values, label=label, marker=marker, **line_style(index))
    ax.set(xlabel="epoch", yscale="log" if log else "linear")
    ax.xaxis.set_major_locator(matplotlib("ticker").MaxNLocator(integer=True))


def _title(key: str) -> str:
    return key.replace("val_", "validation ", 1) if key.startswith("val_") else key


@error_prefix("learning_rate_curve")
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
        The axes drawn on. Rates at which the loss was not finite have no point; the axis of the
        loss is logarithmic where the highest is more than ten times the lowest.

    Raises
    ------
    TypeError
        `curve` is something else.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> from fastmlp.plot import learning_rate_curve
    >>> from matplotlib.figure import Figure
    >>> curve = fm.LearningRateCurve(np.array([1e-3, 1e-2]), np.array([0.7, 0.2]), 1e-2)
    >>> learning_rate_curve(curve, Figure().subplots()).get_xlabel()
    'learning rate'
    """
    for name in ("learning_rates", "losses", "suggestion"):
        if not hasattr(curve, name):
            raise type_error("curve", curve, "a LearningRateCurve, of fm.find_learning_rate")
    ax = axes_of(ax)
    ax.plot(curve.learning_rates, curve.losses, marker=".", **line_style(0))
    suggestion = f"suggestion: {curve.suggestion:.2g}"
    ax.axvline(curve.suggestion, label=suggestion, **line_style(1))
    finite = curve.losses[np.isfinite(curve.losses)]
    is_wide = finite.size > 0 and finite.min() > 0 and finite.max() > WIDE * finite.min()
    ax.set(xlabel="learning rate", ylabel="loss", xscale="log")
    ax.set_yscale("log" if is_wide else "linear")
    ax.legend()
    return ax

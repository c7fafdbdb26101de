"""Decision regions of classifiers of two features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import arrays
from fastmlp._data.validation import InvalidValue, check_int, error_prefix, type_error
from fastmlp.network import Network
from fastmlp.plot._axes import COLORS, axes_of, marker_style, matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.1  # around the samples, of their extent
PALE = 0.3  # opacity of the regions


@error_prefix("decision_regions")
def decision_regions(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    resolution: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Draw the classes that a model predicts in the plane of two features, and the samples.

    Parameters
    ----------
    model : Network or estimator
        A network with two inputs, or a scikit-learn estimator. With several outputs the class of
        the largest is predicted. A single output predicts the larger of two labels if it is nearer
        to that: above 1/2 for labels 0 and 1, above 0 for -1 and 1.
    X : array_like of shape (n_samples, 2)
        Samples; the columns of a DataFrame label the axes.
    y : array_like of shape (n_samples,), (n_samples, 1) or (n_samples, n_outputs)
        Their labels; for several outputs class indices or one-hot rows.
    resolution : int, default 200
        Number of points along each side at which the model predicts.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on: pale regions in the colours of the classes, black lines between them,
        and the samples with a marker for each class.

    Raises
    ------
    ValueError, TypeError
        The model has no `predict` or another number of features, or a label is not a class of it.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.plot import decision_regions
    >>> from matplotlib.figure import Figure
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> net = fm.Network([2, 1], output="sigmoid", seed=0)
    >>> history = net.fit(X, y, epochs=5)
    >>> ax = decision_regions(net, X, y, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['class 0', 'class 1']
    """
    if not callable(getattr(model, "predict", None)):
        raise type_error("model", model, "a fm.Network, or an estimator with predict")
    n_inputs = model.n_inputs if isinstance(model, Network) else _n_features(model)
    if n_inputs != 2:
        raise InvalidValue(f"model has {n_inputs} inputs, expected 2")
    points = arrays.convert(arrays.read(X, "X"), np.dtype(float), "X")
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise InvalidValue(f"X has shape {points.shape}, expected (n_samples, 2)")
    arrays.check_finite(points, "X")
    n_points = check_int(resolution, "resolution", min=2)
    low, high = points.min(0), points.max(0)
    margin = MARGIN * np.where(high > low, high - low, 1.0)
    first, second = np.linspace(low - margin, high + margin, n_points).T
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(first, second)])
    classes, labels, scores = _scores(model, _like(X, grid), y, len(points))
    ax = axes_of(ax)
    _draw_regions(ax, first, second, scores.reshape(n_points, n_points, len(classes)))
    for index, name in enumerate(classes):
        mine = points[labels == index]
        ax.scatter(
            mine[:, 0],
            mine[:, 1],
            s=25,
            label=f"class {_text(name)}",
            edgecolors="white",
            linewidths=0.6,
            **marker_style(index),
        )
    names = list(getattr(X, "columns", ("feature 0", "feature 1")))
    ax.set(xlabel=str(names[0]), ylabel=str(names[1]))
    ax.set(xlim=(first[0], first[-1]), ylim=(second[0], second[-1]))
    ax.legend()
    return ax


def _text(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float) else str(label)


def _n_features(model: Any) -> int:
    return int(getattr(model, "n_features_in_", 2))


def _like(X: Any, grid: NDArray[Any]) -> Any:
    """Return the grid as a frame where X is one of pandas, with which its estimator was fitted."""
    return type(X)(grid, columns=X.columns) if hasattr(X, "iloc") else grid


def _scores(
    model: Any, grid: Any, y: Any, n_samples: int
) -> tuple[list[Any], NDArray[Any], NDArray[Any]]:
    """Return the classes, the index of each sample's, and a score of each at each point."""
    outputs = np.asarray(model.predict(grid))
    given = np.asarray(y)
    if len(given.shape) not in (1, 2) or len(given) != n_samples:
        raise InvalidValue(f"y has shape {given.shape}, expected ({n_samples},)")
    if isinstance(model, Network) and model.n_outputs > 1:
        n_classes = model.n_outputs
        labels = given.argmax(1) if given.ndim == 2 and given.shape[1] > 1 else given.ravel()
        unknown = ~np.isin(labels, np.arange(n_classes))
        if unknown.any():
            raise InvalidValue(
                f"y has the label {labels[unknown][0]}, expected 0 to {n_classes - 1}"
            )
        return list(range(n_classes)), labels, outputs
    if given.size != n_samples:
        raise InvalidValue(f"y has shape {given.shape}, expected ({n_samples},)")
    if hasattr(model, "classes_"):
        classes = np.asarray(model.classes_)
        scores = (outputs.reshape(-1, 1) == classes).astype(float)
    else:
        classes = np.unique(given)
        if len(classes) != 2:
            raise InvalidValue(f"y has {len(classes)} different labels, expected 2 for one output")
        above = outputs.reshape(-1, 1) - (classes[0] + classes[1]) / 2
        scores = np.concatenate([-above, above], axis=1)
    unknown = ~np.isin(given.ravel(), classes)
    if unknown.any():
        raise InvalidValue(
            f"y has the label {given.ravel()[unknown][0]}, expected one of {classes}"
        )
    return classes.tolist(), np.searchsorted(classes, given.ravel()), scores


def _draw_regions(ax: Any, x: Any, y: Any, scores: NDArray[Any]) -> None:
    """Colour each point by the class of its largest score, with lines where that changes."""
    n_classes = scores.shape[2]
    shades = matplotlib("colors").ListedColormap(
        [COLORS[index % len(COLORS)] for index in range(n_classes)]
    )
    half = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
    ax.imshow(
        scores.argmax(2),
        cmap=shades,
        vmin=-0.5,
        vmax=n_classes - 0.5,
        alpha=PALE,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(x[0] - half[0], x[-1] + half[0], y[0] - half[1], y[-1] + half[1]),
    )
    for index in range(1 if n_classes == 2 else 0, n_classes):
        lead = scores[..., index] - np.delete(scores, index, axis=2).max(2)
        if lead.min() < 0 < lead.max():
            ax.contour(x, y, lead, levels=[0.0], colors="black", linewidths=0.8)

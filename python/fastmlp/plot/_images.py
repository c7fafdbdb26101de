"""Images: gradient norms over layers and epochs, misread digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue, error_prefix, type_error, value_error
from fastmlp.plot._axes import COLORS, SEQUENTIAL, axes_of, color_map, matplotlib
from fastmlp.plot._curves import learning_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_MISREAD = 12
Array = NDArray[Any]


@error_prefix("gradient_norms")
def gradient_norms(diagnoses: Any, ax: Axes | None = None) -> Axes:
    """Draw the norms of the gradient of each layer, over the epochs where there are several.

    Parameters
    ----------
    diagnoses : sequence of Diagnosis, one of them, or recorder
        Objects with the attributes ``layer_names``, a list of str, and ``gradient_norms``,
        ``(n_layers,)``: one before the training and one after each epoch. Or a callback that has
        them as ``records``, after each `every` epochs.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on, with the first layer at the top: a heat map with logarithmic colours,
        grey where a norm is 0 or not finite; bars for a single diagnosis.

    Raises
    ------
    ValueError, TypeError
        Something else, diagnoses of different networks, or no positive norm.
    ImportError
        matplotlib is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fastmlp.plot import gradient_norms
    >>> from matplotlib.figure import Figure
    >>> names = ["hidden", "output"]
    >>> norms = [[1.0, 2.0], [0.5, 3.0]]
    >>> records = [SimpleNamespace(layer_names=names, gradient_norms=g) for g in norms]
    >>> gradient_norms(records, Figure().subplots()).get_xlabel()
    'epoch'
    """
    one = hasattr(diagnoses, "gradient_norms")
    every = [diagnoses] if one else getattr(diagnoses, "records", diagnoses)
    expected = "a diagnosis, or a sequence of them, one per epoch"
    spacing = getattr(diagnoses, "every", 1)  # epochs from one to the next
    if not isinstance(every, (list, tuple)):
        raise type_error("diagnoses", diagnoses, expected)
    if not every:
        raise value_error("diagnoses", every, expected)
    names, norms = _norms(every, expected)
    ax = axes_of(ax)
    if one:
        ax.barh(range(len(names)), norms[:, 0], color=COLORS[0], log=True)
        ax.set(xlabel="norm of the gradient", ylim=(len(names) - 0.5, -0.5))
    else:
        low, high = np.nanmin(norms), np.nanmax(norms)
        scale = matplotlib("colors").LogNorm(low, high if high > low else 2 * low)
        image = ax.imshow(
            norms,
            aspect="auto",
            interpolation="nearest",
            norm=scale,
            cmap=color_map(SEQUENTIAL),
            extent=(-0.5 * spacing, (len(every) - 0.5) * spacing, len(names) - 0.5, -0.5),
        )
        ax.set(xlabel="epoch")
        ax.xaxis.set_major_locator(matplotlib("ticker").MaxNLocator(integer=True))
        ax.figure.colorbar(image, ax=ax, label="norm of the gradient")
    ax.set_yticks(range(len(names)), names)
    ax.set_ylabel("layer")
    return ax


def _norms(every: Sequence[Any], expected: str) -> tuple[list[str], Array]:
    """Return the names of the layers, and positive norms ``(n_layers, n_epochs)`` or nan."""
    for index, diagnosis in enumerate(every):
        if not (hasattr(diagnosis, "gradient_norms") and hasattr(diagnosis, "layer_names")):
            raise type_error(f"diagnoses[{index}]", diagnosis, expected)
        names = [str(name) for name in diagnosis.layer_names]
        if names != [str(name) for name in every[0].layer_names]:
            raise value_error(f"diagnoses[{index}].layer_names", names, "those of the others")
        shape = np.shape(diagnosis.gradient_norms)
        if shape != (len(names),):
            where = f"diagnoses[{index}].gradient_norms"
            raise InvalidValue(f"{where} has shape {shape}, expected ({len(names)},)")
    norms = np.array([diagnosis.gradient_norms for diagnosis in every], np.float64).T
    norms[~(np.isfinite(norms) & (norms > 0))] = np.nan
    if np.isnan(norms).all():
        raise InvalidValue("diagnoses have no norm that is finite and not 0, expected one")
    return names, norms


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
    module = matplotlib("figure")
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

"""Predictions against labels: confusion matrix and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data.validation import InvalidValue, check_int, error_prefix, value_error
from fastmlp.plot._axes import COLORS, axes_of
from fastmlp.plot._models import classifier_of, sklearn

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@error_prefix("confusion_matrix")
def confusion_matrix(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    normalize: Literal["true", "pred", "all"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the confusion matrix of a classifier.

    Parameters
    ----------
    model : classifier or Network
        A fitted classifier of scikit-learn or `fastmlp.sklearn`; or a network with an output of
        softmax, sigmoid (labels 0 and 1) or sign (labels -1 and 1).
    X : array_like of shape (n_samples, n_features)
        Samples.
    y : array_like of shape (n_samples,)
        Their labels.
    normalize : {"true", "pred", "all"}, optional
        Divide by the number of samples of each true class, of each predicted class, or by all.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of scikit-learn's `ConfusionMatrixDisplay`: rows are the true classes.

    Raises
    ------
    ValueError, TypeError
        No classifier, or arrays that do not fit it.
    ImportError
        scikit-learn or matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.plot import confusion_matrix
    >>> from matplotlib.figure import Figure
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> net = fm.Network([2, 2], output="softmax", seed=0)
    >>> confusion_matrix(net, X, y, ax=Figure().subplots()).get_xlabel()
    'Predicted label'
    """
    if normalize not in (None, "true", "pred", "all"):
        raise value_error("normalize", normalize, "'true', 'pred', 'all' or None")
    metrics = sklearn("metrics")
    estimator, X, y = classifier_of(model, X, y)
    predicted = estimator.predict(X)
    labels = estimator.classes_
    counts = metrics.confusion_matrix(y, predicted, labels=labels, normalize=normalize)
    ax = axes_of(ax)
    display = metrics.ConfusionMatrixDisplay(counts, display_labels=labels)
    display.plot(ax=ax, cmap="Blues", values_format=None if normalize is None else ".2f")
    display.im_.colorbar.set_label("samples" if normalize is None else "share of samples")
    return ax


@error_prefix("calibration")
def calibration(
    model: Any, X: ArrayLike, y: ArrayLike, *, n_bins: int = 10, ax: Axes | None = None
) -> Axes:
    """Draw the calibration curve of a classifier of two classes.

    Parameters
    ----------
    model : classifier or Network
        A fitted classifier of two classes that predicts probabilities; or a network with one
        output of sigmoid, or two of softmax.
    X : array_like of shape (n_samples, n_features)
        Samples that the model was not trained on.
    y : array_like of shape (n_samples,)
        Their labels.
    n_bins : int, default 10
        Intervals of [0, 1] of equal width; those without samples have no point.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of scikit-learn's `CalibrationDisplay`: the fraction of positives by predicted
        probability, equal on the diagonal.

    Raises
    ------
    ValueError, TypeError
        No such classifier, or arrays that do not fit it.
    ImportError
        scikit-learn or matplotlib is not installed.

    Examples
    --------
    >>> import fastmlp as fm
    >>> from fastmlp.plot import calibration
    >>> from matplotlib.figure import Figure
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> net = fm.Network([2, 1], output="sigmoid", seed=0)
    >>> calibration(net, X, y, ax=Figure().subplots()).get_ylabel()
    'share of samples of class 1'
    """
    bins = check_int(n_bins, "n_bins", min=1)
    scikit_learn = sklearn("calibration")
    estimator, X, y = classifier_of(model, X, y)
    classes = np.asarray(estimator.classes_)
    if len(classes) != 2 or not hasattr(estimator, "predict_proba"):
        raise value_error("model", model, "a classifier with probabilities of two classes")
    unknown = ~np.isin(y, classes)
    if unknown.any():
        raise InvalidValue(
            f"y has the label {np.asarray(y)[unknown][0]}, expected one of {classes}"
        )
    is_second = (np.asarray(y) == classes[1]).astype(int)
    probability = estimator.predict_proba(X)[:, 1]
    shares, means = scikit_learn.calibration_curve(is_second, probability, n_bins=bins)
    ax = axes_of(ax)
    display = scikit_learn.CalibrationDisplay(shares, means, probability)
    display.plot(ax=ax, name=type(model).__name__, color=COLORS[0])
    ax.set_xlabel(f"mean predicted probability of class {classes[1]}")
    ax.set_ylabel(f"share of samples of class {classes[1]}")
    return ax

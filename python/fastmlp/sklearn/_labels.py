"""Labels and their codes: what `y` of a classifier means, over several calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import type_of_target, unique_labels

from fastmlp import _core
from fastmlp.layers import output_activation
from fastmlp.network import Network

SIGMOID = _core.activations["sigmoid"]
SINGLE = ("binary", "multiclass")
MULTILABEL = "multilabel-indicator"


def learn_labels(estimator: Any, y: Any) -> None:
    """Set ``classes_`` from a first y; raise at what is no label."""
    kind = _kind(y)
    if kind not in SINGLE:
        y_binarizer = LabelBinarizer().fit(y)  # which refuses all but indicators of labels
        estimator.classes_, kind = y_binarizer.classes_, y_binarizer.y_type_
    else:
        labels = np.unique(y)  # texts become as long as the longest, whatever has held them
        estimator.classes_ = np.array(labels.tolist()) if labels.dtype.kind in "OU" else labels
    estimator._y_kind, estimator._y_is_sparse = kind, issparse(y)


def _kind(y: Any) -> str:
    """Return scikit-learn's `type_of_target`, which takes a tenth of a small fit.

    Of integers and texts it is told by their number, unless it may warn of too many.
    """
    if isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "biuU":
        n_classes = len(np.unique(y))
        if 2 * n_classes < len(y):
            return SINGLE[n_classes > 2]
    return str(type_of_target(y, input_name="y"))


def set_labels(estimator: Any, network: Network, classes: Any) -> None:
    """Set the labels of a trained network; several sigmoid outputs are several labels."""
    n_classes, where = max(2, network.n_outputs), f"{type(estimator).__name__}.from_network"
    labels = np.arange(n_classes) if classes is None else np.asarray(classes)
    if labels.shape != (n_classes,):
        raise ValueError(
            f"{where}: classes has shape {labels.shape}, expected ({n_classes},) for "
            f"{network.n_outputs} outputs"
        )
    learn_labels(estimator, labels)
    if not np.array_equal(estimator.classes_, labels):
        raise ValueError(f"{where}: classes={labels}, expected them in ascending order")
    if network.n_outputs > 1 and isinstance(output_activation(network.layers), SIGMOID):
        estimator._y_kind = MULTILABEL


def begin_classes(estimator: Any, y: Any, classes: Any) -> None:
    """Learn the labels in the first call of `partial_fit`, compare them in later ones."""
    known = getattr(estimator, "classes_", None)
    if classes is None:
        if known is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
    elif known is None:
        labels = unique_labels(classes)
        several = type_of_target(y).startswith("multilabel")
        learn_labels(estimator, y if several else classes)
        estimator.classes_ = labels
    elif not np.array_equal(known, unique_labels(classes)):
        raise ValueError(
            f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
        )


def check_classes(estimator: Any, y: Any, full: bool) -> None:
    """Raise at labels that are not those of the earlier calls; `full`: all must occur."""
    classes, known = unique_labels(y), estimator.classes_
    if full:
        if set(classes) != set(known):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {known}, `y` has {classes}"
            )
    elif len(np.setdiff1d(classes, known, assume_unique=True)):
        raise ValueError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {known}. "
            f"'y' has {classes}."
        )
    if (y.ndim == 2) != (estimator._y_kind == MULTILABEL):
        raise ValueError("The object was not fitted with multilabel input.")


def codes_of(estimator: Any, y: Any) -> Any:
    """Return indices of the classes ``(n,)``, or 0 and 1 in a column for each label.

    There is one column ``(n, 1)`` for two classes.
    """
    if estimator._y_kind == MULTILABEL:
        return y.toarray() if issparse(y) else np.asarray(y)
    indices = np.searchsorted(estimator.classes_, y)
    return indices if estimator._y_kind == "multiclass" else indices.reshape(-1, 1)


def labels_of(estimator: Any, outputs: Any) -> Any:
    """Return the labels of outputs: of the largest, or of all that are above 1/2."""
    kind, classes = estimator._y_kind, estimator.classes_
    if kind == "multiclass":
        return classes[outputs.argmax(axis=1)]
    chosen = (outputs > 0.5).astype(np.int64)
    if kind == "binary":
        return classes[np.minimum(chosen[:, 0], len(classes) - 1)]
    return csr_array(chosen) if estimator._y_is_sparse else chosen

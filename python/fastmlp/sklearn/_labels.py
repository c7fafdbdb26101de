"""Labels over several calls: learnt by the first, compared by the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import type_of_target, unique_labels


def begin_classes(estimator: Any, y: Any, classes: Any) -> None:
    """Learn the labels in the first call of `partial_fit`, compare them in later ones."""
    known = getattr(estimator, "classes_", None)
    if classes is None:
        if known is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
    elif known is None:
        labels = unique_labels(classes)
        several = type_of_target(y).startswith("multilabel")
        estimator._label_binarizer = LabelBinarizer().fit(y if several else classes)
        estimator.classes_ = labels
    elif not np.array_equal(known, unique_labels(classes)):
        raise ValueError(
            f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
        )


def check_classes(estimator: Any, classes: Any) -> None:
    """Raise at labels that are not those of the earlier calls."""
    known = estimator.classes_
    if estimator.warm_start:
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

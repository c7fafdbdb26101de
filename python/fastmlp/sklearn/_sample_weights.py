"""Sample weights as scikit-learn reads them, times the weights of classes."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_array

from fastmlp._data.validation import check_non_negative, short_repr, type_error, value_error


def read_weights(sample_weight: Any, class_weight: Any, X: Any, y: Any, classes: Any) -> Any:
    """Return the weights ``(n,)``, or None where there are none.

    Classes are all that there are, of which y may lack some.
    """
    weights = None if sample_weight is None else _read(sample_weight, X.shape[0], X.dtype)
    if class_weight is None:
        return weights
    factors = _of_classes(class_weight, y, X.dtype, classes)
    return factors if weights is None else weights * factors


def _of_classes(class_weight: Any, y: Any, dtype: Any, classes: Any) -> Any:
    """Return scikit-learn's weights of samples by their classes."""
    n_labels = y.shape[1] if y.ndim == 2 else 0
    kind = f"a list of {n_labels} dictionaries" if n_labels else "a dictionary"
    expected = f"'balanced' or {kind} {{class: weight}}"
    if not isinstance(class_weight, (str, list if n_labels else dict)):
        raise type_error("class_weight", class_weight, expected)
    is_text = isinstance(class_weight, str)
    if (is_text and class_weight != "balanced") or (
        n_labels and not is_text and len(class_weight) != n_labels
    ):
        raise value_error("class_weight", class_weight, expected)
    if not is_text:
        _check_members(class_weight)
    columns = y.T if n_labels else y[np.newaxis]
    members = class_weight if n_labels and not is_text else [class_weight] * len(columns)
    factors = np.ones(len(y))
    with np.errstate(over="ignore"):
        for member, column in zip(members, columns, strict=True):
            factors *= _of_column(class_weight, member, column, [0, 1] if n_labels else classes)
    largest = float(np.finfo(dtype).max)
    if factors.max() > largest:
        raise value_error("class_weight", class_weight, f"weights of at most {largest:.2g}")
    return factors.astype(dtype)


def _of_column(class_weight: Any, member: Any, y: Any, classes: Any) -> Any:
    """Return the weights of samples with these labels: 1, balanced, or those of a dictionary."""
    if not isinstance(member, dict):
        return compute_sample_weight(member, y)
    labels = np.asarray(classes).tolist()
    if not member.keys() <= set(labels):
        raise value_error("class_weight", class_weight, f"classes as keys: {short_repr(labels)}")
    return np.array([member.get(label, 1.0) for label in y.tolist()], dtype=float)


def _check_members(class_weight: Any) -> None:
    """Raise at weights that are none, in a dictionary or a list of them."""
    entries = {"class_weight": class_weight}
    if isinstance(class_weight, list):
        entries = {f"class_weight[{index}]": entry for index, entry in enumerate(class_weight)}
    for name, entry in entries.items():
        if isinstance(entry, dict):
            for key, weight in entry.items():
                check_non_negative(weight, f"{name}[{short_repr(key)}]")
        elif entry is not None and not (isinstance(entry, str) and entry == "balanced"):
            raise type_error(name, entry, "'balanced', a dictionary {class: weight} or None")


def _read(sample_weight: Any, n_samples: int, dtype: Any) -> Any:
    if isinstance(sample_weight, Number):
        weights = np.full(n_samples, sample_weight, dtype=dtype)
    else:
        weights = check_array(
            sample_weight, ensure_2d=False, dtype=dtype, order="C", input_name="sample_weight"
        )
    if weights.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected "
            f"either a scalar value or a 1D array of length {n_samples}."
        )
    if weights.shape != (n_samples,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n_samples,)}!")
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights

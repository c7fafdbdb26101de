"""What `class_weight` means: factors on samples by their class, or on labels by their values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastmlp._data import arrays
from fastmlp._data.arrays import DType
from fastmlp._data.targets import TargetSpec
from fastmlp._data.validation import (
    InvalidValue,
    check_non_negative,
    short_repr,
    type_error,
    value_error,
)

BINARY = ({0, 1}, {-1, 1})
MANY = 20  # classes, which a message no longer lists
LISTS = (list, tuple)
EXPECTED = "'balanced', a dictionary {class: weight}, a list with one entry for each or None"
Factors: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


def is_balanced(class_weight: Any) -> bool:
    """Return whether weights follow from how often classes occur in y."""
    if isinstance(class_weight, Mapping):
        entries = list(class_weight.values())
    else:
        entries = list(class_weight) if isinstance(class_weight, LISTS) else [class_weight]
    return any(isinstance(entry, str) for entry in entries)


def class_factors(
    class_weight: Any, targets: NDArray[Any], spec: TargetSpec, counted: Flags | None
) -> Factors:
    """Return factors on samples ``(n, 1)``, or on their terms ``(n, n_terms)``.

    `targets` are those of `TargetSpec.read`: classes still have the values of y. Where `counted`
    is False, there is no term.
    """
    if isinstance(class_weight, np.ndarray):
        class_weight = class_weight.tolist()
    is_list = isinstance(class_weight, LISTS)
    are_classes = targets.dtype == np.int64 or spec.n_terms < spec.n_columns
    if are_classes and is_list:
        class_weight = dict(enumerate(_entries(class_weight, spec.n_classes)))
    if are_classes or (spec.n_classes == 1 and not is_list):
        return _by_class(class_weight, targets, spec, counted)
    if targets.shape != (len(targets), spec.n_columns):
        raise InvalidValue("class_weight is given, expected a y of one column for each output")
    rows = targets.reshape(-1, spec.n_classes)
    there = np.ones(rows.shape, bool) if counted is None else counted.reshape(rows.shape)
    columns = [
        _of_label(entry, rows[:, j], there[:, j], f"class_weight[{j}]", spec.dtype)
        for j, entry in enumerate(_by_label(class_weight, spec.n_classes))
    ]
    return np.column_stack(columns).reshape(targets.shape)


def _by_class(
    class_weight: Any, targets: NDArray[Any], spec: TargetSpec, counted: Flags | None
) -> Factors:
    """Return the factors of samples, or of positions, that have one class each."""
    labels = _labels(targets, spec)
    there: Flags = np.ones(labels.shape, bool)
    if counted is not None:
        n_terms = counted.shape[1] // labels.shape[1]
        there = np.asarray(counted.reshape(*labels.shape, n_terms).any(axis=2))
    if not np.array_equal(labels[there], np.rint(labels[there])):
        raise InvalidValue("class_weight is given, expected a y of one class per sample")
    factors = _of_values(class_weight, labels, there, "class_weight", spec.dtype)
    is_index = targets.dtype == np.int64 or spec.n_classes > 1
    _check_names(class_weight, labels[there], range(spec.n_classes) if is_index else None)
    n_groups = labels.shape[1]
    return factors if n_groups == 1 else np.repeat(factors, spec.n_terms // n_groups, axis=1)


def _labels(targets: NDArray[Any], spec: TargetSpec) -> NDArray[Any]:
    """Return the classes ``(n, groups)``: indices, single outputs, or of one-hot rows.

    A row that is not one-hot has nan.
    """
    n_samples = len(targets)
    if targets.dtype == np.int64:
        return arrays.flat_rows(targets)
    if targets.shape != (n_samples, spec.n_columns):
        return np.full((n_samples, 1), np.nan)
    if spec.n_classes == 1:
        return targets
    rows = targets.reshape(n_samples, spec.n_columns // spec.n_classes, spec.n_classes)
    labels = rows.argmax(axis=2)
    one_hot = (np.eye(spec.n_classes)[labels] == rows).all(axis=2)
    return np.where(one_hot, labels, np.nan)


def _by_label(class_weight: Any, n_labels: int) -> list[Any]:
    """Return the entry of each label; of those that are not named 1."""
    if isinstance(class_weight, LISTS):
        return _entries(class_weight, n_labels)
    if isinstance(class_weight, Mapping):
        _check_names(class_weight, np.arange(n_labels), range(n_labels))
        return [class_weight.get(j, 1.0) for j in range(n_labels)]
    _check_balanced(class_weight, "class_weight", EXPECTED)
    return [class_weight] * n_labels


def _entries(given: Any, n: int) -> list[Any]:
    if len(given) != n:
        raise InvalidValue(f"class_weight has {len(given)} entries, expected {n}, one for each")
    return list(given)


def _of_label(entry: Any, labels: NDArray[Any], there: Flags, name: str, dtype: DType) -> Factors:
    """Return the factors of one column: its weight, or those of its values."""
    if isinstance(entry, np.ndarray):
        entry = entry.tolist()
    if not isinstance(entry, (Mapping, str, *LISTS)):
        return np.full(len(labels), _weight(entry, name, dtype))
    low = -1 if (labels[there] == -1).any() else 0
    if not np.isin(labels[there], (low, 1)).all():
        raise value_error(name, entry, f"one weight, as y has values other than {low} and 1")
    if isinstance(entry, LISTS):
        if len(entry) != 2:
            raise value_error(name, entry, f"a pair of weights, for labels {low} and 1")
        entry = {low: entry[0], 1: entry[1]}
    _check_names(entry, labels[there], None)
    return _of_values(entry, labels, there, name, dtype)


def _of_values(
    class_weight: Any, labels: NDArray[Any], there: Flags, name: str, dtype: DType
) -> Factors:
    """Return the weight of the value of each label, 1 where there is none.

    "balanced" gives n / (number of values * count of the value).
    """
    factors = np.ones(labels.shape)
    used = labels[there]
    values, positions, counts = np.unique(used, return_inverse=True, return_counts=True)
    if isinstance(class_weight, Mapping):
        weights = _weights_of(values, class_weight, name, dtype)
    else:
        _check_balanced(class_weight, name, EXPECTED)
        weights = used.size / (len(values) * counts)
    factors[there] = weights[positions]
    return factors


def _check_balanced(class_weight: Any, name: str, expected: str) -> None:
    if not isinstance(class_weight, str):
        raise type_error(name, class_weight, expected)
    if class_weight != "balanced":
        raise value_error(name, class_weight, expected)


def _weights_of(
    values: NDArray[Any], class_weight: Mapping[Any, Any], name: str, dtype: DType
) -> Factors:
    """Return one weight per value that occurs; a value that is not named weighs 1."""
    named = {
        key: _weight(weight, f"{name}[{key!r}]", dtype) for key, weight in class_weight.items()
    }
    if not all(isinstance(key, (int, float, np.integer, np.floating)) for key in named):
        raise type_error(name, class_weight, "the classes of y as keys")
    return np.array([named.get(value, 1.0) for value in values.tolist()])


def _weight(value: Any, name: str, dtype: DType) -> float:
    weight, largest = check_non_negative(value, name), float(np.finfo(dtype).max)
    if weight > largest:
        raise value_error(name, weight, f"at most {largest:.2g}")
    return weight


def _check_names(class_weight: Any, labels: NDArray[Any], classes: range | None) -> None:
    """Raise if a key is no class; one that y lacks at present is fine.

    Without `classes` they are those of y, and both of a binary y. A dictionary with a default,
    which is not read, must name all.
    """
    if not isinstance(class_weight, Mapping):
        return
    present = set() if classes else set(np.unique(labels).tolist())
    known = classes or _binary_classes(present)
    for key in class_weight:
        if key not in known:
            raise InvalidValue(
                f"class_weight={short_repr(class_weight)} has the key {short_repr(key)}, "
                f"expected classes among {_text(known)}"
            )
    unnamed = (present or set(known)) - class_weight.keys()
    if hasattr(type(class_weight), "__missing__") and unnamed:
        raise InvalidValue(
            f"class_weight={short_repr(class_weight)} has no {_text(unnamed)}, expected all "
            f"classes, because its default is not read"
        )


def _binary_classes(present: set[Any]) -> set[Any]:
    """Return 0 and 1, or -1 and 1, where y has no other values; else the values of y."""
    return present.union(*(pair for pair in BINARY if present <= pair))


def _text(classes: Collection[Any]) -> str:
    ordered = sorted(classes)
    if len(ordered) > MANY:
        return f"{ordered[0]:g} to {ordered[-1]:g}"
    return ", ".join(f"{label:g}" for label in ordered)

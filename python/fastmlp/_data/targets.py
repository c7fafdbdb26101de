"""Validation of targets: of regression, classes, labels ±1."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.arrays import DType
from fastmlp._data.validation import InvalidValue

NUMBER_LABELS = "; np.unique(y, return_inverse=True) numbers labels of any kind"
INT64 = np.dtype(np.int64)
ROUNDING = 1e-5  # of targets that were probabilities in float32


class TargetSpec(NamedTuple):
    """Targets of a network with a loss: one column per output, or per two outputs.

    `shape` are the axes of a sample's targets. `groups` are the axes before the last one where the
    outputs of each position or step are classes of their own. `n_columns` are the targets of a
    sample, `n_classes` its classes, or those of each group; `n_terms` of them have losses of their
    own: targets, or groups of coupled outputs. `classes`: a y without the last axis
    holds class indices. `labels_pm1`: the loss is defined for -1 and +1. `any_shape`: a custom loss
    may have a y of another shape.
    """

    shape: tuple[int, ...]
    groups: tuple[int, ...]
    n_columns: int
    n_classes: int
    n_terms: int
    dtype: DType
    classes: bool
    labels_pm1: bool
    any_shape: bool

    def read(self, y: Any, n_samples: int) -> NDArray[Any]:
        """Return y as int64 class indices ``(n, *groups)`` or as targets ``(n, n_columns)``."""
        if self.classes and arrays.is_ready(y, INT64) and y.shape == (n_samples, *self.groups):
            return _class_indices(y, self.n_classes)
        if arrays.is_ready(y, self.dtype) and y.shape == (n_samples, self.n_columns):
            ready: NDArray[Any] = y
            return ready
        array = arrays.read(y, "y", NUMBER_LABELS if self.classes else "")
        self._check_length(array, n_samples)
        if self.classes and array.shape in self._index_shapes(n_samples):
            return _class_indices(array.reshape(n_samples, *self.groups), self.n_classes)
        if self.n_columns == 1 and array.ndim == 1:
            array = array.reshape(-1, 1)
        if len(self.shape) > 1 and array.shape == (n_samples, *self.shape):
            array = array.reshape(n_samples, self.n_columns)
        if not self.any_shape and array.shape != (n_samples, self.n_columns):
            _raise_shape(array.shape, self._expected(n_samples))
        return arrays.convert(array, self.dtype, "y")

    def encode(self, targets: NDArray[Any]) -> NDArray[Any]:
        """Return the targets of the loss: ±1 for the perceptron, one-hot for a custom loss."""
        is_index = targets.dtype == np.int64
        if is_index and (self.labels_pm1 or self.any_shape):
            one_hot = np.eye(self.n_classes, dtype=self.dtype)[targets]
            targets = one_hot.reshape(len(targets), self.n_columns)
        return _as_pm1(targets) if self.labels_pm1 else targets

    def _index_shapes(self, n_samples: int) -> set[tuple[int, ...]]:
        shape = (n_samples, *self.groups)
        return {shape} if self.groups else {shape, (n_samples, 1)}

    def _check_length(self, array: NDArray[Any], n_samples: int) -> None:
        if array.ndim == 0 or len(array) != n_samples:
            _raise_shape(array.shape, self._expected(n_samples))

    def _expected(self, n_samples: int) -> str:
        shape = str((n_samples, *self.shape))
        if self.classes:
            return f"{(n_samples, *self.groups)} class indices or {shape}"
        return f"({n_samples},) or {shape}" if self.n_columns == 1 else shape


def check_range(targets: NDArray[Any], loss: Any) -> None:
    """Raise if a target is out of the range of the loss, beyond which it has no minimum."""
    low, high = loss.target_range
    if low == -math.inf and high == math.inf:
        return
    if targets.min(initial=low) >= low and targets.max(initial=low) <= high + ROUNDING:
        return
    index = int(np.argmax((targets < low) | (targets > high + ROUNDING)))
    expected = f"values from {low:g} to {high:g}" if np.isfinite(high) else f"values >= {low:g}"
    raise InvalidValue(
        f"y[{arrays.position_name(index, targets.shape)}]={targets.flat[index]}, "
        f"expected {expected} for loss={loss.name!r}"
    )


def _class_indices(labels: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    if labels.dtype == INT64:
        indices = np.ascontiguousarray(labels)
    else:
        with np.errstate(invalid="ignore"):
            indices = np.ascontiguousarray(labels, dtype=np.int64)
    if labels.dtype.kind == "f" and not np.array_equal(indices, labels):
        first = int(np.argmax(indices != labels))
        _raise_class(labels, first, n_classes)
    first = _core.check_classes(indices.reshape(-1), n_classes)
    if first >= 0:
        _raise_class(labels, first, n_classes)
    return indices


def _as_pm1(targets: NDArray[Any]) -> NDArray[Any]:
    zero_is_low = bool((targets == 0).any())
    low = 0 if zero_is_low else -1
    wrong = (targets != low) & (targets != 1) & (targets == targets)  # nan is no label
    if wrong.any():
        value = targets[wrong][0]
        raise InvalidValue(
            f"y contains {value}, expected labels -1 and 1, or 0 and 1, for this loss"
        )
    return 2 * targets - 1 if zero_is_low else targets


def _raise_shape(given: tuple[int, ...], expected: str) -> NoReturn:
    raise InvalidValue(f"y has shape {given}, expected {expected}")


def _raise_class(labels: NDArray[Any], index: int, n_classes: int) -> NoReturn:
    label = labels.flat[index]
    hint = NUMBER_LABELS if np.isfinite(label) else arrays.FILL
    raise InvalidValue(
        f"y[{arrays.position_name(index, labels.shape)}]={label!s}, expected class "
        f"indices 0 to {n_classes - 1}{hint}"
    )

"""Names of features: the columns of a frame, compared with those that a network was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue, error_prefix, type_error, value_error

Names: TypeAlias = tuple[Any, ...]

SHOWN = 5  # names in a message


class NamedFeatures:
    """The names of a network's inputs."""

    n_inputs: int
    _feature_names: Names | None

    @property
    def feature_names_in_(self) -> NDArray[np.object_] | None:
        """Names of the inputs, ``(n_inputs,)``, from the first frame trained on; None for arrays.

        Frames with other columns, or the same in another order, are refused; arrays are not
        compared. Assigning new names, or None, is for columns that were renamed.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network([2, 1])
        >>> net.feature_names_in_ = ["height", "weight"]
        >>> net.feature_names_in_
        array(['height', 'weight'], dtype=object)
        """
        names = self._feature_names
        return None if names is None else np.fromiter(names, np.object_, len(names))

    @feature_names_in_.setter
    @error_prefix("Network")
    def feature_names_in_(self, names: Any) -> None:
        self._feature_names = as_names(names, self.n_inputs)

    def _remember_names(self, X: Any) -> None:
        """Remember the names of the columns that the network is trained on."""
        if self._feature_names is None:
            self._feature_names = names_of(X)


def names_of(X: Any) -> Names | None:
    """Return the labels of the columns of a frame, or of a sample in a Series; None for arrays.

    Labels of a Series that are not text count positions in it, not features.
    """
    if getattr(X, "ndim", 2) == 1:
        labels = _as_tuple(getattr(X, "index", None))
        return labels if labels and _is_text(labels) else None
    columns = getattr(X, "columns", None)
    if isinstance(columns, list) and not _is_text(columns):  # arrays, of a table of pyarrow
        columns = getattr(X, "column_names", None)
    return _as_tuple(columns)


def check_names(X: Any, expected: Names | None) -> None:
    """Raise if X has other columns than the `expected` ones, or the same in another order.

    Text is compared with text, as in scikit-learn, and other labels with other labels: a frame
    without names, whose columns are numbered, is read as an array.
    """
    if expected is None or (given := names_of(X)) is None:
        return
    if given == expected or _is_text(given) != _is_text(expected):
        return
    unknown = [name for name in given if name not in expected]
    missing = [name for name in expected if name not in given]
    if unknown or missing:
        parts = [(unknown, "columns that are new"), (missing, "no columns")]
        difference = " and ".join(f"{what}: {_listed(names)}" for names, what in parts if names)
        raise InvalidValue(f"X has {difference}; expected those that the network was trained on")
    place = next(i for i, name in enumerate(given) if name != expected[i])
    raise InvalidValue(
        f"X has its columns in another order (column {place} is {given[place]!r}), expected "
        f"{expected[place]!r} there, as in training; use X[list(net.feature_names_in_)]"
    )


def as_names(values: Any, n_inputs: int) -> Names | None:
    """Return names that a user gives, or that a file has, as a tuple of one label per input."""
    if values is None:
        return None
    expected = f"{n_inputs} names of columns or None"
    names = None if isinstance(values, (str, bytes)) else _as_tuple(values)
    if names is None:
        raise type_error("feature_names_in_", values, expected)
    if len(names) != n_inputs:
        raise value_error("feature_names_in_", values, expected)
    return names


def _as_tuple(labels: Any) -> Names | None:
    """Return an Index of pandas, a list or an array of labels as a tuple of plain values."""
    if hasattr(labels, "tolist"):
        labels = labels.tolist()
    if not isinstance(labels, (list, tuple)):
        return None
    try:
        hash(names := tuple(labels))
    except TypeError:
        return None
    return names


def _is_text(names: Sequence[Any]) -> bool:
    return all(isinstance(name, str) for name in names)


def _listed(names: Sequence[Any]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more

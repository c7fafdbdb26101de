"""Samples held out of the training: how they are chosen and scored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from sklearn.model_selection import train_test_split

from fastmlp._data.dataset import Dataset

# The score of samples held out; its argument says that the training has diverged.
Score: TypeAlias = Callable[[bool], float]


class Samples(NamedTuple):
    """Samples as the core reads them, with the codes of y, and y as the user gave it."""

    data: Dataset
    codes: Any
    y: Any

    @property
    def n(self) -> int:
        """Their number."""
        return len(self.codes)

    def take(self, rows: Any) -> Samples:
        """Return some of the samples."""
        return Samples(self.data.take(rows), self.codes[rows], self.y[rows])


def split(
    n_samples: int, fraction: float, random: np.random.RandomState, stratify: Any
) -> tuple[Any, Any]:
    """Return the indices of the samples to train on, and of those held out.

    The generator is asked as scikit-learn's estimators ask it, so the samples are the same.
    """
    indices = np.arange(n_samples)
    training, held_out = train_test_split(
        indices, random_state=random, test_size=fraction, stratify=stratify
    )
    check_enough(len(held_out))
    return training, held_out


def check_enough(n_samples: int) -> None:
    """Raise where a score of so few samples has no meaning, as R² of one."""
    if n_samples < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset."
        )


def take_rows(X: Any, rows: Any) -> Any:
    """Return samples of X by their indices, in the kind of X where that has a shape.

    That is a frame of pandas or polars, a table of pyarrow, an array or a sparse matrix; anything
    else becomes an array.
    """
    if hasattr(X, "iloc"):  # pandas
        return X.iloc[rows]
    if hasattr(X, "tocsr"):  # sparse in any format, of which some have no rows to take
        return X.tocsr()[rows]
    if hasattr(X, "combine_chunks"):  # pyarrow, whose brackets choose columns
        return X.take(rows)
    return X[rows] if hasattr(X, "shape") else np.asarray(X)[rows]

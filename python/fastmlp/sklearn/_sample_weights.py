"""Sample weights as scikit-learn reads them, times the weights of classes."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_array


def read_weights(sample_weight: Any, class_weight: Any, X: Any, y: Any) -> Any:
    """Return the weights ``(n,)``, or None where there are none."""
    weights = None if sample_weight is None else _read(sample_weight, X.shape[0], X.dtype)
    if class_weight is None:
        return weights
    factors = compute_sample_weight(class_weight, y).astype(X.dtype)
    return factors if weights is None else weights * factors


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

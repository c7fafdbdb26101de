"""Weights of samples, and of the terms of their losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data import arrays
from fastmlp._data.arrays import DType, FloatArray
from fastmlp._data.class_weight import class_factors
from fastmlp._data.targets import TargetSpec
from fastmlp._data.validation import InvalidValue


def read_weights(
    sample_weight: Any,
    class_weight: Any,
    targets: NDArray[Any],
    spec: TargetSpec,
    counted: NDArray[np.bool_] | None,
    is_part: bool = False,
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return sample weight times class weight: of samples ``(n,)``, and factors on their terms.

    Weights W of single terms are ``w_i c_ik``, where w_i is the mean of a sample's weights and
    c_ik ``(n, n_terms)`` their ratios to it, so that what is said of weights holds for w.
    `counted` says which terms there are. None stands for 1. Those of a part of the samples are what
    was given, where others are multiplied by a number if that keeps them in the range of the dtype.
    """
    given: list[NDArray[Any]] = []
    if sample_weight is not None:
        given.append(_sample_weights(sample_weight, spec, len(targets)))
    if class_weight is not None:
        given.append(class_factors(class_weight, targets, spec, counted))
    samples, terms = (
        _product([part for part in given if (part.shape[1] == 1) == is_single])
        for is_single in (True, False)
    )
    weights = None if samples is None else samples[:, 0]
    if terms is not None:
        if spec.any_shape:
            raise InvalidValue(
                "weights of single terms are given, expected (n,), weights of samples, with a "
                "loss written in Python, which returns one value for each"
            )
        means, terms = _means_and_ratios(_in_range(terms, terms.dtype, is_part), counted)
        terms = terms.astype(spec.dtype)
        weights = means if weights is None else _product([weights, means])
    return None if weights is None else _in_range(weights, spec.dtype, is_part), terms


def without_missing(
    weights: FloatArray | None,
    terms: FloatArray | None,
    counted: NDArray[np.bool_],
    spec: TargetSpec,
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return the weights, 0 for samples without any target, and factors 0 for missing ones."""
    if counted.all():
        return weights, terms
    some = np.asarray(counted.any(axis=1))
    if not some.all():
        kept = np.ones(len(some), spec.dtype) if weights is None else weights
        weights = np.where(some, kept, 0).astype(spec.dtype)
    if terms is None and not spec.any_shape:
        terms = counted.astype(spec.dtype)
    return weights, terms


def _product(factors: list[NDArray[Any]]) -> NDArray[Any] | None:
    with np.errstate(all="ignore"):
        return None if not factors else factors[0] if len(factors) == 1 else factors[0] * factors[1]


def _means_and_ratios(
    weights: NDArray[Any], counted: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    kept = weights.astype(np.float64) if counted is None else np.where(counted, weights, 0.0)
    n_terms = kept.shape[1] if counted is None else np.maximum(counted.sum(axis=1), 1)
    with np.errstate(all="ignore"):  # inf is refused later, where nan is
        means = kept.sum(axis=1) / n_terms
        return means, kept / np.where(means == 0, 1.0, means)[:, np.newaxis]


def _in_range(weights: NDArray[Any], dtype: DType, is_part: bool) -> FloatArray:
    """Return the weights in `dtype`, by a power of two where they, or their sum, leave its range.

    Only their ratios matter, also those to other parts; so the weights of a part must be in it.
    """
    largest = weights.max(initial=0)
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        if 0 < largest < np.inf and not info.tiny / info.eps <= largest <= info.max / weights.size:
            if is_part:
                raise InvalidValue(
                    f"the largest weight is {largest:g}, expected one from "
                    f"{info.tiny / info.eps:.1e} to {info.max / weights.size:.1e}, as comm is given"
                )
            weights = np.ldexp(weights, -int(np.frexp(largest)[1]))
        return weights.astype(dtype, copy=False)


def _sample_weights(sample_weight: Any, spec: TargetSpec, n_samples: int) -> FloatArray:
    """Return weights of samples ``(n, 1)``, or of all terms ``(n, n_terms)``."""
    given = arrays.read(sample_weight, "sample_weight")
    *positions, _ = spec.shape
    shapes = [(n_samples,), (n_samples, *positions)]
    if spec.n_terms == spec.n_columns:
        shapes += [(n_samples, spec.n_terms), (n_samples, *spec.shape)]
    if given.shape not in shapes:
        of_terms = f" or {shapes[-1]}" if spec.n_terms > 1 else ""
        raise InvalidValue(
            f"sample_weight has shape {given.shape}, expected ({n_samples},){of_terms}"
        )
    weights = arrays.convert(given, spec.dtype, "sample_weight")
    negative = weights < 0
    if negative.any():
        first = int(np.argmax(negative))
        position = arrays.position_name(first, weights.shape)
        raise InvalidValue(
            f"sample_weight[{position}]={weights.flat[first]}, expected weights >= 0"
        )
    if weights.ndim == 1:
        return weights.reshape(n_samples, 1)
    rows = arrays.flat_rows(weights)
    return np.repeat(rows, spec.n_terms // rows.shape[1], axis=1)

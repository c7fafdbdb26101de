"""Input validation of arrays: array-likes become native C-ordered arrays, or an error is raised.

An array that has dtype and order already is returned without a copy; anything else that NumPy
reads as real numbers is converted once.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data.array_likes import (
    REAL_KINDS,
    InParts,
    array_from,
    is_stored_dtype,
    plain_numbers,
    raise_dtype,
)
from fastmlp._data.feature_names import check_names, names_of
from fastmlp._data.types import FloatArray as FloatArray
from fastmlp._data.validation import MAX_INT, InvalidType, InvalidValue

if TYPE_CHECKING:
    from fastmlp.network import Network

DType: TypeAlias = np.dtype[Any]

MAX_BYTES = MAX_INT
SPARSE = (_core.float32.SparseMatrix, _core.float64.SparseMatrix)
STORED = (_core.float32.StoredSamples, _core.float64.StoredSamples)
Samples: TypeAlias = (
    FloatArray
    | _core.float32.SparseMatrix
    | _core.float64.SparseMatrix
    | _core.float32.StoredSamples
    | _core.float64.StoredSamples
)
FILL = "; drop or fill the samples with missing values"


def native(dtype: DType) -> ModuleType:
    """Return the part of the core that computes in `dtype`."""
    return _core.float32 if dtype.itemsize == 4 else _core.float64  # dtype.name takes long


def is_ready(value: object, dtype: DType) -> bool:
    """Return True if the core can read `value` in place."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype == dtype
        and value.flags.c_contiguous
        and value.flags.aligned
        and not isinstance(value, np.ma.MaskedArray)
    )


def read(value: Any, name: str, hint: str = "") -> NDArray[Any]:
    """Return an array-like as an array of real numbers, of any dtype, order and shape.

    `hint` is the advice in the message for other arrays.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise InvalidType(
            f"{name} is a masked array, expected plain numbers; "
            f"fill it first, for example {name}.filled(0)"
        )
    array = plain_numbers(value, array_from(value, name))
    if array.dtype.kind not in REAL_KINDS:
        raise_dtype(value, array, name, hint)
    return array


def convert(array: NDArray[Any], dtype: DType, name: str) -> FloatArray:
    """Return `array` in `dtype` and C order: itself where it is so already, else one copy."""
    if is_ready(array, dtype):
        return array
    check_size(array.shape, dtype, name)
    try:
        with np.errstate(over="raise", under="ignore", invalid="ignore"):
            return np.require(array, dtype, ["C", "A"])
    except FloatingPointError:
        _raise_overflow(array, dtype, name)


def flat_rows(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as ``(n, m)``, also where n is 0."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def as_elementwise(answer: Any, n: int, dtype: DType, name: str) -> NDArray[Any]:
    """Return what a function of the user, `name`, has made of n numbers."""
    array = read(answer, f"Activation: {name}(a)")
    if array.shape != (n,):
        raise InvalidValue(
            f"Activation: {name}(a) has shape {array.shape}, expected that of a, ({n},)"
        )
    with np.errstate(over="ignore"):
        return np.require(array, dtype, ["C", "A"])


def as_inputs(X: Any, network: Network) -> tuple[Samples, bool]:
    """Return X as ``(n_samples, n_inputs)``, and whether it was a single sample.

    A sample is flat, or of the network's input shape.
    """
    n_inputs, shape, dtype = network.n_inputs, network.input_shape, network.dtype
    if isinstance(X, (np.memmap, InParts)):
        stored = _as_stored(X, n_inputs, shape, dtype)
        if stored is not None:
            return stored, False
    elif is_ready(X, dtype) and X.ndim == 2 and X.shape[1] == n_inputs:
        return X, False
    if hasattr(X, "tocsr"):
        check_names(X, network._feature_names)
        return _as_sparse(X, n_inputs, dtype), False
    array = read(X, "X")
    single = array.shape == (n_inputs,)
    if single or array.ndim == 2:
        check_names(X, network._feature_names)
    flat = single or (array.ndim == 2 and array.shape[1] == n_inputs)
    single = single or (not flat and array.shape == shape)
    if not flat and not single and array.shape[1:] != shape:
        hint = "; one feature is X.reshape(-1, 1), one sample X.reshape(1, -1)"
        shaped = ", ".join(map(str, shape))
        raise InvalidValue(
            f"X has shape {array.shape}, expected (n_samples, {shaped})"
            f"{f' or (n_samples, {n_inputs})' if len(shape) > 1 else ''}"
            f"{hint if array.ndim == 1 else ''}"
        )
    converted = convert(array, dtype, "X")
    return converted.reshape(1 if single else len(converted), n_inputs), single


def _as_stored(
    X: NDArray[Any] | InParts, n_inputs: int, shape: tuple[int, ...], dtype: DType
) -> Samples | None:
    """Return samples that are converted as they are read; None where X has to be copied."""
    parts = X.parts if isinstance(X, InParts) else (X,)
    if X.shape[1:] not in {(n_inputs,), shape} or not is_stored_dtype(X.dtype):
        return None
    if not all(part[:1].flags.c_contiguous for part in parts):
        return None
    rows = [part.reshape(len(part), n_inputs) for part in parts]
    samples: Samples = native(dtype).StoredSamples(rows, n_inputs)
    return samples


def _as_sparse(X: Any, n_inputs: int, dtype: DType) -> Samples:
    """Return a sparse X in compressed rows, read in place where it has them in `dtype`."""
    if len(X.shape) != 2 or X.shape[1] != n_inputs:
        raise InvalidValue(f"X has shape {tuple(X.shape)}, expected (n_samples, {n_inputs})")
    in_place = X.format == "csr" and X.dtype == dtype
    if not in_place and hasattr(X, "check_format"):  # SciPy's conversions trust the indices
        try:
            X.check_format(full_check=True)
        except (ValueError, TypeError) as error:
            raise InvalidValue(f"X is damaged ({error}), expected a valid sparse matrix") from None
    rows = X.tocsr()
    if X.dtype != dtype and not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()  # of integers and bools, before they become floats
    short = rows.indices.dtype == rows.indptr.dtype == np.int32
    index = np.dtype(np.int32 if short else np.int64)
    values = convert(read(rows.data, "X"), dtype, "X")
    columns, starts = (np.require(a, index, ["C", "A"]) for a in (rows.indices, rows.indptr))
    if len(starts) != X.shape[0] + 1:
        raise InvalidValue(f"X.indptr has shape {starts.shape}, expected ({X.shape[0] + 1},)")
    try:
        matrix: Samples = native(dtype).SparseMatrix(values, columns, starts, n_inputs)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    return matrix


def take(X: Samples, indices: NDArray[np.int64]) -> Samples:
    """Return these rows of X."""
    if isinstance(X, np.ndarray):
        return X[indices]
    if isinstance(X, STORED):
        return X.take(indices)
    values, columns, starts = X.arrays
    lengths = starts[indices + 1] - starts[indices]
    ends = np.cumsum(lengths)
    entries = np.repeat(starts[indices] - (ends - lengths), lengths) + np.arange(lengths.sum())
    new = np.concatenate([[0], ends]).astype(starts.dtype)
    return type(X)(values[entries], columns[entries], new, X.shape[1])


def as_float_array(value: Any, name: str) -> FloatArray:
    """Return `value` as float32 if it is float32, else as float64; called by the core."""
    array = read(value, name)
    is_single = array.dtype.kind == "f" and array.dtype.itemsize == np.dtype(np.float32).itemsize
    return convert(array, np.dtype(np.float32 if is_single else np.float64), name)


def as_shape(value: Any, shape: tuple[int, ...], dtype: DType, name: str) -> FloatArray:
    """Return `value` as an array of exactly this shape."""
    array = read(value, name)
    if array.shape != shape:
        raise InvalidValue(f"{name} has shape {array.shape}, expected {shape}")
    return convert(array, dtype, name)


def as_outputs(value: Any, network: Network, n: int, single: bool, name: str) -> FloatArray:
    """Return `value` of shape ``(n, *output_shape)`` or ``(n, n_outputs)`` as the latter."""
    array = read(value, name)
    lead = () if single else (n,)
    if array.shape not in {(*lead, *network.output_shape), (*lead, network.n_outputs)}:
        expected = (*lead, *network.output_shape)
        raise InvalidValue(f"{name} has shape {array.shape}, expected {expected}")
    return convert(array, network.dtype, name).reshape(n, network.n_outputs)


def lease(*values: Any) -> tuple[_core.MemoryLease, ...]:
    """Return objects that keep the memory of the arrays among `values` where it is.

    Views of an array that NumPy resizes would show memory that is gone.
    """
    return tuple(_core.MemoryLease(value) for value in values if isinstance(value, np.ndarray))


def check_samples(inputs: Samples) -> None:
    """Raise if X has no samples, because means and sums need at least one."""
    if len(inputs) == 0:
        raise InvalidValue(f"X has shape {inputs.shape}, expected at least one sample")


def check_size(shape: tuple[int, ...], dtype: DType, name: str) -> None:
    """Raise if the number of bytes exceeds 63 bits, before the core multiplies it in 64."""
    n_bytes = dtype.itemsize
    for length in shape:
        n_bytes *= int(length)
    if n_bytes > MAX_BYTES:
        raise InvalidValue(
            f"{name} of shape {shape} and dtype {dtype} would take {n_bytes} bytes, "
            f"expected at most {MAX_BYTES}"
        )


def check_finite(array: Samples, name: str, hint: str = FILL, given: Any = None) -> None:
    """Raise at the first nan or inf, with its position, after one native scan.

    `given` is what the array was made of, whose columns may have names.
    """
    if isinstance(array, np.ndarray):
        index = _core.first_non_finite(array)
        if index >= 0:
            hint = f"{_column_name(given, index, array.shape)}{hint}"
            _raise_non_finite(name, position_name(index, array.shape), array.flat[index], hint)
        return
    if isinstance(array, STORED):
        if array.arrays[0].dtype.kind != "f":
            return
        index = array.first_not_finite()  # raises at a number that is too large
        if index >= 0:
            value = array.take(np.array([index // array.shape[1]]))[0, index % array.shape[1]]
            _raise_non_finite(name, position_name(index, array.shape), value, hint)
        return
    values, columns, starts = array.arrays
    index = _core.first_non_finite(values[: starts[-1]])  # there may be room behind the last entry
    if index >= 0:
        row = np.searchsorted(starts, index, side="right") - 1
        _raise_non_finite(name, f"{row}, {columns[index]}", values[index], hint)


def _column_name(given: Any, index: int, shape: tuple[int, ...]) -> str:
    """Return the name of the column of an entry: "" where it has none."""
    names = names_of(given) if getattr(given, "ndim", 2) == 2 else None
    if len(shape) != 2 or names is None or len(names) != shape[1]:
        return ""
    return f" in column {names[index % shape[1]]!r}"


def _raise_non_finite(name: str, position: str, value: Any, hint: str) -> NoReturn:
    raise InvalidValue(f"{name}[{position}]={value}, expected finite values{hint}")


def position_name(index: int, shape: tuple[int, ...]) -> str:
    """Return a flat index in the form of a subscript: ``3, 2``."""
    return ", ".join(str(i) for i in np.unravel_index(index, shape))


def _raise_overflow(array: NDArray[Any], dtype: DType, name: str) -> NoReturn:
    largest = np.finfo(dtype).max
    index = int(np.argmax(np.isfinite(array) & (np.abs(array) > largest)))
    wider = " or use dtype='float64'" if dtype == np.float32 else ""
    raise InvalidValue(
        f"{name}[{position_name(index, array.shape)}]={array.flat[index]!s} is too large "
        f"for {dtype}, expected at most {largest:.2g}; scale {name}{wider}"
    ) from None

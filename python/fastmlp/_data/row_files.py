"""`RowFiles`: the rows of several files as one array, which is not loaded."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Self, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.array_likes import InParts, is_stored_dtype
from fastmlp._data.extras import require
from fastmlp._data.validation import (
    InvalidType,
    InvalidValue,
    error_prefix,
    type_error,
    value_error,
)

PathLike: TypeAlias = "str | os.PathLike[str]"
SUFFIXES = (".npy", ".parquet")


class RowFiles(InParts):
    """Rows of numbers in several files, as one array that is not loaded.

    It serves as X of `Network.fit`, `predict`, `loss` and of the methods of `Trainer`: rows are
    converted to the network's dtype as they are read, and a thread reads ahead. As y or
    sample_weight it is loaded.

    Parameters
    ----------
    files : path or sequence of paths
        Files, or directories, whose files are taken in the order of their names: NumPy's ``.npy``,
        which are mapped into memory, or ``.parquet``. Their rows have one shape and dtype.
    columns : str or sequence of str, optional
        Of Parquet, the columns in this order, one for an array (n,). Default: all.
    cache : path, optional
        Where Parquet is unpacked, row group by row group, to a file without a name that is gone
        when the array is: the system's directory of temporary files by default. It takes the
        space of all rows in a common dtype.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    parts : tuple of numpy.ndarray
        The arrays whose rows follow each other.

    Raises
    ------
    ValueError, TypeError
        There is no such file, or the files do not fit each other.
    ImportError
        Parquet needs pyarrow, of the extra ``parquet``.
    OSError
        A file cannot be read, or the cache is full.

    Notes
    -----
    A slice is another RowFiles of the same files. Pickles contain the paths, and Parquet is
    unpacked again. Files must not be changed while they are read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for i in range(3):
    ...     np.save(folder / f"{i}.npy", np.full((100, 4), i, "float16"))
    >>> X = fm.RowFiles(folder)
    >>> X
    RowFiles(shape=(300, 4), dtype=float16, n_files=3)
    >>> X[[99, 100]][:, 0]
    array([0., 1.], dtype=float16)
    >>> fm.Network([4, 1], seed=0).fit(X, np.zeros(300), epochs=2).n_epochs
    2
    """

    @error_prefix("RowFiles")
    def __init__(
        self,
        files: PathLike | Sequence[PathLike],
        columns: str | Sequence[str] | None = None,
        *,
        cache: PathLike | None = None,
    ) -> None:
        paths, suffix = _paths_of(files)
        if suffix == ".npy":
            if columns is not None:
                raise value_error("columns", columns, "None for .npy, which has none")
            parts = [_mapped(path) for path in paths]
        else:
            parts = [_unpacked(paths, columns, cache)]
        _check_parts(paths, parts)
        self._given = (paths, columns, cache)
        self._slices: tuple[slice, ...] = ()
        self._set_parts(parts)

    def _set_parts(self, parts: Sequence[NDArray[Any]]) -> None:
        self.parts = tuple(parts)
        self._ends = list(accumulate(len(part) for part in parts))
        self.shape = (self._ends[-1], *parts[0].shape[1:])
        self.dtype = parts[0].dtype
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """Return other rows for a slice; for an int or an array of indices, an array."""
        if isinstance(index, slice):
            return self._sliced(index)
        n = len(self)
        is_int = isinstance(index, (int, np.integer))
        places = np.asarray(range(n)[index] if is_int else np.arange(n)[index])
        rows = np.empty((*places.shape, *self.shape[1:]), self.dtype)
        for end, part in zip(self._ends, self.parts, strict=True):
            here = (end - len(part) <= places) & (places < end)
            rows[here] = part[places[here] - (end - len(part))]
        return rows

    def _sliced(self, index: slice) -> Self:
        rows = range(len(self))[index]
        if rows.step < 0:
            raise InvalidValue(f"RowFiles: step={rows.step} of a slice, expected at least 1")
        parts = []
        for end, part in zip(self._ends, self.parts, strict=True):
            begin = end - len(part)
            first = max(rows.start, begin + (rows.start - begin) % rows.step)
            if first < min(end, rows.stop):
                parts.append(part[first - begin : rows.stop - begin : rows.step])
        twin = type(self).__new__(type(self))
        twin._given, twin._slices = self._given, (*self._slices, index)
        twin._set_parts(parts or [self.parts[0][:0]])
        return twin

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all rows, loaded unless they are in one file."""
        whole = self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)
        return np.array(whole, dtype) if copy else np.asarray(whole, dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the paths."""
        return _reopened, (type(self), self._given, self._slices)

    def __repr__(self) -> str:
        """Return shape, dtype and the number of files."""
        return f"RowFiles(shape={self.shape}, dtype={self.dtype}, n_files={len(self._given[0])})"


def _reopened(cls: type[RowFiles], given: tuple[Any, ...], slices: Sequence[slice]) -> RowFiles:
    files, columns, cache = given
    rows = cls(files, columns, cache=cache)
    for index in slices:
        rows = rows[index]
    return rows


def _paths_of(files: Any) -> tuple[list[Path], str]:
    """Return the files, those of directories by name, and their suffix."""
    given = [files] if isinstance(files, (str, os.PathLike)) else files
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise type_error("files", files, "a path, or several")
    paths: list[Path] = []
    for each in given:
        if not isinstance(each, (str, os.PathLike)):
            raise type_error("files", each, "paths")
        path = Path(each).absolute()
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        paths += [file for file in inside if file == path or file.suffix in SUFFIXES]
    suffixes = sorted({path.suffix for path in paths})
    if len(suffixes) != 1 or suffixes[0] not in SUFFIXES:
        found = " and ".join(suffixes) or "no"
        raise InvalidValue(f"files: {found} files, expected all .npy or all .parquet")
    return paths, suffixes[0]


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r")
    except ValueError as error:
        raise InvalidValue(f"{path.name} is no array that can be mapped ({error})") from None
    return array


def _check_parts(paths: Sequence[Path], parts: Sequence[NDArray[Any]]) -> None:
    """Raise unless these are rows of numbers of one shape and dtype, each of them contiguous."""
    first = parts[0]
    for path, part in zip(paths, parts, strict=False):
        if part.ndim == 0:
            raise InvalidValue(f"{path.name} has shape (), expected rows")
        if part.shape[1:] != first.shape[1:] or part.dtype != first.dtype:
            raise InvalidValue(
                f"{path.name} has shape {part.shape} and dtype {part.dtype}, expected rows of "
                f"shape {first.shape[1:]} and dtype {first.dtype}, as {paths[0].name} has"
            )
        if not is_stored_dtype(part.dtype):
            raise InvalidType(
                f"{path.name} has dtype {part.dtype}, expected bool, int or float of up to 64 bits"
            )
        if not part.flags.c_contiguous:
            raise InvalidValue(f"{path.name} is in Fortran order, expected C order")


def _unpacked(
    paths: Sequence[Path], columns: str | Sequence[str] | None, cache: PathLike | None
) -> NDArray[Any]:
    """Return the rows of Parquet files, in a file without a name."""
    parquet = require("pyarrow.parquet", "RowFiles", "parquet")
    schemas = [parquet.read_schema(path) for path in paths]
    single = isinstance(columns, str)
    names = [cast(str, columns)] if single else _names_of(columns, schemas[0])
    dtypes = [_dtype_of(*each, name) for each in zip(paths, schemas, strict=True) for name in names]
    dtype, n = np.result_type(*dtypes), 0
    with tempfile.TemporaryFile(dir=cache) as file:
        for path in paths:
            with parquet.ParquetFile(path) as opened:
                for batch in opened.iter_batches(columns=names):
                    values = [_values_of(path, batch, name, dtype) for name in names]
                    file.write(np.stack(values, axis=1).data)
                    n += len(batch)
        file.flush()
        shape = (n,) if single else (n, len(names))
        return np.memmap(file, dtype, "r", shape=shape) if n else np.empty(shape, dtype)


def _names_of(columns: Any, schema: Any) -> list[str]:
    """Return the names of columns that are given, or of all but an index of pandas."""
    if columns is None:
        columns = [name for name in schema.names if not name.startswith("__index_level_")]
    if not isinstance(columns, Iterable) or not all(isinstance(name, str) for name in columns):
        raise type_error("columns", columns, "names of columns")
    names = [str(name) for name in columns]
    if not names or len({*names}) < len(names):
        raise InvalidValue(f"columns are {names}, expected different names, at least one")
    return names


def _dtype_of(path: Path, schema: Any, name: str) -> np.dtype[Any]:
    if name not in schema.names:
        raise InvalidValue(f"{path.name} has no column {name!r}, expected it among {schema.names}")
    given = schema.field(name).type
    try:
        dtype: np.dtype[Any] = np.dtype(given.to_pandas_dtype())
    except (NotImplementedError, TypeError):  # of times in a zone, for one
        dtype = np.dtype(object)
    if not is_stored_dtype(dtype):
        raise InvalidType(f"{path.name}: column {name!r} is {given}, expected bool, int or float")
    return dtype


def _values_of(path: Path, batch: Any, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    column = batch.column(name)
    if column.null_count and dtype.kind != "f":
        raise InvalidValue(f"{path.name}: column {name!r} has missing values, expected numbers")
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype)

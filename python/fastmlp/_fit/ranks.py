"""The processes that train together: what they tell each other besides sums of gradients.

Whatever decides how a run goes on is summed or taken from rank 0, so that no rank leaves alone and
the others wait for it for ever.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import (
    InvalidType,
    InvalidValue,
    short_repr,
    type_error,
    value_error,
)

R = TypeVar("R")
Floats = NDArray[np.float64]


@runtime_checkable
class Communicator(Protocol):
    """What the `comm` of a training has to have; mpi4py's communicators are adapted to it.

    Attributes
    ----------
    rank, size : int
        Number of this process, from 0, and how many there are.

    Notes
    -----
    All ranks call the methods in the same order. Where there is also ``abort(reason)``, it is
    called after an exception of one rank, to end the others.

    Examples
    --------
    >>> import fastmlp as fm
    >>> class Alone:
    ...     rank, size = 0, 1
    ...
    ...     def sum(self, array): ...
    ...
    ...     def broadcast(self, array): ...
    >>> isinstance(Alone(), fm.distributed.Communicator)
    True
    """

    rank: int
    size: int

    def sum(self, array: NDArray[Any]) -> None:
        """Replace a float32 or float64 array by its sum over all ranks, the same bits on each."""

    def broadcast(self, array: NDArray[Any]) -> None:
        """Replace an array by that of rank 0."""


class MPICommunicator:
    """An intracommunicator of mpi4py."""

    def __init__(self, comm: Any) -> None:
        from mpi4py import MPI

        if comm == MPI.COMM_NULL or comm.Is_inter():
            raise value_error("comm", comm, "an intracommunicator such as MPI.COMM_WORLD")
        if MPI.Query_thread() < MPI.THREAD_SERIALIZED:  # calls come from threads of the core
            raise value_error("comm", comm, "MPI with mpi4py.rc.thread_level='serialized'")
        self._comm, self._in_place, self._sum = comm, MPI.IN_PLACE, MPI.SUM
        self.rank, self.size = int(comm.rank), int(comm.size)

    def sum(self, array: NDArray[Any]) -> None:
        """Add up an array over the ranks."""
        self._comm.Allreduce(self._in_place, array, self._sum)

    def broadcast(self, array: NDArray[Any]) -> None:
        """Copy an array from rank 0."""
        self._comm.Bcast(array, 0)

    def abort(self, reason: str) -> None:
        """End the processes of all ranks, with exit status 1."""
        self._comm.Abort(1)


def as_communicator(comm: Any) -> Any:
    """Return an object with the protocol, None for None."""
    if comm is None:
        return None
    if hasattr(comm, "Allreduce") and hasattr(comm, "Bcast"):
        return MPICommunicator(comm)
    if isinstance(comm, type) or not isinstance(comm, Communicator):
        expected = "an mpi4py communicator, or an object with rank, size, sum and broadcast"
        raise type_error("comm", comm, expected)
    return comm


class Part(NamedTuple):
    """The rows of a data set of n that are here: their numbers in it, ascending."""

    n: int
    indices: NDArray[np.int64]


class Ranks:
    """All ranks of a communicator; of None there is one, to which nothing is told."""

    def __init__(self, comm: Any = None) -> None:
        self.comm = as_communicator(comm)
        self.shared = self.comm is not None
        self.rank: int = self.comm.rank if self.shared else 0
        self.size: int = self.comm.size if self.shared else 1
        self.is_first = self.rank == 0

    def sum(self, values: Any) -> Floats:
        """Return the sum of numbers over the ranks, as an array of the same shape."""
        array = np.array(values, dtype=np.float64)
        if self.shared:
            self.comm.sum(array.reshape(-1))
        return array

    def gather(self, row: Sequence[float]) -> Floats:
        """Return the rows of all ranks."""
        rows = np.zeros((self.size, len(row)))
        rows[self.rank] = row
        return self.sum(rows)

    def any(self, flag: bool) -> bool:
        """Return whether it is true on any rank."""
        return bool(self.sum(flag)) if self.shared else flag

    def assembled(self, rows: NDArray[Any], part: Part) -> NDArray[Any]:
        """Return the rows of all ranks, in the order of the data set."""
        whole = np.zeros((part.n, *rows.shape[1:]))
        whole[part.indices] = rows
        return self.sum(whole).astype(rows.dtype)

    def factors_of_all(
        self, factors: NDArray[Any] | None, ones: NDArray[Any], part: Part
    ) -> NDArray[Any] | None:
        """Return the weights, or factors on terms, of all ranks; None where none has any."""
        if not self.any(factors is not None):
            return None
        return self.assembled(ones if factors is None else factors, part)

    def texts(self, text: str) -> list[str]:
        """Return the texts of all ranks."""
        codes = list(text.encode())
        lengths = self.gather([len(codes)])[:, 0].astype(int)
        rows = self.gather(codes + [0] * (max(lengths) - len(codes))).astype(np.uint8)
        return [bytes(row[:n]).decode() for row, n in zip(rows, lengths, strict=True)]

    def from_first(self, value: Any) -> Any:
        """Return the value of rank 0."""
        if not self.shared:
            return value
        data = np.frombuffer(pickle.dumps(value), np.uint8) if self.is_first else np.zeros(0)
        n_bytes = int(self.sum(len(data)))
        buffer = data.copy() if self.is_first else np.zeros(n_bytes, np.uint8)
        self.comm.broadcast(buffer)
        return value if self.is_first else pickle.loads(buffer.tobytes())

    def agree(self, function: Callable[[], R]) -> R:
        """Return the result of a function without sums; where it fails on any rank, all raise."""
        if not self.shared:
            return function()
        result, failure = None, None
        try:
            result = function()
        except Exception as error:
            failure = error
        except BaseException as error:  # Ctrl-C
            self._end("an argument", error)
            raise
        failed = self.gather([failure is not None])[:, 0]
        if failed.any():
            self._raise(int(np.argmax(failed)), failure)
        return result  # type: ignore[return-value]

    def _raise(self, rank: int, failure: Exception | None) -> None:
        """Raise on all ranks what has failed on this one."""
        kinds = {"T": InvalidType, "V": InvalidValue, "R": RuntimeError}
        kind = {TypeError: "T", ValueError: "V"}
        letter = next((kind[each] for each in kind if isinstance(failure, each)), "R")
        name = f"{type(failure).__name__}: " if letter == "R" else ""
        text = self.texts(f"{letter}{name}{failure}")[rank]
        raise kinds[text[0]](f"rank {rank}: {text[1:]}") from failure

    def check_same(self, fields: Mapping[str, str]) -> None:
        """Raise on all ranks where one has another value than rank 0."""
        if not self.shared:
            return
        rows = self.gather([digest(value.encode()) for value in fields.values()])
        for k, name in enumerate(fields):
            others = np.flatnonzero(rows[:, k] != rows[0, k])
            if len(others):
                values, rank = self.texts(fields[name]), others[0]
                raise InvalidValue(
                    f"rank {rank} has {name}={_shown(values[rank])}, expected "
                    f"{_shown(values[0])}, as rank 0 has"
                )

    def part_of(self, n_here: int, dealt: int | None) -> Part:
        """Return where the rows of this rank are, after those of lower ranks or as dealt."""
        rows = self.gather([n_here, -1 if dealt is None else dealt]).astype(np.int64)
        counts, wholes = rows[:, 0], rows[:, 1]
        n = int(counts.sum())
        if n == 0:
            raise InvalidValue("X has no samples on any rank, expected at least one")
        if (wholes < 0).all():
            return Part(n, counts[: self.rank].sum() + np.arange(n_here))
        if (wholes != n).any():
            rank = int(np.flatnonzero(wholes != n)[0])
            raise InvalidValue(
                f"rank {rank} has {counts[rank]} rows, expected those that "
                f"fm.distributed.shard deals of the same rows on each rank"
            )
        return Part(n, np.arange(self.rank, n, self.size))

    def ending_together(self, caller: str) -> AbstractContextManager[None]:
        """End all ranks after an exception of this one, Ctrl-C and SystemExit among them."""
        return self._ending_together(caller) if self.size > 1 else nullcontext()

    @contextmanager
    def _ending_together(self, caller: str) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._end(caller, error)
            raise

    def _end(self, where: str, error: BaseException) -> None:
        if self.size > 1 and hasattr(self.comm, "abort"):
            reason = f"{where}: rank {self.rank} of {self.size} has ended the run"
            sys.__excepthook__(type(error), error, error.__traceback__)
            print(f"{reason}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            self.comm.abort(reason)

    @contextmanager
    def file_of_first(self, path: Any) -> Iterator[Any]:
        """Give the path of a copy of rank 0's file, its own on rank 0; FileNotFoundError on all."""
        import tempfile

        if self.size == 1:
            if not os.path.exists(path):
                raise FileNotFoundError(path)
            yield path
            return
        data = self.from_first(self.agree(lambda: _bytes_of(path) if self.is_first else None))
        if data is None:
            raise FileNotFoundError(path)
        if self.is_first:
            yield path
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, os.path.basename(path))
            with open(copy, "wb") as file:
                file.write(data)
            yield copy


def digest(data: Any) -> float:
    """Return 48 bits of a hash, which a float has exactly."""
    import hashlib  # here, as below, because other programs do not need it

    return float(int.from_bytes(hashlib.blake2b(data, digest_size=6).digest(), "big"))


def _bytes_of(path: Any) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _shown(text: str) -> str:
    return text if len(text) <= 80 else short_repr(text)

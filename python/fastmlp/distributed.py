"""Training on several processes: shards of a data set, and ranks that are threads.

With `comm` of `Network.fit`, `Trainer` and the estimators, each rank gives its own rows and all
make the same steps; docs/distributed.md has the whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from numpy.typing import NDArray

from fastmlp._data.validation import InvalidArgument, check_int, error_prefix
from fastmlp._fit.ranks import Communicator, Ranks
from fastmlp._fit.sharding import Shard

__all__ = ["Communicator", "Shard", "run_threads", "shard"]

R = TypeVar("R")
for _public in (Communicator, Shard):
    _public.__module__ = __name__


@error_prefix("shard")
def shard(X: Any, comm: Any) -> Shard:
    """Return the rows of this rank: rank, rank + size, rank + 2 size and so on.

    Parameters
    ----------
    X : array_like, frame or sparse matrix with n rows
        The same rows on all ranks, for example a memory map; only those of this rank are read.
    comm : communicator
        As for `Network.fit`.

    Returns
    -------
    Shard
        For ``fit(X, y, comm=comm)`` in place of X, y, sample_weight or lengths. The order of
        samples in an epoch, and masks of dropout, are then those of a training on one process.

    Examples
    --------
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> fm.distributed.run_threads(lambda comm: list(fm.distributed.shard(range(5), comm)), 2)
    [[0, 2, 4], [1, 3]]
    """
    ranks = Ranks(comm)
    return Shard(X, ranks.rank, ranks.size)


class _Threads:
    """What the ranks of one program share: their arrays, and where they wait for each other."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.arrays: list[Any] = [None] * size
        self._condition = threading.Condition()
        self._n_waiting = self._n_meetings = 0
        self._end = ""  # why there will be no further meeting

    def meet(self) -> None:
        """Wait until all ranks are here."""
        with self._condition:
            if self._end:
                raise RuntimeError(self._end)
            number = self._n_meetings
            self._n_waiting += 1
            if self._n_waiting == self.size:
                self._n_waiting, self._n_meetings = 0, number + 1
                self._condition.notify_all()
            self._condition.wait_for(lambda: self._n_meetings > number or self._end)
            if self._n_meetings == number:
                raise RuntimeError(self._end)

    def leave(self, reason: str) -> None:
        """End the ranks that wait, or will wait, for one that has ended."""
        with self._condition:
            self._end = self._end or reason
            self._condition.notify_all()


class _Thread:
    """A rank that is a thread."""

    def __init__(self, rank: int, size: int, threads: _Threads) -> None:
        self.rank, self.size, self._threads = rank, size, threads

    def __deepcopy__(self, memo: Any) -> _Thread:
        return self  # scikit-learn clones what estimators are made with

    def sum(self, array: NDArray[Any]) -> None:
        arrays = self._exchanged(array)
        total = arrays[0].copy()
        for other in arrays[1:]:
            total += other
        self._threads.meet()  # all have read what is overwritten now
        array[...] = total

    def broadcast(self, array: NDArray[Any]) -> None:
        first = self._exchanged(array)[0].copy()
        self._threads.meet()
        array[...] = first

    def abort(self, reason: str) -> None:
        self._threads.leave(reason)

    def _exchanged(self, array: NDArray[Any]) -> list[Any]:
        self._threads.arrays[self.rank] = array
        self._threads.meet()
        return list(self._threads.arrays)


def run_threads(function: Callable[[Any], R], size: int) -> list[R]:
    """Call ``function(comm)`` on ranks that are threads of this process; return the results.

    For tests and trials of programs with `comm`, which need no MPI then; it is no faster than one
    process with several threads.

    Parameters
    ----------
    function : callable
        Receives a `Communicator`.
    size : int
        Number of ranks, at least 1.

    Raises
    ------
    Exception
        That of the first rank that failed; the others end with it.

    Examples
    --------
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> X, y = np.linspace(0, 1, 8)[:, np.newaxis], np.linspace(1, 3, 8)
    >>> def train(comm):
    ...     net = fm.Network([1, 1], seed=0)
    ...     net.fit(X[comm.rank::2], y[comm.rank::2], comm=comm, epochs=200, optimizer=fm.SGD(0.3))
    ...     return net.predict([[2.0]]).round(1).item()
    >>> fm.distributed.run_threads(train, 2)
    [5.0, 5.0]
    """
    try:
        size = check_int(size, "size", min=1)
    except InvalidArgument as error:
        raise error.named("run_threads") from None
    threads = _Threads(size)
    results: list[Any] = [None] * size
    failures: list[BaseException] = []

    def rank(index: int) -> None:
        comm = _Thread(index, size, threads)
        try:
            results[index] = function(comm)
        except BaseException as error:
            failures.append(error)
            threads.leave(f"rank {index} has failed: {error}")
        threads.leave(f"rank {index} has ended, but others wait for it")

    running = [threading.Thread(target=rank, args=(index,)) for index in range(size)]
    try:
        for thread in running:
            thread.start()
        _join(running)
    except BaseException as error:  # Ctrl-C
        threads.leave(f"the program was interrupted ({type(error).__name__})")
        _join(running)
        raise
    if failures:
        raise failures[0]
    return results


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        if thread.is_alive():  # and was started
            thread.join()

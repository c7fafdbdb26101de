"""The number of threads of one call, which other calls do not see."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from fastmlp import _core
from fastmlp._data.validation import check_int

MAX_THREADS = 1024
POOLS = ("concurrent.futures.thread", "multiprocessing.pool", "distributed.threadpoolexecutor")


def check_threads(value: Any, name: str = "n_threads") -> int | None:
    """Return a number of threads, or None where it is not limited."""
    return None if value is None else check_int(value, name, min=1, max=MAX_THREADS)


def limited(n_threads: int | None) -> AbstractContextManager[None]:
    """Return a context in which calls have at most so many threads; None changes nothing."""
    return nullcontext() if n_threads is None else _limit(n_threads)


@contextmanager
def _limit(n_threads: int) -> Iterator[None]:
    token = _core.thread_limit.set(n_threads)
    try:
        yield
    finally:
        _core.thread_limit.reset(token)


def is_worker() -> bool:
    """Return whether this thread, or process, is one of several that do tasks at once.

    Threads of pools, among them those of joblib, Dask and Optuna; processes of joblib and of
    multiprocessing's pools, unless OMP_NUM_THREADS has their share; workers of mpi4py.futures.
    """
    target = getattr(threading.current_thread(), "_target", None)  # of a thread that runs
    if getattr(target, "__module__", None) in POOLS or _has_mpi_tasks():
        return True
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and "OMP_NUM_THREADS" in os.environ:
        return False
    joblib: Any = sys.modules.get("joblib.parallel")
    if joblib is not None and joblib.get_active_backend()[0].nesting_level:
        return True
    processes: Any = sys.modules.get("multiprocessing.process")
    return processes is not None and bool(processes.current_process().daemon)


def _has_mpi_tasks() -> bool:
    futures: Any = sys.modules.get("mpi4py.futures")
    if futures is None:
        return False
    try:
        return futures.get_comm_workers() is not None
    except RuntimeError:  # of others than workers
        return False


_core.set_worker_check(is_worker)

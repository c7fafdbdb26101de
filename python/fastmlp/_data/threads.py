"""The number of threads of one call, which other calls do not see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from fastmlp import _core
from fastmlp._data.validation import check_int

MAX_THREADS = 1024


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

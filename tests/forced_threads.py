"""A number of threads for all native calls, also for small ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastmlp import _core


@contextmanager
def forced_threads(n_threads: int) -> Iterator[None]:
    _core.force_num_threads(n_threads)
    try:
        yield
    finally:
        _core.force_num_threads(0)

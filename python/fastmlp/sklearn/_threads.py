"""How many threads a call may use: the parameter, and those that joblib leaves."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any

from joblib.parallel import get_active_backend

from fastmlp._data.threads import limited as threads


def limited(n_threads: int | None) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which calls of the core use at most so many threads.

    Where joblib runs several tasks at once, as a grid search does, a task has one thread, unless
    joblib has told its process, by ``OMP_NUM_THREADS``, how many are its share.
    """
    if n_threads is None and _is_one_of_several():
        n_threads = 1
    return threads(n_threads)


def _is_one_of_several() -> bool:
    backend, _ = get_active_backend()
    if not backend.nesting_level:
        return False
    in_main = threading.current_thread() is threading.main_thread()
    return not (in_main and "OMP_NUM_THREADS" in os.environ)

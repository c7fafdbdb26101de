"""Threads, versions and the build in use."""

import platform
from contextlib import AbstractContextManager

import numpy as np

from fastmlp import _core
from fastmlp._core import loader
from fastmlp._data.threads import MAX_THREADS, limited
from fastmlp._data.validation import check_int, error_prefix
from fastmlp._version import __version__


@error_prefix("set_num_threads")
def set_num_threads(threads: int) -> None:
    """Set the maximum number of threads of a call.

    Parameters
    ----------
    threads : int
        At least 1. Fewer are used where the machine, its control group, OpenMP's limit (as
        threadpoolctl and joblib set it) or the size of the work allow no more. Results do not
        depend on it, bit for bit.

    Raises
    ------
    ValueError, TypeError
        Not a whole number of at least 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> before = fm.get_num_threads()
    >>> fm.set_num_threads(1)
    >>> fm.get_num_threads()
    1
    >>> fm.set_num_threads(before)
    """
    _core.set_num_threads(check_int(threads, "threads", min=1, max=MAX_THREADS))


@error_prefix("threads")
def threads(n: int) -> AbstractContextManager[None]:
    """Limit the threads of all calls inside a ``with`` block, instead of `set_num_threads`.

    The limit holds in this thread and context of Python alone, as those of the decimal module, so
    trainings in other threads do not see it. `fit`, `Trainer`, `predict`, `loss` and
    `value_and_grad` have it as the argument `n_threads`.

    Parameters
    ----------
    n : int
        At least 1; within another block it replaces that of the outer one. The other limits of
        `set_num_threads` hold all the same. Results do not depend on it, bit for bit.

    Returns
    -------
    context manager
        The limit holds until its block ends.

    Raises
    ------
    ValueError, TypeError
        Not a whole number of at least 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> with fm.threads(1):
    ...     fm.get_num_threads()
    1
    """
    return limited(check_int(n, "n", min=1, max=MAX_THREADS))


def get_num_threads() -> int:
    """Return the maximum number of threads of a call from this thread.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.get_num_threads() >= 1
    True
    """
    return int(_core.get_num_threads())


def show_config() -> None:
    """Print versions and the build of the core in use; to be added to bug reports.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.show_config()  # doctest: +ELLIPSIS
    fastmlp       ...
    python        3...
    numpy         2...
    isa           ... (installed: ...)
    ...
    """
    parts = {
        "fastmlp": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "isa": f"{_core.isa} (installed: {', '.join(loader.installed())})",
        **_core.config(),
    }
    width = max(map(len, parts)) + 2
    for name, value in parts.items():
        print(f"{name:{width}}{'not used' if value is None else value}")

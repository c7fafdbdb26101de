"""Threads, versions and the build in use."""

import platform

import numpy as np

from fastmlp import _core
from fastmlp._core import loader
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
    _core.set_num_threads(check_int(threads, "threads", min=1, max=1024))


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
    >>> fm.show_config()  # doctest: +SKIP
    fastmlp       0.1.0
    python        3.11.7
    numpy         2.4.6
    isa           v4 (installed: v4)
    compiler      GCC 12.2.0
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

"""What this installation is made of."""

import platform

import numpy as np

from . import _core
from ._core import loader


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
    from . import __version__

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

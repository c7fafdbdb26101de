"""Optional dependencies: imported at their first use, with advice if one is missing."""

from __future__ import annotations

import importlib
from typing import Any


def require(module: str, where: str, extra: str) -> Any:
    """Import `module`, or raise with the extra of fastmlp that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        name = module.partition(".")[0]
        package = "scikit-learn" if name == "sklearn" else name
        raise ImportError(
            f'{where} needs {package}; install it with: pip install "fastmlp[{extra}]"'
        ) from error

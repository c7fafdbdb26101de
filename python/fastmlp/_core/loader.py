"""Choose the build of the core that suits this processor."""

import os
from collections.abc import Collection
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from ._cpu import level as cpu_level

X86_64_LEVELS = {"v4": 4, "v3": 3, "v2": 2}  # best first
LEVELS = (*X86_64_LEVELS, "plain")


def installed() -> list[str]:
    """Return the levels this installation has a build for, best first."""
    return [level for level in LEVELS if find_spec(f"{__package__}._core_{level}") is not None]


def choose(present: Collection[str], processor: int, requested: str | None) -> str:
    """Return the level to load.

    Parameters
    ----------
    present : collection of str
        The levels that are installed.
    processor : int
        The x86-64 level of the processor, 0 where it is of another kind.
    requested : str or None
        The level requested by name; None for the best that runs.

    Raises
    ------
    ImportError
        If no level fits, or the requested one is unknown, absent or too high.

    Examples
    --------
    >>> choose(["v4", "v3", "v2"], processor=3, requested=None)
    'v3'
    """
    if requested is not None and requested not in LEVELS:
        raise ImportError(
            f"fastmlp: FASTMLP_ISA={requested!r} is not known; expected one of: {', '.join(LEVELS)}"
        )
    if requested is not None and requested not in present:
        raise ImportError(
            f"fastmlp: FASTMLP_ISA={requested!r} is not in this installation, "
            f"which has: {', '.join(present) or 'none'}"
        )
    candidates = LEVELS if requested is None else [requested]
    for level in candidates:
        if level in present and X86_64_LEVELS.get(level, 0) <= processor:
            return level
    raise ImportError(
        f"fastmlp: this processor is of x86-64 level {processor} (0: another kind), expected one "
        f"that runs {', '.join(candidates if requested else present) or 'any build'}; "
        "to build for it: pip install --force-reinstall --no-binary fastmlp fastmlp"
    )


def load() -> tuple[str, ModuleType]:
    """Import the build chosen, or the one named by the environment variable FASTMLP_ISA."""
    isa = choose(installed(), cpu_level(), os.environ.get("FASTMLP_ISA") or None)
    return isa, import_module(f"{__package__}._core_{isa}")

"""What `fit_many` says of networks that ended badly, or too early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastmlp._fit.plateau import MAX_EPOCHS
from fastmlp._fit.status import ADVICE, warn

SHOWN = 5  # numbers of networks in a warning


def warn_of_ends(histories: Sequence[Any], until_plateau: Sequence[bool]) -> None:
    """Warn once of networks that are not finite, and of those that were not at rest."""
    n, numbers = len(histories), range(len(histories))
    failed = [i for i in numbers if histories[i].status == "not_finite"]
    if failed:
        warn(
            f"fit_many: {len(failed)} of {n} networks ended because {ADVICE['not_finite']}; they "
            f"have the parameters before it: networks {_listed(failed)}"
        )
    moving = [i for i in numbers if until_plateau[i] and histories[i].status == "max_steps"]
    if moving:
        warn(
            f"fit_many: {len(moving)} of {n} networks were not at rest after {MAX_EPOCHS} epochs, "
            f"the bound of epochs=None; train again to go on from here, give more epochs=, or a "
            f"larger learning_rate: networks {_listed(moving)}"
        )


def _listed(numbers: Sequence[int]) -> str:
    more = ", ..." if len(numbers) > SHOWN else ""
    return ", ".join(map(str, numbers[:SHOWN])) + more

"""Statuses of a run with their advice, and warnings about a training."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1]) + os.sep

ADVICE = {
    "running": "the run has not ended",
    "converged": "the gradient or the progress is below its tolerance",
    "no_progress": "neither value nor gradient falls any more, by the precision of the dtype",
    "max_steps": "all steps or epochs were made; continue if the value still falls",
    "max_seconds": "the time was up; continue with a larger max_seconds",
    "stopped": "a callback stopped the run",
    "interrupted": "Ctrl-C or another exception ended the run; its epochs up to there are kept",
    "line_search_failed": "no step along the direction helped; try float64 or check the gradient",
    "not_descent": "the direction did not go downhill; check the gradient or add damping",
    "not_finite": "a value became nan or inf; try a smaller learning_rate or clip_norm, scale data",
}


class TrainingWarning(UserWarning):
    """A training that diverged, or that cannot succeed, without being a misuse.

    Examples
    --------
    >>> import warnings
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], seed=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", fm.TrainingWarning)
    ...     net.fit([[1.0]], [2.0], optimizer=fm.SGD(1e30), epochs=9)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    fastmlp.TrainingWarning: ...
    """


def warn(message: str, category: type[Warning] = TrainingWarning) -> None:
    """Issue a warning that points at the first line outside this package."""
    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)

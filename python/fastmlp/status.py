"""How a run ended, with advice: the words shared by `History` and the result of `minimize`."""

from __future__ import annotations

ADVICE = {
    "running": "the run has not ended",
    "converged": "the gradient or the progress is below its tolerance",
    "max_steps": "all steps or epochs were made; go on with more of them if the value still falls",
    "max_seconds": "the time was up; go on with a larger max_seconds",
    "stopped": "a callback stopped the run",
    "line_search_failed": "no step along the direction helped; try float64 or check the gradient",
    "not_descent": "the direction did not go downhill; check the gradient or add damping",
    "not_finite": "a value became nan or inf; try a smaller learning_rate or clip_norm",
}


class TrainingWarning(UserWarning):
    """A training that went wrong, or that cannot go right, without being a misuse."""

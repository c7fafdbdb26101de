"""Modules of 0.1.0 under their old names, which its pickles contain."""

from __future__ import annotations

import sys

from fastmlp import trainer
from fastmlp._data import views
from fastmlp._fit import callbacks, history, lr_finder, status

MOVED = {
    "callbacks": callbacks,
    "history": history,
    "rate_finder": lr_finder,
    "status": status,
    "views": views,
}


def register() -> None:
    """Make the old names importable; `Fit` was the trainer that a callback of `fit` received."""
    for name, module in MOVED.items():
        sys.modules[f"fastmlp.{name}"] = module
    vars(trainer)["Fit"] = trainer.Trainer

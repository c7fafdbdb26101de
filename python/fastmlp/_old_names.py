"""Modules of 0.1.0 under their old names, which its pickles contain."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from fastmlp import trainer

MOVED = {
    "callbacks": "fastmlp._fit.callbacks",
    "history": "fastmlp._fit.history",
    "minimize": "fastmlp.minimization",
    "rate_finder": "fastmlp._fit.lr_finder",
    "status": "fastmlp._fit.status",
    "views": "fastmlp._data.views",
}


class MovedModule(ModuleType):
    """A module that has moved, imported when something of it is read."""

    def __getattr__(self, name: str) -> object:
        """Return the public object of this name, or what the module of today has."""
        package = sys.modules["fastmlp"]
        if name in package.__all__:
            return getattr(package, name)
        return getattr(import_module(MOVED[self.__name__.removeprefix("fastmlp.")]), name)


def register() -> None:
    """Make the old names importable; `Fit` was the trainer that a callback of `fit` received."""
    for name in MOVED:
        sys.modules[f"fastmlp.{name}"] = MovedModule(f"fastmlp.{name}")
    vars(trainer)["Fit"] = trainer.Trainer

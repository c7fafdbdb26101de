"""Networks of fastmlp with shared parameters in other libraries, a module for each.

`step_of(net, X, y, rate)` returns a function that makes a step of SGD on the batch (n, *inputs),
with class indices y, from the network's parameters, and returns the mean cross-entropy before it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, Protocol, cast

import fastmlp as fm

Step = Callable[[], float]


class LayerPeer(Protocol):
    """A module of this package."""

    def step_of(self, net: fm.Network, X: Any, y: Any, rate: float) -> Step:
        """A step of this batch, from the parameters as they are now."""

    def version(self) -> str:
        """The library's version."""


def names() -> list[str]:
    """All peers, whether their library is installed or not."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def load(name: str) -> LayerPeer:
    """The peer of that name; ImportError where its library is absent."""
    return cast(LayerPeer, importlib.import_module(f"bench.layer_peers.{name}"))

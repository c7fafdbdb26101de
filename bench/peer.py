"""The interface of a peer: a module in bench/peers/ with `prepare`, and a runner made by it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Protocol, cast

import numpy as np

from bench import peers
from bench.workloads import Array, Problem, Weights

CHUNK = 2048  # rows a peer predicts at once, where that is faster for it than all together


def chunks(X: Array) -> list[Array]:
    """X in views of CHUNK rows."""
    return [X[start : start + CHUNK] for start in range(0, len(X), CHUNK)]


def joined(parts: list[Array]) -> Array:
    """The outputs of all chunks in one array; a single one is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def batches(problem: Problem) -> Iterator[slice | Array]:
    """One index per batch of an epoch: a slice of consecutive rows, or a range of the order."""
    size = problem.workload.batch
    for start in range(0, problem.workload.samples, size):
        rows = slice(start, start + size)
        yield rows if problem.order is None else problem.order[rows]


class Unsupported(Exception):
    """The peer cannot do this workload; the text is the reason."""


class Runner(Protocol):
    """A problem made ready in one library."""

    def run(self, repeats: int) -> None:
        """Whole epochs of training, or calls of predict; returns when the work is done."""

    def weights(self) -> Weights:
        """The weights as they are now (training only)."""

    def outputs(self) -> Array:
        """The network's outputs for all rows (inference only)."""


class Peer(Protocol):
    """A module in bench/peers/."""

    def prepare(self, problem: Problem, threads: int) -> Runner:
        """Copy the data and the initial weights into the library, or raise Unsupported."""

    def version(self) -> str:
        """The library's version."""


def names() -> list[str]:
    """All peers, whether their library is installed or not."""
    return [module.name for module in pkgutil.iter_modules(peers.__path__)]


def load(name: str) -> Peer:
    """The peer of that name; ImportError where its library is absent."""
    return cast(Peer, importlib.import_module(f"bench.peers.{name}"))

"""torch.compile of the modules of `torch_eager`."""

from __future__ import annotations

from typing import Any

import torch

import fastmlp as fm
from bench.layer_peers import Step, torch_eager
from bench.layer_peers.torch_eager import version

__all__ = ["step_of", "version"]


def step_of(net: fm.Network, X: Any, y: Any, rate: float) -> Step:
    return torch_eager.step_by(torch.compile(torch_eager.network(net)), net, X, y, rate)

"""`fm.from_torch` of states that have no counterpart, and of tensors without values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import fastmlp as fm

torch = pytest.importorskip("torch")
nn = torch.nn


class Written(nn.Module):  # type: ignore[misc, name-defined]
    """Recurrent layers, 3 to 4, a layer behind them, and a forward of its own."""

    def __init__(self, forward: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.steps, self.a = forward, nn.Linear(4, 2)
        self.lstm, self.gru = (kind(3, 4, batch_first=True) for kind in (nn.LSTM, nn.GRU))

    def forward(self, x: Any) -> Any:
        return self.steps(self, x)


def cell(m: Any, x: Any) -> Any:
    return m.lstm(x)[1][1]


CELL, ALL = "the cell state of an LSTM has no count", "the last states of all layers together, exp"
REFUSED: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "the last cell": (lambda m, x: m.a(cell(m, x)[-1]), rf"\(getitem\): {CELL}"),
    "all cells": (lambda m, x: m.a(cell(m, x)), rf"\(Linear\): {CELL}"),
    "a method": (lambda m, x: m.a(cell(m, x).squeeze(0)), rf"\(squeeze\): {CELL}"),
    "returned": (cell, CELL),
    "all states": (lambda m, x: m.a(m.gru(x)[1]), rf"\(Linear\): {ALL}"),
    "squeezed": (lambda m, x: m.a(m.gru(x)[1].squeeze(0)), rf"\(squeeze\): {ALL}"),
    "states returned": (lambda m, x: m.lstm(x)[1][0], ALL),
}


@pytest.mark.parametrize("name", REFUSED)
def test_states_without_counterpart_are_refused_by_what_they_are(name: str) -> None:
    forward, message = REFUSED[name]
    with pytest.raises(ValueError, match=r"^fm\.from_torch: .*" + message):
        fm.from_torch(Written(forward), (5, 3))


def test_tensors_without_values_are_refused() -> None:
    """Those of a layer, of its state_dict and of a recurrence on the device meta."""
    text = "a tensor is on the device meta, expected one with values"
    layer, cells = nn.Linear(3, 2, device="meta"), nn.GRU(3, 2, device="meta")
    with pytest.raises(ValueError, match=rf"^fm\.from_torch: module '_0' \(Linear\): {text}"):
        fm.from_torch(layer)
    with pytest.raises(ValueError, match=rf"^fm\.from_torch: {text}"):
        fm.from_torch(layer.state_dict())
    with pytest.raises(ValueError, match=rf"^fm\.from_torch: module '_0' \(GRU\): {text}"):
        fm.from_torch(cells, (5, 3))

"""Files take no memory beyond what they have themselves."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from file_cases import with_specification, with_tensors


def test_reading_takes_memory_for_the_file_alone(tmp_path: Path) -> None:
    """Python's part: its bytes, of which arrays are views, and address space for the network."""
    fm.Network([500, 1000, 10], seed=0).save(tmp_path / "model")
    size = (tmp_path / "model").stat().st_size
    tracemalloc.start()
    try:
        fm.load(tmp_path / "model")
        assert tracemalloc.get_traced_memory()[1] < 2.1 * size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("optimizer", [fm.LBFGS(), fm.BFGS()], ids=["lbfgs", "bfgs"])
def test_states_that_the_file_does_not_have_take_no_memory(tmp_path: Path, optimizer: Any) -> None:
    good = tmp_path / "trainer"
    fm.Trainer(fm.Network([2, 1]), optimizer=optimizer).save(good)

    def larger(values: dict[str, Any]) -> None:
        values["optimizer"]["history_size"] = 10**10

    def smaller(tensors: dict[str, Any]) -> None:
        name = next(name for name in tensors if tensors[name].size > 3)
        tensors[name] = tensors[name][:-1]

    cases = [(with_tensors(good, smaller), r"optimizer\.\w+ has shape")]
    if isinstance(optimizer, fm.LBFGS):
        cases.append((with_specification(good, larger), r"expected \(30000000000,\)"))
    for text, words in cases:
        good.write_bytes(text)
        with pytest.raises(fm.ModelFileError, match=words):
            fm.Trainer.load(good)

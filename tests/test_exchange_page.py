"""docs/exchange.md with its blocks of onnx and torch (```py), which other tests leave out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

for library in ("torch", "onnx", "onnxruntime", "skl2onnx", "sklearn"):
    pytest.importorskip(library)
PAGE = Path(__file__).parents[1] / "docs" / "exchange.md"


def test_the_code_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It asserts that outputs agree."""
    if not PAGE.exists():
        pytest.skip("the pages are not here")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```py\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), names)
    assert type(names["ours"].layers[0]).__name__ == "Conv2D"

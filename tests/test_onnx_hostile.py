"""Hostile ONNX files: `fm.ModelFileError` with the node's name, and no memory beyond the file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

onnx = pytest.importorskip("onnx")

from hostile_onnx import MODELS, external  # noqa: E402  needs onnx


@pytest.mark.parametrize("name", MODELS)
def test_a_hostile_file_is_refused_by_its_node(name: str, tmp_path: Path) -> None:
    """One sentence with the file, the node and the reason; memory as of a small file."""
    make, message = MODELS[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(make().SerializeToString())
    fm.from_onnx  # noqa: B018  imported before memory is measured
    tracemalloc.start()
    try:
        with pytest.raises(fm.ModelFileError) as caught:
            fm.from_onnx(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert text.startswith(f"fm.from_onnx: {str(path)!r} cannot be read: ")
    assert message in text
    assert peak < 10e6 + 20 * path.stat().st_size


def test_there_are_a_hundred_of_them() -> None:
    assert len(MODELS) > 100


def test_no_other_file_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(external(lambda m: m.graph.initializer[0]).SerializeToString())
    opened: list[Any] = []
    real = open
    monkeypatch.setattr("builtins.open", lambda *a, **k: (opened.append(a[0]), real(*a, **k))[1])
    with pytest.raises(fm.ModelFileError):
        fm.from_onnx(path)
    assert opened == [path]


def mutants(text: bytes, n: int) -> Iterator[bytes]:
    random = np.random.default_rng(0)
    for _ in range(n):
        out = bytearray(text)
        for _ in range(int(random.integers(1, 5))):
            at = int(random.integers(len(out)))
            kind = int(random.integers(3))
            if kind == 0:
                out[at] = int(random.integers(256))
            elif kind == 1:
                del out[at : at + int(random.integers(1, 9))]
            else:
                out[at:at] = out[at : at + int(random.integers(1, 30))]
        yield bytes(out)


def check_mutants(net: fm.Network, path: Path, n: int) -> None:
    text = net.to_onnx().SerializeToString()
    stripped = onnx.ModelProto.FromString(text)
    del stripped.metadata_props[:]
    for source in (text, stripped.SerializeToString()):
        for mutant in mutants(source, n):
            path.write_bytes(mutant)
            try:
                read = fm.from_onnx(path)
            except fm.ModelFileError:
                continue
            if read.n_inputs < 10**6:
                read.predict(np.ones((2, *read.input_shape)))


def small_nets() -> Iterator[fm.Network]:
    first = fm.Conv1D(2, 2, "selu")
    yield fm.Network([first, fm.MaxPool1D(2), fm.Dense(2, "softmax")], inputs=(5, 2), seed=0)
    yield fm.Network([fm.Bidirectional(fm.GRU(2)), fm.Dense(1)], inputs=(3, 2), seed=0)


def test_damaged_files_are_refused_or_read(tmp_path: Path) -> None:
    for net in small_nets():
        check_mutants(net, tmp_path / "model.onnx", 100)


@pytest.mark.slow
def test_many_damaged_files_are_refused_or_read(tmp_path: Path) -> None:
    for net in small_nets():
        check_mutants(net, tmp_path / "model.onnx", 10_000)

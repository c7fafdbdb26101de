"""Damaged, foreign and hostile files: a `ModelFileError`, or the identical model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from file_cases import (
    FILES,
    is_refused_or_identical,
    outcome,
    parts,
    read,
    with_header,
    with_specification,
    with_tensors,
    with_text,
    write_files,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


def refused(good: Path, text: bytes, words: str = "cannot be read") -> None:
    assert is_refused_or_identical(good, text)
    bad = good.parent / f"bad {good.name}"
    with pytest.raises(fm.ModelFileError, match=words):
        read(bad)


def leaves(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all entries of nested dictionaries and lists."""
    for key in values if isinstance(values, dict) else range(len(values)):
        yield (*path, key)
        if isinstance(values[key], (dict, list)):
            yield from leaves(values[key], (*path, key))


def replaced(values: Any, path: tuple[Any, ...], change: Callable[[Any, Any], object]) -> None:
    for key in path[:-1]:
        values = values[key]
    change(values, path[-1])


WRONG = [None, True, -1, 2**40, 10**400, 1.5, 1e999, "", "x", [], [[]], {}, {"name": "x"},
         {"$tensor": "layers.0.bias"}, {"$float": "nan"}, {"$float": "1"}, {"$python": "os.system"},
         {"$list": "x"}, {"$texts": [1], "dtype": "V"}]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("error")
def test_specifications_that_lie_are_refused_or_valid(folder: Path, name: str) -> None:
    """With a right digest, every entry missing or replaced by everything wrong."""
    good = folder / name
    values = json.loads(parts(good)[0]["__metadata__"]["specification"])
    bad = folder / f"bad {name}"
    n_refused = n_all = 0
    for path in leaves(values):
        changes: list[Callable[[Any, Any], object]] = [lambda owner, key: owner.pop(key)]
        changes += [lambda owner, key, v=v: owner.__setitem__(key, v) for v in WRONG]
        for change in changes:
            try:
                text = with_specification(good, lambda v, c=change, p=path: replaced(v, p, c))
            except ValueError:
                continue
            bad.write_bytes(text)
            n_all += 1
            n_refused += bool(outcome(bad)[0])
    assert n_refused > 0.8 * n_all


def entries(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], bytes]:
    """A change of the header's dictionary."""

    def made(good: Path) -> bytes:
        header, rest = parts(good)
        change(header)
        return with_header(header, rest)

    return made


def text_of(change: Callable[[str], str]) -> Callable[[Path], bytes]:
    def made(good: Path) -> bytes:
        header, rest = parts(good)
        return with_header(change(json.dumps(header)), rest)

    return made


def swapped(tensors: dict[str, Any], one: str, other: str) -> None:
    tensors[one], tensors[other] = tensors[other], tensors[one]


def swapped_places(header: dict[str, Any]) -> None:
    one, other = header["layers.0.weight"], header["layers.2.weight"]
    swapped_offsets = other["data_offsets"], one["data_offsets"]
    one["data_offsets"], other["data_offsets"] = swapped_offsets


W, B = "layers.0.weight", "layers.0.bias"
KINDS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "duplicate": (text_of(lambda t: '{"__metadata__":{},' + t[1:]), "comes twice"),
    "duplicate in an entry": (
        text_of(lambda t: t.replace('"shape"', '"shape": [1], "shape"', 1)), "comes twice"),
    "nan": (text_of(lambda t: t.replace("[2, 2]", "[NaN, 2]", 1)), "NaN is no JSON"),
    "digits": (text_of(lambda t: t.replace("[2, 2]", f"[{'2' * 5000}, 2]", 1)), "digit"),
    "large": (text_of(lambda t: t.replace("[2, 2]", f"[{'2' * 4000}, 2]", 1)), "lies at"),
    "deep": (text_of(lambda t: '{"a":' * 100_000 + t), "recursion"),
    "duplicate in the specification": (
        lambda p: with_text(p, lambda t: '{"seed":1,' + t[1:]), "comes twice"),
    "nan in the specification": (
        lambda p: with_text(p, lambda t: t.replace('"seed":0', '"seed":NaN')), "NaN is no JSON"),
    "digits in the specification": (
        lambda p: with_text(p, lambda t: t.replace('"seed":0', f'"seed":{"2" * 5000}')), "digit"),
    "deep specification": (
        lambda p: with_text(p, lambda t: t.replace('"seed":0', f'"seed":{"[" * 10**5}')),
        "recursion"),
    "no specification": (lambda p: with_text(p, lambda t: t[:-1]), "cannot be read"),
    "a list": (text_of(lambda t: "[]"), "do not begin as"),
    "no metadata": (entries(lambda h: h.pop("__metadata__")), "of another program"),
    "metadata of numbers": (
        entries(lambda h: h["__metadata__"].update(version=1)), "no texts"),
    "metadata of another": (
        entries(lambda h: h.update(__metadata__={"format": "pt"})), "format='pt'"),
    "newer": (entries(lambda h: h["__metadata__"].update(version="2", fastmlp="9.1")),
              r"reads 1; install fastmlp 9\.1 or later"),
    "digest": (entries(lambda h: h["__metadata__"].update(sha256="0" * 64)), "their digest"),
    "no digest": (entries(lambda h: h["__metadata__"].pop("sha256")), "their digest"),
    "hole": (entries(lambda h: h[B].update(data_offsets=[17, 25])), "lies at"),
    "shape": (entries(lambda h: h[W].update(shape=[2, 3])), "lies at"),
    "negative": (entries(lambda h: h[W].update(shape=[-2, -2])), "integers >= 0"),
    "empty": (entries(lambda h: h.update(x={"dtype": "F32", "shape": [0, 2**62, 2**62],
                                            "data_offsets": [0, 0]})), "cannot be read"),
    "dtype": (entries(lambda h: h[W].update(dtype="BF16")), "BF16"),
    "floats": (entries(lambda h: h[W].update(shape=[2.0, 2])), "integers >= 0"),
    "booleans": (entries(lambda h: h[B].update(shape=[2, True])), "integers >= 0"),
    "unknown entry": (entries(lambda h: h[W].update(strides=[1])), "strides"),
    "no entry": (entries(lambda h: h.update({W: 1})), "cannot be read"),
    "swapped places": (entries(swapped_places), "their digest"),
    "unknown tensor": (lambda p: with_tensors(p, lambda t: t.update(x=np.ones(1))), "'x'"),
    "missing tensor": (lambda p: with_tensors(p, lambda t: t.pop(B)), "cannot be read"),
    "wrong shape": (lambda p: with_tensors(p, lambda t: swapped(t, W, B)), "has shape"),
    "wrong dtype": (lambda p: with_tensors(
        p, lambda t: t.update({W: t[W].view(np.int32)})), "in the network's dtype"),
    "layers that do not chain": (lambda p: with_specification(
        p, lambda v: v["layers"][2].update(units=3)), "12 elements, expected 15"),
    "more inputs": (lambda p: with_specification(
        p, lambda v: v.update(inputs=10**9)), "expected 2000000008"),
    "more units": (lambda p: with_specification(
        p, lambda v: v["layers"][0].update(units=10**15)), "cannot be read"),
    "unknown layer": (lambda p: with_specification(
        p, lambda v: v["layers"][0].update(kind="os.system")), "os.system"),
    "other object": (lambda p: with_specification(
        p, lambda v: v.update(format="fastmlp.trainer")), "'fastmlp.trainer'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_bad_files_are_refused_with_what_is_wrong(folder: Path, kind: str) -> None:
    make, words = KINDS[kind]
    refused(folder / "network", make(folder / "network"), words)


@pytest.mark.parametrize("size", [2**63, 2**64 - 1, 2**32, 10**8, 8, 0])
def test_headers_of_a_wrong_length_are_refused(folder: Path, size: int) -> None:
    text = size.to_bytes(8, "little") + (folder / "network").read_bytes()[8:]
    refused(folder / "network", text)


@pytest.mark.parametrize("text", [b"", b"\x89PNG\r\n", b"\x80\x04\x95", b"PK\x03\x04", b"{}"])
def test_foreign_files_are_refused(folder: Path, text: bytes) -> None:
    refused(folder / "network", text + b"\0" * 99, "do not begin as those of safetensors")


def test_a_file_of_safetensors_alone_is_of_another_program(folder: Path) -> None:
    save = pytest.importorskip("safetensors.numpy").save
    refused(folder / "network", save({"x": np.ones(2)}), "of another program")


def test_a_network_is_no_trainer(folder: Path) -> None:
    with pytest.raises(fm.ModelFileError, match=r"^Trainer\.load: .*expected 'fastmlp.trainer'"):
        fm.Trainer.load(folder / "network")

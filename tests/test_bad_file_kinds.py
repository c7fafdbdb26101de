"""Twelve kinds of bad files, each of 25 random networks: refused, in twice the file's memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from file_cases import (
    Random,
    is_refused_or_identical,
    one_of,
    parts,
    random_net,
    with_header,
    with_specification,
    with_tensors,
    with_text,
)
from test_file_memory import SLACK, needs_peaks, peaks

N_FILES = 25  # of each kind
NUMBER = re.compile(r"(?<=[\[:, ])\d+(?=[,\]}])")


def with_number(text: str, random: Random, new: str) -> str:
    """A text of JSON in which a number, any of them, is another."""
    place = one_of(random, *NUMBER.finditer(text))
    return text[: place.start()] + new + text[place.end() :]


def of_header_or_specification(
    change: Callable[[str, Random], str],
) -> Callable[[Path, Random], bytes]:
    """A change of either text, of the latter with a digest that is right."""

    def made(good: Path, random: Random) -> bytes:
        if random.integers(2):
            return with_text(good, lambda text: change(text, random))
        header, rest = parts(good)
        return with_header(change(json.dumps(header), random), rest)

    return made


def of_entry(
    change: Callable[[dict[str, Any], dict[str, Any], Random], object],
) -> Callable[[Path, Random], bytes]:
    """A change of the entry of a tensor in the header."""

    def made(good: Path, random: Random) -> bytes:
        header, rest = parts(good)
        name = one_of(random, *(name for name in header if name != "__metadata__"))
        change(header, header[name], random)
        return with_header(header, rest)

    return made


def twice(text: str, random: Random) -> str:
    """A key of the first object comes twice."""
    key, value = one_of(random, *json.loads(text).items())
    return f"{{{json.dumps(key)}:{json.dumps(value)}," + text[1:]


def nested(text: str, random: Random) -> str:
    depth = int(10 ** random.uniform(5, 6))
    return with_number(text, random, one_of(random, "[" * depth, '{"a":' * depth))


def shape_lie(header: dict[str, Any], entry: dict[str, Any], random: Random) -> None:
    axis = int(random.integers(len(entry["shape"])))
    entry["shape"][axis] = one_of(random, 0, 2**31, 2**62, entry["shape"][axis] + 1)


def offset_lie(header: dict[str, Any], entry: dict[str, Any], random: Random) -> None:
    end = int(random.integers(2))
    entry["data_offsets"][end] = one_of(random, 2**62, entry["data_offsets"][end] + 4, 1)


def unknown_name(values: dict[str, Any], random: Random) -> None:
    layer = one_of(random, *values["layers"])
    key = one_of(random, *layer)
    one_of(
        random,
        lambda: layer.update(kind="os.system"),
        lambda: layer.update({f"{key}_": layer.pop(key)}),
        lambda: values.update(format="builtins.eval"),
        lambda: values.update(dtype="float128"),
        lambda: values["parameters"].update(more={"$tensor": "no such tensor"}),
    )()


def unchained(values: dict[str, Any], random: Random) -> None:
    """A layer of more outputs than its parameters, or other ones than the next layer reads."""
    wide = [layer for layer in values["layers"] if {"units", "filters"} & set(layer)]
    layer = one_of(random, *wide)
    name = "units" if "units" in layer else "filters"
    layer[name] += one_of(random, 1, 5, 10**6, 10**12)


def swapped(good: Path, random: Random) -> bytes:
    """Two tensors change their places, shapes or names; the digest is that of the file before."""
    header, rest = parts(good)
    first, second = random.choice([n for n in header if n != "__metadata__"], 2, replace=False)
    header[first], header[second] = header[second], header[first]
    return with_header(header, rest)


def flipped(good: Path, random: Random) -> bytes:
    text = bytearray(good.read_bytes())
    text[int(random.integers(len(text)))] ^= 1 << int(random.integers(8))
    return bytes(text)


KINDS: dict[str, Callable[[Path, Random], bytes]] = {
    "duplicate keys": of_header_or_specification(twice),
    "truncation": lambda path, random: path.read_bytes()[: random.integers(path.stat().st_size)],
    "shape lies": of_entry(shape_lie),
    "offset lies": of_entry(offset_lie),
    "header's length": lambda path, random: (
        one_of(random, 2**63, 2**64 - 1, 2**40, path.stat().st_size).to_bytes(8, "little")
        + path.read_bytes()[8:]
    ),
    "deep JSON": of_header_or_specification(nested),
    "5000 digits": of_header_or_specification(
        lambda text, random: with_number(text, random, "9" * 5000)
    ),
    "not a number": of_header_or_specification(
        lambda text, random: with_number(text, random, one_of(random, "NaN", "-Infinity"))
    ),
    "unknown names": lambda path, random: with_specification(
        path, lambda values: unknown_name(values, random)
    ),
    "layers that do not chain": lambda path, random: with_specification(
        path, lambda values: unchained(values, random)
    ),
    "swapped tensors": swapped,
    "a flipped bit": flipped,
}


def bad_file(folder: Path, kind: str, seed: int) -> tuple[Path, bytes]:
    """A random network's file with two tensors at least, and the bytes of a bad one."""
    random = np.random.default_rng([seed, list(KINDS).index(kind)])
    net = random_net(seed)
    net.note = 1.5, 2.5
    good = folder / f"{seed}"
    net.save(good)
    return good, KINDS[kind](good, random)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_bad_file_of_random_networks_is_refused(tmp_path: Path, kind: str) -> None:
    for seed in range(N_FILES):
        assert is_refused_or_identical(*bad_file(tmp_path, kind, seed)), seed


@needs_peaks
def test_bad_files_take_memory_of_twice_their_size(tmp_path: Path) -> None:
    """And copies of their JSON, as texts and on their way to the digest."""
    fm.Trainer(fm.Network([2, 1])).save(small := tmp_path / "small trainer")
    paths = []
    for kind in KINDS:
        for seed in range(N_FILES):
            paths.append(tmp_path / f"bad {len(paths)}")
            paths[-1].write_bytes(bad_file(tmp_path, kind, seed)[1])
    for path, (peak, outcome) in zip(paths, peaks(small, paths), strict=True):
        assert outcome != "read"
        n_bytes = path.stat().st_size
        json_bytes = min(n_bytes, int.from_bytes(path.read_bytes()[:8], "little"))
        assert peak < 2 * n_bytes + 3 * json_bytes + SLACK, (path.name, outcome[:200])


def test_the_random_networks_have_every_layer() -> None:
    """And every kind of value that a layer may have more than one of."""
    nets = [random_net(seed) for seed in range(200)]
    layers = [layer for net in nets for layer in net.layers]
    assert {type(layer) for layer in layers} == set(_core.layers.values())
    for name in ("bidirectional", "sequences", "bias", "transposed"):
        assert {getattr(layer, name) for layer in layers if hasattr(layer, name)} == {True, False}
    recurrent = {layer.name for layer in layers if getattr(layer, "bidirectional", False)}
    assert recurrent == {"recurrent", "gru", "lstm"}
    assert {net.dtype.name for net in nets} == {"float32", "float64"}


def test_tensors_of_one_file_in_another_are_refused(tmp_path: Path) -> None:
    """Of another shape, in the order of another library, or of another precision."""
    good = tmp_path / "good"
    fm.Network([fm.Conv2D(2, (1, 3)), fm.Dense(4)], inputs=(4, 5, 2), seed=0).save(good)
    name = "layers.0.weight"
    for change in (
        lambda tensors: tensors.update({name: np.moveaxis(tensors[name], -1, 1)}),
        lambda tensors: tensors.update({name: tensors[name].ravel()}),
        lambda tensors: tensors.update({name: tensors[name].astype(np.float64)}),
        lambda tensors: tensors.update({name: tensors[name].view(np.uint32)}),
    ):
        text = with_tensors(good, lambda tensors, change=change: change(tensors))  # type: ignore[misc]
        (tmp_path / "bad").write_bytes(text)
        with pytest.raises(fm.ModelFileError, match=r"layers\.0\.weight has shape"):
            fm.load(tmp_path / "bad")

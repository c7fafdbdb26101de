"""Damaged, foreign and hostile files: a `ModelFileError`, or the identical model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from file_cases import bits, data, parts, random_net, with_header, with_specification, with_tensors

FILES = ("network", "trainer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network and a small trainer in files."""
    folder: Path = tmp_path_factory.mktemp("files")
    layers = [fm.Dense(2, "tanh"), fm.Dropout(0.5), fm.Dense(2)]
    net = fm.Network(layers, inputs=2, seed=0)
    net.save(folder / "network")
    trainer = fm.Trainer(net, optimizer=fm.Adam(average=fm.Polyak()))
    trainer.run(*data(net), epochs=2)
    trainer.save(folder / "trainer")
    return folder


def read(path: Path) -> Any:
    """What a file contains, comparable."""
    if "trainer" in path.name:
        one = fm.Trainer.load(path)
        state = {name: values.tobytes() for name, values in one.state.items()}
        return repr(one), state, one.last_parameters.tobytes(), bits(one.network)
    return bits(fm.load(path))


def outcome(path: Path) -> tuple[str, Any]:
    """The message where a file is refused, "" where it is not; and what it contains."""
    try:
        return "", read(path)
    except fm.ModelFileError as error:
        return str(error), None


def is_refused_or_identical(good: Path, text: bytes) -> bool:
    """Return whether it is refused; with path, what was read, and what was expected."""
    bad = good.parent / f"bad {good.name}"
    bad.write_bytes(text)
    message, found = outcome(bad)
    if message:
        assert f"{str(bad)!r} cannot be read: " in message
    else:
        assert found == read(good)
    return bool(message)


def refused(good: Path, text: bytes, words: str = "cannot be read") -> None:
    assert is_refused_or_identical(good, text)
    bad = good.parent / f"bad {good.name}"
    with pytest.raises(fm.ModelFileError, match=words):
        read(bad)


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_refused(folder: Path, name: str) -> None:
    text = (folder / name).read_bytes()
    for size in range(len(text)):
        assert is_refused_or_identical(folder / name, text[:size])
    assert is_refused_or_identical(folder / name, text + b"\0")


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_of_any_byte_is_refused_or_without_effect(folder: Path, name: str) -> None:
    """Only bits of white space, or of the case of hexadecimal digits, could have none."""
    text = bytearray((folder / name).read_bytes())
    n_without = 0
    for place in range(len(text)):
        for bit in {place % 8, (place + 5) % 8}:
            text[place] ^= 1 << bit
            n_without += not is_refused_or_identical(folder / name, bytes(text))
            text[place] ^= 1 << bit
    assert n_without == 0


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "copy"]), st.integers(0), st.binary(max_size=9)
    ),
    min_size=1,
    max_size=4,
)


def edited(text: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    out = bytearray(text)
    for kind, place, piece in edits:
        at = place % (len(out) + 1)
        if kind == "set":
            out[at : at + len(piece)] = piece
        elif kind == "insert":
            out[at:at] = piece
        elif kind == "delete":
            del out[at : at + len(piece)]
        else:
            out[at:at] = out[at // 2 : at // 2 + 8 * len(piece)]
    return bytes(out)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(FILES), edits=EDITS)
def test_mutants_are_refused_or_identical(folder: Path, name: str, edits: Any) -> None:
    is_refused_or_identical(folder / name, edited((folder / name).read_bytes(), edits))


@pytest.mark.slow
def test_100_000_mutants_are_refused_or_identical(folder: Path) -> None:
    random = np.random.default_rng(0)
    texts = {name: (folder / name).read_bytes() for name in FILES}
    for _ in range(100_000):
        name = str(random.choice(FILES))
        kinds = random.choice(["set", "insert", "delete", "copy"], size=random.integers(1, 5))
        edits = [
            (str(kind), int(random.integers(2**31)), random.bytes(int(random.integers(9))))
            for kind in kinds
        ]
        is_refused_or_identical(folder / name, edited(texts[name], edits))


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
        p, lambda v: v["layers"][2].update(units=3)), r"shape \(2, 2\), expected \(3, 2\)"),
    "more inputs": (lambda p: with_specification(
        p, lambda v: v.update(inputs=10**9)), r"expected \(2, 1000000000\)"),
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


@pytest.mark.parametrize("seed", range(300))
def test_a_changed_byte_of_a_random_network_is_refused(tmp_path: Path, seed: int) -> None:
    random, good = np.random.default_rng(seed), tmp_path / "network"
    random_net(seed).save(good)
    text = bytearray(good.read_bytes())
    text[int(random.integers(len(text)))] ^= int(random.integers(1, 256))
    is_refused_or_identical(good, bytes(text))

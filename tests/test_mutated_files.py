"""Files cut short, with flipped bits or edited at random: refused, or the identical model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_cases import FILES, is_refused_or_identical, random_net, write_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_refused(folder: Path, name: str) -> None:
    text = (folder / name).read_bytes()
    for size in range(len(text)):
        assert is_refused_or_identical(folder / name, text[:size])
    assert is_refused_or_identical(folder / name, text + b"\0")


def flipped_without_effect(good: Path, bits_of: Callable[[int], Iterable[int]]) -> int:
    """Return how many flips of these bits of a byte, by its place, are not refused."""
    text, n_without = bytearray(good.read_bytes()), 0
    for place in range(len(text)):
        for bit in bits_of(place):
            text[place] ^= 1 << bit
            n_without += not is_refused_or_identical(good, bytes(text))
            text[place] ^= 1 << bit
    return n_without


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_of_any_byte_is_refused(folder: Path, name: str) -> None:
    assert flipped_without_effect(folder / name, lambda place: [place % 8]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_any_flipped_bit_is_refused_or_without_effect(folder: Path, name: str) -> None:
    """Only a bit between a space and another white space could have none."""
    assert flipped_without_effect(folder / name, lambda _: range(8)) <= 8


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


@pytest.mark.parametrize("seed", range(300))
def test_a_changed_byte_of_a_random_network_is_refused(tmp_path: Path, seed: int) -> None:
    random, good = np.random.default_rng(seed), tmp_path / "network"
    random_net(seed).save(good)
    text = bytearray(good.read_bytes())
    text[int(random.integers(len(text)))] ^= int(random.integers(1, 256))
    is_refused_or_identical(good, bytes(text))

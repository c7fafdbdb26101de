"""Generated input: what is accepted equals its clean copy bit for bit, the rest changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bad_input import DEFECTS, FORMS, SLOTS, Slot, Subject, bits, fingerprint, is_well_formed
from reference import Array

N_CASES, N_FIXED, BLOCK = 2000, 300, 50
NEVER_READ = (  # refused by the kind of the value, for any clean copy
    "masked", "sparse", "ragged", "has dtype", "has column", "is of type", "is too large",
    "would take", "cannot be read",
)  # fmt: skip
SMALL_DEFECTS = [name for name in DEFECTS if name != "too many"]  # a clean copy has to fit


def blocks() -> list[Any]:
    """A fixed sample for every run, all of them for the long one."""
    return [
        pytest.param(start, marks=[pytest.mark.slow] if start >= N_FIXED else [])
        for start in range(0, N_CASES, BLOCK)
    ]


def generated(rng: np.random.Generator) -> tuple[Slot, str, Any]:
    """An argument, a dtype of the network, and a value for it: fitting or not, in any form."""
    slot = SLOTS[rng.choice(list(SLOTS))]
    dtype = str(rng.choice(["float32", "float64"]))
    array = reshaped(rng, revalued(rng, slot.good))
    if rng.random() < 0.2:
        return slot, dtype, DEFECTS[rng.choice(SMALL_DEFECTS)][0](slot.good)
    value: Any = array
    for form in rng.choice(list(FORMS), rng.integers(0, 4)):
        if isinstance(value, np.ndarray) and (value.ndim in (1, 2) and value.size):
            with np.errstate(all="ignore"):
                value = FORMS[form](value)
    return slot, dtype, value


def revalued(rng: np.random.Generator, good: Array) -> Array:
    """Other numbers of the same shape, seldom special ones."""
    array = good.copy() if rng.random() < 0.5 else rng.choice([0.0, 0.5, 1.0], good.shape)
    if rng.random() < 0.3:
        special = [np.nan, np.inf, -np.inf, -1.0, 3.0, 1e39, -1e300, 5e-324, -0.0, 65504.0]
        array.flat[rng.integers(array.size)] = rng.choice(special)
    return array


def reshaped(rng: np.random.Generator, array: Array) -> Array:
    """Mostly the shape that fits, else a neighbouring one."""
    changes = [
        lambda a: a[:-1],
        lambda a: a[:1],
        lambda a: a[:0],
        lambda a: a[0],
        lambda a: a[..., None],
        lambda a: a[None],
        lambda a: a.T,
        lambda a: a.ravel(),
        lambda a: np.concatenate([a, a]),
        lambda a: np.concatenate([a, a], axis=-1),
    ]
    return changes[rng.integers(len(changes))](array) if rng.random() < 0.3 else array


def outcome(slot: Slot, dtype: str, value: Any) -> tuple[object, str, Exception | None]:
    """(bits of the result, state afterwards, error) of a call on a fresh subject."""
    subject = Subject(dtype)
    before = subject.state()
    result: object = None
    refused: Exception | None = None
    try:
        result = bits(slot.call(subject, value))
    except (ValueError, TypeError) as error:
        refused = error
    assert refused is None or subject.state() == before, f"changed by a refusal: {refused}"
    return result, subject.state(), refused


def clean(slot: Slot, value: Any, dtype: str) -> Array | None:
    """The native copy in C order that the call should be equal to; None where it has no weights."""
    if value is None:
        return None
    array = value.toarray() if hasattr(value, "toarray") else np.asarray(value)
    if slot.name == "w0":  # its dtype is kept
        dtype = "float32" if array.dtype.kind == "f" and array.dtype.itemsize == 4 else "float64"
    with np.errstate(all="ignore"):
        return np.array(array, dtype=dtype, order="C")


@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
@pytest.mark.parametrize("start", blocks())
def test_equals_its_clean_copy_or_is_refused_by_name(start: int) -> None:
    """Seed by seed, so that a failure names its case."""
    for seed in range(start, min(start + BLOCK, N_CASES)):
        slot, dtype, value = generated(np.random.default_rng(seed))
        given = fingerprint(value)
        result, state, error = outcome(slot, dtype, value)
        assert fingerprint(value) == given, seed
        if error is not None:
            assert is_well_formed(str(error), slot.where), (seed, str(error))
        if error is not None and any(reason in str(error) for reason in NEVER_READ):
            continue
        expected = outcome(slot, dtype, clean(slot, value, dtype))
        assert (result, state) == expected[:2], (seed, error, expected[2])
        assert type(error) is type(expected[2]), (seed, error, expected[2])

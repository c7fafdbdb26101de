"""Activations, losses and initialisers called from Python: refused by name, or read as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from bad_input import DEFECTS, FORMS, TARGETS, X, fingerprint, is_well_formed

SHAPES = {"0-d", "4-d", "an axis more", "no entries"}  # any shape will do for an activation
CALLS: dict[str, Callable[[Any], Any]] = {
    "ReLU": lambda a: fm.ReLU()(a),
    "Softmax": lambda a: fm.Softmax()(a),
    "GELU": lambda a: fm.GELU().derivative(a),
    "SquaredError": lambda a: fm.SquaredError()(a, TARGETS),
    "CrossEntropy": lambda a: fm.CrossEntropy().gradient(TARGETS, a),
}
WHERE = {"GELU": "GELU.derivative", "CrossEntropy": "CrossEntropy.gradient"}  # methods by name


@pytest.mark.parametrize("defect", [d for d in DEFECTS if d not in SHAPES])
@pytest.mark.parametrize("name", CALLS)
def test_members_refuse_what_is_no_array_of_numbers(name: str, defect: str) -> None:
    spoil, kind, _ = DEFECTS[defect]
    good = TARGETS if name in ("SquaredError", "CrossEntropy") else X
    with pytest.raises((kind, MemoryError)) as refused:
        CALLS[name](spoil(good))
    where = WHERE.get(name, name)
    assert refused.type is MemoryError or is_well_formed(str(refused.value), where), str(
        refused.value
    )


@pytest.mark.parametrize("shape", [(), (1,), (6,), (5, 3), (6, 2), (0, 3), (6, 3, 1), (1, 6, 3)])
@pytest.mark.parametrize("name", ["SquaredError", "CrossEntropy"])
def test_losses_refuse_targets_of_another_shape(name: str, shape: tuple[int, ...]) -> None:
    loss = getattr(fm, name)()
    for call, where in ((loss, name), (loss.gradient, f"{name}.gradient")):
        with pytest.raises(ValueError, match=name) as refused:
            call(TARGETS, np.ones(shape))
        assert is_well_formed(str(refused.value), where), str(refused.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CALLS)
def test_members_read_any_form(name: str, form: str) -> None:
    """The same bits as for the clean copy, float32 in float32 and the rest in float64."""
    given = FORMS[form](TARGETS if name in ("SquaredError", "CrossEntropy") else X)
    before, values = fingerprint(given), np.asarray(given)
    is_single = values.dtype == np.float32
    clean = np.array(values, np.float32 if is_single else np.float64, order="C")
    np.testing.assert_array_equal(CALLS[name](given), CALLS[name](clean), strict=True)
    assert fingerprint(given) == before


SIZES: dict[str, tuple[tuple[Any, ...], type[Exception]]] = {
    "none": ((0, 1), ValueError),
    "negative": ((2, -1), ValueError),
    "2**80 weights": ((2**40, 2**40), ValueError),
    "2**65 bytes": ((2**31, 2**31), ValueError),
    "2**63 units": ((2**63, 1), ValueError),
    "a part": ((2.5, 1), TypeError),
    "text": (("3", 1), TypeError),
    "None": ((3, None), TypeError),
    "True": ((True, 1), TypeError),
    "seed -1": ((3, 2, -1), ValueError),
    "seed 2**64": ((3, 2, 2**64), ValueError),
    "seed 0.5": ((3, 2, 0.5), TypeError),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["GlorotUniform", "Orthogonal", "HeNormal"])
def test_initialisers_refuse_sizes_that_are_none(name: str, size: str) -> None:
    arguments, kind = SIZES[size]
    with pytest.raises(kind) as refused:
        getattr(fm, name)()(*arguments)
    assert str(refused.value).startswith(f"{name}: "), str(refused.value)

"""Families: every member is a value with a name, a text, parameters and a documented formula."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp import _core
from hyperparameter_specs import FAMILIES, MEMBERS, Field, fields_of

CASES = [
    pytest.param(cls, fields, id=f"{cls.__name__}{fields or ''}")
    for cls in MEMBERS
    for fields in ({}, *({field.name: field.other()} for field in fields_of(cls)))
]
members = pytest.mark.parametrize(("cls", "fields"), CASES)


@members
def test_repr_round_trips(cls: Any, fields: dict[str, Any]) -> None:
    """Evaluating the text gives an equal value, with every field in it."""
    member = cls(**fields)
    assert eval(repr(member), dict(vars(fm))) == member
    for name in member.get_params():
        assert f"{name}=" in repr(member)


@members
def test_pickle_and_copy_round_trip(cls: Any, fields: dict[str, Any]) -> None:
    member = cls(**fields)
    for twin in (pickle.loads(pickle.dumps(member)), copy.copy(member), copy.deepcopy(member)):
        assert twin == member
        assert type(twin) is cls


@members
def test_get_params_is_the_constructor(cls: Any, fields: dict[str, Any]) -> None:
    """By keyword and in order; given values come back, others are the defaults."""
    member = cls(**fields)
    params = member.get_params()
    assert cls(**params) == member
    assert cls(*params.values()) == member
    assert params == {**cls().get_params(), **fields}


@members
def test_equality_is_by_kind_and_value(cls: Any, fields: dict[str, Any]) -> None:
    member = cls(**fields)
    assert member == cls(**fields)
    assert (member == cls()) == (not fields)
    assert member != cls.__name__
    for other in MEMBERS:
        assert other is cls or member != other()


@members
def test_values_are_immutable(cls: Any, fields: dict[str, Any]) -> None:
    member = cls(**fields)
    for name, value in member.get_params().items():
        with pytest.raises(AttributeError):
            setattr(member, name, value)


@pytest.mark.parametrize("family", FAMILIES)
def test_names_are_spellings(family: str) -> None:
    """A name, a class and an instance of its defaults mean the same; the class is exported."""
    for name, cls in getattr(_core, family).items():
        assert cls.name == name
        assert cls.__name__.removesuffix("Init").lower() == name.replace("_", "")
        assert getattr(fm, cls.__name__) is cls


def test_members_are_public() -> None:
    """Every class is in the package's face, under its own name (Constant is a schedule's)."""
    for cls in MEMBERS:
        assert cls.__name__ in fm.__all__


@pytest.mark.parametrize("cls", MEMBERS)
def test_docstrings_have_a_formula(cls: Any) -> None:
    """The call, then an equation or what the weights are; every parameter is named."""
    call, _, text = cls.__doc__.partition("\n\n")
    assert call.startswith(f"{cls.__name__}(")
    assert any(sign in text for sign in ("=", "<-", "variance", "orthonormal", "weights"))
    for name in cls().get_params():
        assert name in cls.__doc__


@pytest.mark.parametrize("family", FAMILIES)
def test_members_are_listed_in_the_docs(family: str) -> None:
    """Each class name stands on some page of docs/."""
    docs = Path(__file__).parents[1] / "docs"
    if not docs.is_dir():
        pytest.skip("docs/ is not here")
    text = "\n".join(page.read_text(encoding="utf-8") for page in docs.glob("**/*.md"))
    missing = [cls.__name__ for cls in getattr(_core, family).values() if cls.__name__ not in text]
    assert not missing


BAD = [
    pytest.param(field, value, kind, id=f"{field.owner.__name__}-{field.name}-{value!r}")
    for cls in MEMBERS
    for field in fields_of(cls)
    for value, kind in field.bad()
]


def test_more_than_two_hundred_bad_values_are_tried() -> None:
    assert len(BAD) > 1000
    tried = {(case.values[0].owner, case.values[0].name) for case in BAD}
    assert tried == {(cls, name) for cls in MEMBERS for name in cls().get_params()}


@pytest.mark.parametrize(("field", "value", "kind"), BAD)
def test_bad_hyperparameters_are_refused_by_name(
    field: Field, value: Any, kind: type[Exception]
) -> None:
    """Below, above, at an open end, nan, ±inf, of another kind: `Adam: beta2=1.5, expected …`."""
    with pytest.raises(kind) as refused:
        field.owner(**{field.name: value})
    assert type(refused.value) is kind
    assert str(refused.value).startswith(f"{field.owner.__name__}: {field.name}=")
    assert ", expected " in str(refused.value)


@pytest.mark.parametrize("cls", MEMBERS)
def test_ends_of_the_ranges_are_good(cls: Any) -> None:
    """Closed ends are taken, open ends from just inside."""
    for field in fields_of(cls):
        for end, is_open, inside in (
            (field.low, field.low_open, 1e-12),
            (field.high, field.high_open, -1e-12),
        ):
            if abs(end) < float("inf"):
                value = end + inside if is_open else end
                assert getattr(cls(**{field.name: value}), field.name) == value


@pytest.mark.parametrize(
    ("cls", "argument", "value"),
    [
        *((fm.Dense, name, value) for name in ("l1", "l2") for value in (-1e-9, "a", True)),
        *((fm.Dense, name, value) for name in ("l1", "l2", "max_norm")
          for value in (float("nan"), float("inf"), [1.0])),
        *((fm.Dense, "max_norm", value) for value in (0, -1.0, "long")),
        *((fm.Dense, "units", value) for value in (0, -1, 1.5, None, "3")),
        *((fm.Dense, "bias", value) for value in (2, "yes", None)),
        *((fm.Dense, "activation", value) for value in ("rely", 3, fm.ReLU, None)),
        *((fm.Dense, "init", value) for value in ("he", 3, fm.Zeros)),
        *((fm.Dropout, "rate", value) for value in (-1e-9, 1, 2.0, float("nan"), "a", None, True)),
        *((fm.GaussianNoise, "std", value)
          for value in (-1e-9, float("nan"), float("inf"), "a", None, True)),
    ],
)  # fmt: skip
def test_bad_fields_of_layers_are_refused_by_name(cls: Any, argument: str, value: Any) -> None:
    good = {"units": 3} if cls is fm.Dense else {}
    with pytest.raises((ValueError, TypeError), match=rf"^{cls.__name__}: {argument}=.*expected"):
        cls(**{**good, argument: value})


LAYERS = [
    fm.Dense(3),
    fm.Dense(2, "relu", bias=False, init="he_normal", l1=0.5, l2=1e-4, max_norm=2.0),
    fm.Dropout(0.25),
    fm.GaussianNoise(0.5),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_layers_are_values(layer: Any, protocol: int) -> None:
    """As members of any family: text, pickles, copies, equality and hash, by keyword and order."""
    twin = pickle.loads(pickle.dumps(layer, protocol))
    assert twin == layer
    assert twin is not layer
    assert type(twin) is type(layer)
    assert hash(twin) == hash(layer)
    assert eval(repr(layer), dict(vars(fm))) == layer
    params = layer.get_params()
    assert type(layer)(**params) == layer
    assert type(layer)(*params.values()) == layer
    assert copy.copy(layer) is layer
    assert copy.deepcopy(layer) is layer
    for name, value in params.items():
        with pytest.raises(AttributeError):
            setattr(layer, name, value)


@pytest.mark.parametrize(
    ("cls", "field"), [(fm.Dense, "units"), (fm.Dropout, "rate"), (fm.GaussianNoise, "std")]
)
def test_layers_name_the_field_that_is_missing(cls: Any, field: str) -> None:
    with pytest.raises(TypeError, match=rf"^{cls.__name__}: {field} is missing, expected "):
        cls()


@pytest.mark.parametrize("units", [2**63, 2**4000, -(2**4000)])
def test_units_that_cannot_be_counted_are_refused(units: int) -> None:
    with pytest.raises(ValueError, match=r"^Dense: units=.*, expected an integer"):
        fm.Dense(units)

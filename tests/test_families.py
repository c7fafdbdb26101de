"""Families: every member is a value with a name, a text, parameters and a documented formula."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp import _core

FAMILIES = ("activations", "losses", "initializers", "optimizers")
OTHER_VALUES: dict[str, dict[str, Any]] = {
    "sign": {"straight_through": True},
    "leaky_relu": {"slope": 0.25},
    "elu": {"alpha": 0.1},
    "huber": {"delta": 1 / 3},
    "normal": {"std": 0.2},
    "orthogonal": {"gain": 2.0},
    "constant": {"value": -1.5},
    "sgd": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "clip_norm": 2.0},
    "adam": {"beta1": 0.8, "eps_mode": "hat", "amsgrad": True, "clip_value": (-1.0, 2.0)},
}
MEMBERS = [
    pytest.param(cls, fields, id=f"{cls.__name__}{fields or ''}")
    for family in FAMILIES
    for name, cls in getattr(_core, family).items()
    for fields in ({}, OTHER_VALUES.get(name))
    if fields is not None
]
members = pytest.mark.parametrize(("cls", "fields"), MEMBERS)


def test_the_other_values_cover_every_member_with_parameters() -> None:
    """A new hyperparameter does not slip past the tests below."""
    named = {
        name
        for family in FAMILIES
        for name, cls in getattr(_core, family).items()
        if cls().get_params()
    }
    assert named == set(OTHER_VALUES)


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
    for family in FAMILIES:
        for other in getattr(_core, family).values():
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
    for family in FAMILIES:
        for cls in getattr(_core, family).values():
            assert cls.__name__ in fm.__all__


@pytest.mark.parametrize(
    "cls", [cls for family in FAMILIES for cls in getattr(_core, family).values()]
)
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

"""Families: every member is a value with a name, a text, parameters and a documented formula."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp import _core
from hyperparameter_specs import FAMILIES, MEMBERS, Field, fields_of

CASES = [
    pytest.param(cls, fields, id=f"{cls.__name__}{fields or ''}")
    for cls in MEMBERS
    for fields in ({}, *(field.others() for field in fields_of(cls)))
]
members = pytest.mark.parametrize(("cls", "fields"), CASES)


@members
def test_repr_round_trips(cls: Any, fields: dict[str, Any]) -> None:
    """Evaluating the text gives an equal value, with every field in it."""
    member = cls(**fields)
    assert eval(repr(member), dict(vars(fm))) == member
    for name in member.get_params(deep=False):
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
    params = member.get_params(deep=False)
    assert cls(**params) == member
    assert cls(*params.values()) == member
    assert params == {**cls().get_params(deep=False), **fields}


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
    for name, value in member.get_params(deep=False).items():
        with pytest.raises(AttributeError):
            setattr(member, name, value)


@members
def test_the_class_of_a_value_stays(cls: Any, fields: dict[str, Any]) -> None:
    """The core reads a value by its class, so that another one would be foreign memory."""
    with pytest.raises(AttributeError, match="__class__"):
        cls(**fields).__class__ = fm.Dense
    assert issubclass(cls, _core.Member)


@pytest.mark.parametrize("family", FAMILIES)
def test_names_are_spellings(family: str) -> None:
    """A name, a class and an instance of its defaults mean the same; the class is exported."""
    for name, cls in getattr(_core, family).items():
        assert cls.name == name
        assert cls.__name__.removesuffix("Init").lower() == name.replace("_", "")
        assert getattr(fm, cls.__name__) is cls


def test_members_are_public() -> None:
    """Every class is public in the package under its name (Constant is a schedule's)."""
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


@pytest.mark.parametrize("cls", [*MEMBERS, *_core.layers.values()])
def test_fields_are_readable(cls: Any) -> None:
    """Name, type, default, bounds and a phrase for each, in the order of the constructor."""
    texts = [field.description for field in cls.fields]
    assert all(re.fullmatch(r"\S.+[^.\s]", text) for text in texts)
    assert all(f"    {text}" in cls.__doc__ for text in texts)
    samples = {"float": 0.5, "int": 1, "int | tuple[int, int]": 1}
    required = {
        field.name: samples.get(field.type, _core.Dense(1))
        for field in cls.fields
        if field.required
    }
    params = cls(**required).get_params(deep=False)
    assert [field.name for field in cls.fields] == list(params)
    for field in cls.fields:
        value = params[field.name]
        assert field.required or field.default == getattr(value, "name", value)
        assert repr(field).startswith(f"Field({field.name}: {field.type}, default ")
        assert field.bounds == "a finite number" or (
            field.name in field.bounds or not field.bounds.startswith("a finite ")
        )


def test_get_params_is_deep_as_in_scikit_learn() -> None:
    """Nested values' parameters have compound names; the shallow form has none."""
    schedule, average = fm.StepDecay(0.5, every=7), fm.Polyak(beta=0.75)
    rule = fm.Adam(schedule, average=average)
    shallow, deep = rule.get_params(deep=False), rule.get_params()
    assert deep == rule.get_params(deep=True)
    nested = {f"learning_rate__{name}": value for name, value in schedule.get_params().items()}
    nested |= {f"average__{name}": value for name, value in average.get_params().items()}
    assert deep == {**shallow, **nested}
    assert deep["average__beta"] == 0.75
    assert deep["learning_rate__every"] == 7
    assert fm.Dense(3, fm.ELU(0.5)).get_params()["activation__alpha"] == 0.5
    assert not hasattr(rule, "set_params")


@members
def test_scikit_learn_clones_values(cls: Any, fields: dict[str, Any]) -> None:
    clone = pytest.importorskip("sklearn.base").clone
    member = cls(**fields)
    assert clone(member) == member
    assert type(clone(member)) is cls
    assert clone(fm.Dense(3, "relu")) == fm.Dense(3, "relu")


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
    params = layer.get_params(deep=False)
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


def test_traits_of_activations_and_losses() -> None:
    """Properties of members that the library reads instead of their names."""

    def having(family: Any, trait: str) -> set[str]:
        return {name for name, cls in family.items() if getattr(cls(), trait)}

    assert having(_core.activations, "couples_units") == {"softmax"}
    assert having(_core.activations, "predicts_classes") == {"softmax"}
    assert having(_core.activations, "has_zero_derivative") == {"sign"}
    assert not fm.Sign(straight_through=True).has_zero_derivative
    assert having(_core.losses, "labels_pm1") == {"perceptron", "hinge"}
    assert having(_core.losses, "reads_preactivation") == {"perceptron", "hinge"}
    outputs = {name: cls.outputs_per_target for name, cls in _core.losses.items()}
    assert outputs == {name: 2 if name == "gaussian_nll" else 1 for name in _core.losses}
    bounded = {
        name: cls.target_range
        for name, cls in _core.losses.items()
        if cls.target_range != (-float("inf"), float("inf"))
    }
    assert bounded == {
        "cross_entropy": (0, 1),
        "binary_cross_entropy": (0, 1),
        "poisson": (0, float("inf")),
        "perceptron": (-1, 1),
        "hinge": (-1, 1),
    }


def test_traits_of_rules() -> None:
    initial = {name for name, cls in _core.optimizers.items() if cls.uses_initial_rate_only}
    assert initial == {"rprop", "delta_bar_delta"}
    assert fm.SGD(momentum=0.75, nesterov="lecture").evaluation_offset == 0.75
    assert fm.SGD(momentum=0.75, nesterov=True).evaluation_offset == 0
    assert all(cls().evaluation_offset == 0 for cls in _core.optimizers.values())

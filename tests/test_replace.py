"""`value.replace(field=…)`: a new value with some fields changed, for all families."""

from __future__ import annotations

from typing import Any

import pytest

import fastmlp as fm
from fastmlp import _core
from hyperparameter_specs import MEMBERS, Field, fields_of

FIELDS = [field for cls in MEMBERS for field in fields_of(cls)]
ADAM = fm.Adam(fm.StepDecay(0.1, every=5, factor=0.5), average=fm.Polyak(beta=0.9))


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f"{f.owner.__name__}.{f.name}")
def test_one_field_changes_and_the_others_stay(field: Field) -> None:
    """The value that the constructor makes of these fields; the old one is as it was."""
    value = field.owner(**{k: v for k, v in field.others().items() if k != field.name})
    before = value.get_params(deep=False)
    other = value.replace(**{field.name: field.other()})
    assert type(other) is type(value)
    assert other == field.owner(**{**before, field.name: field.other()})
    assert other != value
    assert value.get_params(deep=False) == before


@pytest.mark.parametrize("family", ["layers", "methods", "line_searches"])
def test_every_family_has_it(family: str) -> None:
    for cls in getattr(_core, family).values():
        required = {field.name: _required(field.name) for field in cls.fields if field.required}
        value = cls(**required)
        assert value.replace() == value
    assert fm.Dense(3, "tanh").replace(units=4) == fm.Dense(4, "tanh")


def _required(name: str) -> Any:
    numbers = {"rate": 0.5, "std": 0.1, "units": 3, "filters": 2, "kernel": 3, "size": 2}
    return {**numbers, "of": "input", "layer": fm.Dense(2)}[name]


def test_nested_values_change_by_the_names_of_get_params() -> None:
    """All that `get_params` lists may be given back."""
    slower = ADAM.replace(learning_rate__every=9, average__beta=0.5, beta1=0.8)
    assert slower == fm.Adam(fm.StepDecay(0.1, every=9, factor=0.5), 0.8,
                             average=fm.Polyak(beta=0.5))  # fmt: skip
    assert ADAM.replace(**ADAM.get_params()) == ADAM
    both = ADAM.replace(learning_rate=fm.CosineDecay(0.2, 10), learning_rate__steps=20)
    assert both.learning_rate == fm.CosineDecay(0.2, 20)


def test_values_are_their_own_clones() -> None:
    """scikit-learn clones estimators whose parameters are values."""
    base = pytest.importorskip("sklearn.base")
    for value in (ADAM, fm.ReLU(), fm.CrossEntropy(), fm.StepDecay(0.1, 5, 0.5), fm.Dense(2)):
        assert base.clone(value) is value


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"beta1": 2}, ValueError, "Adam: beta1=2, expected 0 <= beta1 < 1"),
    ({"rho": 0.5}, TypeError, "Adam: rho is not a parameter; expected some of: learning_rate"),
    ({"beta1__rate": 1}, TypeError, r"Adam\.replace: beta1 is not a value with parameters, exp"),
    ({"rho__rate": 1}, TypeError, r"Adam\.replace: rho is not a value with parameters, expected"),
    ({"eps_mode__x": 1}, TypeError, r"Adam\.replace: eps_mode is not a value with parameters, e"),
    ({"average__x": 1}, TypeError, "Polyak: x is not a parameter; expected some of: mode"),
    ({"learning_rate__every": 0}, ValueError, "StepDecay: every=0, expected"),
]


@pytest.mark.parametrize(("changes", "kind", "text"), BAD)
def test_other_changes_are_refused(
    changes: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=f"^{text}"):
        ADAM.replace(**changes)
    with pytest.raises(TypeError):
        ADAM.replace(0.1)

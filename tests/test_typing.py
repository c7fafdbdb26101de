"""What editors and type checkers read: static names, signatures, texts, a file of typed uses."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp import _core

FACE = Path(__file__).with_name("typing") / "face.py"
FAMILIES = (
    *(_core.activations, _core.losses, _core.initializers, _core.schedules),
    *(_core.optimizers, _core.methods, _core.line_searches, _core.averages, _core.layers),
)
NATIVE = [cls for family in FAMILIES for cls in family.values()]
ELEMENTARY = {"Identity", "Normal", "Zeros", "ConstantInit", "Constant"}  # of no source
natives = pytest.mark.parametrize("cls", NATIVE, ids=lambda cls: cls.__name__)


def test_the_file_of_typed_uses_runs() -> None:
    """`mypy` and `basedpyright` check it, in .ci/run."""
    names = runpy.run_path(str(FACE))
    assert names["history"].status == "max_steps"


def test_every_public_name_is_declared() -> None:
    """The stub of the package has the names that exist at run time, each re-exported by name."""
    stub = Path(fm.__file__).with_name("__init__.pyi")
    declared = [
        (node.module, alias.name, alias.asname)
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    public = {"__version__", *fm._SUBMODULES, *fm.__all__}
    assert {name for _, name, _ in declared} == public
    assert all(name == exported for _, name, exported in declared)
    for module, name, _ in declared:
        assert getattr(fm, name) is getattr(importlib.import_module(module), name)


def test_every_public_callable_has_a_signature() -> None:
    names = [name for name in fm.__all__ if callable(getattr(fm, name))]
    assert len(names) > 60
    for name in set(names) - {"ModelFileError", "TrainingWarning"}:  # as Python has exceptions
        inspect.signature(getattr(fm, name))


@natives
def test_signatures_are_the_constructors(cls: Any) -> None:
    """Names, order and defaults of the arguments; they bind as the constructor does."""
    parameters = inspect.signature(cls).parameters
    assert list(parameters) == [field.name for field in cls.fields]
    required = [name for name, p in parameters.items() if p.default is p.empty]
    given = {name: 0.5 if name in {"rate", "std", "learning_rate"} else 3 for name in required}
    if {"of", "layer"} & set(required):
        given = {required[0]: fm.Dense(3)}
    made = cls(**given)
    for name, parameter in parameters.items():
        value = getattr(made, name)
        expected = given.get(name, parameter.default)
        assert getattr(value, "name", value) == getattr(expected, "name", expected)
    with pytest.raises(TypeError, match=r"unexpected keyword|multiple values"):
        inspect.signature(cls).bind(**given, nonsense=1)


@natives
def test_texts_are_complete(cls: Any) -> None:
    """The call, every parameter with its description, errors, cost, source, an example."""
    text = cls.__doc__
    call, _, rest = text.partition("\n\n")
    assert call.startswith(f"{cls.__name__}(")
    formula = rest.partition("\nParameters\n")[0].partition("\nNotes\n")[0]
    if cls.__name__ not in ELEMENTARY and not issubclass(cls, _core.Layer):
        assert re.search(r"\b(17|18|19|20)\d\d\b|torch", formula), "no source"
    for field in cls.fields:
        assert re.search(rf"^{field.name} : .+\n    .{{4,}}\.$", text, re.MULTILINE), field.name
    assert ("\nRaises\n------\nValueError\n" in text) == bool(cls.fields)
    assert re.search(r"^Notes\n-----\nCost: .{10,}\.$", text, re.MULTILINE)
    assert re.search(rf"^>>> .*\bfm\.{cls.__name__}\(", text, re.MULTILINE)


@natives
def test_types_of_members_are_declared(cls: Any) -> None:
    """No argument and no attribute of a member is `Any` in the stub."""
    stub = Path(_core.__file__).with_name("__init__.pyi").read_text(encoding="utf-8")
    body = re.search(rf"^class {cls.__name__}\b.*?(?=^\S)", stub, re.MULTILINE | re.DOTALL)
    assert body
    lines = body[0].splitlines()
    for name in ["__init__", *(field.name for field in cls.fields)]:
        (line,) = [line for line in lines if re.match(rf"    def {name}\(", line)]
        assert "typing.Any" not in line


def test_unions_of_families_hold_their_members() -> None:
    for alias, family in (
        (_core.AnyActivation, {**_core.activations, "": _core.Activation}),
        (_core.Loss, _core.losses),
        (_core.Initializer, _core.initializers),
        (_core.Schedule, _core.schedules),
        (_core.Optimizer, {**_core.optimizers, **_core.methods}),
        (_core.LineSearch, _core.line_searches),
    ):
        assert set(alias.__args__) == set(family.values())
        assert isinstance(next(iter(family.values()))(), alias)
        assert not isinstance(fm.Dense(1), alias)


def test_texts_of_results_are_short() -> None:
    """`repr` of what holds arrays names the numbers that matter."""
    net = fm.Network([2, 3, 1], seed=0)
    curve = fm.find_learning_rate(net, [[0, 1]] * 8, [1] * 8, steps=12)
    assert re.fullmatch(
        r"LearningRateCurve\(suggestion=\S+, \d+ rates from \S+ to \S+\)", repr(curve)
    )
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.5), batch_size=7)
    trainer.step([[0, 1]], [1])
    assert re.fullmatch(
        r"Trainer\(<Network 2-3-1>, loss=SquaredError\(\), optimizer=SGD\(.*\), batch_size=7, "
        r"seed=0; 1 steps made\)",
        repr(trainer),
    )
    result = fm.minimize(lambda w: (w @ w, 2 * w), [0.0] * 500, steps=2, record_path=True)
    assert repr(result) == (
        "Result(value=0, status='max_steps', n_steps=2, n_evaluations=3, w of shape (500,))"
    )

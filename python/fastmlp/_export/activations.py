"""Activations elsewhere: expressions of ONNX operators, and modules of torch. A new one is a line.

An expression is ``"x"``, a number, or a `Call` of an operator. Holes in expressions, from which
files are read, are the fields of an activation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fastmlp import _core

SELU = (1.6732632423543772, 1.0507009873554805)  # alpha and scale


class Call(NamedTuple):
    """An operator of ONNX with its inputs and attributes."""

    op: str
    inputs: tuple[Any, ...]
    attributes: dict[str, Any]


class Hole(str):
    """A field of an activation, by its name, in place of the number."""


def call(op: str, *inputs: Any, **attributes: Any) -> Call:
    """Return an expression."""
    return Call(op, inputs, attributes)


def _x(op: str, *numbers: float) -> Callable[[Any], Any]:
    return lambda _: call(op, "x", *numbers)


def _exp_below(alpha: Any) -> Call:
    """Return alpha (exp(min(x, 0)) - 1)."""
    return call("Mul", call("Sub", call("Exp", call("Min", "x", 0.0)), 1.0), alpha)


def _above(rest: Call) -> Call:
    return call("Add", call("Max", "x", 0.0), rest)


def _erf(_: Any) -> Call:
    """Return x (1 + erf(x / sqrt(2))) / 2 in the order in which torch writes it."""
    cdf = call("Add", call("Erf", call("Div", "x", math.sqrt(2))), 1.0)
    return call("Mul", call("Mul", "x", cdf), 0.5)


def _softplus(_: Any) -> Call:
    return _above(call("Log", call("Add", call("Exp", call("Neg", call("Abs", "x"))), 1.0)))


class Elsewhere(NamedTuple):
    """An activation: what float32 and, if it differs, float64 are made of; the module of torch.

    ONNX Runtime has no kernels in double precision for some operators, and attributes are float32.
    """

    onnx: Callable[[Any], Any]
    double: Callable[[Any], Any] | None
    torch: str  # of torch.nn, or a function of torch where lower case
    fields: Mapping[str, Any] = MappingProxyType({})  # parameters there: our field, or a value
    monotone: bool = False  # never falls, so that a maximum may come before or after


def _same(onnx: Any, torch: str, fields: Any = None, monotone: bool = False) -> Elsewhere:
    return Elsewhere(onnx, onnx, torch, fields or {}, monotone)


TABLE = {
    "identity": _same(lambda _: "x", "Identity", monotone=True),
    "sign": _same(_x("Sign"), "sign", monotone=True),
    "sigmoid": _same(_x("Sigmoid"), "Sigmoid", monotone=True),
    "tanh": _same(_x("Tanh"), "Tanh", monotone=True),
    "relu": _same(_x("Relu"), "ReLU", monotone=True),
    "hard_tanh": _same(
        _x("Clip", -1.0, 1.0), "Hardtanh", {"min_val": -1.0, "max_val": 1.0}, monotone=True
    ),
    "softmax": _same(lambda _: call("Softmax", "x", axis=-1), "Softmax", {"dim": -1}),
    "leaky_relu": Elsewhere(
        lambda p: call("LeakyRelu", "x", alpha=p.slope),
        lambda p: _above(call("Mul", call("Min", "x", 0.0), p.slope)),
        *("LeakyReLU", {"negative_slope": "slope"}, True),
    ),
    "elu": Elsewhere(
        lambda p: call("Elu", "x", alpha=p.alpha),
        lambda p: _above(_exp_below(p.alpha)),
        *("ELU", {"alpha": "alpha"}, True),
    ),
    "selu": Elsewhere(
        lambda _: call("Selu", "x", alpha=SELU[0], gamma=SELU[1]),
        lambda _: call("Mul", _above(_exp_below(SELU[0])), SELU[1]),
        *("SELU", {}, True),
    ),
    "softplus": Elsewhere(
        # Above its threshold torch's is linear: from 40 on the two are equal in any precision.
        *(_x("Softplus"), _softplus, "Softplus", {"beta": 1.0, "threshold": 40.0}, True),
    ),
    "silu": _same(lambda _: call("Mul", "x", call("Sigmoid", "x")), "SiLU"),
    "gelu": Elsewhere(_erf, None, "GELU", {"approximate": "none"}),
    "mish": _same(lambda _: call("Mul", "x", call("Tanh", _softplus(_))), "Mish"),
    "hard_sigmoid": _same(
        lambda _: call("Clip", call("Add", call("Mul", "x", 1 / 6), 0.5), 0.0, 1.0),
        *("Hardsigmoid", {}, True),
    ),
    "exponential": _same(_x("Exp"), "exp", monotone=True),
    "softsign": _same(
        lambda _: call("Div", "x", call("Add", call("Abs", "x"), 1.0)), "Softsign", monotone=True
    ),
    "sine": _same(lambda p: call("Sin", call("Mul", "x", p.omega)), "sin", {"factor": "omega"}),
}
# Further expressions that are read.
READ = {
    "gelu": (
        lambda _: call("Gelu", "x", approximate="none"),
        lambda _: call("Mul", "x", call("Mul", call("Add", call("Erf", call(
            "Mul", "x", math.sqrt(0.5))), 1.0), 0.5)),
    ),
    "hard_sigmoid": (lambda _: call("HardSigmoid", "x", alpha=1 / 6, beta=0.5),),
    "mish": (_x("Mish"), lambda _: call("Mul", "x", call("Tanh", call("Softplus", "x")))),
    "relu": (_x("Max", 0.0), _x("Clip", 0.0, math.inf)),
    "sine": (_x("Sin"),),
    "softsign": (_x("Softsign"),),
}  # fmt: skip
COMMUTATIVE = {"Add", "Mul", "Max", "Min"}


class _Holes:
    def __getattr__(self, name: str) -> Hole:
        return Hole(name)


def recognise(expression: Any) -> Any:
    """Return the activation that an expression is, None if it is none."""
    for name, member in TABLE.items():
        for form in (member.onnx, member.double, *READ.get(name, ())):
            fields: dict[str, float] = {}
            if form is not None and _fits(form(_Holes()), expression, fields):
                return _core.activations[name](**fields)
    return None


def _fits(form: Any, expression: Any, fields: dict[str, float]) -> bool:
    """Return whether an expression is of this form, and fill in its holes."""
    if isinstance(form, Hole):
        return isinstance(expression, float) and fields.setdefault(form, expression) == expression
    if isinstance(form, float):  # as it is in single precision
        return isinstance(expression, float) and math.isclose(form, expression, rel_tol=1e-7)
    if not isinstance(form, Call) or not isinstance(expression, Call):
        return bool(form == expression)
    if form.op != expression.op or form.attributes.keys() != expression.attributes.keys():
        return False
    orders = [form.inputs, form.inputs[::-1]] if form.op in COMMUTATIVE else [form.inputs]
    attributes = [(form.attributes[name], expression.attributes[name]) for name in form.attributes]
    for inputs in orders:
        found = dict(fields)
        pairs = [*zip(inputs, expression.inputs, strict=False), *attributes]
        same_number = len(inputs) == len(expression.inputs)
        if same_number and all(_fits(a, b, found) for a, b in pairs):
            fields.update(found)
            return True
    return False

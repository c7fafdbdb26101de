"""Elementwise expressions of what a layer gives: its activation, and factors and sums around it."""

from __future__ import annotations

from typing import Any

from fastmlp._export.activations import Call, call

AFFINE = {"Add", "Sub", "Mul", "Div"}


def affine(op: str, a: Any, b: Any) -> tuple[Any, Any] | None:
    """Return factor and shift of x in ``op(a, b)``, one of which is "x", the other constant."""
    if op in ("Add", "Sub"):
        sign = -1.0 if op == "Sub" else 1.0
        return (1.0, sign * b) if isinstance(a, str) else (sign, a)
    if op == "Mul":
        return (b if isinstance(a, str) else a, 0.0)
    return (1.0 / b, 0.0) if op == "Div" and isinstance(a, str) else None


def outer(term: Any) -> tuple[Any, tuple[Any, Any]] | None:
    """Return the expression to which the last operator adds a number, or by which it multiplies."""
    if isinstance(term, Call) and term.op in AFFINE and len(term.inputs) == 2:
        for inner in term.inputs:
            kinds = [isinstance(each, float) for each in term.inputs]
            if not isinstance(inner, float) and sum(kinds) == 1:
                a, b = ("x" if each is inner else each for each in term.inputs)
                change = affine(term.op, a, b)
                return None if change is None else (inner, change)
    return None


def inner(term: Any) -> tuple[Any, tuple[Any, Any]] | None:
    """Return the expression of a x + c, and (a, c), where x occurs in no other way."""
    for part in _parts(term):
        found = outer(part)
        if found is not None and found[0] == "x":
            rest = _without(term, part)
            if "x" not in _leaves(rest):
                return _renamed(rest), found[1]
    return None


def _parts(term: Any) -> list[Any]:
    if not isinstance(term, Call):
        return []
    return [term, *(part for each in term.inputs for part in _parts(each))]


def _without(term: Any, part: Any) -> Any:
    if term == part:
        return "part"
    if not isinstance(term, Call):
        return term
    return call(term.op, *(_without(each, part) for each in term.inputs), **term.attributes)


def _renamed(term: Any) -> Any:
    if not isinstance(term, Call):
        return "x" if term == "part" else term
    return call(term.op, *map(_renamed, term.inputs), **term.attributes)


def _leaves(term: Any) -> list[Any]:
    if not isinstance(term, Call):
        return [term]
    return [leaf for each in term.inputs for leaf in _leaves(each)]

"""Outputs of layers that are read from elsewhere: their activations, factors and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fastmlp._data.validation import InvalidValue
from fastmlp._export import terms
from fastmlp._export.activations import TABLE, call, recognise
from fastmlp._export.axes import BATCH, RECURRENT, Reader, Stage, Value, is_many

MAX_TERM = 2000  # characters of an expression


class Outputs(Reader):
    """What operators make of a layer's output, until another layer reads it."""

    def elementwise(self, op: str, inputs: Sequence[Any], **attributes: Any) -> Value:
        """Return what an operator gives of values, numbers and arrays."""
        values = [each for each in inputs if isinstance(each, Value)]
        for each in inputs:
            if not isinstance(each, Value) and np.size(each) == 1 and is_many(each):
                raise InvalidValue("arithmetic with the number of samples, expected none")
        if op == "Add" and len(values) == 2 and values[0] == values[1]:
            return self.skip(*values)
        alike = len({replace(value, term="x", change=None) for value in values}) == 1
        numbers = all(isinstance(each, Value) or np.size(each) == 1 for each in inputs)
        if alike and numbers and all(value.change is None for value in values):
            parts = [e.term if isinstance(e, Value) else float(np.ravel(e)[0]) for e in inputs]
            term = call(op, *parts, **attributes)
            if len(repr(term)) > MAX_TERM:
                raise InvalidValue("an expression of many operators, expected an activation")
            return replace(values[0], term=term)
        if op == "Add" and len(values) == 2:
            return self.skip(*values)
        if op in terms.AFFINE and len(values) == 1:
            sides: Any = ("x" if isinstance(e, Value) else np.asarray(e, float) for e in inputs)
            if (change := terms.affine(op, *sides)) is not None:
                return self.changed(values[0], *change)
        raise InvalidValue("expected an activation, or a sum with the output of a layer")

    def changed(self, value: Value, factor: Any, shift: Any) -> Value:
        """Return factor times it plus shift: into the weights before, else for those after it."""
        stage = self.stages[value.stage]
        change = [self._per_feature(value, each) for each in (factor, shift)]
        self._check_version(value)
        fresh = value.term == "x" and stage.term is None and value.change is None
        if fresh and self._fold(stage, *change):
            return replace(value, version=stage.version)
        value = self.settled(value, change=True)
        a, c = value.change or (1.0, 0.0)
        return replace(value, change=(a * change[0], c * change[0] + change[1]))

    def _fold(self, stage: Stage, factor: Any, shift: Any) -> bool:
        """Take a change into W and b, which nothing has read yet; return whether that is done."""
        if stage.W is None or stage.kind in RECURRENT:
            return False
        n = len(stage.W)
        if not {np.size(factor), np.size(shift)} <= {1, n}:
            return False
        if np.any(np.not_equal(factor, 1.0)):
            column = np.broadcast_to(factor, n).reshape(-1, *(1,) * (stage.W.ndim - 1))
            stage.W, stage.key = stage.W * column, None
        if stage.b is not None or np.any(shift):
            b = 0.0 if stage.b is None else stage.b
            stage.b = np.broadcast_to(b * factor + shift, n)
        stage.version += 1
        return True

    def _per_feature(self, value: Value, numbers: Any) -> Any:
        """Return numbers per channel, or per feature in our order, of an array beside a value."""
        numbers, stage = np.asarray(numbers, float), self.stages[value.stage]
        if numbers.size == 1:
            return float(numbers.reshape(-1)[0])
        shape = (1,) * (len(value.axes) - numbers.ndim) + numbers.shape
        long = [axis for axis, n in enumerate(shape) if n > 1]
        if len(shape) == len(value.axes) and len(long) == 1:
            group = stage.long(value.axes[long[0]])
            if numbers.size == self.product(value, group) and BATCH not in group:
                if group == stage.long(stage.channels):
                    return numbers.reshape(-1)
                if sorted(group) == stage.long(stage.axes):
                    return self.ordered(stage, group, numbers.reshape(-1))
        raise InvalidValue(f"an array of shape {numbers.shape}, expected a number per channel")

    def _check_version(self, value: Value) -> None:
        if value.version != self.stages[value.stage].version:
            raise InvalidValue("it is used with and without what is added to it, expected one way")

    def settled(self, value: Value, *, change: bool = False) -> Value:
        """Return it as the output of its layer, whose activation is known from now on."""
        stage = self.stages[value.stage]
        self._check_version(value)
        if value.part is not None:
            raise InvalidValue("it has one direction of a recurrent layer, expected both")
        if stage.term is None:
            self._resolve(value.stage, value.term)
            stage.term, stage.last = value.term, value.last
            if value.last:
                stage.sizes[0] = 1
        if (stage.term, stage.last) != (value.term, value.last):
            raise InvalidValue(f"an output of {stage.kind} is used in two ways, expected one")
        if value.term != "x" and stage.change is not None and value.change is None:
            value = replace(value, change=stage.change)
        if value.change is not None and not change:
            raise InvalidValue("a factor or a shift is left, expected weights that take it")
        return value

    def _resolve(self, index: int, term: Any) -> None:
        """Find the activation in an expression, and numbers before and after it."""
        stage, activation = self.stages[index], recognise(term)
        if activation is not None:
            self._activate(index, term, activation)
        elif (found := terms.inner(term)) is not None and self._fold_number(stage, found[1]):
            self._resolve(index, found[0])
        elif (found := terms.outer(term)) is not None:
            self._resolve(index, found[0])
            a, c = stage.change or (1.0, 0.0)
            stage.change = (a * found[1][0], c * found[1][0] + found[1][1])
        else:
            names = ", ".join(TABLE)
            raise InvalidValue(f"what is made of {stage.kind}, expected an activation of: {names}")

    def _fold_number(self, stage: Stage, change: Any) -> bool:
        version, done = stage.version, self._fold(stage, *change)
        stage.version = version  # the numbers are part of the expression
        return done

    def _activate(self, index: int, term: Any, activation: Any) -> None:
        stage, name = self.stages[index], activation.name
        if name == "softmax" and stage.kind in ("Gemm", "Conv") and term.attributes["axis"] != -1:
            raise InvalidValue("softmax over other axes, expected the channels")
        if stage.kind == "MaxPool" and TABLE[name].monotone and name != "identity":
            before = self.stages[index - 1]  # the maximum may as well come after
            if before.kind in ("Gemm", "Conv") and before.term == "x":
                before.term, before.activation = term, activation
                return
        if stage.kind in ("Gemm", "Conv"):
            stage.activation = activation
        elif name != "identity":
            raise InvalidValue(f"{name} of {stage.kind}, expected it after weights")

    def softmax(self, value: Value, axis: int) -> Value:
        """Return the softmax along an axis, which must be that of channels."""
        stage, group = self.stages[value.stage], value.axes[axis]
        if stage.long(group) != stage.long(stage.channels):
            raise InvalidValue(f"softmax along axis {axis}, expected the channels")
        return self.elementwise("Softmax", [value], axis=-1)

    def skip(self, a: Value, b: Value) -> Value:
        """Return the sum of two layers' outputs."""
        raise NotImplementedError

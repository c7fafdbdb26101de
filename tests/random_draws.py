"""What random programs call with: members, arrays in any form, samples, optimizers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array

import fastmlp as fm
from fastmlp import _core

Array = np.ndarray[Any, Any]
REFUSED = (ValueError, TypeError, RuntimeError, MemoryError, IndexError, InterruptedError)


def squares(outputs: Array, y: Array) -> tuple[Array, Array]:
    """A loss in Python."""
    return ((outputs - y) ** 2).sum(axis=1), 2 * (outputs - y)


class Rate:
    """A learning rate in Python, which may spoil what is trained on; its copies do not."""

    def __init__(self, draws: Draws | None = None) -> None:
        self.draws = draws

    def __call__(self, epoch: int) -> float:
        if self.draws and self.draws.random.random() < 0.3:
            self.draws.spoil()
        return 0.01

    def __reduce__(self) -> tuple[Any, ...]:
        return Rate, ()


class Draws:
    """Draws of a generator, and the public names they have used."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.called: set[str] = set()
        self.arrays: list[Array] = []  # the last ones given that own their memory

    def attempt(self, call: Callable[[], object]) -> None:
        with contextlib.suppress(REFUSED):
            call()

    def one_of(self, *values: Any) -> Any:
        return values[self.random.integers(len(values))]

    def member(self, family: str) -> Any:
        """A member of a family, with some of its numbers drawn."""
        cls = self.one_of(*getattr(_core, family).values())
        self.called.add(cls.__name__)
        given: dict[str, Any] = {}
        for field in cls.fields:
            if field.type == "float" and (field.required or self.random.random() < 0.3):
                given[field.name] = self.one_of(0.1, 0.5, 0.9, 1.0, 2.0, 10.0)
            elif field.type == "int":
                given[field.name] = int(self.random.integers(1, 40))
            elif field.type == "bool":
                given[field.name] = bool(self.random.integers(2))
        try:
            return cls(**given)
        except REFUSED:
            return cls()

    def optimizer(self) -> Any:
        rule = self.member("optimizers")
        rate = self.one_of(0.01, self.member("schedules"), Rate(self))
        average = self.one_of(None, self.member("averages"))
        options = {"average": average, "clip_norm": self.one_of(None, 1.0)}
        return type(rule)(rate, **options) if self.random.random() < 0.7 else rule

    def method(self) -> Any:
        """A second-order method; dense ones take long on networks of many parameters."""
        method = self.member("methods")
        searches = any(field.name == "line_search" for field in method.fields)
        return type(method)(line_search=self.member("line_searches")) if searches else method

    def any_optimizer(self) -> Any:
        if self.random.random() < 0.8:
            return self.optimizer()
        return self.one_of(fm.LBFGS(), fm.NonlinearCG(), fm.HessianFree(max_iterations=5))

    def spoil(self) -> None:
        """Change, or move, the last arrays that were given."""
        for array in self.arrays:
            if array.dtype.kind == "i":
                array[...] = self.one_of(10**9, -1, np.iinfo(array.dtype).max // 2)
            elif self.random.random() < 0.5:
                array[...] = self.one_of(np.nan, np.inf, 1e-310, 0.0)
            self.attempt(lambda array=array: array.resize((array.size + 1,), refcheck=False))

    def array(self, *shape: int, dtype: Any = None) -> Any:
        """Numbers of a shape, in any form; seldom of another shape."""
        if self.random.random() < 0.05:
            shape = self.one_of(shape[:-1], (*shape, 1), (0, *shape[1:]), (*shape[:-1], 3))
        values = self.random.normal(size=shape).astype(dtype or self.one_of("f4", "f8"))
        return self.one_of(values, values, values, values.tolist(), np.asfortranarray(values),
                           np.repeat(values, 2, axis=-1)[..., ::2] if shape else values,
                           np.frombuffer(bytearray(values.tobytes()), values.dtype).reshape(shape),
                           values.astype("f2"), values.astype(">f4"))  # fmt: skip

    def samples(self, net: fm.Network) -> tuple[Any, Any, Any]:
        """X, y, and weights or None, for a network."""
        n = int(self.one_of(1, 2, 7, 16, 33, 150, 1100))
        X = self.array(n, net.n_inputs, dtype=net.dtype)
        *groups, n_classes = net.output_shape
        classes = self.random.integers(0, n_classes, (n, *groups))
        y = self.one_of(self.array(n, net.n_outputs, dtype=net.dtype), classes, classes,
                        self.random.random((n, net.n_outputs)).astype(net.dtype))  # fmt: skip
        weights = self.one_of(None, self.random.random(n).astype(net.dtype))
        given = (X, y, weights)
        if self.random.random() < 0.15 and np.ndim(X) == 2:
            sparse = csr_array(np.asarray(X, self.one_of("f4", "f8")))
            given = (sparse, y, weights)
            self.arrays = [a for a in (sparse.data, sparse.indices) if a.flags.owndata]
            return given
        self.arrays = [a for a in given if isinstance(a, np.ndarray) and a.flags.owndata]
        return given

    def loss(self) -> Any:
        return self.one_of(None, None, self.member("losses"), squares)

"""Errors of input: every argument that takes an array, forms of it, defects of it.

`SLOTS` are the arguments, `FORMS` make the same numbers look different, `DEFECTS` make them wrong.
"""

from __future__ import annotations

import datetime
import decimal
import hashlib
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
sparse = pytest.importorskip("scipy.sparse")

N, N_IN, N_OUT = 6, 4, 3
X = np.random.default_rng(0).normal(size=(N, N_IN)).astype(np.float16).astype(float)
Y = np.array([0, 1, 2, 0, 1, 2])
TARGETS = np.eye(N_OUT)[Y]


class Subject:
    """A network and its trainer in the middle of their work."""

    def __init__(self, dtype: str = "float32") -> None:
        self.net = fm.Network([N_IN, 5, N_OUT], activation="tanh", output="softmax", dtype=dtype,
                              seed=0)  # fmt: skip
        self.trainer = fm.Trainer(self.net, batch_size=4)
        self.trainer.step(X, Y)
        self.trainer.forward(X)

    def state(self) -> str:
        """A hash of all that a call may change."""
        net, trainer = self.net, self.trainer
        digest = hashlib.sha256(net.parameters.tobytes())
        for name, array in sorted(trainer.state.items()):
            digest.update(name.encode() + array.tobytes())
        numbers = (net.seed, net.epochs_trained, net.layers, net.dtype, trainer.n_steps)
        native = (trainer._native.epoch_number, trainer._forward_shape, trainer.seed)
        digest.update(repr((numbers, native, trainer.learning_rate)).encode())
        return digest.hexdigest()

    def continues_identically(self) -> bytes:
        """The parameters after all that comes next: the gradient of `forward`, then two epochs."""
        flat = self.trainer.backward(np.ones((N, N_OUT)))
        self.trainer.run(X, Y, epochs=2)
        return flat.tobytes() + self.net.parameters.tobytes()


def refusal(call: Callable[[Subject], Any], subject: Subject, value: Any = None) -> Exception:
    """The error of a call that must leave the subject, and the value given, as they were."""
    before, given = subject.state(), fingerprint(value)
    with pytest.raises((ValueError, TypeError, IndexError, RuntimeError)) as refused:
        call(subject)
    assert subject.state() == before
    assert fingerprint(value) == given
    return refused.value


def is_well_formed(text: str, where: str) -> bool:
    """`Where: what was given, expected what[; what to do]`, in one line."""
    return re.match(rf"{re.escape(where)}: [^\n]+ expected [^\n]+$", text) is not None


def fingerprint(value: Any) -> object:
    """All that a call might change in its arguments."""
    if isinstance(value, np.ndarray):
        mask = np.ma.getmaskarray(value).tobytes() if np.ma.isMaskedArray(value) else b""
        form = (value.shape, value.strides, value.dtype.str, value.flags.writeable)
        return form, _bytes(value), mask
    if hasattr(value, "to_numpy"):
        return repr(value.to_numpy().tolist())
    return repr(value)


def _bytes(array: Array) -> bytes:
    if array.nbytes > 2**20:  # the zero strides of "too many"
        return array[:1].tobytes()
    is_long = array.dtype.kind == "g" or array.dtype == np.longdouble  # its padding is not kept
    return repr(array.tolist()).encode() if is_long else array.tobytes()


def bits(result: Any) -> object:
    """A result for comparison bit by bit."""
    if isinstance(result, tuple):
        return tuple(map(bits, result))
    if isinstance(result, fm.History):
        return repr(result.to_dict()), result.status
    if isinstance(result, fm.Result):
        return bits((result.w, result.value, result.n_steps, result.status))
    array = np.asarray(result)
    return array.shape, array.dtype.str, array.tobytes()


@dataclass(frozen=True)
class Slot:
    """An argument for an array: the call, under which name it refuses, and an array that fits."""

    call: Callable[[Subject, Any], Any]
    where: str
    good: Array
    name: str = "X"
    trains: bool = False  # refuses nan and inf


def _set(subject: Subject, name: str, value: Any) -> None:
    if name == "parameters":
        subject.net.parameters = value
    else:
        getattr(subject.net, name)[0] = value


def bowl(w: Array) -> tuple[Any, Array]:
    with np.errstate(over="ignore"):
        return w @ w, 2 * w


G, FLAT, ONES = np.ones((N, N_OUT)), np.linspace(-1, 1, 43), np.arange(1.0, N + 1)
SLOTS: dict[str, Slot] = {
    "predict X": Slot(lambda s, v: s.net.predict(v), "Network.predict", X),
    "activations X": Slot(
        lambda s, v: np.hstack(s.net.activations(v)), "Network.activations", X
    ),
    "jacobian X": Slot(lambda s, v: s.net.jacobian(v), "Network.jacobian", X),
    "loss X": Slot(lambda s, v: s.net.loss(v, Y), "Network.loss", X),
    "loss y": Slot(lambda s, v: s.net.loss(X, v), "Network.loss", TARGETS, "y"),
    "grad X": Slot(lambda s, v: s.net.value_and_grad(v, Y), "Network.value_and_grad", X),
    "grad y": Slot(lambda s, v: s.net.value_and_grad(X, v), "Network.value_and_grad", TARGETS, "y"),
    "loss weight": Slot(lambda s, v: s.net.loss(X, Y, sample_weight=v), "Network.loss", ONES,
                        "sample_weight"),
    "grad weight": Slot(lambda s, v: s.net.value_and_grad(X, Y, sample_weight=v),
                        "Network.value_and_grad", ONES, "sample_weight"),
    "backward X": Slot(lambda s, v: s.net.backward(v, G), "Network.backward", X),
    "backward g": Slot(
        lambda s, v: s.net.backward(X, v), "Network.backward", G, "output_gradient"),
    "fit X": Slot(lambda s, v: s.net.fit(v, Y, epochs=2), "fit", X, trains=True),
    "fit y": Slot(lambda s, v: s.net.fit(X, v, epochs=2), "fit", TARGETS, "y", trains=True),
    "fit classes": Slot(lambda s, v: s.net.fit(X, v, epochs=2), "fit", 1.0 * Y, "y", trains=True),
    "fit weight": Slot(lambda s, v: s.net.fit(X, Y, epochs=2, sample_weight=v), "fit", ONES,
                       "sample_weight", trains=True),
    "fit validation X": Slot(lambda s, v: s.net.fit(X, Y, epochs=1, validation_data=(v, Y)),
                             "fit: validation_data", X, trains=True),
    "step X": Slot(lambda s, v: s.trainer.step(v, Y), "Trainer.step", X),
    "step y": Slot(lambda s, v: s.trainer.step(X, v), "Trainer.step", TARGETS, "y"),
    "step weight": Slot(
        lambda s, v: s.trainer.step(X, Y, v), "Trainer.step", ONES, "sample_weight"),
    "epoch X": Slot(lambda s, v: s.trainer.epoch(v, Y), "Trainer.epoch", X, trains=True),
    "epoch y": Slot(lambda s, v: s.trainer.epoch(X, v), "Trainer.epoch", TARGETS, "y", True),
    "run X": Slot(lambda s, v: s.trainer.run(v, Y, epochs=1), "Trainer.run", X, trains=True),
    "forward X": Slot(lambda s, v: s.trainer.forward(v), "Trainer.forward", X),
    "Trainer.backward": Slot(
        lambda s, v: s.trainer.backward(v), "Trainer.backward", G, "output_gradient"),
    "apply": Slot(lambda s, v: s.trainer.apply(v), "Trainer.apply", FLAT, "gradient"),
    "parameters": Slot(lambda s, v: _set(s, "parameters", v), "Network", FLAT, "parameters"),
    "weights[0]": Slot(
        lambda s, v: _set(s, "weights", v), "Network", np.ones((N_IN, 5)), "weights[0]"),
    "biases[0]": Slot(lambda s, v: _set(s, "biases", v), "Network", np.ones(5), "biases[0]"),
    "minimize w0": Slot(lambda s, v: fm.minimize(bowl, v, steps=2), "minimize", ONES, "w0", True),
}  # fmt: skip


def _strided(a: Array) -> Array:
    wide = np.full([2 * n for n in a.shape], np.nan)
    wide[(slice(None, None, 2),) * a.ndim] = a
    return wide[(slice(None, None, 2),) * a.ndim]


def _unaligned(a: Array) -> Array:
    view = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def _memory_map(a: Array) -> Array:
    with tempfile.NamedTemporaryFile() as file:
        mapped = np.memmap(file.name, a.dtype, "w+", shape=a.shape)
        mapped[...] = a
        return mapped


def _read_only(a: Array) -> Array:
    a = a.copy()
    a.flags.writeable = False
    return a


def _table(module: Any, a: Array) -> Any:
    if a.ndim == 1:
        return module.Series(a)
    return module.DataFrame({f"c{i}": column for i, column in enumerate(a.T)})


FORMS: dict[str, Callable[[Array], Any]] = {
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "rows": lambda a: list(a),
    "Fortran": np.asfortranarray,
    "reversed": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "strided": _strided,
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "unaligned": _unaligned,
    "read-only": _read_only,
    "memmap": _memory_map,
    "float16": lambda a: a.astype(np.float16),
    "float32": lambda a: a.astype(np.float32),
    "longdouble": lambda a: a.astype(np.longdouble),
    "int": lambda a: a.astype(np.int32),
    "bool": lambda a: a > 0.5,
    "subclass": lambda a: a.view(type("Mine", (np.ndarray,), {})),
    "pandas": lambda a: _table(pd, a),
    "polars": lambda a: _table(pl, a),
    "one value": lambda a: np.broadcast_to(a.dtype.type(1), a.shape),
}


def _ragged(a: Array) -> Any:
    return [[0.0] * (1 + i % 2) for i in range(len(a))]


def _changed(a: Array, value: Any, dtype: Any = float) -> Array:
    a = a.astype(dtype)
    a.flat[a.size // 2] = value
    return a


DEFECTS: dict[str, tuple[Callable[[Array], Any], type[Exception], str]] = {
    "None": (lambda a: None, TypeError, "is of type NoneType"),
    "a generator": (lambda a: (row for row in a), TypeError, "is of type generator"),
    "a dictionary": (lambda a: {"a": 1.0}, TypeError, "is of type dict"),
    "a set": (lambda a: {1.0, 2.0}, TypeError, "is of type set"),
    "a class": (lambda a: np.ndarray, TypeError, "is of type type"),
    "a string": (lambda a: "1 2 3", TypeError, "is of type str"),
    "bytes": (lambda a: b"123", TypeError, "is of type bytes"),
    "strings": (lambda a: a.astype(str), TypeError, "has dtype <U"),
    "byte strings": (lambda a: a.astype("S8"), TypeError, r"has dtype \|S8"),
    "objects": (lambda a: a.astype(object), TypeError, "has dtype object"),
    "Nones": (lambda a: np.full(a.shape, None), TypeError, "has dtype object"),
    "decimals": (lambda a: np.full(a.shape, decimal.Decimal(1)), TypeError, "has dtype object"),
    "integers of 400 digits": (lambda a: _changed(a, 10**400, object), TypeError, "object"),
    "dates": (lambda a: a.astype("M8[s]"), TypeError, "has dtype datetime64"),
    "durations": (lambda a: a.astype("m8[s]"), TypeError, "has dtype timedelta64"),
    "Python's dates": (lambda a: np.full(a.shape, datetime.date(2020, 1, 1)), TypeError, "object"),
    "complex": (lambda a: a + 0j, TypeError, "has dtype complex128"),
    "masked": (lambda a: np.ma.masked_array(a, a > 0), TypeError, "is a masked array"),
    "masked nowhere": (np.ma.masked_array, TypeError, "is a masked array"),
    "records": (lambda a: np.zeros(a.shape, [("a", "f4")]), TypeError, "has dtype"),
    "void": (lambda a: np.zeros(a.shape, "V4"), TypeError, r"has dtype \|V4"),
    "sparse": (lambda a: sparse.csr_matrix(a), TypeError, "is sparse"),
    "pandas with strings": (lambda a: _table(pd, a.astype(str)), TypeError, "dtype"),
    "polars with strings": (lambda a: _table(pl, a.astype(str)), TypeError, "dtype"),
    "a lazy table": (lambda a: pl.DataFrame({"a": [1.0]}).lazy(), TypeError, "of type LazyFrame"),
    "ragged": (_ragged, ValueError, "is ragged"),
    "0-d": (lambda a: np.float64(1), ValueError, r"has shape \(\)"),
    "4-d": (lambda a: a.reshape(1, 1, 1, -1), ValueError, r"has shape \(1, 1, 1, "),
    "an axis more": (lambda a: a[..., None, None], ValueError, "has shape"),
    "no entries": (lambda a: np.zeros((0, 0)), ValueError, r"has shape \(0, 0\)"),
    "too many": (
        lambda a: np.broadcast_to(np.int8(0), (2**60, *a.shape[1:])),
        ValueError,
        "has shape|would take",
    ),
    "too large": (
        lambda a: _changed(a, np.longdouble("1e400"), "g"),
        ValueError,
        "is too large|class",
    ),
}

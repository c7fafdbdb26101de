"""Model files: a dictionary of plain values and arrays in a container with a digest.

The specification is JSON. In it stand, for what JSON has not: ``{"$tensor": name}`` for an array,
``{"$list": name}`` for a list of floats, ``{"$float": "nan"}``, ``{"$texts": [...]}`` for an array
of texts, and ``{"$python": name}`` for a function, which the reader has to give.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fastmlp._data.validation import (
    InvalidArgument,
    InvalidValue,
    check_int,
    error_prefix,
    type_error,
)
from fastmlp._io import atomic, container, functions, layout
from fastmlp._io.registry import from_dict
from fastmlp._version import __version__

if TYPE_CHECKING:
    from fastmlp.network import Network

T = TypeVar("T")
Path = str | os.PathLike[str]
FORMAT = "fastmlp"
VERSION = 1
# The names of what is in these are without theirs.
WHOLE = {"network", "parameters", "state", "estimator", "dict", "tuple", "items"}
MAX_TEXTS = 2**24
MAX_DEPTH = 200  # which readers follow without an end of the stack
DAMAGE = (*(ArithmeticError, AttributeError, LookupError, MemoryError), RecursionError, TypeError)


class ModelFileError(ValueError):
    """A file that is not a model, or is damaged, or that this version does not read.

    Examples
    --------
    >>> import fastmlp as fm
    >>> issubclass(fm.ModelFileError, ValueError)
    True
    """


@error_prefix("fm.load")
def load(
    path: Path, *, activation: Any = None, max_time_steps: int = layout.MAX_TIME_STEPS
) -> Network:
    """Return the network of a file of `Network.save`, `Trainer.save` or a checkpoint.

    Parameters
    ----------
    path : str or path-like
        The file. Nothing in it is run, and its digest is compared.
    activation : Activation or (f, derivative), or a list of them, optional
        The network's own activation, as files have no functions; a list has one for each layer that
        has one, in their order.
    max_time_steps : int, default 20000
        The most steps of all recurrent layers together, those of each direction counted, because
        up to 6 KB of memory are taken for each, however small the file is.

    Returns
    -------
    Network
        As it was saved, with history, names of features, seed and attributes.

    Raises
    ------
    ModelFileError
        The file is damaged, foreign, of a later version, or of more than `max_time_steps`.
    OSError
        There is no such file, or it cannot be read.

    Notes
    -----
    Cost: the file is read once; memory of twice its size. Layout: `docs/files.md`.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import os, tempfile
    >>> net = fm.Network([2, 3, 1], seed=0)
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> net.save(path)
    >>> fm.load(path).predict([1, 2]) == net.predict([1, 2])
    array([ True])
    """
    given = dict.fromkeys(functions.PASSED_OVER) | functions.activations(activation)
    network: Network = restore(path, "fm.load", "fastmlp.network", given, max_time_steps)
    functions.check_all_used([network], activation)
    return network


def network_values(network: Network) -> dict[str, Any]:
    """Return the dictionary of a network with its parameters by layers."""
    values = network.__getstate__()
    return {**values, "parameters": layout.named(network, values["parameters"])}


def save(path: Path, values: Mapping[str, Any]) -> None:
    """Write a dictionary of plain values and arrays; functions remain as their names."""
    tensors: dict[str, Any] = {}
    specification = container.to_json(_encoded(values, "", "", tensors))
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "fastmlp": __version__,
        "specification": specification,
    }
    atomic.write(path, container.pack(metadata, tensors))


def restore(path: Path, where: str, kind: str, given: Any, max_time_steps: Any) -> Any:
    """Return the object of the file, or of its part ``"network"``; errors name `where`."""
    max_time_steps = check_int(max_time_steps, "max_time_steps", min=0, max=2**62)

    def made(values: dict[str, Any]) -> Any:
        network = values.get("network", values)
        for each in (network, *values.get("networks", ())):
            if "parameters" in each:
                each["parameters"] = layout.Tensors(each["parameters"], max_time_steps)
        if kind == "fastmlp.network":
            values = network
        elif values["format"] == kind and "state" in values:
            layout.check_state(values)
        return from_dict(values, kind, "file")

    return read(path, where, given, made)


def read(path: Path, where: str, given: Any, made: Any = dict) -> Any:
    """Return ``made(values)`` of a file's dictionary; every damage is a ModelFileError.

    `given` has functions by the names that they have in the file, None for one to pass over, and an
    iterator over activations.
    """
    return _read(path, where, lambda data: made(_values(data, given)))


def _read(path: Path, where: str, made: Callable[[memoryview], T]) -> T:
    """Return ``made(bytes)`` of a file, of which arrays are views."""
    with open(path, "rb") as file:
        data = np.empty(os.fstat(file.fileno()).st_size, np.uint8).data
        n_read = sum(map(file.readinto, atomic.pieces(data)))
    try:
        return made(data[:n_read])
    except (*DAMAGE, ValueError, InvalidArgument) as error:
        name = os.fspath(path)
        raise ModelFileError(
            f"{where}: {name!r} cannot be read: {error or type(error).__name__}"
        ) from error


def header(data: memoryview) -> tuple[dict[str, str], dict[str, Any]]:
    """Return metadata and tensors of a file of this format, after a look at its digest."""
    metadata, tensors = container.unpack(data)
    if metadata.get("format") != FORMAT:
        found = metadata.get("format")
        raise ValueError(f"it is of another program (format={found!r}), expected {FORMAT!r}")
    if metadata.get("version") != str(VERSION):
        raise ValueError(
            f"it has version {metadata.get('version')} of the format, this fastmlp "
            f"({__version__}) reads {VERSION}; install fastmlp {metadata.get('fastmlp')} or later"
        )
    if metadata.get("sha256") != container.digest(metadata, tensors):
        raise ValueError("it is damaged: its contents differ from their digest")
    return metadata, tensors


def _values(data: memoryview, given: Any) -> dict[str, Any]:
    metadata, tensors = header(data)
    used: set[str] = set()
    specification = container.from_json(metadata["specification"])
    values: dict[str, Any] = _decoded(specification, "", tensors, used, given)
    if unknown := sorted(used.symmetric_difference(tensors)):
        raise ValueError(f"its tensors {unknown[:9]} are not those of the specification")
    return values


def _encoded(value: Any, key: str, path: str, tensors: dict[str, Any], depth: int = 0) -> Any:
    """Return a value as JSON has it; `tensors` receives its arrays by their paths."""
    if depth > MAX_DEPTH:  # also where something contains itself
        name = ".".join(path.strip(".").split(".")[:2])
        expected = f"values nested at most {MAX_DEPTH} deep; remove it, or use pickle"
        raise InvalidValue(f"{name} is nested deeper, or contains itself, expected {expected}")
    below = depth + 1
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(float(value))}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.newbyteorder("<") in container.NAMES:
        return {"$tensor": _kept(value, path, tensors)}
    if isinstance(value, np.ndarray) and value.ndim == 1:
        texts = value.tolist()
        if all(isinstance(text, str) for text in texts):
            _check_texts(texts, value.dtype.kind)
            return {"$texts": texts, "dtype": value.dtype.kind}
    if isinstance(value, (list, tuple)):
        if value and all(type(number) is float for number in value):
            return {"$list": _kept(np.array(value), path, tensors)}
        return [_encoded(v, key, f"{path}.{i}", tensors, below) for i, v in enumerate(value)]
    if isinstance(value, Mapping) and all(type(k) is str and k[:1] != "$" for k in value):
        return {
            k: _encoded(v, k, path if k in WHOLE else f"{path}.{k}", tensors, below)
            for k, v in value.items()
        }
    if functions.may_stand(value, path):
        return {"$python": functions.name_of(value)}
    expected = "numbers, texts, arrays, lists and dictionaries of them; files have no other objects"
    raise type_error(path.strip(".") or key, value, f"{expected}; remove it, or use pickle")


def _kept(values: Any, path: str, tensors: dict[str, Any]) -> str:
    name = path.strip(".")
    while name in tensors:
        name += "_"
    tensors[name] = values
    return name


def _decoded(value: Any, key: str, tensors: Any, used: set[str], given: Any) -> Any:
    """Return what `_encoded` has encoded."""
    if isinstance(value, list):
        return [_decoded(member, key, tensors, used, given) for member in value]
    if not isinstance(value, dict):
        return value
    if "$python" in value:
        return functions.taken(value["$python"], key, given)
    if "$float" in value:
        return {text: float(text) for text in ("inf", "-inf", "nan")}[value["$float"]]
    if "$texts" in value:
        _check_texts(value["$texts"], value["dtype"])
        return np.array(value["$texts"], {"U": "U", "O": "O"}[value["dtype"]])
    for kind in ("$tensor", "$list"):
        if kind in value:
            if value[kind] in used:
                raise ValueError(f"tensor {value[kind]!r} is that of two entries")
            used.add(value[kind])
            values = tensors[value[kind]]
            return values if kind == "$tensor" else values.tolist()
    return {k: _decoded(v, k, tensors, used, given) for k, v in value.items()}


def _check_texts(texts: list[str], kind: str) -> None:
    """Raise where an array, which has room for its longest text everywhere, is far larger."""
    n_bytes = 4 * len(texts) * max(map(len, texts), default=0) if kind == "U" else 0
    if n_bytes > max(MAX_TEXTS, 8 * (len(texts) + sum(map(len, texts))) * 4):
        expected = f"at most {MAX_TEXTS} or 8 times that of the texts; use dtype=object"
        raise InvalidValue(f"an array of texts would take {n_bytes} bytes, expected {expected}")


def describe(path: Path) -> dict[str, Any]:
    """Return what a file contains, without its arrays, ready for JSON."""

    def made(data: memoryview) -> dict[str, Any]:
        metadata, tensors = header(data)
        values = container.from_json(metadata["specification"])
        return {
            "format": values["format"],
            **{name: metadata[name] for name in ("version", "fastmlp", "sha256")},
            "bytes": len(data),
            "tensors": {name: [str(t.dtype), list(t.shape)] for name, t in tensors.items()},
            "specification": values,
        }

    return _read(path, "fastmlp info", made)

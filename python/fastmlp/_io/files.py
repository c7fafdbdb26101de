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

from fastmlp._data.validation import InvalidArgument, short_repr, type_error, value_error
from fastmlp._io import atomic, container, layout
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
FUNCTIONS = {"loss", "learning_rate"}  # where functions in Python may stand: at these paths
PLACES = {".loss", ".optimizer.learning_rate"}
DAMAGE = (*(ArithmeticError, AttributeError, LookupError, MemoryError), RecursionError, TypeError)


class ModelFileError(ValueError):
    """A file that is not a model, or is damaged, or that this version does not read.

    Examples
    --------
    >>> import fastmlp as fm
    >>> issubclass(fm.ModelFileError, ValueError)
    True
    """


def load(path: Path) -> Network:
    """Return the network of a file of `Network.save`, `Trainer.save` or a checkpoint.

    Parameters
    ----------
    path : str or path-like
        The file. Nothing in it is run, and its digest is compared.

    Returns
    -------
    Network
        As it was saved, with history, names of features, seed and attributes.

    Raises
    ------
    ModelFileError
        The file is damaged, foreign, or of a later version.
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
    network: Network = restore(path, "fm.load", "fastmlp.network", FUNCTIONS)
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


def restore(path: Path, where: str, kind: str, given: Any) -> Any:
    """Return the object of the file, or of its part ``"network"``; errors name `where`."""

    def made(values: dict[str, Any]) -> Any:
        if kind == "fastmlp.network":
            values = values.get("network", values)
        elif values["format"] == kind:
            layout.check_state(values)
        return from_dict(values, kind, "file")

    return read(path, where, given, made)


def read(path: Path, where: str, given: Any, made: Any = dict) -> Any:
    """Return ``made(values)`` of a file's dictionary; every damage is a ModelFileError.

    `given` has functions by the names that they have in the file, or the names to pass over.
    """
    return _read(path, where, lambda data: made(_values(data, given)))


def _read(path: Path, where: str, made: Callable[[bytearray], T]) -> T:
    """Return ``made(bytes)`` of a file."""
    with open(path, "rb") as file:
        data = bytearray(os.fstat(file.fileno()).st_size)  # arrays are views of it, to be written
        del data[file.readinto(data) :]
    try:
        return made(data)
    except (*DAMAGE, ValueError, InvalidArgument) as error:
        name = os.fspath(path)
        raise ModelFileError(
            f"{where}: {name!r} cannot be read: {error or type(error).__name__}"
        ) from error


def header(data: bytes | bytearray) -> tuple[dict[str, str], dict[str, Any]]:
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


def _values(data: bytearray, given: Any) -> dict[str, Any]:
    metadata, tensors = header(data)
    used: list[str] = []
    specification = container.from_json(metadata["specification"])
    values: dict[str, Any] = _decoded(specification, "", tensors, used, given)
    if sorted(used) != sorted(tensors):
        unknown = sorted(set(tensors).symmetric_difference(used)) or used
        raise ValueError(f"its tensors {unknown[:9]} are not those of the specification")
    return values


def _encoded(value: Any, key: str, path: str, tensors: dict[str, Any]) -> Any:
    """Return a value as JSON has it; `tensors` receives its arrays by their paths."""
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
            return {"$texts": texts, "dtype": value.dtype.kind}
    if isinstance(value, (list, tuple)):
        if value and all(type(number) is float for number in value):
            return {"$list": _kept(np.array(value), path, tensors)}
        return [_encoded(v, key, f"{path}.{i}", tensors) for i, v in enumerate(value)]
    if isinstance(value, Mapping) and all(type(k) is str and k[:1] != "$" for k in value):
        return {
            k: _encoded(v, k, path if k in WHOLE else f"{path}.{k}", tensors)
            for k, v in value.items()
        }
    if callable(value) and path in PLACES:
        name = getattr(value, "__qualname__", type(value).__qualname__)
        return {"$python": f"{value.__module__}.{name}"}
    expected = "numbers, texts, arrays, lists and dictionaries of them; files have no other objects"
    raise type_error(path.strip(".") or key, value, f"{expected}; remove it, or use pickle")


def _kept(values: Any, path: str, tensors: dict[str, Any]) -> str:
    name = path.strip(".")
    while name in tensors:
        name += "_"
    tensors[name] = values
    return name


def _decoded(value: Any, key: str, tensors: Any, used: list[str], given: Any) -> Any:
    """Return what `_encoded` has encoded."""
    if isinstance(value, list):
        return [_decoded(member, key, tensors, used, given) for member in value]
    if not isinstance(value, dict):
        return value
    if "$python" in value:
        return _function(value["$python"], key, given)
    if "$float" in value:
        return {text: float(text) for text in ("inf", "-inf", "nan")}[value["$float"]]
    if "$texts" in value:
        return np.array(value["$texts"], {"U": "U", "O": "O"}[value["dtype"]])
    for kind in ("$tensor", "$list"):
        if kind in value:
            used.append(value[kind])
            values = tensors[value[kind]]
            return values if kind == "$tensor" else values.tolist()
    return {k: _decoded(v, k, tensors, used, given) for k, v in value.items()}


def _function(name: Any, key: str, given: Any) -> Any:
    if key not in given:
        expected = f"it to be given, as in Trainer.load(path, {key}=...): files have no functions"
        raise value_error(key, short_repr(name), expected)
    return given[key] if isinstance(given, Mapping) else None


def describe(path: Path) -> dict[str, Any]:
    """Return what a file contains, without its arrays, ready for JSON."""

    def made(data: bytearray) -> dict[str, Any]:
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

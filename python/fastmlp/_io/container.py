"""Files in the layout of safetensors: a header in JSON, then the bytes of the tensors.

::

    8 bytes: n, little endian | n bytes of JSON, padded with spaces | tensors, one after another
    {"__metadata__": {text: text}, name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}

Tensors are little endian and in C order. The digest in the metadata covers all other metadata and
each tensor's name, dtype, shape and bytes, in no order, so that other tools may write them anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue
from fastmlp._io.atomic import pieces

DTYPES = {
    **{f"F{8 * n}": np.dtype(f"<f{n}") for n in (8, 4, 2)},
    **{f"{kind.upper()}{8 * n}": np.dtype(f"<{kind}{n}") for kind in "iu" for n in (8, 4, 2, 1)},
    "BOOL": np.dtype("?"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_HEADER = 100_000_000  # as the safetensors library
METADATA = "__metadata__"
Tensors = Mapping[str, NDArray[Any]]


def pack(metadata: Mapping[str, str], tensors: Tensors) -> list[bytes | memoryview]:
    """Return the parts of a file; tensors of wide elements come first, so that all are aligned."""
    stored = {name: _as_stored(values) for name, values in tensors.items()}
    stored = dict(sorted(stored.items(), key=lambda item: -item[1].itemsize))
    header: dict[str, Any] = {METADATA: {**metadata, "sha256": digest(metadata, stored)}}
    end = 0
    for name, values in stored.items():
        begin, end = end, end + values.nbytes
        header[name] = {**_kind(values), "data_offsets": [begin, end]}
    text = to_json(header).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        expected = f"expected at most {MAX_HEADER}; keep numbers in arrays"
        raise InvalidValue(f"texts and numbers take {len(text)} bytes, {expected}")
    return [len(text).to_bytes(8, "little"), text, *map(_bytes, stored.values())]


def unpack(data: bytes | memoryview) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """Return metadata and tensors, views of `data`; raise ValueError at any other layout."""
    size = int.from_bytes(data[:8], "little")
    if data[8:9] != b"{" or size > min(len(data) - 8, MAX_HEADER):
        raise ValueError(f"its {len(data)} bytes do not begin as those of safetensors")
    header = from_json(str(data[8 : 8 + size], "utf-8"))
    metadata = header.pop(METADATA, {})
    if not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata are no texts")
    entries = {name: _entry(name, entry) for name, entry in header.items()}
    end, start = 0, 8 + size
    for name, (dtype, shape, begin, stop) in sorted(entries.items(), key=lambda e: e[1][2:]):
        if begin != end or stop - begin != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"tensor {name!r} of shape {shape} lies at {begin}:{stop}, not {end}:")
        end = stop
    if start + end != len(data):
        raise ValueError(f"it has {len(data)} bytes, expected {start + end}")
    tensors = {
        name: np.frombuffer(data, dtype, math.prod(shape), start + begin).reshape(shape)
        for name, (dtype, shape, begin, _) in entries.items()
    }
    return metadata, tensors


def digest(metadata: Mapping[str, str], tensors: Tensors) -> str:
    """Return SHA-256 over metadata, without ``"sha256"``, and tensors."""
    import hashlib  # where it is used, for a fast import of the package

    texts = sorted((name, text) for name, text in metadata.items() if name != "sha256")
    found = hashlib.sha256(to_json(texts).encode())
    for name in sorted(tensors):
        found.update(to_json([name, _kind(tensors[name])]).encode())
        for piece in pieces(_bytes(tensors[name])):
            found.update(piece)
    return found.hexdigest()


def to_json(value: Any) -> str:
    """Return compact JSON; nan and inf are a ValueError."""
    import json

    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def from_json(text: str) -> dict[str, Any]:
    """Read an object; names that come twice, nan and inf are a ValueError."""
    import json

    values = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    if not isinstance(values, dict):
        raise ValueError("its JSON is no object")
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(values := dict(pairs)) < len(pairs):
        raise ValueError(f"a name comes twice among {[name for name, _ in pairs][:9]}")
    return values


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _as_stored(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values, values.dtype.newbyteorder("<"), order="C")


def _kind(values: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": NAMES[values.dtype], "shape": list(values.shape)}


def _bytes(values: NDArray[Any]) -> memoryview:
    return values.reshape(-1).view(np.uint8).data


def _entry(name: str, entry: Any) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """Return dtype, shape and place of a tensor."""
    if set(entry) != {"dtype", "shape", "data_offsets"} or entry["dtype"] not in DTYPES:
        raise ValueError(f"tensor {name!r} is {str(entry)[:80]}, expected one of {list(DTYPES)}")
    shape, (begin, end) = entry["shape"], entry["data_offsets"]
    if any(type(number) is not int or number < 0 for number in [*shape, begin, end]):
        raise ValueError(f"tensor {name!r} is {str(entry)[:80]}, expected integers >= 0")
    return DTYPES[entry["dtype"]], tuple(shape), begin, end

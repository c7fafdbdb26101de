"""The functions of C that a header needs, out of the files with all of them."""

from __future__ import annotations

import re
from importlib import resources
from string import Template

from fastmlp._data.arrays import DType

NAME = re.compile(r"\b(?:net|NET)_\w+")
UNSIGNED = {"float32": "uint32_t", "float64": "uint64_t"}
C_TYPES = {"float32": "float", "float64": "double"}
SEPARATE = "#ifndef NET_FMA\n#define NET_FMA(a, b, c) ((a) * (b) + (c))\n#endif"


class Functions:
    """All blocks of the files, each a function, table or macro, by name and in their order."""

    def __init__(self, dtype: DType, *, fused: bool, flash: bool, quantize: str | None) -> None:
        real, integer = C_TYPES[dtype.name], f"{quantize or 'int8'}_t"
        read = "{} value; NET_COPY(&value, from, sizeof value); return value;"
        values = {
            "T": real,
            "F": "F" if real == "float" else "",
            "f": "f" if real == "float" else "",
            "bytes": str(dtype.itemsize),
            "U": UNSIGNED[dtype.name],
            "Q": integer,
            "flash": " NET_FLASH" if flash else "",
            "matrix": f"struct {{ const {integer} *q; const {real} *scale; }} net_matrix"
            if quantize
            else f"const {real} *net_matrix",
            "weight": f"return net_read(w.scale + row) * ({real})net_read_q(w.q + index);"
            if quantize
            else "(void)row; return net_read(w + index);",
            "read": read.format(real) if flash else "return *from;",
            "read_q": read.format(integer) if flash else "return *from;",
        }
        self._values = values
        folder = resources.files(__package__)
        files = ("target", real, "activations", "layers")
        text = "\n".join((folder / f"{name}.c").read_text() for name in files)
        self._blocks = {
            NAME.findall(block)[-1 if "typedef" in block else 0]: block
            for block in re.split("\n\n+", self.fill(text).strip())
        }
        if not fused:
            self._blocks["NET_FMA"] = SEPARATE

    def __contains__(self, name: str) -> bool:
        return name in self._blocks

    def fill(self, code: str) -> str:
        """Return code with the types in place of ``$T`` and the like."""
        return Template(code).substitute(self._values)

    def used_by(self, code: str) -> str:
        """Return the functions that code calls, and those that these call."""
        used: set[str] = set()
        waiting = set(NAME.findall(code))
        while waiting:
            name = waiting.pop()
            if name in self._blocks and name not in used:
                used.add(name)
                waiting.update(NAME.findall(self._blocks[name]))
        text = "\n\n".join(block for name, block in self._blocks.items() if name in used)
        return re.sub(r"(?m)^(#define .*)\n\n(?=#define)", r"\1\n", text)

"""Statements of C that all layers are made of, and the arrays that they use."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp._data.validation import InvalidValue, short_repr
from fastmlp._export.c._functions import Functions
from fastmlp._export.c._numbers import literal

if TYPE_CHECKING:
    from fastmlp.network import Network


class Buffers:
    """The arrays of a function; those that are not read any more are used again."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self._free: list[str] = []

    def take(self, size: int) -> str:
        """Return the free array nearest in size, which grows to it, or a new one."""
        if self._free:
            name = min(self._free, key=lambda each: abs(self.sizes[each] - size))
            self._free.remove(name)
        else:
            name = f"h{len(self.sizes)}"
        self.sizes[name] = max(size, self.sizes.get(name, 0))
        return name

    def release(self, *names: str) -> None:
        """Let others use these arrays; x and y are none."""
        self._free += [name for name in names if name in self.sizes]


class Writer:
    """Statements that compute y of x, with `tangent` also their derivative along d_x.

    The derivative of an array has the array's name with ``d_`` in front. `tables` are the names of
    W and b of each use of weights, in the order of ``net.weights``; ``"0"`` is no b.
    """

    def __init__(
        self,
        network: Network,
        tables: Sequence[tuple[str, str]],
        functions: Functions,
        *,
        tangent: bool,
    ) -> None:
        self.lines: list[str] = []
        self.buffers = Buffers()
        self._dtype, self._functions, self._tangent = network.dtype, functions, tangent
        self._tables: Iterator[tuple[str, str]] = iter(tables)
        self._depth = 1
        n_layers = len(network.layers)
        self._shapes = [network.input_shape, *map(network._native.layer_shape, range(n_layers))]
        self._layer = 0  # which is being written

    def statements(self) -> str:
        """Return the body of a function of x and y, and of d_x and d_y."""
        prefixes = ("", "d_") if self._tangent else ("",)
        sizes = self.buffers.sizes.items()
        arrays = ", ".join(f"{d}{name}[{size}]" for name, size in sizes for d in prefixes)
        return "\n".join([*([f"  $T {arrays};"] if arrays else []), *self.lines])

    @property
    def bytes(self) -> int:
        """The size of all arrays but x and y."""
        return sum(self.buffers.sizes.values()) * self._dtype.itemsize

    @property
    def _inputs(self) -> int:
        return math.prod(self._shapes[self._layer])

    @property
    def _outputs(self) -> int:
        return math.prod(self._shapes[self._layer + 1])

    def _add(self, line: str) -> None:
        self.lines.append("  " * self._depth + line)

    def _each(self, size: int, statement: str, derivative: str) -> None:
        """Add a loop over i; the derivative is first, because the statement may replace values."""
        body = f"{{ {derivative} {statement} }}" if self._tangent else statement
        self._add(f"for (long i = 0; i < {size}; ++i) {body}")

    def _both(self, call: str, b: str = "0") -> None:
        """Add a call with the values of {d}array and {b}, then with their derivatives."""
        self._add(call.format(b=b, d=""))
        if self._tangent:
            self._add(call.format(b="0", d="d_"))

    def _affine(
        self,
        w: str,
        rows: tuple[int, int],
        columns: tuple[int, int, int],
        b: str,
        arrays: tuple[str, str],
        *,
        add: bool = False,
    ) -> None:
        """Add a = b + W x, or a += W x, of some rows and columns of W, and arrays (x, a).

        Rows are the first and their number, columns the first, their number and that of all.
        """
        (x, a), (first, number, width) = arrays, columns
        call = f"net_affine({w}, {rows[0]}, {rows[1]}, {width}, {first}, {number}, "
        self._both(f"{call}{{b}}, {{d}}{x}, {int(add)}, {{d}}{a});", b)

    def _activate(self, phi: Any, h: str, size: int, *, first: int = 0, group: int = 0) -> None:
        """Add the activation of some elements in place; a softmax is one of each group."""
        self._check(phi)
        if phi.name == "softmax":
            of, sizes = f"{h} + {first}" if first else h, f"{size}, {group or size}"
            self._add(f"net_softmax({of}, {sizes});")
            if self._tangent:
                self._add(f"net_softmax_tangent({of}, d_{of}, {sizes});")
        elif phi.name != "identity":
            at = f"{h}[{first} + i]" if first else f"{h}[i]"
            self._apply(phi, at, f"for (long i = 0; i < {size}; ++i)")

    def _check(self, phi: Any) -> None:
        """Raise unless an activation is one of the core whose function is here."""
        name = getattr(phi, "name", "")
        is_known = name in {"identity", "softmax"} or f"net_{name}" in self._functions
        if type(phi) is not _core.activations.get(name) or not is_known:
            raise InvalidValue(
                f"layers[{self._layer}] has activation={short_repr(phi)}, expected one that has a "
                "form in C, as those of fastmlp do"
            )

    def _apply(self, phi: Any, at: str, loop: str) -> None:
        name = f"net_{phi.name}"
        fields = "".join(
            f", {int(value) if isinstance(value, bool) else literal(value, self._dtype)}"
            for value in phi.get_params(deep=False).values()
        )
        if self._tangent:
            self._add(f"{loop} {{")
            self._add(f"  const $T a = {at};")
            self._add(f"  {at} = net_flush({name}(a{fields}));")
            self._add(f"  d_{at} *= {name}_slope(a, {at}{fields});")
            self._add("}")
        else:
            self._add(f"{loop} {at} = net_flush({name}({at}{fields}));")

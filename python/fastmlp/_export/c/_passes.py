"""The statements of a forward pass in C, and of its derivative along a direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastmlp import _core
from fastmlp._data.validation import InvalidValue, short_repr
from fastmlp._export.c._numbers import literal

if TYPE_CHECKING:
    from fastmlp.network import Network

SIGMOID = _core.activations["sigmoid"]()
ONLY_IN_TRAINING = {"dropout", "spatial_dropout", "gaussian_noise"}


class Buffers:
    """Arrays of a function, which later layers use again."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self._free: list[str] = []

    def take(self, size: int) -> str:
        """Return the free array that has to grow least, or a new one."""
        if not self._free:
            name = f"h{len(self.sizes)}"
        else:
            name = min(self._free, key=lambda each: abs(self.sizes[each] - size))
            self._free.remove(name)
        self.sizes[name] = max(size, self.sizes.get(name, 0))
        return name

    def release(self, *names: str) -> None:
        self._free += [name for name in names if name in self.sizes]


class Pass:
    """The statements that compute y of x, with `tangent` also d_y of d_x.

    Each array has its derivative under its name with ``d_`` in front. `tables` are the names of W
    and b of each use of weights, in the order of ``net.weights``.
    """

    def __init__(
        self, network: Network, tables: Sequence[tuple[str, str]], functions: Any, *, tangent: bool
    ) -> None:
        self.lines: list[str] = []
        self.buffers = Buffers()
        self._network, self._tables, self._functions = network, iter(tables), functions
        self._tangent = tangent
        self._depth = 1
        self._shapes = [network.input_shape] + [
            network._native.layer_shape(index) for index in range(len(network.layers))
        ]
        self._outputs = ["x"]
        self._write_layers()

    def _write_layers(self) -> None:
        layers: Sequence[Any] = self._network.layers
        last_reads = self._last_reads()
        for index, layer in enumerate(layers):
            x = self._outputs[-1]
            if layer.name in ONLY_IN_TRAINING:
                self._outputs.append(x)
                continue
            write: Callable[..., None] | None = getattr(self, f"_{layer.name}", None)
            if write is None:
                raise InvalidValue(f"layers[{index}]={short_repr(layer)} has no form in C")
            size = self._size(index + 1)
            out = "y" if index + 1 == len(layers) else self.buffers.take(size)
            self._add(f"// layer {index}: {layer.name.replace('_', ' ')}")
            write(index, layer, x, out)
            self._outputs.append(out)
            for name, last in last_reads.items():
                if last == index:
                    self.buffers.release(self._outputs[name])

    def _last_reads(self) -> dict[int, int]:
        """Return the last layer that reads each output, by the layer that has computed it, + 1."""
        layers: Sequence[Any] = self._network.layers
        origins = [0]
        reads: dict[int, int] = {}
        for index, layer in enumerate(layers):
            origins.append(origins[-1] if layer.name in ONLY_IN_TRAINING else index + 1)
            reads[origins[index]] = index
            if layer.name == "skip":
                reads[origins[self._index_of(layer.of)]] = index
        return reads

    def _index_of(self, layer: Any) -> int:
        """Return the place of a layer's output in `_outputs`."""
        if isinstance(layer, str):
            return 0
        return next(i for i, each in enumerate(self._network.layers) if each is layer) + 1

    def _size(self, place: int) -> int:
        size = 1
        for length in self._shapes[place]:
            size *= length
        return size

    def _add(self, line: str) -> None:
        self.lines.append("  " * self._depth + line)

    def _each(self, size: int, statement: str, derivative: str) -> None:
        """Add a loop over i; the derivative comes first, because values may be replaced."""
        body = f"{{ {derivative} {statement} }}" if self._tangent else statement
        self._add(f"for (long i = 0; i < {size}; ++i) {body}")

    def _both(self, call: str, *variants: dict[str, str]) -> None:
        """Add a call with the values of the first variant, with tangents also the second."""
        for variant in variants[: 1 + self._tangent]:
            self._add(call.format(**variant))

    def _affine(
        self, w: str, rows: tuple[int, int], columns: tuple[int, int, int], b: str, x: str, a: str,
        *, add: bool = False,
    ) -> None:
        """a = b + W x, or a += W x; rows are (first, number), columns (first, number, of all)."""
        call = (
            f"net_affine({w}, {rows[0]}, {rows[1]}, {columns[2]}, {columns[0]}, {columns[1]}, "
            f"{{b}}, {{d}}{x}, {int(add)}, {{d}}{a});"
        )
        self._both(call, {"b": b, "d": ""}, {"b": "0", "d": "d_"})

    def _activate(self, index: int, phi: Any, h: str, size: int, first: int = 0, n: int = 0) -> None:
        """Apply an activation to some elements in place; a softmax to each n of them."""
        at = f"{h}[{first} + i]" if first else f"{h}[i]"
        if phi.name == "identity":
            return
        if phi.name == "softmax":
            n = n or size
            self._add(f"net_softmax({h}, {size}, {n});")
            if self._tangent:
                self._add(f"net_softmax_tangent({h}, d_{h}, {size}, {n});")
            return
        if f"net_{phi.name}" not in self._functions:
            raise InvalidValue(
                f"layers[{index}] has activation={short_repr(phi)}, which has no form in C; "
                "expected an activation of fastmlp"
            )
        fields = "".join(
            f", {int(v) if isinstance(v, bool) else literal(v, self._network.dtype)}"
            for v in phi.get_params(deep=False).values()
        )
        value = f"{at} = net_flush(net_{phi.name}({{a}}{fields}));"
        if not self._tangent:
            self._add(f"for (long i = 0; i < {size}; ++i) {value.format(a=at)}")
            return
        self._add(f"for (long i = 0; i < {size}; ++i) {{")
        self._add(f"  const $T a = {at};")
        self._add("  " + value.format(a="a"))
        self._add(f"  d_{at} *= net_{phi.name}_slope(a, {at}{fields});")
        self._add("}")

    def _dense(self, index: int, layer: Any, x: str, out: str) -> None:
        w, b = next(self._tables)
        rows, columns = self._size(index + 1), self._size(index)
        self._affine(w, (0, rows), (0, columns, columns), b, x, out)
        self._activate(index, layer.activation, out, rows)

    def _tied(self, index: int, layer: Any, x: str, out: str) -> None:
        if not layer.transposed:
            return self._dense(index, layer, x, out)
        w, b = next(self._tables)
        rows, columns = self._size(index), self._size(index + 1)
        call = f"net_affine_transposed({w}, {rows}, {columns}, {{b}}, {{d}}{x}, {{d}}{out});"
        self._both(call, {"b": b, "d": ""}, {"b": "0", "d": "d_"})
        self._activate(index, layer.activation, out, columns)

    def _skip(self, index: int, layer: Any, x: str, out: str) -> None:
        other = self._outputs[self._index_of(layer.of)]
        derivative = f"d_{out}[i] = d_{x}[i] + d_{other}[i];"
        size = self._size(index)
        self._each(size, f"{out}[i] = net_flush({x}[i] + {other}[i]);", derivative)

    def _axes(self, index: int, kernel: Any, stride: Any, dilation: Any, padding: Any) -> str:
        """Declare the window of a layer; returns its name."""
        inputs, outputs = self._shapes[index][:-1], self._shapes[index + 1][:-1]
        axes = ["{1, 1, 1, 1, 1, 0}"] * (2 - len(inputs))
        for i, (size, out) in enumerate(zip(inputs, outputs or (1,) * len(inputs), strict=True)):
            k, s, d, p = (
                each[i] if isinstance(each, tuple) else each
                for each in (kernel or inputs, stride, dilation, padding)
            )
            if p == "same":
                p = max(0, (out - 1) * s + (k - 1) * d + 1 - size) // 2
            axes.append(f"{{{size}, {out}, {k}, {s}, {d}, {0 if p == 'valid' else p}}}")
        self._add(f"const net_axis axes{index}[2] = {{{', '.join(axes)}}};")
        return f"axes{index}"

    def _convolution(self, index: int, layer: Any, x: str, out: str) -> None:
        w, b = next(self._tables)
        axes = self._axes(index, layer.kernel, layer.stride, layer.dilation, layer.padding)
        channels, filters = self._shapes[index][-1], layer.filters
        call = f"net_convolution({w}, {{b}}, {axes}, {channels}, {filters}, {{d}}{x}, {{d}}{out});"
        self._both(call, {"b": b, "d": ""}, {"b": "0", "d": "d_"})
        self._activate(index, layer.activation, out, self._size(index + 1), n=filters)

    _conv1d = _conv2d = _convolution

    def _max_pool(self, index: int, layer: Any, x: str, out: str) -> None:
        axes = self._axes(index, layer.size, layer.stride or layer.size, 1, layer.padding)
        call = f"net_max_pool({axes}, {self._shapes[index][-1]}, {x}, {{d}}{x}, {{d}}{out});"
        self._both(call, {"d": ""}, {"d": "d_"})

    _max_pool1d = _max_pool2d = _max_pool

    def _average_pool(self, index: int, layer: Any, x: str, out: str) -> None:
        axes = self._axes(index, layer.size, layer.stride or layer.size, 1, layer.padding)
        self._average(index, axes, x, out)

    _average_pool1d = _average_pool2d = _average_pool

    def _global_average_pool(self, index: int, layer: Any, x: str, out: str) -> None:
        self._average(index, self._axes(index, None, 1, 1, 0), x, out)

    _global_average_pool1d = _global_average_pool2d = _global_average_pool

    def _average(self, index: int, axes: str, x: str, out: str) -> None:
        call = f"net_average_pool({axes}, {self._shapes[index][-1]}, {{d}}{x}, {{d}}{out});"
        self._both(call, {"d": ""}, {"d": "d_"})

    def _steps(
        self, index: int, layer: Any, x: str, out: str, scratch: Sequence[int],
        step: Callable[..., None],
    ) -> None:
        """Write a recurrent layer: step(names, arrays of these sizes in units) makes the new h."""
        (time, features), units = self._shapes[index], layer.units
        width = units * (1 + layer.bidirectional)
        for direction in range(1 + layer.bidirectional):
            w, b = next(self._tables)
            arrays = [self.buffers.take(size * units) for size in scratch]
            for array in arrays[: 2 if layer.name == "lstm" else 1]:
                self._each(units, f"{array}[i] = 0;", f"d_{array}[i] = 0;")
            self._add(f"for (long s = 0; s < {time}; ++s) {{")
            self._depth += 1
            self._add(f"const long t = {f'{time - 1} - s' if direction else 's'};")
            step(index, layer, w, b, f"{x} + t * {features}", features, *arrays)
            to, h = f"{out}[{direction * units} + i]", arrays[0]
            if layer.sequences:
                to = f"{out}[t * {width} + {direction * units} + i]"
                self._each(units, f"{to} = {h}[i];", f"d_{to} = d_{h}[i];")
            self._depth -= 1
            self._add("}")
            if not layer.sequences:
                self._each(units, f"{to} = {h}[i];", f"d_{to} = d_{h}[i];")
            self.buffers.release(*arrays)

    def _gates(
        self, w: str, b: str, gates: tuple[int, int], units: int, features: int, x: str, h: str,
        a: str,
    ) -> None:
        """a = b + W x + U h of some gates, (first, number)."""
        rows, width = (gates[0] * units, gates[1] * units), features + units
        self._affine(w, rows, (0, features, width), _offset(b, rows[0]), x, a)
        self._affine(w, rows, (features, units, width), "0", h, a, add=True)

    def _recurrent(self, index: int, layer: Any, x: str, out: str) -> None:
        self._steps(index, layer, x, out, (1, 1), self._recurrent_step)

    def _recurrent_step(
        self, index: int, layer: Any, w: str, b: str, x: str, features: int, h: str, a: str
    ) -> None:
        self._gates(w, b, (0, 1), layer.units, features, x, h, a)
        self._activate(index, layer.activation, a, layer.units)
        self._each(layer.units, f"{h}[i] = {a}[i];", f"d_{h}[i] = d_{a}[i];")

    def _gru(self, index: int, layer: Any, x: str, out: str) -> None:
        self._steps(index, layer, x, out, (1, 2, 1, 1), self._gru_step)

    def _gru_step(
        self, index: int, layer: Any, w: str, b: str, x: str, features: int, h: str, rz: str,
        q: str, n: str,
    ) -> None:
        """n = phi(W x + b_n + r (U h + c_n)), h = z h - z n + n."""
        u, width = layer.units, features + layer.units
        self._gates(w, b, (0, 2), u, features, x, h, rz)
        self._activate(index, SIGMOID, rz, 2 * u)
        self._affine(w, (2 * u, u), (features, u, width), _offset(b, 3 * u), h, q)
        self._affine(w, (2 * u, u), (0, features, width), _offset(b, 2 * u), x, n)
        self._each(
            u,
            f"{n}[i] = net_flush(NET_FMA({q}[i], {rz}[i], {n}[i]));",
            f"d_{n}[i] += d_{q}[i] * {rz}[i] + {q}[i] * d_{rz}[i];",
        )
        self._activate(index, layer.activation, n, u)
        z = f"{rz}[{u} + i]"
        self._each(
            u,
            f"{h}[i] = net_flush(net_flush(NET_FMA(-{n}[i], {z}, net_flush({z} * {h}[i]))) "
            f"+ {n}[i]);",
            f"d_{h}[i] = {z} * d_{h}[i] + d_{z} * ({h}[i] - {n}[i]) + (1 - {z}) * d_{n}[i];",
        )

    def _lstm(self, index: int, layer: Any, x: str, out: str) -> None:
        self._steps(index, layer, x, out, (1, 1, 4), self._lstm_step)

    def _lstm_step(
        self, index: int, layer: Any, w: str, b: str, x: str, features: int, h: str, c: str, a: str
    ) -> None:
        """c = f c + i g, h = o phi(c); a are the gates i, f, g, o."""
        u = layer.units
        self._gates(w, b, (0, 4), u, features, x, h, a)
        self._activate(index, SIGMOID, a, 2 * u)
        self._activate(index, layer.activation, a, u, 2 * u)
        self._activate(index, SIGMOID, a, u, 3 * u)
        i, f, g, o = f"{a}[i]", f"{a}[{u} + i]", f"{a}[{2 * u} + i]", f"{a}[{3 * u} + i]"
        self._each(
            u,
            f"{h}[i] = {c}[i] = net_flush(NET_FMA({g}, {i}, net_flush({c}[i] * {f})));",
            f"d_{h}[i] = d_{c}[i] = d_{c}[i] * {f} + {c}[i] * d_{f} + d_{g} * {i} + {g} * d_{i};",
        )
        self._activate(index, layer.activation, h, u)
        self._each(
            u, f"{h}[i] = net_flush({h}[i] * {o});", f"d_{h}[i] = d_{h}[i] * {o} + {h}[i] * d_{o};"
        )


def _offset(table: str, first: int) -> str:
    return table if table == "0" or first == 0 else f"{table} + {first}"

"""The statements of recurrent layers: the formulas of their steps, as in the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fastmlp import _core
from fastmlp._export.c._writer import Writer

SIGMOID = _core.activations["sigmoid"]()


class Step(NamedTuple):
    """One step of a layer: W with the features of x and of h, b, x and its number of features."""

    phi: Any
    units: int
    w: str
    b: str
    x: str
    features: int

    def bias(self, gate: int) -> str:
        """Return where b of a gate begins."""
        return self.b if self.b == "0" else f"{self.b} + {gate * self.units}"


class RecurrentWriter(Writer):
    """Adds the layers that go through a sequence step by step."""

    def _recurrent(self, layer: Any, x: str, out: str) -> None:
        self._steps(layer, x, out, (1, 1), self._recurrent_step)

    def _gru(self, layer: Any, x: str, out: str) -> None:
        self._steps(layer, x, out, (1, 2, 1, 1), self._gru_step)

    def _lstm(self, layer: Any, x: str, out: str) -> None:
        self._steps(layer, x, out, (1, 1, 4), self._lstm_step)

    def _steps(
        self, layer: Any, x: str, out: str, sizes: Sequence[int], write: Callable[..., None]
    ) -> None:
        """Add all steps, with write(step, h, ...): arrays of so many units, h from step to step."""
        (time, features), units = self._shapes[self._layer], layer.units
        width = units * (1 + layer.bidirectional)
        for direction in range(1 + layer.bidirectional):
            w, b = next(self._tables)
            arrays = [self.buffers.take(size * units) for size in sizes]
            for state in arrays[: 2 if write == self._lstm_step else 1]:
                self._each(units, f"{state}[i] = 0;", f"d_{state}[i] = 0;")
            self._add(f"for (long s = 0; s < {time}; ++s) {{")
            self._depth += 1
            self._add(f"const long t = {f'{time - 1} - s' if direction else 's'};")
            step = Step(layer.activation, units, w, b, f"{x} + t * {features}", features)
            write(step, *arrays)
            if not layer.sequences:
                self._end_step()
            at = f"t * {width} + " if layer.sequences else ""
            to = f"{out}[{at}{direction * units} + i]"
            self._each(units, f"{to} = {arrays[0]}[i];", f"d_{to} = d_{arrays[0]}[i];")
            if layer.sequences:
                self._end_step()
            self.buffers.release(*arrays)

    def _end_step(self) -> None:
        self._depth -= 1
        self._add("}")

    def _of_x(self, step: Step, gates: tuple[int, int], b: str, a: str) -> None:
        """Add a = b + W x of some gates, (first, number)."""
        rows, columns = _rows(step, gates), (0, step.features, step.features + step.units)
        self._affine(step.w, rows, columns, b, (step.x, a))

    def _of_h(
        self, step: Step, gates: tuple[int, int], b: str, h: str, a: str, *, add: bool
    ) -> None:
        """Add a = b + U h of some gates, or a += U h."""
        columns = (step.features, step.units, step.features + step.units)
        self._affine(step.w, _rows(step, gates), columns, b, (h, a), add=add)

    def _recurrent_step(self, step: Step, h: str, a: str) -> None:
        self._of_x(step, (0, 1), step.bias(0), a)
        self._of_h(step, (0, 1), "0", h, a, add=True)
        self._activate(step.phi, a, step.units)
        self._each(step.units, f"{h}[i] = {a}[i];", f"d_{h}[i] = d_{a}[i];")

    def _gru_step(self, step: Step, h: str, rz: str, q: str, n: str) -> None:
        """Add n = phi(W x + b_n + r (U h + c_n)), h = z h - z n + n."""
        u = step.units
        self._of_x(step, (0, 2), step.bias(0), rz)
        self._of_h(step, (0, 2), "0", h, rz, add=True)
        self._activate(SIGMOID, rz, 2 * u)
        self._of_h(step, (2, 1), step.bias(3), h, q, add=False)
        self._of_x(step, (2, 1), step.bias(2), n)
        self._each(
            u,
            f"{n}[i] = net_flush(NET_FMA({q}[i], {rz}[i], {n}[i]));",
            f"d_{n}[i] += d_{q}[i] * {rz}[i] + {q}[i] * d_{rz}[i];",
        )
        self._activate(step.phi, n, u)
        z, kept = f"{rz}[{u} + i]", f"net_flush({rz}[{u} + i] * {h}[i])"
        self._each(
            u,
            f"{h}[i] = net_flush(net_flush(NET_FMA(-{n}[i], {z}, {kept})) + {n}[i]);",
            f"d_{h}[i] = {z} * d_{h}[i] + d_{z} * ({h}[i] - {n}[i]) + (1 - {z}) * d_{n}[i];",
        )

    def _lstm_step(self, step: Step, h: str, c: str, a: str) -> None:
        """Add c = f c + i g, h = o phi(c); the gates of a are i, f, g, o."""
        u = step.units
        self._of_x(step, (0, 4), step.bias(0), a)
        self._of_h(step, (0, 4), "0", h, a, add=True)
        self._activate(SIGMOID, a, 2 * u)
        self._activate(step.phi, a, u, first=2 * u)
        self._activate(SIGMOID, a, u, first=3 * u)
        i, f, g, o = (f"{a}[{gate * u} + i]" for gate in range(4))
        self._each(
            u,
            f"{h}[i] = {c}[i] = net_flush(NET_FMA({g}, {i}, net_flush({c}[i] * {f})));",
            f"d_{h}[i] = d_{c}[i] = d_{c}[i] * {f} + {c}[i] * d_{f} + d_{g} * {i} + {g} * d_{i};",
        )
        self._activate(step.phi, h, u)
        self._each(
            u, f"{h}[i] = net_flush({h}[i] * {o});", f"d_{h}[i] = d_{h}[i] * {o} + {h}[i] * d_{o};"
        )


def _rows(step: Step, gates: tuple[int, int]) -> tuple[int, int]:
    return gates[0] * step.units, gates[1] * step.units

"""A network that is read operator by operator, from a graph of ONNX or a module of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastmlp import layers as fm
from fastmlp._data.arrays import DType
from fastmlp._data.validation import InvalidValue
from fastmlp._export.axes import BATCH, Stage, Value, shown
from fastmlp._export.settling import Outputs
from fastmlp._export.windows import Window, same
from fastmlp._io import layout
from fastmlp.network import Network

KINDS = {"RNN": fm.Recurrent, "GRU": fm.GRU, "LSTM": fm.LSTM}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
POOLS = {
    "MaxPool": (fm.MaxPool1D, fm.MaxPool2D),
    "AveragePool": (fm.AveragePool1D, fm.AveragePool2D),
}


class Chain(Outputs):
    """Layers one after another, in the order in which they are read."""

    def _append(self, stage: Stage, axes: Any, last: bool = False) -> Value:
        self.stages.append(stage)
        return Value(len(self.stages) - 1, tuple(axes), last=last)

    def _read(self, value: Value, *, change: bool = False) -> tuple[Value, Stage]:
        """Return a settled value that the next layer may read, and its stage."""
        value = self.settled(value, change=change)
        if value.stage != len(self.stages) - 1:
            raise InvalidValue("it reads an earlier layer, expected the one before; see fm.Skip")
        return value, self.stages[value.stage]

    def dense(self, value: Value, W: Any, b: Any = None, key: Any = None) -> Value:
        """Return W x + b along the last axis; W is (outputs, inputs)."""
        value, stage = self._read(value, change=True)
        W, units = np.asarray(W), len(W)
        if W.ndim != 2 or W.shape[1] != self.shape(value)[-1]:
            expected = shown([units, *self.shape(value)[-1:]])
            raise InvalidValue(f"weights of shape {W.shape}, expected {expected}")
        positions = [(axis,) for axis in range(stage.n_positions)]
        if len(value.axes) > 2 and self.has_axes(value, (BATCH,), *positions, stage.channels):
            n = stage.n_positions
            one = Window(*((1,) * n, (1,) * n, (1,) * n, (0,) * n, (0,) * n))
            return self._convolution(value, W.reshape(units, *(1,) * n, -1), b, one)
        group = value.axes[-1]
        if value.axes[0] != (BATCH,) or any(stage.long(g) for g in value.axes[1:-1]):
            found = shown(self.shape(value))
            raise InvalidValue(f"a product of shape {found}, expected (n, features)")
        ours = np.ascontiguousarray(self.ordered(stage, group, W.T).T)
        ordered = stage.long(group) == stage.long(stage.axes)
        ours, b = self._with_change(value, ours, b)
        is_shared = ordered and value.change is None and key is not None
        made = Stage("Gemm", [units], 0, self._make_dense, ours, b, key=key if is_shared else None)
        axes = [*((BATCH,),), *[()] * (len(value.axes) - 2), (0,)]
        return self._append(made, axes)

    def _make_dense(self, stage: Stage, layers: list[Any]) -> Any:
        """Return the layer, tied to the first one of the same weights."""
        fields = {"activation": stage.activation, "bias": stage.b is not None}
        first = self._source(stage)
        if first is stage:
            return fm.Dense(len(stage.W), **fields)
        source = layers[[each is first for each in self.stages].index(True) - 1]
        return fm.Tied(source, transposed=first.key[1] != stage.key[1], **fields)

    def _source(self, stage: Stage) -> Stage:
        """Return the first layer with the same weights."""
        if stage.key is None:
            return stage
        return next(s for s in self.stages if s.key is not None and s.key[0] == stage.key[0])

    def _with_change(self, value: Value, W: Any, b: Any) -> tuple[Any, Any]:
        """Return W a and W c + b for inputs a x + c; a number per feature, or per channel."""
        if value.change is None:
            return W, b
        n = W.shape[-1]
        a, c = (np.resize(each, n) if np.size(each) > 1 else each for each in value.change)
        flat = W.reshape(len(W), -1, n)
        shift = (flat * c).sum((1, 2)) if np.any(c) else None
        return W * a, b if shift is None else shift + (0.0 if b is None else b)

    def convolution(self, value: Value, W: Any, b: Any, window: Window) -> Value:
        """Return a convolution of channels first; W is (filters, channels, kernel ...)."""
        value, stage = self._read(value, change=True)
        self._check_channels_first(value, stage)
        channels = self.shape(value)[1]
        if W.shape[1:] != (channels, *window.kernel):
            expected = f"(filters, {channels}, {', '.join(map(str, window.kernel))}); no groups"
            raise InvalidValue(f"weights of shape {W.shape}, expected {expected}")
        result = self._convolution(value, np.moveaxis(W, 1, -1), b, window)
        return self.transposed(result, [0, stage.n_positions + 1, *range(1, stage.n_positions + 1)])

    def _convolution(self, value: Value, W: Any, b: Any, window: Window) -> Value:
        stage = self.stages[value.stage]
        sizes = tuple(stage.sizes[: stage.n_positions])
        padding = padding_of(window, sizes)
        if value.change is not None and np.any(value.change[1]) and padding != "valid":
            raise InvalidValue("a shift before padding with zeros, expected weights that take it")
        W, b = self._with_change(value, W, b)
        kind = (fm.Conv1D, fm.Conv2D)[len(sizes) - 1]
        fields = {"stride": window.stride, "dilation": window.dilation, "padding": padding}
        each = spelled({"kernel": window.kernel, **fields})

        def make(made: Stage, _: list[Any]) -> Any:
            return kind(len(W), activation=made.activation, bias=made.b is not None, **each)

        made = Stage("Conv", [*window.outputs(sizes), len(W)], len(sizes), make, W, b)
        return self._append(made, [(BATCH,), *((axis,) for axis in made.axes)])

    def _check_channels_first(self, value: Value, stage: Stage) -> None:
        positions = [(axis,) for axis in range(stage.n_positions)]
        first = self.has_axes(value, (BATCH,), stage.channels, *positions)
        if stage.n_positions not in (1, 2) or not first:
            found = shown(self.shape(value))
            raise InvalidValue(f"it reads shape {found}, expected (n, channels, ...)")

    def pool(self, value: Value, kind: str, window: Window) -> Value:
        """Return maxima or means of windows, channels first."""
        value, stage = self._read(value)
        self._check_channels_first(value, stage)
        sizes = tuple(stage.sizes[: stage.n_positions])
        each = spelled({"size": window.kernel, "stride": window.stride})
        each.update(spelled({"padding": padding_of(window, sizes)}))
        if any(d != 1 for d in window.dilation):
            raise InvalidValue(f"dilation={window.dilation}, expected 1")
        cls = POOLS[kind][len(sizes) - 1]
        made = Stage(
            kind,
            [*window.outputs(sizes), *stage.sizes[stage.n_positions :]],
            stage.n_positions,
            lambda *_: cls(**each),
        )
        return self._append(made, value.axes)

    def global_mean(self, value: Value, axes: Sequence[int], keep: bool) -> Value:
        """Return the mean over all positions."""
        value, stage = self._read(value)
        places = sorted(range(len(value.axes))[axis] for axis in axes)
        rest = [group for place, group in enumerate(value.axes) if place not in places]
        covered = [axis for place in places for axis in stage.long(value.axes[place])]
        all_positions = stage.long(range(stage.n_positions))
        n = stage.n_positions
        if n not in (1, 2) or sorted(covered) != all_positions or not len(rest) == 2:
            raise InvalidValue(f"a mean over axes {list(axes)}, expected all positions")
        cls = (fm.GlobalAveragePool1D, fm.GlobalAveragePool2D)[n - 1]
        sizes = [1] * n + stage.sizes[n:]
        made = Stage("GlobalAveragePool", sizes, n, lambda *_: cls())
        groups = [
            () if place in places else group
            for place, group in enumerate(value.axes)
            if keep or place not in places
        ]
        return self._append(made, groups)

    def plain(self, value: Value, layer: Any) -> Value:
        """Return what a layer gives that is silent after training, such as dropout."""
        value, stage = self._read(value)
        made = Stage("a layer", list(stage.sizes), stage.n_positions, lambda *_: layer)
        return self._append(made, value.axes)

    def skip(self, a: Value, b: Value) -> Value:
        """Return the sum of the last layer's output and an earlier one's."""
        a, b = self.settled(a), self.settled(b)
        if a.stage < b.stage:
            a, b = b, a
        a, stage = self._read(a)
        if self.form(a) != self.form(b):
            shapes = " and ".join(shown(self.shape(each)) for each in (a, b))
            raise InvalidValue(f"it adds shapes {shapes}, expected equal ones in one order")

        def make(_: Stage, layers: list[Any]) -> Any:
            return fm.Skip(layers[b.stage - 1] if b.stage else "input")

        made = Stage("a sum", list(stage.sizes), stage.n_positions, make)
        return self._append(made, a.axes)

    def recurrent(
        self, value: Value, op: str, activation: Any, parts: Sequence[Any], batch_first: bool
    ) -> Value:
        """Return all states; `parts` are weights and biases of x and of h per direction."""
        value, stage = self._read(value, change=True)
        order = [(BATCH,), (0,)] if batch_first else [(0,), (BATCH,)]
        if stage.n_positions != 1 or not self.has_axes(value, *order, stage.channels):
            found = shown(self.shape(value))
            raise InvalidValue(f"it reads shape {found}, expected (time, features)")
        arrays = []
        for W_x, W_h, b_x, b_h in parts:
            units, n = W_h.shape[-1], self.shape(value)[-1]
            rows = GATES[op] * units
            if W_x.shape != (rows, n) or W_h.shape != (rows, units):
                raise InvalidValue(f"weights of shape {W_x.shape}, expected {(rows, n)}")
            W, b = self._with_change(value, W_x, b_x)
            if b is not None:
                c = np.zeros(rows) if b_h is None else b_h
                if b.shape != (rows,) or c.shape != (rows,):
                    raise InvalidValue(f"biases of shape {b.shape}, expected {(rows,)}")
                n_sums = 2 * units if op == "GRU" else rows
                b = np.concatenate([b[:n_sums] + c[:n_sums], b[n_sums:], c[n_sums:]])
            arrays += [np.hstack([W, W_h]), b]

        def make(made: Stage, _: list[Any]) -> Any:
            return KINDS[op](
                units,
                activation,
                not made.last,
                made.b is not None,
                bidirectional=len(parts) == 2,
            )

        sizes = [stage.sizes[0], len(parts), units]
        made = Stage(op, sizes, 1, make, arrays[0], arrays[1], arrays[2:])
        return self._append(made, [*order, (1, 2)])

    def network(self, value: Value, dtype: DType) -> Network:
        """Return the network whose output this is."""
        value, stage = self._read(value)
        whole = [axis for group in value.axes for axis in stage.long(group) if axis != BATCH]
        joined = any(len(stage.long(group)) > 1 for group in value.axes)
        if joined and whole != sorted(whole):
            raise InvalidValue("the output is flattened with channels first, expected them last")
        layers: list[Any] = []
        arrays: list[Any] = []
        for each in self.stages[1:]:
            assert each.make is not None
            layers.append(each.make(each, layers))
            shared = each.key is not None and self._source(each) is not each
            arrays += [None if shared else each.W, each.b, *each.further]
        inputs = tuple(self.stages[0].sizes)
        shape, chain = fm.plan(layers, inputs, None, None, "glorot_uniform")
        parts = [np.ravel(each) for each in arrays if each is not None]
        layout.check_size(shape, chain, dtype, sum(map(len, parts)))
        network = Network.__new__(Network)
        network._build(shape, chain, dtype, 0, draw=False)
        network.parameters = np.concatenate(parts).astype(dtype) if parts else []
        return network


def padding_of(window: Window, sizes: tuple[int, ...]) -> Any:
    """Return what a layer calls these zeros before and after the axes."""
    if window.before == window.after:
        return window.before if any(window.before) else "valid"
    if window == same(*window[:3], sizes):
        return "same"
    zeros = f"{window.before} before and {window.after} after"
    raise InvalidValue(f"zeros {zeros}, expected as many on each side or those of 'same'")


def spelled(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields with one number where it is that of all axes."""
    equal = {k: v[0] for k, v in fields.items() if isinstance(v, tuple) and len(set(v)) == 1}
    return {**fields, **equal}

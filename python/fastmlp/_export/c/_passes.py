"""The statements of a whole pass: one layer after the other, each into an array that is free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastmlp._data.validation import InvalidValue, short_repr
from fastmlp._export.c._functions import Functions
from fastmlp._export.c._recurrent import RecurrentWriter

if TYPE_CHECKING:
    from fastmlp.network import Network

ONLY_IN_TRAINING = {"dropout", "spatial_dropout", "gaussian_noise"}


class Pass(RecurrentWriter):
    """All layers of a network, written when it is made.

    Arrays of features are counted from the input: place 0 is x, place l + 1 the output of layer l.
    """

    def __init__(
        self,
        network: Network,
        tables: Sequence[tuple[str, str]],
        functions: Functions,
        *,
        tangent: bool,
    ) -> None:
        super().__init__(network, tables, functions, tangent=tangent)
        self._layers: Sequence[Any] = network.layers
        self._arrays = ["x"]
        last_reads = self._last_reads()
        for index, layer in enumerate(self._layers):
            self._layer = index
            self._write_layer(layer)
            for place, last in last_reads.items():
                if last == index:
                    self.buffers.release(self._arrays[place])

    def _write_layer(self, layer: Any) -> None:
        x = self._arrays[-1]
        if layer.name in ONLY_IN_TRAINING:
            self._arrays.append(x)
            return
        write: Callable[..., None] | None = getattr(self, f"_{layer.name}", None)
        if write is None:
            raise InvalidValue(f"layers[{self._layer}]={short_repr(layer)} has no form in C")
        is_last = self._layer + 1 == len(self._layers)
        out = "y" if is_last else self.buffers.take(self._outputs)
        self._add(f"// layers[{self._layer}]: {type(layer).__name__}")
        write(layer, x, out)
        self._arrays.append(out)

    def _last_reads(self) -> dict[int, int]:
        """Return the last layer that reads the array of each place where one was taken."""
        origins = [0]
        reads: dict[int, int] = {}
        for index, layer in enumerate(self._layers):
            origins.append(origins[-1] if layer.name in ONLY_IN_TRAINING else index + 1)
            reads[origins[index]] = index
            if layer.name == "skip":
                reads[origins[self._place(layer.of)]] = index
        return reads

    def _place(self, layer: Any) -> int:
        """Return the place of a layer's output, of ``"input"`` 0."""
        return next((i + 1 for i, each in enumerate(self._layers) if each is layer), 0)

    def _dense(self, layer: Any, x: str, out: str) -> None:
        w, b = next(self._tables)
        columns = (0, self._inputs, self._inputs)
        self._affine(w, (0, self._outputs), columns, b, (x, out))
        self._activate(layer.activation, out, self._outputs)

    def _tied(self, layer: Any, x: str, out: str) -> None:
        if not layer.transposed:
            return self._dense(layer, x, out)
        w, b = next(self._tables)
        sizes = f"{self._inputs}, {self._outputs}"
        self._both(f"net_affine_transposed({w}, {sizes}, {{b}}, {{d}}{x}, {{d}}{out});", b)
        self._activate(layer.activation, out, self._outputs)

    def _skip(self, layer: Any, x: str, out: str) -> None:
        other = self._arrays[self._place(layer.of)]
        self._each(
            self._outputs,
            f"{out}[i] = net_flush({x}[i] + {other}[i]);",
            f"d_{out}[i] = d_{x}[i] + d_{other}[i];",
        )

    def _window(self, kernel: Any, stride: Any, dilation: Any, padding: Any) -> str:
        """Declare the two axes of a window; returns their name and the number of channels."""
        inputs, outputs = (self._shapes[self._layer + i][:-1] for i in range(2))
        axes = ["{1, 1, 1, 1, 1, 0}"] * (2 - len(inputs))
        for i, size in enumerate(inputs):
            k, s, d, zeros = (
                each[i] if isinstance(each, tuple) else each
                for each in (kernel, stride, dilation, padding)
            )
            out = outputs[i] if outputs else 1
            if zeros == "same":  # an odd one is at the end
                zeros = max(0, (out - 1) * s + (k - 1) * d + 1 - size) // 2
            axes.append(f"{{{size}, {out}, {k}, {s}, {d}, {0 if zeros == 'valid' else zeros}}}")
        self._add(f"const net_axis axes{self._layer}[2] = {{{', '.join(axes)}}};")
        return f"axes{self._layer}, {self._shapes[self._layer][-1]}"

    def _convolution(self, layer: Any, x: str, out: str) -> None:
        w, b = next(self._tables)
        window = self._window(layer.kernel, layer.stride, layer.dilation, layer.padding)
        self._both(
            f"net_convolution({w}, {{b}}, {window}, {layer.filters}, {{d}}{x}, {{d}}{out});", b
        )
        self._activate(layer.activation, out, self._outputs, group=layer.filters)

    def _max_pool(self, layer: Any, x: str, out: str) -> None:
        window = self._window(layer.size, layer.stride or layer.size, 1, layer.padding)
        self._both(f"net_max_pool({window}, {x}, {{d}}{x}, {{d}}{out});")

    def _average_pool(self, layer: Any, x: str, out: str) -> None:
        self._average(
            self._window(layer.size, layer.stride or layer.size, 1, layer.padding), x, out
        )

    def _global_average_pool(self, layer: Any, x: str, out: str) -> None:
        self._average(self._window(self._shapes[self._layer][:-1], 1, 1, 0), x, out)

    def _average(self, window: str, x: str, out: str) -> None:
        self._both(f"net_average_pool({window}, {{d}}{x}, {{d}}{out});")

    _conv1d = _conv2d = _convolution
    _max_pool1d = _max_pool2d = _max_pool
    _average_pool1d = _average_pool2d = _average_pool
    _global_average_pool1d = _global_average_pool2d = _global_average_pool

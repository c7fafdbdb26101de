"""What stands between the layers of ``torch.nn`` in a module that `Network.to_torch` returns."""

from __future__ import annotations

from typing import Any

from fastmlp._data.extras import require

torch = require("torch", "Network.to_torch", "torch")
Module: Any = torch.nn.Module
Sequential: Any = torch.nn.Sequential
functional = torch.nn.functional


class Chain(Sequential):  # type: ignore[misc]
    """Modules one after another, some of which add the output of an earlier one."""

    def __init__(self, modules: list[Any], input_shape: tuple[int, ...]) -> None:
        super().__init__(*modules)
        self.input_shape = input_shape

    def forward(self, x: Any) -> Any:
        """Return the output for inputs ``(n, *input_shape)``."""
        outputs = [x]
        for module in self:
            x = module(x, outputs[module.of]) if isinstance(module, Skip) else module(x)
            outputs.append(x)
        return x


class Skip(Module):  # type: ignore[misc]
    """Adds the output of the module before number `of`, of which 0 is the input."""

    def __init__(self, of: int, dims: tuple[int, ...] | None) -> None:
        super().__init__()
        self.of, self.dims = of, dims

    def forward(self, x: Any, other: Any) -> Any:
        """Return the sum, with axes of the other in the order `dims`."""
        other = other if self.dims is None else other.permute(self.dims)
        return x + other.reshape(x.shape)


class Permute(Module):  # type: ignore[misc]
    """Moves channels first, or last."""

    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Any) -> Any:
        """Return axes in another order."""
        return x.permute(self.dims)

    def extra_repr(self) -> str:
        """Return the order."""
        return ", ".join(map(str, self.dims))


class Steps(Module):  # type: ignore[misc]
    """Takes from what a recurrent module returns all outputs, or the last ones."""

    def __init__(self, sequences: bool, bidirectional: bool) -> None:
        super().__init__()
        self.sequences, self.bidirectional = sequences, bidirectional

    def forward(self, both: Any) -> Any:
        """Return outputs ``(n, time, units)``, or the last states ``(n, units)``."""
        outputs, state = both
        if self.sequences:
            return outputs
        h = state[0] if isinstance(state, tuple) else state
        return torch.cat([h[-2], h[-1]], -1) if self.bidirectional else h[-1]


class Function(Module):  # type: ignore[misc]
    """A function of torch that is no module there, of x times a factor."""

    def __init__(self, name: str, factor: float = 1.0) -> None:
        super().__init__()
        self.name, self.factor = name, factor

    def forward(self, x: Any) -> Any:
        """Return its values."""
        return getattr(torch, self.name)(x if self.factor == 1 else self.factor * x)

    def extra_repr(self) -> str:
        """Return its name."""
        return self.name


class TiedLinear(Module):  # type: ignore[misc]
    """A layer with the weights of another one."""

    def __init__(self, linear: Any, transposed: bool, bias: Any) -> None:
        super().__init__()
        self.weight, self.transposed, self.bias = linear.weight, transposed, bias

    def forward(self, x: Any) -> Any:
        """Return W x + b, of the transpose of W where it is `transposed`."""
        return functional.linear(x, self.weight.t() if self.transposed else self.weight, self.bias)


class GaussianNoise(Module):  # type: ignore[misc]
    """Adds noise in training."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: Any) -> Any:
        """Return x, in training with noise."""
        return x + self.std * torch.randn_like(x) if self.training else x


class MeanOfInputs(Module):  # type: ignore[misc]
    """Average pooling with any padding, of which nothing counts."""

    def __init__(self, kernel: Any, stride: Any, before: Any, after: Any) -> None:
        super().__init__()
        self.kernel, self.stride, self.before, self.after = kernel, stride, before, after

    def forward(self, x: Any) -> Any:
        """Return means, of channels first."""
        pads = [n for pair in zip(self.before, self.after, strict=True) for n in pair]
        pads = [n for k in range(len(pads) - 2, -1, -2) for n in pads[k : k + 2]]
        pool = functional.avg_pool1d if len(self.kernel) == 1 else functional.avg_pool2d
        sums, shares = (
            pool(functional.pad(each, pads), self.kernel, self.stride)
            for each in (x, torch.ones_like(x[:1, :1]))
        )
        return sums / shares

"""The plan of a network: layers as values, in the short form (sizes) and the long one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastmlp import _core, checks
from fastmlp._data.arrays import MAX_BYTES
from fastmlp.checks import flag, fraction, integer, not_negative, positive


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: ``h = activation(W x + b)``.

    Parameters
    ----------
    units : int
        Number of outputs, at least 1.
    activation : str or activation, default "identity"
        A name such as ``"relu"`` or a value such as ``fm.LeakyReLU(slope=0.1)``.
    bias : bool, default True
        Whether the layer has ``b``.
    init : str or initializer, optional
        How the weights are drawn; None takes the network's `init`. Biases start at 0.
    l1, l2 : float, optional
        Penalty ``l1 sum |W| + l2 / 2 sum W**2`` of this layer; None takes that of `fit`.
    max_norm : float, optional
        The longest that the weights of one unit may become, in the Euclidean norm; longer ones are
        scaled down to it after each update (Srivastava et al. 2014).

    Raises
    ------
    ValueError
        A number out of its range, or a name that is not known.
    TypeError
        A value of the wrong kind.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Dense(128, "relu", l2=1e-4).units
    128
    """

    units: int
    activation: Any = "identity"
    bias: bool = True
    init: Any = None
    l1: float | None = None
    l2: float | None = None
    max_norm: float | None = None

    def __post_init__(self) -> None:
        """Check every field and turn names into values."""
        self._set("units", integer(self.units, "units", "Dense", least=1))
        self._set("activation", _core.resolve("activation", self.activation, "Dense"))
        self._set("bias", flag(self.bias, "bias", "Dense"))
        if self.init is not None:
            self._set("init", _core.resolve("init", self.init, "Dense"))
        for name in ("l1", "l2"):
            if getattr(self, name) is not None:
                self._set(name, not_negative(getattr(self, name), name, "Dense"))
        if self.max_norm is not None:
            self._set("max_norm", positive(self.max_norm, "max_norm", "Dense"))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the class is frozen for everyone else


@dataclass(frozen=True)
class Dropout:
    """A layer that drops units at random in training: ``h = x mask / (1 - rate)``.

    Parameters
    ----------
    rate : float
        The probability to drop a unit of a sample, ``0 <= rate < 1``.

    Raises
    ------
    ValueError, TypeError
        A rate out of its range or no number.

    Notes
    -----
    Off in `predict` and the other methods of `Network` but `fit`. The masks follow from the seed,
    the epoch and the sample, for any number of threads. Source: Srivastava et al. 2014.

    Examples
    --------
    >>> import fastmlp as fm
    >>> layers = [fm.Dense(128, "relu"), fm.Dropout(0.2), fm.Dense(10, "softmax")]
    >>> fm.Network(layers, inputs=64, seed=0).n_parameters
    9610
    """

    rate: float

    def __post_init__(self) -> None:
        """Check the rate."""
        object.__setattr__(self, "rate", fraction(self.rate, "rate", "Dropout"))


@dataclass(frozen=True)
class GaussianNoise:
    """A layer that adds noise in training: ``h = x + N(0, std**2)``.

    Parameters
    ----------
    std : float
        The standard deviation of the noise, at least 0.

    Raises
    ------
    ValueError, TypeError
        A deviation below 0 or no number.

    Notes
    -----
    Fresh at each presentation of a sample, otherwise as `Dropout`. Source: Bishop 1995.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([fm.GaussianNoise(0.1), fm.Dense(1)], inputs=2, seed=0)
    >>> net.predict([[0.0, 0.0]])
    array([[0.]], dtype=float32)
    """

    std: float

    def __post_init__(self) -> None:
        """Check the deviation."""
        object.__setattr__(self, "std", not_negative(self.std, "std", "GaussianNoise"))


Layer = Dense | Dropout | GaussianNoise


def dense_layers(layers: Sequence[Layer]) -> list[Dense]:
    """Return the layers that have parameters."""
    return [layer for layer in layers if isinstance(layer, Dense)]


def native_layer(layer: Layer, init: Any) -> tuple[Any, ...]:
    """Return a layer as the core takes it, with another initialiser where one is given."""
    if isinstance(layer, Dense):
        return (layer.units, layer.activation, layer.bias, init or layer.init)
    return ("dropout", layer.rate) if isinstance(layer, Dropout) else ("noise", layer.std)


def output_activation(layers: Sequence[Layer]) -> Any:
    """Return the activation of the last layer."""
    return dense_layers(layers)[-1].activation


def plan(
    layers: Any, inputs: Any, activation: Any, output: Any, init: Any
) -> tuple[int, tuple[Layer, ...]]:
    """Return the number of inputs and the layers that a call of `Network` describes."""
    items = _items(layers)
    read = _long_form if any(isinstance(item, Layer) for item in items) else _short_form
    n_inputs, chain = read(items, inputs, activation, output)
    default = _core.resolve("init", init, "Network")
    complete = tuple(
        dataclasses.replace(layer, init=default)
        if isinstance(layer, Dense) and layer.init is None
        else layer
        for layer in chain
    )
    _check_parameters(n_inputs, dense_layers(complete))
    return n_inputs, complete


def cannot_learn(layers: Sequence[Dense], loss: Any) -> list[int]:
    """Return the dense layers with a hard sign, through which no gradient passes backwards."""
    last = len(layers) - 1
    reads_pre_activation = getattr(loss, "name", "") in ("perceptron", "hinge")
    return [
        index
        for index, layer in enumerate(layers)
        if layer.activation.name == "sign"
        and not layer.activation.straight_through
        and not (index == last and reads_pre_activation)
    ]


def _items(layers: Any) -> list[Any]:
    expected = "a list of sizes, or a list of layers such as fm.Dense"
    if isinstance(layers, (str, bytes, Mapping, Set)) or not isinstance(layers, Iterable):
        checks.refuse_kind("Network", "layers", layers, expected)
    items = list(layers)
    if not items:
        checks.refuse_value("Network", "layers", items, expected)
    return items


def _long_form(
    layers: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[int, list[Layer]]:
    for index, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            checks.refuse_kind("Network", f"layers[{index}]", layer, "a layer as the others")
    if not isinstance(layers[-1], Dense):
        checks.refuse_value("Network", f"layers[{len(layers) - 1}]", layers[-1], "a Dense at last")
    for name, value in (("activation", activation), ("output", output)):
        if value is not None:
            expected = "None, as every fm.Dense has its own activation"
            checks.refuse_value("Network", name, value, expected)
    return integer(inputs, "inputs", "Network", least=1), layers


def _short_form(
    sizes: list[Any], inputs: Any, activation: Any, output: Any
) -> tuple[int, list[Layer]]:
    if inputs is not None:
        expected = "None, as the first of the sizes is the number of inputs"
        checks.refuse_value("Network", "inputs", inputs, expected)
    widths = [integer(size, f"layers[{i}]", "Network", least=1) for i, size in enumerate(sizes)]
    if len(widths) == 1:
        expected = "the number of inputs and at least one layer"
        checks.refuse_value("Network", "layers", sizes, expected)
    hidden = _core.resolve("activation", "relu" if activation is None else activation, "Network")
    last = _output(output)
    return widths[0], [*(Dense(width, hidden) for width in widths[1:-1]), Dense(widths[-1], last)]


def _output(output: Any) -> Any:
    """Return the output activation; a refusal names the argument `output`."""
    try:
        return _core.resolve("activation", "identity" if output is None else output, "Network")
    except (TypeError, ValueError) as error:
        message = str(error).replace("activation=", "output=", 1)
        raise type(error)(message) from None


def _check_parameters(n_inputs: int, layers: Sequence[Dense]) -> None:
    """Refuse a network whose parameters could not be addressed, in Python's unbounded integers."""
    n_parameters = 0
    for layer in layers:
        n_parameters += layer.units * (n_inputs + layer.bias)
        n_inputs = layer.units
    if n_parameters > MAX_BYTES // 8:
        raise ValueError(
            f"Network: the layers have {n_parameters} parameters, expected at most {MAX_BYTES // 8}"
        )
    try:
        np.empty(n_parameters, np.float32)  # takes no pages; the core would plan its parts first
    except MemoryError:
        raise MemoryError(
            f"Network: the layers have {n_parameters} parameters, expected as many as fit in memory"
        ) from None

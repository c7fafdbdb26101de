"""Networks as one header of C: weights, prediction, and a test of itself."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.validation import check_bool, check_dtype, type_error, value_error
from fastmlp._export.c._header import rounded, write_header
from fastmlp._export.c._numbers import LEVELS
from fastmlp._io import atomic

if TYPE_CHECKING:
    from fastmlp.network import Network

LAYOUTS = ("plain", "flash")
GOLDEN_ROWS = 16
DRAWN_ROWS = 1000


def export(
    network: Network,
    path: str | os.PathLike[str],
    name: str,
    precision: DTypeLike | None,
    *,
    X: Any,
    jacobian: bool,
    layout: str,
    quantize: str | None,
) -> None:
    """Write the header; the arguments are those of `Network.to_c`."""
    if not isinstance(name, str):
        raise type_error("name", name, "a name of C")
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise value_error("name", name, "a name of C: letters, digits and _, a letter first")
    check_bool(jacobian, "jacobian")
    _check_choice("layout", layout, LAYOUTS)
    if quantize is not None:
        _check_choice("quantize", quantize, tuple(LEVELS))
    network = _in_precision(network, precision)
    arrays.check_finite(network.parameters, "parameters", "")
    samples = _samples(network, X)
    remarks, made = [], network
    if quantize is not None:
        made = rounded(network, quantize)
        remarks = _errors(network, made, samples, quantize, "of X" if X is not None else "drawn")
    rows = samples[np.linspace(0, len(samples) - 1, GOLDEN_ROWS).round().astype(int)]
    outputs = made.predict(rows).reshape(GOLDEN_ROWS, network.n_outputs)
    arrays.check_finite(outputs, "predict(X)", "")
    text = write_header(
        network,
        (rows, outputs),
        name,
        remarks,
        jacobian=jacobian,
        flash=layout == "flash",
        quantize=quantize,
    )
    atomic.write(path, [text.encode()])


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    expected = f"one of: {', '.join(map(repr, choices))}"
    if not isinstance(value, str):
        raise type_error(name, value, expected)
    if value not in choices:
        raise value_error(name, value, expected)


def _in_precision(network: Network, precision: DTypeLike | None) -> Network:
    """Return the network, or a copy with other digits."""
    dtype = network.dtype if precision is None else check_dtype(precision, "precision")
    if dtype == network.dtype:
        return network
    twin = type(network).__new__(type(network))
    twin._build(network.input_shape, network.layers, dtype, network.seed, draw=False)
    twin.parameters = arrays.convert(network.parameters, dtype, "parameters")
    twin.epochs_trained = network.epochs_trained
    return twin


def _samples(network: Network, X: Any) -> FloatArray:
    """Return X as the network reads it, or samples of a standard normal distribution."""
    if X is None:
        drawn = np.random.default_rng(0).standard_normal((DRAWN_ROWS, network.n_inputs))
        return drawn.astype(network.dtype)
    samples, _ = arrays.as_inputs(X, network)
    if isinstance(samples, arrays.STORED):
        samples = samples.take(np.arange(len(samples)))
    if not isinstance(samples, np.ndarray):
        raise type_error("X", X, "an array; of sparse ones X.toarray()")
    arrays.check_samples(samples)
    arrays.check_finite(samples, "X", given=X)
    return samples


def _errors(
    network: Network, made: Network, samples: FloatArray, quantize: str, origin: str
) -> list[str]:
    """Return what the comment says of rounded weights: how far outputs are from those without."""
    exact, near = (
        net.predict(samples).reshape(len(samples), -1).astype(np.float64) for net in (network, made)
    )
    difference = np.abs(exact - near)
    square, spread = np.sqrt(np.mean(difference**2)), np.std(exact)
    share = f" ({square / spread:.2%} of their standard deviation)" if spread > 0 else ""
    remarks = [
        f"Weights are {quantize} times a scale for each row of W. On {len(samples)} samples "
        f"({origin}) outputs differ",
        f"by {square:.2g} in root mean square{share}, {difference.max():.2g} at most.",
    ]
    if exact.shape[1] > 1:
        same = np.mean(exact.argmax(axis=1) == near.argmax(axis=1))
        remarks.append(f"The largest output is the same one in {same:.2%} of the samples.")
    return remarks

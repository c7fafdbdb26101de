"""The text of a header: comment, functions, tables, and the functions that users call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from fastmlp._data.arrays import FloatArray
from fastmlp._export.c._functions import C_TYPES, Functions
from fastmlp._export.c._numbers import LEVELS, initializer, literal, normal, quantized
from fastmlp._export.c._passes import Pass
from fastmlp._io.summary import layer_table
from fastmlp._version import __version__
from fastmlp.layers import plan

if TYPE_CHECKING:
    from fastmlp.network import Network

FRAME = """\
#ifndef NET_H
#define NET_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define NET_INPUTS {n}
#define NET_OUTPUTS {k}

{functions}

{tables}

{api}

#endif
"""
PREDICT = """\
// y = the outputs for x
static inline void net_predict(const $T x[{n}], $T y[{k}]) {{
{predict}
}}
"""
JACOBIAN = """
// y and its derivative d_y along d_x
static inline void net_tangent(const $T x[{n}], const $T d_x[{n}], $T y[{k}], $T d_y[{k}]) {{
{tangent}
}}

// jacobian[j * {n} + i] = d y[j] / d x[i]
static inline void net_jacobian(const $T x[{n}], $T jacobian[{size}]) {{
  $T d_x[{n}] = {{0}}, y[{k}], d_y[{k}];
  for (long i = 0; i < {n}; ++i) {{
    d_x[i] = 1;
    net_tangent(x, d_x, y, d_y);
    d_x[i] = 0;
    for (long j = 0; j < {k}; ++j) jacobian[j * {n} + i] = d_y[j];
  }}
}}
"""
SELFTEST = """
// The number of {rows} samples whose outputs differ from those of fastmlp, by more than
// NET_TOLERANCE (1 + |y|).
#ifndef NET_TOLERANCE
#define NET_TOLERANCE 0
#endif
static inline int net_selftest(void) {{
  int wrong = 0;
  for (long row = 0; row < {rows}; ++row) {{
    $T x[{n}], y[{k}];
    int right = 1;
    for (long i = 0; i < {n}; ++i) x[i] = net_read(net_test_x + row * {n} + i);
    net_predict(x, y);
    for (long j = 0; j < {k}; ++j) {{
      const $T expected = net_read(net_test_y + row * {k} + j);
      right &= net_abs(y[j] - expected) <= NET_TOLERANCE * (1 + net_abs(expected));
    }}
    wrong += !right;
  }}
  return wrong;
}}"""


class Tables:
    """The arrays of parameters, and the names of W and b of each use of weights."""

    def __init__(self, network: Network, qualifier: str, quantize: str | None) -> None:
        self.texts: list[str] = []
        self.names: list[tuple[str, str]] = []
        self.bytes = 0
        self._dtype, self._real = network.dtype, C_TYPES[network.dtype.name]
        self._qualifier, self._quantize = qualifier, quantize
        views = zip(network.weights, network.biases, owners(network), strict=True)
        for index, (weights, b, owner) in enumerate(views):
            name = f"net_w{owner}"
            if owner == index:
                self._add_matrix(name, matrix(weights))
            bias = "0" if b is None else f"net_b{index}"
            if b is not None:
                self.add(bias, b)
            self.names.append((name, bias))

    def add(self, name: str, values: FloatArray) -> None:
        numbers = (literal(value, self._dtype) for value in normal(values).ravel().tolist())
        self._add(self._real, name, values.size, initializer(numbers))
        self.bytes += values.nbytes

    def _add_matrix(self, name: str, W: FloatArray) -> None:
        if self._quantize is None:
            return self.add(name, W)
        q, scale = quantized(W, LEVELS[self._quantize])
        self._add(f"{self._quantize}_t", f"{name}_q", q.size, initializer(map(str, q.ravel())))
        self.add(f"{name}_scale", scale)
        self.texts.append(f"static const net_matrix {name} = {{{name}_q, {name}_scale}};")
        self.bytes += q.size * np.dtype(self._quantize).itemsize

    def _add(self, kind: str, name: str, size: int, values: str) -> None:
        self.texts.append(f"static const {kind} {name}[{size}]{self._qualifier} = {values};")


def matrix(weights: FloatArray) -> FloatArray:
    """Return W as (n_out, n_in) of what `Network.weights` shows."""
    return np.ascontiguousarray(weights.reshape(-1, weights.shape[-1]).T)


def owners(network: Network) -> list[int]:
    """Return the first use of the weights of each use: of tied layers another one."""
    first: dict[int, int] = {}
    addresses = [weights.__array_interface__["data"][0] for weights in network.weights]
    return [first.setdefault(address, index) for index, address in enumerate(addresses)]


def rounded(network: Network, quantize: str) -> Network:
    """Return the network whose weights are those that the header computes with."""
    twin = network.copy()
    for index, (weights, owner) in enumerate(zip(twin.weights, owners(twin), strict=True)):
        if owner == index:
            q, scale = quantized(matrix(weights), LEVELS[quantize])
            weights[...] = (scale[:, None] * q.astype(scale.dtype)).T.reshape(weights.shape)
    return twin


def is_fused(network: Network) -> bool:
    """Whether the core rounds a b + c once, as it does on processors that can."""
    probe = type(network).__new__(type(network))
    probe._build(*plan([1, 1], None, None, None, "zeros"), network.dtype, 0, draw=False)
    small = 2.0**-13 if network.dtype == np.float32 else 2.0**-29
    probe.parameters = [1 + small, -(1 + 2 * small)]
    return bool(probe.predict(np.full((16, 1), 1 + small))[0, 0] != 0)


def write_header(
    network: Network,
    samples: tuple[FloatArray, FloatArray],
    name: str,
    remarks: list[str],
    *,
    jacobian: bool,
    flash: bool,
    quantize: str | None,
) -> str:
    """Return the header of a network, with a self-test on samples (x, y) and remarks on it."""
    functions = Functions(network.dtype, fused=is_fused(network), flash=flash, quantize=quantize)
    tables = Tables(network, functions.fill("$flash"), quantize)
    predict, tangent = (
        Pass(network, tables.names, functions, tangent=each) for each in (False, True)
    )
    template = PREDICT + (JACOBIAN if jacobian else "") + SELFTEST
    n, k = network.n_inputs, network.n_outputs
    sizes = {"n": n, "k": k, "size": n * k, "rows": len(samples[0])}
    api = functions.fill(
        template.format(predict=predict.statements(), tangent=tangent.statements(), **sizes)
    )
    remarks = [
        f"Tables: {tables.bytes:,} bytes; arrays of {name}_predict: {predict.bytes:,} bytes.",
        *remarks,
    ]
    for of_test, values in zip(("net_test_x", "net_test_y"), samples, strict=True):
        tables.add(of_test, values)
    code = FRAME.format(
        functions=functions.used_by(api + functions.fill(" net_matrix$flash")),
        tables="\n\n".join(tables.texts),
        api=api,
        **sizes,
    )
    code = re.sub(r"\bnet_", f"{name}_", re.sub(r"\bNET_", f"{name.upper()}_", code))
    return _comment(network, name, remarks) + code


def _comment(network: Network, name: str, remarks: list[str]) -> str:
    lines = [
        f"{name}.h: a network of fastmlp {__version__}, in C99 and C++17.",
        "",
        *layer_table(network).splitlines(),
        "",
        *remarks,
        "Compile with -ffp-contract=off, and link with -lm where fma is a function.",
    ]
    return "\n".join(["/*", *(f" * {line}".rstrip() for line in lines), " */\n"])

"""Headers of `Network.to_c`, compiled and run: what its tests share."""

from __future__ import annotations

import ctypes
import itertools
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

STRICT = ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-pedantic"]
C99, CXX = ["-std=c99"], ["-x", "c++", "-std=c++17"]
COMPILERS = ["gcc", "clang"]
REALS = {"float32": "float", "float64": "double"}
ELEMENTWISE = [
    *(phi() for name, phi in fm._core.activations.items() if name != "softmax"),
    *(fm.Sign(straight_through=True), fm.LeakyReLU(0.3), fm.LeakyReLU(0.0), fm.ELU(0.7)),
    fm.Sine(2.5),
]
DRAWN = [phi for phi in ELEMENTWISE if not isinstance(phi, fm.Exponential)]  # infinite in series
RUN = """
void run_{name}(const {T} *x, {T} *y, {T} *jacobian, long n) {{
  for (long i = 0; i < n; ++i) {{
    {name}_predict(x + i * {N}_INPUTS, y + i * {N}_OUTPUTS);
    {jacobian}
  }}
  (void)jacobian;
}}
int test_{name}(void) {{ return {name}_selftest(); }}
"""
_numbers = itertools.count()


def compiler(name: str) -> str:
    """Return a compiler's path; skips the test, with the reason, where there is none."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


class Compiled:
    """Some networks as headers in one library of C."""

    def __init__(
        self,
        folder: Path,
        nets: Sequence[fm.Network],
        *options: str,
        with_compiler: str = "gcc",
        language: Sequence[str] = C99,
        **keywords: Any,
    ) -> None:
        self._nets, number = nets, next(_numbers)
        source = ""
        for i, net in enumerate(nets):
            path = folder / f"n{number}_{i}.h"
            net.to_c(path, f"n{i}", **keywords)
            jacobian = ""
            if keywords.get("jacobian"):
                size = f"N{i}_INPUTS * N{i}_OUTPUTS"
                jacobian = f"n{i}_jacobian(x + i * N{i}_INPUTS, jacobian + i * {size});"
            real = REALS[np.dtype(keywords.get("precision") or net.dtype).name]
            source += f'#include "{path}"\n'
            source += RUN.format(name=f"n{i}", N=f"N{i}", T=real, jacobian=jacobian)
        if language is CXX:
            source = re.sub(r"(?m)^(?=void|int)", 'extern "C" ', source)
        main, library = folder / f"n{number}.c", folder / f"n{number}.so"
        main.write_text(source)
        call = [compiler(with_compiler), *STRICT, *language, *options, "-fPIC", "-shared"]
        subprocess.run([*call, str(main), "-o", str(library), "-lm"], check=True)
        self.path = library
        self._library = ctypes.CDLL(str(library))

    def outputs(self, i: int, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return outputs and Jacobian of network i; the latter is 0 without `jacobian`."""
        net = self._nets[i]
        X = np.ascontiguousarray(X.reshape(len(X), -1))
        y = np.zeros((len(X), net.n_outputs), X.dtype)
        jacobian = np.zeros((len(X), net.n_outputs, net.n_inputs), X.dtype)
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (X, y, jacobian)]
        self._library[f"run_n{i}"](*pointers, ctypes.c_long(len(X)))
        return y.reshape(len(X), *net.output_shape), jacobian

    def wrong_rows(self, i: int) -> int:
        return int(self._library[f"test_n{i}"]())


def assert_same_bits(made: np.ndarray, expected: np.ndarray, what: object = "") -> None:
    bits = np.dtype(f"u{made.dtype.itemsize}")
    assert made.dtype == expected.dtype
    differs = made.view(bits) != np.ascontiguousarray(expected).view(bits)
    assert not differs.any(), (what, made[differs][:4], expected[differs][:4], differs.mean())


def shaken(net: fm.Network, seed: int = 0, scale: float = 0.4) -> fm.Network:
    """Give all parameters values of their own, biases too."""
    rng = np.random.default_rng(seed)
    net.parameters = net.parameters + scale * rng.standard_normal(net.n_parameters)
    return net


def drawn_network(seed: int) -> fm.Network:
    """Return a network of layers and activations drawn at random, on features, steps or images."""
    rng = np.random.default_rng([22, seed])
    dtype = list(REALS)[seed % 2]
    kind = rng.integers(3)
    layers: list[Any] = []
    if kind == 0:
        inputs: Any = int(rng.integers(1, 40))
    elif kind == 1:
        inputs = (int(rng.integers(2, 9)), int(rng.integers(1, 5)))
        layers += _drawn_sequence(rng)
    else:
        inputs = (*(int(n) for n in rng.integers(5, 10, 2)), int(rng.integers(1, 4)))
        layers += _drawn_image(rng)
    for _ in range(rng.integers(0, 4)):
        layers += _drawn_dense(rng)
    if rng.random() < 0.3 and isinstance(layers[-1] if layers else None, fm.Dense):
        layers.append(fm.Tied(layers[-1], _phi(rng), bias=bool(rng.integers(2))))
    last = [fm.Dense(int(rng.integers(1, 12)), _phi(rng, softmax=True))]
    return shaken(fm.Network(layers + last, inputs=inputs, dtype=dtype, seed=seed), seed)


def _phi(rng: np.random.Generator, *, softmax: bool = False) -> Any:
    if softmax and rng.random() < 0.3:
        return "softmax"
    return DRAWN[rng.integers(len(DRAWN))]


def _drawn_dense(rng: np.random.Generator) -> list[Any]:
    first = fm.Dense(int(rng.integers(1, 40)), _phi(rng), bias=bool(rng.integers(2)))
    noise = [[], [fm.Dropout(0.5)], [fm.GaussianNoise(0.1)]][rng.integers(3)]
    if rng.random() < 0.5:
        return [first, *noise]
    second = [fm.Dense(first.units, _phi(rng)), fm.Skip(first)]
    return [first, *noise, *second, fm.Tied(second[0], _phi(rng), transposed=False)]


def _drawn_sequence(rng: np.random.Generator) -> list[Any]:
    layers: list[Any] = []
    if rng.random() < 0.5:
        kernel, dilation = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        layers.append(
            fm.Conv1D(int(rng.integers(1, 6)), kernel, _phi(rng), padding="same", dilation=dilation)
        )
    if rng.random() < 0.3:
        pool = (fm.MaxPool1D, fm.AveragePool1D)[rng.integers(2)]
        layers.append(pool(2, stride=1, padding=("valid", "same", 1)[rng.integers(3)]))
    for _ in range(rng.integers(1, 3)):
        kind = (fm.Recurrent, fm.GRU, fm.LSTM)[rng.integers(3)]
        layer = kind(int(rng.integers(1, 7)), _phi(rng), sequences=True, bias=bool(rng.integers(2)))
        layers.append(fm.Bidirectional(layer) if rng.random() < 0.4 else layer)
    if rng.random() < 0.3:
        layers.append(fm.GlobalAveragePool1D())
    elif rng.random() < 0.5:
        layers[-1] = layers[-1].replace(sequences=False)
    return layers


def _drawn_image(rng: np.random.Generator) -> list[Any]:
    kernel = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    padding = ("valid", "same", 1, (0, 2))[rng.integers(4)]
    stride, dilation = int(rng.integers(1, 3)), (1, int(rng.integers(1, 3)))
    filters = int(rng.integers(1, 8))
    phi = _phi(rng, softmax=True)
    layers: list[Any] = [
        fm.Conv2D(filters, kernel, phi, stride=stride, padding=padding, dilation=dilation),
    ]
    if rng.random() < 0.5:
        layers.append(fm.SpatialDropout(0.2))
    if rng.random() < 0.7:
        pool = (fm.MaxPool2D, fm.AveragePool2D)[rng.integers(2)]
        inside = padding in ("same", 1) and stride == 1 and rng.random() < 0.5
        layers.append(pool(2, stride=(1, 2), padding="valid" if inside else "same"))
    if rng.random() < 0.3:
        layers.append(fm.GlobalAveragePool2D())
    return layers

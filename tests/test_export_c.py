"""Headers of `Network.to_c`: all bits of predict, for all layers, with two compilers."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from export_c_cases import (
    COMPILERS,
    CXX,
    ELEMENTWISE,
    REALS,
    Compiled,
    assert_same_bits,
    compiler,
    drawn_network,
    shaken,
)

RECURRENT = (fm.Recurrent, fm.GRU, fm.LSTM)
POOLED = np.array(  # a nan at each place of a window
    [[np.nan, 1, 2, 3, 2, 1], [1, np.nan, 2, 3, 2, 1], [1, 2, np.nan, 3, 2, 1]]
    + [[1, 2, 3] * 2] * 5
)
PHIS = [*ELEMENTWISE, fm.Softmax()]


def samples(net: fm.Network, n: int = 40, scale: float = 1.0) -> np.ndarray:
    drawn = np.random.default_rng(3).standard_normal((n, *net.input_shape))
    return (scale * drawn).astype(net.dtype)


def check_drawn(seeds: range, folder: Path, name: str, *, jacobian: bool) -> None:
    nets = [drawn_network(seed) for seed in seeds]
    made = Compiled(folder, nets, with_compiler=name, jacobian=jacobian)
    for i, net in enumerate(nets):
        X = samples(net, 8 + i)
        outputs, derivative = made.outputs(i, X)
        assert_same_bits(outputs, net.predict(X), net)
        assert made.wrong_rows(i) == 0
        if jacobian:
            expected = net.jacobian(X).reshape(derivative.shape)
            bound = 1e-12 if net.dtype == np.float64 else 3e-5
            assert np.abs(derivative - expected).max() <= bound * max(1, np.abs(expected).max())


@pytest.mark.parametrize("name", COMPILERS)
@pytest.mark.parametrize("dtype", REALS)
def test_all_activations_have_all_bits_of_predict(tmp_path: Path, dtype: str, name: str) -> None:
    """Also where exponentials overflow or are subnormal, which the core computes as 0."""
    nets = [
        shaken(fm.Network([fm.Dense(9, below), fm.Dense(5, phi)], inputs=7, dtype=dtype, seed=1))
        for phi in PHIS
        for below in ("tanh" if isinstance(phi, fm.Exponential) else phi,)  # else it is infinite
    ]
    made = Compiled(tmp_path, nets, with_compiler=name)
    for i, net in enumerate(nets):
        for scale in (1e-38, 1e-20, 1e-3, 1, 30, 90, 700, 1e30):
            X = samples(net, 300, scale)
            assert_same_bits(made.outputs(i, X)[0], net.predict(X), (PHIS[i], scale))


@pytest.mark.parametrize("dtype", REALS)
def test_results_that_are_subnormal_are_0_as_in_predict(tmp_path: Path, dtype: str) -> None:
    """Products, means, and probabilities, of which the last is e / 3 with a normal e."""
    layers: list[Any] = [fm.Dense(6, bias=False), fm.Conv1D(2, 1, bias=False)]
    nets = [fm.Network([layer], inputs=(3, 1), dtype=dtype, seed=0) for layer in layers]
    mean = [fm.Conv1D(1, 1, bias=False), fm.GlobalAveragePool1D()]
    nets.append(fm.Network(mean, inputs=(3, 1), dtype=dtype, seed=0))
    for net in nets:
        net.weights[0][..., 0, :] = np.linspace(0.3, 1, net.weights[0].shape[-1])
        net.weights[0][1:] = 0
    tiny = np.finfo(dtype).tiny
    X = (tiny * np.outer(np.linspace(1, 4, 60), [1, 0, 0])).astype(dtype)
    classes = fm.Network([fm.Dense(4, "softmax", bias=False)], inputs=1, dtype=dtype, seed=0)
    classes.weights[0][:] = [[0, 0, 0, -1]]
    edge = np.linspace(-np.log(tiny) - 2, -np.log(tiny) + 1, 60)[:, None].astype(dtype)
    made = Compiled(tmp_path, [*nets, classes])
    for i, (net, x) in enumerate([*((net, X) for net in nets), (classes, edge)]):
        expected = net.predict(x.reshape(60, *net.input_shape))
        assert_same_bits(made.outputs(i, x)[0], expected, net)
        assert (expected[expected != 0] >= tiny).all()
        assert (expected == 0).any()


@pytest.mark.parametrize("dtype", REALS)
def test_nan_and_inf_pass_as_in_predict(tmp_path: Path, dtype: str) -> None:
    """Through activations from -inf and inf on, and through maxima, wherever the nan is."""
    nets = [fm.Network([fm.Dense(2, phi)], inputs=2, dtype=dtype, seed=0) for phi in PHIS]
    for net in nets:
        net.weights[0][:] = [[1, 0], [0, 1]]
    layers = [fm.MaxPool1D(3), fm.Dense(1)]
    nets.append(shaken(fm.Network(layers, inputs=(6, 1), dtype=dtype, seed=0)))
    made = Compiled(tmp_path, nets)
    special = [np.nan, np.inf, -np.inf, 1.0, -0.0]
    pairs = np.array([[a, b] for a in special for b in special])
    for i, net in enumerate(nets):
        X = (pairs if net.n_inputs == 2 else POOLED).astype(dtype)
        np.testing.assert_array_equal(made.outputs(i, X)[0], net.predict(X), str(net.layers))


@pytest.mark.parametrize("name", COMPILERS)
def test_drawn_networks_have_all_bits_of_predict(tmp_path: Path, name: str) -> None:
    check_drawn(range(8), tmp_path, name, jacobian=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILERS)
@pytest.mark.parametrize("first", range(0, 1000, 20))
def test_a_thousand_drawn_networks_have_all_bits(tmp_path: Path, first: int, name: str) -> None:
    check_drawn(range(first, first + 20), tmp_path, name, jacobian=first % 100 == 0)


@pytest.mark.parametrize("dtype", REALS)
def test_wide_layers_have_all_bits_of_predict(tmp_path: Path, dtype: str) -> None:
    """Those whose weights the core packs, from 8 samples on."""
    net = shaken(fm.Network([1024, 40, 3], activation="tanh", dtype=dtype, seed=1), scale=0.05)
    made = Compiled(tmp_path, [net])
    for n in (8, 9, 70):
        X = samples(net, n)
        assert_same_bits(made.outputs(0, X)[0], net.predict(X))


def test_any_layer_can_be_the_last(tmp_path: Path) -> None:
    """Of networks whose drawn kin above end with a Dense; a softmax in and after a recurrence."""
    first = fm.Dense(6, "tanh")
    steps, image = {"inputs": (4, 2)}, {"inputs": (4, 4, 2)}
    chains: list[tuple[list[Any], dict[str, Any]]] = [
        ([first, fm.Skip("input")], {"inputs": 6}),
        ([first, fm.Tied(first, "sigmoid")], {"inputs": 3}),
        ([fm.Conv1D(3, 2, "softmax")], steps),
        ([fm.Conv2D(3, 2, "gelu", bias=False), fm.MaxPool2D(2, stride=1)], image),
        ([fm.Conv2D(3, 2), fm.GlobalAveragePool2D()], image),
        ([fm.Bidirectional(fm.GRU(3, sequences=True))], steps),
        *(([kind(3, "softmax"), *rest], steps) for kind in RECURRENT for rest in ([], [first])),
    ]
    nets = [
        shaken(fm.Network(chain, **inputs, dtype="float64", seed=0)) for chain, inputs in chains
    ]
    made = Compiled(tmp_path, nets, jacobian=True)
    for i, net in enumerate(nets):
        X = samples(net)
        outputs, jacobian = made.outputs(i, X)
        assert_same_bits(outputs, net.predict(X), net)
        expected = net.jacobian(X).reshape(jacobian.shape)
        np.testing.assert_allclose(jacobian, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("options", [{}, {"layout": "flash", "quantize": "int8"}], ids=repr)
@pytest.mark.parametrize("name", COMPILERS)
def test_headers_are_cxx_too(tmp_path: Path, options: dict[str, Any], name: str) -> None:
    """Without a warning, as all others here; three of one file."""
    nets = [drawn_network(seed) for seed in range(3)]
    made = Compiled(tmp_path, nets, with_compiler=name, language=CXX, jacobian=True, **options)
    assert [made.wrong_rows(i) for i in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("dtype", REALS)
def test_flash_tables_are_read_by_the_users_function(tmp_path: Path, dtype: str) -> None:
    """Nothing but NET_COPY reads a table: with one that reads zeros all outputs are those of 0."""
    net = shaken(fm.Network([3, 4, 2], activation="tanh", dtype=dtype, seed=0))
    made = Compiled(tmp_path, [net], layout="flash")
    assert_same_bits(made.outputs(0, samples(net))[0], net.predict(samples(net)))
    zeros = '-DN0_FLASH=__attribute__((section(".own")))'
    made = Compiled(
        tmp_path, [net], zeros, "-DN0_COPY(to,from,n)=((void)(from),memset(to,0,n))", layout="flash"
    )
    assert not made.outputs(0, samples(net))[0].any()


@pytest.mark.parametrize("dtype", REALS)
def test_fma_in_software_has_the_same_bits(tmp_path: Path, dtype: str) -> None:
    nets = [drawn_network(seed) for seed in range(int(dtype == "float64"), 8, 2)]
    assert {net.dtype.name for net in nets} == {dtype}
    options = [f"-DN{i}_FMA(a,b,c)=n{i}_fma_{REALS[dtype]}(a,b,c)" for i in range(len(nets))]
    made = Compiled(tmp_path, nets, *options)
    for i, net in enumerate(nets):
        assert_same_bits(made.outputs(i, samples(net))[0], net.predict(samples(net)), net)


@pytest.mark.parametrize("dtype", REALS)
def test_fma_in_software_is_rounded_once(tmp_path: Path, dtype: str) -> None:
    """Against that of the library, where a b + c cancels or lies between two numbers."""
    net = fm.Network([1, 1], dtype=dtype, seed=0)
    net.to_c(tmp_path / "net.h")
    real, f = REALS[dtype], "f" if dtype == "float32" else ""
    source = f"""#include "net.h"
    long differences(const {real} *a, const {real} *b, const {real} *c, long n) {{
      long count = 0;
      for (long i = 0; i < n; ++i) {{
        count += net_fma_{real}(a[i], b[i], c[i]) != fma{f}(a[i], b[i], c[i]);
      }}
      return count;
    }}"""
    (tmp_path / "fma.c").write_text(source)
    library = tmp_path / "fma.so"
    call = [compiler("gcc"), "-O2", "-ffp-contract=off", "-fPIC", "-shared", tmp_path / "fma.c"]
    subprocess.run([*call, "-o", library, "-lm"], check=True)

    rng = np.random.default_rng(0)
    digits, n = np.finfo(dtype).nmant, 100_000
    a, b = rng.standard_normal((2, 2 * n)).astype(dtype)
    c = np.concatenate([-(a * b)[:n], rng.standard_normal(n)])
    c *= 1 + np.ldexp(rng.integers(-3, 4, 2 * n), -digits)
    # c + half of its last digit, a little less or more: (1 + u) (1 - u) = 1 - u^2
    u = np.ldexp(rng.choice([-1.0, 1.0], n), -rng.integers(digits // 2, digits + 1, n))
    half = np.ldexp(rng.choice([-1.0, 1.0], n), -digits - 1)
    odd = 1 + np.ldexp(rng.integers(0, 9, n).astype(float), -digits)
    a, b, c = (
        np.concatenate(pair).astype(dtype) for pair in ((a, 1 + u), (b, half * (1 - u)), (c, odd))
    )
    pointers = [each.ctypes.data_as(ctypes.c_void_p) for each in (a, b, c)]
    differences = ctypes.CDLL(str(library)).differences
    differences.restype = ctypes.c_long
    assert differences(*pointers, ctypes.c_long(len(a))) == 0


def test_rounding_twice_is_a_choice_with_a_tolerance(tmp_path: Path) -> None:
    net = shaken(fm.Network([30, 40, 3], activation="tanh", seed=0))
    twice = "-DN0_FMA(a,b,c)=((a)*(b)+(c))"
    made = Compiled(tmp_path, [net], twice)
    expected = net.predict(samples(net))
    outputs, _ = made.outputs(0, samples(net))
    assert (outputs != expected).any()
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    assert made.wrong_rows(0) > 0
    assert Compiled(tmp_path, [net], twice, "-DN0_TOLERANCE=1e-5").wrong_rows(0) == 0


def test_the_self_test_counts_rows_that_are_wrong(tmp_path: Path) -> None:
    net = shaken(fm.Network([3, 4, 2], seed=0))
    path = tmp_path / "net.h"
    net.to_c(path)
    (tmp_path / "main.c").write_text('#include "net.h"\nint main(void) { return net_selftest(); }')

    def wrong(text: str) -> int:
        path.write_text(text)
        call = [compiler("gcc"), "-ffp-contract=off", tmp_path / "main.c", "-lm"]
        subprocess.run([*call, "-o", tmp_path / "main"], check=True)
        return subprocess.run([tmp_path / "main"]).returncode

    text = path.read_text()
    assert wrong(text) == 0
    head, golden = text.split("net_test_y[32] = {\n  ")
    assert wrong(f"{head}net_test_y[32] = {{\n  1 + {golden}") == 1
    assert wrong(f"{head}net_test_y[32] = {{\n  NAN + {golden}") == 1
    head, weights = text.split("net_b1[2] = {\n  ")
    assert wrong(f"{head}net_b1[2] = {{\n  1 + {weights}") == 16


def test_headers_have_no_variables_and_allocate_nothing(tmp_path: Path) -> None:
    """Their data is read-only; functions of others are fma, those of memory, sines of large x."""
    drawn_network(5).to_c(tmp_path / "net.h", jacobian=True, quantize="int8", layout="flash")
    used = "net_predict(x, y), net_jacobian(x, y), net_selftest()"
    main = f'#include "net.h"\nint use(float *x, float *y) {{ return {used}; }}\n'
    (tmp_path / "main.c").write_text(main.replace("float", REALS[drawn_network(5).dtype.name]))
    call = [compiler("gcc"), "-O0", "-fno-pic", "-c", tmp_path / "main.c"]
    subprocess.run([*call, "-o", tmp_path / "main.o"], check=True)
    listing = [compiler("nm"), tmp_path / "main.o"]
    listed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    symbols = [line.split()[-2:] for line in listed.splitlines()]
    assert {kind for kind, _ in symbols} == {"t", "T", "r", "U"}
    others = {name for kind, name in symbols if kind == "U"}
    assert others <= {"fma", "fmaf", "sin", "cos", "memcpy", "memset", "__stack_chk_fail"}


@pytest.mark.parametrize("dtype", REALS)
@pytest.mark.parametrize("precision", REALS)
def test_precision_is_that_of_the_network_converted(
    tmp_path: Path, dtype: str, precision: str
) -> None:
    net = shaken(fm.Network([5, 8, 3], activation="gelu", dtype=dtype, seed=0))
    before = net.parameters.copy()
    twin = fm.Network(net.layers, inputs=5, dtype=precision)
    twin.parameters = net.parameters
    made = Compiled(tmp_path, [net], precision=precision)
    assert_same_bits(made.outputs(0, samples(twin))[0], twin.predict(samples(twin)))
    assert_same_bits(net.parameters, before)


def test_given_samples_are_those_of_the_self_test(tmp_path: Path) -> None:
    net = fm.Network([2, 1], seed=0)
    net.to_c(tmp_path / "net.h", X=np.arange(200.0).reshape(100, 2))
    rows = (tmp_path / "net.h").read_text().split("net_test_x[32] = {")[1].split("}")[0]
    values = [float.fromhex(each.strip("f")) for each in rows.replace("\n", " ").split(", ")]
    assert values[:2] == [0, 1]
    assert values[-2:] == [198, 199]

"""One sample at a time: `net.compile` beside ONNX Runtime, OpenVINO and the header of `net.to_c`.

python -m bench.one_row [784-128-10 32-64-64-4 2-8-8-1] [--calls 1000000]

All run in one process on one thread, in turn, and every call is timed by itself. The last row is a
loop of multiply-adds in C that takes as long as the median call of `compile`: its slow calls are
those of the machine.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from bench import machine

ROUNDS = 100
SPIN = """
void spin(long n, float* out) {
  float x = *out;
  for (long i = 0; i < n; ++i) x = x * 0.999f + 0.001f;
  *out = x;
}
"""
Call = Callable[[], object]
Times = NDArray[np.float64]


def times(call: Call, n: int) -> Times:
    """Nanoseconds of each of n calls."""
    clock, found = time.perf_counter_ns, np.empty(n)
    for i in range(n):
        start = clock()
        call()
        found[i] = clock() - start
    return found


def onnx_runtime(path: Path, x: NDArray[Any]) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x[np.newaxis]}
    return lambda: session.run(None, feed)


def openvino(path: Path, x: NDArray[Any]) -> Call:
    ov: Any = importlib.import_module("openvino")
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1}
    model = ov.Core().read_model(path)
    model.reshape([1, x.size])
    request = ov.compile_model(model, "CPU", hints).create_infer_request()
    request.set_input_tensor(ov.Tensor(x[np.newaxis], shared_memory=True))
    return lambda: request.infer()


def library(folder: Path, name: str, source: str) -> ctypes.CDLL:
    """The functions of a source of C, compiled for this processor."""
    (folder / f"{name}.c").write_text(source)
    compiler, built = os.environ.get("CC", "cc"), folder / f"{name}.so"
    command = [*compiler.split(), "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([*command, str(folder / f"{name}.c"), "-o", str(built), "-lm"], check=True)
    return ctypes.CDLL(str(built))


def pointer(array: NDArray[Any]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def from_c(folder: Path, net: fm.Network, x: NDArray[Any], out: NDArray[Any]) -> Call:
    net.to_c(folder / "net.h")
    source = '#include "net.h"\nvoid run(const float* x, float* y) { net_predict(x, y); }\n'
    run, arguments = library(folder, "header", source).run, (pointer(x), pointer(out))
    return lambda: run(*arguments)


def arithmetic(folder: Path, out: NDArray[Any], target: float) -> Call:
    """A loop whose calls take `target` ns in the median."""
    spin, result, n = library(folder, "spin", SPIN).spin, pointer(out), 100
    spin.argtypes = ctypes.c_long, type(result)
    for _ in range(10):
        took = float(np.median(times(partial(spin, n, result), 2000)))
        n = max(1, round(n + (target - took) * n / took))
    return partial(spin, n, result)


def measure(sizes: list[int], n_calls: int, folder: Path) -> dict[str, Times]:
    net = fm.Network(sizes, seed=0)
    x = np.random.default_rng(0).normal(size=sizes[0]).astype(np.float32)
    out, expected = np.empty(sizes[-1], np.float32), net.predict(x)
    compiled = net.compile()
    calls: dict[str, Call] = {
        "net.compile": lambda: compiled(x, out),
        "net.predict": lambda: net.predict(x),
    }
    compiled(x, out)
    if not np.array_equal(out, expected):
        raise RuntimeError("net.compile and net.predict differ")
    if all(map(importlib.util.find_spec, ("onnx", "onnxruntime"))):
        net.to_onnx(folder / "net.onnx")
        calls["ONNX Runtime"] = onnx_runtime(folder / "net.onnx", x)
        if importlib.util.find_spec("openvino"):
            calls["OpenVINO"] = openvino(folder / "net.onnx", x)
    if shutil.which("cc"):
        calls["C header, by ctypes"] = from_c(folder, net, x, out)
        target = float(np.median(times(calls["net.compile"], 20_000)))
        calls["arithmetic, by ctypes"] = arithmetic(folder, np.zeros(1, np.float32), target)
    parts: dict[str, list[Times]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            parts[name].append(times(call, n_calls // ROUNDS))
    return {name: np.concatenate(found) for name, found in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["784-128-10", "32-64-64-4", "2-8-8-1"])
    parser.add_argument("--calls", type=int, default=1_000_000)
    arguments = parser.parse_args()
    processor = machine.describe()["processor"]
    print(f"{processor}, one thread, {arguments.calls} calls each, µs\n")
    with tempfile.TemporaryDirectory() as folder, fm.threads(1):
        for text in arguments.networks:
            own = Path(folder, text)  # a library is loaded once from a path
            own.mkdir()
            found = measure([int(size) for size in text.split("-")], arguments.calls, own)
            print(f"| {text} | p50 | p99 | p99.9 | max | p50 over `compile` |")
            print("|---|--:|--:|--:|--:|--:|")
            base = float(np.median(found["net.compile"]))
            for name, all_times in found.items():
                places = np.percentile(all_times, [50, 99, 99.9, 100])
                cells = " | ".join(f"{place / 1000:.2f}" for place in places)
                print(f"| {name} | {cells} | {places[0] / base:.1f} |", flush=True)
            print()


if __name__ == "__main__":
    main()

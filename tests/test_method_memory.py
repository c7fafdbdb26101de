"""Memory of second-order methods: vectors, not matrices, where the page says so."""

from __future__ import annotations

import subprocess
import sys

import pytest

PEAKS = """
import re, sys
import numpy as np, fastmlp as fm

def vectors():
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
    return int(peak[1]) * 1024 / (4 * net.n_parameters)

fm.set_num_threads(1)
net = fm.Network([1000, 990, 10], activation="tanh", output="softmax", seed=0)
X, y = np.random.default_rng(0).normal(size=(32, 1000)).astype("float32"), np.arange(32) % 10
net.value_and_grad(X, y), net.hvp(X, y, net.parameters)
before = vectors()
net.fit(X, y, optimizer=eval(sys.argv[1]), epochs=3)
print(net.n_parameters, vectors() - before)
"""


@pytest.mark.parametrize(
    ("optimizer", "bound"),
    [
        ("fm.NonlinearCG()", 15),
        ("fm.LBFGS(history_size=5)", 2 * 5 + 10),
        ("fm.LBFGS(history_size=20)", 2 * 20 + 10),
        ("fm.HessianFree(max_iterations=4, precondition=False)", 20),
        ("fm.HessianFree(max_iterations=4)", 40),  # sums in double, eight for all threads
    ],
)
def test_a_million_parameters_take_some_vectors(optimizer: str, bound: int) -> None:
    command = [sys.executable, "-c", PEAKS, optimizer]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(output[0]) > 10**6
    assert 2 < float(output[1]) < bound

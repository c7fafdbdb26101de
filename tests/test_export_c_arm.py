"""The same header on the desktop and on ARM Cortex-M processors, which QEMU emulates."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import fastmlp as fm
from export_c_cases import REALS, compiler, drawn_network

PAGE = Path(__file__).parents[1] / "docs/export_c.md"
BOARDS = {  # without floating point; with float; with double
    "cortex-m3": ("mps2-an385", []),
    "cortex-m4": ("mps2-an386", ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]),
    "cortex-m7": ("mps2-an500", ["-mfloat-abi=hard", "-mfpu=fpv5-d16"]),
}
MAIN = """
#include "net.h"
#include <stdio.h>

static const {T} samples[{rows}][NET_INPUTS] = {{{values}}};

int main(void) {{
  for (int row = 0; row < {rows}; ++row) {{
    {T} y[NET_OUTPUTS];
    net_predict(samples[row], y);
    for (int j = 0; j < NET_OUTPUTS; ++j) printf("%016llx\\n", (unsigned long long)net_bits(y[j]));
  }}
  printf("%d wrong\\n", net_selftest());
  return 0;
}}
"""
ROWS = 8


def write_program(folder: Path, net: fm.Network, X: np.ndarray, layout: str) -> None:
    """The header, a program that prints the digits of outputs, and the two files of the page."""
    net.to_c(folder / "net.h", layout=layout)
    rows = [", ".join(float(x).hex() for x in row) for row in X.reshape(len(X), -1)]
    values = ", ".join(f"{{{row}}}" for row in rows)
    main = MAIN.format(T=REALS[net.dtype.name], rows=len(X), values=values)
    (folder / "main.c").write_text(main)
    for name in ("startup.c", "mps2.ld"):
        block = re.search(rf"```\w+\n((//|/\*) {name}.*?)```", PAGE.read_text(), re.S)
        assert block
        (folder / name).write_text(block[1])


def output(call: list[str], folder: Path) -> list[str]:
    """Compile, or run, and return the lines that are printed."""
    made = subprocess.run(call, cwd=folder, check=True, capture_output=True, text=True, timeout=120)
    return made.stdout.splitlines()


def check(folder: Path, seed: int, cpu: str, layout: str) -> None:
    if not PAGE.exists():
        pytest.skip("docs/export_c.md is not here")
    gcc, qemu = compiler("arm-none-eabi-gcc"), compiler("qemu-system-arm")
    net = drawn_network(seed)
    X = np.random.default_rng(0).standard_normal((ROWS, *net.input_shape)).astype(net.dtype)
    write_program(folder, net, X, layout)
    board, unit = BOARDS[cpu]
    options = ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "main.c", "-lm", "-o"]
    output([compiler("gcc"), "-std=c99", *options, "desktop"], folder)
    link = ["--specs=rdimon.specs", "-T", "mps2.ld", "startup.c"]
    output([gcc, f"-mcpu={cpu}", "-mthumb", *unit, *link, *options, "arm.elf"], folder)
    desktop = output(["./desktop"], folder)
    machine = ["-M", board, "-nographic", "-semihosting", "-kernel", "arm.elf"]
    assert output([qemu, *machine], folder) == desktop
    bits = net.predict(X).ravel().view(f"u{net.dtype.itemsize}")
    assert desktop == [*(f"{each:016x}" for each in bits), "0 wrong"]


def test_a_cortex_m3_without_floating_point_has_all_bits(tmp_path: Path) -> None:
    """With fma by the header's own code, because newlib's rounds twice."""
    check(tmp_path, 0, "cortex-m3", "plain")


def test_a_cortex_m4_with_float_in_hardware_has_all_bits(tmp_path: Path) -> None:
    check(tmp_path, 4, "cortex-m4", "flash")


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["plain", "flash"])
@pytest.mark.parametrize("cpu", BOARDS)
@pytest.mark.parametrize("seed", range(2, 8))
def test_all_boards_have_all_bits(tmp_path: Path, seed: int, cpu: str, layout: str) -> None:
    check(tmp_path, seed, cpu, layout)

"""Files take no memory beyond twice what they have themselves."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp import _core
from file_cases import OPTIMIZERS, with_specification, with_tensors

SLACK = 3 * 2**20  # of Python's and the system's own blocks
READER = """
import sys
import fastmlp as fm


def resident(name):
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(name))


fm.Trainer.load(sys.argv[1])  # modules, and pages of code
for path in sys.argv[2:]:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak is now what there is
    before, outcome = resident("VmRSS"), "read"
    try:
        (fm.Trainer.load if "trainer" in path else fm.load)(path)
    except fm.ModelFileError as error:
        outcome = str(error)
    print(resident("VmHWM") - before, outcome)
"""
needs_peaks = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peaks are told by Linux"
)


def peaks(small: Path, paths: list[Path]) -> list[tuple[int, str]]:
    """Peaks of resident memory above what there was, and outcomes, of a process that reads."""
    command = [sys.executable, "-c", READER, str(small), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return [(int(peak), outcome) for peak, outcome in lines]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    fm.Trainer(fm.Network([2, 1])).save(tmp_path / "small trainer")
    return tmp_path / "small trainer"


def test_reading_takes_memory_for_the_file_alone(tmp_path: Path) -> None:
    """Python's part: its bytes, of which arrays are views, and address space for the network."""
    fm.Network([500, 1000, 10], seed=0).save(tmp_path / "model")
    size = (tmp_path / "model").stat().st_size
    tracemalloc.start()
    try:
        fm.load(tmp_path / "model")
        assert tracemalloc.get_traced_memory()[1] < 2.1 * size
    finally:
        tracemalloc.stop()


@needs_peaks
def test_networks_take_twice_their_files(tmp_path: Path, small: Path) -> None:
    nets = [fm.Network([3000, 1500, 10], seed=0)]
    nets += [fm.Network([fm.Conv2D(64, 5), fm.Dense(40)], inputs=(30, 30, 2), seed=0)]
    paths = [tmp_path / str(i) for i in range(len(nets))]
    for net, path in zip(nets, paths, strict=True):
        net.save(path)
    for path, (peak, outcome) in zip(paths, peaks(small, paths), strict=True):
        assert outcome == "read"
        assert peak < 2 * path.stat().st_size + SLACK


HUGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "filters": lambda v: v["layers"][0].update(filters=10**9),
    "kernel": lambda v: v["layers"][0].update(kernel=1 + 10**9, padding="same"),
    "stride": lambda v: (v["layers"][0].update(stride=10**12), v.update(inputs=[10**12, 2])),
    "length": lambda v: v.update(inputs=[10**8, 2]),
    "channels": lambda v: v.update(inputs=[9, 10**8]),
    "units": lambda v: v["layers"][2].update(units=10**9),
    "pool": lambda v: v["layers"].insert(1, {**v["layers"][1], "size": 10**9, "padding": "same"}),
}  # fmt: skip


@needs_peaks
def test_windows_that_the_file_does_not_have_take_no_memory(tmp_path: Path, small: Path) -> None:
    """A long axis by itself is no lie, so that file is read; nor does it take memory."""
    good = tmp_path / "good"
    layers = [fm.Conv1D(3, 2), fm.MaxPool1D(2), fm.Dense(4)]
    fm.Network(layers, inputs=(9, 2), seed=0).save(good)
    for name, change in HUGE.items():
        (tmp_path / name).write_bytes(with_specification(good, change))
    one = fm.Network([fm.Conv1D(3, 1, stride=10**9), fm.Dense(4)], inputs=(10**9, 2), seed=0)
    one.save(tmp_path / "long")
    paths = [tmp_path / name for name in HUGE]
    found = peaks(small, [*paths, tmp_path / "long"])
    assert all(peak < SLACK for peak, _ in found), found
    assert all("cannot be read: " in outcome for _, outcome in found[:-1]), found
    assert found[-1][1] == "read"


@needs_peaks
@pytest.mark.parametrize("name", ["sgd", "adam", "rprop", "lbfgs", "bfgs"])
def test_trainers_take_three_times_their_files(tmp_path: Path, small: Path, name: str) -> None:
    """The bytes, the state, and a copy of it by which it is checked."""
    average = {"average": fm.Polyak()} if name in _core.optimizers else {}
    net = fm.Network([1000 if name == "bfgs" else 300_000, 1], seed=0)
    path = tmp_path / "trainer"
    fm.Trainer(net, optimizer=OPTIMIZERS[name](**average)).save(path)
    ((peak, outcome),) = peaks(small, [path])
    assert outcome == "read"
    assert peak < 3.25 * path.stat().st_size + SLACK


@pytest.mark.parametrize("optimizer", [fm.LBFGS(), fm.BFGS()], ids=["lbfgs", "bfgs"])
def test_states_that_the_file_does_not_have_take_no_memory(tmp_path: Path, optimizer: Any) -> None:
    good = tmp_path / "trainer"
    fm.Trainer(fm.Network([2, 1]), optimizer=optimizer).save(good)

    def larger(values: dict[str, Any]) -> None:
        values["optimizer"]["history_size"] = 10**10

    def smaller(tensors: dict[str, Any]) -> None:
        name = next(name for name in tensors if tensors[name].size > 3)
        tensors[name] = tensors[name][:-1]

    cases = [(with_tensors(good, smaller), r"optimizer\.\w+ has shape")]
    if isinstance(optimizer, fm.LBFGS):
        cases.append((with_specification(good, larger), r"expected \(30000000000,\)"))
    for text, words in cases:
        good.write_bytes(text)
        with pytest.raises(fm.ModelFileError, match=words):
            fm.Trainer.load(good)

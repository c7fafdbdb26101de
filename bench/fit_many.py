"""Many small networks: `fit_many` beside loops over `fit`, JAX's vmap, and scikit-learn on joblib.

python -m bench.fit_many [digits small tiny] [--rounds 5]

All train the same networks in one process, in turn; the table has medians, and of their ratios to
`fit_many` of the same round.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm
from bench import machine

Run = Callable[[], Any]


class Task(NamedTuple):
    """Networks of one shape, with a seed each, on one data set."""

    sizes: list[int]
    output: str
    n_networks: int
    epochs: int
    X: NDArray[Any]
    y: NDArray[Any]
    peers: bool = False

    def networks(self) -> list[fm.Network]:
        return [fm.Network(self.sizes, output=self.output, seed=i) for i in range(self.n_networks)]

    def fit(self, net: fm.Network, threads: int | None = None) -> None:
        net.fit(self.X, self.y, epochs=self.epochs, n_threads=threads)


def tasks() -> dict[str, Task]:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 2, size=(32, 2)).astype(np.float32)
    xor = corners.sum(1, keepdims=True) % 2
    points = rng.normal(size=(64, 4)).astype(np.float32)
    surface = np.sin(points.sum(1, keepdims=True))
    made = {
        "small": Task([2, 8, 8, 1], "identity", 2000, 50, corners, xor),
        "tiny": Task([4, 16, 1], "identity", 5000, 20, points, surface),
    }
    if importlib.util.find_spec("sklearn"):
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        X = (X / 16).astype(np.float32)
        made["digits"] = Task([64, 32, 10], "softmax", 200, 5, X, y, peers=True)
    return made


def ours(task: Task) -> dict[str, Callable[[list[fm.Network]], Any]]:
    """What is timed, of fresh networks, without their construction."""
    pool = ThreadPoolExecutor(2)
    return {
        "fit_many": lambda nets: fm.fit_many(nets, task.X, task.y, epochs=task.epochs),
        "fit_many, 1 thread": lambda nets: fm.fit_many(
            nets, task.X, task.y, epochs=task.epochs, n_threads=1
        ),
        "loop over fit": lambda nets: [task.fit(net, 1) for net in nets],
        "pool of 2 over fit": lambda nets: list(pool.map(task.fit, nets)),
    }


def jax_vmap(task: Task) -> Run:
    """All networks as one, a step of all at a time, with Adam."""
    jax: Any = importlib.import_module("jax")
    jnp = jax.numpy
    n, batch = len(task.X), 32
    X, y = jnp.asarray(task.X), jnp.asarray(task.y)

    def initial(key: Any) -> Any:
        keys = jax.random.split(key, len(task.sizes) - 1)
        pairs = zip(task.sizes[:-1], task.sizes[1:], strict=True)
        glorot = jax.nn.initializers.glorot_uniform()
        return [(glorot(k, pair), jnp.zeros(pair[1])) for k, pair in zip(keys, pairs, strict=True)]

    def loss(w: Any, xb: Any, yb: Any) -> Any:
        for W, b in w[:-1]:
            xb = jax.nn.relu(xb @ W + b)
        W, b = w[-1]
        logs = jax.nn.log_softmax(xb @ W + b)
        return -jnp.take_along_axis(logs, yb[:, None], 1).mean()

    def first_moment(m: Any, g: Any) -> Any:
        return 0.9 * m + 0.1 * g

    def second_moment(v: Any, g: Any) -> Any:
        return 0.999 * v + 0.001 * g**2

    def step(carry: Any, rows: Any) -> Any:
        w, m, v, t = carry
        g = jax.grad(loss)(w, X[rows], y[rows])
        m = jax.tree.map(first_moment, m, g)
        v = jax.tree.map(second_moment, v, g)

        def update(p: Any, a: Any, b: Any) -> Any:
            return p - 1e-3 * (a / (1 - 0.9**t)) / (jnp.sqrt(b / (1 - 0.999**t)) + 1e-8)

        return (jax.tree.map(update, w, m, v), m, v, t + 1), None

    def train(key: Any) -> Any:
        w = initial(key)
        zeros = jax.tree.map(jnp.zeros_like, w)

        def epoch(carry: Any, key: Any) -> Any:
            rows = jax.random.permutation(key, n)[: n // batch * batch].reshape(-1, batch)
            return jax.lax.scan(step, carry, rows)[0], None

        keys = jax.random.split(key, task.epochs)
        return jax.lax.scan(epoch, (w, zeros, zeros, 1.0), keys)[0][0]

    all_of_them = jax.jit(jax.vmap(train))
    keys = jax.random.split(jax.random.PRNGKey(0), task.n_networks)

    def run() -> None:
        jax.block_until_ready(all_of_them(keys))

    run()  # compiles
    return run


def sklearn_joblib(task: Task) -> Run:
    """One process per processor, each network with scikit-learn's own classifier."""
    from joblib import Parallel, delayed
    from sklearn.neural_network import MLPClassifier

    def fit(seed: int) -> Any:
        settings = {"batch_size": 32, "max_iter": task.epochs, "random_state": seed}
        return MLPClassifier(task.sizes[1:-1], **settings).fit(task.X, task.y)

    workers = Parallel(os.cpu_count())

    def run() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return workers(delayed(fit)(seed) for seed in range(task.n_networks))

    return run


PEERS = {"JAX vmap": ("jax", jax_vmap), "scikit-learn, joblib": ("sklearn", sklearn_joblib)}


def seconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def race(name: str, task: Task, rounds: int) -> None:
    """Print medians of the times, and of their ratios to that of `fit_many`."""
    mine = ours(task)
    peers = {
        title: make(task)
        for title, (package, make) in PEERS.items()
        if task.peers and importlib.util.find_spec(package)
    }
    times: dict[str, list[float]] = {title: [] for title in [*mine, *peers]}
    for _ in range(rounds + 1):
        for title, run in mine.items():
            nets = task.networks()
            times[title].append(seconds(lambda run=run, nets=nets: run(nets)))  # type: ignore[misc]
        for title, peer in peers.items():
            times[title].append(seconds(peer))
    sizes = "-".join(map(str, task.sizes))
    print(f"{name}: {task.n_networks} networks {sizes}, {len(task.X)} rows, {task.epochs} epochs")
    for title, taken in times.items():
        taken = taken[1:]
        ratios = [t / first for t, first in zip(taken, times["fit_many"][1:], strict=True)]
        print(f"  {title:<22} {statistics.median(taken):8.3f} s {statistics.median(ratios):8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(tasks()))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(machine.describe())
    for name in options.names:
        race(name, tasks()[name], options.rounds)


if __name__ == "__main__":
    main()

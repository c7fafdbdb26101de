"""Levenberg-Marquardt beside Adam of twenty seconds and SciPy's least_squares.

OPENBLAS_NUM_THREADS=1 python -m bench.least_squares [adam scipy]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from sklearn.datasets import load_diabetes

import fastmlp as fm
from bench import machine


def sine(n: int = 200) -> tuple[Any, Any]:
    X = np.linspace(-3, 3, n).reshape(-1, 1)
    return X, np.sin(2 * X) + 0.05 * np.random.default_rng(0).normal(size=X.shape)


def surrogates() -> dict[str, tuple[Any, Any, list[int]]]:
    """Regressions: two of one's own data, and functions that surrogates are made for."""
    rng = np.random.default_rng(1)
    X, y = load_diabetes(return_X_y=True)
    X, y = (X - X.mean(0)) / X.std(0), ((y - y.mean()) / y.std()).reshape(-1, 1)
    U = rng.uniform(-1, 1, (600, 3))
    ishigami = np.sin(3 * U[:, 0]) + 0.7 * np.sin(3 * U[:, 1]) ** 2 + 0.1 * U[:, 2] ** 4
    V = rng.uniform(-1, 1, (500, 2))
    friedman = rng.uniform(0, 1, (500, 5))
    values = (
        10 * np.sin(np.pi * friedman[:, 0] * friedman[:, 1])
        + 20 * (friedman[:, 2] - 0.5) ** 2 + 10 * friedman[:, 3] + 5 * friedman[:, 4]
    )  # fmt: skip
    return {
        "noisy sine": (*sine(), [1, 20, 1]),
        "diabetes": (X, y, [10, 10, 1]),
        "Ishigami": (U, ishigami.reshape(-1, 1), [3, 20, 1]),
        "peaks": (V, (V[:, :1] * np.exp(-3 * (V**2).sum(1, keepdims=True))), [2, 20, 1]),
        "Friedman": (2 * friedman - 1, (values.reshape(-1, 1) - 14) / 5, [5, 20, 1]),
    }


def beside_adam() -> None:
    """Levenberg-Marquardt beside Adam of 20 seconds and SciPy's least_squares."""
    for name, (X, y, sizes) in surrogates().items():

        def network(sizes: Any = sizes) -> fm.Network:
            return fm.Network(sizes, activation="tanh", dtype="float64", seed=0)

        adams = []
        for rate in (1e-3, 3e-3, 1e-2):
            net = network()
            trial = net.copy()
            begin = time.perf_counter()
            trial.fit(X, y, optimizer=fm.Adam(rate), epochs=200, batch_size=len(X))
            steps = int(20 / ((time.perf_counter() - begin) / 200))
            schedule = fm.CosineDecay(rate, steps=steps, per="epoch")
            net.fit(X, y, optimizer=fm.Adam(schedule), epochs=steps, batch_size=len(X),
                    max_seconds=20)  # fmt: skip
            adams.append(net.loss(X, y))
        net = network()
        start, reached = time.perf_counter(), None
        trainer = fm.Trainer(net, optimizer=fm.LevenbergMarquardt())
        while time.perf_counter() - start < 2 and reached is None:
            before = net.loss(X, y)
            trainer.run(X, y, epochs=10)
            if net.loss(X, y) <= min(adams):
                reached = time.perf_counter() - start
            elif net.loss(X, y) == before:
                break
        while time.perf_counter() - start < 2:
            before = net.loss(X, y)
            trainer.run(X, y, epochs=50)
            if net.loss(X, y) == before:
                break
        print(
            f"{name} {sizes}: Adam, best of three in 20 s, {min(adams):.4e}; LM reached it after "
            f"{'-' if reached is None else f'{reached:.3f}'} s, and {net.loss(X, y):.4e} in "
            f"{min(2.0, time.perf_counter() - start):.2f} s"
        )


def beside_scipy() -> None:
    """SciPy's least_squares on our residuals and Jacobian; then ours until it is as low."""
    for name, (X, y, sizes) in surrogates().items():
        for method in ("trf", "lm"):
            compare_with_scipy(f"{name}, {method}", X, y, sizes, method)


def compare_with_scipy(name: str, X: Any, y: Any, sizes: list[int], method: Any) -> None:
    def network() -> fm.Network:
        return fm.Network(sizes, activation="tanh", dtype="float64", seed=0)

    net = network()

    def residuals(w: Any) -> Any:
        net.parameters = w
        return (net.predict(X) - y).ravel()

    def jacobian(w: Any) -> Any:
        net.parameters = w
        return net.parameter_jacobian(X).reshape(len(X), -1)

    start = time.perf_counter()
    found = scipy.optimize.least_squares(
        residuals, net.parameters.copy(), jacobian, method=method, max_nfev=300, xtol=1e-12,
        ftol=1e-12, gtol=1e-12,
    )  # fmt: skip
    theirs, goal = time.perf_counter() - start, found.cost / len(X)
    method_of_ours = fm.LevenbergMarquardt(gtol=1e-12)
    losses = network().fit(X, y, optimizer=method_of_ours, epochs=1000)["loss"]
    steps = next((i for i, loss in enumerate(losses) if loss <= goal), len(losses))
    ours = network()
    start = time.perf_counter()
    trainer = fm.Trainer(ours, optimizer=method_of_ours)
    trainer.run(X, y, epochs=steps)
    mine = time.perf_counter() - start
    print(
        f"{name}: SciPy's least_squares {found.nfev} evaluations, {goal:.4e}, {theirs:.2f} s; "
        f"fastmlp: {trainer.n_evaluations} evaluations, {ours.loss(X, y):.4e}, {mine:.2f} s: "
        f"{theirs / mine:.1f} times faster"
    )


SECTIONS: dict[str, Callable[[], None]] = {"adam": beside_adam, "scipy": beside_scipy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=list(SECTIONS))
    fm.set_num_threads(1)
    print(machine.describe()["processor"])
    for name in parser.parse_args().sections:
        SECTIONS[name]()


if __name__ == "__main__":
    main()

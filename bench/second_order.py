"""Second-order methods beside torch, scikit-learn and SciPy, in turn on one machine.

OPENBLAS_NUM_THREADS=1 python -m bench.second_order [products lbfgs bfgs] [--threads 1]

Every pair of times is taken one after the other; the ratios are medians of pairs.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import scipy.optimize
import torch
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import fastmlp as fm
from bench import machine
from bench.workloads import WORKLOADS, make_problem

TARGET = 1e-3  # training loss on the digits


def seconds(function: Callable[[], Any], at_least: float = 0.02) -> float:
    """Seconds of one call, over as many calls as take `at_least`."""
    start, calls = time.perf_counter(), 0
    while True:
        function()
        calls += 1
        passed = time.perf_counter() - start
        if passed >= at_least:
            return passed / calls


def race(rounds: int, runners: dict[str, Callable[[], Any]], base: str) -> None:
    """Print the median time of each, and the median of its ratio to the base."""
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds + 1):
        for name, runner in runners.items():
            times[name].append(seconds(runner))
    for name, taken in times.items():
        ratios = [a / b for a, b in zip(taken[1:], times[base][1:], strict=True)]
        print(
            f"  {name:<24} {1e3 * statistics.median(taken[1:]):10.3f} ms"
            f"  {statistics.median(ratios):7.2f} of {base}"
        )


def torch_network(net: fm.Network, activation: Any) -> torch.nn.Sequential:
    """The same parameters in torch, without the output activation."""
    dtype = torch.float32 if net.dtype == np.float32 else torch.float64
    layers: list[torch.nn.Module] = []
    for W, b in zip(net.weights, net.biases, strict=True):
        linear = torch.nn.Linear(*W.shape, dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W.T.copy()))
            linear.bias.copy_(torch.from_numpy(np.array(b)))
        layers += [linear, activation()]
    return torch.nn.Sequential(*layers[:-1])


def double_backward(model: Any, loss: Any, inputs: Any, targets: Any, direction: Any) -> None:
    """Torch's product of the Hessian with a direction."""
    parameters = list(model.parameters())
    g = torch.autograd.grad(loss(model(inputs), targets), parameters, create_graph=True)
    torch.autograd.grad(g, parameters, grad_outputs=direction)


def products(rounds: int) -> None:
    """Products with the Hessian, in gradients, and beside torch's double backward."""
    for name in ("W2", "W3", "W6"):
        workload = WORKLOADS[name]
        problem = make_problem(workload)
        X, y = problem.X[: workload.batch], problem.y[: workload.batch]
        classes = y.dtype.kind == "i"
        output = "softmax" if classes else "identity"
        net = fm.Network(
            list(workload.sizes), activation=workload.activation, output=output, seed=0
        )
        v = np.random.default_rng(0).normal(size=net.n_parameters).astype(np.float32)
        curvature, ten = fm.Curvature(net, X, y), np.tile(v, (10, 1))
        theirs = torch_network(
            net, {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[workload.activation]
        )
        inputs, targets = torch.from_numpy(X), torch.from_numpy(y)
        loss = torch.nn.CrossEntropyLoss() if classes else torch.nn.MSELoss()
        direction = [torch.randn_like(p) for p in theirs.parameters()]

        print(f"{name}: a Hessian-vector product")
        race(rounds, {
            "gradient": partial(net.value_and_grad, X, y),
            "net.hvp": partial(net.hvp, X, y, v),
            "curvature.hvp": partial(curvature.hvp, v),
            "ten at once": partial(curvature.hvp, ten),
            "torch, double backward": partial(
                double_backward, theirs, loss, inputs, targets, direction
            ),
        }, "gradient")  # fmt: skip


@cache
def digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def our_lbfgs(activation: str, epochs: int, dtype: str = "float32") -> tuple[Any, fm.History]:
    X, y = digits()
    net = fm.Network([64, 64, 10], activation=activation, output="softmax", seed=0, dtype=dtype)
    return net, net.fit(X, y, optimizer=fm.LBFGS(), epochs=epochs)


def torch_lbfgs(start: fm.Network, activation: Any) -> list[float]:
    """Losses of all evaluations until the target is reached."""
    X, y = digits()
    model = torch_network(start, activation)
    inputs, targets = torch.from_numpy(X).to(next(model.parameters()).dtype), torch.from_numpy(y)
    optimizer = torch.optim.LBFGS(
        model.parameters(), max_iter=1000, max_eval=2000, history_size=10,
        tolerance_grad=0, tolerance_change=0, line_search_fn="strong_wolfe",
    )  # fmt: skip
    losses: list[float] = []

    def closure() -> torch.Tensor:
        if losses and losses[-1] <= TARGET:
            raise StopIteration
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(model(inputs), targets)
        value.backward()
        losses.append(value.item())
        return value

    with contextlib.suppress(StopIteration):
        optimizer.step(closure)
    return losses


def sklearn(activation: str, max_iter: int) -> float:
    """Train scikit-learn's on the digits; return its loss."""
    X, y = digits()
    model = MLPClassifier(
        64, activation=activation, solver="lbfgs", alpha=0, max_iter=max_iter, tol=0,
        max_fun=10**6, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(model.fit(X, y).loss_)


def lbfgs(rounds: int) -> None:
    """L-BFGS on the digits, full batch, until the training loss is 1e-3."""
    X, y = digits()
    for activation, module in (("relu", torch.nn.ReLU), ("tanh", torch.nn.Tanh)):
        _, history = our_lbfgs(activation, 300)
        epochs = next(i for i, loss in enumerate(history["loss"]) if loss <= TARGET)
        start = fm.Network([64, 64, 10], activation=activation, output="softmax", seed=0)
        double = start.copy()
        wide = fm.Network(
            [64, 64, 10], activation=activation, output="softmax", seed=0, dtype="float64"
        )
        theirs = torch_lbfgs(wide, module)
        trainer = fm.Trainer(double, optimizer=fm.LBFGS())
        trainer.run(X, y, epochs=epochs)
        mine = our_lbfgs(activation, epochs, "float64")[1]["loss"]
        common = [min(abs(loss - t) / t for t in theirs) for loss in mine]
        print(
            f"{activation}: {epochs} steps, {trainer.n_evaluations} evaluations; torch "
            f"{len(torch_lbfgs(start, module))} evaluations; float64 losses differ by at most "
            f"{max(common):.1e} from one of torch's"
        )

        iterations = next(n for n in range(10, 500, 2) if sklearn(activation, n) <= TARGET)
        race(rounds, {
            "fastmlp": partial(our_lbfgs, activation, epochs),
            "torch": partial(torch_lbfgs, start, module),
            f"scikit-learn, {iterations} steps": partial(sklearn, activation, iterations),
        }, "fastmlp")  # fmt: skip


def bfgs(rounds: int) -> None:
    """BFGS on a 2-20-1 network, beside SciPy's on the same function, 200 steps."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (200, 2))
    y = np.sin(X[:, :1]) * X[:, 1:]
    steps = 200

    def network() -> fm.Network:
        return fm.Network([2, 20, 1], activation="tanh", dtype="float64", seed=0)

    def ours() -> float:
        net = network()
        net.fit(X, y, optimizer=fm.BFGS(gtol=0), epochs=steps)
        return net.loss(X, y)

    def scipys() -> float:
        net = network()

        def fun(w: Any) -> tuple[float, Any]:
            net.parameters = w
            value, gradient = net.value_and_grad(X, y)
            return value, gradient

        found = scipy.optimize.minimize(
            fun,
            net.parameters.copy(),
            jac=True,
            method="BFGS",
            options={"maxiter": steps, "gtol": 0},
        )
        return float(found.fun)

    print(f"BFGS 2-20-1, {steps} steps: losses {ours():.3e} and SciPy's {scipys():.3e}")
    race(rounds, {"fastmlp": ours, "SciPy with our gradient": scipys}, "fastmlp")


SECTIONS = {
    "products": products,
    "lbfgs": lbfgs,
    "bfgs": bfgs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=list(SECTIONS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    fm.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)
    print(machine.describe()["processor"], f"{options.threads} threads")
    for name in options.sections:
        SECTIONS[name](options.rounds)


if __name__ == "__main__":
    main()

"""Steps of recurrent networks beside torch, eager and compiled, in turn on one thread.

python -m bench.recurrence [Recurrent GRU LSTM] [--steps 28 100] [--compiled]

All start from the same parameters, and losses of the same 20 steps are compared first; not to the
last digits, because torch learns two biases where one is enough. Times are those of the processor,
for others may use the machine: the least of many, taken in turn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

import fastmlp as fm
from bench.convolution import torch_step
from fastmlp import _core

FEATURES, CLASSES, RATE = 28, 10, 1e-3
TORCH = {"Recurrent": torch.nn.RNN, "GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}
Step = Callable[[], float]


def two_biases(kind: str, W: Any, b: Any) -> tuple[Any, Any]:
    """The biases of W x and of U h: the second is 0, but for the candidate of a GRU."""
    columns = W.shape[1]
    inner = np.zeros(columns, np.float32)
    if kind == "GRU":
        inner[-columns // 3 :] = b[columns:]
    return b[:columns], inner


def torch_runner(kind: str, units: int, net: fm.Network, X: Any, y: Any, compiled: bool) -> Step:
    recurrent = TORCH[kind](FEATURES, units, batch_first=True)
    dense = torch.nn.Linear(units, CLASSES)
    parameters = [*recurrent.parameters(), *dense.parameters()]
    W, (b, inner) = net.weights[0], two_biases(kind, net.weights[0], net.biases[0])
    values = [W[:FEATURES].T, W[FEATURES:].T, b, inner, net.weights[1].T, net.biases[1]]
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(torch.from_numpy(np.array(value)))

    def last_step(X: Any) -> Any:
        return dense(recurrent(X)[0][:, -1])

    model = torch.compile(last_step) if compiled else last_step
    rule = torch.optim.SGD(parameters, RATE)
    return partial(torch_step, model, torch.from_numpy(X), torch.from_numpy(y), rule)


def least_times(runners: dict[str, Step], rounds: int) -> dict[str, float]:
    """The least processor time of a step of each, all in turn."""
    least = dict.fromkeys(runners, float("inf"))
    for _ in range(rounds):
        for name, step in runners.items():
            start = time.process_time()
            step()
            least[name] = min(least[name], time.process_time() - start)
    return least


def compare(kind: str, steps: int, compiled: bool, units: int, batch: int, rounds: int) -> None:
    """Check that losses agree, then time a step of each."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(batch, steps, FEATURES)).astype(np.float32)
    y = rng.integers(0, CLASSES, batch)
    layers = [getattr(fm, kind)(units), fm.Dense(CLASSES, "softmax")]
    net = fm.Network(layers, inputs=(steps, FEATURES), seed=0)
    theirs = torch_runner(kind, units, net, X, y, compiled)
    trainer = fm.Trainer(net, optimizer=fm.SGD(RATE), batch_size=batch)
    ours = partial(trainer.step, X, y)
    losses = np.array([(ours(), theirs()) for _ in range(20)])
    np.testing.assert_allclose(losses[:, 0], losses[:, 1], rtol=1e-3)
    times = least_times({"fastmlp": ours, "torch": theirs}, rounds)
    for name, taken in times.items():
        print(f"  {name:<10} {1e3 * taken:8.3f} ms  {taken / times['fastmlp']:6.2f} of fastmlp")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(TORCH))
    parser.add_argument("--steps", type=int, nargs="+", default=[28, 100])
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--compiled", action="store_true")
    given = parser.parse_args(arguments)
    _core.force_num_threads(1)
    torch.set_num_threads(1)
    for kind in given.kinds:
        for steps in given.steps:
            print(f"{kind}, {steps} steps, {given.units} units, batch {given.batch}")
            compare(kind, steps, given.compiled, given.units, given.batch, given.rounds)


if __name__ == "__main__":
    main()

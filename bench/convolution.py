"""Steps of convolutional networks beside torch, eager and compiled, in turn on one machine.

python -m bench.convolution [lenet lenet_same digits wide] [--threads 1 2] [--compiled]

Both start from the same parameters, and losses of the same 20 steps are compared first. Every pair
of times is taken one after the other; the ratios are medians of pairs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

import fastmlp as fm
from bench.second_order import race
from fastmlp import _core

NETS: dict[str, tuple[tuple[int, int, int], Callable[[], list[Any]]]] = {
    "lenet": ((28, 28, 1), lambda: [
        fm.Conv2D(6, 5, "relu"), fm.MaxPool2D(2), fm.Conv2D(16, 5, "relu"), fm.MaxPool2D(2),
        fm.Dense(120, "relu"), fm.Dense(84, "relu"), fm.Dense(10, "softmax"),
    ]),
    "lenet_same": ((28, 28, 1), lambda: [
        fm.Conv2D(6, 5, "relu", padding=2), fm.MaxPool2D(2), fm.Conv2D(16, 5, "relu"),
        fm.MaxPool2D(2), fm.Dense(120, "relu"), fm.Dense(84, "relu"), fm.Dense(10, "softmax"),
    ]),
    "digits": ((8, 8, 1), lambda: [fm.Conv2D(16, 3, "relu"), fm.Dense(10, "softmax")]),
    "wide": ((28, 28, 1), lambda: [
        fm.Conv2D(32, 3, "relu", padding=1), fm.MaxPool2D(2),
        fm.Conv2D(64, 3, "relu", padding=1), fm.MaxPool2D(2),
        fm.Dense(128, "relu"), fm.Dense(10, "softmax"),
    ]),
}  # fmt: skip


def torch_network(net: fm.Network) -> torch.nn.Sequential:
    """The same network and parameters in torch, channels first, without the output activation."""
    modules: list[torch.nn.Module] = []
    parameters = iter(zip(net.weights, net.biases, strict=True))
    channels, flat = net.input_shape[-1], False
    for layer in net.layers:
        if isinstance(layer, fm.MaxPool2D):
            modules.append(torch.nn.MaxPool2d(layer.size))
            continue
        W, b = next(parameters)
        if isinstance(layer, fm.Conv2D):
            padding = 0 if layer.padding == "valid" else layer.padding
            made: Any = torch.nn.Conv2d(channels, layer.filters, layer.kernel, padding=padding)
            weight, channels = W.transpose(3, 2, 0, 1), layer.filters
        else:
            made, weight = torch.nn.Linear(*W.shape), W.T
            if not flat:  # from (y, x, channels)
                modules.append(torch.nn.Flatten())
                by_channel = W.T.reshape(len(W.T), -1, channels)
                weight, flat = by_channel.transpose(0, 2, 1).reshape(weight.shape), True
        with torch.no_grad():
            made.weight.copy_(torch.from_numpy(weight.copy()))
            made.bias.copy_(torch.from_numpy(np.array(b)))
        modules += [made, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def torch_step(model: Any, X: torch.Tensor, y: torch.Tensor, rule: Any) -> float:
    rule.zero_grad()
    value = torch.nn.functional.cross_entropy(model(X), y)
    value.backward()
    rule.step()
    return float(value.item())


def compare(name: str, batch: int, compiled: bool, rounds: int) -> None:
    """Check that losses agree, then time a step of each."""
    shape, layers = NETS[name]
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(batch, *shape)).astype(np.float32), rng.integers(0, 10, batch)
    net = fm.Network(layers(), inputs=shape, seed=0)
    model: Any = torch_network(net)
    rule = torch.optim.SGD(model.parameters(), 1e-3)
    trainer = fm.Trainer(net, optimizer=fm.SGD(1e-3), batch_size=batch)
    inputs = torch.from_numpy(X.transpose(0, 3, 1, 2).copy())
    targets = torch.from_numpy(y)
    model = torch.compile(model) if compiled else model
    theirs = [torch_step(model, inputs, targets, rule) for _ in range(20)]
    np.testing.assert_allclose([trainer.step(X, y) for _ in range(20)], theirs, rtol=1e-4)
    race(rounds, {
        "fastmlp": partial(trainer.step, X, y),
        "torch": partial(torch_step, model, inputs, targets, rule),
    }, "fastmlp")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(NETS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--batches", type=int, nargs="+", default=[32, 128])
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args(arguments)
    for name in given.names:
        for batch in given.batches:
            for threads in given.threads:
                _core.force_num_threads(threads)
                torch.set_num_threads(threads)
                print(f"{name}, batch {batch}, {threads} threads")
                compare(name, batch, given.compiled, given.rounds)


if __name__ == "__main__":
    main()

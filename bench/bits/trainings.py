"""The networks of the table in training: layers, batches, threads, losses, activations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import fastmlp as fm
from bench.bits.networks import (
    DTYPES,
    HEAVY,
    NETWORKS,
    Case,
    Results,
    named,
    network,
    train,
    with_threads,
)
from fastmlp import _core


def layers_and_batches() -> Iterator[Case]:
    """Each network, of both dtypes, with all batch sizes, 1 to 4 threads, shuffled and not."""
    grid = itertools.product(NETWORKS, DTYPES, (1, 7, 32, 200, None))
    for (name, dtype, batch), threads in itertools.product(grid, (1, 2, 3, 4)):
        if name in HEAVY and threads == 3:
            continue
        for shuffle in (True, False) if threads < 3 else (threads == 3,):

            def run(a: Any = (name, dtype, batch, shuffle)) -> Results:
                net = named(a[0], a[1])
                return train(net, kind_for(net), batch=a[2], shuffle=a[3])

            order = "shuffled" if shuffle else "in order"
            label = f"{name}/{dtype}/batch {batch or 'all'}/{order}/{threads} threads"
            yield label, with_threads(threads, run)


def kind_for(net: fm.Network) -> str:
    output: Any = net.layers[-1]
    return "classes" if output.activation.name == "softmax" else "numbers"


LOSSES: list[tuple[Any, str, str]] = [  # loss, output, targets
    (fm.SquaredError(), "identity", "numbers"),
    (fm.SquaredError(), "tanh", "numbers"),
    (fm.SquaredError(), "softmax", "soft"),
    (fm.SquaredError(), "softmax", "one-hot"),
    (fm.AbsoluteError(), "identity", "numbers"),
    (fm.Huber(), "identity", "numbers"),
    (fm.Huber(0.3), "softplus", "numbers"),
    (fm.CrossEntropy(), "softmax", "classes"),
    (fm.CrossEntropy(), "softmax", "one-hot"),
    (fm.CrossEntropy(), "softmax", "soft"),
    (fm.CrossEntropy(label_smoothing=0.1), "softmax", "classes"),
    (fm.CrossEntropy(label_smoothing=0.1), "softmax", "soft"),
    (fm.CrossEntropy(), "sigmoid", "soft"),
    (fm.BinaryCrossEntropy(), "sigmoid", "fractions"),
    (fm.BinaryCrossEntropy(), "softmax", "soft"),
    (fm.Hinge(), "sign", "labels"),
    (fm.Hinge(), "identity", "labels"),
    (fm.Perceptron(), "sign", "labels"),
    (fm.Perceptron(), "identity", "labels"),
    (fm.Quantile(0.9), "identity", "numbers"),
    (fm.Poisson(), "identity", "counts"),
    (fm.Poisson(log_input=False), "softplus", "counts"),
    (fm.GaussianNLL(), "identity", "half"),
]


def losses() -> Iterator[Case]:
    grid = itertools.product(LOSSES, DTYPES, (7, None), (False, True))
    for (loss, output, kind), dtype, batch, weighted in grid:

        def run(a: Any = (loss, output, kind, dtype, batch, weighted)) -> Results:
            net = network(5, [fm.Dense(11, "tanh"), fm.Dense(4, a[1])], a[3])
            rate = fm.SGD(0.02, momentum=0.5)
            return train(net, a[2], loss=a[0], optimizer=rate, batch=a[4], sample_weight=a[5])

        group = f"{dtype}/batch {batch or 'all'}/{'weights' if weighted else 'no weights'}"
        yield f"loss {loss!r} of {output}, {kind}/{group}", with_threads(2, run)


def activations() -> Iterator[Case]:
    """Every activation hidden and at the output, in wide and narrow layers."""
    phis = [phi() for phi in _core.activations.values()]
    phis += [fm.Sign(straight_through=True), fm.LeakyReLU(0.2), fm.ELU(0.5)]
    for phi, dtype, batch, threads in itertools.product(phis, DTYPES, (7, 200), (1, 3)):

        def run(a: Any = (phi, dtype, batch)) -> Results:
            layers = [fm.Dense(19, a[0]), fm.Dense(70, a[0], bias=False), fm.Dense(3, a[0])]
            return train(network(5, layers, a[1]), loss="squared_error", batch=a[2])

        label = f"activation {phi!r}/{dtype}/batch {batch}/{threads} threads"
        yield label, with_threads(threads, run)

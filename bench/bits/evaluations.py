"""Evaluations, explicit loops, callbacks, initializers and `minimize` of `bench.bits`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastmlp as fm
from bench.bits.networks import (
    DTYPES,
    NETWORKS,
    Case,
    Results,
    inputs_of,
    named,
    network,
    targets,
    train,
    weights,
    with_threads,
)
from bench.bits.trainings import kind_for
from bench.workloads import Array
from fastmlp import _core


def evaluations() -> Iterator[Case]:
    """Results of networks without training, for 1, 5, 100 and 1100 samples."""
    for name, dtype, n, threads in itertools.product(NETWORKS, DTYPES, (1, 5, 100, 1100), (1, 3)):

        def run(a: Any = (name, dtype, n)) -> Results:
            return evaluate(named(a[0], a[1]), a[2])

        label = f"evaluations of {name}/{dtype}/{n} samples/{threads} threads"
        yield label, with_threads(threads, run)


def evaluate(net: fm.Network, n: int) -> Results:
    X, y = inputs_of(net, n), targets(kind_for(net), net, n)
    upstream = inputs_of(network(net.n_outputs, [fm.Dense(1)], net.dtype.name), n)
    value, gradient = net.value_and_grad(X, y)
    results = {"predict": net.predict(X), "loss": net.loss(X, y), "value": value}
    results |= {"gradient": gradient, "backward": net.backward(X, upstream)}
    few = X[: max(1, 20_000 // net.n_inputs)]
    return results | {"jacobian": net.jacobian(few)}


def squared(outputs: Array, y: Array) -> tuple[Array, Array]:
    error = outputs - y
    return 0.5 * np.sum(error**2, axis=1), error


def custom_loss(net: fm.Network) -> Results:
    return train(net, loss=squared, optimizer=fm.Adam(0.01), sample_weight=True)


def explicit_loop(net: fm.Network) -> Results:
    """forward, backward, apply on batches of several sizes, the gradients recorded."""
    trainer = fm.Trainer(net, "squared_error", fm.Adam(0.01, clip_norm=1.0), l2=1e-3)
    X, y = inputs_of(net, 65), targets("numbers", net, 65)
    gradients = []
    for step in range(30):
        rows = slice(step, step + (1, 7, 32)[step % 3])
        outputs = trainer.forward(X[rows])
        gradients.append(trainer.backward((outputs - y[rows]) / len(outputs)))
        trainer.apply(gradients[-1])
    return {"parameters": net.parameters, "gradients": gradients}


def explicit_steps(net: fm.Network) -> Results:
    trainer = fm.Trainer(net, "squared_error", fm.NAdam(0.01))
    X, y, w = inputs_of(net, 65), targets("numbers", net, 65), weights(65)
    values = []
    for step in range(30):
        rows = slice(step, step + (1, 7, 32)[step % 3])
        values.append(trainer.step(X[rows], y[rows], sample_weight=w[rows] + 0.1))
    trainer.scale_learning_rate(0.5)
    values += [trainer.epoch(X, y), trainer.epoch(X, y, sample_weight=w)]
    return {"parameters": net.parameters, "losses": values}


def callbacks(net: fm.Network) -> Results:
    X, y = inputs_of(net, 65), targets("numbers", net, 65)
    history = net.fit(
        X, y, loss="squared_error", optimizer=fm.RMSProp(0.02), epochs=25,
        validation_data=(X[:40], y[:40]),
        callbacks=[fm.EarlyStopping(patience=4), fm.ReduceOnPlateau(patience=2)],
    )  # fmt: skip
    return {"parameters": net.parameters, **history.to_dict()}


def rate_finder(net: fm.Network) -> Results:
    X, y = inputs_of(net, 65), targets("numbers", net, 65)
    curve = fm.find_learning_rate(net, X, y, loss="squared_error", steps=40)
    return {"losses": curve.losses, "rates": curve.learning_rates, "suggestion": curve.suggestion}


def class_weights(net: fm.Network) -> Results:
    X, y = inputs_of(net, 65), targets("classes", net, 65)
    trainer = fm.Trainer(net, "cross_entropy", fm.SGD(0.1))
    balanced = dict(enumerate(1.0 + np.arange(net.n_outputs)))
    history = trainer.run(X, y, epochs=10, class_weight=balanced)
    return {"parameters": net.parameters, "losses": history["loss"]}


WAYS: dict[str, tuple[Callable[[fm.Network], Results], tuple[str, ...]]] = {
    "own loss": (custom_loss, ("deep", "dropout", "noise", "wide 1030", "hidden softmax")),
    "forward, backward, apply": (explicit_loop, ("deep", "dropout", "noise", "wide 1030", "both")),
    "steps": (explicit_steps, ("medium", "dropout", "noise", "wide 1030", "no bias")),
    "callbacks": (callbacks, ("tiny", "dropout", "both")),
    "find_learning_rate": (rate_finder, ("medium", "dropout")),
    "class weights": (class_weights, ("medium", "hidden softmax")),
}


def loops() -> Iterator[Case]:
    for way, (function, names) in WAYS.items():
        for name, dtype, threads in itertools.product(names, DTYPES, (1, 3)):

            def run(a: Any = (function, name, dtype)) -> Results:
                result: Results = a[0](named(a[1], a[2]))
                return result

            label = f"{way} of {name}/{dtype}/{threads} threads"
            yield label, with_threads(threads, run)


def initializers() -> Iterator[Case]:
    """Uniform and constant draws; normal ones train from explicit weights."""
    for (name, initializer), dtype in itertools.product(_core.initializers.items(), DTYPES):
        normal = "normal" in name or name == "orthogonal"

        def run(a: Any = (initializer, dtype, normal)) -> Results:
            layers = [fm.Dense(30, "tanh", init=a[0]()), fm.Dense(2, init=a[0]())]
            net = network(17, layers, a[1])
            if not a[2]:
                net = fm.Network(layers, inputs=17, dtype=a[1], seed=3)
            drawn = net.parameters.copy()
            return {"drawn": drawn} | train(net)

        yield f"initializer {name}/{dtype}", run


def valley(w: Array) -> tuple[float, Array]:
    """Rosenbrock's function in chained form."""
    left, right = w[:-1], w[1:]
    away = right - left**2
    gradient = np.zeros_like(w)
    gradient[:-1] = 2 * (left - 1) - 40 * left * away
    gradient[1:] += 20 * away
    return float(np.sum((left - 1) ** 2 + 10 * away**2)), gradient


def minimizations() -> Iterator[Case]:
    for (name, rule), dtype in itertools.product(_core.optimizers.items(), DTYPES):

        def run(a: Any = (rule, dtype)) -> Results:
            start = np.linspace(-1.0, 1.5, 21).astype(a[1])
            rule = a[0](1e-3, clip_norm=5.0, average=fm.Polyak("uniform", start=10))
            result = fm.minimize(valley, start, rule, steps=50, record_path=True)
            return {"w": result.w, "value": result.value, "path": result.path}

        yield f"minimize by {name}/{dtype}", run

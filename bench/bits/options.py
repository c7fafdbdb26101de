"""Update rules and options of `bench.bits`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import fastmlp as fm
from bench.bits.networks import DTYPES, Case, Results, network, train, with_threads
from fastmlp import _core

RULES: list[Any] = [
    *[rule() for rule in _core.optimizers.values()],
    fm.SGD(0.05, momentum=0.9),
    fm.SGD(0.05, momentum=0.9, nesterov=True),
    fm.SGD(0.05, momentum=0.9, nesterov="lecture"),
    fm.DeltaBarDelta(0.01, kappa=0.01, momentum=0.5),
    fm.Lion(1e-3, weight_decay=0.1),
    fm.Lion(1e-3, weight_decay=0.1, decay_biases=True),
    fm.Rprop(0.02, eta_minus=0.4, eta_plus=1.1, min_step=1e-4, max_step=0.1),
    fm.RMSProp(1e-3, momentum=0.9),
    fm.RMSProp(1e-3, rho=0.9, momentum=0.9, nesterov=True),
    fm.AdaDelta(0.5, scalar=True),
    fm.Adam(0.01, amsgrad=True),
    fm.Adam(0.01, eps=1e-3, eps_mode="hat"),
    fm.Adam(0.01, eps=1e-3, eps_mode="inside"),
    fm.Adam(0.01, eps=1e-3, eps_mode="inside", amsgrad=True),
    fm.AdamW(0.01, weight_decay=0.1, amsgrad=True),
    fm.AdamW(0.01, weight_decay=0.1, eps_mode="hat", decay_biases=True),
    fm.NAdam(0.01, momentum_decay=0.01),
    fm.RAdam(0.01, beta2=0.9),
]
OPTIONS: dict[str, dict[str, Any]] = {
    "clip_norm": {"clip_norm": 0.1},
    "clip_value": {"clip_value": 0.01},
    "clip_value, pair": {"clip_value": (-0.01, 0.02)},
    "normalize": {"normalize": True},
    "normalize, clip_norm": {"normalize": True, "clip_norm": 0.5, "clip_value": 0.05},
    "uniform": {"average": fm.Polyak("uniform")},
    "uniform, start": {"average": fm.Polyak("uniform", start=17)},
    "discounted": {"average": fm.Polyak("discounted", beta=0.9)},
    "exponential": {"average": fm.Polyak("exponential", beta=0.9, start=5)},
    "all": {"clip_norm": 0.1, "clip_value": 0.05, "average": fm.Polyak(), "proximal_l1": True},
}
SCHEDULES: list[Any] = [
    fm.Constant(0.05),
    fm.ExponentialDecay(0.1, 0.05),
    fm.ExponentialDecay(0.1, 0.2, per="epoch"),
    fm.InverseTimeDecay(0.1, 0.1),
    fm.StepDecay(0.1, every=7, factor=0.5),
    fm.StepDecay(0.1, every=2, factor=0.5, per="epoch"),
    fm.PolynomialDecay(0.1, steps=40, power=2.0, end=1e-3),
    fm.CosineDecay(0.1, steps=12, warmup=5, restarts=2.0, end=1e-4),
    fm.OneCycle(0.1, steps=50),
    lambda epoch: 0.1 / (1 + epoch),
]
PENALTIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # of the first layer, of the fit
    "l1": ({}, {"l1": 1e-3}),
    "l2": ({}, {"l2": 1e-2}),
    "l1, l2, biases": ({}, {"l1": 1e-3, "l2": 1e-2, "regularize_biases": True}),
    "layer": ({"l1": 1e-2, "l2": 0.0}, {"l2": 1e-2}),
    "max_norm": ({"max_norm": 0.7}, {}),
    "all": ({"max_norm": 0.9, "l2": 1e-3}, {"l1": 1e-3, "regularize_biases": True}),
}


def fit(
    optimizer: Any, dtype: str, batch: int | None = 32, wide: bool = False,
    layer: dict[str, Any] | None = None, **settings: Any,
) -> Results:  # fmt: skip
    """A network with and without biases; its first weights are packed where it is wide."""
    layers = [
        fm.Dense(33, "tanh", **(layer or {})), fm.Dense(17, "relu", bias=False),
        fm.Dense(4, "softmax"),
    ]  # fmt: skip
    net = network(1024 if wide else 9, layers, dtype)
    return train(net, "classes", optimizer=optimizer, batch=batch, **settings)


def rules() -> Iterator[Case]:
    grid = itertools.product(RULES, DTYPES, (7, None), (False, True), (1, 3))
    for rule, dtype, batch, wide, threads in grid:

        def run(a: Any = (rule, dtype, batch, wide)) -> Results:
            return fit(*a)

        size = f"{'wide' if wide else 'narrow'}/batch {batch or 'all'}"
        yield f"rule {rule!r}/{dtype}/{size}/{threads} threads", with_threads(threads, run)


def options() -> Iterator[Case]:
    """Every option with rules of one and two state vectors, with and without noise."""
    bases = (fm.SGD, fm.AdamW, fm.NAdam, fm.Lion)
    grid = itertools.product(bases, OPTIONS.items(), DTYPES, (False, True), (1, 3))
    for rule, (name, option), dtype, wide, threads in grid:

        def run(a: Any = (rule, option, dtype, wide)) -> Results:
            return fit(a[0](0.01, **a[1]), a[2], wide=a[3], l1=1e-4)

        group = f"{dtype}/{'wide' if wide else 'narrow'}/{threads} threads"
        yield f"option {name} of {rule.__name__}/{group}", with_threads(threads, run)


def schedules() -> Iterator[Case]:
    for schedule, dtype in itertools.product(SCHEDULES, DTYPES):

        def run(a: Any = (schedule, dtype)) -> Results:
            return fit(fm.SGD(a[0], momentum=0.5), a[1])

        name = repr(schedule) if hasattr(schedule, "name") else "a function"
        yield f"schedule {name}/{dtype}", with_threads(2, run)


def penalties() -> Iterator[Case]:
    grid = itertools.product(PENALTIES.items(), (False, True), DTYPES, (False, True), (1, 3))
    for (name, (layer, settings)), proximal, dtype, wide, threads in grid:

        def run(a: Any = (layer, settings, proximal, dtype, wide)) -> Results:
            rule = fm.Adam(0.01, proximal_l1=a[2], average=fm.Polyak("uniform"))
            return fit(rule, a[3], wide=a[4], layer=a[0], sample_weight=True, **a[1])

        way = "proximal" if proximal else "gradient"
        group = f"{dtype}/{'wide' if wide else 'narrow'}/{threads} threads"
        yield f"penalty {name}, {way}/{group}", with_threads(threads, run)

"""fastmlp: all epochs of a repeat in one call of Trainer.run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fastmlp as fm
from bench.peer import Runner
from bench.workloads import Array, Problem, Rule, Weights


def version() -> str:
    return str(fm.__version__)


def prepare(problem: Problem, threads: int) -> Runner:
    fm.set_num_threads(threads)
    return _Runner(problem, *network_and_trainer(problem))


def network_and_trainer(problem: Problem, **options: Any) -> tuple[Any, Any]:
    workload = problem.workload
    network: Any = fm.Network(
        list(workload.sizes),
        activation=workload.activation,
        output=workload.output,
        dtype=workload.dtype,
        seed=0,
        **options,
    )
    for layer, (W, b) in enumerate(problem.weights):
        network.weights[layer][...] = W
        network.biases[layer][...] = b
    if workload.rule is None:
        return network, None
    return network, fm.Trainer(
        network,
        loss=workload.loss,
        optimizer=_optimizer(workload.rule),
        batch_size=workload.batch,
        shuffle=problem.order is not None,  # a new order is drawn in each epoch
    )


def _optimizer(rule: Rule) -> Any:
    rules: dict[str, Any] = {"sgd": fm.SGD, "adam": fm.Adam, "rmsprop": fm.RMSProp}
    options = {"momentum": rule.momentum} if rule.momentum else {}
    return rules[rule.name](rule.learning_rate, **options)


@dataclass
class _Runner:
    problem: Problem
    network: Any
    trainer: Any

    def run(self, repeats: int) -> None:
        X, y = self.problem.X, self.problem.y
        if self.trainer is not None:
            self.trainer.run(X, y, epochs=repeats)
            return
        for _ in range(repeats):
            self.network.predict(X)

    def weights(self) -> Weights:
        pairs = zip(self.network.weights, self.network.biases, strict=True)
        return [(W.copy(), b.copy()) for W, b in pairs]

    def outputs(self) -> Array:
        outputs: Array = self.network.predict(self.problem.X)
        return outputs

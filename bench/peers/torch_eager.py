"""torch, the usual loop: zero_grad, forward, backward, step, on slices of a tensor."""

from __future__ import annotations

from itertools import chain
from typing import Any

import torch

from bench.peer import Runner, batches, chunks, joined
from bench.workloads import Array, Problem, Rule, Weights

ACTIVATIONS = {
    "relu": torch.nn.ReLU,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
    "elu": torch.nn.ELU,
    "softplus": torch.nn.Softplus,
    "silu": torch.nn.SiLU,
    "gelu": torch.nn.GELU,
}


def version() -> str:
    return str(torch.__version__)


def prepare(problem: Problem, threads: int) -> Runner:
    torch.set_num_threads(threads)
    return TorchRunner(problem)


class TorchRunner:
    def __init__(self, problem: Problem) -> None:
        workload = problem.workload
        self.problem = problem
        self.X, self.y = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
        self.indices: list[Any] = [
            rows if isinstance(rows, slice) else torch.from_numpy(rows) for rows in batches(problem)
        ]
        self.model = model(problem)
        self.criterion = criterion(workload.task)
        self.optimizer = optimizer(workload.rule, self.model) if workload.rule else None

    def run(self, repeats: int) -> None:
        for _ in range(repeats):
            if self.optimizer is None:
                self.outputs()
            else:
                for rows in self.indices:
                    self.step(self.X[rows], self.y[rows])

    def step(self, x: Any, y: Any) -> None:
        assert self.optimizer is not None
        self.optimizer.zero_grad()
        self.criterion(self.model(x), y).backward()
        self.optimizer.step()

    def weights(self) -> Weights:
        with torch.no_grad():
            linear = [layer for layer in self.model if isinstance(layer, torch.nn.Linear)]
            return [(m.weight.numpy().T.copy(), m.bias.numpy().copy()) for m in linear]

    def outputs(self) -> Array:
        with torch.inference_mode():
            parts = [torch.softmax(self.model(x), dim=1).numpy() for x in chunks(self.X)]
        return joined(parts)


def model(problem: Problem) -> Any:
    """Logits where the task is classes: torch's cross-entropy takes them."""
    activation = ACTIVATIONS[problem.workload.activation]
    pairs = [(_linear(W, b), activation()) for W, b in problem.weights]
    return torch.nn.Sequential(*list(chain.from_iterable(pairs))[:-1])


def _linear(W: Array, b: Array) -> torch.nn.Linear:
    layer = torch.nn.Linear(*W.shape, dtype=torch.from_numpy(W).dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(W.T))
        layer.bias.copy_(torch.from_numpy(b))
    return layer


def criterion(task: str) -> Any:
    if task == "classes":
        return torch.nn.functional.cross_entropy
    return lambda o, y: 0.5 * torch.nn.functional.mse_loss(o, y)


def optimizer(rule: Rule, network: Any, **options: Any) -> Any:
    if rule.name == "sgd":
        options["momentum"] = rule.momentum
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}
    return kind[rule.name](network.parameters(), lr=rule.learning_rate, **options)

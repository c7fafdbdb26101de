"""JAX: a whole epoch compiled into one lax.scan over the batches, rules written by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bench.peer import Runner, chunks, joined
from bench.workloads import Array, Problem, Rule, Weights, Workload


def version() -> str:
    return str(jax.__version__)


def prepare(problem: Problem, threads: int) -> Runner:
    """JAX takes its threads from the process's affinity."""
    if problem.workload.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    return _Training(problem) if problem.workload.rule else _Inference(problem)


class _Inference:
    def __init__(self, problem: Problem) -> None:
        self.w = jax.tree.map(jnp.asarray, problem.weights)
        self.chunks = chunks(problem.X)
        self.predict: Any = jax.jit(
            lambda w, x: jax.nn.softmax(_forward(w, x, problem.workload.activation))
        )

    def run(self, repeats: int) -> None:
        for _ in range(repeats):
            self.outputs()

    def outputs(self) -> Array:
        return joined([np.asarray(self.predict(self.w, x)) for x in self.chunks])

    def weights(self) -> Weights:
        raise NotImplementedError


class _Training:
    def __init__(self, problem: Problem) -> None:
        workload = problem.workload
        self.w = jax.tree.map(jnp.asarray, problem.weights)
        zeros = jax.tree.map(jnp.zeros_like, self.w)
        self.carry: Any = (self.w, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros((), jnp.int32))
        self.X, self.y = jnp.asarray(problem.X), jnp.asarray(problem.y)
        self.order = None if problem.order is None else jnp.asarray(problem.order)
        self.epoch: Any = jax.jit(partial(_epoch, workload), donate_argnums=0)

    def run(self, repeats: int) -> None:
        for _ in range(repeats):
            self.carry = self.epoch(self.carry, self.X, self.y, self.order)
        jax.block_until_ready(self.carry)

    def weights(self) -> Weights:
        return [(np.array(W), np.array(b)) for W, b in self.carry[0]]

    def outputs(self) -> Array:
        raise NotImplementedError


def _epoch(workload: Workload, carry: Any, X: Any, y: Any, order: Any) -> Any:
    def step(carry: Any, batch: Any) -> Any:
        x, targets = batch if order is None else (X[batch], y[batch])
        g = jax.grad(partial(_loss, workload))(carry[0], x, targets)
        assert workload.rule is not None
        return _update(workload.rule, carry, g), None

    def cut(v: Any) -> Any:
        return v.reshape(workload.steps, workload.batch, *v.shape[1:])

    return jax.lax.scan(step, carry, (cut(X), cut(y)) if order is None else cut(order))[0]


def _forward(w: Any, h: Any, activation: str) -> Any:
    exact = {"gelu": partial(jax.nn.gelu, approximate=False), "tanh": jnp.tanh}
    phi = exact.get(activation) or getattr(jax.nn, activation)
    for W, b in w[:-1]:
        h = phi(h @ W + b)
    return h @ w[-1][0] + w[-1][1]


def _loss(workload: Workload, w: Any, x: Any, y: Any) -> Any:
    a = _forward(w, x, workload.activation)
    if workload.task == "classes":
        chosen = jnp.take_along_axis(jax.nn.log_softmax(a), y[:, None], axis=1)
        return -chosen.mean()
    return 0.5 * ((a - y) ** 2).sum(axis=1).mean()


def _update(rule: Rule, carry: Any, g: Any) -> Any:
    w, m, v, t = carry
    t, lr, tree = t + 1, rule.learning_rate, jax.tree.map
    if rule.name == "sgd":
        if rule.momentum:
            m = g = tree(lambda m, g: rule.momentum * m + g, m, g)
        return tree(lambda w, g: w - lr * g, w, g), m, v, t
    rho = 0.999 if rule.name == "adam" else 0.99
    v = tree(lambda v, g: rho * v + (1 - rho) * g * g, v, g)
    if rule.name == "rmsprop":
        return tree(lambda w, g, v: w - lr * g / (jnp.sqrt(v) + 1e-8), w, g, v), m, v, t
    m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    dtype = jnp.result_type(w[0][0])
    rate, correction = (lr / (1 - 0.9**t)).astype(dtype), (1 - rho**t).astype(dtype)
    w = tree(lambda w, m, v: w - rate * m / (jnp.sqrt(v / correction) + 1e-8), w, m, v)
    return w, m, v, t

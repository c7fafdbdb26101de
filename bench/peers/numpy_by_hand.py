"""A network written by hand with NumPy, as an attentive user would; in float64 also the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bench.peer import Runner, batches, chunks, joined
from bench.workloads import Array, Problem, Rule, Weights


def version() -> str:
    return np.__version__


def prepare(problem: Problem, threads: int) -> Runner:
    """BLAS takes its threads from the environment."""
    return NumpyRunner(problem)


class NumpyRunner:
    def __init__(self, problem: Problem, dtype: str | None = None) -> None:
        workload = problem.workload
        self.problem = problem
        self.relu = workload.activation == "relu"
        self.classes = workload.task == "classes"
        self.dtype = np.dtype(dtype or workload.dtype)
        self.X = problem.X.astype(self.dtype, copy=False)
        self.targets = (
            np.eye(workload.sizes[-1], dtype=self.dtype)[problem.y]
            if self.classes
            else problem.y.astype(self.dtype, copy=False)
        )
        sizes = [n for W, b in problem.weights for n in (W.size, b.size)]
        self.w = np.zeros(sum(sizes), self.dtype)
        self.g = np.zeros_like(self.w)
        self.state = [np.zeros_like(self.w), np.zeros_like(self.w)]
        self.step = 0
        self.layers, self.gradients = (list(self._views(v)) for v in (self.w, self.g))
        for layer, initial in zip(self.layers, problem.weights, strict=True):
            layer[0][...], layer[1][...] = initial

    def _views(self, vector: Array) -> Iterator[tuple[Array, Array]]:
        start = 0
        for n_in, n_out in pairwise(self.problem.workload.sizes):
            middle, end = start + n_in * n_out, start + (n_in + 1) * n_out
            yield vector[start:middle].reshape(n_in, n_out), vector[middle:end]
            start = end

    def run(self, repeats: int) -> None:
        rule = self.problem.workload.rule
        for _ in range(repeats):
            if rule is None:
                self.outputs()
            else:
                for rows in batches(self.problem):
                    self._train(self.X[rows], self.targets[rows], rule)

    def weights(self) -> Weights:
        return [(W.copy(), b.copy()) for W, b in self.layers]

    def outputs(self) -> Array:
        return joined([self._forward(x)[-1] for x in chunks(self.X)])

    def loss(self) -> float:
        """The mean over all samples, with fastmlp's constants."""
        o = self.outputs()
        if self.classes:
            return float(-np.log((o * self.targets).sum(axis=1)).mean())
        return float(0.5 * ((o - self.targets) ** 2).sum(axis=1).mean())

    def _forward(self, x: Array) -> list[Array]:
        outputs = [x]
        for W, b in self.layers:
            a = outputs[-1] @ W
            a += b
            last = len(outputs) == len(self.layers)
            outputs.append(self._output(a) if last else self._activate(a))
        return outputs

    def _activate(self, a: Array) -> Array:
        return np.maximum(a, 0, out=a) if self.relu else np.tanh(a, out=a)

    def _output(self, a: Array) -> Array:
        if self.classes:
            a -= a.max(axis=1, keepdims=True)
            np.exp(a, out=a)
            a /= a.sum(axis=1, keepdims=True)
        return a

    def _train(self, x: Array, targets: Array, rule: Rule) -> None:
        outputs = self._forward(x)
        delta = (outputs[-1] - targets) / self.dtype.type(len(x))
        for level in reversed(range(len(self.layers))):
            h, (dW, db) = outputs[level], self.gradients[level]
            np.matmul(h.T, delta, out=dW)
            delta.sum(axis=0, out=db)
            if level > 0:
                delta = delta @ self.layers[level][0].T
                delta *= h > 0 if self.relu else 1 - h * h
        self.step += 1
        self._update(rule)

    def _update(self, rule: Rule) -> None:
        w, g, (m, v) = self.w, self.g, self.state
        if rule.name == "sgd":
            m *= rule.momentum
            m += g
            w -= rule.learning_rate * m
            return
        rho = 0.999 if rule.name == "adam" else 0.99
        v *= rho
        v += (1 - rho) * g * g
        if rule.name == "rmsprop":
            w -= rule.learning_rate * g / (np.sqrt(v) + 1e-8)
            return
        m *= 0.9
        m += 0.1 * g
        corrected = np.sqrt(v / (1 - rho**self.step))
        corrected += 1e-8
        w -= rule.learning_rate / (1 - 0.9**self.step) * m / corrected

"""Losses of each step of a sequence as plain loops in NumPy, and the same losses in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fastmlp as fm
import reference as ref
from problems import targets
from recurrent_oracle import Elman
from reference import Array

TIME, FEATURES, UNITS = 6, 3, 5


class Case(NamedTuple):
    """An output activation, a loss, and the outputs of a step."""

    output: str
    loss: str
    outputs: int


CASES = [
    Case("identity", "squared_error", 3), Case("softmax", "squared_error", 3),
    Case("identity", "absolute_error", 1), Case("softplus", "huber", 2),
    Case("softmax", "cross_entropy", 4), Case("sigmoid", "cross_entropy", 2),
    Case("sigmoid", "binary_cross_entropy", 3), Case("softmax", "binary_cross_entropy", 3),
    Case("sign", "hinge", 3), Case("sign", "perceptron", 1), Case("tanh", "hinge", 2),
    Case("tanh", "quantile", 2), Case("identity", "poisson", 2),
    Case("identity", "gaussian_nll", 2), Case("tanh", "gaussian_nll", 6),
    Case("softmax", "gaussian_nll", 4),
]  # fmt: skip
IN_PYTHON = [case for case in CASES if case.output != "sign"]  # whose loss reads no output


def names(cases: list[Case]) -> list[str]:
    return [f"{case.output}-{case.loss}-{case.outputs}" for case in cases]


def in_python(loss: str) -> Callable[..., Any]:
    """A loss of the reference as a function of (outputs, y), one row a step."""
    return lambda o, y: (ref.LOSSES[loss](o, y), ref.LOSSES[loss].gradient(o, y))


def problem(case: Case, n: int, dtype: str = "float64") -> tuple[Any, ...]:
    """(network, X, y, lengths, weights): a class or a target of each step."""
    rng = np.random.default_rng(n)
    layers = [fm.Recurrent(UNITS, sequences=True), fm.Conv1D(case.outputs, 1, case.output)]
    net = fm.Network(layers, inputs=(TIME, FEATURES), dtype=dtype, seed=1)
    net.parameters = net.parameters + 0.1 * rng.normal(size=net.n_parameters)
    X = rng.normal(size=(n, TIME, FEATURES)).astype(dtype)
    y = targets(case.loss, rng, n * TIME, case.outputs).reshape(n, TIME, -1).astype(dtype)
    lengths = rng.integers(1, TIME + 1, n)
    return net, X, y, lengths, rng.uniform(0.5, 2, n).astype(dtype)


def spoiled(X: Any, y: Any, lengths: Any, rng: Any) -> tuple[Any, Any]:
    """X and y with other numbers after the ends: of X any, of y nan."""
    ended = np.arange(TIME) >= lengths[:, np.newaxis]
    X, y = X.copy(), y.copy()
    X[ended] = rng.normal(size=(ended.sum(), FEATURES)) * 30
    y[ended] = np.nan
    return X, y


def step_loss(case: Case, a: Array, y: Array) -> tuple[Array, Array]:
    """L of each row of pre-activations, and dL/da."""
    if (case.output, case.loss) in ref.CANONICAL:
        values, delta = ref.CANONICAL[case.output, case.loss](a, y)
        return values, delta
    o = ref.ACTIVATIONS[case.output](a)
    slope = ref.ACTIVATIONS[case.output].derivative(a)
    by_output = ref.LOSSES[case.loss].gradient(o, y)
    coupled = case.output == "softmax"
    delta = np.einsum("tij,ti->tj", slope, by_output) if coupled else slope * by_output
    return ref.LOSSES[case.loss](o, y), delta


def loops(net: fm.Network, case: Case, X: Array, y: Array, lengths: Any, weights: Any) -> Any:
    """The weighted mean loss and its flat gradient, sequence by sequence, cut to its length."""
    (W, V), (b, c) = (tuple(np.array(p, float) for p in part) for part in (net.weights, net.biases))
    V = V.reshape(UNITS, case.outputs)
    recurrence, total = Elman("tanh", W, b), 0.0
    gradient = np.zeros(net.n_parameters)
    for i, length in enumerate(lengths):
        h = recurrence.forward(X[i : i + 1, :length].astype(float))[0]
        values, delta = step_loss(case, h @ V + c, y[i, :length].astype(float))
        dW, db, _ = recurrence.backward((delta @ V.T)[np.newaxis])
        parts = [dW.T.ravel(), db, (h.T @ delta).T.ravel(), delta.sum(axis=0)]
        total += weights[i] / weights.sum() * values.sum()
        gradient += weights[i] / weights.sum() * np.concatenate(parts)
    return total, gradient

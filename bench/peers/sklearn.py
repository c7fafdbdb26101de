"""scikit-learn's MLPClassifier and MLPRegressor: one partial_fit is one native epoch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from bench.peer import Runner, Unsupported
from bench.workloads import Array, Problem, Rule, Weights


def version() -> str:
    return str(sklearn.__version__)


def prepare(problem: Problem, threads: int) -> Runner:
    """BLAS takes its threads from the environment."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    return _Runner(problem)


class _Runner:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.X, self.y = problem.X, problem.y
        self.classes = problem.workload.task == "classes"
        if not self.classes:
            self.y = self.y.ravel()
        self.estimator = _estimator(problem)
        self._initialise()

    def _initialise(self) -> None:
        """Let it allocate on one batch, then copy our weights in, which discards that step."""
        workload = self.problem.workload
        n_classes = workload.sizes[-1]
        if self.classes:
            rows = np.arange(max(workload.batch, n_classes)) % workload.samples
            y = np.arange(len(rows)) % n_classes
        else:
            rows = np.arange(workload.batch)
            y = self.y[rows]
        self.estimator.fit(self.X[rows], y)
        for layer, (W, b) in enumerate(self.problem.weights):
            self.estimator.coefs_[layer][...] = W
            self.estimator.intercepts_[layer][...] = b
        self.estimator.set_params(batch_size=workload.batch)
        if hasattr(self.estimator, "_optimizer"):
            del self.estimator._optimizer  # partial_fit starts a fresh one

    def run(self, repeats: int) -> None:
        for _ in range(repeats):
            if self.problem.workload.rule is None:
                self.outputs()
            else:
                self.estimator.partial_fit(self.X, self.y)

    def weights(self) -> Weights:
        pairs = zip(self.estimator.coefs_, self.estimator.intercepts_, strict=True)
        return [(W.copy(), b.copy()) for W, b in pairs]

    def outputs(self) -> Array:
        outputs: Array = self.estimator.predict_proba(self.X)
        return outputs


def _estimator(problem: Problem) -> Any:
    workload = problem.workload
    kind = MLPClassifier if workload.task == "classes" else MLPRegressor
    return kind(
        hidden_layer_sizes=workload.sizes[1:-1],
        activation=workload.activation,
        alpha=0.0,
        max_iter=1,
        shuffle=problem.order is not None,  # a new order is drawn in each epoch
        random_state=0,
        **_optimizer(workload.rule),
    )


def _optimizer(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    options: dict[str, Any] = {"solver": rule.name, "learning_rate_init": rule.learning_rate}
    if rule.name == "rmsprop":
        raise Unsupported("scikit-learn has no RMSProp")
    if rule.name == "sgd":
        options |= {"momentum": rule.momentum, "nesterovs_momentum": False}
    return options

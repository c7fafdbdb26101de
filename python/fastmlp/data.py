"""Samples in the form the core reads: X, targets and weights, checked against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp import arrays
from fastmlp.arrays import FloatArray
from fastmlp.layers import output_activation
from fastmlp.losses import is_own
from fastmlp.targets import TargetKind, as_weights, check_range

if TYPE_CHECKING:
    from fastmlp.evaluation import Evaluation


class Data(NamedTuple):
    """X ``(n, n_inputs)``, targets ``(n, n_outputs)`` or classes ``(n,)``, weights ``(n,)``."""

    X: FloatArray
    targets: NDArray[Any]
    weights: FloatArray | None

    def take(self, indices: NDArray[np.int64]) -> Data:
        """Return these samples alone, in this order."""
        weights = None if self.weights is None else self.weights[indices]
        return Data(self.X[indices], self.targets[indices], weights)

    def total_weight(self) -> float:
        """Return the sum of the weights, which is the number of samples where there are none."""
        if self.weights is None:
            return float(len(self.X))
        return float(self.weights.sum(dtype=np.float64))


def target_kind(network: Evaluation, loss: Any) -> TargetKind:
    """Return how this network with this loss reads y."""
    name = getattr(loss, "name", "")
    signs = name in ("perceptron", "hinge")
    n_columns = network.n_outputs // 2 if name == "gaussian_nll" else network.n_outputs
    softmax = output_activation(network.layers).name == "softmax"
    classes = network.n_outputs > 1 and (softmax or signs)
    return TargetKind(n_columns, network.dtype, classes, signs, is_own(loss))


def read_data(
    network: Evaluation,
    loss: Any,
    X: Any,
    y: Any,
    where: str,
    *,
    sample_weight: Any = None,
    class_weight: Any = None,
) -> Data:
    """Convert and check X, y and the weights; refuse what does not fit the network."""
    inputs, single = arrays.as_inputs(X, network.n_inputs, network.dtype, where)
    arrays.check_samples(inputs, where)
    if single:
        y = arrays.read(y, "y", where).reshape(1, -1)
    kind = target_kind(network, loss)
    targets = kind.read(y, len(inputs), where)
    weights = as_weights(sample_weight, class_weight, targets, network.dtype, where)
    return Data(inputs, kind.encode(targets, where), weights)


def check_training_data(data: Data, where: str, loss: Any = None) -> None:
    """Refuse nan and inf, targets that the loss has no minimum for, and weights all 0."""
    arrays.check_finite(data.X, "X", where)
    if data.targets.dtype != np.int64:
        arrays.check_finite(data.targets, "y", where)
        check_range(data.targets, getattr(loss, "name", ""), where)
    if data.weights is None:
        return
    arrays.check_finite(data.weights, "sample_weight", where)
    if not data.weights.any():
        raise ValueError(f"{where}: the weights are all 0, expected at least one > 0")

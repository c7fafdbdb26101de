"""Samples in the form that the core reads: X, targets and weights, checked against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray, Samples
from fastmlp._data.class_weight import is_balanced
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.missing_targets import terms_present
from fastmlp._data.sequences import as_lengths, rows_of_steps, without_ended
from fastmlp._data.targets import TargetSpec, check_range
from fastmlp._data.validation import InvalidType, InvalidValue, value_error
from fastmlp._data.weights import read_weights, without_missing

if TYPE_CHECKING:
    from fastmlp.network import Network

NO_TARGET = f"{arrays.FILL}, or give missing='mask'"


class Dataset(NamedTuple):
    """Samples, targets and weights.

    X is ``(n, n_inputs)``, targets are ``(n, n_outputs)`` or classes ``(n, *groups)``, weights and
    the lengths of sequences ``(n,)``. `counted` are the steps ``(n, time)`` that a custom loss of
    each step reads, where not all, and targets ``(n, time, ...)`` then. `leases` hold the memory of
    a run, in which Python code runs between native calls. `terms` are factors on the loss of each
    target, or group of classes, ``(n, n_terms)``: 0 where a target is missing.
    """

    X: Samples
    targets: NDArray[Any]
    weights: FloatArray | None
    lengths: NDArray[np.int64] | None = None
    counted: NDArray[np.bool_] | None = None
    leases: tuple[_core.MemoryLease, ...] = ()
    terms: FloatArray | None = None

    @property
    def arrays(self) -> tuple[Samples, Any, FloatArray | None]:
        """Return the first arguments of a native call."""
        targets = self.targets if self.terms is None else (self.targets, self.terms)
        return self.X, targets, self.weights

    def take(self, indices: NDArray[np.int64]) -> Dataset:
        """Return the samples at these indices, in this order."""
        weights = None if self.weights is None else self.weights[indices]
        lengths = None if self.lengths is None else self.lengths[indices]
        counted = None if self.counted is None else self.counted[indices]
        terms = None if self.terms is None else self.terms[indices]
        X, targets = arrays.take(self.X, indices), self.targets[indices]
        return Dataset(X, targets, weights, lengths, counted, terms=terms)

    def total_weight(self, indices: NDArray[np.int64] | None = None) -> float:
        """Return the sum of the weights, 1 each where there are none, of all or these samples."""
        if self.weights is None:
            return float(len(self.X if indices is None else indices))
        weights = self.weights if indices is None else self.weights[indices]
        return float(weights.sum(dtype=np.float64))


def target_spec(network: Network, loss: Any) -> TargetSpec:
    """Return the form of y for a network with a loss; that of the last one is kept."""
    kept = network._target_spec
    if kept is None or (kept[0] is not loss and kept[0] != loss):
        network._target_spec = kept = loss, _target_spec(network, loss)
    return kept[1]


def _target_spec(network: Network, loss: Any) -> TargetSpec:
    is_custom = is_custom_loss(loss)
    labels_pm1 = not is_custom and loss.labels_pm1
    per_target = 1 if is_custom else loss.outputs_per_target
    n_columns = network.n_outputs // per_target
    *positions, n_outputs = network.output_shape
    n_classes = n_outputs // per_target
    shape = (*positions, n_classes)
    coupled = network._output_activation.predicts_classes
    n_terms = n_columns // n_classes if coupled else n_columns
    classes = n_classes > 1 and (network._output_activation.predicts_classes or labels_pm1)
    groups = tuple(positions) if classes else ()
    return TargetSpec(
        *(shape, groups, n_columns, n_classes, n_terms),
        *(network.dtype, classes, labels_pm1, is_custom),
    )


def read_dataset(
    network: Network,
    loss: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    class_weight: Any = None,
    lengths: Any = None,
    missing: Any = None,
    is_part: bool = False,
) -> Dataset:
    """Convert X, y and the weights; raise if they do not fit the network or each other.

    A part of a data set may be empty, and its weights cannot follow from it.
    """
    if is_part and is_balanced(class_weight):
        expected = "numbers or None, as these are only some of the samples"
        raise value_error("class_weight", class_weight, expected)
    inputs, single = arrays.as_inputs(X, network)
    if not is_part:
        arrays.check_samples(inputs)
    steps = None if lengths is None else as_lengths(lengths, network, len(inputs))
    if single:
        y = arrays.read(y, "y")
        y = y[np.newaxis] if y.ndim > 1 else y.reshape(1, -1)
    spec = target_spec(network, loss)
    if steps is not None:
        y = without_ended(y, steps, network)
    targets = spec.read(y, len(inputs))
    weights = terms = present = counted = None
    if steps is not None or missing is not None:
        present = terms_present(network, spec, targets, steps, missing)
    if sample_weight is not None or class_weight is not None:
        weights, terms = read_weights(sample_weight, class_weight, targets, spec, present, is_part)
    if missing is not None and present is not None:
        weights, terms = without_missing(weights, terms, present, spec)
    targets = spec.encode(targets)
    if steps is not None and spec.any_shape and len(network.output_shape) > 1:
        targets, counted = rows_of_steps(targets, steps, network.output_shape)
    return Dataset(inputs, targets, weights, steps, counted, terms=terms)


def read_training_data(
    network: Network,
    loss: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    class_weight: Any = None,
    lengths: Any = None,
    missing: Any = None,
    is_part: bool = False,
) -> Dataset:
    """Read a dataset; raise at nan and inf, targets out of range, and weights that are all 0.

    Those of a part may be 0.
    """
    leases = arrays.lease(X, y, sample_weight)
    given = (X, y, sample_weight, class_weight, lengths, missing, is_part)
    data = read_dataset(network, loss, *given)
    arrays.check_finite(data.X, "X", given=X)
    if data.targets.dtype != np.int64:
        y_read = data.targets
        present = y_read if missing is None else np.where(np.isnan(y_read), 0, y_read)
        arrays.check_finite(present, "y", NO_TARGET, given=y)
        if not is_custom_loss(loss):
            check_range(present, loss)
    if data.weights is not None:
        arrays.check_finite(data.weights, "sample_weight")
        if not is_part:
            check_weighted(data)
    return data._replace(leases=leases)


def read_order(order: Any, n_samples: int, name: str = "order") -> NDArray[np.int64] | None:
    """Return a copy of indices of samples, which nobody else writes; None where there are none."""
    if order is None:
        return None
    given = arrays.read(order, name)
    if given.ndim != 1 or len(given) == 0:
        raise InvalidValue(f"{name} has shape {given.shape}, expected (n,) with n >= 1 indices")
    if given.dtype.kind not in "iu":
        raise InvalidType(f"{name} has dtype {given.dtype}, expected integers, the indices of rows")
    indices = given.astype(np.int64)
    i = _core.check_classes(indices, n_samples)
    if i >= 0:
        raise InvalidValue(
            f"{name}[{i}]={given[i]}, expected indices of rows, 0 to {n_samples - 1}"
        )
    return indices


def check_weighted(data: Dataset) -> None:
    """Raise if all weights are 0: there is no mean."""
    if data.weights is not None and not data.weights.any():
        raise InvalidValue("the weights are all 0, expected at least one > 0")

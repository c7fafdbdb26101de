"""Methods of `fastmlp.Trainer` for gradients computed outside: forward, backward, update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray, Samples
from fastmlp._data.dataset import Dataset, read_dataset
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.sequences import as_lengths
from fastmlp._data.threads import limited
from fastmlp._data.types import InputLike
from fastmlp._data.validation import check_positive, error_prefix
from fastmlp._fit import carrying, custom_loss, failure
from fastmlp._fit.lock import LockErrors
from fastmlp._fit.settings import check_evaluation_point

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


@error_prefix("Trainer.gradient")
def gradient(
    self: Trainer,
    X: InputLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    lengths: ArrayLike | None = None,
) -> tuple[float, float, FloatArray]:
    """Compute the loss of a batch in training mode, and its gradient, without an update.

    Parameters
    ----------
    X, y, sample_weight, lengths
        As for `step`.

    Returns
    -------
    loss : float
        The mean loss ``sum_i w_i L_i / sum_i w_i``, without penalties, which `apply` adds.
    weight : float
        ``sum_i w_i``: the mean of several batches weighs their losses and gradients by it.
    gradient : ndarray of shape (n_parameters,)
        The gradient of `loss`.

    Examples
    --------
    >>> import fastmlp as fm
    >>> trainer = fm.Trainer(fm.Network([1, 1], init="zeros"), optimizer=fm.SGD(0.5))
    >>> loss, weight, gradient = trainer.gradient([[1], [1]], [2, 2])
    >>> loss, weight, gradient
    (2.0, 2.0, array([-2., -2.], dtype=float32))
    >>> trainer.apply(gradient)
    >>> trainer.network.parameters
    array([1., 1.], dtype=float32)
    """
    given = (X, y, sample_weight, None, lengths, self.missing)
    batch = read_dataset(self.network, self.loss, *given)
    with limited(self.n_threads), LockErrors("Trainer.gradient"), self.network._in_training:
        self._forward_shape = None
        result = custom_loss.gradient if is_custom_loss(self.loss) else _native_gradient
        if self.carry_state:
            state = carrying.batch_state(self, len(batch.X))
            value = carrying.carried(
                self, state, lambda: result(self, batch), lambda r: math.isfinite(r[0])
            )
        else:
            value = result(self, batch)
        self.network._remember_names(X)
    return value


def _native_gradient(trainer: Trainer, batch: Dataset) -> tuple[float, float, FloatArray]:
    value: tuple[float, float, FloatArray] = trainer._native.gradient(*batch.arrays, batch.lengths)
    return value


@error_prefix("Trainer.forward")
def forward(self: Trainer, X: InputLike, *, lengths: ArrayLike | None = None) -> FloatArray:
    """Compute the outputs of a batch ``(n, n_inputs)`` in training mode, for `backward`.

    With `lengths` of shape ``(n,)``, as for `Network.predict`, outputs after the end of a sequence
    are 0, and `backward` ignores their gradient.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros")
    >>> trainer = fm.Trainer(net, optimizer=fm.SGD(0.5))
    >>> outputs = trainer.forward([[1], [3]])
    >>> gradient = trainer.backward((outputs - [[1], [2]]) / 2)
    >>> trainer.apply(gradient)
    >>> net.parameters
    array([1.75, 0.75], dtype=float32)
    """
    inputs, _ = arrays.as_inputs(X, self.network)
    arrays.check_samples(inputs)
    steps = None if lengths is None else as_lengths(lengths, self.network, len(inputs))
    with limited(self.n_threads), LockErrors("Trainer.forward"), self.network._in_training:
        self._forward_shape = None
        outputs = _outputs(self, inputs, steps)
        self._forward_shape = outputs.shape
        self.network._remember_names(X)
    return outputs.reshape(len(outputs), *self.network.output_shape)


def _outputs(trainer: Trainer, inputs: Samples, lengths: NDArray[np.int64] | None) -> FloatArray:
    def run() -> FloatArray:
        outputs: FloatArray = trainer._native.forward(inputs, lengths)
        return outputs

    if not trainer.carry_state:
        return run()
    state = carrying.batch_state(trainer, len(inputs))
    return carrying.carried(trainer, state, run, lambda _: True)


@error_prefix("Trainer.backward")
def backward(self: Trainer, output_gradient: ArrayLike) -> FloatArray:
    """Compute the gradient of ``sum(outputs * output_gradient)``, of shape ``(n_parameters,)``.

    Parameters
    ----------
    output_gradient : array_like of shape (n_samples, n_outputs)
        Derivative of the loss with respect to the outputs of the last `forward`, without penalties.
        For a mean loss, divide by the number of samples.
    """
    if self._forward_shape is None:
        raise RuntimeError(
            "Trainer.backward: there are no outputs since the last update; call forward"
        )
    n_samples = self._forward_shape[0]
    gradient = arrays.as_outputs(output_gradient, self.network, n_samples, False, "output_gradient")
    with limited(self.n_threads), LockErrors("Trainer.backward"), self.network._in_training:
        flat: FloatArray = self._native.backward(gradient)
    return flat


@error_prefix("Trainer.apply")
def apply(self: Trainer, gradient: ArrayLike, weight: float | None = None) -> None:
    """Make one update with a given gradient.

    Parameters
    ----------
    gradient : array_like of shape (n_parameters,)
        The gradient at the current parameters, so ``nesterov="lecture"`` is not supported. The
        optimizer adds penalties and clips.
    weight : float, optional
        The weight of the batch, by which ``l2_scale="batch_weight"`` divides. Default: the number
        of samples of the last `forward`.
    """
    check_evaluation_point(self.optimizer, "the gradient is computed outside")
    w = self.network.parameters
    flat = arrays.as_shape(gradient, w.shape, w.dtype, "gradient")
    arrays.check_finite(flat, "gradient")
    weight = _batch_weight(self) if weight is None else check_positive(weight, "weight")
    with limited(self.n_threads), LockErrors("Trainer.apply"), self.network._in_training:
        self._forward_shape = None
        penalties = self._native.apply(flat, weight)
    failure.checked_update(self, penalties, "Trainer.apply")


def _batch_weight(trainer: Trainer) -> float:
    if trainer.l2_scale == "constant":
        return 1.0
    if trainer._forward_shape is None:
        raise RuntimeError(
            "Trainer.apply: l2_scale='batch_weight' divides by the samples of the last forward, "
            "expected one since the last update; call forward"
        )
    return float(trainer._forward_shape[0])

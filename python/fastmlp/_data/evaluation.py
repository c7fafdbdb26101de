"""Methods of `fastmlp.Network` in evaluation mode: losses and derivatives.

Dropout and noise are off, penalties are not included, and nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import check_weighted, read_dataset
from fastmlp._data.losses import evaluate, evaluated_loss, is_custom_loss, mean_loss
from fastmlp._data.sequences import as_lengths
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.types import InputLike, LossLike, Missing
from fastmlp._data.validation import error_prefix

if TYPE_CHECKING:
    from fastmlp.network import Network


@error_prefix("Network.loss")
def loss(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    missing: Missing | None = None,
    n_threads: int | None = None,
) -> float:
    """Compute the weighted mean loss over the samples, without penalties.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples.
    y : array_like of shape (n_samples, n_outputs) or (n_samples,)
        Targets: 1-D for a single output, or class indices for a softmax output, one for each
        position or step if there are several; or of shape ``(n_samples, *output_shape)``.
    loss : str, loss or callable, optional
        Default: the loss of the last training run, also in copies and files, else that of the
        output activation, as in `fit`. Copies and files do not include functions.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights >= 0, not all 0, of samples or of single terms, as in `fit`; by default all are 1.
    lengths : array_like of int, shape (n_samples,), optional
        Number of steps of each sequence, as for `predict`. The loss is the sum over these steps;
        values of X and y after the end are ignored, but must be finite.
    missing : {"mask"}, optional
        With "mask", nan in y marks a missing target; the mean is over samples with a target.
    n_threads : int, optional
        Maximum number of threads, as with `fm.threads`.

    Returns
    -------
    float
        ``sum_i w_i L_i / sum_i w_i``. Cost: one forward pass.

    Raises
    ------
    ValueError, TypeError
        Arrays do not fit the network, or the loss is unknown.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([2, 1], init="zeros").loss([[1, 2], [3, 4]], [1, 3])
    2.5
    """
    chosen = evaluated_loss(loss, self)
    data = read_dataset(self, chosen, X, y, sample_weight, None, lengths, missing)
    check_weighted(data)
    with limited(check_threads(n_threads)):
        return mean_loss(self, chosen, data)


@error_prefix("Network.value_and_grad")
def value_and_grad(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    missing: Missing | None = None,
    n_threads: int | None = None,
) -> tuple[float, FloatArray]:
    """Compute the weighted mean loss and its gradient for all parameters, by backpropagation.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths, missing, n_threads
        As for `loss`.

    Returns
    -------
    value : float
        The mean loss, without penalties.
    gradient : ndarray of shape (n_parameters,)
        In the order of `parameters`. Cost: about three forward passes.

    Raises
    ------
    ValueError, TypeError
        As for `loss`.

    Examples
    --------
    >>> import fastmlp as fm
    >>> value, gradient = fm.Network([2, 1], init="zeros").value_and_grad([[1, 2]], [3])
    >>> gradient
    array([-3., -6., -3.], dtype=float32)
    """
    chosen = evaluated_loss(loss, self)
    data = read_dataset(self, chosen, X, y, sample_weight, None, lengths, missing)
    check_weighted(data)
    with limited(check_threads(n_threads)):
        if is_custom_loss(chosen):
            outputs = self._native.predict(data.X, data.lengths)
            value, by_output = evaluate(chosen, outputs, data)
            return value, self._native.backward(data.X, by_output, data.lengths)
        inputs, targets, weights = data.arrays
        arguments = (inputs, targets, chosen, weights, data.lengths)
        result: tuple[float, FloatArray] = self._native.value_and_grad(*arguments)
        return result


@error_prefix("Network.backward")
def backward(
    self: Network, X: InputLike, output_gradient: ArrayLike, *, lengths: ArrayLike | None = None
) -> FloatArray:
    """Compute the gradient of ``sum(outputs * output_gradient)`` for all parameters.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples.
    output_gradient : array_like of shape (n_samples, n_outputs) or (n_outputs,)
        Derivative of any quantity with respect to the outputs; it is not averaged over samples.
    lengths : array_like of int, shape (n_samples,), optional
        Number of steps of each sequence, as for `predict`; `output_gradient` is ignored after them.

    Returns
    -------
    ndarray of shape (n_parameters,)
        In the order of `parameters`. Cost: about three forward passes.

    Raises
    ------
    ValueError, TypeError
        Arrays do not fit the network.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([2, 1]).backward([[1, 2], [3, 4]], [[1], [1]])
    array([4., 6., 2.], dtype=float32)
    """
    inputs, single = arrays.as_inputs(X, self)
    arrays.check_samples(inputs)
    steps = None if lengths is None else as_lengths(lengths, self, len(inputs))
    gradient = arrays.as_outputs(output_gradient, self, len(inputs), single, "output_gradient")
    flat: FloatArray = self._native.backward(inputs, gradient, steps)
    return flat


@error_prefix("Network.jacobian")
def jacobian(self: Network, X: InputLike) -> FloatArray:
    """Compute the derivatives of the outputs with respect to the inputs, for each sample.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples, or a single sample.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_inputs) or (n_outputs, n_inputs)
        Element ``[i, j, k]`` is ``d output_j / d input_k`` at sample i. If the inputs have a
        shape, its axes replace the last one. Cost: a forward pass and a backward pass per output.

    Raises
    ------
    ValueError, TypeError
        X has the wrong shape, or does not contain real numbers.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([2, 1])
    >>> net.parameters = [5.0, 7.0, 0.0]
    >>> net.jacobian([1, 2])
    array([[5., 7.]], dtype=float32)
    """
    inputs, single = arrays.as_inputs(X, self)
    shape = (len(inputs), self.n_outputs, self.n_inputs)
    arrays.check_size(shape, self.dtype, "the jacobian")
    derivatives: FloatArray = self._native.jacobian(inputs)
    derivatives = derivatives.reshape(*shape[:2], *self.input_shape)
    return derivatives[0] if single else derivatives

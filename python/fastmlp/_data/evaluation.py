"""Methods of `fastmlp.Network` in evaluation mode: outputs, losses and derivatives.

Dropout and noise are off, penalties are not included, and nothing changes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import check_weighted, read_dataset
from fastmlp._data.losses import evaluate, evaluated_loss, is_custom_loss, mean_loss
from fastmlp._data.sequences import as_lengths
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import InvalidArgument, error_prefix

if TYPE_CHECKING:
    from fastmlp.network import Network


def predict(
    self: Network,
    X: InputLike,
    *,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> FloatArray:
    """Compute the outputs of the network.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples, or one sample. Not searched for nan.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, 1 to time; the outputs are those of the sequence without what
        comes after, and 0 for steps after the end.
    n_threads : int, optional
        At most so many threads, as with `fm.threads`.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or (n_outputs,)
        Outputs in the network's dtype; those of a last layer with a shape, such as ``Conv1D`` or
        ``Recurrent(sequences=True)``, have its axes. Cost: one forward pass.

    Raises
    ------
    ValueError, TypeError
        X of another shape, or not real numbers.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([4, 3], output="softmax", seed=0).predict([[1, 2, 3, 4]]).shape
    (1, 3)
    """
    try:
        inputs, single = arrays.as_inputs(X, self)
        steps = None if lengths is None else as_lengths(lengths, self, len(inputs))
        if n_threads is None:
            outputs: FloatArray = self._native.predict(inputs, steps)
        else:
            with limited(check_threads(n_threads)):
                outputs = self._native.predict(inputs, steps)
    except InvalidArgument as error:
        raise error.named("Network.predict") from error.__cause__
    if len(self.output_shape) > 1:
        outputs = outputs.reshape(len(outputs), *self.output_shape)
    return outputs[0] if single else outputs


@error_prefix("Network.activations")
def activations(
    self: Network,
    X: InputLike,
    *,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> list[FloatArray]:
    """Compute the outputs of every layer, in evaluation mode.

    Parameters
    ----------
    X, lengths, n_threads
        As for `predict`.

    Returns
    -------
    list of ndarray
        For each layer of ``network.layers`` an array ``(n_samples, *its output shape)``, without
        the first axis for one sample; the last is that of `predict`, to the bit. Cost: one forward
        pass, and memory for all of them.

    Raises
    ------
    ValueError, TypeError, MemoryError
        As for `predict`, or outputs that do not fit into memory.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([4, 8, 2, 8, 4], seed=0)  # an autoencoder, read in its middle
    >>> net.activations([[1, 2, 3, 4]])[1].shape
    (1, 2)
    """
    inputs, single = arrays.as_inputs(X, self)
    steps = None if lengths is None else as_lengths(lengths, self, len(inputs))
    shapes = [tuple(self._native.layer_shape(i)) for i in range(len(self.layers))]
    n_values = sum(math.prod(shape) for shape in shapes)
    arrays.check_size((len(inputs), n_values), self.dtype, "the activations")
    with limited(check_threads(n_threads)):
        outputs = self._native.activations(inputs, steps)
    shaped = [h.reshape(len(h), *shape) for h, shape in zip(outputs, shapes, strict=True)]
    return [h[0] for h in shaped] if single else shaped


@error_prefix("Network.loss")
def loss(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> float:
    """Compute the weighted mean loss over the samples, without penalties.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples.
    y : array_like of shape (n_samples, n_outputs) or (n_samples,)
        Targets; 1-D for one output, or class indices for a softmax output, one for each position
        or step where it has several. ``(n_samples, *output_shape)`` too.
    loss : str, loss or callable, optional
        Default: that of the last training, also in copies and files; else the one that belongs to
        the output activation, as in `fit`. Copies and files do not have functions.
    sample_weight : array_like of shape (n_samples,), optional
        Weights >= 0, not all 0; 1 each where they are not given.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `predict`; the loss is the sum over these, and y and X,
        which must be finite, are not read after them.
    n_threads : int, optional
        At most so many threads, as with `fm.threads`.

    Returns
    -------
    float
        ``sum_i w_i L_i / sum_i w_i``. Cost: one forward pass.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network, or an unknown loss.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([2, 1], init="zeros").loss([[1, 2], [3, 4]], [1, 3])
    2.5
    """
    chosen = evaluated_loss(loss, self)
    data = read_dataset(self, chosen, X, y, sample_weight, lengths=lengths)
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
    n_threads: int | None = None,
) -> tuple[float, FloatArray]:
    """Compute the weighted mean loss and its gradient by all parameters, by backpropagation.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths, n_threads
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
    data = read_dataset(self, chosen, X, y, sample_weight, lengths=lengths)
    check_weighted(data)
    with limited(check_threads(n_threads)):
        if is_custom_loss(chosen):
            outputs = self._native.predict(data.X, data.lengths)
            value, by_output = evaluate(chosen, outputs, data)
            return value, self._native.backward(data.X, by_output, data.lengths)
        arguments = (data.X, data.targets, chosen, data.weights, data.lengths)
        result: tuple[float, FloatArray] = self._native.value_and_grad(*arguments)
        return result


@error_prefix("Network.backward")
def backward(
    self: Network, X: InputLike, output_gradient: ArrayLike, *, lengths: ArrayLike | None = None
) -> FloatArray:
    """Compute the gradient of ``sum(outputs * output_gradient)`` by all parameters.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples.
    output_gradient : array_like of shape (n_samples, n_outputs) or (n_outputs,)
        Derivative of anything by the outputs; not averaged over the samples.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `predict`; `output_gradient` is not read after them.

    Returns
    -------
    ndarray of shape (n_parameters,)
        In the order of `parameters`. Cost: about three forward passes.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network.

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
    """Compute the derivatives of the outputs by the inputs, sample by sample.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples, or one sample.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_inputs) or (n_outputs, n_inputs)
        Element ``[i, j, k]`` is ``d output_j / d input_k`` at sample i; inputs of a shape have its
        axes. Cost: a forward pass and one backward pass per output.

    Raises
    ------
    ValueError, TypeError
        X of another shape, or not real numbers.

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

"""The outputs of a network: with dropout and noise off, or their mean and spread with them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.sequences import as_lengths
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.types import InputLike
from fastmlp._data.validation import (
    MAX_EPOCH,
    InvalidArgument,
    check_int,
    check_seed,
    value_error,
)

if TYPE_CHECKING:
    from fastmlp.network import Network


@overload
def predict(
    self: Network,
    X: InputLike,
    *,
    samples: None = None,
    seed: None = None,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> FloatArray: ...
@overload
def predict(
    self: Network,
    X: InputLike,
    *,
    samples: int,
    seed: int | None = None,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> tuple[FloatArray, FloatArray]: ...
def predict(
    self: Network,
    X: InputLike,
    *,
    samples: int | None = None,
    seed: int | None = None,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> FloatArray | tuple[FloatArray, FloatArray]:
    """Compute the outputs of the network, or their mean and spread under dropout and noise.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples, or a single sample. nan is not checked for.
    samples : int >= 2, optional
        Number of passes with dropout and noise on, as in training, with masks of their own. Their
        spread estimates the uncertainty of the model (Gal & Ghahramani 2016).
    seed : int, optional
        Seed of these passes. Default: that of the network, so that calls are equal.
    lengths : array_like of int, shape (n_samples,), optional
        Number of steps of each sequence, 1 to time. Outputs are those of the sequence without its
        padding, and 0 for steps after its end.
    n_threads : int, optional
        Maximum number of threads, as with `fm.threads`.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or (n_outputs,)
        Outputs in the network's dtype. If the last layer has several axes, such as ``Conv1D`` or
        ``Recurrent(sequences=True)``, so have the outputs. Cost: one forward pass. With `samples` a
        tuple of two such arrays, the mean of the passes and their standard deviation, with divisor
        ``samples - 1``. Cost: so many passes, and no more memory than for a few samples of X.

    Raises
    ------
    ValueError, TypeError
        X has the wrong shape, or does not contain real numbers; `samples` are given, but no layer
        is random.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([4, 3], output="softmax", seed=0).predict([[1, 2, 3, 4]]).shape
    (1, 3)
    >>> layers = [fm.Dense(64, "relu"), fm.Dropout(0.2), fm.Dense(1)]
    >>> mean, std = fm.Network(layers, inputs=4, seed=0).predict([[1, 2, 3, 4]], samples=100)
    >>> mean.shape, std.shape
    ((1, 1), (1, 1))
    """
    try:
        if not (samples is None and seed is None):
            return _mean_and_deviation(self, X, samples, seed, lengths, n_threads)
        if lengths is None and n_threads is None:
            ready: FloatArray | None = self._native.predict_ready(X)
            if ready is not None:
                return ready
        inputs, single = arrays.as_inputs(X, self)
        steps = None if lengths is None else as_lengths(lengths, self, len(inputs))
        with limited(check_threads(n_threads)):
            outputs: FloatArray = self._native.predict(inputs, steps)
    except InvalidArgument as error:
        raise error.named("Network.predict") from error.__cause__
    if len(self.output_shape) > 1:
        outputs = outputs.reshape(len(outputs), *self.output_shape)
    return outputs[0] if single else outputs


def _mean_and_deviation(
    network: Network,
    X: InputLike,
    samples: Any,
    seed: Any,
    lengths: ArrayLike | None,
    n_threads: int | None,
) -> tuple[FloatArray, FloatArray]:
    if samples is None:
        raise value_error("seed", seed, "None, as samples is not given")
    n_passes = check_int(samples, "samples", min=2, max=MAX_EPOCH)
    chosen = network.seed if seed is None else check_seed(seed)
    if not network._native.is_stochastic:
        expected = "None, as no layer is fm.Dropout, fm.SpatialDropout or fm.GaussianNoise"
        raise value_error("samples", n_passes, expected)
    inputs, single = arrays.as_inputs(X, network)
    steps = None if lengths is None else as_lengths(lengths, network, len(inputs))
    with limited(check_threads(n_threads)):
        results = network._native.predict_samples(inputs, n_passes, chosen, steps)
    shape = (len(inputs), *network.output_shape)
    mean, deviation = (result.reshape(shape)[0 if single else ...] for result in results)
    return mean, deviation

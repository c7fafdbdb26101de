"""Methods of `fastmlp.Network` that show its inside, in evaluation mode."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.sequences import as_lengths
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import error_prefix

if TYPE_CHECKING:
    from fastmlp.diagnosis import Diagnosis
    from fastmlp.network import Network


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
        the first axis for a single sample. The last one equals `predict`, bit for bit. Cost: one
        forward pass, and memory for all outputs.

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


@error_prefix("Network.diagnose")
def diagnose(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    n_threads: int | None = None,
) -> Diagnosis:
    """Find vanishing or exploding gradients, saturated outputs and dead units, layer by layer.

    Norms of gradients and weights are computed in evaluation mode on a representative batch; the
    network does not change.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths, n_threads
        As for `loss`; a few hundred samples are enough.

    Returns
    -------
    Diagnosis
        With a `LayerDiagnosis` for each layer that has parameters. Its str is a table and, for
        each layer in trouble, a sentence with a remedy. Cost: one `value_and_grad` and about one
        more forward pass.

    Raises
    ------
    ValueError, TypeError
        As for `loss`.

    Notes
    -----
    The error signal of a layer is ``dL/da``, where a are its pre-activations. A signal below 0.001
    times that of the output layer is called vanishing, above 100 times exploding; over time, below
    0.001 or above 1,000 times that of the last step. A hidden layer is called saturated or dead if
    at least half of its outputs or units are. Layers before it are then not called vanishing,
    because it is the cause. Source: Hochreiter 1991, Glorot & Bengio 2010.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([2, 3, 1], seed=0)
    >>> net.parameters = [1] * net.n_parameters
    >>> print(net.diagnose([[1, 2], [2, 1]], [5, 9]))
    layer                         gradient  weights  update  signal  at limits  always off
    layers[0] Dense(3, relu)      24        3                7.7     0%         0%
    layers[1] Dense(1, identity)  42        2                4.5     0%         0%
    """
    from fastmlp.diagnosis import diagnosis_of

    with limited(check_threads(n_threads)):
        return diagnosis_of(self, X, y, loss, sample_weight, lengths)

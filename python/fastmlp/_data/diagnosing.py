"""The method of `fastmlp.Network` that shows what is wrong inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from fastmlp._data.threads import check_threads, limited
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import error_prefix

if TYPE_CHECKING:
    from fastmlp.diagnosis import Diagnosis
    from fastmlp.network import Network


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
    """Compute norms of gradients and weights, layer by layer, and name what is wrong.

    Vanishing and exploding gradients, saturated outputs and dead units are found in evaluation
    mode, on a batch that stands for the data; nothing changes.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths, n_threads
        As for `loss`; a few hundred samples are enough.

    Returns
    -------
    Diagnosis
        With a `LayerDiagnosis` for each layer that has parameters. Its text has a table and, where
        there is trouble, a sentence with the remedy. Cost: one `value_and_grad` and about one more
        forward pass.

    Raises
    ------
    ValueError, TypeError
        As for `loss`.

    Notes
    -----
    The error signal of a layer is ``dL/da``, a its pre-activations. It vanishes below 0.001 of that
    of the output layer and explodes above 100 times it; over time, below 0.001 and above 1,000
    times that of the last step. A hidden layer is saturated or dead where half of its outputs or
    units are; then layers before it are not said to vanish, since that is the cause. Source:
    Hochreiter 1991, Glorot & Bengio 2010.

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

"""Methods of `fastmlp.Network` for the diagonals of its curvature.

Dropout and noise are off, penalties are not included, and nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from fastmlp._data.arrays import FloatArray
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import check_int, check_seed, error_prefix, value_error
from fastmlp.curvature import curvature_of

if TYPE_CHECKING:
    from fastmlp.network import Network

DIAGONALS = ("exact", "gauss_newton", "hutchinson", "curvature_propagation")


@error_prefix("Network.hessian_diagonal")
def hessian_diagonal(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    *,
    method: str = "exact",
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    draws: int = 10,
    seed: int = 0,
) -> FloatArray:
    """Compute or estimate the diagonal of the Hessian of the mean loss.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths
        As for `hvp`.
    method : str, default "exact"
        ``"exact"`` passes the columns of a signed factor of each layer's curvature backwards;
        ``"gauss_newton"`` only those of the output: the diagonal of Gauss and Newton's matrix, with
        `truncate` of a recurrent layer of truncated derivatives on both sides, unlike in `gnvp`.
        ``"hutchinson"`` averages ``v * Hv`` of random signs v, ``"curvature_propagation"`` random
        sums of all columns at once (Martens, Sutskever & Swersky 2012), of about half the
        variance, where no weights are shared; both are unbiased.
    draws : int, default 10
        Of the two estimates.
    seed : int, default 0
        Of their random signs.

    Returns
    -------
    ndarray of shape (n_parameters,)
        Cost: ``"exact"`` passes back, and squares the gradient of each sample, once for each hidden
        unit and output, ``"gauss_newton"`` for each output, ``"curvature_propagation"`` twice for
        each draw. Each time takes ``n_samples * n_parameters`` operations on single numbers, as
        long as 4 to 20 gradients of the loss. ``"hutchinson"`` takes one product for each draw, as
        long as 1 to 2 gradients, and ``"exact"`` as many products as there are parameters where
        layers share weights.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.hessian_diagonal([[1.0], [3.0]], [0.0, 0.0])
    array([5., 1.])
    """
    if method not in DIAGONALS:
        raise value_error("method", method, f"one of: {', '.join(DIAGONALS)}")
    n_draws, chosen_seed = check_int(draws, "draws", min=1), check_seed(seed)
    curvature = curvature_of(self, X, y, loss, sample_weight, lengths)
    if method == "curvature_propagation" and not curvature._native.has_exact_diagonal:
        raise value_error("method", method, "'hutchinson' where layers share weights")
    if method == "exact":
        return curvature._exact_diagonal()
    if method == "hutchinson":
        return curvature._hutchinson(n_draws, chosen_seed)
    return curvature._diagonal(method, n_draws, chosen_seed)


@error_prefix("Network.fisher_diagonal")
def fisher_diagonal(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    lengths: ArrayLike | None = None,
) -> FloatArray:
    """Compute the diagonal of the empirical Fisher information: mean squares of the gradients.

    Parameters
    ----------
    X, y, loss
        As for `Network.loss`.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights w >= 0.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `loss`.

    Returns
    -------
    ndarray of shape (n_parameters,)
        ``sum_i w_i g_i**2 / sum_i w_i`` with the gradient g_i of the loss of sample i. Cost: one
        gradient, and ``n_samples * n_parameters`` operations.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network, or a custom loss.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.fisher_diagonal([[1.0], [3.0]], [1.0, 1.0])
    array([5., 1.])
    """
    curvature = curvature_of(self, X, y, loss, sample_weight, lengths)
    return curvature._diagonal("squared_gradients", 1, 0)

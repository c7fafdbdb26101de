"""Methods of `fastmlp.Network` that differentiate by the parameters twice, or output by output.

Dropout and noise are off, penalties are not included, and nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import check_int, check_seed, error_prefix, value_error
from fastmlp.curvature import Spectrum, curvature_of

if TYPE_CHECKING:
    from fastmlp.network import Network


@error_prefix("Network.hvp")
def hvp(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    v: ArrayLike,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    method: str = "exact",
) -> FloatArray:
    """Compute the product of the Hessian of the mean loss with a vector.

    Parameters
    ----------
    X, y, loss
        As for `Network.loss`.
    v : array_like of shape (n_parameters,) or (k, n_parameters)
        One vector or several.
    sample_weight : array_like of shape (n_samples,), optional
        Weights >= 0.
    method : {"exact", "central", "forward"}, default "exact"
        The R-operator (Pearlmutter 1994), or differences of gradients at ``w + h v`` and
        ``w - h v`` or w. They are for comparison: relative errors of about 1e-10 and 1e-8 in
        float64, 1e-4 and 1e-3 in float32.

    Returns
    -------
    ndarray of the shape of v
        ``H v``. Cost: about two gradients for the first
        vector and 1.3 for each further one, for batches of up to 1024 samples.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network, or a custom loss.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.hvp([[1.0], [3.0]], [0.0, 0.0], [1.0, 0.0])
    array([5., 2.])
    """
    return curvature_of(self, X, y, loss, sample_weight)._hvp(v, method)


@error_prefix("Network.gnvp")
def gnvp(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    v: ArrayLike,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> FloatArray:
    """Compute the product of Gauss and Newton's matrix of the mean loss with a vector.

    Parameters, costs and errors are those of `hvp`. The matrix is ``Jᵀ H_L J``: J of the outputs
    by the parameters, H_L the Hessian of the loss by the outputs (by the pre-activations for
    softmax with cross_entropy and sigmoid with binary_cross_entropy; the Fisher matrix for
    gaussian_nll).

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.gnvp([[1.0], [3.0]], [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])
    array([[5., 2.],
           [2., 1.]])
    """
    return curvature_of(self, X, y, loss, sample_weight)._products("gauss_newton", v)


@error_prefix("Network.hessian")
def hessian(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> FloatArray:
    """Compute the Hessian of the mean loss, ``(n_parameters, n_parameters)``.

    Parameters and errors are those of `hvp`. It is made symmetric, so both triangles are equal.
    Cost: as many products as there are parameters, and a matrix of their square.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.hessian([[1.0], [3.0]], [0.0, 0.0])
    array([[5., 2.],
           [2., 1.]])
    """
    return curvature_of(self, X, y, loss, sample_weight)._matrix("hessian")


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
    draws: int = 10,
    seed: int = 0,
) -> FloatArray:
    """Compute or estimate the diagonal of the Hessian of the mean loss.

    Parameters
    ----------
    X, y, loss, sample_weight
        As for `hvp`.
    method : str, default "exact"
        ``"exact"`` passes the columns of a signed factor of each layer's curvature backwards;
        ``"gauss_newton"`` only those of the output: the diagonal of Gauss and Newton's matrix.
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
        Cost of ``"exact"``: as many backward passes as there are units and outputs; where layers
        share weights, as many products as there are parameters. Of the estimates: two backward
        passes, or one product, for each draw.

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
    curvature = curvature_of(self, X, y, loss, sample_weight)
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
) -> FloatArray:
    """Compute the diagonal of the empirical Fisher information: mean squares of the gradients.

    Parameters and errors are those of `hvp`. The result, ``(n_parameters,)``, is
    ``sum_i w_i g_i**2 / sum_i w_i`` with the gradient g_i of the loss of sample i. Cost: one
    gradient, and ``n_samples * n_parameters`` operations.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.fisher_diagonal([[1.0], [3.0]], [1.0, 1.0])
    array([5., 1.])
    """
    return curvature_of(self, X, y, loss, sample_weight)._diagonal("squared_gradients", 1, 0)


@error_prefix("Network.hessian_spectrum")
def hessian_spectrum(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    k: int = 5,
    *,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    dimensions: int = 200,
    seed: int = 0,
) -> Spectrum:
    """Compute the smallest and the largest eigenvalues of the Hessian of the mean loss.

    Parameters
    ----------
    X, y, loss, sample_weight
        As for `hvp`.
    k : int, default 5
        Eigenvalues at each end; at most `n_parameters`.
    dimensions : int, default 200
        Size of the Krylov space of Lanczos' method, with full reorthogonalisation. The outermost
        eigenvalues converge first; all are exact from `n_parameters` on.
    seed : int, default 0
        Of the start vector.

    Returns
    -------
    Spectrum
        ``smallest`` and ``largest``, ascending, ``(k,)`` each. Cost: `dimensions` products, and as
        many vectors.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.hessian_spectrum([[1.0], [3.0]], [0.0, 0.0], 1).largest.round(6)
    array([5.828427])
    """
    n_values = check_int(k, "k", min=1, max=self.n_parameters)
    n_dimensions = check_int(dimensions, "dimensions", min=1)
    curvature = curvature_of(self, X, y, loss, sample_weight)
    return curvature._spectrum("hessian", n_values, n_dimensions, check_seed(seed))


@error_prefix("Network.parameter_jacobian")
def parameter_jacobian(self: Network, X: InputLike) -> FloatArray:
    """Compute the derivatives of the outputs by the parameters, sample by sample.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_inputs) or (n_inputs,)
        Samples, or one sample.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_parameters) or (n_outputs, n_parameters)
        Element ``[i, j, k]`` is ``d output_j / d parameter_k`` at sample i. Cost: a forward pass,
        one backward pass per output, and the array.

    Raises
    ------
    ValueError, TypeError
        X of another shape, or not real numbers.

    Examples
    --------
    >>> import fastmlp as fm
    >>> fm.Network([2, 1], init="zeros").parameter_jacobian([5, 7])
    array([[5., 7., 1.]], dtype=float32)
    """
    inputs, single = arrays.as_inputs(X, self)
    shape = (len(inputs), self.n_outputs, self.n_parameters)
    arrays.check_size(shape, self.dtype, "the jacobian")
    derivatives: FloatArray = self._native.parameter_jacobian(inputs)
    return derivatives[0] if single else derivatives

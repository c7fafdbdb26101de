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
    lengths: ArrayLike | None = None,
    method: str = "exact",
) -> FloatArray:
    """Compute the product of the Hessian of the mean loss with a vector.

    Parameters
    ----------
    X, y, loss
        As for `Network.loss`.
    v : array_like of shape (n_parameters,) or (k, n_parameters)
        One vector or several.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights >= 0.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `loss`.
    method : {"exact", "central", "forward"}, default "exact"
        The R-operator (Pearlmutter 1994), or differences of gradients at ``w + h v`` and
        ``w - h v`` or w. They are for comparison: with smooth activations relative errors of about
        1e-10 and 1e-8 in float64, 1e-4 and 1e-3 in float32; with kinks, as those of relu, which the
        differences may cross, errors of any size.

    Returns
    -------
    ndarray of the shape of v
        ``H v``. Cost: below two gradients for the first vector and about one for each further
        one, of batches of up to 1024 samples; about 3 and 1.5 with tanh or sigmoid.

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
    return curvature_of(self, X, y, loss, sample_weight, lengths)._hvp(v, method)


@error_prefix("Network.gnvp")
def gnvp(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    v: ArrayLike,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    lengths: ArrayLike | None = None,
) -> FloatArray:
    """Compute the product of Gauss and Newton's matrix of the mean loss with a vector.

    The matrix is ``Jᵀ H_L J``: J of the outputs by the parameters, H_L the Hessian of the loss by
    the outputs (by the pre-activations for softmax with cross_entropy and sigmoid with
    binary_cross_entropy; the Fisher matrix for gaussian_nll). With `truncate` of a recurrent layer
    ``Jᵀ`` is truncated and J is whole: this matrix is not symmetric.

    Parameters
    ----------
    X, y, loss
        As for `Network.loss`.
    v : array_like of shape (n_parameters,) or (k, n_parameters)
        One vector or several.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights >= 0.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `loss`.

    Returns
    -------
    ndarray of the shape of v
        ``G v``, at a little less than the cost of `hvp`.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network, or a custom loss.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.gnvp([[1.0], [3.0]], [0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]])
    array([[5., 2.],
           [2., 1.]])
    """
    return curvature_of(self, X, y, loss, sample_weight, lengths)._products("gauss_newton", v)


@error_prefix("Network.hessian")
def hessian(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    lengths: ArrayLike | None = None,
) -> FloatArray:
    """Compute the Hessian of the mean loss, ``(n_parameters, n_parameters)``.

    Parameters
    ----------
    X, y, loss
        As for `Network.loss`.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights >= 0.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `loss`.

    Returns
    -------
    ndarray of shape (n_parameters, n_parameters)
        Made symmetric, so both triangles are equal. Cost: as many products as there are parameters.

    Raises
    ------
    ValueError
        Arrays that do not fit the network, or a matrix that does not fit the memory.
    TypeError
        A custom loss.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.hessian([[1.0], [3.0]], [0.0, 0.0])
    array([[5., 2.],
           [2., 1.]])
    """
    return curvature_of(self, X, y, loss, sample_weight, lengths)._matrix()


@error_prefix("Network.hessian_spectrum")
def hessian_spectrum(
    self: Network,
    X: InputLike,
    y: ArrayLike,
    k: int = 5,
    *,
    loss: LossLike | None = None,
    sample_weight: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    dimensions: int = 200,
    seed: int = 0,
) -> Spectrum:
    """Compute the smallest and the largest eigenvalues of the Hessian of the mean loss.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths
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

    Raises
    ------
    ValueError
        A recurrent layer has `truncate`, so that the products are not those of a symmetric matrix.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> net.hessian_spectrum([[1.0], [3.0]], [0.0, 0.0], 1).largest.round(6)
    array([5.828427])
    """
    n_values = check_int(k, "k", min=1, max=self.n_parameters)
    n_dimensions = check_int(dimensions, "dimensions", min=1)
    for i, layer in enumerate(self.layers):
        truncate = getattr(getattr(layer, "layer", layer), "truncate", None)  # or of Bidirectional
        if truncate is not None:
            raise value_error(
                f"layers[{i}].truncate",
                truncate,
                "None, because the derivatives of a truncated gradient are not symmetric; "
                "np.linalg.eigvalsh(net.hessian(X, y)) has the spectrum of the symmetric part",
            )
    curvature = curvature_of(self, X, y, loss, sample_weight, lengths)
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

"""`Curvature`: second derivatives of a network's loss, as products with vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.arrays import DType, FloatArray
from fastmlp._data.dataset import check_weighted, read_dataset
from fastmlp._data.losses import evaluated_loss, is_custom_loss
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import InvalidValue, error_prefix, value_error

if TYPE_CHECKING:
    from fastmlp.network import Network

# Products with the Hessian, by the names of the core.
PRODUCTS = {
    "exact": "hessian",
    "central": "central_difference",
    "forward": "forward_difference",
}
BLOCK_BYTES = 1 << 24  # of products that are computed at a time


class Spectrum(NamedTuple):
    """Eigenvalues at both ends of a spectrum.

    Attributes
    ----------
    smallest, largest : ndarray of shape (k,)
        Ascending.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> spectrum = net.hessian_spectrum([[1.0], [3.0]], [0.0, 0.0], 1)
    >>> spectrum.smallest.round(3), spectrum.largest.round(3)
    (array([0.172]), array([5.828]))
    """

    smallest: NDArray[np.float64]
    largest: NDArray[np.float64]


class CurvatureOperator:
    """A symmetric matrix that is known by its products, as SciPy's `aslinearoperator` takes it.

    With `truncate` of a recurrent layer it is the derivative of the truncated gradient, or Gauss
    and Newton's matrix with a truncated left factor, neither of which is symmetric; `rmatvec` then
    is no product with the transpose.

    Attributes
    ----------
    shape : tuple (n_parameters, n_parameters)
    dtype : dtype
    matvec, rmatvec : callable
        ``matvec(v)`` is the matrix times v, ``(n_parameters,)`` or ``(n_parameters, 1)``.
    matmat : callable
        The same for the columns of ``(n_parameters, k)``.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> H = fm.Curvature(net, [[1.0], [3.0]], [0.0, 0.0]).hessian
    >>> H.shape, H.matvec([0.0, 1.0])
    ((2, 2), array([2., 1.]))
    """

    def __init__(
        self, size: int, dtype: DType, products: Callable[[ArrayLike], FloatArray]
    ) -> None:
        self.shape = (size, size)
        self.dtype = dtype
        self._products = products

    def matvec(self, v: ArrayLike) -> FloatArray:
        """Return the matrix times v."""
        vector = np.asarray(v)
        return self._products(vector.ravel()).reshape(vector.shape)

    rmatvec = matvec

    def matmat(self, V: ArrayLike) -> FloatArray:
        """Return the matrix times the columns of V."""
        return np.ascontiguousarray(self._products(np.asarray(V).T).T)

    rmatmat = matmat


def curvature_of(
    network: Network,
    X: InputLike,
    y: ArrayLike,
    loss: LossLike | None,
    sample_weight: ArrayLike | None,
    lengths: ArrayLike | None,
) -> Curvature:
    """Return one for a single call of a method of `Network`, which gives errors their prefix."""
    curvature = object.__new__(Curvature)
    curvature._prepare(network, X, y, loss, sample_weight, lengths, keep=False)
    return curvature


class Curvature:
    """Second derivatives of the mean loss of a network on samples, at its present parameters.

    The point is kept: changes of the network, of X or y do not matter later, and each product
    costs two thirds of `Network.hvp`.

    Parameters
    ----------
    network : Network
    X, y, loss
        As for `Network.loss`; a loss written in Python has no second derivatives here.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights >= 0 of the samples.
    lengths : array_like of int, shape (n_samples,), optional
        Steps of each sequence, as for `Network.loss`.

    Attributes
    ----------
    hessian, gauss_newton : CurvatureOperator
        Both matrices, as SciPy's sparse solvers take them.

    Raises
    ------
    ValueError, TypeError
        Arrays that do not fit the network, or a custom loss.

    Notes
    -----
    Products are exact, by the R-operator (Pearlmutter 1994); Gauss and Newton's matrix (Schraudolph
    2002) is positive semi-definite where the loss is convex in the outputs, and for gaussian_nll
    it is the Fisher matrix. With `truncate` of a recurrent layer it is neither: its left factor
    alone is truncated, so it is not symmetric.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros", dtype="float64")
    >>> curvature = fm.Curvature(net, [[1.0], [3.0]], [0.0, 0.0])
    >>> curvature.hvp([1.0, 0.0])
    array([5., 2.])
    """

    @error_prefix("Curvature")
    def __init__(
        self,
        network: Network,
        X: InputLike,
        y: ArrayLike,
        loss: LossLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        lengths: ArrayLike | None = None,
    ) -> None:
        self._prepare(network, X, y, loss, sample_weight, lengths, keep=True)

    def _prepare(
        self,
        network: Network,
        X: InputLike,
        y: ArrayLike,
        loss: LossLike | None,
        sample_weight: ArrayLike | None,
        lengths: ArrayLike | None,
        *,
        keep: bool,
    ) -> None:
        """`keep` copies the arrays, which may change before the last product."""
        chosen = evaluated_loss(loss, network)
        if is_custom_loss(chosen):
            raise value_error("loss", chosen, "a loss of this package, which has derivatives")
        data = read_dataset(network, chosen, X, y, sample_weight, lengths=lengths)
        check_weighted(data)
        given = [_copied(part) if keep else part for part in (*data.arrays, data.lengths)]
        self._build(network, chosen, given, keep)

    def _build(self, network: Network, loss: Any, samples: list[Any], keep: bool) -> None:
        X, targets, weights, lengths = samples
        self._native = arrays.native(network.dtype).Curvature(
            network._native, X, targets, loss, weights, keeps=keep, lengths=lengths
        )
        self._size, self._dtype = network.n_parameters, network.dtype
        if keep:
            self._network, self._point = network, network.parameters.copy()
            self._given = (loss, samples)

    def __getstate__(self) -> dict[str, Any]:
        """Return the samples, and a network at the point."""
        network = self._network.copy()
        network.parameters = self._point
        loss, (X, *rest) = self._given
        sparse = (*X.arrays, X.shape[1]) if isinstance(X, arrays.SPARSE) else None
        samples = [None if sparse else X, *rest]
        return {"network": network, "loss": loss, "samples": samples, "sparse": sparse}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore from `__getstate__`."""
        network, (X, *rest) = state["network"], state["samples"]
        if state["sparse"] is not None:
            X = arrays.native(network.dtype).SparseMatrix(*state["sparse"])
        self._build(network, state["loss"], [X, *rest], keep=True)

    @property
    def hessian(self) -> CurvatureOperator:
        """The Hessian, as SciPy's sparse solvers take it."""
        return CurvatureOperator(self._size, self._dtype, self.hvp)

    @property
    def gauss_newton(self) -> CurvatureOperator:
        """Gauss and Newton's matrix, as SciPy's sparse solvers take it."""
        return CurvatureOperator(self._size, self._dtype, self.gnvp)

    @error_prefix("Curvature.hvp")
    def hvp(self, v: ArrayLike, *, method: str = "exact") -> FloatArray:
        """Return the Hessian times v, one or rows; `method` as for `Network.hvp`."""
        return self._hvp(v, method)

    def _hvp(self, v: ArrayLike, method: str) -> FloatArray:
        if not isinstance(method, str) or method not in PRODUCTS:
            raise value_error("method", method, f"one of: {', '.join(PRODUCTS)}")
        return self._products(PRODUCTS[method], v)

    @error_prefix("Curvature.gnvp")
    def gnvp(self, v: ArrayLike) -> FloatArray:
        """Return Gauss and Newton's matrix times v, ``(n_parameters,)`` or rows."""
        return self._products("gauss_newton", v)

    def _products(self, kind: str, v: ArrayLike) -> FloatArray:
        given = arrays.convert(arrays.as_float_array(v, "v"), self._dtype, "v")
        if given.ndim not in (1, 2) or given.shape[-1] != self._size:
            n = self._size
            raise InvalidValue(f"v has shape {given.shape}, expected ({n},) or (k, {n})")
        rows = np.atleast_2d(given)
        products: FloatArray = self._native.products(kind, rows)
        return products[0] if given.ndim == 1 else products

    def _matrix(self) -> FloatArray:
        """Return the whole Hessian, made symmetric, from blocks of products."""
        n = self._size
        itemsize, instead = self._dtype.itemsize, "hvp or hessian_spectrum"
        _core.check_dense_matrices("Network.hessian", 3, n, itemsize, instead)
        matrix = np.empty((n, n), self._dtype)
        for begin, block in self._blocks("hessian"):
            matrix[begin : begin + len(block)] = block
        return (matrix + matrix.T) / 2

    def _blocks(self, kind: str) -> Iterator[tuple[int, FloatArray]]:
        """Yield rows of the matrix, some at a time, with the number of the first."""
        n = self._size
        n_rows = max(1, BLOCK_BYTES // (n * self._dtype.itemsize))
        for begin in range(0, n, n_rows):
            unit = np.eye(min(n_rows, n - begin), n, begin, dtype=self._dtype)
            yield begin, self._native.products(kind, unit)

    def _diagonal(self, kind: str, draws: int, seed: int) -> FloatArray:
        return np.asarray(self._native.diagonal(kind, seed, draws), self._dtype)

    def _exact_diagonal(self) -> FloatArray:
        if self._native.has_exact_diagonal:
            return self._diagonal("hessian", 1, 0)
        blocks = (np.diagonal(block, begin) for begin, block in self._blocks("hessian"))
        return np.concatenate(list(blocks))

    def _hutchinson(self, draws: int, seed: int) -> FloatArray:
        rng, total = np.random.default_rng(seed), np.zeros(self._size)
        for _ in range(draws):
            v = rng.choice(np.array([-1, 1], self._dtype), size=self._size)
            total += v * self._products("hessian", v)
        return (total / draws).astype(self._dtype)

    def _spectrum(self, kind: str, k: int, dimensions: int, seed: int) -> Spectrum:
        start = np.random.default_rng(seed).standard_normal(self._size)
        values = self._native.ritz_values(kind, max(dimensions, 2 * k), start)
        return Spectrum(values[:k], values[-k:])


def _copied(part: Any) -> Any:
    """Return a copy of an array, of some, or of samples; None of None."""
    if isinstance(part, tuple):
        return tuple(map(_copied, part))
    if isinstance(part, arrays.SPARSE):
        data, indices, starts = map(np.array, part.arrays)
        return type(part)(data, indices, starts, part.shape[1])
    if isinstance(part, arrays.STORED):
        return part.take(np.arange(len(part)))
    return None if part is None else np.array(part)

"""Methods of `Laplace` for new samples."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.types import InputLike
from fastmlp._data.validation import (
    check_bool,
    check_int,
    check_seed,
    error_prefix,
    value_error,
)
from fastmlp.laplace._forms import Floats, dense_rows

if TYPE_CHECKING:
    from fastmlp.laplace import Laplace


@error_prefix("Laplace.predict")
def predict(
    self: Laplace,
    X: InputLike,
    *,
    samples: int | None = None,
    seed: int | None = None,
    include_noise: bool = True,
) -> FloatArray | tuple[FloatArray, FloatArray]:
    """Compute means and standard deviations, or the probabilities of a classification.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples, or a single sample.
    samples : int, optional
        Classification only: the mean over so many draws of the outputs, the same for all rows, in
        place of the approximation.
    seed : int, optional
        Of the draws; default: that of the network.
    include_noise : bool, default True
        Regression only: whether the deviation is that of a new y, with the noise, or that of
        the network's output.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or (n_outputs,)
        Probabilities. For squared_error a tuple of two such arrays, the outputs of the network
        and their standard deviation.

    Raises
    ------
    ValueError, TypeError
        X does not fit the network; `samples` of a regression, whose outputs are normal.

    Notes
    -----
    With pre-activations a of covariance S, a probability is the probit approximation of its mean
    (MacKay 1992), ``sigmoid(a / sqrt(1 + pi/8 S))``. For classes it is, of all pairs (Lu, Ie & Sha
    2020) and scaled to the sum 1,
    ``p_k = 1 / sum_j exp((a_j - a_k) / sqrt(1 + pi/8 (S_jj + S_kk - 2 S_jk)))``.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = [[-2], [-1], [1], [2]], [0, 1, 0, 1]
    >>> net = fm.Network([1, 2], output="softmax", dtype="float64", seed=0)
    >>> history = net.fit(X, y, optimizer="lbfgs", epochs=50)
    >>> net.predict([9]).round(2), fm.Laplace(net, X, y).predict([9]).round(2)
    (array([0.02, 0.98]), array([0.25, 0.75]))
    """
    noise = (self.noise or 0.0) if check_bool(include_noise, "include_noise") else 0.0
    if samples is not None and self._has_noise:
        raise value_error("samples", samples, "None, as outputs of a regression are normal")
    draws = _draws(self, samples, seed)
    inputs, single = arrays.as_inputs(X, self._network)
    a: FloatArray = self._network._native.predict(inputs, None)
    second = np.empty_like(a)
    for rows, covariance in _covariances(self, inputs, samples or 0):
        if self._has_noise:
            second[rows] = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2) + noise**2)
        elif draws is None:
            second[rows] = _probit(self._phi, a[rows].astype(np.float64), covariance)
        else:
            spread = draws @ _root(covariance).transpose(0, 2, 1)
            second[rows] = self._phi(a[rows, np.newaxis] + spread).mean(axis=1)
    if self._has_noise:
        return (a[0], second[0]) if single else (a, second)
    return second[0] if single else second


@error_prefix("Laplace.output_covariance")
def output_covariance(self: Laplace, X: InputLike) -> FloatArray:
    """Compute the covariance of the outputs, before the activation and without noise.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_inputs), or (n_inputs,)
        Samples, or a single sample.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_outputs) or (n_outputs, n_outputs)
        ``J_i C J_iᵀ`` with the derivatives J_i of the outputs by the parameters, and their
        covariance C.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], dtype="float64", seed=0)
    >>> laplace = fm.Laplace(net, [[-1], [1]], [0, 1], prior_precision=2, noise=1)
    >>> laplace.output_covariance([3]).round(6)  # 1/4 of the bias, 9/4 of the weight
    array([[2.5]])
    """
    inputs, single = arrays.as_inputs(X, self._network)
    n_outputs = self._network.n_outputs
    result = np.empty((len(inputs), n_outputs, n_outputs), self._network.dtype)
    for rows, covariance in _covariances(self, inputs):
        result[rows] = covariance
    return result[0] if single else result


def _covariances(laplace: Laplace, inputs: Any, n_draws: int = 0) -> Iterator[tuple[slice, Floats]]:
    variances = laplace._variances()
    for rows in laplace._blocks(len(inputs), n_draws):
        yield rows, laplace._form.output_covariance(dense_rows(inputs, rows), variances)


def _draws(laplace: Laplace, samples: int | None, seed: int | None) -> Floats | None:
    """Return standard normal numbers ``(samples, n_outputs)``; None without samples."""
    if samples is None:
        if seed is not None:
            raise value_error("seed", seed, "None, as samples is not given")
        return None
    chosen = laplace._network.seed if seed is None else check_seed(seed)
    shape = (check_int(samples, "samples", min=1), laplace._network.n_outputs)
    return np.random.default_rng(chosen).standard_normal(shape)


def _probit(phi: Any, a: Floats, covariance: Floats) -> Floats:
    """Return the approximate means of the probabilities phi(a), a of these covariances."""
    v = np.diagonal(covariance, axis1=1, axis2=2)
    if not phi.couples_units:
        return np.asarray(phi(a / np.sqrt(1 + math.pi / 8 * v)))
    of_pairs = np.maximum(v[:, :, np.newaxis] + v[:, np.newaxis] - 2 * covariance, 0)
    z = (a[:, np.newaxis] - a[:, :, np.newaxis]) / np.sqrt(1 + math.pi / 8 * of_pairs)
    p = np.diagonal(phi(z), axis1=1, axis2=2)  # exp(z_kk) is 1
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def _root(covariance: Floats) -> Floats:
    """Return a square root R of each matrix C, ``C = R Rᵀ``, also of singular ones."""
    values, basis = np.linalg.eigh(covariance)
    return np.asarray(basis * np.sqrt(np.maximum(values, 0))[:, np.newaxis])

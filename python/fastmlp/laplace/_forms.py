"""Gauss and Newton's matrix of a network on samples, in forms with known eigenvalues.

``H = sum_i J_iᵀ F_i F_iᵀ J_i``: J_i ``(K, P)`` are the derivatives of the outputs by the
parameters, and F_i ``(K, K)`` is a factor of the curvature of the loss of sample i by the outputs,
times its weight. `values` are the eigenvalues of H, or of what stands for it; `variances` are those
of a covariance with the same eigenvectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._core import Dense, Dropout, GaussianNoise, SpatialDropout
from fastmlp._data import arrays
from fastmlp._data.validation import short_repr, value_error

if TYPE_CHECKING:
    from fastmlp.network import Network

Floats: TypeAlias = NDArray[np.float64]


class FullMatrix:
    """H of all parameters, as ``Q diag(values) Qᵀ``.

    `size` is the number of parameters, `width` of the numbers that a sample and an output take.
    """

    name, smaller = "full", "last_layer"

    def __init__(self, network: Network) -> None:
        self._network = network
        self.size = self.width = self._count()
        _core.check_dense_matrices("Laplace", 3, self.size, 8, f"structure={self.smaller!r}")
        self._matrix = np.zeros((self.size, self.size))

    def _count(self) -> int:
        return self._network.n_parameters

    def add(self, X: NDArray[Any], F: Floats, weights: Floats) -> None:
        """Add the terms of samples, with F ``(n, K, K)``, which includes the weights ``(n,)``."""
        J = self._network.parameter_jacobian(X).astype(np.float64)
        rows = (F.transpose(0, 2, 1) @ J).reshape(-1, self.size)
        self._matrix += rows.T @ rows

    def finish(self) -> None:
        """Compute the eigenvalues, when all samples are added."""
        values, self._basis = np.linalg.eigh(self._matrix)
        self.values = np.maximum(values, 0)
        del self._matrix

    def _rotated(self, X: NDArray[Any]) -> Floats:
        """Return ``J Q``, ``(n, K, size)``."""
        return np.asarray(self._network.parameter_jacobian(X).astype(np.float64) @ self._basis)

    def output_covariance(self, X: NDArray[Any], variances: Floats) -> Floats:
        """Return the covariance of the outputs, ``(n, K, K)``."""
        rotated = self._rotated(X)
        return np.asarray((rotated * variances) @ rotated.transpose(0, 2, 1))

    def parameter_covariance(self, variances: Floats) -> Floats:
        """Return the covariance of the parameters, ``(size, size)``."""
        return np.asarray((self._basis * variances) @ self._basis.T)


class LastLayer(FullMatrix):
    """H of the last layer ``a = [W b] x``, where x ends with 1: J_i is ``I ⊗ x_iᵀ``."""

    name, smaller = "last_layer", "kronecker"

    def _count(self) -> int:
        last: Any = self._network.layers[-1]
        if not isinstance(last, Dense):
            expected = f"'full', as the last layer is {short_repr(last)}"
            raise value_error("structure", self.name, expected)
        self._shape = (last.units, len(self._network.weights[-1]) + last.bias)
        return self._shape[0] * self._shape[1]

    def _inputs(self, X: NDArray[Any]) -> Floats:
        hidden = self._network.activations(X)[-2] if len(self._network.layers) > 1 else X
        return _as_rows(hidden, self._shape[1])

    def add(self, X: NDArray[Any], F: Floats, weights: Floats) -> None:
        """Add ``F_i F_iᵀ ⊗ x_i x_iᵀ``, block by block."""
        x, curvature = self._inputs(X), F @ F.transpose(0, 2, 1)
        blocks = self._matrix.reshape(*self._shape, *self._shape)
        for j in range(self._shape[0]):
            for k in range(j + 1):
                block = (x * curvature[:, j, k, np.newaxis]).T @ x
                blocks[j, :, k] += block
                if k < j:
                    blocks[k, :, j] += block

    def _rotated(self, X: NDArray[Any]) -> Floats:
        x = self._inputs(X)
        return np.stack([x @ basis for basis in self._basis.reshape(*self._shape, -1)], axis=1)

    def parameter_covariance(self, variances: Floats) -> Floats:
        """Return the covariance of the parameters of the layer."""
        order = _order([self._shape], self._network.biases[-1:])
        return super().parameter_covariance(variances)[np.ix_(order, order)]


class DiagonalMatrix:
    """The diagonal of H, for a chain of dense layers.

    That of a layer ``a = [W b] x`` is ``sum_i (s_i∘s_i) 1 ⊗ x_i∘x_i``, where the K columns of s_i
    ``(units, K)`` are those of F_i, passed back to a.
    """

    name = "diagonal"

    def __init__(self, network: Network) -> None:
        self._network = network
        self._places = [i for i in range(len(network.layers)) if self._is_dense(i)]
        pairs = list(zip(network.weights, network.biases, strict=True))
        self._shapes = [(W.shape[1], len(W) + (b is not None)) for W, b in pairs]
        self.size, self.width = network.n_parameters, max(map(max, self._shapes))
        self._reserve()

    def _is_dense(self, place: int) -> bool:
        layers: Any = self._network.layers
        layer = layers[place]
        if isinstance(layer, (Dropout, SpatialDropout, GaussianNoise)):
            return False  # the identity in evaluation mode
        is_hidden = place < len(layers) - 1
        if isinstance(layer, Dense) and not (is_hidden and layer.activation.couples_units):
            return True
        expected = f"'last_layer' or 'full', as layers[{place}] is {short_repr(layer)}"
        raise value_error("structure", self.name, expected)

    def _reserve(self) -> None:
        self._diagonals = [np.zeros(shape) for shape in self._shapes]

    def _passed_back(self, X: NDArray[Any], F: Floats) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield index, x ``(n, n_in)`` and s ``(n, K, units)`` of the layers, the last first."""
        network = self._network
        outputs = [X, *network.activations(X)]
        inputs = [outputs[place] for place in self._places]
        s = F.transpose(0, 2, 1)
        for k in reversed(range(len(inputs))):
            yield k, _as_rows(inputs[k], self._shapes[k][1]), s
            if k > 0:
                W, b = network.weights[k - 1], network.biases[k - 1]
                a = inputs[k - 1].reshape(len(X), -1) @ W + (0 if b is None else b)
                layer: Any = network.layers[self._places[k - 1]]
                slope = layer.activation.derivative(a)
                s = (s @ network.weights[k].T.astype(np.float64)) * slope[:, np.newaxis]

    def add(self, X: NDArray[Any], F: Floats, weights: Floats) -> None:
        """Add the terms of samples, with F ``(n, K, K)``, which includes the weights ``(n,)``."""
        for k, x, s in self._passed_back(X, F):
            self._diagonals[k] += np.square(s).sum(axis=1).T @ np.square(x)

    def finish(self) -> None:
        """Set the eigenvalues, when all samples are added."""
        self.values = np.concatenate([part.ravel() for part in self._diagonals])
        del self._diagonals

    def _rotated(self, k: int, x: Floats, s: Floats) -> tuple[Floats, Floats]:
        """Return x and s of a layer in the basis of the eigenvectors."""
        return x, s

    def _by_layer(self, variances: Floats) -> list[Floats]:
        ends = np.cumsum([n_out * n_in for n_out, n_in in self._shapes])
        parts = zip(np.split(variances, ends[:-1]), self._shapes, strict=True)
        return [part.reshape(shape) for part, shape in parts]

    def output_covariance(self, X: NDArray[Any], variances: Floats) -> Floats:
        """Return the covariance of the outputs, ``(n, K, K)``: ``sum sᵀ diag(V x∘x) s``."""
        n_outputs, parts = self._network.n_outputs, self._by_layer(variances)
        covariance = np.zeros((len(X), n_outputs, n_outputs))
        unit = np.broadcast_to(np.eye(n_outputs), covariance.shape)
        for k, x, s in self._passed_back(X, unit):
            x, s = self._rotated(k, x, s)
            scale = np.square(x) @ parts[k].T
            covariance += (s * scale[:, np.newaxis]) @ s.transpose(0, 2, 1)
        return covariance

    def parameter_covariance(self, variances: Floats) -> Floats:
        """Return the covariance of the parameters, ``(size, size)``."""
        return np.diag(variances[_order(self._shapes, self._network.biases)])


class KroneckerFactors(DiagonalMatrix):
    """H without blocks of two layers, each block as a Kronecker product (Martens & Grosse 2015).

    It is ``G ⊗ A`` with ``G = sum_i s_i s_iᵀ`` and ``A = sum_i w_i x_i x_iᵀ / sum_i w_i``. Its
    eigenvalues and eigenvectors are the products of those of G and A.
    """

    name = "kronecker"

    def _reserve(self) -> None:
        _core.check_dense_matrices("Laplace", 3, self.width, 8, "structure='diagonal'")
        self._total = 0.0
        self._factors = [tuple(np.zeros((n, n)) for n in shape) for shape in self._shapes]

    def add(self, X: NDArray[Any], F: Floats, weights: Floats) -> None:
        """Add the terms of samples to both factors."""
        self._total += weights.sum()
        for k, x, s in self._passed_back(X, F):
            G, A = self._factors[k]
            rows = s.reshape(-1, s.shape[2])
            G += rows.T @ rows
            A += (x * weights[:, np.newaxis]).T @ x

    def finish(self) -> None:
        """Compute the eigenvalues, when all samples are added."""
        self._bases: list[tuple[Floats, Floats]] = []
        products = []
        for G, A in self._factors:
            (g, of_G), (a, of_A) = np.linalg.eigh(G), np.linalg.eigh(A / self._total)
            products.append(np.outer(np.maximum(g, 0), np.maximum(a, 0)).ravel())
            self._bases.append((of_G, of_A))
        self.values = np.concatenate(products)
        del self._factors

    def _rotated(self, k: int, x: Floats, s: Floats) -> tuple[Floats, Floats]:
        of_G, of_A = self._bases[k]
        return x @ of_A, s @ of_G

    def parameter_covariance(self, variances: Floats) -> Floats:
        """Return the covariance of the parameters, ``(size, size)``."""
        covariance, begin = np.zeros((self.size, self.size)), 0
        for (of_G, of_A), part in zip(self._bases, self._by_layer(variances), strict=True):
            basis, own = np.kron(of_G, of_A), slice(begin, begin := begin + part.size)
            covariance[own, own] = (basis * part.ravel()) @ basis.T
        order = _order(self._shapes, self._network.biases)
        return covariance[np.ix_(order, order)]


def dense_rows(X: arrays.Samples, rows: slice) -> NDArray[Any]:
    """Return consecutive rows of X as an array."""
    if isinstance(X, np.ndarray):
        return X[rows]
    some = arrays.take(X, np.arange(*rows.indices(len(X))))
    if isinstance(some, np.ndarray):
        return some
    values, columns, starts = some.arrays
    dense = np.zeros(some.shape, values.dtype)
    np.add.at(dense, (np.repeat(np.arange(len(dense)), np.diff(starts)), columns), values)
    return dense


def _as_rows(h: NDArray[Any], n_inputs: int) -> Floats:
    """Return h as ``(n, n_inputs)``, with a last column of ones where a layer has a bias."""
    rows = np.ones((len(h), n_inputs))
    flat = h.reshape(len(h), -1)
    rows[:, : flat.shape[1]] = flat
    return rows


def _order(shapes: list[tuple[int, int]], biases: Any) -> NDArray[np.int64]:
    """Return the places in ``[W b]``, row by row, of the parameters in the network's order."""
    order, begin = [], 0
    for (n_out, n_in), bias in zip(shapes, biases, strict=True):
        places = begin + np.arange(n_out * n_in).reshape(n_out, n_in)
        n_weights = n_in - (bias is not None)
        order += [places[:, :n_weights].ravel(), places[:, n_weights:].ravel()]
        begin += n_out * n_in
    return np.concatenate(order)

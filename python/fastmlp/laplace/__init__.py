"""`Laplace`: error bars of a trained network, by a normal distribution of its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastmlp import _core
from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.losses import evaluated_loss, mean_loss
from fastmlp._data.types import InputLike, LossLike
from fastmlp._data.validation import check_positive, error_prefix, value_error
from fastmlp.laplace import _prediction
from fastmlp.laplace._evidence import Evidence
from fastmlp.laplace._forms import (
    DiagonalMatrix,
    Floats,
    FullMatrix,
    KroneckerFactors,
    LastLayer,
    dense_rows,
)
from fastmlp.laplace._likelihood import (
    check_supported,
    curvature_factor,
    read_weights,
    with_identity_output,
)
from fastmlp.network import Network

FORMS: dict[str, Any] = {
    form.name: form for form in (LastLayer, FullMatrix, DiagonalMatrix, KroneckerFactors)
}
BLOCK_BYTES = 1 << 26  # of derivatives that are held at a time


class Laplace:
    """Error bars of a trained network by Laplace's approximation.

    The parameters get a normal distribution with the trained ones as mean and the covariance
    ``(beta H + delta I)⁻¹``. H is Gauss and Newton's matrix of the loss, summed over the samples;
    beta is ``1 / noise**2`` for squared error, else 1; delta is the precision of a normal prior of
    mean 0. Outputs are those of the network linearised at the trained parameters.

    Parameters
    ----------
    network : Network
        It is copied: training it further does not change the error bars.
    X, y, loss
        The training data, as for `Network.loss`: squared_error on an identity output,
        cross_entropy on softmax, or binary_cross_entropy on sigmoid.
    sample_weight : array_like of shape (n_samples,), or that of y, optional
        Weights >= 0. A sample of weight 2 counts as two, so unlike in `Network.loss` a factor on
        all of them matters.
    structure : str, default "last_layer"
        ``"last_layer"``: H of the last layer, which must be a `Dense`; all other parameters are
        taken as known. ``"full"``: H of all parameters. ``"diagonal"``, ``"kronecker"``: its
        diagonal, or a Kronecker product for each layer, for networks of `Dense` layers.
    prior_precision : float > 0, optional
        delta; by default that of the largest marginal likelihood.
    noise : float > 0, optional
        Standard deviation of the noise of y, one for all outputs, for squared_error; by default
        that of the largest marginal likelihood.

    Attributes
    ----------
    structure : str
        As given.
    prior_precision : float
        delta. Where the marginal likelihood leaves probabilities too even, as for networks that fit
        all labels, assign what gives held-out rows the highest likelihood.
    noise : float or None
        Standard deviation of the noise of y; None for classification. May be assigned too.
    l2 : float
        The penalty of `Network.fit` with ``regularize_biases=True`` that is this prior,
        ``delta / (beta sum_i w_i)``.
    n_effective : float
        Number of parameters that the data determine, ``sum_k beta λ_k / (beta λ_k + delta)`` with
        the eigenvalues λ of H.
    log_marginal_likelihood : float
        By which networks and priors can be compared.

    Raises
    ------
    ValueError
        Arrays, a loss or layers that do not fit, matrices that exceed the memory, or a marginal
        likelihood without a maximum.
    TypeError
        Arguments of a wrong type.

    Notes
    -----
    Cost, with K outputs and P parameters (of the last layer: its own): ``n K P²`` operations,
    ``P³`` for the eigenvalues, and three matrices of ``8 P²`` bytes, where H is a full matrix; else
    about K gradients, and for Kronecker products two matrices for each layer, of its inputs and its
    units. So many rows are taken at a time that K m numbers for each, or its inputs, take 64 MB,
    at least one, where m is P for full matrices and else the widest layer.

    The marginal likelihood is strictly concave in log delta and log beta, so its maximum is unique.
    Sources: MacKay 1992; Ritter, Botev & Barber 2018 for Kronecker products; Immer, Korzepa & Bauer
    2021 for the linearised network; Daxberger et al. 2021.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (200, 1))
    >>> y = np.sin(3 * X) + 0.1 * rng.normal(size=X.shape)
    >>> net = fm.Network([1, 20, 1], activation="tanh", seed=0)
    >>> history = net.fit(X, y, optimizer="lbfgs", epochs=100)
    >>> laplace = fm.Laplace(net, X, y)
    >>> mean, std = laplace.predict([[0.0], [5.0]])
    >>> round(laplace.noise, 1), bool(std[1, 0] > 2 * std[0, 0])
    (0.1, True)
    """

    @error_prefix("Laplace")
    def __init__(
        self,
        network: Network,
        X: InputLike,
        y: ArrayLike,
        loss: LossLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        structure: str = "last_layer",
        prior_precision: float | None = None,
        noise: float | None = None,
    ) -> None:
        chosen = evaluated_loss(loss, network)
        check_supported(network, chosen)
        if not isinstance(structure, str) or structure not in FORMS:
            raise value_error("structure", structure, f"one of: {', '.join(FORMS)}")
        self.structure = structure
        self._phi = network._output_activation
        delta = None
        if prior_precision is not None:
            delta = check_positive(prior_precision, "prior_precision")
        beta = None if self._has_noise else 1.0
        if noise is not None:
            if not self._has_noise:
                raise value_error("noise", noise, f"None, as loss={chosen.name!r} has none")
            noise = check_positive(noise, "noise")
            beta = noise**-2
        data = read_training_data(network, chosen, X, y, sample_weight)
        self._network = with_identity_output(network)
        self._form = FORMS[structure](self._network)
        n_targets = self._add(data)
        w = self._network.parameters[-self._form.size :].astype(np.float64)
        self._total_weight = data.total_weight()
        misfit = mean_loss(network, chosen, data) * self._total_weight
        evidence = Evidence(self._form.values, float(w @ w), misfit, n_targets)
        self._delta, beta = evidence.maximum(delta, beta)
        self._noise = beta**-0.5 if self._has_noise and noise is None else noise
        self._sums = evidence[1:]

    @property
    def _has_noise(self) -> bool:
        return bool(self._phi.name == "identity")

    def _add(self, data: Dataset) -> float:
        """Add up H; return the number of targets with noise, which is their weight."""
        weights, of_outputs = read_weights(data, self._phi, self._network.n_outputs)
        for rows in self._blocks(len(data.X)):
            X = dense_rows(data.X, rows)
            a = self._network.predict(X).astype(np.float64)
            F = curvature_factor(self._phi, a, of_outputs[rows])
            self._form.add(X, F, weights[rows])
        self._form.finish()
        return float(of_outputs.sum()) if self._has_noise else 0.0

    def _blocks(self, n: int, n_draws: int = 0) -> Iterator[slice]:
        width = max(self._form.width, n_draws)
        held = max(self._network.n_outputs * width, self._network.n_inputs)
        step = max(1, BLOCK_BYTES // (8 * held))
        return (slice(begin, begin + step) for begin in range(0, n, step))

    @property
    def prior_precision(self) -> float:
        """Precision delta of the prior; all results follow the one that is assigned."""
        return self._delta

    @prior_precision.setter
    @error_prefix("Laplace")
    def prior_precision(self, value: float) -> None:
        self._delta = check_positive(value, "prior_precision")

    @property
    def noise(self) -> float | None:
        """Standard deviation of the noise of y, None for classification; may be assigned."""
        return self._noise

    @noise.setter
    @error_prefix("Laplace")
    def noise(self, value: float) -> None:
        if not self._has_noise:
            raise value_error("noise", value, "None, as a classification has none")
        self._noise = check_positive(value, "noise")

    @property
    def l2(self) -> float:
        """Penalty of `Network.fit` with `regularize_biases` that is this prior."""
        delta, beta = self._precisions()
        return delta / (beta * self._total_weight)

    @property
    def n_effective(self) -> float:
        """Number of parameters that the data determine, ``sum_k beta λ_k / (beta λ_k + delta)``."""
        return float(self._evidence().shares(*self._precisions()).sum())

    @property
    def log_marginal_likelihood(self) -> float:
        """Logarithm of the marginal likelihood of y, by which networks and priors are compared.

        ``log p(y | w) - delta |w|²/2 - 1/2 sum_k log(1 + beta λ_k / delta)`` with the trained
        parameters w and the eigenvalues λ of H.
        """
        return self._evidence().value(*self._precisions())

    def _evidence(self) -> Evidence:
        return Evidence(self._form.values, *self._sums)

    def _precisions(self) -> tuple[float, float]:
        return self._delta, 1.0 if self._noise is None else self._noise**-2

    def _variances(self) -> Floats:
        delta, beta = self._precisions()
        return np.asarray(1 / (beta * self._form.values + delta))

    predict = _prediction.predict
    output_covariance = _prediction.output_covariance

    @error_prefix("Laplace.parameter_covariance")
    def parameter_covariance(self) -> FloatArray:
        """Compute the covariance of the parameters.

        Returns
        -------
        ndarray of shape (P, P)
            In the order of `Network.parameters`, of which ``"last_layer"`` has the last P.

        Raises
        ------
        ValueError
            The matrix exceeds the memory.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network([1, 1], dtype="float64", seed=0)
        >>> laplace = fm.Laplace(net, [[-1], [1]], [0, 1], prior_precision=2, noise=1)
        >>> laplace.parameter_covariance().round(6)
        array([[0.25, 0.  ],
               [0.  , 0.25]])
        """
        where, size = "Laplace.parameter_covariance", self._form.size
        _core.check_dense_matrices(where, 3, size, 8, "output_covariance")
        covariance: FloatArray = self._form.parameter_covariance(self._variances())
        return covariance

    def __repr__(self) -> str:
        """Return the structure and what was estimated."""
        noise = "" if self.noise is None else f", noise={self.noise:.6g}"
        return (
            f"Laplace(structure={self.structure!r}, prior_precision={self.prior_precision:.6g}"
            f"{noise}, n_effective={self.n_effective:.6g})"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, with those of the form in place of it."""
        form = {name: value for name, value in vars(self._form).items() if name != "_network"}
        return {**vars(self), "_form": form}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore from `__getstate__`."""
        vars(self).update(state)
        kind = FORMS[self.structure]
        self._form = kind.__new__(kind)
        vars(self._form).update(state["_form"], _network=self._network)

"""The marginal likelihood of a linearised network, and its maximum."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fastmlp._data.validation import InvalidValue
from fastmlp.laplace._forms import Floats

MAX_STEPS = 100  # 40 were enough for any of 20,000 random problems
LONGEST_STEP = 2.0  # of a logarithm; far from the maximum Newton's are too long


class Evidence(NamedTuple):
    """What the marginal likelihood depends on: delta is the prior precision, beta the noise's.

    ``log p(y) = -beta E + N/2 log(beta / 2 pi) - delta |w|²/2 - 1/2 sum_k log(1 + beta λ_k/delta)``
    with the eigenvalues λ of H, E the summed loss and N the number of targets with noise, 0 for
    classification, where beta is 1.
    """

    values: Floats
    squared_norm: float
    misfit: float
    n_targets: float

    def value(self, delta: float, beta: float) -> float:
        """Return the logarithm of the marginal likelihood."""
        fit = self.n_targets / 2 * math.log(beta / (2 * math.pi)) - beta * self.misfit
        prior = -delta / 2 * self.squared_norm
        return float(fit + prior - 0.5 * np.log1p(beta / delta * self.values).sum())

    def shares(self, delta: float, beta: float) -> Floats:
        """Return ``beta λ / (beta λ + delta)``, how much of each direction the data determine."""
        return beta * self.values / (beta * self.values + delta)

    def maximum(self, delta: float | None, beta: float | None) -> tuple[float, float]:
        """Return delta and beta, those that are None where the marginal likelihood is largest.

        By Newton's method in log delta and log beta. Twice the derivatives by these are
        ``gamma - delta |w|²`` and ``N - gamma - 2 beta E``, where gamma is the sum of the shares s;
        twice the second ones, with the sum q of s (1 - s), are
        ``-[[q + delta |w|², -q], [-q, q + 2 beta E]]``, which is negative definite.
        """
        free = np.array([delta is None, beta is None])
        self._check(*free)
        start = self.n_targets / (2 * self.misfit) if beta is None else beta
        at = np.log([1.0 if delta is None else delta, start])
        for _ in range(MAX_STEPS if free.any() else 0):
            share = self.shares(*np.exp(at))
            gamma, q = share.sum(), (share * (1 - share)).sum()
            prior, misfit = np.exp(at) * (self.squared_norm, 2 * self.misfit)
            slopes = np.array([gamma - prior, self.n_targets - gamma - misfit])
            curvature = np.array([[q + prior, -q], [-q, q + misfit]])
            step = np.linalg.solve(curvature[np.ix_(free, free)], slopes[free])
            at[free] += np.clip(step, -LONGEST_STEP, LONGEST_STEP)
            if np.abs(step).max() < 1e-14:
                break
        best = math.exp(at[0]), math.exp(at[1])
        return best[0] if delta is None else delta, best[1] if beta is None else beta

    def _check(self, delta_is_free: bool, beta_is_free: bool) -> None:
        """Raise where there is no maximum."""
        if delta_is_free and (self.squared_norm == 0 or self.values.max() == 0):
            what = "parameters" if self.squared_norm == 0 else "derivatives of the outputs"
            raise InvalidValue(f"the {what} are all 0, expected prior_precision to be given")
        if beta_is_free and self.misfit == 0:
            raise InvalidValue("the network fits y without error, expected noise to be given")

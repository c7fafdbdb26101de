"""The marginal likelihood of a linearised network, and its maximum."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fastmlp import _core
from fastmlp._data.types import FloatArray
from fastmlp._data.validation import InvalidValue
from fastmlp.laplace._forms import Floats
from fastmlp.minimization import minimize


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

        With the shares s, ``γ = sum s`` and ``q = sum s (1 - s)``, derivatives by log delta and
        log beta are ``(γ - delta |w|²)/2``, ``(N - γ - 2 beta E)/2``; second ones are
        ``-[[q + delta |w|², -q], [-q, q + 2 beta E]]/2``, which is negative definite.
        """
        free = np.array([delta is None, beta is None])
        self._check(*free)
        beta_alone = self.n_targets / (2 * self.misfit) if beta is None else beta
        at = np.log([1.0 if delta is None else delta, beta_alone])

        def placed(w: FloatArray) -> tuple[float, float]:
            at[free] = w
            return math.exp(at[0]), math.exp(at[1])

        def negative(w: FloatArray) -> tuple[float, FloatArray]:
            delta, beta = placed(w)
            gamma = self.shares(delta, beta).sum()
            slopes = (
                gamma - delta * self.squared_norm,
                self.n_targets - gamma - 2 * beta * self.misfit,
            )
            return -self.value(delta, beta), -0.5 * np.array(slopes)[free]

        def hvp(w: FloatArray, v: FloatArray) -> FloatArray:
            delta, beta = placed(w)
            share = self.shares(delta, beta)
            q = (share * (1 - share)).sum()
            H = np.array([[q + delta * self.squared_norm, -q], [-q, q + 2 * beta * self.misfit]])
            return np.asarray(0.5 * H[np.ix_(free, free)] @ v)

        w = at[free]
        if len(w) > 0:
            newton = _core.methods["newton"](gtol=1e-12 * (self.n_targets + len(self.values)))
            w = minimize(negative, w, newton, hvp=hvp, steps=1000).w
        found = placed(w)
        return found[0] if delta is None else delta, found[1] if beta is None else beta

    def _check(self, delta_is_free: bool, beta_is_free: bool) -> None:
        """Raise where there is no maximum."""
        if delta_is_free and (self.squared_norm == 0 or self.values.max() == 0):
            what = "parameters" if self.squared_norm == 0 else "derivatives of the outputs"
            raise InvalidValue(f"the {what} are all 0, expected prior_precision to be given")
        if beta_is_free and self.misfit == 0:
            raise InvalidValue("the network fits y without error, expected noise to be given")

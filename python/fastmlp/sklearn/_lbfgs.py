"""solver="lbfgs": SciPy's L-BFGS-B over the loss of all samples, as scikit-learn runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.optimize
from sklearn.exceptions import ConvergenceWarning

from fastmlp._data.dataset import Dataset
from fastmlp._data.validation import value_error
from fastmlp._fit.ranks import Ranks
from fastmlp._fit.status import warn
from fastmlp.sklearn._model import Model
from fastmlp.sklearn._reported_loss import mean_constant

ADVICE = (
    "\nYou might also want to scale the data as shown in:\n"
    "    https://scikit-learn.org/stable/modules/preprocessing.html"
)


UNUSED = {  # parameters that SciPy's method has no place for, with their defaults
    "dropout": 0.0,
    "input_noise": 0.0,
    "l1": 0.0,
    "max_norm": None,
    "callbacks": None,
    "max_seconds": None,
}


def check_parameters(given: Mapping[str, Any]) -> None:
    """Raise at parameters that solver="lbfgs" would ignore."""
    for name, default in UNUSED.items():
        is_empty = isinstance(given[name], (list, tuple)) and not given[name]
        if given[name] != default and not is_empty:
            expected = f"{default} with solver='lbfgs'; use optimizer=fm.LBFGS()"
            raise value_error(name, given[name], expected)
    for layer in given["layers"] or ():
        if getattr(layer, "trainable", True) is not True:
            expected = "layers that are trained, with solver='lbfgs'; use optimizer=fm.LBFGS()"
            raise value_error("layers", layer, expected)


def minimize_loss(estimator: Any, model: Model, loss: Any, data: Dataset, ranks: Ranks) -> None:
    """Minimise the loss of the samples with the penalty, and set ``n_iter_`` and ``loss_``."""
    network, here = model.network, data.total_weight()
    total = float(ranks.sum(here))
    if ranks.shared:
        ranks.comm.broadcast(network.parameters)
    decay = estimator.alpha / total
    weights, constant = _weight_mask(model), mean_constant(loss, data, ranks)

    def value_and_gradient(w: Any) -> tuple[float, Any]:
        network.parameters = w
        value, gradient = network._native.value_and_grad(data.X, data.targets, loss, data.weights)
        if ranks.shared:
            summed = ranks.sum(np.append(value, gradient) * (here / total))
            value, gradient = float(summed[0]), summed[1:]
        decayed = w * weights
        return value + constant + decay / 2 * float(decayed @ decayed), gradient + decay * decayed

    options = {"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol}
    found = scipy.optimize.minimize(
        value_and_gradient,
        network.parameters.astype(np.float64),
        method="L-BFGS-B",
        jac=True,
        options=options,
    )
    network.parameters, network._trained_loss = found.x, loss
    estimator.n_iter_ = min(found.nit, estimator.max_iter)
    estimator.loss_ = found.fun
    if found.status != 0 and ranks.is_first:
        _warn(estimator, found)


def _weight_mask(model: Model) -> Any:
    """Return 1 for weights and 0 for biases, in the order of the flat parameters."""
    network = model.network
    kept = network.parameters.copy()
    network.parameters[...] = 0
    for weights in model.coefs:
        weights[...] = 1
    mask = network.parameters.astype(np.float64)
    network.parameters[...] = kept
    return mask


def _warn(estimator: Any, found: Any) -> None:
    n_iter, bound = estimator.n_iter_, estimator.max_iter
    more = (
        f"\nIncrease the number of iterations to improve the convergence (max_iter={bound})."
        if n_iter == bound
        else ""
    )
    warn(
        f"lbfgs failed to converge after {n_iter} iteration(s) (status={found.status}):\n"
        f"{found.message}\n{more}{ADVICE}",
        ConvergenceWarning,
    )

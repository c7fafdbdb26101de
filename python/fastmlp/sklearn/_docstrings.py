"""The sections of docstrings that both estimators share."""

from __future__ import annotations

import inspect
from typing import Any

from fastmlp.sklearn._parameters import ACTIVATION, EXTRAS, SCIKIT_LEARN

ATTRIBUTES = """coefs_, intercepts_ : list of ndarray
        Weights ``(n_in, n_out)`` and biases ``(n_out,)`` of each layer. They are live: values
        that are changed or replaced act on the next call.
    loss_, loss_curve_ : float, list of float
        Loss of the last epoch and of each, penalty included; that of several values, halved
        squared errors, is their mean. No curve with solver="lbfgs".
    best_loss_ : float or None
        The lowest loss; None with early stopping.
    validation_scores_, best_validation_score_ : list of float and float, or None
        Scores of the samples that early stopping holds out.
    validation_loss_curve_ : list of float
        Loss of ``X_val, y_val`` after each epoch, without penalty, where they are given.
    network_ : fastmlp.Network
        The network, which shares its parameters with ``coefs_``.
    n_iter_, t_, n_layers_, n_outputs_, n_features_in_ : int
        Epochs of the last call; samples presented so far; layers, the input included; sizes.
    feature_names_in_ : ndarray of str
        Names of the columns, where X has them."""


def document(estimator: Any) -> str:
    """Return the docstring of a class with the sections that both estimators share."""
    known = {entry.name: (entry.kind, entry.doc) for entry in SCIKIT_LEARN}
    known |= {name: (kind, doc) for name, kind, doc in (*EXTRAS, ACTIVATION)}
    names = inspect.signature(estimator).parameters
    entries = [
        f"{name} : {known[name][0]}\n        {known[name][1]}" for name in names if name in known
    ]
    text = (estimator.__doc__ or "").replace("{parameters}", "\n    ".join(entries))
    return text.replace("{attributes}", ATTRIBUTES)

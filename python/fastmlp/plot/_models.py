"""Models of which pictures are drawn: networks, and estimators of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastmlp._data.extras import require
from fastmlp._data.validation import type_error, value_error
from fastmlp.network import Network

TWO_CLASSES = {"sigmoid": (0, 1), "sign": (-1, 1)}  # of one output, as its loss has them


def check_network(net: Any) -> None:
    """Raise if `net` is not a network."""
    if not isinstance(net, Network):
        raise type_error("net", net, "a fm.Network")


def sklearn(module: str) -> Any:
    """Import a module of scikit-learn."""
    return require(f"sklearn.{module}", "fastmlp.plot", "sklearn")


def estimator_of(model: Any, X: Any, y: Any) -> tuple[Any, Any, Any]:
    """Return an estimator of scikit-learn, with X and y as it takes them."""
    if not isinstance(model, Network):
        if not (hasattr(model, "predict") and hasattr(model, "get_params")):
            raise type_error("model", model, "a fm.Network, or an estimator of scikit-learn")
        return model, X, y
    estimators = require("fastmlp.sklearn", "fastmlp.plot", "sklearn")
    output = model._output_activation
    if output.name == "softmax" or output.name in TWO_CLASSES:
        classes = TWO_CLASSES.get(output.name) if model.n_outputs == 1 else None
        estimator = estimators.MLPClassifier.from_network(model, classes)
    else:
        estimator = estimators.MLPRegressor.from_network(model)
    if hasattr(X, "columns") and not hasattr(estimator, "feature_names_in_"):
        estimator.feature_names_in_ = np.asarray(X.columns, object)  # a network takes any frame
    if np.ndim(X) > 2:
        X = np.reshape(X, (len(X), -1))
    targets = None if y is None else np.asarray(y)
    if targets is not None and targets.ndim == 2:
        if targets.shape[1] == 1:
            targets = targets.ravel()
        elif output.name == "softmax":  # one-hot
            targets = targets.argmax(1)
    return estimator, X, targets


def classifier_of(model: Any, X: Any, y: Any) -> tuple[Any, Any, Any]:
    """Return a classifier of scikit-learn, with X and y as it takes them."""
    estimator, X, y = estimator_of(model, X, y)
    if not hasattr(estimator, "classes_"):
        raise value_error("model", model, "a fitted classifier, or an output of classes")
    return estimator, X, y

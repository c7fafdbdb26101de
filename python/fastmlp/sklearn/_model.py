"""The network of a fitted estimator, and what users do to the lists of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastmlp._io import layout
from fastmlp.layers import plan
from fastmlp.network import Network
from fastmlp.sklearn._architecture import DEFAULT_INIT, plan_layers
from fastmlp.sklearn._optimizers import Training


class Model:
    """A network, the live views of its parameters, and the training that began with `fit`."""

    def __init__(self, network: Network, training: Training | None = None) -> None:
        self.network = network
        self.training = training
        self.coefs: list[Any] = list(network.weights)
        self.intercepts: list[Any] = list(network.biases)

    def fits(self, coefs: list[Any], intercepts: list[Any]) -> bool:
        """Return whether lists of a user have the shapes of the network."""
        return _shapes(coefs) == _shapes(self.coefs) and _shapes(intercepts) == _shapes(
            self.intercepts
        )

    def follow(self, coefs: list[Any], intercepts: list[Any]) -> None:
        """Copy what a user has put into the lists in place of our views."""
        for views, given in ((self.coefs, coefs), (self.intercepts, intercepts)):
            for view, value in zip(views, given, strict=True):
                if value is not view and view is not None:
                    np.copyto(view, value, casting="same_kind")

    def kept(self) -> Callable[[], None]:
        """Return a function that brings back the present parameters and training."""
        network, training = self.network, self.training
        parameters, epochs = network.parameters.copy(), network.epochs_trained
        bring_back = None if training is None else training.kept()

        def undo() -> None:
            self.training = training
            if bring_back is not None:
                bring_back()
            network.parameters, network.epochs_trained = parameters, epochs

        return undo

    def is_finite(self) -> bool:
        """Return whether no parameter is nan or inf."""
        return bool(np.isfinite(self.network.parameters).all())

    def state(self) -> dict[str, Any] | None:
        """Return the training as plain values; the parameters are in the estimator's lists."""
        if self.training is None:
            return None
        network = self.network
        return {
            **self.training.state(),
            "seed": network.seed,
            "epochs_trained": network.epochs_trained,
        }


def rebuilt(estimator: Any, state: Mapping[str, Any] | Model | None) -> Model:
    """Return a model of the estimator's ``coefs_``, with the training that a pickle has kept."""
    coefs, intercepts = estimator.coefs_, estimator.intercepts_
    given = dict(vars(estimator), hidden_layer_sizes=[np.shape(W)[1] for W in coefs[:-1]])
    n_inputs, n_outputs = np.shape(coefs[0])[0], np.shape(coefs[-1])[1]
    output = estimator._output()[0]
    layers = plan_layers(type(estimator).__name__, given, output, n_outputs)
    double = any(np.asarray(W).dtype != np.float32 for W in coefs)
    dtype = np.dtype(np.float64 if double else np.float32)
    kept = state if isinstance(state, Mapping) else None
    seed = 0 if kept is None else kept["seed"]
    shape, chain = plan(layers, n_inputs, None, None, DEFAULT_INIT)
    n_given = sum(np.size(values) for values in (*coefs, *intercepts) if values is not None)
    layout.check_size(shape, chain, dtype, n_given, shared=True)
    network = Network.__new__(Network)
    network._build(shape, chain, dtype, seed, None if double else estimator.precision, draw=False)
    if kept is not None:
        network.epochs_trained = kept["epochs_trained"]
    training = None if kept is None else Training.from_state(kept)
    model = Model(network, training)
    model.follow(coefs, intercepts)
    return model


def _shapes(members: list[Any]) -> list[tuple[int, ...] | None]:
    return [None if member is None else np.shape(member) for member in members]

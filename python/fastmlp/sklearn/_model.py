"""The network of a fitted estimator, and what users do to the lists of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastmlp._data.arrays import native
from fastmlp._data.feature_names import as_names
from fastmlp._io import layout, serialization
from fastmlp._io.members import loss_from_dict, loss_to_dict
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
        """Copy what a user has put into the lists in place of our views, which come back there."""
        for views, given in ((self.coefs, coefs), (self.intercepts, intercepts)):
            for index, (view, value) in enumerate(zip(views, given, strict=True)):
                if value is not view and view is not None:
                    np.copyto(view, value, casting="same_kind")
                    if isinstance(given, list):
                        given[index] = view

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

    def state(self) -> dict[str, Any]:
        """Return network and training as plain values; parameters are in the estimator's lists."""
        network = self.network
        described = serialization.description(network)
        epochs = {name: described.pop(name) for name in ("seed", "epochs_trained")}
        own = {"precision": network.precision, "loss": loss_to_dict(network._trained_loss)}
        training = {} if self.training is None else self.training.state()
        return {**training, **epochs, "network": {**described, **own}}


def rebuilt(estimator: Any, state: Mapping[str, Any] | Model | None) -> Model:
    """Return a model of the estimator's ``coefs_``, with what a pickle has kept of it.

    Where these have other shapes, and in states of older versions, the layers are those of the
    estimator's parameters.
    """
    coefs, intercepts = estimator.coefs_, estimator.intercepts_
    kept = state if isinstance(state, Mapping) else {}
    seed, n_given = kept.get("seed", 0), _size([*coefs, *intercepts])
    model = _described(kept["network"], seed, n_given) if kept.get("network") else None
    if model is None or not model.fits(coefs, intercepts):
        model = Model(_of_parameters(estimator, seed, n_given))
    if kept:
        model.network.epochs_trained = kept["epochs_trained"]
    if "choice" in kept:
        model.training = Training.from_state(kept)
    model.follow(coefs, intercepts)
    return model


def _described(values: Mapping[str, Any], seed: int, n_given: int) -> Model | None:
    """Return a model of the network that `Model.state` has described, None if it is larger."""
    layers, dtype = serialization.layers_from_dicts(values["layers"]), np.dtype(values["dtype"])
    shape, chain = plan(layers, values["inputs"], None, None, DEFAULT_INIT)
    if native(dtype).Network.count(shape, chain, layout.MAX_TIME_STEPS) > n_given:
        return None
    network = _empty(shape, chain, dtype, seed, values["precision"])
    network._feature_names = as_names(values["feature_names_in_"], network.n_inputs)
    network._trained_loss = loss_from_dict(values["loss"], network)
    return Model(network)


def _of_parameters(estimator: Any, seed: int, n_given: int) -> Network:
    """Return a network as the parameters describe it, with the widths of ``coefs_``."""
    coefs = estimator.coefs_
    given = dict(vars(estimator), hidden_layer_sizes=[np.shape(W)[1] for W in coefs[:-1]])
    output, n_outputs = estimator._output()[0], np.shape(coefs[-1])[1]
    layers = plan_layers(type(estimator).__name__, given, output, n_outputs)
    double = any(np.asarray(W).dtype != np.float32 for W in coefs)
    dtype = np.dtype(np.float64 if double else np.float32)
    shape, chain = plan(layers, np.shape(coefs[0])[0], None, None, DEFAULT_INIT)
    layout.check_size(shape, chain, dtype, n_given, shared=True)
    return _empty(shape, chain, dtype, seed, None if double else estimator.precision)


def _empty(shape: tuple[int, ...], chain: Any, dtype: Any, seed: int, precision: Any) -> Network:
    network = Network.__new__(Network)
    network._build(shape, chain, dtype, seed, precision, draw=False)
    return network


def _size(members: list[Any]) -> int:
    return sum(np.size(member) for member in members if member is not None)


def _shapes(members: list[Any]) -> list[tuple[int, ...] | None]:
    return [None if member is None else np.shape(member) for member in members]

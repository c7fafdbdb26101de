"""`Model`: the points, the network and the training of one playground, on the native engine."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data.validation import value_error
from fastmlp.network import Network
from fastmlp.playground._datasets import Point, shuffled
from fastmlp.playground._random import Random
from fastmlp.playground._state import State
from fastmlp.trainer import Trainer

Floats = NDArray[np.float64]

FIRST_BIAS = 0.1
_FEATURES = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "x_squared": lambda x, y: x * x,
    "y_squared": lambda x, y: y * y,
    "x_times_y": lambda x, y: x * y,
    "sin_x": lambda x, y: np.sin(x),
    "sin_y": lambda x, y: np.sin(y),
}


class Diverged(ArithmeticError):
    """The loss or an update is no longer finite; the parameters are those before."""


def inputs_of(features: tuple[str, ...], positions: Floats) -> Floats:
    """Return the features ``(n, n_features)`` of positions ``(n, 2)``."""
    x, y = positions.T
    return np.column_stack([_FEATURES[name](x, y) for name in features])


def optimizer_of(state: State) -> _core.Optimizer:
    """Return the update rule or the method of a state."""
    family = _core.methods if state.searches else _core.optimizers
    rate = {} if state.searches else {"learning_rate": state.learning_rate}
    momentum = {"momentum": state.momentum} if state.optimizer == "sgd" else {}
    optimizer: _core.Optimizer = family[state.optimizer](**rate, **momentum)
    return optimizer


class Model:
    """The points of a state, the network, and its training with the rules of the original.

    Attributes
    ----------
    points : ndarray of shape (n, 3)
        x, y and label, from `own` for the data set of that name; the first `n_train` are trained
        on, in this order in every epoch.
    network : Network
        In float64, ending in tanh for classification and in the identity for regression.
    epoch : int
        Epochs trained since the start.

    Notes
    -----
    The loss is the mean of (o - t)² / 2. With L2 a step is ``w -= learning_rate * (g + rate * w)``.
    With L1 it is ``v = w - learning_rate * g``, then ``v - learning_rate * rate * sign(w)``, where
    a weight whose sign this second part turns is set to 0 and stays there. Samples that do not fill
    a batch at the end of an epoch join the first batch of the next. Other rules than plain gradient
    descent take their own step in place of the gradient's; L1 follows it in the same way.
    """

    def __init__(self, state: State, own: list[Point] | None = None) -> None:
        self._random = Random(state.seed)
        if state.data_name == "own":
            if own is None:
                raise value_error("dataset", "own", "a file of one's own, opened before")
            points = own.copy()
            self._random.shuffle(points)
        else:
            points = shuffled(state.problem, state.data_name, state.noise / 100, self._random)
        self.points: Floats = np.array(points)
        share = math.floor(len(points) * state.perc_train_data / 100)
        self.n_train = min(max(1, share), len(points) - 1)
        self.restart(state)

    def restart(self, state: State) -> None:
        """Draw new weights, from where the stream of the seed is, for a state of the same data."""
        self.state = state
        self._inputs = inputs_of(state.features, self.points[:, :2])
        *hidden, output = state.activations
        activation = hidden[0] if hidden else None
        self.network = Network(
            state.sizes,
            activation=activation,
            output=output,
            init="zeros",
            dtype="float64",
            seed=0,
        )
        self._is_weight = np.zeros(self.network.n_parameters, bool)
        position = 0
        for weights, bias in zip(self.network.weights, self.network.biases, strict=True):
            drawn = [self._random() - 0.5 for _ in range(weights.size)]
            if not state.init_zero:
                weights[:] = np.reshape(drawn, weights.T.shape).T
                np.copyto(bias, FIRST_BIAS)  # type: ignore[arg-type]  # None for layers without
            self._is_weight[position : position + weights.size] = True
            position += weights.size + weights.shape[1]
        self._dead = np.zeros(self.network.n_parameters, bool)
        self.epoch = self._n_carried = 0
        self._make_trainer()

    def _make_trainer(self) -> None:
        state = self.state
        self._trainer = Trainer(
            self.network,
            loss="squared_error",
            optimizer=optimizer_of(state),
            batch_size=None if state.searches else state.batch_size,
            shuffle=False,
            l2=state.regularization_rate if state.regularization == "L2" else 0.0,
        )

    def go_on(self, state: State) -> None:
        """Go on with another learning rate or optimizer, whose own state starts afresh."""
        self.state = state
        self._make_trainer()

    def go_to(self, epoch: int, parameters: Floats) -> None:
        """Go on from parameters of an earlier epoch; samples carried since then are dropped."""
        self.network.parameters = parameters
        self._dead &= self.network.parameters == 0
        self.epoch, self._n_carried = epoch, 0
        self._make_trainer()

    def train(self, epochs: int = 1) -> None:
        """Train for some epochs.

        Raises
        ------
        Diverged
            The loss or an update is not finite.
        """
        for _ in range(epochs):
            self._train_epoch()
            self.epoch += 1

    def _train_epoch(self) -> None:
        X, y = self._inputs[: self.n_train], self.points[: self.n_train, 2]
        if self.state.searches:
            self._check(self._trainer.epoch(X, y))
            return
        size = self.state.batch_size
        n_left = self.n_train % size if self.n_train >= size else 0
        end = self.n_train - n_left
        if self.n_train < size:
            return  # the original waits for ever for a whole batch
        first = np.r_[self.n_train - self._n_carried : self.n_train, 0:size]
        self._step(X[first], y[first])
        if self.state.regularization == "L1":
            for start in range(size, end, size):
                self._step(X[start : start + size], y[start : start + size])
        elif size < end:
            self._check(self._trainer.epoch(X, y, order=np.arange(size, end)))
        self._n_carried = n_left

    def _step(self, X: Floats, y: Floats) -> None:
        before = np.sign(self.network.parameters)
        self._check(self._trainer.step(X, y))
        if self.state.regularization == "L1":
            self._shrink(before)

    def _shrink(self, signs: Floats) -> None:
        """Take the step of L1 along the signs before the update; zeros that it makes are final."""
        values = self.network.parameters
        values[self._dead] = 0.0
        pull = self.state.learning_rate * self.state.regularization_rate
        shrunk = np.where(self._is_weight, values - pull * signs, values)
        self._dead |= values * shrunk < 0
        shrunk[self._dead] = 0.0
        np.copyto(values, shrunk)

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise Diverged(
                f"the training diverged in epoch {self.epoch + 1}: the loss or an update is not "
                f"finite; try a smaller learning rate (now {self.state.learning_rate:g})"
            )

    def losses(self) -> tuple[float, float]:
        """Return the loss of the training and of the test points, without penalties."""
        train, test = (self._loss(part) for part in self._parts())
        return train, test

    def _parts(self) -> Iterator[slice]:
        yield slice(self.n_train)
        yield slice(self.n_train, None)

    def _loss(self, part: slice) -> float:
        return self.network.loss(self._inputs[part], self.points[part, 2], loss="squared_error")

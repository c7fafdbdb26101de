"""`Model`: the points, the network and the training of one playground, on the native engine."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import value_error
from fastmlp.playground._datasets import Own, shuffled
from fastmlp.playground._random import Random
from fastmlp.playground._state import State
from fastmlp.playground._training import check_work, network_of, trainer_of

Floats = NDArray[np.float64]

FIRST_BIAS = 0.1
CALL_OPERATIONS = 1e9  # of a native call of a training, after which it can be stopped
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


class Stopped(Exception):
    """The training was stopped within an epoch."""


def inputs_of(features: tuple[str, ...], positions: Floats) -> Floats:
    """Return the features ``(n, n_features)`` of positions ``(n, 2)``."""
    x, y = positions.T
    return np.column_stack([_FEATURES[name](x, y) for name in features])


class Model:
    """The points of a state, the network, and its training with the rules of the original.

    Attributes
    ----------
    points : ndarray of shape (n, 3)
        x, y and label, from `own` for the data set of that name; the first `n_train` are trained
        on, in this order in every epoch.
    network : Network
        In float64, ending in tanh for classification and in the identity for regression, where
        no other loss is chosen.
    epoch : int
        Epochs trained since the start.

    Notes
    -----
    The loss is the mean of (o - t)² / 2, or another one. With L2 a step is ``w -= learning_rate *
    (g + rate * w)``. With L1 it is ``v = w - learning_rate * g``, then ``v - learning_rate * rate *
    sign(w)``, where a weight whose sign this second part turns is set to 0 and stays there. Samples
    that do not fill a batch at the end of an epoch join the first batch of the next. Other rules
    than plain gradient descent take their own step in place of the gradient's; L1 follows it in the
    same way.
    """

    def __init__(self, state: State, own: Own | None = None) -> None:
        self._random = Random(state.seed)
        if state.data_name == "own":
            points = _own_points(state, own)
            self._random.shuffle(points)
        else:
            classes = state.classes if state.has_classes else 2
            noise = state.noise / 100
            points = shuffled(state.problem, state.data_name, noise, self._random, classes)
        self.points: Floats = np.array(points)
        share = math.floor(len(points) * state.perc_train_data / 100)
        self.n_train = min(max(1, share), len(points) - 1)
        self.restart(state)

    def restart(self, state: State) -> None:
        """Draw new weights, from where the stream of the seed is, for a state of the same data."""
        check_work(state, self.n_train, len(self.points))
        network = network_of(state)
        trainer = trainer_of(state, network, self.n_train)  # refuses what does not fit together
        self.state, self.network, self._trainer = state, network, trainer
        self._epoch_start = 0
        self._inputs = inputs_of(state.features, self.points[:, :2])
        self._targets = self.points[:, 2]
        if state.loss_name == "binary_cross_entropy":
            self._targets = (self._targets + 1) / 2
        elif state.has_classes:
            self._targets = self._targets.astype(np.int64)
        self._is_weight = np.zeros(network.n_parameters, bool)
        position = 0
        for weights, bias in zip(network.weights, network.biases, strict=True):
            drawn = [self._random() - 0.5 for _ in range(weights.size)]
            if not state.init_zero:
                weights[:] = np.reshape(drawn, weights.T.shape).T
                np.copyto(bias, FIRST_BIAS)  # type: ignore[arg-type]  # None for layers without
            self._is_weight[position : position + weights.size] = True
            position += weights.size + weights.shape[1]
        self._dead = np.zeros(network.n_parameters, bool)
        self.epoch = self._next = 0

    def go_on(self, state: State) -> None:
        """Go on with another learning rate or optimizer, whose own state starts afresh."""
        check_work(state, self.n_train, len(self.points))
        trainer = trainer_of(state, self.network, self.n_train)
        trainer._leftover = self._trainer._leftover
        self.state, self._trainer = state, trainer

    def copy(self) -> Model:
        """Return a model on the same points that goes on from here by itself, bit for bit."""
        twin = copy.copy(self)
        twin._trainer = copy.copy(self._trainer)
        twin.network = twin._trainer.network
        twin._dead = self._dead.copy()
        return twin

    def train(self, epochs: int = 1, stopped: Callable[[], bool] = lambda: False) -> None:
        """Train for some epochs.

        Raises
        ------
        Diverged
            The loss or an update is not finite.
        Stopped
            `stopped`, which is asked between native calls, was true.
        """
        for _ in range(epochs):
            self._train_epoch(stopped)

    def train_batch(self) -> None:
        """Take the next step of the epoch alone; of a method, a step on all points.

        Raises
        ------
        Diverged
            The loss or an update is not finite.
        """
        if self.state.searches or self.n_train < self.state.batch_size:
            self._train_epoch(lambda: False)
        else:
            self._take(self.state.batch_size)
            if self._next >= self._end:
                self._end_epoch()

    @property
    def _end(self) -> int:
        """Where the samples begin that do not fill a batch."""
        return self.n_train - self.n_train % self.state.batch_size

    def _train_epoch(self, stopped: Callable[[], bool]) -> None:
        """Train to the end of the epoch, which may have begun."""
        size = self.state.batch_size
        if self.state.searches:
            self._epoch_start = self._trainer.n_steps
            self._check(self._trainer.epoch(*self.training_data()))
        elif self._end > 0:  # the original waits for ever for a whole batch
            if self._next == 0:
                self._take(size)
            operations = 6 * size * self.network.n_parameters
            each_shrinks = self.state.regularization == "L1"
            n_rows = size if each_shrinks else size * max(1, int(CALL_OPERATIONS / operations))
            while self._next < self._end:
                if stopped():
                    raise Stopped
                self._take(n_rows)
        self._end_epoch()

    def _end_epoch(self) -> None:
        self._next = 0
        self.epoch += 1
        self.network.epochs_trained = self.epoch

    def _take(self, n_rows: int) -> None:
        """Make the steps on so many more samples, whole batches; L1 follows them.

        What is left behind the last batch of the epoch joins the first of the next.
        """
        if self._next == 0:
            self._epoch_start = self._trainer.n_steps
        end = min(self._end, self._next + n_rows)
        order = np.arange(self._next, self.n_train if end == self._end else end)
        before = np.sign(self.network.parameters)
        pull = self._trainer.learning_rate * self.state.regularization_rate
        self._check(self._trainer.epoch(*self.training_data(), order=order, carry=True))
        if self.state.regularization == "L1":
            self._shrink(before, pull)
        self._next = end

    def _shrink(self, signs: Floats, pull: float) -> None:
        """Take the step of L1 along the signs before the update; zeros that it makes are final."""
        values = self.network.parameters
        values[self._dead] = 0.0
        shrunk = np.where(self._is_weight, values - pull * signs, values)
        self._dead |= values * shrunk < 0
        shrunk[self._dead] = 0.0
        np.copyto(values, shrunk)

    def _check(self, loss: float) -> None:
        self.network.epochs_trained = self.epoch  # an epoch takes several native calls
        if math.isfinite(loss):
            return
        step = self._trainer.n_steps - self._epoch_start + 1
        largest = np.abs(self.network.parameters).max()
        advice = (
            "try another start or optimizer"
            if self.state.searches
            else f"try a smaller learning rate (now {self.state.learning_rate:g})"
        )
        raise Diverged(
            f"the training diverged in epoch {self.epoch + 1}, step {step}: the loss or an update "
            f"is not finite, the largest weight is {largest:.3g}; {advice}"
        )

    def losses(self) -> tuple[float, float]:
        """Return the loss of the training and of the test points, without penalties."""
        return self._loss(slice(self.n_train)), self._loss(slice(self.n_train, None))

    def _loss(self, part: slice) -> float:
        return self.network.loss(self._inputs[part], self._targets[part], loss=self.state.loss_name)

    def training_data(self) -> tuple[Floats, NDArray[np.float64 | np.int64]]:
        """Return the features ``(n_train, n_features)`` and targets ``(n_train,)`` trained on."""
        return self._inputs[: self.n_train], self._targets[: self.n_train]


def _own_points(state: State, own: Own | None) -> list[tuple[float, float, float]]:
    """Return the user's own points where they are of the problem of the state."""
    if own is None:
        raise value_error("dataset", "own", "points of one's own, opened or drawn before")
    if own.problem != state.problem:
        raise value_error("problem", state.problem, f"{own.problem!r}, as of one's own points")
    if own.problem == "classification" and own.classes != state.classes:
        raise value_error("classes", state.classes, f"{own.classes}, as of one's own points")
    return own.points.copy()

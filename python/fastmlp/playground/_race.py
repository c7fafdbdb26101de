"""`Race`: one network of the playground, or two on the same data, in training."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import value_error
from fastmlp.playground._model import Diverged, Model, Stopped
from fastmlp.playground._state import State

MAX_FRAME_SECONDS = 0.25  # after which a frame is drawn, however many epochs were asked for
N_MOMENTS, MOMENTS_BYTES = 200, 1 << 27  # to which one can go back
# Settings of the update rule, and all that change within a training.
RULE = {"learning_rate", "optimizer", "momentum", "clip_norm", "schedule", "schedule_epochs"}
LIVE = RULE | {"rival_learning_rate"}
N_PATH, PATH_PARAMETERS = 200, 20_000  # points kept of a path, of networks up to this size


class Lane(NamedTuple):
    """A network in a race.

    Attributes
    ----------
    model : Model
    message : str
        Why it trains no more, or "".
    """

    model: Model
    message: str = ""

    def copy(self) -> Lane:
        """Return a lane that goes on from here by itself."""
        return Lane(self.model.copy(), self.message)


class Race:
    """The network of a state and, where the state has a rival, a second one with the same start.

    Attributes
    ----------
    lanes : tuple of Lane
        The network, and the rival if there is one; both are trained for the same epochs.
    """

    def __init__(self, model: Model) -> None:
        rival = model.state.rival
        self.lanes: tuple[Lane, ...] = (Lane(model),)
        if rival is not None:
            second = model.copy()
            second.go_on(rival)
            self.lanes += (Lane(second),)
        self._first = model.copy()
        size = 3 * len(self.lanes) * model.network.parameters.nbytes
        self._past: deque[tuple[Lane, ...]] = deque(
            maxlen=max(1, min(N_MOMENTS, MOMENTS_BYTES // size))
        )
        self._path: list[tuple[int, list[NDArray[np.float64]]]] = []
        self._keep_path()

    @property
    def model(self) -> Model:
        """The first network's."""
        return self.lanes[0].model

    @property
    def n_moments(self) -> int:
        """The number of moments to which `back` can go."""
        return len(self._past)

    def at_start(self, state: State) -> Race:
        """Return a race from the same start, for a state of the same network and data."""
        model = self._first.copy()
        model.go_on(state)
        return Race(model)

    def go_on(self, state: State) -> None:
        """Go on with other learning rates or optimizers; the state of those starts afresh.

        Raises
        ------
        ValueError
            Something does not fit together; nothing has changed.
        """
        changed = [lane.copy() for lane in self.lanes]
        _adapt(changed, state)
        self.lanes = tuple(Lane(lane.model) for lane in changed)

    def train(self, epochs: int, stopped: Callable[[], bool]) -> None:
        """Train all networks that have not diverged, for some epochs or a quarter of a second."""
        if epochs == 0 or self._is_over:
            return
        self.remember()
        end = time.monotonic() + MAX_FRAME_SECONDS
        for _ in range(epochs):
            self._train_each(lambda model: model.train(1, stopped))
            if stopped() or time.monotonic() > end:
                break
        self._keep_path()

    def train_batch(self) -> None:
        """Let all networks that have not diverged make one step."""
        if not self._is_over:
            self.remember()
            self._train_each(Model.train_batch)
            self._keep_path()

    @property
    def _is_over(self) -> bool:
        return all(lane.message for lane in self.lanes)

    def _train_each(self, train: Callable[[Model], None]) -> None:
        self.lanes = tuple(_trained(lane, train) for lane in self.lanes)

    def remember(self) -> None:
        """Keep the present for `back`."""
        self._past.append(tuple(lane.copy() for lane in self.lanes))

    def edited(self) -> None:
        """Let a network whose parameters were changed by hand train again."""
        self.lanes = (Lane(self.model), *self.lanes[1:])

    def back(self, *, to_start: bool) -> None:
        """Go back to the last moment that was remembered, or to the first; settings stay."""
        if not self._past:
            raise value_error("back", 0, "a training that has begun")
        state = self.model.state
        self.lanes = self._past[0] if to_start else self._past[-1]
        while self._past and self._past[-1] is not self.lanes:
            self._past.pop()
        self._past.pop()
        _adapt(self.lanes, state)
        self._keep_path()

    def _keep_path(self) -> None:
        """Add the present to the path, in place of what was at this epoch or later."""
        now = self.model.epoch
        self._path = [point for point in self._path if point[0] < now]
        if len(self._path) >= N_PATH:
            del self._path[1::2]
        if self.model.network.n_parameters <= PATH_PARAMETERS:
            present = [np.array(lane.model.network.parameters, float) for lane in self.lanes]
            self._path.append((now, present))

    @property
    def paths(self) -> list[list[NDArray[np.float64]]]:
        """The parameters of each network so far, in at most 200 points."""
        return [[point[index] for _, point in self._path] for index in range(len(self.lanes))]

    def losses(self) -> list[dict[str, Any]]:
        """Return the losses of each network, None where not finite, and why it stands still."""
        told = []
        for model, message in self.lanes:
            train, test = (loss if np.isfinite(loss) else None for loss in model.losses())
            told.append({"train": train, "test": test, "message": message})
        return told


def _adapt(lanes: Iterable[Lane], state: State) -> None:
    """Give networks the settings of a state that change within a training."""
    for (model, _), new in zip(lanes, (state, state.rival), strict=False):
        if new is not None and any(getattr(model.state, n) != getattr(new, n) for n in RULE):
            model.go_on(new)
        elif new is not None:
            model.state = new


def _trained(lane: Lane, train: Callable[[Model], None]) -> Lane:
    if lane.message:
        return lane
    try:
        train(lane.model)
    except Diverged as error:
        return Lane(lane.model, str(error))
    except Stopped:
        pass  # the session has ended: nobody looks at what comes next
    return lane

"""The network of a state and what trains it: layers, update rule, schedule of the learning rate."""

from __future__ import annotations

import math

from fastmlp import _core
from fastmlp._data.validation import value_error
from fastmlp.layers import Dense, Dropout, GaussianNoise, Layer
from fastmlp.network import Network
from fastmlp.playground._state import State
from fastmlp.trainer import Trainer

# Parameters, to this power, times points of a step of a method; of a step of any other; and of an
# evaluation: about half a second each.
MAX_WORK = {
    **{"newton": (2, 3e8), "levenberg_marquardt": (2, 3e9), "bfgs": (2, 3e9)},
    **{"saddle_free_newton": (1, 5e6), "hessian_free": (1, 5e6)},
}
MAX_STEP, MAX_EVALUATION = 1e9, 5e9


def network_of(state: State) -> Network:
    """Return the network of a state, in float64, with all parameters 0."""
    layers: list[Layer] = [GaussianNoise(state.input_noise)] if state.input_noise else []
    *hidden, (n_outputs, output) = zip(state.sizes[1:], state.layer_activations, strict=True)
    for units, activation in hidden:
        layers.append(Dense(units, activation))
        layers += [Dropout(state.dropout)] if state.dropout else []
    layers.append(Dense(n_outputs, output))
    return Network(layers, inputs=state.sizes[0], init="zeros", dtype="float64", seed=0)


def check_work(state: State, n_train: int, n_points: int) -> None:
    """Refuse a step, or an evaluation of all points, that would take much longer than a second."""
    power, most = MAX_WORK.get(state.optimizer, (1, MAX_STEP))
    n_at_once = n_train if state.searches else min(state.batch_size, n_train)
    if state.n_parameters**power * n_at_once > most:
        expected = f"a smaller network with it, or fewer than {n_at_once} points in a step"
        raise value_error("optimizer", state.optimizer, expected)
    if state.n_parameters * n_points > MAX_EVALUATION:
        expected = f"a smaller network, or fewer than {n_points} points"
        raise value_error("networkShape", list(state.network_shape), expected)


def trainer_of(state: State, network: Network, n_train: int) -> Trainer:
    """Return a new trainer of a network on so many points."""
    return Trainer(
        network,
        loss=state.loss_name,
        optimizer=_optimizer(state, max(1, n_train // state.batch_size)),
        batch_size=None if state.searches else state.batch_size,
        shuffle=False,
        l2=state.regularization_rate if state.regularization == "L2" else 0.0,
    )


def _optimizer(state: State, epoch_steps: int) -> _core.Optimizer:
    """Return the update rule or the method of a state whose epochs have so many steps."""
    if state.searches:
        method: _core.Optimizer = _core.methods[state.optimizer]()
        return method
    options = {"momentum": state.momentum} if state.optimizer == "sgd" else {}
    if state.clip_norm:
        options["clip_norm"] = state.clip_norm
    rate = _learning_rate(state, epoch_steps * state.schedule_epochs)
    rule: _core.Optimizer = _core.optimizers[state.optimizer](rate, **options)
    return rule


def _learning_rate(state: State, steps: int) -> float | _core.Schedule:
    """Return a schedule that comes to its end, or else to a tenth, in so many steps."""
    if state.schedule == "constant":
        return state.learning_rate
    name, value = {
        "exponential_decay": ("rate", math.log(10) / steps),
        "inverse_time_decay": ("rate", 9 / steps),
        "step_decay": ("every", steps),
    }.get(state.schedule, ("steps", steps))
    schedule: _core.Schedule = _core.schedules[state.schedule](state.learning_rate, **{name: value})
    return schedule

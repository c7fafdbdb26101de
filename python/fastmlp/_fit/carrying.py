"""The state that recurrent layers carry from batch to batch: `carry_state` of a trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fastmlp._data.arrays import FloatArray, as_shape
from fastmlp._data.stepping import checked_steps, state_of
from fastmlp._data.validation import InvalidValue

if TYPE_CHECKING:
    from fastmlp.network import Network
    from fastmlp.trainer import Trainer

R = TypeVar("R")


def batch_state(trainer: Trainer, n_samples: int) -> FloatArray:
    """Return a copy of the state from which a batch goes on."""
    return state_of(trainer.network, n_samples, "X").copy()


def first_state(trainer: Trainer) -> FloatArray:
    """Return the state at the beginning of an epoch, zeros."""
    n_samples: Any = trainer.batch_size  # None of methods alone, which carry no state
    sizes = checked_steps(trainer.network).state_sizes
    return np.zeros((n_samples, sum(sizes)), trainer.network.dtype)


def carried(
    trainer: Trainer, state: FloatArray, run: Callable[[], R], is_good: Callable[[R], bool]
) -> R:
    """Return ``run()``, whose batches go on from `state` and write it; if good, the network's."""
    trainer._native.set_states(state)
    try:
        result = run()
    finally:
        trainer._native.set_states(None)
    if is_good(result):
        trainer.network._state = state
    return result


def entries(trainer: Trainer) -> dict[str, Any]:
    """Return the parts of a trainer's dictionary, none where it carries no state."""
    if not trainer.carry_state:
        return {}
    state = trainer.network._state
    kept = {} if state is None else {"recurrent_state": state.copy()}
    return {"carry_state": True, **kept}


def load(network: Network, values: Mapping[str, Any]) -> None:
    """Give the network the state of `entries`."""
    given = values.get("recurrent_state")
    if given is not None:
        shape = (len(np.atleast_1d(given)), sum(checked_steps(network).state_sizes))
        network._state = as_shape(given, shape, network.dtype, "recurrent_state").copy()


def check_rows(trainer: Trainer, n_samples: int, name: str) -> None:
    """Raise unless all batches of an epoch have the same number of samples."""
    size = trainer.batch_size or n_samples
    if trainer.carry_state and n_samples % size:
        raise InvalidValue(
            f"{name} has {n_samples} samples, expected a multiple of batch_size={size}, as "
            "carry_state=True: sample i of a batch goes on in the next"
        )

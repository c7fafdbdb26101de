"""One time step of a recurrent network at a time, the state kept in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.sequences import recurrent_layers, steps_of
from fastmlp._data.validation import InvalidArgument, InvalidType, InvalidValue, error_prefix
from fastmlp.layers import LSTM

if TYPE_CHECKING:
    from fastmlp.network import Network

LayerState: TypeAlias = FloatArray | tuple[FloatArray, ...]
RecurrentState: TypeAlias = tuple[LayerState, ...]


def step(self: Network, x: ArrayLike) -> FloatArray:
    """Compute the outputs of one time step, from the state that the last one left.

    The first step starts from zeros; `recurrent_state` holds the state, and
    ``net.recurrent_state = None`` starts anew. So many steps give what `predict` gives for the
    whole sequence: for control and for generated sequences, whose next input is made of the last
    output. All layers must act on each step by itself, but for the recurrent ones:
    ``Conv1D(units, 1)``, dropout and noise, which are off, and any layers after the last step.

    Parameters
    ----------
    x : array_like of shape (n_samples, features), or (features,)
        The inputs of one step, of as many samples as the state has.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs) or (n_outputs,)
        The outputs after this step, in the network's dtype. Cost: a forward pass of one step.

    Raises
    ------
    ValueError, TypeError
        Layers that read several steps at once, or x of another shape.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([fm.GRU(8), fm.Dense(1)], inputs=(20, 3), seed=0)
    >>> net.step([1.0, 0.0, 0.0]).shape, net.recurrent_state[0].shape
    ((1,), (1, 8))
    """
    try:
        steps = checked_steps(self)
        inputs, single = _as_step(x, self)
        outputs, self._state = steps.step(inputs, state_of(self, len(inputs), "x"))
    except InvalidArgument as error:
        raise error.named("Network.step") from error.__cause__
    # Of a sequence, without its time.
    shaped: FloatArray = outputs.reshape(len(outputs), self.output_shape[-1])
    return shaped[0] if single else shaped


def checked_steps(network: Network) -> Any:
    """Return the native network of one step; raise at layers that read others than this one."""
    steps = steps_of(network)
    for index, layer in enumerate(network.layers):
        if getattr(layer, "bidirectional", False):
            raise InvalidValue(
                f"layers[{index}] is bidirectional, expected layers that read no later step"
            )
    return steps


def state_of(network: Network, n_samples: int, name: str) -> FloatArray:
    """Return the state ``(n_samples, state sizes)``, at first zeros, for the samples `name`."""
    state = network._state
    if state is None:
        return np.zeros((n_samples, sum(steps_of(network).state_sizes)), network.dtype)
    if len(state) != n_samples:
        raise InvalidValue(
            f"{name} has {n_samples} samples, expected {len(state)}, as the last step; "
            "net.recurrent_state = None starts anew"
        )
    return state


def state_views(network: Network) -> RecurrentState | None:
    """Return views of the state by recurrent layer, ``(h, c)`` of an LSTM; None before a step."""
    if network._state is None:
        return None
    sizes = steps_of(network).state_sizes
    parts = iter(np.split(network._state, np.cumsum(sizes)[:-1], axis=1))
    return tuple(
        tuple(next(parts) for _ in range(count)) if count > 1 else next(parts)
        for count in map(_parts, recurrent_layers(network))
    )


@error_prefix("Network")
def set_state(network: Network, values: Any) -> None:
    """Copy a state of the form of `state_views`, or None for that before the first step."""
    if values is None:
        network._state = None
        return
    checked_steps(network)
    layers = recurrent_layers(network)
    expected = f"None or one entry for each of the {len(layers)} recurrent layers"
    if not isinstance(values, (tuple, list)) or len(values) != len(layers):
        raise InvalidValue(f"recurrent_state is {type(values).__name__}, expected {expected}")
    parts: list[FloatArray] = []
    for index, (layer, value) in enumerate(zip(layers, values, strict=True)):
        name = f"recurrent_state[{index}]"
        entries = [value] if _parts(layer) == 1 else value
        if not isinstance(entries, (tuple, list)) or len(entries) != _parts(layer):
            raise InvalidType(f"{name} is {type(value).__name__}, expected the pair (h, c)")
        for entry in entries:
            found = arrays.read(entry, name).shape
            if len(found) != 2:
                raise InvalidValue(f"{name} has shape {found}, expected (n_samples, {layer.units})")
            shape = (len(parts[0]) if parts else found[0], layer.units)
            parts.append(arrays.as_shape(entry, shape, network.dtype, name))
    network._state = np.concatenate(parts, axis=1)


def _parts(layer: Any) -> int:
    """Return the number of arrays in the state of a layer."""
    return 2 if isinstance(layer, LSTM) else 1


def _as_step(x: Any, network: Network) -> tuple[FloatArray, bool]:
    """Return x as ``(n_samples, features)``, and whether it was a single sample."""
    n_features = network.input_shape[-1]
    array = arrays.read(x, "x")
    single = array.shape == (n_features,)
    if not single and (array.ndim != 2 or array.shape[1] != n_features):
        raise InvalidValue(
            f"x has shape {array.shape}, expected (n_samples, {n_features}) or ({n_features},)"
        )
    return arrays.convert(np.atleast_2d(array), network.dtype, "x"), single

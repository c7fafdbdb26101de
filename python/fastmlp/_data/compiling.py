"""Predictions on arrays that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.validation import check_int, error_prefix

if TYPE_CHECKING:
    from fastmlp.network import Network

CompiledNetwork: TypeAlias = _core.float32.CompiledNetwork | _core.float64.CompiledNetwork


@error_prefix("Network.compile")
def compile(self: Network, batch: int = 1) -> CompiledNetwork:
    """Return a function ``compiled(x, out)`` that writes predictions to an array, without delay.

    It converts nothing, takes no memory and no lock, starts no thread, and keeps Python's lock: for
    control loops and simulations, in which `predict` takes longer than a small network. Outputs are
    those of `predict` for so many samples, bit for bit, with the parameters that the network has
    at the call; so training goes on to have its effect. An activation in Python takes memory, and
    may let other threads run: where one of them, or it, calls the same compiled network meanwhile,
    RuntimeError is raised.

    Parameters
    ----------
    batch : int >= 1, default 1
        Number of samples of each call.

    Returns
    -------
    CompiledNetwork
        Called with `x`, an array of shape ``(batch, *input_shape)`` or ``(batch, n_inputs)``, and
        `out`, of shape ``(batch, *output_shape)`` or ``(batch, n_outputs)``, both in the network's
        dtype and in C order; with one sample the first axis can be left out. It returns `out`, and
        raises TypeError or ValueError for other arrays, or where both share memory. Its attributes
        are `batch`, `input_shape` and `output_shape`. Cost: a forward pass and 0.1 µs.

    Raises
    ------
    ValueError, TypeError
        `batch` is not an integer >= 1.

    Examples
    --------
    >>> import fastmlp as fm
    >>> import numpy as np
    >>> net = fm.Network([4, 3], output="softmax", seed=0)
    >>> compiled = net.compile()
    >>> x, out = np.ones(4, "float32"), np.empty(3, "float32")
    >>> bool((compiled(x, out) == net.predict(x)).all())
    True
    """
    n_samples = check_int(batch, "batch", min=1)
    compiled: CompiledNetwork = arrays.native(self.dtype).CompiledNetwork(
        self._native, self.input_shape, n_samples
    )
    return compiled

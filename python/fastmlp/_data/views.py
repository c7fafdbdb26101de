"""The weights or biases of a network as a sequence of live views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data.arrays import FloatArray, as_shape
from fastmlp._data.validation import InvalidValue, error_prefix

V = TypeVar("V", bound=FloatArray | None, covariant=True)


class Views(Sequence[V]):
    """Live views, one per Dense layer; assigning to an item copies into the network.

    Parameters
    ----------
    views : sequence of arrays or None
        None stands for a layer without bias.
    name : str
        ``"weights"`` or ``"biases"``, for messages.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([2, 3, 1], seed=0)
    >>> net.biases[0] = [1, 2, 3]
    >>> net.biases[0]
    array([1., 2., 3.], dtype=float32)
    """

    def __init__(self, views: Sequence[V], name: str) -> None:
        self._views = tuple(views)
        self._name = name

    def __len__(self) -> int:
        """Return the number of Dense layers."""
        return len(self._views)

    @overload
    def __getitem__(self, index: int) -> V: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[V, ...]: ...

    def __getitem__(self, index: int | slice) -> V | tuple[V, ...]:
        """Return the view of one layer, or a tuple of views for a slice."""
        try:
            return self._views[index]
        except (IndexError, TypeError) as error:
            self._raise_index(index, type(error))

    @error_prefix("Network")
    def __setitem__(self, index: int, value: ArrayLike) -> None:
        """Copy `value`, of the shape of the view, into the network."""
        view = self[index]
        if isinstance(view, tuple):
            self._raise_index(index, TypeError)
        name = f"{self._name}[{index}]"
        if view is None:
            raise InvalidValue(f"{name} is None, expected no value; the layer has no bias")
        np.copyto(view, as_shape(value, view.shape, view.dtype, name))

    def __iter__(self) -> Iterator[V]:
        """Iterate over the views, from the first layer to the last."""
        return iter(self._views)

    def _raise_index(self, index: Any, error: type[Exception]) -> NoReturn:
        raise error(
            f"Network: {self._name}[{index!r}] is no layer, "
            f"expected an integer from {-len(self)} to {len(self) - 1}"
        ) from None

    def __repr__(self) -> str:
        """Show the views as a list."""
        return repr(list(self._views))

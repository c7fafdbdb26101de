"""The state of an optimizer as a mapping of live views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastmlp._data.arrays import FloatArray, as_shape
from fastmlp._data.validation import error_prefix, value_error


class StateViews(Mapping[str, FloatArray]):
    """Live views by name; assigning to an item copies into the state.

    Vectors that an optimizer with ``half_state=True`` keeps in bfloat16 have no view as float32:
    they are copies, which cannot be assigned to.

    Parameters
    ----------
    views : mapping of arrays
        Vectors ``(n_parameters,)`` and numbers ``(1,)``.

    Examples
    --------
    >>> import fastmlp as fm
    >>> trainer = fm.Trainer(fm.Network([1, 1]), optimizer=fm.SGD(0.1, momentum=0.9))
    >>> trainer.state["v"] = [1, 2]
    >>> trainer.state["v"]
    array([1., 2.], dtype=float32)
    """

    def __init__(self, views: Mapping[str, FloatArray]) -> None:
        self._views = dict(views)

    def __getitem__(self, name: str) -> FloatArray:
        """Return the view of one vector or number."""
        return self._views[name]

    @error_prefix("Trainer.state")
    def __setitem__(self, name: str, value: Any) -> None:
        """Copy `value`, of the shape of the view, into the state."""
        if name not in self._views:
            raise value_error("name", name, f"one of {', '.join(self._views) or 'nothing'}")
        view = self._views[name]
        if not view.flags.writeable:
            raise value_error("name", name, "another, because half_state=True keeps it in bfloat16")
        np.copyto(view, as_shape(value, view.shape, view.dtype, name))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._views)

    def __len__(self) -> int:
        """Return the number of vectors and numbers."""
        return len(self._views)

    def __repr__(self) -> str:
        """Show the names and the values."""
        return repr(self._views)

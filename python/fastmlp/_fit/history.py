"""`History`: the losses of a training, epoch by epoch, and its status."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from fastmlp._data.extras import require
from fastmlp._data.validation import value_error
from fastmlp._fit.status import ADVICE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728")


class History(dict[str, list[float]]):
    """Record of a training run: a dictionary of lists, with one number per epoch.

    ``"loss"`` is the weighted mean of the batch losses during the epoch, including penalties;
    ``"val_loss"`` is the loss of the validation data after the epoch, without penalties. Metrics,
    such as ``"r2"`` and ``"val_r2"``, are those after the epoch. Values that callbacks add to their
    logs are nan for epochs without them. An epoch that was undone because its loss was not finite
    is not recorded.

    Attributes
    ----------
    status : str
        ``"max_steps"``: all epochs were made. ``"converged"``: with ``epochs=None`` the loss no
        longer falls, a perceptron separates its classes, or the gradient of a second-order method
        is at most its `gtol`. ``"no_progress"``, ``"line_search_failed"``: such a method reached
        the noise floor of the dtype, or found no step. ``"stopped"`` by a callback,
        ``"interrupted"`` by an exception, ``"max_seconds"``, ``"not_finite"`` or ``"running"``.

    Examples
    --------
    >>> import fastmlp as fm
    >>> history = fm.Network([1, 1], seed=0).fit([[0], [1]], [0, 1], epochs=3)
    >>> len(history["loss"]), history.status
    (3, 'max_steps')
    """

    def __init__(self) -> None:
        super().__init__()
        self.status = "running"

    def __setstate__(self, values: dict[str, Any]) -> None:
        """Restore from a pickle; those of 0.1.0 have the numbers among the attributes."""
        self.update(values.pop("_columns", {}))
        vars(self).update(values)

    def to_state(self) -> dict[str, Any]:
        """Return status and losses as plain values, for copies, pickles and files."""
        return {"status": self.status, "losses": self.to_dict()}

    @classmethod
    def from_state(cls, values: Mapping[str, Any]) -> Self:
        """Return the history of such values; raise KeyError, TypeError or ValueError at others."""
        history = cls()
        history.status = {status: status for status in ADVICE}[values["status"]]
        history.extend({n: [float(x) for x in losses] for n, losses in values["losses"].items()})
        return history

    @property
    def advice(self) -> str:
        """Meaning of the status, and what to do."""
        return self.separation(self.status) or ADVICE[self.status]

    def separation(self, status: str) -> str:
        """Return what a perceptron that ends with this status has reached; "" for others."""
        mistakes = self.get("mistakes", [])
        if mistakes and status == "converged":
            return f"separated after {sum(mistakes):.0f} mistakes in {len(mistakes)} epochs"
        if mistakes and status == "max_steps":
            return (
                f"not separated within {len(mistakes)} epochs, {mistakes[-1]:.0f} mistakes in the "
                f"last; fm.linearly_separable(X, y) says whether a hyperplane can; if not, hidden "
                f"layers help"
            )
        return ""

    @property
    def n_epochs(self) -> int:
        """Number of epochs recorded."""
        return max(map(len, self.values()), default=0)

    @property
    def best_epoch(self) -> int | None:
        """Epoch, from 1, with the lowest ``"val_loss"`` (or ``"loss"``, without validation)."""
        losses = [(x, epoch) for epoch, x in enumerate(self._losses(), 1) if x == x]
        return min(losses)[1] if losses else None

    def _losses(self) -> list[float]:
        return self.get("val_loss", self.get("loss", []))

    def last_loss(self) -> float:
        """Return the last ``"val_loss"``, or ``"loss"`` where no samples were validated."""
        last = self._losses()[-1]
        return self["loss"][-1] if math.isnan(last) and "loss" in self else last

    def append(self, logs: Mapping[str, float]) -> None:
        """Add the numbers of one epoch."""
        for name in logs:
            if name not in self:
                self._begin(logs)
                break
        for name, value in logs.items():
            self[name].append(value)

    def complete(self, logs: Mapping[str, float]) -> None:
        """Add to the last epoch what it has not: a number of `logs`, or nan, as to earlier ones."""
        before = self.n_epochs - 1
        for name in [*self, *logs]:
            if len(column := self.setdefault(name, [])) <= before:
                column += [*[math.nan] * (before - len(column)), logs.get(name, math.nan)]

    def extend(self, columns: Mapping[str, Sequence[float]]) -> None:
        """Add the numbers of many epochs."""
        given = {name: values for name, values in columns.items() if values}
        self._begin(given)
        for name, values in given.items():
            self[name].extend(values)
        self.complete({})

    def _begin(self, names: Iterable[str]) -> None:
        """Add the columns that are not there; they were nan so far."""
        n_epochs = self.n_epochs
        for name in names:
            self.setdefault(name, [math.nan] * n_epochs)

    def to_dict(self) -> dict[str, list[float]]:
        """Return a copy as plain lists, ready for pandas or JSON.

        Examples
        --------
        >>> import fastmlp as fm
        >>> fm.History().to_dict()
        {}
        """
        return {name: list(values) for name, values in self.items()}

    def to_json(self) -> str:
        """Return status and losses as JSON, in which null stands for nan and inf.

        Examples
        --------
        >>> import fastmlp as fm
        >>> fm.History().to_json()
        '{"status": "running", "losses": {}}'
        """
        import json

        finite = {
            name: [x if math.isfinite(x) else None for x in values] for name, values in self.items()
        }
        return json.dumps({"status": self.status, "losses": finite})

    def to_pandas(self) -> Any:
        """Return a frame of pandas with a row per epoch and a column per loss.

        Examples
        --------
        >>> import fastmlp as fm
        >>> history = fm.Network([1, 1], init="zeros").fit([[0]], [1], epochs=1)
        >>> history.to_pandas().loc[1, "loss"].item()
        0.5
        """
        pandas = require("pandas", "History.to_pandas", "records")
        index = pandas.RangeIndex(1, self.n_epochs + 1, name="epoch")
        return pandas.DataFrame(dict(self), index=index)

    def _repr_html_(self) -> str:
        """Return the last losses above a small chart of all, for notebooks."""
        import html

        values = [x for column in self.values() for x in column if math.isfinite(x)]
        low, high = min(values, default=0.0), max(values, default=0.0)
        scale = 80 / ((high - low) or 1.0)
        lines = ""
        for column, color in zip(self.values(), COLORS, strict=False):
            step = 296 / max(1, len(column) - 1)
            points = " ".join(
                f"{2 + step * epoch:.1f},{82 - scale * (x - low):.1f}"
                for epoch, x in enumerate(column)
                if math.isfinite(x)
            )
            lines += f'<polyline points="{points}" fill="none" stroke="{color}"/>'
        return f'<pre>{html.escape(repr(self))}</pre><svg width="300" height="84">{lines}</svg>'

    def plot(self, ax: Axes | None = None, *, key: str = "loss", log: bool = False) -> Axes:
        """Draw the loss over the epochs with matplotlib, by `fastmlp.plot.learning_curve`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; default a new figure.
        key : str, default "loss"
            What to draw, of the training and of the validation data.
        log : bool, default False
            If True, the axis of the loss is logarithmic.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.

        Raises
        ------
        ImportError
            matplotlib is not installed.

        Examples
        --------
        >>> import fastmlp as fm
        >>> from matplotlib.figure import Figure
        >>> history = fm.Network([1, 1], seed=0).fit([[0], [1]], [0, 1], epochs=3)
        >>> history.plot(Figure().subplots()).get_xlabel()
        'epoch'
        """
        from fastmlp.plot._curves import learning_curve

        return learning_curve(self, ax, key=key, log=log)

    def __repr__(self) -> str:
        """Show the last epoch and the status."""
        last: dict[str, Any] = {name: f"{values[-1]:.6g}" for name, values in self.items()}
        shown = ", ".join(f"{name}={value}" for name, value in last.items())
        verdict = f", {text}" if (text := self.separation(self.status).partition(",")[0]) else ""
        values = f"{self.n_epochs} epochs, {shown or 'empty'}, status={self.status!r}"
        return f"History({values}{verdict})"


def history_from_dict(values: Any) -> History | None:
    """Return the history that a dictionary describes, or None where there is none."""
    if values is None:
        return None
    try:
        return History.from_state(values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise value_error("history", values, "'status' and 'losses'") from error

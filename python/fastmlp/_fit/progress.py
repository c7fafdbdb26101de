"""Progress of `fit`: a tqdm bar where tqdm is installed, else one line per epoch."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

OUTPUT_ERRORS = (OSError, ValueError, AttributeError)  # broken, closed and missing streams
PERIOD = 0.1  # seconds at most from one show to the next, where epochs are shorter
LINE_PERIOD = 5.0  # seconds at least from one line to the next within an epoch


class Display(Protocol):
    """Something that shows epochs as they end."""

    shows_each: bool  # else only where the training is

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the losses of one epoch."""

    def show_part(self, n_epochs: float) -> None:
        """Show how many epochs were made, with a part of the present one."""

    def close(self) -> None:
        """Close the display."""


def make_progress(verbose: int, total: int, unit: str = "epoch") -> Progress:
    """Return the display for `verbose`: 0 none, 1 a bar or lines, 2 lines."""
    if verbose == 0:
        return Progress(Silence())
    if verbose == 1:
        with contextlib.suppress(ImportError, *OUTPUT_ERRORS):  # tqdm or its stream are missing
            return Progress(Bar(total, unit))
    return Progress(Lines(total, unit))


class Progress:
    """A display whose failure does not end the training; it shows nothing more then."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._n_at_once = 1
        self._asked = self._shown = time.perf_counter()
        self._waiting: tuple[int, Mapping[str, float]] | None = None  # to be shown

    @property
    def is_silent(self) -> bool:
        """Whether nothing is shown."""
        return type(self._display) is Silence

    def n_at_once(self) -> int:
        """Return how many epochs may be made before the next are shown, by the time of the last."""
        if self.is_silent:
            return sys.maxsize
        now = time.perf_counter()
        seconds, self._asked = now - self._asked, now
        if seconds < PERIOD / 2:
            self._n_at_once *= 2
        elif seconds > PERIOD:
            self._n_at_once = 1 + self._n_at_once // 4
        return self._n_at_once

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the losses, if possible, or where not each is shown those of the last soon."""
        if not self._display.shows_each:
            now = time.perf_counter()
            if now < self._shown + PERIOD / 2:
                self._waiting = epoch, logs
                return
            self._shown, self._waiting = now, None
        self._try(self._display.show, epoch, logs)

    def show_part(self, n_epochs: float) -> None:
        """Show how far a long epoch is, if possible."""
        self._try(self._display.show_part, n_epochs)

    def _try(self, show: Callable[..., None], *arguments: Any) -> None:
        try:
            show(*arguments)
        except OUTPUT_ERRORS:
            self._display = Silence()

    def show_past(self, epoch: int, losses: Sequence[float]) -> None:
        """Show the losses of epochs from this one on, after which others have ended already."""
        if self._display.shows_each:
            for past, loss in enumerate(losses, epoch):
                self.show(past, {"loss": loss})

    def close(self) -> None:
        """Close the display, if possible."""
        if self._waiting is not None:
            self._try(self._display.show, *self._waiting)
        with contextlib.suppress(*OUTPUT_ERRORS):
            self._display.close()


class Silence:
    """No progress shown."""

    shows_each = False

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show nothing."""

    def show_part(self, n_epochs: float) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """One line per epoch on standard output, and within epochs of more than some seconds."""

    shows_each = True

    def __init__(self, total: int, unit: str = "epoch") -> None:
        self._total, self._unit = total, unit
        self._printed = time.perf_counter()

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Print the epoch and its losses."""
        self._print(epoch, _written(logs))

    def show_part(self, n_epochs: float) -> None:
        """Print the share of the present epoch that was made, every few seconds."""
        made, part = divmod(n_epochs, 1)
        if time.perf_counter() >= self._printed + LINE_PERIOD:
            self._print(int(made) + 1, f"{part:.0%}")

    def _print(self, epoch: int, text: str) -> None:
        self._printed = time.perf_counter()
        width = len(str(self._total))
        print(f"{self._unit} {epoch:{width}d}/{self._total}  {text}", flush=True)

    def close(self) -> None:
        """Do nothing; the lines remain."""


class Bar:
    """A tqdm bar, in a terminal or a notebook."""

    shows_each = False

    def __init__(self, total: int, unit: str = "epoch") -> None:
        from tqdm import auto

        self._bar = auto.tqdm(total=total, unit=unit)

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Move the bar to this epoch."""
        self._bar.set_postfix_str(_written(logs), refresh=False)
        self._move(epoch)

    def show_part(self, n_epochs: float) -> None:
        """Move the bar to a part of an epoch."""
        self._move(round(n_epochs, 2))

    def _move(self, n_epochs: float) -> None:
        whole = int(n_epochs)
        self._bar.n = whole if whole == n_epochs else n_epochs  # shown as 3/10, not 3.0/10
        self._bar.update(0)

    def close(self) -> None:
        """Close the bar at its last epoch."""
        self._bar.close()


def _written(logs: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.6g}" for name, value in logs.items())

"""Progress of `fit`: a tqdm bar where tqdm is installed, else one line per epoch."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

OUTPUT_ERRORS = (OSError, ValueError, AttributeError)  # broken, closed and missing streams
PERIOD = 0.1  # seconds at most from one show to the next, where epochs are shorter


class Display(Protocol):
    """Something that shows epochs as they end."""

    shows_each: bool  # else only where the training is

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the losses of one epoch."""

    def close(self) -> None:
        """Close the display."""


def make_progress(verbose: int, epochs: int) -> Progress:
    """Return the display for `verbose`: 0 none, 1 a bar or lines, 2 lines."""
    if verbose == 0:
        return Progress(Silence())
    if verbose == 1:
        with contextlib.suppress(ImportError, *OUTPUT_ERRORS):  # tqdm or its stream are missing
            return Progress(Bar(epochs))
    return Progress(Lines(epochs))


class Progress:
    """A display whose failure does not end the training; it shows nothing more then."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._n_at_once = 1
        self._asked = time.perf_counter()

    def n_at_once(self) -> int:
        """Return how many epochs may be made before the next are shown, by the time of the last."""
        if isinstance(self._display, Silence):
            return sys.maxsize
        now = time.perf_counter()
        seconds, self._asked = now - self._asked, now
        if seconds < PERIOD / 2:
            self._n_at_once *= 2
        elif seconds > PERIOD:
            self._n_at_once = 1 + self._n_at_once // 4
        return self._n_at_once

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the losses, if possible."""
        try:
            self._display.show(epoch, logs)
        except OUTPUT_ERRORS:
            self._display = Silence()

    def show_past(self, epoch: int, losses: Sequence[float]) -> None:
        """Show the losses of epochs from this one on, after which others have ended already."""
        if self._display.shows_each:
            for past, loss in enumerate(losses, epoch):
                self.show(past, {"loss": loss})

    def close(self) -> None:
        """Close the display, if possible."""
        with contextlib.suppress(*OUTPUT_ERRORS):
            self._display.close()


class Silence:
    """No progress shown."""

    shows_each = False

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """One line per epoch on standard output."""

    shows_each = True

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Print the epoch and its losses."""
        width = len(str(self._epochs))
        print(f"epoch {epoch:{width}d}/{self._epochs}  {_written(logs)}", flush=True)

    def close(self) -> None:
        """Do nothing; the lines remain."""


class Bar:
    """A tqdm bar, in a terminal or a notebook."""

    shows_each = False

    def __init__(self, epochs: int) -> None:
        from tqdm import auto

        self._bar = auto.tqdm(total=epochs, unit="epoch")

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Move the bar to this epoch."""
        self._bar.set_postfix_str(_written(logs), refresh=False)
        self._bar.update(epoch - self._bar.n)

    def close(self) -> None:
        """Close the bar at its last epoch."""
        self._bar.close()


def _written(logs: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.6g}" for name, value in logs.items())

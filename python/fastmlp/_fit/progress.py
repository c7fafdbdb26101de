"""Progress of `fit`: a tqdm bar where tqdm is installed, else one line per epoch."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """Display of the epochs as they end."""

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the losses of one epoch."""

    def close(self) -> None:
        """Close the display."""


OUTPUT_ERRORS = (OSError, ValueError, AttributeError)  # broken, closed and missing streams


def make_progress(verbose: int, epochs: int) -> Progress:
    """Return the display for `verbose`: 0 none, 1 a bar or lines, 2 lines."""
    if verbose == 0:
        return Silence()
    if verbose == 1:
        with contextlib.suppress(ImportError, *OUTPUT_ERRORS):  # tqdm or its stream are missing
            return Guarded(Bar(epochs))
    return Guarded(Lines(epochs))


class Guarded:
    """A display whose failure does not end the training; it shows nothing more then."""

    def __init__(self, display: Progress) -> None:
        self._display = display

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show the losses, if possible."""
        try:
            self._display.show(epoch, logs)
        except OUTPUT_ERRORS:
            self._display = Silence()

    def close(self) -> None:
        """Close the display, if possible."""
        with contextlib.suppress(*OUTPUT_ERRORS):
            self._display.close()


class Silence:
    """No progress shown."""

    def show(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """One line per epoch on standard output."""

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

"""One training at a time: a network in use refuses a second `fit`, `epoch`, `step` or `apply`."""

from __future__ import annotations

import threading


class TrainingLock:
    """Held by a call that trains; another call meanwhile raises RuntimeError instead of waiting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        """Take the network, or refuse."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("fit: this network is being trained by another call")

    def __exit__(self, *_: object) -> None:
        """Give the network back."""
        self._lock.release()

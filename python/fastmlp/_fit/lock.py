"""Which call is named where a network is already being trained."""

from __future__ import annotations

from types import TracebackType

IN_USE = "this network is being trained by another call"


class LockErrors:
    """A context around that of a network's lock, whose error then begins with the caller's name.

    It holds nothing, so an interrupt between the two contexts does no harm.
    """

    __slots__ = ("_caller",)

    def __init__(self, caller: str) -> None:
        self._caller = caller

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rename an error that the lock itself has raised; those of calls inside have their own."""
        is_here = trace is not None and trace.tb_next is None
        if kind is RuntimeError and is_here and str(error).endswith(IN_USE):
            raise RuntimeError(f"{self._caller}: {IN_USE}") from None

"""Writing a file as a whole: others see the old one or the new one, also after a crash.

Long files are read and written in pieces.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

from fastmlp._data.validation import value_error

PIECE = 2**24  # bytes, some milliseconds of work


def pieces(data: bytes | memoryview) -> Iterator[memoryview]:
    """Return the pieces of `data`, between which Python handles Ctrl-C."""
    view = memoryview(data)
    return (view[begin : begin + PIECE] for begin in range(0, len(view), PIECE))


def check_folder(path: str | os.PathLike[str], name: str) -> None:
    """Raise, by the name of the argument, where a file has no folder to be in."""
    folder = os.path.dirname(os.path.realpath(os.fsdecode(path)))
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, f"{name}: there is no such folder", folder)


def write(path: str | os.PathLike[str], parts: Iterable[bytes | memoryview]) -> None:
    """Write to a new file in the same folder, which takes the place of the old one on the disk.

    Symbolic links are followed; an old file's mode is kept.
    """
    target = os.path.realpath(os.fsdecode(path))
    folder, name = os.path.split(target)
    check_folder(target, "path")
    mode = None
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(target).st_mode
        if not stat.S_ISREG(mode):
            raise value_error("path", os.fspath(path), "a file, or the name of a new one")
    begin = os.fsencode(name)[:200].decode(errors="ignore")  # systems count bytes, up to 255
    new = os.path.join(folder, f".{begin}.{os.urandom(8).hex()}.tmp")
    try:
        with open(new, "xb") as file:
            if mode is not None:
                os.chmod(file.fileno(), stat.S_IMODE(mode))
            for part in parts:
                for piece in pieces(part):
                    file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Bring the new name to the disk, which needs a folder that may be read."""
    try:
        descriptor: Any = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

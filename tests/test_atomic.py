"""A file is written as a whole: after any failure there is the old one or the new one."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp._io import atomic

OLD, NEW = b"old" * 5000, b"new" * 7000
ATOMIC = "atomic.write(path, [new[:9], new[9:]])"
NAIVE = "open(path, 'wb').write(new)"  # the control, which loses the file
WRITER = """
import os, sys
from fastmlp._io import atomic
os.urandom = bytes
path, new = sys.argv[1], b"new" * 7000
{write}
"""
FAULTS = ["signal=KILL", "error=EIO", "error=ENOSPC"]
TEMPORARY = f".file.{bytes(8).hex()}.tmp"  # as the writer has no random names
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")


def contents(path: Path) -> bytes:
    return path.read_bytes()


def test_a_file_is_replaced_by_the_parts(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for parts in ([NEW], [b"", OLD, memoryview(NEW)], []):
        atomic.write(path, parts)
        assert contents(path) == b"".join(parts)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_the_mode_of_an_old_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(mode)
    atomic.write(path, [NEW])
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert contents(path) == NEW


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_mode_that_open_gives(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        atomic.write(tmp_path / "file", [NEW])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("exists", [True, False])
def test_links_are_followed(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder/target", tmp_path / "link"
    if exists:
        target.write_bytes(OLD)
    link.symlink_to("folder/target")
    atomic.write(link, [NEW])
    assert link.is_symlink()
    assert contents(target) == NEW
    assert os.listdir(target.parent) == ["target"]


@pytest.mark.parametrize("sign", ["x", "é", "模", "🙂", "\udcff"])
def test_names_may_be_as_long_as_the_system_allows(tmp_path: Path, sign: str) -> None:
    """255 bytes, whatever the characters."""
    name = sign * (255 // len(os.fsencode(sign)))
    for content in (OLD, NEW):
        atomic.write(tmp_path / name, [content])
        assert contents(tmp_path / name) == content
    assert os.listdir(tmp_path) == [name]


def test_a_folder_may_be_one_that_cannot_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the file is complete, and there is no error."""
    opened, folder = os.open, tmp_path / "drop"
    folder.mkdir()
    folder.chmod(0o333)

    def refuses(path: Any, *given: Any) -> int:  # as the system does, but for its administrator
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *given)

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "open", refuses)
        atomic.write(folder / "file", [NEW])
    folder.chmod(0o700)
    assert os.listdir(folder) == ["file"]
    assert contents(folder / "file") == NEW


def test_folders_and_devices_are_refused(tmp_path: Path) -> None:
    net = fm.Network([1, 1])
    for path in (tmp_path, "/dev/null"):
        with pytest.raises(ValueError, match="expected a file, or the name of a new one"):
            net.save(path)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_what_is_missing_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fm.Network([1, 1]).save(tmp_path / "no folder/file")
    with pytest.raises(FileNotFoundError):
        fm.load(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["stat", "chmod", "fsync", "replace"])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_failures_leave_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[BaseException]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)

    def fails(*_: Any, **__: Any) -> None:
        raise kind

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, name, fails)
        with pytest.raises(kind):
            atomic.write(path, [NEW])
    assert contents(path) == OLD
    assert os.listdir(tmp_path) == ["file"]


def test_the_new_file_and_then_its_folder_are_brought_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        call = getattr(os, name)

        def noting(*given: Any) -> Any:
            kind = ""
            if name == "fsync":
                kind = "folder" if stat.S_ISDIR(os.fstat(given[0]).st_mode) else "file"
            found.append(f"{name} {kind}".strip())
            return call(*given)

        return noting

    for name in ("fsync", "replace"):
        monkeypatch.setattr(atomic.os, name, noted(name))
    atomic.write(tmp_path / "file", [NEW])
    assert found == ["fsync file", "replace", "fsync folder"]


def traced(path: Path, write: str, *options: str) -> tuple[int, list[str]]:
    """Run a writer under strace; status, and its system calls on the file and in its folder."""
    folder, log = path.parent, path.parent.parent / "trace"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path.write_bytes(OLD)
    paths = [f"-P{name}" for name in (folder, path, folder / TEMPORARY)]
    command = ["strace", "-qq", "-f", "-o", str(log), *paths, *options, sys.executable, "-c"]
    done = subprocess.run(
        [*command, WRITER.format(write=write), str(path)], capture_output=True, timeout=120
    )
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    return done.returncode, [call for call in calls if "(" in call and call[0] != "+"]


def outcomes(path: Path, write: str, fault: str) -> dict[str, str]:
    """What there is where the n-th call of a kind fails: "old", "new" or "broken", by call."""
    status, calls = traced(path, write)
    assert status == 0
    names = [call.split("(")[0] for call in calls]
    found = {}
    for i, name in enumerate(names):
        number = names[: i + 1].count(name)
        status, _ = traced(path, write, f"-einject={name}:{fault}:when={number}")
        found[f"{name} {number}"] = {OLD: "old", NEW: "new"}.get(contents(path), "broken")
        assert status != 0 or contents(path) == NEW, "a save that failed without an error"
    return found


@needs_strace
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_system_call_leaves_an_old_or_a_new_file(tmp_path: Path, fault: str) -> None:
    """From the first look at the path to the last close; the folder is opened after the rename."""
    found = outcomes(tmp_path / "folder/file", ATOMIC, fault)
    calls = {"openat 1", "openat 2", "write 1", "fsync 1", "fsync 2", "close 2"}
    assert calls <= set(found)
    assert set(found.values()) == {"old", "new"}
    assert found["fsync 1"] == found["write 1"] == "old"
    assert found["fsync 2"] == found["close 2"] == "new"


@needs_strace
@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_faults_break_the_file_of_a_naive_writer(tmp_path: Path, fault: str) -> None:
    """So that the test above could fail."""
    assert "broken" in outcomes(tmp_path / "folder/file", NAIVE, fault).values()


def after_a_full_disk(path: Path, write: str, size: int) -> tuple[int, bytes]:
    """Run a writer where files end at `size` bytes; status, and the file."""
    path.write_bytes(OLD)
    full = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    )
    program = WRITER.format(write=full + write)
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True)
    return done.returncode, contents(path)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are of POSIX")
@pytest.mark.parametrize("size", [0, 1, 9, 4096, len(NEW) - 1])
def test_a_file_that_cannot_grow_leaves_the_old_one(tmp_path: Path, size: int) -> None:
    """The system writes a part and then refuses; a naive writer has lost the file."""
    status, found = after_a_full_disk(tmp_path / "file", ATOMIC, size)
    assert (status, found) == (1, OLD)
    assert os.listdir(tmp_path) == ["file"]
    assert after_a_full_disk(tmp_path / "file", ATOMIC, len(NEW)) == (0, NEW)
    assert after_a_full_disk(tmp_path / "file", NAIVE, size)[1] not in (OLD, NEW)


def test_a_process_killed_while_it_saves_again_and_again_leaves_a_whole_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model"
    program = (
        "import sys, fastmlp as fm\nnet = fm.Network([200, 200, 1], seed=0)\n"
        "net.save(sys.argv[1]); print('saved', flush=True)\nwhile True: net.save(sys.argv[1])"
    )
    for pause in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                process.wait(0.01 * pause)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        assert fm.load(path).n_parameters == 200 * 201 + 201

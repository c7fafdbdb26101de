"""The command line: `fastmlp demo`, also as `python -m fastmlp`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fastmlp as fm


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fastmlp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=cwd)


def test_demo_trains_compares_and_draws(tmp_path: Path) -> None:
    """Accuracy compared with scikit-learn's, and a picture, after one epoch each."""
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    done = run("demo", "--epochs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    assert "scikit-learn" in done.stdout or "MLPClassifier" in done.stdout
    pictures = list(tmp_path.glob("*.png"))
    assert len(pictures) == 1
    assert pictures[0].read_bytes().startswith(b"\x89PNG")


def test_help_names_the_commands(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "demo" in done.stdout


def test_version(tmp_path: Path) -> None:
    done = run("--version", cwd=tmp_path)
    assert done.returncode == 0
    assert fm.__version__ in done.stdout


@pytest.mark.parametrize("arguments", [["dmeo"], ["demo", "--epochs", "-1"], ["demo", "--epoch=x"]])
def test_misuse_is_a_sentence_and_an_exit_code(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert done.stderr
    assert "Traceback" not in done.stderr

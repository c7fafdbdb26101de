"""The build in use: picked for this processor, overridden by FASTMLP_ISA, shown on request."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._core import loader


def imported_as(isa: str) -> subprocess.CompletedProcess[str]:
    code = "from fastmlp import _core; print(_core.isa)"
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "FASTMLP_ISA": isa},
    )


def test_the_build_in_use_can_be_requested_by_name() -> None:
    run = imported_as(_core.isa)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == _core.isa


@pytest.mark.parametrize(
    ("present", "processor", "requested", "chosen"),
    [
        ("v2 v3 v4", 4, None, "v4"),
        ("v2 v3 v4", 3, None, "v3"),
        ("v2 v4", 3, None, "v2"),
        ("v2 v3 v4", 4, "v2", "v2"),
        ("plain", 0, None, "plain"),
        ("v3 plain", 2, None, "plain"),
    ],
)
def test_the_best_build_that_runs_here_is_chosen(
    present: str, processor: int, requested: str | None, chosen: str
) -> None:
    assert loader.choose(present.split(), processor, requested) == chosen


@pytest.mark.parametrize(
    ("present", "processor", "requested"),
    [("v3 v4", 2, None), ("v2 v3 v4", 3, "v4"), ("v2", 4, "v3"), ("v2 v3", 0, None)],
)
def test_a_build_that_cannot_run_here_is_never_chosen(
    present: str, processor: int, requested: str | None
) -> None:
    with pytest.raises(ImportError, match=r"^fastmlp: "):
        loader.choose(present.split(), processor, requested)


@pytest.mark.parametrize("isa", ["v9", "V3 ", "none"])
def test_a_build_that_is_not_there_is_refused_by_name(isa: str) -> None:
    run = imported_as(isa)
    assert run.returncode != 0
    assert f"ImportError: fastmlp: FASTMLP_ISA={isa!r}" in run.stderr
    assert _core.isa in run.stderr.splitlines()[-1]


def test_show_config_names_versions_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    shown = str(fm.show_config() or capsys.readouterr().out).lower()
    for word in (fm.__version__, _core.isa, "eigen", "openmp", "compiler"):
        assert word in shown

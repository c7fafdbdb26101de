"""Random programs of all public calls end in order; sanitizers run more of them in `.ci/run`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fastmlp as fm

CODE = """
import json, sys
from random_programs import run
print(json.dumps(sorted(run(int(sys.argv[1]), int(sys.argv[2])))))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("first", "last"), [(0, 12), pytest.param(12, 100, marks=pytest.mark.slow)]
)
def test_random_programs_end_and_use_every_public_name(first: int, last: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(first), str(last)],
        capture_output=True,
        text=True,
        timeout=1200,
        cwd=Path(__file__).parent,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-200:] + done.stderr
    *programs, used = done.stdout.splitlines()
    assert len(programs) == last - first
    assert set(json.loads(used)) == set(fm.__all__)

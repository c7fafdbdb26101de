"""State of the machine at a sample: its peak rate, and the distance between its two cores."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "native" / "machine.cpp"
HEADER = SOURCE.with_name("fma.hpp")
HELPER = SOURCE.parent / ".build" / "machine"


def build_helper() -> str | None:
    """Compile the native helper where it is missing or old; the reason where that fails."""
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if compiler is None:
        return "no C++ compiler: round trip and FMA rate are not recorded"
    newest = max(path.stat().st_mtime for path in (SOURCE, HEADER))
    if HELPER.exists() and HELPER.stat().st_mtime > newest:
        return None
    HELPER.parent.mkdir(exist_ok=True)
    command = [*compiler.split(), "-std=c++17", "-O3", "-march=native", "-pthread", str(SOURCE)]
    result = subprocess.run([*command, "-o", str(HELPER)], capture_output=True, text=True)
    if result.returncode:
        return f"bench/native/machine.cpp does not compile: {result.stderr.strip()}"
    return None


def probe() -> dict[str, Any]:
    """Round trip of a cache line (ns) and GFLOP/s of multiply-adds, per dtype and threads."""
    if not HELPER.exists():
        return {}
    output = subprocess.run([HELPER], capture_output=True, text=True, check=True).stdout
    state: dict[str, Any] = json.loads(output)
    return state


def describe() -> dict[str, Any]:
    """Description of the machine, to interpret the numbers."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def worker_environment(threads: int) -> dict[str, str]:
    """Threads for every BLAS and OpenMP; no OPENBLAS_* that would choose another kernel."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return environment | {name: str(threads) for name in names}

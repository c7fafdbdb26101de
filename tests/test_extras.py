"""Optional packages: never imported by the package itself, and named where they are missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastmlp as fm

OPTIONAL = [
    "matplotlib",
    "tqdm",
    "sklearn",
    "scipy",
    "pandas",
    "polars",
    "torch",
    "onnx",
    "pyarrow",
]


def history() -> fm.History:
    net = fm.Network([1, 1], output="identity", seed=0)
    return net.fit(np.ones((4, 1)), np.ones(4), epochs=2)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120
    )


def test_import_and_fit_need_numpy_only() -> None:
    code = (
        "import sys, fastmlp as fm\n"
        "fm.Network([1, 1], output='identity').fit([[1.0]], [1.0], epochs=1)\n"
        f"loaded = [name for name in {OPTIONAL} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    run = python(code)
    assert run.returncode == 0, run.stderr


def test_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    text = r'fastmlp\.plot needs matplotlib; install it with: pip install "fastmlp\[plot\]"'
    with pytest.raises(ImportError, match=text):
        history().plot()


def test_the_verdict_of_separability_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scipy", "scipy.optimize"):
        monkeypatch.setitem(sys.modules, name, None)
    text = r'linearly_separable needs scipy; install it with: pip install "fastmlp\[scipy\]"'
    with pytest.raises(ImportError, match=text):
        fm.linearly_separable([[0.0], [1.0]], [0, 1])


def test_parquet_without_pyarrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "a.parquet").touch()
    text = r'^RowFiles needs pyarrow; install it with: pip install "fastmlp\[parquet\]"'
    with pytest.raises(ImportError, match=text):
        fm.RowFiles(tmp_path)


def test_plot_draws_every_curve() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    record = history()
    ax = record.plot()
    assert len(ax.lines) == len(record.to_dict())
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), record["loss"])
    matplotlib.pyplot.close(ax.figure)


def test_verbose_without_tqdm_prints_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line per epoch."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    net = fm.Network([1, 1], output="identity", seed=0)
    record = net.fit(np.ones((4, 1)), np.ones(4), epochs=3, verbose=1)
    lines = [line for line in capsys.readouterr().out.splitlines() if "loss" in line]
    assert len(lines) == 3
    assert f"{record['loss'][-1]:.3g}"[:4] in lines[-1]


def test_demo_without_scikit_learn() -> None:
    """A sentence on stderr, no traceback."""
    run = python(
        "import sys, runpy; sys.modules['sklearn'] = None\n"
        "sys.argv = ['fastmlp', 'demo']; runpy.run_module('fastmlp', run_name='__main__')"
    )
    assert run.returncode != 0
    assert 'install it with: pip install "fastmlp[demo]"' in run.stderr
    assert "Traceback" not in run.stderr

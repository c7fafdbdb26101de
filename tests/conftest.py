"""Profiles and fixtures.

Generated cases are a fixed sample; `--hypothesis-profile=thorough` draws many fresh ones.
"""

from __future__ import annotations

import runpy
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from fastmlp import _core

settings.register_profile(
    "fixed",
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough", settings.get_profile("fixed"), max_examples=1000, derandomize=False
)


settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "run one in N tests, chosen by their names: for builds that are tested beside another"
    parser.addoption("--sample", type=int, default=1, metavar="N", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    n = config.getoption("--sample")
    chosen, others = [], []
    for item in items:
        (others if zlib.crc32(item.nodeid.encode()) % n else chosen).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = chosen


@pytest.fixture(autouse=True)
def _no_limit_of_threads() -> None:
    """As in a new process: `fm.set_num_threads`, which other tests call, also holds in workers."""
    _core.set_num_threads(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2024)


@pytest.fixture
def run_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., str]:
    """Run a script of examples/ in an empty folder; return what it prints.

    It must show what it has drawn, in figures that are open then, and leave no files.
    """
    folder = Path(__file__).parents[1] / "examples"
    if not folder.exists():
        pytest.skip("the scripts are not here")
    pytest.importorskip("sklearn", minversion="1.6")
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    def run(name: str, *arguments: object) -> str:
        shown: list[int] = []
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        monkeypatch.setattr(plt, "show", lambda: shown.append(len(plt.get_fignums())))
        with plt.rc_context():
            plt.close("all")
            runpy.run_path(str(folder / f"{name}.py"), run_name="__main__")
            figures = [plt.figure(number) for number in plt.get_fignums()]
            for figure in figures:
                figure.canvas.draw()
            assert shown == [len(figures)]
            assert all(any(ax.has_data() for ax in figure.axes) for figure in figures)
            plt.close("all")
        assert figures
        assert list(tmp_path.iterdir()) == []
        return str(capsys.readouterr().out)

    return run

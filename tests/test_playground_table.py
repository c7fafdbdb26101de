"""The user's own data in the playground: tables in CSV."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fastmlp import playground
from fastmlp.playground._session import Session
from fastmlp.playground._table import MAX_POINTS, read_points

CLOUDS = "a,b,kind\n0,10,no\n1,12,no\n4,30,yes\n3,28,yes\n"


def points_of(text: str) -> NDArray[np.float64]:
    return np.array(read_points(text).points)


def test_two_columns_are_coordinates_and_two_labels_classes() -> None:
    problem, _, points, _ = read_points(CLOUDS)
    assert problem == "classification"
    expected = [(-5, -5, -1), (-2.5, -4, -1), (5, 5, 1), (2.5, 4, 1)]
    np.testing.assert_allclose(points, expected, atol=1e-14)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("heading", ["", "u,v,w\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n"])
def test_delimiters_headings_and_empty_lines(delimiter: str, heading: str, start: str) -> None:
    text = start + (heading + "1,2,0\n\n3,4,0\n 5 ,6,1\n7,8,1").replace(",", delimiter)
    np.testing.assert_array_equal(points_of(text)[:, 2], [-1, -1, 1, 1])
    np.testing.assert_allclose(points_of(text)[:, 0], [-5, -5 / 3, 5 / 3, 5])


def test_numbers_are_ordered_as_numbers() -> None:
    assert points_of("0,0,10\n1,0,9\n2,1,10\n3,1,9").tolist()[0][2] == 1


def test_more_labels_are_a_regression() -> None:
    problem, _, points, _ = read_points("0,0,1\n1,0,2\n2,1,3\n3,1,5")
    assert problem == "regression"
    np.testing.assert_allclose(np.array(points)[:, 2], [-1, -0.5, 0, 1])


def test_more_columns_are_projected_on_principal_components() -> None:
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(50, 2)) * [3, 1]
    table = plane @ rng.normal(size=(2, 5))
    rows = [
        ",".join(map(str, [*row, int(x > 0)])) for row, (x, _) in zip(table, plane, strict=True)
    ]
    points = points_of("\n".join(rows))
    standard = (table - table.mean(0)) / table.std(0)
    _, axes = np.linalg.eigh(standard.T @ standard)
    for column, axis in enumerate((axes[:, -1], axes[:, -2])):
        correlation = np.corrcoef(points[:, column], standard @ axis)[0, 1]
        assert abs(correlation) == pytest.approx(1)
    np.testing.assert_allclose(np.abs(points[:, :2]).max(0), 5)


def test_a_constant_column_is_0() -> None:
    np.testing.assert_array_equal(points_of("7,1,0\n7,2,0\n7,3,1\n7,4,1")[:, 0], 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the table has 0 points, expected 4 to 20000 lines"),
        ("1,2,0\n" * (MAX_POINTS + 1), "the table has 20001 points"),
        ("1,0\n" * 4, "line 1 has 2 columns, expected two numbers and a label"),
        ("1,2,0\n1,2,0\n1,2\n1,2,1", "line 3 has 2 columns, expected 3, as before"),
        ("1,2,0\n1,x,0\n1,2,1\n1,2,1", "line 2: 'x', expected a finite number"),
        ("1,2,0\n1,nan,0\n1,2,1\n1,2,1", "line 2: 'nan', expected a finite number"),
        ("1,2,0\n" * 4, "all labels are '0', expected two or more"),
        ("1,2,0\n1,2,1\n1,2,2\n1,2,a\n" + "1,2,b\n1,2,c\n1,2,d", "line 4: 'a', expected a finite"),
        ('1,2,0\n1,2,"' + "x" * 200_000, "line 2: field larger than field limit"),
    ],
)
def test_tables_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_points(text)


def test_a_session_opens_a_table_and_keeps_it() -> None:
    session = Session("seed=1")
    assert session.control({"action": "describe"})["own"] is None
    told = session.control({"action": "open", "table": CLOUDS})
    assert "dataset=own" in told["hash"]
    assert (told["own"]["classes"], told["n_train"], len(told["points"])) == (2, 2, 4)
    other = session.control({"action": "set", "values": {"dataset": "xor"}})
    assert len(other["points"]) == 500
    again = session.control({"action": "set", "values": {"dataset": "own", "seed": "1"}})
    assert again["points"] == told["points"]
    with pytest.raises(TypeError, match="table=None"):
        session.control({"action": "open", "table": None})
    assert len(session.control({"action": "same_start"})["points"]) == 4


def test_labels_that_are_not_all_numbers_are_classes() -> None:
    own = read_points("0,0,b\n1,1,a\n2,2,c\n3,3,a")
    assert (own.problem, own.classes) == ("classification", 3)
    assert [label for _, _, label in own.points] == [1, 0, 2, 0]
    session = Session("seed=1", "0,0,b\n1,1,a\n2,2,c\n3,3,a")
    told = session.control({"action": "describe"})
    assert "classes=3" in told["hash"].split("&")
    assert told["sizes"][-1] == 3
    session.control({"action": "set", "values": {"dataset": "xor", "classes": "2"}})
    with pytest.raises(ValueError, match="classes=2, expected 3, as of one's own points"):
        session.control({"action": "set", "values": {"dataset": "own"}})
    session.control({"action": "set", "values": {"dataset": "own", "classes": "3"}})
    values = {"problem": "regression", "regDataset": "own"}
    with pytest.raises(ValueError, match="problem='regression', expected 'classification', as of"):
        session.control({"action": "set", "values": values})


def test_columns_of_a_table_are_chosen() -> None:
    text = "a,b,c,kind\n0,10,1,no\n1,12,5,no\n4,30,2,yes\n3,28,9,yes\n"
    own = read_points(text, (2, 0))
    assert own.columns == ("a", "b", "c")
    assert read_points("1,2,3,0\n" * 3 + "1,2,4,1").columns == ("column 1", "column 2", "column 3")
    session = Session("seed=1", text)
    projected = session.control({"action": "describe"})["points"]
    told = session.control({"action": "open", "columns": [2, 0]})
    expected = {(-5, -5, -1), (0, -2.5, -1), (-3.75, 5, 1), (5, 2.5, 1)}
    assert {tuple(point) for point in told["points"]} == expected == set(own.points)
    assert told["own"] == {"problem": "classification", "classes": 2, "columns": ("a", "b", "c")}
    assert session.control({"action": "open", "columns": None})["points"] == projected
    for columns, error in ([0, 3], ValueError), ([0], TypeError), ([0, "1"], TypeError):
        with pytest.raises(error, match="column"):
            session.control({"action": "open", "columns": columns})


@pytest.mark.parametrize(
    ("text", "labels"),
    [("seed=1", [-1, 1]), ("classes=3", [0, 1, 2]), ("problem=regression", [-0.5, 0, 1])],
)
def test_points_are_drawn(text: str, labels: list[float]) -> None:
    session = Session(text)
    points = [[6, -6, labels[0]], *([index / 2, 0.25, label] for index, label in enumerate(labels))]
    told = session.control({"action": "draw", "points": points})
    assert sorted(told["points"]) == sorted(points)
    assert "=own&" in told["hash"]
    assert told["own"]["columns"] == ()
    bad = [[6.1, 0, labels[0]], [0, 0, 1.5], [0, 0], [0, 0, "1"], [0, 0, True], 3, [0, 0, None]]
    for point in bad:
        with pytest.raises(ValueError, match=r"points=.*, expected"):
            session.control({"action": "draw", "points": [*points, point]})
    for few in (points[:1], None, "x", points * 10_000):
        with pytest.raises(ValueError, match="expected 2 to 20000 points"):
            session.control({"action": "draw", "points": few})
    assert session.control({"action": "describe"}) == told


@pytest.mark.parametrize("share", ["1", "99"])
def test_both_parts_have_a_point(share: str) -> None:
    session = Session(f"seed=1&percTrainData={share}", CLOUDS)
    assert 1 <= session.control({"action": "describe"})["n_train"] <= 3


def test_an_address_alone_has_no_table() -> None:
    with pytest.raises(ValueError, match=r"playground.run: dataset='own', expected points of"):
        playground.run("dataset=own")


def test_the_command_reads_a_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("1,2,0\n")
    for name, message in (bad, "the table has 1 points"), (tmp_path / "none.csv", "No such file"):
        command = [sys.executable, "-m", "fastmlp", "playground", "--no-browser", "--data", name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr

"""The scripts for real data, on real tables written as their sources hand them out."""

from __future__ import annotations

import re
import runpy
import sys
import time
import urllib.request
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
pytest.importorskip("pandas")
import pandas

from real_tables import (
    Answers,
    houses,
    openml_pages,
    real,
    write_kaggle,
    write_uci_cancer,
    write_uci_letters,
)

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "examples" / "real_data"
pytestmark = pytest.mark.skipif(not SCRIPTS.exists(), reason="the scripts are not here")


class Script:
    """A script, run in an empty folder as a user runs it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: Any, folder: Path) -> None:
        self._patch, self._capsys, self.folder = monkeypatch, capsys, folder

    def __call__(self, name: str, *arguments: object) -> str:
        """What it prints."""
        self._patch.chdir(self.folder)
        self._patch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        return str(self._capsys.readouterr().out)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path) -> Script:
    return Script(monkeypatch, capsys, tmp_path)


def table_in(printed: str) -> dict[str, list[float]]:
    """Rows of a name and numbers, as the scripts end."""
    rows = re.findall(r"^(\w+)((?: +-?\d+\.\d+)+)$", printed, re.M)
    return {name: [float(number) for number in numbers.split()] for name, numbers in rows}


def test_bundled_sets(script: Script) -> None:
    """The network is scikit-learn's to the digit, and beats the dummy everywhere."""
    rows = table_in(script("bundled_sets"))
    assert list(rows) == ["digits", "wine", "breast_cancer", "diabetes"]
    for dummy, linear, theirs, ours in rows.values():
        assert ours == theirs > dummy + 0.3
        assert ours > linear - 0.02


@pytest.fixture
def openml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Answers in the place of openml.org, and an empty data folder of scikit-learn."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "data_home"))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)

    def serve(pages: dict[str, bytes]) -> Answers:
        answers = Answers(pages)
        monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener(answers))
        return answers

    return serve


def test_openml_table_with_missing_values(script: Script, openml: Any) -> None:
    """A table of 4,454 loans, of which some numbers and some categories are missing."""
    loans = real("modeldata", "credit_data")
    answers = openml(openml_pages(loans, "credit_data", "Status"))
    printed = script("openml_credit", "credit_data", 1)
    assert f"4454 rows, {loans.isna().sum().sum()} missing values" in printed
    rows, asked = table_in(printed), answers.asked
    assert rows["network"][1] > rows["majority"][1] + 0.05
    assert rows["network"][0] > rows["linear"][0] - 0.02
    openml({})  # the second call has the files of the first
    assert script("openml_credit", "credit_data", 1) == printed
    assert asked > 0


def test_openml_table_as_openml_wrote_it(script: Script, openml: Any) -> None:
    """The file of the Titanic that scikit-learn's own tests carry, with columns of free text."""
    package = "sklearn.datasets.tests.data.openml.id_40945"
    pytest.importorskip(package)
    import gzip

    names = {"data/features/": "jdf-", "data/qualities/": "jdq-", "json/data/40945": "jd-"}
    files = {file.name: file for file in resources.files(package).iterdir()}

    def content(part: str) -> bytes:
        (file,) = (file for name, file in files.items() if part in name)
        return gzip.decompress(file.read_bytes())

    found = b'{"data": {"dataset": [{"did": 40945, "version": 1, "status": "active"}]}}'
    pages = {path: content(f"api-v1-{name}40945") for path, name in names.items()}
    pages |= {"data/v1/download/": content("data-v1-dl"), "data_name/titanic/": found}
    openml(pages)
    rows = table_in(script("openml_credit", "titanic"))
    assert rows["network"][1] > rows["majority"][1] + 0.1


@pytest.mark.filterwarnings("ignore:A network error occurred:UserWarning")
def test_openml_out_of_reach(script: Script, openml: Any) -> None:
    openml({})
    with pytest.raises(SystemExit, match=r"openml\.org cannot be reached .* credit-g 1 was not"):
        script("openml_credit")


def test_uci_file_without_header(script: Script, tmp_path: Path) -> None:
    """All rows and gaps of the file are found, and most malignant samples."""
    write_uci_cancer(tmp_path / "breast-cancer-wisconsin.data")
    printed = script("uci_cancer")
    assert "699 samples of 645 patients, 16 missing values" in printed
    rows = table_in(printed)
    assert rows["majority"][2] == 0
    assert min(rows["network"]) > 0.93
    assert script("uci_cancer", tmp_path / "breast-cancer-wisconsin.data") == printed


def test_uci_file_with_its_own_split(script: Script, tmp_path: Path) -> None:
    """The last fifth of the rows, in the order of the file, is the test."""
    file = tmp_path / "letter-recognition.data"
    write_uci_letters(file)
    letters = [line[0] for line in file.read_text(encoding="ascii").splitlines()]
    most_frequent = max(sorted(set(letters)), key=letters[:1437].count)
    printed = script("uci_letters")
    assert "1437 rows for training, 360 for the test, 10 letters" in printed
    rows = table_in(printed)
    assert rows["majority"][1] == round(letters[1437:].count(most_frequent) / 360, 3)
    assert min(rows["network"]) > max(rows["majority"]) + 0.7
    assert rows["network"][1] > rows["linear"][1]


def test_kaggle_houses(script: Script, tmp_path: Path) -> None:
    """The submission has the rows of test.csv in its order, and the error that was announced."""
    answers = write_kaggle(tmp_path, houses(), "SalePrice", n_train=700)
    rows = table_in(script("kaggle_houses", tmp_path))
    assert max(rows["network"]) < 0.16 < 0.35 < min(rows["mean"])
    check_submission(tmp_path, answers, rows)


def test_kaggle_diamonds(script: Script, tmp_path: Path) -> None:
    """Another competition of the same format, without missing values and grades."""
    diamonds = real("ggplot2", "diamonds").sample(1400, random_state=0)
    answers = write_kaggle(tmp_path, diamonds, "price", n_train=700)
    rows = table_in(script("kaggle_houses", tmp_path))
    assert max(rows["network"]) < 0.2 < 0.9 < min(rows["mean"])
    check_submission(tmp_path, answers, rows)


def check_submission(folder: Path, answers: Any, rows: dict[str, list[float]]) -> None:
    submission = pandas.read_csv(folder / "submission.csv", index_col="Id")
    assert list(submission.columns) == [answers.name]
    assert list(submission.index) == list(answers.index)
    error = np.sqrt(np.mean((np.log1p(submission[answers.name]) - np.log1p(answers)) ** 2))
    assert error < 1.3 * rows["network"][1]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("uci_cancer", "archive.ics.uci.edu/dataset/15"),
        ("uci_letters", "archive.ics.uci.edu/dataset/59"),
        ("kaggle_houses", "www.kaggle.com/c/house-prices"),
    ],
)
def test_absent_files_are_named_with_their_source(script: Script, name: str, place: str) -> None:
    with pytest.raises(SystemExit, match=f"download (it|them) from https://{place}"):
        script(name)


def test_excerpts_on_the_page_are_those_of_the_scripts() -> None:
    """Blocks that cannot run without a download are lines of scripts that do."""
    page = (ROOT / "docs" / "real_data.md").read_text(encoding="utf-8")
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.py"))
    excerpts = re.findall(r"^```py\n(.*?)^```", page, re.M | re.S)
    assert len(excerpts) >= 3
    assert [excerpt for excerpt in excerpts if excerpt not in scripts] == []

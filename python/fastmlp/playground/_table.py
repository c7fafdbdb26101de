"""Points of a table in CSV: the user's own data for the playground."""

from __future__ import annotations

import csv
import io

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue
from fastmlp.playground._datasets import Point

EDGE = 5.0  # the largest coordinate
MAX_POINTS = 20_000
MIN_POINTS = 4


def read_points(text: str) -> tuple[str, list[Point]]:
    """Return the kind of problem, and the points, of a table.

    Its last column are labels, all others numbers. Two columns of numbers are the coordinates;
    more are standardised and projected on their first two principal components. Coordinates are
    centred and scaled to [-5, 5]. Two different labels, of any kind, are classes and become -1 and
    1 in their order; more must be numbers, and are scaled to [-1, 1]. Columns are parted by commas,
    semicolons or tabs; a first line that has no number is a heading.

    Raises
    ------
    ValueError
        A line is not of this kind, or there are too few or too many.
    """
    rows = _rows(text)
    inputs = np.array([[_number(cell, line) for cell in row[:-1]] for line, row in rows])
    problem, labels = _labels([(line, row[-1]) for line, row in rows])
    positions = inputs if inputs.shape[1] == 2 else _projected(inputs)
    positions = positions - (positions.min(0) + positions.max(0)) / 2
    largest = np.abs(positions).max(0)
    positions *= EDGE / np.where(largest > 0, largest, 1)
    return problem, [
        (float(x), float(y), float(label)) for (x, y), label in zip(positions, labels, strict=True)
    ]


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return (line, cells) of all lines that are not empty, without the heading."""
    first = text.lstrip("\ufeff\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise InvalidValue(f"line {reader.line_num}: {error}, expected CSV") from None
    if rows and not any(map(_is_number, rows[0][1])):
        del rows[0]
    if not MIN_POINTS <= len(rows) <= MAX_POINTS:
        expected = f"{MIN_POINTS} to {MAX_POINTS} lines of numbers and a label"
        raise InvalidValue(f"the table has {len(rows)} points, expected {expected}")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width or width < 3:
            expected = f"{width}, as before" if width >= 3 else "two numbers and a label"
            raise InvalidValue(f"line {line} has {len(row)} columns, expected {expected}")
    return rows


def _is_number(cell: str) -> bool:
    try:
        return abs(float(cell)) <= 1e100
    except ValueError:
        return False


def _number(cell: str, line: int) -> float:
    if not _is_number(cell):
        raise InvalidValue(f"line {line}: {cell!r:.60}, expected a finite number")
    return float(cell)


def _labels(cells: list[tuple[int, str]]) -> tuple[str, list[float]]:
    kinds = sorted({cell for _, cell in cells})
    if len(kinds) == 1:
        raise InvalidValue(f"all labels are {kinds[0]!r:.60}, expected two or more")
    if len(kinds) == 2:
        first = min(kinds, key=float) if all(map(_is_number, kinds)) else kinds[0]
        return "classification", [-1.0 if cell == first else 1.0 for _, cell in cells]
    values = [_number(cell, line) for line, cell in cells]
    low, high = min(values), max(values)
    return "regression", [2 * (value - low) / ((high - low) or 1) - 1 for value in values]


def _projected(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first two principal components of standardised columns, ``(n, 2)``."""
    spread = inputs.std(0)
    standard = (inputs - inputs.mean(0)) / np.where(spread > 0, spread, 1)
    _, _, axes = np.linalg.svd(standard, full_matrices=False)
    projected: NDArray[np.float64] = standard @ axes[:2].T
    return projected

"""Points of a table in CSV: the user's own data for the playground."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.validation import InvalidValue, check_int, value_error
from fastmlp.playground._choices import MAX_CLASSES
from fastmlp.playground._datasets import Own
from fastmlp.playground._state import State

EDGE, DRAWN_EDGE = 5.0, 6.0  # the largest coordinates, of tables and of what is drawn
MAX_POINTS = 20_000
MIN_POINTS = 4


def read_points(text: str, columns: tuple[int, int] | None = None) -> Own:
    """Return the points of a table.

    Its last column are labels, all others numbers. Two columns of numbers, or those of the indices
    `columns`, are the coordinates; otherwise all are standardised and projected on their first two
    principal components. Coordinates are centred and scaled to [-5, 5]. Two different labels, of
    any kind, are classes and become -1 and 1 in their order, 3 to 6 that are not all numbers become
    0, 1, ...; others must be numbers, and are scaled to [-1, 1]. Columns are parted by commas,
    semicolons or tabs; a first line that has no number is a heading.

    Raises
    ------
    ValueError
        A line is not of this kind, or there are too few or too many.
    """
    names, rows = _rows(text)
    inputs = np.array([[_number(cell, line) for cell in row[:-1]] for line, row in rows])
    labels = _labels([(line, row[-1]) for line, row in rows])
    if columns is not None:
        positions = inputs[:, [check_int(i, "column", min=0, max=len(names) - 1) for i in columns]]
    else:
        positions = inputs if inputs.shape[1] == 2 else _projected(inputs)
    positions = positions - (positions.min(0) + positions.max(0)) / 2
    largest = np.abs(positions).max(0)
    positions *= EDGE / np.where(largest > 0, largest, 1)
    points = [
        (float(x), float(y), float(label))
        for (x, y), label in zip(positions, labels.values, strict=True)
    ]
    return Own(labels.problem, labels.classes, points, names)


def drawn_points(given: object, state: State) -> Own:
    """Return points ``[x, y, label]`` that were drawn on the map, for the problem of a state.

    Raises
    ------
    ValueError, TypeError
        There are fewer than two, or one is outside of [-6, 6]² or has a label of another problem.
    """
    if not isinstance(given, list) or not 2 <= len(given) <= MAX_POINTS:
        raise value_error("points", given, f"2 to {MAX_POINTS} points [x, y, label]")
    classes = range(state.classes) if state.has_classes else (-1, 1)
    for point in given:
        if not isinstance(point, list) or len(point) != 3 or not all(map(_is_plain, point)):
            raise value_error("points", point, "three numbers [x, y, label]")
        x, y, label = point
        fits = abs(label) <= 1 if state.problem == "regression" else label in classes
        if not (abs(x) <= DRAWN_EDGE and abs(y) <= DRAWN_EDGE and fits):
            raise value_error("points", point, "a point of the map with a label of the problem")
    points = [(float(x), float(y), float(label)) for x, y, label in given]
    return Own(state.problem, state.classes, points)


def _is_plain(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _rows(text: str) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """Return the names of the columns of numbers, and (line, cells) of all lines with points."""
    first = text.lstrip("\ufeff\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise InvalidValue(f"line {reader.line_num}: {error}, expected CSV") from None
    heading = rows.pop(0)[1] if rows and not any(map(_is_number, rows[0][1])) else []
    if not MIN_POINTS <= len(rows) <= MAX_POINTS:
        expected = f"{MIN_POINTS} to {MAX_POINTS} lines of numbers and a label"
        raise InvalidValue(f"the table has {len(rows)} points, expected {expected}")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width or width < 3:
            expected = f"{width}, as before" if width >= 3 else "two numbers and a label"
            raise InvalidValue(f"line {line} has {len(row)} columns, expected {expected}")
    names = heading if len(heading) == width else [f"column {i + 1}" for i in range(width)]
    return tuple(names[:-1]), rows


def _is_number(cell: str) -> bool:
    try:
        return abs(float(cell)) <= 1e100
    except ValueError:
        return False


def _number(cell: str, line: int) -> float:
    if not _is_number(cell):
        raise InvalidValue(f"line {line}: {cell!r:.60}, expected a finite number")
    return float(cell)


class _Labels(NamedTuple):
    problem: str
    classes: int
    values: list[float]


def _labels(cells: list[tuple[int, str]]) -> _Labels:
    kinds = sorted({cell for _, cell in cells})
    are_numbers = all(map(_is_number, kinds))
    if len(kinds) == 1:
        raise InvalidValue(f"all labels are {kinds[0]!r:.60}, expected two or more")
    if len(kinds) == 2:
        first = min(kinds, key=float) if are_numbers else kinds[0]
        values = [-1.0 if cell == first else 1.0 for _, cell in cells]
        return _Labels("classification", 2, values)
    if len(kinds) <= MAX_CLASSES and not are_numbers:
        numbers = {kind: float(index) for index, kind in enumerate(kinds)}
        return _Labels("classification", len(kinds), [numbers[cell] for _, cell in cells])
    values = [_number(cell, line) for line, cell in cells]
    low, high = min(values), max(values)
    scaled = [2 * (value - low) / ((high - low) or 1) - 1 for value in values]
    return _Labels("regression", 2, scaled)


def _projected(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first two principal components of standardised columns, ``(n, 2)``."""
    spread = inputs.std(0)
    standard = (inputs - inputs.mean(0)) / np.where(spread > 0, spread, 1)
    _, _, axes = np.linalg.svd(standard, full_matrices=False)
    projected: NDArray[np.float64] = standard @ axes[:2].T
    return projected

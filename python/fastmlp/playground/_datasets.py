"""The data sets of TensorFlow Playground: points ``(x, y, label)`` in about [-6, 6]².

``noise`` is a share: 0.5 for a control that stands at 50. All draws come from one `Random`, in the
order of the original, which is part of what a seed means.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from fastmlp.playground._random import Random

Point = tuple[float, float, float]

RADIUS = 5.0
PLANE_RADIUS = 6.0
TURN = 2 * math.pi
N_POINTS = {"classification": 500, "regression": 1200}
BUMPS = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]


class Own(NamedTuple):
    """Points of the user's own.

    Attributes
    ----------
    problem, classes : str, int
        The kind of problem; labels are -1 and 1, or 0, 1, ... of more classes, or any in [-1, 1].
    points : list of (x, y, label)
    columns : tuple of str
        Names of the columns of numbers in a table.
    """

    problem: str
    classes: int
    points: list[Point]
    columns: tuple[str, ...] = ()


def circle(count: int, noise: float, random: Random) -> list[Point]:
    """Return a disk of label 1 in a ring of label -1; the label is that of the noisy point."""

    def ring(inner: float, outer: float) -> list[Point]:
        points = []
        for _ in range(count // 2):
            r, angle = random.uniform(inner, outer), random.uniform(0, 2 * math.pi)
            x, y = r * math.sin(angle), r * math.cos(angle)
            dx, dy = (random.uniform(-RADIUS, RADIUS) * noise for _ in range(2))
            points.append((x, y, 1.0 if math.hypot(x + dx, y + dy) < RADIUS * 0.5 else -1.0))
        return points

    return ring(0, RADIUS * 0.5) + ring(RADIUS * 0.7, RADIUS)


def xor(count: int, noise: float, random: Random) -> list[Point]:
    """Return four squares, 0.6 apart; the label is the sign of x y at the noisy point."""

    def coordinate() -> float:
        value = random.uniform(-RADIUS, RADIUS)
        return value + 0.3 if value > 0 else value - 0.3

    points = []
    for _ in range(count):
        x, y = coordinate(), coordinate()
        dx, dy = (random.uniform(-RADIUS, RADIUS) * noise for _ in range(2))
        points.append((x, y, 1.0 if (x + dx) * (y + dy) >= 0 else -1.0))
    return points


def gauss(count: int, noise: float, random: Random) -> list[Point]:
    """Return two normal clouds around ±(2, 2), of variance 0.5 without noise and 4 at noise 0.5."""
    variance = 0.5 * (1 - 2 * noise) + 4 * (2 * noise)
    return [
        (random.normal(center, variance), random.normal(center, variance), label)
        for center, label in ((2, 1.0), (-2, -1.0))
        for _ in range(count // 2)
    ]


def spiral(count: int, noise: float, random: Random) -> list[Point]:
    """Return two arms of 1.75 turns, half a turn apart."""
    half = count // 2
    points = []
    for start, label in ((0.0, 1.0), (math.pi, -1.0)):
        for i in range(half):
            r, t = i / half * 5, 1.75 * i / half * 2 * math.pi + start
            x = r * math.sin(t) + random.uniform(-1, 1) * noise
            y = r * math.cos(t) + random.uniform(-1, 1) * noise
            points.append((x, y, label))
    return points


def _plane(
    count: int, noise: float, random: Random, label: Callable[[float, float], float]
) -> list[Point]:
    """Return points of the square [-6, 6]², labelled where the noise has moved them."""
    points = []
    for _ in range(count):
        x, y, dx, dy = (random.uniform(-PLANE_RADIUS, PLANE_RADIUS) for _ in range(4))
        points.append((x, y, label(x + dx * noise, y + dy * noise)))
    return points


def reg_plane(count: int, noise: float, random: Random) -> list[Point]:
    """Return points of the plane (x + y) / 10."""
    return _plane(count, noise, random, lambda x, y: (x + y) / 10)


def reg_gauss(count: int, noise: float, random: Random) -> list[Point]:
    """Return six cones of radius 2 and height ±1; the largest counts."""

    def label(x: float, y: float) -> float:
        cones = (sign * max(0.0, 1 - math.hypot(x - u, y - v) / 2) for u, v, sign in BUMPS)
        return max(cones, key=abs)

    return _plane(count, noise, random, label)


def rings(count: int, noise: float, random: Random, classes: int) -> list[Point]:
    """Return a disk in rings; the label is that of the ring in which the noisy point lies."""
    width = RADIUS / classes
    points = []
    for index in range(count):
        r = width * (index % classes + random.uniform(0.1, 0.9))
        x, y, (dx, dy) = *_at(r, random.uniform(0, TURN)), _moved(noise, random)
        points.append((x, y, float(min(classes - 1, int(math.hypot(x + dx, y + dy) / width)))))
    return points


def sectors(count: int, noise: float, random: Random, classes: int) -> list[Point]:
    """Return a disk in sectors; the label is that of the sector in which the noisy point lies."""
    width = TURN / classes
    points = []
    for index in range(count):
        angle = width * (index % classes + random.uniform(0.05, 0.95))
        x, y, (dx, dy) = *_at(random.uniform(0.5, RADIUS), angle), _moved(noise, random)
        turned = math.atan2(x + dx, y + dy) % TURN
        points.append((x, y, float(min(classes - 1, int(turned / width)))))
    return points


def clouds(count: int, noise: float, random: Random, classes: int) -> list[Point]:
    """Return normal clouds on a circle, of variance 0.3 without noise and 3 at noise 0.5."""
    variance = 0.3 + 5.4 * noise
    points = []
    for index in range(count):
        x, y = _at(3.5, TURN * (index % classes) / classes)
        point = random.normal(x, variance), random.normal(y, variance)
        points.append((*point, float(index % classes)))
    return points


def arms(count: int, noise: float, random: Random, classes: int) -> list[Point]:
    """Return arms of a spiral, each of one turn."""
    points = []
    for index in range(count):
        share, arm = index / count, index % classes
        x, y = _at(RADIUS * share, TURN * (share + arm / classes))
        dx, dy = (random.uniform(-1, 1) * noise for _ in range(2))
        points.append((x + dx, y + dy, float(arm)))
    return points


def _at(radius: float, angle: float) -> tuple[float, float]:
    return radius * math.sin(angle), radius * math.cos(angle)


def _moved(noise: float, random: Random) -> tuple[float, float]:
    dx, dy = (random.uniform(-RADIUS, RADIUS) * noise for _ in range(2))
    return dx, dy


# The kin of the original's data sets for more than two classes, which are 0, 1, ...
CLASSES = {"circle": rings, "xor": sectors, "gauss": clouds, "spiral": arms}
DATASETS: dict[str, dict[str, Callable[[int, float, Random], list[Point]]]] = {
    "classification": {"circle": circle, "xor": xor, "gauss": gauss, "spiral": spiral},
    "regression": {"reg-plane": reg_plane, "reg-gauss": reg_gauss},
}


def thumbnails() -> dict[str, list[Point]]:
    """Return a few points of each data set, for its picture."""
    random = Random("thumbnails")
    makers = {name: make for some in DATASETS.values() for name, make in some.items()}
    return {
        name: [(round(x, 2), round(y, 2), round(label, 2)) for x, y, label in make(200, 0, random)]
        for name, make in makers.items()
    }


def shuffled(
    problem: str, dataset: str, noise: float, random: Random, classes: int = 2
) -> list[Point]:
    """Return all points of a data set in the order in which they are split and trained on."""
    if classes > 2:
        points = CLASSES[dataset](N_POINTS[problem], noise, random, classes)
    else:
        points = DATASETS[problem][dataset](N_POINTS[problem], noise, random)
    random.shuffle(points)
    return points

"""The random generator behind a playground URL: ARC4, seeded with the text of ``seed``.

It is David Bau's seedrandom, which TensorFlow Playground puts in place of ``Math.random``, so that
a seed of the one gives the points and weights of the other, bit for bit.
"""

from __future__ import annotations

import math

WIDTH = 256
CHUNKS = 6  # bytes of a first draw: 48 bits
SIGNIFICANT, OVERFLOW = 2**52, 2**53


def _key(seed: str) -> list[int]:
    """Mix the UTF-16 units of a text into at most 256 bytes."""
    encoded = seed.encode("utf-16-le", "surrogatepass")
    key: list[int] = []
    smear = 0
    for index in range(len(encoded) // 2):
        unit = encoded[2 * index] | encoded[2 * index + 1] << 8
        if index >= WIDTH:
            smear ^= key[index % WIDTH] * 19
            key[index % WIDTH] = (smear + unit) % WIDTH
        else:
            key.append((smear + unit) % WIDTH)
    return key or [0]


class Random:
    """A stream of float64 in [0, 1), the same for equal seeds."""

    def __init__(self, seed: str) -> None:
        key = _key(seed)
        self._i = self._j = j = 0
        self._bytes = box = list(range(WIDTH))
        for i in range(WIDTH):
            j = (j + key[i % len(key)] + box[i]) % WIDTH
            box[i], box[j] = box[j], box[i]
        self._draw(WIDTH)  # the first bytes of ARC4 tell too much of the key

    def _draw(self, count: int) -> int:
        """Return the next `count` bytes as one integer, the first byte leading."""
        box, i, j, value = self._bytes, self._i, self._j, 0
        for _ in range(count):
            i = (i + 1) % WIDTH
            j = (j + box[i]) % WIDTH
            box[i], box[j] = box[j], box[i]
            value = value * WIDTH + box[(box[i] + box[j]) % WIDTH]
        self._i, self._j = i, j
        return value

    def __call__(self) -> float:
        """Return a number of [0, 1) with 52 or more random bits."""
        numerator, denominator, last = self._draw(CHUNKS), WIDTH**CHUNKS, 0
        while numerator < SIGNIFICANT:
            numerator, denominator = (numerator + last) * WIDTH, denominator * WIDTH
            last = self._draw(1)
        while numerator >= OVERFLOW:
            numerator, denominator, last = numerator // 2, denominator // 2, last // 2
        return float((numerator + last) / denominator)

    def uniform(self, low: float, high: float) -> float:
        """Return a number of U(low, high)."""
        return self() * (high - low) + low

    def normal(self, mean: float, variance: float) -> float:
        """Return a number of N(mean, variance), by Marsaglia's polar method."""
        while True:
            u, v = 2 * self() - 1, 2 * self() - 1
            square = u * u + v * v
            if 0 < square <= 1:
                return mean + math.sqrt(variance) * math.sqrt(-2 * math.log(square) / square) * u

    def shuffle(self, items: list[tuple[float, float, float]]) -> None:
        """Shuffle a list in place, from its end."""
        for left in range(len(items), 0, -1):
            index = int(self() * left)
            items[left - 1], items[index] = items[index], items[left - 1]

"""The random numbers of a fit: those of NumPy's `RandomState`, as scikit-learn draws them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from fastmlp import _core
from fastmlp._fit.ranks import Ranks


class Draws(NamedTuple):
    """A generator, and the source of its bits where nobody else uses it."""

    random: np.random.RandomState
    bits: np.random.MT19937 | None = None

    def orders(self, last: Any, n_orders: int) -> Any:
        """Return orders ``(n_orders, n)`` of samples, each shuffled from the one before it."""
        if self.bits is not None:
            return _core.shuffled_orders(self.bits.capsule, last, n_orders)
        orders = np.empty((n_orders, len(last)), np.int64)
        for row in orders:
            row[:] = last
            self.random.shuffle(row)
            last = row
        return orders


_idle: list[Draws] = []  # of no fit: to make a generator takes fifty times as long as to seed it


@contextmanager
def draws_from(random_state: Any, ranks: Ranks) -> Iterator[Draws]:
    """Return the numbers of a `random_state`, that of rank 0, in the context of one fit."""
    if ranks.shared:
        if random_state is None:
            random_state = int(np.random.SeedSequence().generate_state(1)[0])
        random_state = ranks.from_first(random_state)
    if not isinstance(random_state, Integral):
        yield Draws(check_random_state(random_state))
        return
    try:
        draws = _idle.pop()
    except IndexError:
        bits = np.random.MT19937()
        draws = Draws(np.random.RandomState(bits), bits)
    draws.random.seed(int(random_state))
    try:
        yield draws
    finally:
        _idle.append(draws)

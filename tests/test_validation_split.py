"""`validation_split`: the last rows of the samples, as if they were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

import fastmlp as fm

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
NUMBERS = X[:, :2] * 0.5 + 0.1 * RNG.normal(size=(60, 2))
WEIGHTS = RNG.uniform(0, 2, 60)


@pytest.mark.parametrize(
    "kind", [np.asarray, np.ndarray.tolist, pd.DataFrame, pl.DataFrame, scipy.sparse.coo_matrix]
)
def test_validation_split_takes_the_last_rows_before_shuffling(kind: Any) -> None:
    """The numbers are those of a split by hand, to the bit, weights split with the rows."""
    y = pd.Series(NUMBERS[:, 0], index=RNG.permutation(60) + 0.5) if kind is pd.DataFrame else None
    by_hand, split = (fm.Network([4, 3, 1], dtype="float64", seed=0) for _ in range(2))
    expected = by_hand.fit(
        X[:45], NUMBERS[:45, 0], sample_weight=WEIGHTS[:45], epochs=3,
        validation_data=(X[45:], NUMBERS[45:, 0], WEIGHTS[45:]))  # fmt: skip
    history = split.fit(kind(X), NUMBERS[:, 0] if y is None else y, sample_weight=WEIGHTS,
                        epochs=3, validation_split=0.25)  # fmt: skip
    assert history == expected
    np.testing.assert_array_equal(split.parameters, by_hand.parameters)


@pytest.mark.parametrize(("share", "n"), [(0.1, 54), (0.5, 30), (0.02, 59), (0.98, 1), (0.29, 43)])
def test_the_share_is_rounded_to_whole_rows(share: float, n: int) -> None:
    trainer = fm.Trainer(fm.Network([4, 2], seed=0))
    trainer.run(X, NUMBERS, epochs=1, validation_split=share)
    assert trainer.last_epoch is not None
    assert trainer.last_epoch.n_samples == n


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"validation_split": 0.0}, "validation_split=0.0, expected a finite number > 0"),
        ({"validation_split": 1.0}, "validation_split=1.0, expected a share that leaves samples"),
        ({"validation_split": 0.001}, "validation_split=0.001, expected a share that leaves"),
        ({"validation_split": "0.1"}, "validation_split='0.1'"),
        (
            {"validation_split": 0.1, "validation_data": (X, NUMBERS)},
            "validation_split=0.1, expected None, as v",
        ),
        ({"validation_split": 0.1, "sample_weight": WEIGHTS[1:]}, "sample_weight has 59 rows, exp"),
        ({"validation_split": 0.1, "y": NUMBERS[:7]}, "y has 7 rows, expected 60, as X has"),
        ({"validation_split": 0.1, "X": 3.0}, r"X=3.0 \(float\), expected rows to divide"),
        ({"validation_split": 0.1, "X": np.float32(3)}, "X=.*, expected rows to divide"),
    ],
)
def test_splits_that_do_not_fit_are_refused(fields: dict[str, Any], message: str) -> None:
    net = fm.Network([4, 2], seed=0)
    with pytest.raises((TypeError, ValueError), match=f"^fit: {message}"):
        net.fit(**{"X": X, "y": NUMBERS, **fields})

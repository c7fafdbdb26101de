"""Bands of 68 and 95 % hold as many held-out samples of real tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from real_tables import real
from reference import Array

sklearn_datasets = pytest.importorskip("sklearn.datasets")


def diabetes() -> tuple[Array, Array]:
    X, y = sklearn_datasets.load_diabetes(return_X_y=True)
    return X, y


def colleges() -> tuple[Array, Array]:
    """The tuition of out-of-state students."""
    table = real("ISLR", "College")
    return numbers(table, table.pop("Outstate"))


def diamonds() -> tuple[Array, Array]:
    table = real("ggplot2", "diamonds").sample(3000, random_state=0)
    return numbers(table, np.log(table.pop("price")))


def numbers(table: Any, y: Any) -> tuple[Array, Array]:
    """A column of text becomes one for each value."""
    pandas = pytest.importorskip("pandas")
    return pandas.get_dummies(table).to_numpy(float), y.to_numpy(float)


def most_likely(X: Array, y: Array, seed: int) -> fm.Laplace:
    """Trained with the l2 of the largest marginal likelihood (MacKay 1992)."""
    net, l2 = fm.Network([X.shape[1], 32, 1], activation="tanh", seed=seed), 0.01
    for _ in range(5):
        net.fit(X, y, optimizer="lbfgs", epochs=200, l2=l2, regularize_biases=True)
        laplace = fm.Laplace(net, X, y, structure="kronecker")
        l2 = laplace.l2
    return laplace


@pytest.mark.parametrize(("table", "n_splits"), [(diabetes, 10), (colleges, 6), (diamonds, 4)])
def test_bands_hold_as_many_samples_as_they_say_within_five_points(
    table: Any, n_splits: int
) -> None:
    X, y = table()
    distances = []
    for seed in range(n_splits):
        train, test = np.split(np.random.default_rng(seed).permutation(len(y)), [len(y) * 3 // 4])
        scale = X[train].std(axis=0)
        X_scaled = (X - X[train].mean(axis=0)) / np.where(scale > 0, scale, 1)
        y_scaled = (y - y[train].mean()) / y[train].std()
        laplace = most_likely(X_scaled[train], y_scaled[train], seed)
        mean, std = (part[:, 0] for part in laplace.predict(X_scaled[test]))
        distances.append(np.abs(y_scaled[test] - mean) / std)
    z = np.concatenate(distances)
    assert np.mean(z < 1) == pytest.approx(0.683, abs=0.05)
    assert np.mean(z < 1.96) == pytest.approx(0.95, abs=0.05)


def test_the_example_is_unsure_away_from_the_samples_and_finds_their_noise(
    run_example: Callable[..., str],
) -> None:
    printed = run_example("laplace_bars")
    noise, n_effective, n_parameters, known, far = map(float, re.findall(r"\d+\.?\d*", printed))
    assert noise == pytest.approx(0.1, rel=0.1)
    assert n_effective < n_parameters / 4
    assert 20 * known < far

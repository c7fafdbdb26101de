"""The main job: handwritten digits, 64-64-10, Adam 1e-3, batches of 32, 60 epochs."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm


def mean_accuracy(seeds: range) -> float:
    """Mean test accuracy over seeds that decide weights, order and nothing else."""
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.model_selection import train_test_split

    X, y = datasets.load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X / 16, y, test_size=0.25, random_state=0, stratify=y
    )
    hits = []
    for seed in seeds:
        net = fm.Network([64, 64, 10], activation="relu", output="softmax", seed=seed)
        net.fit(X_train, y_train, optimizer=fm.Adam(1e-3), batch_size=32, epochs=60)
        hits.append(np.mean(net.predict(X_test).argmax(axis=1) == y_test))
    return float(np.mean(hits))


def test_ten_seeds_read_digits() -> None:
    """Mean over 10 seeds >= 0.972 (torch 0.977 ± 0.002, scikit-learn 0.979 ± 0.003)."""
    assert mean_accuracy(range(10)) >= 0.972


def test_regression_reaches_the_noise() -> None:
    """Diabetes: a small tanh net explains as much as ridge regression, on the test split."""
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import train_test_split

    X, y = datasets.load_diabetes(return_X_y=True)
    X, y = X / X.std(0), (y - y.mean()) / y.std()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    net = fm.Network([10, 16, 1], activation="tanh", output="identity", seed=0)
    net.fit(X_train, y_train, optimizer=fm.SGD(0.02, momentum=0.9), epochs=60, l2=0.05)
    ridge = Ridge().fit(X_train, y_train)
    ours = np.mean((net.predict(X_test)[:, 0] - y_test) ** 2)
    assert ours < 1.15 * np.mean((ridge.predict(X_test) - y_test) ** 2)

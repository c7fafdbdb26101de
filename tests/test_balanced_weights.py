"""`class_weight="balanced"`: n over the number of classes times the count of each."""

from __future__ import annotations

import numpy as np
import pytest

import fastmlp as fm


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "sign"])
def test_balanced_weights_are_n_over_classes_times_count(output: str, dtype: str) -> None:
    """As scikit-learn's: the training equals the one with these sample weights, written out."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)).astype(dtype)
    outputs = 3 if output == "softmax" else 1
    y = rng.choice(max(outputs, 2), size=60, p=[0.7, 0.2, 0.1] if outputs == 3 else [0.8, 0.2])
    counts = np.bincount(y)
    weights = (60 / (len(counts) * counts))[y]
    assert len(set(counts.tolist())) == len(counts)
    nets = [fm.Network([4, outputs], output=output, dtype=dtype, seed=0) for _ in range(4)]
    nets[0].fit(X, y, epochs=3, class_weight="balanced")
    nets[1].fit(X, y, epochs=3, sample_weight=weights.astype(dtype))
    nets[2].fit(
        X, y, epochs=3, class_weight=dict(enumerate((60 / (len(counts) * counts)).tolist()))
    )
    nets[3].fit(X, y, epochs=3)
    assert nets[0].parameters.tobytes() == nets[1].parameters.tobytes()
    assert nets[0].parameters.tobytes() == nets[2].parameters.tobytes()
    assert nets[0].parameters.tobytes() != nets[3].parameters.tobytes()


def test_balanced_weights_multiply_sample_weights() -> None:
    rng = np.random.default_rng(1)
    X, y, given = rng.normal(size=(40, 3)), (np.arange(40) % 4 == 0) * 1, rng.uniform(1, 2, 40)
    nets = [fm.Network([3, 2], output="softmax", dtype="float64", seed=0) for _ in range(2)]
    nets[0].fit(X, y, epochs=2, class_weight="balanced", sample_weight=given)
    nets[1].fit(X, y, epochs=2, sample_weight=given * np.where(y == 1, 40 / 20, 40 / 60))
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-12)


def test_balanced_weights_of_scikit_learn() -> None:
    compute = pytest.importorskip("sklearn.utils.class_weight").compute_sample_weight
    y = np.array([0, 0, 0, 0, 1, 1, 2])
    X = np.eye(7)
    nets = [fm.Network([7, 3], output="softmax", dtype="float64", seed=0) for _ in range(2)]
    nets[0].fit(X, y, epochs=2, batch_size=3, class_weight="balanced")
    nets[1].fit(X, y, epochs=2, batch_size=3, sample_weight=compute("balanced", y))
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, rtol=1e-12)

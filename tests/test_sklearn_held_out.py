"""The samples that early stopping holds out, in every kind of table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
from sklearn_cases import classifier, data_named

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = data_named("digits")
SPARSE = ["csr_matrix", "csr_array", "csc_array", "coo_array", "bsr_array"]
KINDS = ["list", "numpy", "pandas", "polars", "pyarrow", *SPARSE]


def in_kind(kind: str, data: Any) -> Any:
    """The samples as libraries hold them; skips where the library is not installed."""
    if kind in ("list", "numpy"):
        return data.tolist() if kind == "list" else data
    columns = {f"pixel {i}": data[:, i] for i in range(data.shape[1])}
    if kind == "pyarrow":
        return pytest.importorskip("pyarrow").table(columns)
    if kind in ("pandas", "polars"):
        return pytest.importorskip(kind).DataFrame(columns)
    return getattr(pytest.importorskip("scipy.sparse"), kind)(data)


@pytest.mark.parametrize("kind", KINDS)
def test_scorers_receive_the_held_out_samples_in_the_kind_that_was_given(kind: str) -> None:
    """Frames stay frames with an index of their own, and the scores are those of arrays."""
    seen = []

    def scorer(estimator: Any, samples: Any, y: Any) -> float:
        seen.append(samples)
        return float(estimator.score(samples, y))

    given, csr = in_kind(kind, X), pytest.importorskip("scipy.sparse").csr_array
    if kind == "pandas":
        given.index = [f"image {i}" for i in range(len(given))]  # positions, not labels, count
    settings = {"early_stopping": True, "scoring": scorer}
    fitted = classifier(**settings).fit(given, Y)
    kinds = {"list": np.ndarray, "csc_array": csr, "coo_array": csr, "bsr_array": csr}
    assert isinstance(seen[-1], kinds.get(kind, type(given)))
    assert seen[-1].shape == (len(X) // 10, 64)
    assert fitted.validation_scores_ == classifier(**settings).fit(X, Y).validation_scores_

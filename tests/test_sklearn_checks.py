"""scikit-learn's own checks of estimators, of which none may fail."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastmlp.sklearn import MLPClassifier, MLPRegressor

CHECKS = parametrize_with_checks([MLPClassifier(), MLPRegressor()])


@pytest.mark.filterwarnings("ignore")  # of trainings that end early
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    """All that scikit-learn asks of its own estimators, none expected to fail."""
    check(estimator)

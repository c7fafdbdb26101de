"""Callbacks of fastmlp, and a bound of time, in the estimators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.model_selection import train_test_split

import fastmlp as fm
from sklearn_cases import classifier, data_named

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = data_named("digits")
R = data_named("regression")


class Records:
    """A callback."""

    def __init__(self, stop: int = 0) -> None:
        self.stop = stop
        self.calls: list[Any] = []

    def set_trainer(self, trainer: fm.Trainer) -> None:
        self.calls.append(type(trainer).__name__)

    def on_fit_begin(self) -> None:
        self.calls.append("begin")

    def on_epoch_end(self, epoch: int, logs: Any) -> bool:
        self.calls.append((epoch, sorted(logs)))
        return epoch == self.stop

    def on_fit_end(self) -> None:
        self.calls.append("end")


def test_callbacks_watch_and_stop() -> None:
    records = Records(stop=2)
    fitted = classifier(callbacks=[records], early_stopping=True, max_iter=9).fit(X, Y)
    assert records.calls == [
        "Trainer", "begin", *((epoch, ["loss", "val_score"]) for epoch in (1, 2)), "end",
    ]  # fmt: skip
    assert fitted.n_iter_ == 2


def test_our_early_stopping_is_a_callback() -> None:
    """It restores the best epoch by the loss of validation."""
    train, val, y_train, y_val = train_test_split(X, Y, random_state=0)
    for monitor in ("val_loss", "loss"):
        stopping = fm.EarlyStopping(monitor, patience=2)
        fitted = classifier(callbacks=[stopping], learning_rate_init=0.3, max_iter=100, tol=0)
        fitted.fit(train, y_train, X_val=val, y_val=y_val)
        assert fitted.n_iter_ < 100
        if monitor == "val_loss":
            assert fitted.n_iter_ == stopping.best_epoch + 2
            p = fitted.predict_proba(val)[np.arange(len(val)), y_val]
            assert math.isclose(-np.log(p).mean(), stopping.best, rel_tol=1e-9)
    assert stopping.best <= min(fitted.loss_curve_)


def test_time_is_bounded() -> None:
    fitted = classifier(max_seconds=0.0).fit(X, Y)
    assert (fitted.n_iter_, fitted.loss_curve_) == (0, [])
    assert classifier(max_seconds=1e6).fit(X, Y).n_iter_ == 3

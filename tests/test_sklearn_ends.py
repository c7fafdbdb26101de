"""Estimators at the borders of what they take: labels, weights and fields that are seldom given."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

import fastmlp as fm
from sklearn_cases import classifier, data_named, regressor, same

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("output", [None, "identity", "tanh", "sigmoid"])
@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
def test_labels_of_losses_with_signs(loss: str, output: str | None) -> None:
    """By the sign of an output; those of a sigmoid are probabilities, of two and many labels."""
    if (loss, output) == ("perceptron", "sigmoid"):
        return  # learns nothing from positive outputs
    X = np.random.default_rng(0).normal(size=(80, 4))
    for y in (X[:, 0] > 0, np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int)):
        fitted = classifier(
            loss=loss, output_activation=output, max_iter=300, learning_rate_init=0.05
        ).fit(X, y)
        assert fitted.score(X, y) > 0.95


def test_refused_fields_leave_all_parameters() -> None:
    given = classifier(optimizer=None)
    for changes in (
        {"optimizer__beta1": 0.5},
        {"optimizer": "sgd", "optimizer__learning_rate": -1},
    ):
        with pytest.raises(ValueError, match="expected"):
            given.set_params(alpha=7.0, **changes)
        assert (given.optimizer, given.alpha) == (None, classifier().alpha)


def test_class_weights_name_classes_that_a_batch_lacks() -> None:
    """Of partial_fit's `classes`, for one label and for several."""
    X, names = data_named("binary")
    y = (names == "low").astype(int)
    one = classifier(class_weight={1: 5.0}).partial_fit(X, y, classes=[0, 1])
    other = classifier().partial_fit(X, y, classes=[0, 1], sample_weight=1 + 4.0 * (y == 1))
    same(one.partial_fit(X[y == 0], y[y == 0]), other.partial_fit(X[y == 0], y[y == 0]))
    with pytest.raises(ValueError, match=r"expected classes as keys: \[0, 1\]"):
        classifier(class_weight={2: 5.0}).partial_fit(X, y, classes=[0, 1])
    labels = np.stack([y, 1 - y], axis=1)
    several = classifier(class_weight=[{1: 2.0}, {0: 3.0}])
    weighted = classifier()
    factors = np.where(y == 1, 2.0, 1.0) * np.where(y == 1, 3.0, 1.0)
    several.partial_fit(X, labels, classes=[0, 1])
    same(several, weighted.partial_fit(X, labels, classes=[0, 1], sample_weight=factors))
    none = y == 0
    several.partial_fit(X[none], labels[none])


def test_a_callback_watches_the_score() -> None:
    X, names = data_named("binary")
    y = (names == "low").astype(int)
    stops = fm.EarlyStopping("val_score", mode="max", patience=2)
    fitted = classifier(early_stopping=True, max_iter=200, callbacks=[stops]).fit(X, y)
    assert fitted.n_iter_ < 200
    with pytest.raises(ValueError, match=r"monitor='val_score', expected one of .*: loss;"):
        classifier(callbacks=[stops]).fit(X, y)


def test_batches_without_weight_leave_the_reported_loss_finite() -> None:
    """Their constants, which the deviance of counts has, are those of no sample."""
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(200, 3)), (rng.random(200) < 0.7).astype(float)
    y = rng.poisson(np.exp(X[:, 0]))
    fitted = regressor(loss="poisson", batch_size=2, max_iter=60, tol=1e9, n_iter_no_change=2)
    fitted.fit(X, y, weights)
    assert fitted.n_iter_ == 4
    assert np.isfinite(fitted.loss_curve_).all()


def test_no_time_and_no_callbacks() -> None:
    X, y = data_named("binary")
    assert np.isnan(classifier(max_seconds=0).fit(X, y).loss_)
    classifier(solver="lbfgs", callbacks=[]).fit(X, y)

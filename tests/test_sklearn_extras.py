"""What the estimators have and scikit-learn's have not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import train_test_split

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor
from sklearn_cases import classifier, data_named, parameters, regressor, same

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = data_named("digits")
R = data_named("regression")


def test_an_optimizer_takes_the_place_of_the_solver() -> None:
    """The Adam of scikit-learn spelled as ours has the same bits."""
    ours = fm.Adam(1e-3, eps_mode="hat")
    same(classifier(optimizer=ours).fit(X, Y), classifier().fit(X, Y))
    assert not np.allclose(parameters(classifier(optimizer="nadam").fit(X, Y)),
                           parameters(classifier().fit(X, Y)))  # fmt: skip


def test_the_fields_of_an_optimizer_are_parameters() -> None:
    estimator = classifier(optimizer=fm.SGD(0.1))
    assert estimator.get_params()["optimizer__learning_rate"] == 0.1
    estimator.set_params(optimizer__learning_rate=0.2, alpha=0.5, optimizer__momentum=0.3)
    assert estimator.optimizer == fm.SGD(0.2, momentum=0.3)
    assert estimator.alpha == 0.5
    estimator.set_params(optimizer=fm.Adam(), optimizer__beta1=0.5)
    assert estimator.optimizer == fm.Adam(beta1=0.5)
    with pytest.raises((ValueError, AttributeError)):
        classifier().set_params(optimizer__beta1=0.5)
    named = classifier(optimizer="nadam").set_params(optimizer__beta1=0.5)
    assert named.optimizer == fm.NAdam(beta1=0.5)
    bent = classifier(activation=fm.LeakyReLU(0.1)).set_params(activation__slope=0.3)
    assert bent.activation == fm.LeakyReLU(0.3)
    both = classifier().set_params(optimizer="sgd", optimizer__learning_rate=0.5, loss="huber")
    assert both.optimizer == fm.SGD(0.5)
    assert both.set_params(loss__delta=2).loss == fm.Huber(2)
    scheduled = classifier(optimizer=fm.SGD(fm.ExponentialDecay(0.1, 0.5)))
    scheduled.set_params(optimizer__learning_rate__rate=0.9)
    assert scheduled.optimizer == fm.SGD(fm.ExponentialDecay(0.1, 0.9))


def test_a_method_that_searches_takes_all_samples() -> None:
    """Ours comes to a lower loss than Adam in as many iterations, and has no partial_fit."""
    data, y = R
    searching = regressor(optimizer=fm.LBFGS(), max_iter=40).fit(data, y)
    assert searching.loss_ < 0.1 * regressor(max_iter=40).fit(data, y).loss_
    assert len(searching.loss_curve_) == searching.n_iter_
    assert not hasattr(searching, "partial_fit")
    assert not hasattr(classifier(solver="lbfgs"), "partial_fit")
    assert hasattr(classifier(solver="lbfgs", optimizer="adam"), "partial_fit")


def test_a_method_that_searches_ends_where_it_has_converged() -> None:
    data, y = R
    fitted = regressor(hidden_layer_sizes=(), optimizer=fm.LBFGS(), max_iter=500, tol=0).fit(
        data, y
    )
    assert fitted.n_iter_ < 100
    coefs = np.linalg.lstsq(np.c_[data, np.ones(len(y))], y)[0]
    np.testing.assert_allclose(fitted.coefs_[0][:, 0], coefs[:-1], atol=1e-4)


def test_activations_by_layer_and_by_value() -> None:
    layered = classifier(hidden_layer_sizes=(5, 4), activation=["gelu", fm.LeakyReLU(0.2)]).fit(
        X, Y
    )
    hidden = fm.GELU()(X @ layered.coefs_[0] + layered.intercepts_[0])
    hidden = fm.LeakyReLU(0.2)(hidden @ layered.coefs_[1] + layered.intercepts_[1])
    outputs = fm.Softmax()(hidden @ layered.coefs_[2] + layered.intercepts_[2])
    np.testing.assert_allclose(layered.predict_proba(X), outputs, atol=1e-12)


def test_output_activations() -> None:
    """Two classes with softmax have two outputs; bounded outputs of a regression are bounded."""
    _, y = data_named("binary")
    two = classifier(output_activation="softmax", max_iter=99).fit(X, y)
    assert (two.n_outputs_, two.out_activation_) == (2, "softmax")
    assert two.score(X, y) > 0.8
    np.testing.assert_array_equal(two.classes_[two.predict_proba(X).argmax(axis=1)], two.predict(X))
    data, values = R
    bounded = regressor(output_activation="sigmoid", loss="squared_error").fit(data, values)
    assert 0 <= bounded.predict(data).min() <= bounded.predict(data).max() <= 1


@pytest.mark.parametrize("data", ["binary", "digits"])
def test_losses_of_a_classifier(data: str) -> None:
    """Labels -1 and 1 of the hinge loss; squared errors of one-hot rows. No probabilities."""
    X, y = data_named(data)
    for loss in ("hinge", "squared_error"):
        fitted = classifier(
            loss=loss, output_activation="identity", max_iter=200, hidden_layer_sizes=(32,), tol=0
        ).fit(X, y)
        assert fitted.score(X, y) > 0.8
        assert not hasattr(fitted, "predict_proba")


def test_losses_of_a_regressor() -> None:
    """The median is robust; means and variances; counts with a positive output."""
    data, y = R
    wild = y.copy()
    wild[::10] += 1000
    robust = regressor(loss=fm.AbsoluteError(), max_iter=300, learning_rate_init=0.01).fit(
        data, wild
    )
    assert robust.score(data[1::10], y[1::10]) > 0.8
    uncertain = regressor(loss="gaussian_nll", max_iter=200).fit(data, y)
    assert uncertain.network_.n_outputs == 2
    np.testing.assert_array_equal(uncertain.predict(data), uncertain.network_.predict(data)[:, 0])
    counts, n = data_named("counts")
    positive = regressor(loss="poisson", output_activation="softplus", max_iter=50).fit(counts, n)
    np.testing.assert_array_equal(
        positive.predict(counts), positive.network_.predict(counts).ravel()
    )


def test_a_loss_in_python() -> None:
    def halved(outputs: Any, y: Any) -> Any:
        return 0.5 * ((outputs - y) ** 2).sum(axis=1), outputs - y

    data, y = R
    np.testing.assert_allclose(
        parameters(regressor(loss=halved).fit(data, y)), parameters(regressor().fit(data, y)),
        atol=1e-12,
    )  # fmt: skip


def test_dropout_and_noise_are_drawn_from_the_random_state() -> None:
    for params in ({"dropout": 0.5}, {"input_noise": 0.5}, {"dropout": [0.3]}):
        noisy = classifier(**params).fit(X, Y)
        same(noisy, classifier(**params).fit(X, Y))
        assert not np.allclose(parameters(noisy), parameters(classifier().fit(X, Y)))
        other = classifier(**params, random_state=1).fit(X, Y)
        assert not np.allclose(parameters(noisy), parameters(other))
    layers = classifier(dropout=0.1, input_noise=0.2).fit(X, Y).network_.layers
    names = [type(layer).__name__ for layer in layers]
    assert names == ["GaussianNoise", "Dense", "Dropout", "Dense"]


def test_l1_makes_zeros_of_weights_and_max_norm_bounds_units() -> None:
    sparse = classifier(l1=0.05, optimizer=fm.SGD(0.1, proximal_l1=True), max_iter=20).fit(X, Y)
    assert (sparse.coefs_[0] == 0).mean() > 0.3
    bounded = classifier(max_norm=0.1).fit(X, Y)
    assert np.linalg.norm(bounded.coefs_[0], axis=0).max() <= 0.1 + 1e-12


def test_class_weights_are_sample_weights() -> None:
    weights = np.where(Y == 3, 5.0, 1.0)
    same(classifier(class_weight={3: 5.0}).fit(X, Y), classifier().fit(X, Y, weights))
    half = np.full(len(Y), 0.5)
    same(classifier(class_weight={3: 5.0}).fit(X, Y, half), classifier().fit(X, Y, weights / 2))
    balanced = len(Y) / (10 * np.bincount(Y))[Y]
    same(classifier(class_weight="balanced").fit(X, Y), classifier().fit(X, Y, balanced))


def test_validation_samples_are_watched_and_scored() -> None:
    """The curve is the loss after each epoch; early stopping takes them in place of a part of X."""
    train, val, y_train, y_val = train_test_split(X, Y, random_state=0)
    watched = classifier(max_iter=4).fit(train, y_train, X_val=val, y_val=y_val)
    same(watched, classifier(max_iter=4).fit(train, y_train))
    p = watched.predict_proba(val)[np.arange(len(val)), y_val]
    assert len(watched.validation_loss_curve_) == 4
    assert math.isclose(watched.validation_loss_curve_[-1], -np.log(p).mean(), rel_tol=1e-12)
    stopped = classifier(early_stopping=True, max_iter=50, n_iter_no_change=2, tol=0.05)
    stopped.fit(train, y_train, X_val=val, y_val=y_val)
    assert stopped.n_iter_ < 50
    assert max(stopped.validation_scores_) == stopped.score(val, y_val)
    few = y_val < 5
    warm = classifier(warm_start=True).fit(train, y_train)
    warm.fit(train, y_train, X_val=val[few], y_val=y_val[few])
    assert len(warm.validation_loss_curve_) == 3
    with pytest.raises(ValueError, match=r"`y` has classes not in `self\.classes_`"):
        warm.fit(train, y_train, X_val=val, y_val=y_val + 1)
    data, y = data_named("outputs")
    several = regressor().fit(data, y, X_val=data, y_val=y)
    error = ((several.predict(data) - y) ** 2).mean() / 2
    assert math.isclose(several.validation_loss_curve_[-1], error, rel_tol=1e-12)


def test_any_scorer_stops() -> None:
    """By its name and as a function, with X as the user gave it."""
    scorer = make_scorer(f1_score, average="macro")
    for scoring in (scorer, "f1_macro"):
        fitted = classifier(early_stopping=True, scoring=scoring, max_iter=8).fit(X, Y)
        assert max(fitted.validation_scores_) == fitted.best_validation_score_
    train, val, y_train, y_val = train_test_split(X, Y, random_state=0)
    given = classifier(early_stopping=True, scoring=scorer, max_iter=8)
    given.fit(train, y_train, X_val=val, y_val=y_val)
    assert given.best_validation_score_ == scorer(given, val, y_val)


def test_each_class_is_held_out_alike() -> None:
    """stratify: as many of each class among the samples that are scored."""
    seen: dict[bool, Any] = {}

    def counts(stratify: bool) -> Any:
        def scorer(estimator: Any, X: Any, y: Any) -> float:
            seen[stratify] = np.bincount(y, minlength=10)
            return 0.5

        return scorer

    for stratify in (False, True):
        params = {"early_stopping": True, "validation_fraction": 0.2, "stratify": stratify}
        classifier(**params, scoring=counts(stratify)).fit(X, Y)
    expected = np.bincount(Y) / 5
    assert np.abs(seen[True] - expected).max() < 1
    assert np.abs(seen[False] - expected).max() > 1


def test_layers_in_place_of_sizes() -> None:
    """Any layers; their units must be those of y."""
    wide = fm.Dense(8, "relu")
    layers = [wide, fm.Dense(8, "tanh"), fm.Skip(wide), fm.Dropout(0.1), fm.Dense(10, "softmax")]
    fitted = classifier(layers=layers, max_iter=150).fit(X, Y)
    assert "Skip(" in repr(fitted)
    assert fitted.score(X, Y) > 0.8
    assert [type(x) for x in fitted.network_.layers] == [type(x) for x in layers]
    same(clone(fitted).fit(X, Y), fitted)
    with pytest.raises(ValueError, match=r"^MLPClassifier\.fit: layers\[0\].* expected 10 "):
        classifier(layers=[fm.Dense(9, "softmax")]).fit(X, Y)


def test_an_estimator_of_a_network() -> None:
    """It predicts as the network, and can be trained on; the network stays as it is."""
    net = fm.Network([64, 6, 3], output="softmax", dtype="float64", seed=0)
    estimator = MLPClassifier.from_network(net, ["a", "b", "c"], learning_rate_init=0.01)
    expected = np.array(["a", "b", "c"])[net.predict(X).argmax(axis=1)]
    np.testing.assert_array_equal(estimator.predict(X), expected)
    before = net.parameters.copy()
    y = np.array(["a", "b", "c"])[Y % 3]
    estimator.partial_fit(X, y)
    np.testing.assert_array_equal(net.parameters, before)
    assert not np.allclose(estimator.network_.parameters, before)
    for classes, text in ((["a", "b"], r"classes has shape \(2,\), expected \(3,\)"),
                          (["b", "a", "c"], "expected them in ascending order")):  # fmt: skip
        with pytest.raises(ValueError, match=rf"^MLPClassifier\.from_network: .*{text}"):
            MLPClassifier.from_network(net, classes)
    several = MLPClassifier.from_network(fm.Network([64, 2], output="sigmoid", seed=0))
    assert several.predict(X).shape == (len(X), 2)
    assert MLPClassifier.from_network(fm.Network([64, 1], output="sigmoid")).predict(X).ndim == 1
    data, _ = R
    values = fm.Network([10, 4, 2], dtype="float64", seed=0)
    two = MLPRegressor.from_network(values)
    np.testing.assert_array_equal(two.predict(data), values.predict(data))
    assert (two.n_features_in_, two.n_outputs_, two.n_layers_) == (10, 2, 3)

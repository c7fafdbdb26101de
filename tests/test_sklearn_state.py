"""What an estimator keeps: parameters that users change, pickles, warm starts, refused fits."""

from __future__ import annotations

import copy
import pickle
import signal
import warnings
from typing import Any

import joblib
import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import fastmlp as fm
from fastmlp.sklearn import MLPRegressor
from sklearn_cases import classifier, data_named, parameters, same

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = data_named("digits")


def test_parameters_that_are_edited_act_on_predictions() -> None:
    """In place and replaced; the network shares them."""
    fitted = classifier().fit(X, Y)
    before = fitted.predict_proba(X)
    fitted.coefs_[0][...] *= 2
    assert not np.allclose(fitted.predict_proba(X), before)
    fitted.coefs_[0] = fitted.coefs_[0] / 2
    np.testing.assert_allclose(fitted.predict_proba(X), before)
    fitted.intercepts_ = [np.zeros_like(b) for b in fitted.intercepts_]
    expected = np.maximum(X @ fitted.coefs_[0], 0) @ fitted.coefs_[1]
    np.testing.assert_array_equal(fitted.predict(X), expected.argmax(axis=1))
    np.testing.assert_array_equal(fitted.network_.weights[0], fitted.coefs_[0])


def test_parameters_that_are_edited_act_on_partial_fit() -> None:
    """Training goes on from what was put into the lists."""
    edited, other = classifier(), classifier()
    edited.partial_fit(X, Y, classes=range(10))
    other.partial_fit(X, Y, classes=range(10))
    edited.coefs_[0] = np.zeros_like(edited.coefs_[0])
    other.coefs_[0][...] = 0
    same(edited.partial_fit(X, Y), other.partial_fit(X, Y))
    assert np.abs(edited.coefs_[0]).max() < 0.01


def test_fewer_units_can_be_put_into_the_lists() -> None:
    fitted = classifier().fit(X, Y)
    kept = [0, 3, 5]
    fitted.coefs_ = [fitted.coefs_[0][:, kept], fitted.coefs_[1][kept]]
    fitted.intercepts_[0] = fitted.intercepts_[0][kept]
    hidden = np.maximum(X @ fitted.coefs_[0] + fitted.intercepts_[0], 0)
    expected = (hidden @ fitted.coefs_[1] + fitted.intercepts_[1]).argmax(axis=1)
    np.testing.assert_array_equal(fitted.predict(X), expected)


def test_parameters_can_be_given_before_the_first_partial_fit() -> None:
    trained = classifier().partial_fit(X, Y, classes=range(10))
    fresh = classifier()
    first = classifier().fit(X[:100], Y[:100])
    fresh.coefs_ = [W.copy() for W in first.coefs_]
    fresh.intercepts_ = [b.copy() for b in first.intercepts_]
    fresh.partial_fit(X, Y, classes=range(10))
    assert not np.allclose(parameters(fresh), parameters(trained))
    assert np.abs(parameters(fresh) - parameters(first)).max() < 0.02


@pytest.mark.parametrize("through", ["pickle", "joblib", "copy"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_copy_goes_on_as_the_original(through: str, solver: str, tmp_path: Any) -> None:
    """With the state of the optimizer: the next partial_fit gives the same bits."""
    original = classifier(solver=solver, learning_rate="adaptive", dropout=0.2)
    original.partial_fit(X, Y, classes=range(10)).partial_fit(X, Y)
    if through == "pickle":
        twin = pickle.loads(pickle.dumps(original))
    elif through == "joblib":
        joblib.dump(original, tmp_path / "it")
        twin = joblib.load(tmp_path / "it", mmap_mode="r")
    else:
        twin = copy.deepcopy(original)
    np.testing.assert_array_equal(twin.predict_proba(X), original.predict_proba(X))
    same(twin.partial_fit(X, Y), original.partial_fit(X, Y))
    assert twin.loss_curve_ == original.loss_curve_


def test_a_pickle_has_plain_values_alone() -> None:
    """So that skops has to trust one class only."""
    state = classifier().fit(X, Y).__getstate__()

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(map(plain, value.values()))
        if isinstance(value, (list, tuple)):
            return all(map(plain, value))
        return value is None or isinstance(value, (bool, int, float, str, np.ndarray, np.generic))

    assert [name for name, value in state.items() if not plain(value)] == []


def test_skops_keeps_an_estimator() -> None:
    io = pytest.importorskip("skops.io")
    fitted = classifier().fit(X, Y)
    text = io.dumps(fitted)
    assert io.get_untrusted_types(data=text) == ["fastmlp.sklearn.MLPClassifier"]
    twin = io.loads(text, trusted=["fastmlp.sklearn.MLPClassifier"])
    np.testing.assert_array_equal(twin.predict_proba(X), fitted.predict_proba(X))


def test_clones_have_the_parameters_and_no_state() -> None:
    original = classifier(optimizer=fm.SGD(0.1, momentum=0.5), layers=[fm.Dense(10, "softmax")])
    twin = clone(original.fit(X, Y))
    assert twin.get_params() == original.get_params()
    with pytest.raises(NotFittedError):
        twin.predict(X)
    same(twin.fit(X, Y), original)


def test_a_warm_start_with_other_sizes_is_refused() -> None:
    """scikit-learn ignores them."""
    fitted = classifier(warm_start=True).fit(X, Y)
    before = parameters(fitted)
    fitted.set_params(hidden_layer_sizes=(9,))
    with pytest.raises(ValueError, match=r"^MLPClassifier\.fit: the layers have weights of shapes"):
        fitted.fit(X, Y)
    np.testing.assert_array_equal(parameters(fitted), before)


def test_a_warm_start_has_the_activation_of_its_parameters() -> None:
    fitted = classifier(warm_start=True).fit(X, Y)
    fitted.set_params(activation="tanh").fit(X, Y)
    hidden = np.tanh(X @ fitted.coefs_[0] + fitted.intercepts_[0])
    expected = (hidden @ fitted.coefs_[1] + fitted.intercepts_[1]).argmax(axis=1)
    np.testing.assert_array_equal(fitted.predict(X), expected)


def snapshot(estimator: Any) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in estimator.__getstate__().items()}


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else a == b


class Fails:
    """A callback that raises after the second epoch."""

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if epoch == 2:
            raise RuntimeError("enough")


@pytest.mark.parametrize("warm", [False, True])
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(warm: bool) -> None:
    """After some epochs of training too, in all attributes."""
    fitted = classifier(warm_start=warm).fit(X, Y)
    before = snapshot(fitted)
    fitted.set_params(callbacks=[Fails()])
    with pytest.raises(RuntimeError, match="enough"):
        fitted.fit(X, Y)
    fitted.set_params(callbacks=None)
    assert equal(snapshot(fitted), before)


def test_a_partial_fit_that_diverges_leaves_the_optimizer_as_it_was() -> None:
    data, y = data_named("regression")
    params: dict[str, Any] = {"hidden_layer_sizes": (4,), "random_state": 0, "solver": "sgd"}
    one, other = MLPRegressor(**params), MLPRegressor(**params)
    one.partial_fit(data, y)
    other.partial_fit(data, y)
    with pytest.raises(ValueError, match=r"^Solver produced non-finite parameter weights"):
        one.partial_fit(data * 1e150, y)
    same(one.partial_fit(data, y), other.partial_fit(data, y))


def test_ctrl_c_keeps_the_model() -> None:
    class Interrupts:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
        fitted = classifier(callbacks=[Interrupts()], max_iter=9).fit(X, Y)
    assert fitted.n_iter_ == 2
    same(fitted, classifier(max_iter=2).fit(X, Y))


def test_one_training_at_a_time() -> None:
    """A callback that trains the same estimator is refused; another one may be trained."""

    class Trains:
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            classifier().fit(X, Y)
            with pytest.raises(RuntimeError, match=r"^MLPClassifier\.partial_fit: .* is being tr"):
                busy.partial_fit(X, Y)

    busy = classifier(max_iter=1).fit(X, Y)
    before = parameters(busy)
    busy.set_params(callbacks=[Trains()]).partial_fit(X, Y)
    assert not np.array_equal(parameters(busy), before)


def test_the_warnings_point_at_the_caller() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier(batch_size=10000).fit(X, Y)
    assert [w.category for w in caught] == [UserWarning, ConvergenceWarning]
    assert "Got `batch_size` less than 1 or larger than sample size." in str(caught[0].message)
    assert "Maximum iterations (3) reached" in str(caught[1].message)


def test_batches_may_change_between_calls() -> None:
    """The optimizer goes on with its state where alpha or batch_size are set anew."""
    fitted = classifier().partial_fit(X, Y, classes=range(10))
    fitted.set_params(batch_size=50, alpha=0.1).partial_fit(X, Y)
    assert fitted._model.training._trainer.n_steps == 3 + 10
    assert fitted._model.training._trainer.batch_size == 50


def test_ctrl_c_counts_the_epochs_that_were_made() -> None:
    """Also where many epochs are made in one native call."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
            fitted = classifier(max_iter=10**6, tol=0, n_iter_no_change=np.inf).fit(X, Y)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert fitted.n_iter_ == len(fitted.loss_curve_) > 0
    assert 0 <= fitted.network_.epochs_trained - fitted.n_iter_ <= 1
    assert np.isfinite(fitted.predict_proba(X)).all()

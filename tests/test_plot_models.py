"""Networks and estimators in pictures of scikit-learn: both give the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.plot._models import classifier_of, estimator_of
from fastmlp.sklearn import MLPClassifier, MLPRegressor
from plot_cases import CLASSES, IMAGES, NET, VALUES, X, Y


@pytest.mark.parametrize(
    ("net", "classes"),
    [
        (NET, [0, 1]),
        (CLASSES, [0, 1]),
        (fm.Network([2, 1], output="sign", seed=0), [-1, 1]),
        (fm.Network([2, 4], output="softmax", seed=0), [0, 1, 2, 3]),
    ],
    ids=["sigmoid", "softmax 2", "sign", "softmax 4"],
)
def test_networks_with_classes_predict_them(net: fm.Network, classes: list[int]) -> None:
    estimator, *_ = classifier_of(net, X, Y)
    assert isinstance(estimator, MLPClassifier)
    assert list(estimator.classes_) == classes
    outputs = net.predict(X)
    middle = np.mean(classes)
    index = (outputs[:, 0] > middle).astype(int) if net.n_outputs == 1 else outputs.argmax(1)
    np.testing.assert_array_equal(estimator.predict(X), np.array(classes)[index])


@pytest.mark.parametrize("output", ["identity", "tanh", "softplus"])
def test_other_networks_are_regressors(output: str) -> None:
    net = fm.Network([2, 1], output=output, seed=0)
    estimator, *_ = estimator_of(net, X, X[:, 0])
    assert isinstance(estimator, MLPRegressor)
    np.testing.assert_allclose(estimator.predict(X), net.predict(X)[:, 0])


def test_several_sigmoid_outputs_are_several_labels() -> None:
    net = fm.Network([2, 3], output="sigmoid", seed=0)
    estimator, _, y = estimator_of(net, X, np.ones((40, 3)))
    np.testing.assert_array_equal(estimator.predict(X), net.predict(X) > 0.5)
    assert y.shape == (40, 3)


def test_targets_and_images_become_what_estimators_take() -> None:
    _, _, y = estimator_of(NET, X, Y[:, None])
    np.testing.assert_array_equal(y, Y)
    _, _, y = estimator_of(CLASSES, X, np.eye(2)[Y])
    np.testing.assert_array_equal(y, Y)
    _, _, y = estimator_of(VALUES, X, None)
    assert y is None
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 1))
    estimator, flat, _ = estimator_of(IMAGES, images, None)
    assert flat.shape == (5, 16)
    expected = IMAGES.predict(images)[:, 0]
    np.testing.assert_allclose(estimator.predict(flat), expected, rtol=1e-5)


def test_the_network_is_not_the_one_of_the_estimator() -> None:
    estimator, *_ = estimator_of(NET, X, Y)
    before = NET.parameters.copy()
    estimator.coefs_[0][:] = 0
    np.testing.assert_array_equal(NET.parameters, before)


def test_frames_have_the_names_of_the_network_or_their_own() -> None:
    """scikit-learn warns of a frame for an estimator without names, and of other names."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"])
    estimator, *_ = estimator_of(NET, frame, None)
    assert list(estimator.feature_names_in_) == ["a", "b"]
    estimator.predict(frame)
    named = NET.copy()
    named.feature_names_in_ = ["a", "b"]
    estimator, *_ = estimator_of(named, frame.rename(columns={"b": "c"}), None)
    assert list(estimator.feature_names_in_) == ["a", "b"]


def test_estimators_are_taken_as_they_are() -> None:
    class Mine:
        classes_ = (0, 1)

        def predict(self, X: Any) -> Any: ...
        def get_params(self) -> Any: ...

    mine, labels = Mine(), [[0], [1]]
    assert estimator_of(mine, X, labels) == (mine, X, labels)
    assert classifier_of(mine, X, labels) == (mine, X, labels)


@pytest.mark.parametrize("missing", ["predict", "get_params"])
def test_other_objects_are_refused(missing: str) -> None:
    methods = {name: lambda self: None for name in ("predict", "get_params") if name != missing}
    with pytest.raises(TypeError, match=r"model=.*, expected a fm.Network, or an estimator"):
        estimator_of(type("Other", (), methods)(), X, Y)

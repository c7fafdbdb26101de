"""The estimators in skl2onnx: labels and probabilities, alone and in pipelines."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
pytest.importorskip("sklearn", minversion="1.6")

from sklearn.datasets import load_iris  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import fastmlp as fm  # noqa: E402
import fastmlp.sklearn  # noqa: E402
from fastmlp.sklearn import MLPClassifier, MLPRegressor  # noqa: E402

X, y = load_iris(return_X_y=True)
BOUNDS = {"float32": 2e-6, "float64": 1e-12}
LABELS = {
    "integers": y,
    "texts": np.array(["setosa", "versicolor", "virginica"])[y],
    "two": y > 0,
    "whole floats": y * 2.0,
    "several": np.eye(3, dtype=int)[y],
}


def fitted(estimator: Any, targets: Any, scaled: bool = False) -> Any:
    model = make_pipeline(StandardScaler(), estimator) if scaled else estimator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few iterations
        return model.fit(X, targets)


def converted(model: Any, dtype: str, **options: Any) -> list[Any]:
    """The outputs in ONNX Runtime."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = skl2onnx.to_onnx(model, X[:1].astype(dtype), **options)
    onnx.checker.check_model(graph, full_check=True)
    session = runtime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    outputs: list[Any] = session.run(None, {"X": X.astype(dtype)})
    return outputs


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("scaled", [False, True])
def test_classifiers_give_labels_and_probabilities(dtype: str, labels: str, scaled: bool) -> None:
    estimator = MLPClassifier((8,), "elu", max_iter=30, random_state=0)
    model = fitted(estimator, LABELS[labels], scaled)
    found, probabilities = converted(model, dtype, options={"zipmap": False})
    expected = model.predict(X)
    assert found.shape == expected.shape
    assert np.mean(found == expected) > 0.99  # rounding of a tie
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=BOUNDS[dtype])


def test_probabilities_by_label_are_the_default() -> None:
    model = fitted(MLPClassifier((4,), max_iter=5, random_state=0), LABELS["texts"], scaled=True)
    _, rows = converted(model, "float32")
    expected = dict(zip(model.classes_, model.predict_proba(X[:1])[0], strict=True))
    assert rows[0] == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize(
    ("loss", "targets"),
    [("squared_error", y), ("squared_error", X[:, :2]), ("poisson", y), ("gaussian_nll", y)],
)
def test_regressors_give_their_values(dtype: str, loss: str, targets: Any) -> None:
    """Of a Poisson loss too, which skl2onnx has not for scikit-learn's own."""
    estimator = MLPRegressor(loss, (8,), max_iter=30, random_state=0)
    model = fitted(estimator, targets, scaled=True)
    (values,) = converted(model, dtype)
    expected = model.predict(X)
    np.testing.assert_allclose(values.reshape(expected.shape), expected, rtol=0,
                               atol=BOUNDS[dtype] * np.abs(expected).max())  # fmt: skip


def test_replaced_coefficients_are_those_that_are_converted() -> None:
    model = fitted(MLPRegressor(hidden_layer_sizes=(), max_iter=2, random_state=0), y)
    model.coefs_[0] = np.ones((4, 1))
    model.intercepts_[0] = np.zeros(1)
    np.testing.assert_allclose(converted(model, "float64")[0][:, 0], X.sum(1))


def test_the_network_of_a_converted_classifier_comes_back() -> None:
    model = fitted(MLPClassifier((5,), max_iter=5, random_state=0), y)
    graph = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    np.testing.assert_allclose(fm.from_onnx(graph).predict(X), model.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (MLPClassifier((3,), loss="hinge", output_activation="identity", max_iter=2),
         "out_activation_='identity', expected one of probabilities"),
        (MLPClassifier((3,), "gelu", max_iter=2), "activation=GELU.*use dtype='float32'"),
    ],
)  # fmt: skip
def test_what_onnx_has_not_is_refused(estimator: Any, message: str) -> None:
    model = fitted(estimator, y > 0)
    with pytest.raises(ValueError, match="^skl2onnx: .*" + message):
        skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})


def test_labels_that_are_no_integers_are_refused() -> None:
    model = fitted(MLPClassifier((3,), max_iter=2), y)
    model.classes_ = np.array([0.5, 1.5, 2.5])
    with pytest.raises(ValueError, match=r"classes_=array\(.*expected texts or integers"):
        skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    fitted(MLPClassifier((3,), max_iter=2), y)  # trains all the same
    with pytest.raises(ImportError, match=r"^register_skl2onnx needs skl2onnx; install it with"):
        fastmlp.sklearn.register_skl2onnx()

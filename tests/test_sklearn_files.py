"""Files of estimators: parameters, fitted state and labels come back; never a pickle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from file_cases import parts, with_specification

pytest.importorskip("sklearn")

from sklearn.base import clone

from fastmlp.sklearn import MLPClassifier, MLPRegressor

random = np.random.default_rng(0)
X = random.normal(size=(40, 4))
TEXTS = np.array(["no", "yes", "maybe"])[random.integers(0, 3, 40)]
INDICATORS = random.integers(0, 2, (40, 3))
FIRST = fm.Dense(4, "relu")
TIED = [FIRST, fm.Tied(FIRST), fm.Dropout(0.1), fm.Dense(3, "softmax")]
pytestmark = pytest.mark.filterwarnings("ignore")

CASES: dict[str, tuple[Any, Any]] = {
    "texts": (MLPClassifier((5,), max_iter=4, random_state=0), TEXTS),
    "objects": (MLPClassifier((5,), max_iter=4, random_state=0), TEXTS.astype(object)),
    "booleans": (MLPClassifier((5,), max_iter=4, random_state=0), TEXTS == "no"),
    "labels": (MLPClassifier(max_iter=4, random_state=0), INDICATORS),
    "lbfgs": (MLPClassifier(solver="lbfgs", max_iter=9, random_state=0), TEXTS),
    "early stopping": (
        MLPClassifier(early_stopping=True, max_iter=9, random_state=1), TEXTS),
    "class weights": (
        MLPClassifier(class_weight={"no": 2.0, "yes": 1.0, "maybe": 1}, random_state=1), TEXTS),
    "optimizer": (
        MLPClassifier(
            optimizer=fm.SGD(fm.StepDecay(0.1, 3), momentum=0.9), max_iter=4, random_state=0),
        TEXTS),
    "layers": (MLPClassifier(layers=TIED, max_iter=4, random_state=3), TEXTS),
    "activations": (
        MLPClassifier(
            (3, 4), activation=["relu", fm.ELU(0.5)], dropout=(0.1, 0.0), random_state=2),
        TEXTS),
    "regressor": (MLPRegressor(loss=fm.Huber(0.5), max_iter=4, random_state=0), X[:, 0]),
    "outputs": (
        MLPRegressor(
            hidden_layer_sizes=[3], solver="sgd", max_iter=4, learning_rate="adaptive",
            random_state=1),
        X[:, :2]),
}  # fmt: skip


def outputs(one: Any) -> bytes:
    found = one.predict_proba(X) if isinstance(one, MLPClassifier) else one.predict(X)
    return bytes(np.ascontiguousarray(found).tobytes())


def assert_same(one: Any, other: Any) -> None:
    assert repr(one.get_params()) == repr(other.get_params())
    assert vars(one).keys() == vars(other).keys()
    assert outputs(one) == outputs(other)
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    for name in ("loss_curve_", "best_loss_", "n_iter_", "t_", "validation_scores_"):
        assert getattr(one, name, None) == getattr(other, name, None)
    if hasattr(one, "classes_"):
        assert one.classes_.dtype == other.classes_.dtype


@pytest.mark.parametrize("case", CASES)
def test_an_estimator_comes_back_and_goes_on(tmp_path: Path, case: str) -> None:
    estimator, y = CASES[case]
    one = clone(estimator).fit(X, y)
    one.save(tmp_path / "model")
    twin = type(one).load(tmp_path / "model")
    assert_same(twin, one)
    if one.solver != "lbfgs" and not one.early_stopping:
        one.partial_fit(X, y)
        assert_same(twin.partial_fit(X, y), one)
    clone(twin).fit(X, y)


def test_an_estimator_that_is_not_fitted_comes_back(tmp_path: Path) -> None:
    one = MLPClassifier(alpha=0.5)
    one.save(tmp_path / "model")
    twin = MLPClassifier.load(tmp_path / "model")
    assert twin.get_params() == one.get_params()
    assert not hasattr(twin, "coefs_")


def test_names_of_features_come_back(tmp_path: Path) -> None:
    frame = pytest.importorskip("pandas").DataFrame(X, columns=list("abcd"))
    one = MLPRegressor(max_iter=2).fit(frame, X[:, 0])
    one.save(tmp_path / "model")
    twin = MLPRegressor.load(tmp_path / "model")
    assert list(twin.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        twin.predict(frame[list("abdc")])


def test_tensors_are_named_as_attributes(tmp_path: Path) -> None:
    one = MLPClassifier((5,), max_iter=2).fit(X, TEXTS)
    one.save(tmp_path / "model")
    found = pytest.importorskip("safetensors.numpy").load_file(tmp_path / "model")
    np.testing.assert_array_equal(found["coefs_.1"], one.coefs_[1])
    np.testing.assert_array_equal(found["intercepts_.0"], one.intercepts_[0])
    np.testing.assert_array_equal(found["loss_curve_"], one.loss_curve_)
    assert {"_model.optimizer.m", "_model.optimizer.v"} <= set(found)


def test_objects_in_python_are_given_to_the_reader(tmp_path: Path) -> None:
    path, generator = tmp_path / "model", np.random.RandomState(0)
    one = MLPClassifier(max_iter=2, random_state=generator, callbacks=[fm.Callback()], scoring=len)
    one.save(path)
    named = r"\{'callbacks': 'fastmlp.Callback', 'random_state': 'numpy.*RandomState', 'scoring'"
    with pytest.raises(fm.ModelFileError, match=named):
        MLPClassifier.load(path)
    twin = MLPClassifier.load(path, random_state=generator, callbacks=None, scoring=None)
    assert twin.random_state is generator
    assert (twin.callbacks, twin.scoring, twin.max_iter) == (None, None, 2)


def test_a_rate_in_python_and_objects_in_attributes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^save: optimizer=SGD.*no function in Python"):
        MLPClassifier(optimizer=fm.SGD(lambda epoch: 0.1)).save(tmp_path / "model")
    one: Any = MLPClassifier()
    one.note = [object()]
    with pytest.raises(TypeError, match=r"^save: note=.*remove it"):
        one.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_parameters_given_take_the_place_of_those_in_the_file(tmp_path: Path) -> None:
    one = MLPClassifier(max_iter=2, alpha=0.5).fit(X, TEXTS)
    one.save(tmp_path / "model")
    twin = MLPClassifier.load(tmp_path / "model", max_iter=7)
    assert (twin.max_iter, twin.alpha) == (7, 0.5)
    assert outputs(twin) == outputs(one)


@pytest.mark.parametrize("change", [
    lambda v: v.update(format="MLPRegressor"), lambda v: v.update(version=2),
    lambda v: v.pop("estimator"), lambda v: v["estimator"].pop("alpha"),
    lambda v: v["estimator"].update(layers={"os.system": "x"}),
    lambda v: v["estimator"].update(coefs_=[]), lambda v: v["estimator"].update(alpha={}),
    lambda v: v["estimator"]["coefs_"].reverse(),
])  # fmt: skip
def test_files_that_lie_are_refused(tmp_path: Path, change: Any) -> None:
    MLPClassifier(max_iter=2).fit(X, TEXTS).save(tmp_path / "model")
    (tmp_path / "bad").write_bytes(with_specification(tmp_path / "model", change))
    with pytest.raises(fm.ModelFileError, match=r"^MLPClassifier\.load: .*bad"):
        MLPClassifier.load(tmp_path / "bad")


def test_layers_larger_than_the_parameters_take_no_memory(tmp_path: Path) -> None:
    MLPClassifier(layers=[FIRST, fm.Dense(3, "softmax")], max_iter=2).fit(X, TEXTS).save(
        tmp_path / "model"
    )

    def larger(values: dict[str, Any]) -> None:
        estimator = values["estimator"]
        kept = estimator["_model"]["dict"]["network"]["dict"]["layers"][0]["dict"]
        for layer in (estimator["layers"]["layers"][0], kept):
            layer["units"] = 10**8

    (tmp_path / "bad").write_bytes(with_specification(tmp_path / "model", larger))
    with pytest.raises(fm.ModelFileError, match="35 elements, expected 800000003"):
        MLPClassifier.load(tmp_path / "bad")


def test_an_estimator_is_no_network_and_the_other_way(tmp_path: Path) -> None:
    MLPClassifier().save(tmp_path / "model")
    with pytest.raises(fm.ModelFileError, match=r"^fm\.load: .*MLPClassifier"):
        fm.load(tmp_path / "model")
    with pytest.raises(fm.ModelFileError, match=r"it is of MLPClassifier, version 1"):
        MLPRegressor.load(tmp_path / "model")
    fm.Network([1, 1]).save(tmp_path / "model")
    with pytest.raises(fm.ModelFileError, match=r"it is of fastmlp\.network"):
        MLPRegressor.load(tmp_path / "model")


def test_other_processes_predict_the_same(tmp_path: Path) -> None:
    one = MLPClassifier(max_iter=2).fit(X, TEXTS)
    one.save(tmp_path / "model")
    program = """
import sys
import numpy as np
from fastmlp.sklearn import MLPClassifier
X = np.frombuffer(sys.stdin.buffer.read()).reshape(-1, 4)
one = MLPClassifier.load(sys.argv[1])
one.save(sys.argv[2])
print(*one.predict(X))
"""
    command = [sys.executable, "-c", program, str(tmp_path / "model"), str(tmp_path / "copy")]
    done = subprocess.run(command, input=X.tobytes(), capture_output=True, check=True, timeout=120)
    assert done.stdout.decode().split() == one.predict(X).tolist()
    assert parts(tmp_path / "copy") == parts(tmp_path / "model")

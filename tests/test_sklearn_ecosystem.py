"""The estimators among what their users have around them."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import fastmlp as fm
from fastmlp._data.threads import limited
from fastmlp.sklearn import MLPClassifier, MLPRegressor
from sklearn_cases import classifier, data_named, of_1_9, parameters
from test_extras import python

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = data_named("digits")


def test_fastmlp_does_not_import_scikit_learn() -> None:
    run = python("import sys, fastmlp, fastmlp.cli; assert 'sklearn' not in sys.modules")
    assert run.returncode == 0, run.stderr


def test_without_scikit_learn_a_sentence_says_what_to_install() -> None:
    run = python("import sys; sys.modules['sklearn'] = None; import fastmlp.sklearn")
    sentence = "fastmlp.sklearn needs scikit-learn; install it with: pip install"
    assert f'ImportError: {sentence} "fastmlp[sklearn]"' in run.stderr


def test_an_old_scikit_learn_is_named() -> None:
    run = python(
        "import sklearn, sklearn.utils.validation as v; del v.validate_data\n"
        "sklearn.__version__ = '1.5.2'; import fastmlp.sklearn"
    )
    assert "fastmlp.sklearn needs scikit-learn 1.6 or newer, this is 1.5.2; install" in run.stderr


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_have_names(library: str) -> None:
    """They are kept, and other columns are refused; the numbers are those of arrays."""
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({f"pixel {i}": X[:, i] for i in range(64)})
    fitted = classifier().fit(frame, Y)
    np.testing.assert_array_equal(parameters(fitted), parameters(classifier().fit(X, Y)))
    assert list(fitted.feature_names_in_) == [f"pixel {i}" for i in range(64)]
    np.testing.assert_array_equal(fitted.predict(frame), fitted.predict(frame))
    other = frames.DataFrame({f"column {i}": X[:, i] for i in range(64)})
    with pytest.raises(ValueError, match="The feature names should match those that were passed"):
        fitted.predict(other)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        fitted.predict(X)
    scorer = "accuracy"  # receives the frame, so there is no warning
    classifier(early_stopping=True, scoring=scorer).fit(frame, Y)


def test_nothing_private_of_scikit_learn_is_imported() -> None:
    """Neither modules nor names with an underscore, which change without notice."""
    package = Path(fm.__file__).parent
    private = [
        f"{path.name}: {node.module} {name.name}"
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn")
        for name in node.names
        if re.search(r"(^|\.)_", f"{node.module}.{name.name}")
    ]
    assert private == []


def test_nullable_dtypes_and_columns_of_strings() -> None:
    pandas = pytest.importorskip("pandas")
    whole = pandas.DataFrame((X[:, 20:24] * 16).astype(int)).astype("Int64")
    labels = pandas.Series(np.where(Y > 4, "high", "low"), dtype="string")
    fitted = classifier().fit(whole, labels.astype(object))
    assert set(fitted.predict(whole)) <= {"high", "low"}
    assert fitted.coefs_[0].dtype == np.float64


@pytest.mark.parametrize("labels", [[False, True], ["b", "a"], [3.0, 1.0], [10, -1], ["x", "yy"]])
def test_labels_of_any_kind(labels: Any) -> None:
    """Come back as they were given."""
    y = np.array(labels)[(Y > 4).astype(int)]
    fitted = classifier().fit(X, y)
    assert fitted.classes_.tolist() == sorted(labels)
    assert fitted.predict(X).dtype == y.dtype
    thing = y.astype(object) if isinstance(labels[0], str) else y.tolist()
    np.testing.assert_array_equal(fitted.predict(X), classifier().fit(X, thing).predict(X))


def test_one_class_alone() -> None:
    assert set(classifier().fit(X, np.full(len(X), 7)).predict(X)) == {7}


def test_sparse_labels_come_back_sparse() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    data, y = data_named("multilabel")
    dense = classifier().fit(data, y).predict(data)
    given = classifier().fit(data, sparse.csr_array(y)).predict(data)
    assert sparse.issparse(given)
    np.testing.assert_array_equal(given.toarray(), dense)


def test_pipelines_with_categories() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"size": X[:, 20], "kind": np.where(X[:, 21] > 0.5, "a", "b")})
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["size"]))
    pipeline = make_pipeline(columns, classifier())
    pipeline.set_params(mlpclassifier__alpha=0.1, mlpclassifier__optimizer=fm.SGD(0.1))
    pipeline.set_params(mlpclassifier__optimizer__momentum=0.5)
    assert pipeline.fit(frame, Y)[-1].optimizer == fm.SGD(0.1, momentum=0.5)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_searches_in_parallel_have_the_same_bits(backend: str) -> None:
    """Best parameters, scores and the refitted weights are those of one process."""
    grid = {"alpha": [1e-4, 10.0], "optimizer__learning_rate": [0.01, 0.1]}
    search = GridSearchCV(classifier(optimizer=fm.Adam(0.1)), grid, cv=2, n_jobs=2)
    with joblib.parallel_config(backend):
        search.fit(X, Y)
    alone = GridSearchCV(classifier(optimizer=fm.Adam(0.1)), grid, cv=2).fit(X, Y)
    assert search.best_params_ == alone.best_params_
    scores = [result.cv_results_["mean_test_score"] for result in (search, alone)]
    np.testing.assert_array_equal(*scores)
    np.testing.assert_array_equal(
        parameters(search.best_estimator_), parameters(alone.best_estimator_)
    )


def test_halving_searches_by_epochs() -> None:
    search = HalvingGridSearchCV(
        classifier(), {"alpha": [1e-4, 1e-2, 1.0]}, resource="max_iter", max_resources=9, cv=2
    )
    assert search.fit(X, Y).best_estimator_.max_iter == 9


def threads_in_a_task(n_threads: int | None = None) -> int:
    with limited(n_threads):
        return fm.get_num_threads()


def test_a_task_among_others_has_its_share_of_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in a thread; in a process of loky what joblib's OMP_NUM_THREADS says."""
    tasks = [joblib.delayed(threads_in_a_task)() for _ in range(2)]
    assert joblib.Parallel(2, backend="threading")(tasks) == [1, 1]
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert joblib.Parallel(2, backend="multiprocessing")(tasks) == [1, 1]
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        assert joblib.Parallel(2)(tasks) == [1, 1]
    everything = fm.get_num_threads()
    assert threads_in_a_task() == everything
    assert threads_in_a_task(1) == 1
    given = [joblib.delayed(threads_in_a_task)(everything) for _ in range(2)]
    assert joblib.Parallel(2, backend="threading")(given) == [everything] * 2


def test_the_bits_in_other_processes_are_the_same() -> None:
    fits = joblib.Parallel(2, backend="loky")(joblib.delayed(classifier().fit)(X, Y) for _ in "ab")
    for other in fits:
        np.testing.assert_array_equal(parameters(other), parameters(classifier().fit(X, Y)))


def test_metadata_is_routed() -> None:
    """Weights reach fit through a pipeline; without a request they are refused."""
    weights = np.where(Y == 1, 3.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        asks = classifier().set_fit_request(sample_weight=True)
        asks.set_score_request(sample_weight=False)
        routed = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), asks)
        routed.fit(X, Y, sample_weight=weights)
        scaled = StandardScaler().fit_transform(X)
        expected = classifier().fit(scaled, Y, sample_weight=weights)
        np.testing.assert_array_equal(parameters(routed[-1]), parameters(expected))
        result = cross_validate(asks, X, Y, params={"sample_weight": weights}, cv=2)
        assert len(result["test_score"]) == 2
        classifier().set_fit_request(X_val=True, y_val=True)
        asks.set_partial_fit_request(classes=True, sample_weight=False)


@of_1_9
def test_callbacks_of_scikit_learn() -> None:
    """They see each epoch with an estimator that can predict, and stop; also from outside."""
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    fitted = classifier(max_iter=4).set_callbacks(monitor).fit(X, Y)
    whole, *epochs = (row["accuracy"] for row in monitor.get_logs().data)
    assert whole == fitted.score(X, Y)
    expected = [classifier(max_iter=n).fit(X, Y).score(X, Y) for n in (1, 2, 3, 4)]
    assert epochs == expected

    class Stops:
        max_propagation_depth = None  # handed on by pipelines

        def setup(self, estimator: Any, context: Any) -> None: ...
        def teardown(self, estimator: Any, context: Any) -> None:
            self.ended = True

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...
        def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
            return bool(context.task_id == 1)

    stops = Stops()
    assert classifier(max_iter=9).set_callbacks(stops).fit(X, Y).n_iter_ == 2
    assert stops.ended
    whole = ScoringMonitor(scoring="accuracy")
    fitted = classifier(solver="lbfgs").set_callbacks(whole).fit(X, Y)
    assert [row["accuracy"] for row in whole.get_logs().data] == [fitted.score(X, Y)]
    pipeline = make_pipeline(StandardScaler(), classifier()).set_callbacks(Stops())
    assert pipeline.fit(X, Y)[-1].n_iter_ == 2


def test_the_file_of_typed_uses_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """`mypy` and `basedpyright` check it, in .ci/run."""
    file = Path(__file__).with_name("typing") / "estimators.py"
    assert isinstance(runpy.run_path(str(file))["score"], float)


def test_verbose_prints_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    fitted = classifier(verbose=True, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Iteration 1, loss = {fitted.loss_curve_[0]:.8f}"
    assert lines[1] == f"Validation score: {fitted.validation_scores_[0]:f}"
    assert len(lines) == 6
    data, y = data_named("regression")
    MLPRegressor(max_iter=9, tol=10, n_iter_no_change=1, verbose=1, random_state=0).fit(data, y)
    expected = (
        "Training loss did not improve more than tol=10.000000 for 1 consecutive epochs. Stopping."
    )
    assert capsys.readouterr().out.splitlines()[-1] == expected


def test_the_signature_is_that_of_scikit_learn_with_more_behind() -> None:
    import inspect

    from sklearn import neural_network

    for ours, theirs in (
        (MLPClassifier, neural_network.MLPClassifier),
        (MLPRegressor, neural_network.MLPRegressor),
    ):
        mine, their = (list(inspect.signature(cls).parameters.values()) for cls in (ours, theirs))
        if sklearn.__version__.startswith("1.9"):
            same = [(p.name, p.default, p.kind) for p in their]
            assert [(p.name, p.default, p.kind) for p in mine[: len(their)]] == same
        assert all(p.kind is p.KEYWORD_ONLY for p in mine[len(their) + 1 :])
        assert ours.__module__ == "fastmlp.sklearn"
        assert f"{mine[-1].name} :" in str(ours.__doc__)
    assert "fastmlp.sklearn" in sys.modules

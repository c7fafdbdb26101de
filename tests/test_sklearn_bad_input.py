"""What is refused: with scikit-learn's error and sentence, else in our form; nothing changes."""

from __future__ import annotations

import copy
import re
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse

pytest.importorskip("sklearn", minversion="1.6")
from sklearn import neural_network

import fastmlp as fm
import fastmlp.sklearn as ours
from sklearn_cases import of_1_9

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4))
Y = np.arange(30) % 3
R = X @ [1.0, 2.0, 3.0, 4.0]

# Parameters that scikit-learn refuses too, in the same words.
PARAMETERS = [
    *({"hidden_layer_sizes": v} for v in (0, -1, (5, 0), (-3,), "wide", None)),
    {"solver": "newton"},
    *({"alpha": v} for v in (-1, "x", None, np.nan, np.inf)),
    *({"batch_size": v} for v in (0, -3, 2.5, "all")),
    *({"learning_rate": v} for v in ("fast", 0.1)),
    *({"learning_rate_init": v} for v in (0, -1, "x", np.nan, np.inf)),
    *({"power_t": v} for v in (-1, np.inf)),
    *({"max_iter": v} for v in (0, -1, 1.5, None)),
    *({"shuffle": v} for v in (1, "yes", None)),
    *({"random_state": v} for v in (-1, "seed", 1.5, np.random.default_rng(0))),
    *({"tol": v} for v in (-1e-3, np.inf)),
    {"verbose": -1},
    {"warm_start": 1},
    *({"momentum": v} for v in (-0.1, 1.1, 10**400)),
    {"nesterovs_momentum": "no"},
    {"early_stopping": 1},
    *({"validation_fraction": v} for v in (-0.1, 1.0)),
    *({"beta_1": v} for v in (-0.1, 1.0)),
    {"beta_2": 1.0},
    *({"epsilon": v} for v in (0, np.inf)),
    *({"n_iter_no_change": v} for v in (0, 1.5)),
    {"max_fun": 0},
]
WITH_NAN = np.where(np.arange(120).reshape(30, 4) == 7, np.nan, X)
SAMPLES: list[tuple[Any, Any, dict[str, Any]]] = [
    (WITH_NAN, Y, {}),
    (X * np.inf, Y, {}),
    (X[0], Y, {}),
    (X[:, :, None], Y, {}),
    (X[:20], Y, {}),
    (X[:0], Y[:0], {}),
    (X.astype(complex), Y, {}),
    ([["a", "b"]] * 30, Y, {}),
    (None, Y, {}),
    (X, None, {}),
    (X, np.where(Y == 1, np.nan, Y), {}),
    (scipy.sparse.csr_array(WITH_NAN), Y, {}),
    (X[:, :0], Y, {}),
    (X, Y, {"sample_weight": np.ones(29)}),
    (X, Y, {"sample_weight": np.ones((30, 2))}),
    (X, Y, {"sample_weight": np.where(Y == 1, np.nan, 1)}),
    (X, Y, {"sample_weight": np.zeros(30)}),
    (X, Y, {"sample_weight": "heavy"}),
]
KINDS = ["MLPClassifier", "MLPRegressor"]


def error_of(call: Any) -> BaseException | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except Exception as error:
            return error
    return None


def words(text: str) -> str:
    """A message without what varies: sets have no order, NumPy's names of types have changed."""
    text = re.sub(r"among \{.*?\}", lambda m: " ".join(sorted(re.findall(r"\w+", m[0]))), text)
    return re.sub(r"numpy\.bool_?", "numpy.bool", " ".join(text.split()))


def state(estimator: Any) -> Any:
    return {
        name: copy.deepcopy(value)
        for name, value in estimator.__getstate__().items()
        if name.endswith("_") or name.startswith("_")
    }


def unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(before[k], after[k]) for k in before)
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(unchanged, before, after))
    return (
        bool(np.array_equal(before, after)) if isinstance(before, np.ndarray) else before == after
    )


def fitted(module: Any, kind: str, **params: Any) -> Any:
    target = Y if kind == "MLPClassifier" else R
    estimator = getattr(module, kind)(hidden_layer_sizes=(3,), max_iter=2, random_state=0, **params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(X, target)


def refused_alike(kind: str, method: str, change: dict[str, Any], *args: Any, **given: Any) -> None:
    errors = []
    for module in (neural_network, ours):
        fresh = "classes" in given or (change and (kind, method) == ("MLPRegressor", "partial_fit"))
        estimator = getattr(module, kind)() if fresh else fitted(module, kind)
        estimator.set_params(**change)
        before = state(estimator) if module is ours else None
        errors.append(error_of(lambda e=estimator: getattr(e, method)(*args, **given)))
        if module is ours:
            assert unchanged(before, state(estimator))
    theirs, mine = errors
    assert theirs is not None, "scikit-learn accepts it"
    assert mine is not None, f"accepted, but scikit-learn says: {theirs}"
    for expected in (ValueError, TypeError, AttributeError):
        assert isinstance(mine, expected) or not isinstance(theirs, expected)
    where = rf"{kind}\.{method}: |The '\w+' parameter of {kind} must be "
    assert words(str(mine)) == words(str(theirs)) or re.match(where, str(mine)), (mine, theirs)


@of_1_9
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change", PARAMETERS, ids=lambda change: re.sub(r" at 0x\w+", "", str(change))
)
def test_parameters_are_refused_as_by_scikit_learn(kind: str, method: str, change: Any) -> None:
    """By partial_fit in the first call; scikit-learn does not look at them in later ones."""
    if (method, change) == ("partial_fit", {"solver": "newton"}):
        pytest.skip("scikit-learn has no partial_fit then")
    classifies = kind == "MLPClassifier"
    given = {"classes": [0, 1, 2]} if classifies and method == "partial_fit" else {}
    refused_alike(kind, method, change, X, Y if classifies else R, **given)


@of_1_9
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_samples_are_refused_as_by_scikit_learn(kind: str, method: str, number: int) -> None:
    data, y, given = SAMPLES[number]
    refused_alike(kind, method, {}, data, y, **given)


@of_1_9
@pytest.mark.parametrize("method", ["predict", "score"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0, 1, 2, 3, 6, 7, 8, 11, 12])
def test_predictions_are_refused_as_by_scikit_learn(kind: str, method: str, number: int) -> None:
    data = SAMPLES[number][0]
    refused_alike(kind, method, {}, data, *([Y] if method == "score" else []))
    refused_alike(kind, method, {}, X[:, :3], *([Y] if method == "score" else []))


@of_1_9
@pytest.mark.parametrize(
    ("method", "change", "args"),
    [
        ("fit", {}, (X, R)),
        ("fit", {}, (X, np.c_[Y, Y])),
        ("fit", {"warm_start": True}, (X, Y + 1)),
        ("fit", {"warm_start": True}, (X, Y.astype(str))),
        ("fit", {"early_stopping": True, "validation_fraction": 0.01}, (X, Y)),
        ("partial_fit", {}, (X, Y + 1)),
        ("partial_fit", {}, (X, Y, None, [0, 1])),
        ("partial_fit", {"early_stopping": True}, (X, Y)),
        ("partial_fit", {"solver": "lbfgs"}, (X, Y)),
    ],
)
def test_labels_are_refused_as_by_scikit_learn(method: str, change: Any, args: Any) -> None:
    refused_alike("MLPClassifier", method, change, *args)


def test_the_first_partial_fit_wants_the_classes() -> None:
    estimator = ours.MLPClassifier()
    with pytest.raises(
        ValueError, match=r"^classes must be passed on the first call to partial_fit\.$"
    ):
        estimator.partial_fit(X, Y)
    with pytest.raises(ValueError, match="NaN"):
        estimator.partial_fit(WITH_NAN, Y, classes=[0, 1, 2])
    assert not hasattr(estimator, "classes_")


OWN = [
    ({"optimizer": "adm"}, ValueError, "optimizer='adm' is not known"),
    ({"optimizer": 3}, TypeError, "optimizer=3"),
    ({"output_activation": "sofmax"}, ValueError, "activation='sofmax' is not known"),
    ({"loss": "square"}, ValueError, "loss='square' is not known"),
    ({"activation": ["relu", "tanh"]}, ValueError, "activation=['relu', 'tanh'], expected one for"),
    ({"activation": 3}, TypeError, "activation=3"),
    ({"dropout": 1.0}, ValueError, "dropout=1.0, expected 0 <= dropout < 1"),
    ({"dropout": [0.1, 0.2]}, ValueError, "dropout=[0.1, 0.2], expected one rate for each of 1"),
    ({"dropout": "x"}, TypeError, "dropout='x'"),
    ({"input_noise": -1}, ValueError, "input_noise=-1, expected a finite number >= 0"),
    ({"callbacks": [3]}, TypeError, "callbacks=3"),
    ({"callbacks": [fm.EarlyStopping()]}, ValueError, "monitor='val_loss', expected one of"),
    ({"max_seconds": -1}, ValueError, "max_seconds=-1"),
    ({"n_threads": 0}, ValueError, "n_threads=0, expected an integer >= 1"),
    ({"l1": -1}, ValueError, "l1=-1"),
    ({"max_norm": 0}, ValueError, "max_norm=0"),
    ({"layers": [3]}, TypeError, "layers=[3]"),
    ({"layers": []}, ValueError, "layers=[], expected a list of layers"),
    ({"layers": "relu"}, TypeError, "layers='relu'"),
    ({"layers": [fm.Dropout(0.5)]}, ValueError, "layers[0]=Dropout"),
    ({"solver": "lbfgs", "dropout": 0.5}, ValueError, "dropout=0.5, expected 0.0 with solver='lb"),
    ({"solver": "lbfgs", "l1": 0.5}, ValueError, "l1=0.5, expected 0.0 with solver='lbfgs'"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("change", "expected", "text"), OWN, ids=lambda v: str(v)[:40])
def test_our_parameters_are_refused(kind: str, change: Any, expected: Any, text: str) -> None:
    """In the form ``MLPClassifier.fit: name=value, expected ...``."""
    estimator = fitted(ours, kind).set_params(**change)
    before = state(estimator)
    with pytest.raises(expected, match=rf"^{kind}\.fit: {re.escape(text)}"):
        estimator.fit(X, Y if kind == "MLPClassifier" else R)
    assert unchanged(before, state(estimator))


def test_scipys_method_trains_all_layers() -> None:
    layers = [fm.Dense(2, trainable=False), fm.Dense(3, "softmax")]
    expected = (
        r"fit: layers=Dense\(units=2, .* expected layers that are trained, with solver='lbfgs'"
    )
    with pytest.raises(ValueError, match=expected):
        ours.MLPClassifier(layers=layers, solver="lbfgs").fit(X, Y)


def test_unknown_activations_are_refused_in_scikit_learns_words() -> None:
    with pytest.raises(
        ValueError, match=r"^The 'activation' parameter of MLPClassifier must be a s"
    ):
        ours.MLPClassifier(activation="rleu").fit(X, Y)


@pytest.mark.parametrize("given", [{"X_val": X}, {"y_val": Y}])
def test_validation_samples_come_with_their_y(given: Any) -> None:
    with pytest.raises(TypeError, match=r"expected X_val and y_val together, or neither$"):
        ours.MLPClassifier().fit(X, Y, **given)


def test_negative_counts_and_weights_are_refused() -> None:
    """scikit-learn trains on them to nonsense."""
    with pytest.raises(ValueError, match=r"^MLPRegressor\.fit: y\[.*expected values >= 0"):
        ours.MLPRegressor("poisson").fit(X, R)
    with pytest.raises(ValueError, match=r"^MLPRegressor\.fit: sample_weight\[0\]=-1.0, expected"):
        ours.MLPRegressor().fit(X, R, -np.ones(30))


def test_class_weights_are_refused() -> None:
    labels = (Y[:, np.newaxis] == [0, 1]).astype(int)
    one, several = "expected 'balanced' or a dictionary", "expected 'balanced' or a list of 2 dict"
    cases: list[tuple[Any, Any, str]] = [
        ("heavy", Y, f"class_weight='heavy', {one}"),
        (3, Y, f"class_weight=3 (int), {one}"),
        ([1, 2, 3], Y, f"class_weight=[1, 2, 3] (list), {one}"),
        ({0: -1}, Y, "class_weight[0]=-1, expected a finite number >= 0"),
        ({0: np.nan}, Y, "class_weight[0]=nan, expected a finite number >= 0"),
        ({0: "x"}, Y, "class_weight[0]='x' (str), expected a finite number >= 0"),
        ({0: 1e300}, Y, "class_weight={0: 1e+300}, expected weights of at most 3.4e+38"),
        ({7: 1.0}, Y, "class_weight={7: 1.0}, expected classes as keys: [0, 1, 2]"),
        ({0: 1}, labels, f"class_weight={{0: 1}} (dict), {several}"),
        ([{0: 1}], labels, f"class_weight=[{{0: 1}}], {several}"),
        ([{0: 1}, {0: -1}], labels, "class_weight[1][0]=-1, expected a finite number >= 0"),
    ]
    for weights, y, text in cases:
        with pytest.raises((ValueError, TypeError), match=f"^MLPClassifier.fit: {re.escape(text)}"):
            ours.MLPClassifier(class_weight=weights).fit(X.astype(np.float32), y)


def test_an_optimizer_that_does_not_fit_is_refused_by_the_estimator() -> None:
    expected = r"^MLPClassifier\.fit: optimizer=LevenbergMarquardt.*expected loss='squared_error'"
    with pytest.raises(ValueError, match=expected):
        ours.MLPClassifier(optimizer=fm.LevenbergMarquardt()).fit(X, Y)

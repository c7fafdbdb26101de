"""A call of every function of `fastmlp.plot`, and calls that it refuses."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import plot

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn", minversion="1.6")
Figure: Any = pytest.importorskip("matplotlib.figure").Figure

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 2))
Y = (X[:, 0] > X[:, 1]).astype(int)
HISTORY = {"loss": [3.0, 2.0, 1.5], "val_loss": [3.5, 2.5, 2.6], "lr": [1.0, 0.5, 0.25]}
NET = fm.Network([2, 3, 1], activation="tanh", output="sigmoid", dtype="float64", seed=0)
VALUES = fm.Network([2, 3, 1], dtype="float64", seed=0)
CLASSES = fm.Network([2, 3, 2], activation="tanh", output="softmax", dtype="float64", seed=0)
WIDE = fm.Network([3, 1], seed=0)
RECURRENT = fm.Network([fm.GRU(2), fm.Dense(1)], inputs=(4, 3), seed=0)
IMAGES = fm.Network([fm.Conv2D(3, 2), fm.Dense(1)], inputs=(4, 4, 1), seed=0)
CURVE = fm.LearningRateCurve(np.array([1e-3, 1e-2, 1.0]), np.array([0.7, 0.2, np.inf]), 1e-2)


def new_axes(width: float = 5, height: float = 4) -> Any:
    """Return axes of a figure that belongs to no window."""
    return Figure((width, height), layout="constrained").subplots()


def bowl(w: Any) -> tuple[float, Any]:
    """w[0]² + 4 w[1]² + 1 and its gradient."""
    return w[0] ** 2 + 4 * w[1] ** 2 + 1, np.array([2 * w[0], 8 * w[1]])


def diagnosis(*norms: float, names: tuple[str, ...] = ("hidden", "output")) -> Any:
    """Return what `gradient_norms` reads of a diagnosis."""
    return SimpleNamespace(layer_names=list(names), gradient_norms=np.array(norms))


PATH = np.array([[2.0, 1.0], [1.0, -0.5], [0.5, 0.25]])
CALLS: dict[str, Callable[..., Any]] = {
    "activations": lambda **k: plot.activations(["tanh", "relu"], **k),
    "calibration": lambda **k: plot.calibration(NET, X, Y, **k),
    "confusion_matrix": lambda **k: plot.confusion_matrix(NET, X, Y, **k),
    "contours": lambda **k: plot.contours(bowl, {"a": PATH}, **k),
    "decision_regions": lambda **k: plot.decision_regions(NET, X, Y, resolution=9, **k),
    "gradient_norms": lambda **k: plot.gradient_norms([diagnosis(1, 2), diagnosis(3, 4)], **k),
    "hessian_spectrum": lambda **k: plot.hessian_spectrum(NET, X, Y, **k),
    "learning_curve": lambda **k: plot.learning_curve(HISTORY, **k),
    "learning_curves": lambda **k: plot.learning_curves({"a": HISTORY}, **k),
    "learning_rate_curve": lambda **k: plot.learning_rate_curve(CURVE, **k),
    "loss_surface": lambda **k: plot.loss_surface(NET, X, Y, resolution=9, **k),
    "partial_dependence": lambda **k: plot.partial_dependence(NET, X, 1, **k),
    "permutation_importance": lambda **k: plot.permutation_importance(NET, X, Y, **k),
    "weights": lambda **k: plot.weights(NET, **k),
}
BY_SKLEARN = ("calibration", "confusion_matrix", "partial_dependence", "permutation_importance")

# Function, its arguments, and the whole message but its beginning: a ValueError, or a TypeError
# where that has the type of what was given.
BAD: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("activations", ("softmax",), {}, r"phi=Softmax\(\), expected an activation that is applied"),
    ("activations", ([],), {}, r"phi=\[\], expected at least one activation"),
    ("activations", ("tan",), {}, r"activation='tan' is not known"),
    ("activations", ("tanh",), {"limits": (1, 1)}, r"limits=\(1, 1\), expected \(low, high\)"),
    ("activations", ("tanh",), {"limits": (0, np.inf)}, r"limits=\(0, inf\), expected"),
    ("activations", ("tanh",), {"limits": 3}, r"limits=3 \(int\), expected \(low, high\)"),
    ("calibration", (VALUES, X, Y), {}, "expected a fitted classifier, or an output of classes"),
    ("calibration", (NET, X, Y), {"n_bins": 0}, "n_bins=0, expected an integer >= 1"),
    (
        "calibration",
        (fm.Network([2, 3], output="softmax"), X, Y),
        {},
        "expected a classifier with probabilities of two classes",
    ),
    (
        "calibration",
        (fm.Network([2, 1], output="sign"), X, 2 * Y - 1),
        {},
        "expected a classifier with probabilities of two classes",
    ),
    ("calibration", (NET, X, Y + 1), {}, r"y has the label 2, expected one of \[0 1\]"),
    ("confusion_matrix", (3, X, Y), {}, r"model=3 \(int\), expected a fm.Network, or an estimator"),
    ("confusion_matrix", (VALUES, X, Y), {}, "expected a fitted classifier, or an output"),
    ("confusion_matrix", (NET, X, Y), {"normalize": "rows"}, "normalize='rows', expected 'true'"),
    ("contours", (3, {"a": PATH}), {}, r"fun=3 \(int\), expected a function of w"),
    ("contours", (bowl,), {}, r"xlim=None, expected \(low, high\), because there are no paths"),
    ("contours", (bowl,), {"xlim": (0, 1)}, "ylim=None, expected .*, because there are no paths"),
    ("contours", (bowl, PATH), {}, r"paths=.* \(ndarray\), expected a mapping of labels"),
    ("contours", (bowl, {"a": PATH.T}), {}, r"paths\['a'\] has shape \(2, 3\), expected \(steps"),
    ("contours", (bowl, {"a": PATH[:0]}), {}, r"paths\['a'\] has shape \(0, 2\), expected"),
    (
        "contours",
        (bowl, {"adam": fm.minimize(bowl, [1.0, 1.0], steps=1)}),
        {},
        r"paths\['adam'\]=.* has no path, expected one; use minimize\(..., record_path=True\)",
    ),
    ("contours", (bowl, {"a": PATH * np.nan}), {}, "xlim=None, .* no point of a path is finite"),
    ("contours", (bowl, {"a": PATH}), {"levels": 0}, "levels=0, expected an integer >= 1"),
    ("contours", (bowl, {"a": PATH}), {"levels": [2, 1]}, r"levels=\[2, 1\], expected a number"),
    ("contours", (bowl, {"a": PATH}), {"levels": []}, r"levels=\[\], expected a number"),
    ("contours", (lambda w: 7.0, {"a": PATH}), {}, "fun is 7 in the whole picture, expected"),
    ("contours", (lambda w: np.nan, {"a": PATH}), {}, "fun is finite nowhere in the picture"),
    ("contours", (lambda w: w, {"a": PATH}), {}, r"value of fun has shape \(2,\), expected \(\)"),
    ("decision_regions", (WIDE, X, Y), {}, "model has 3 inputs, expected 2"),
    ("decision_regions", (3, X, Y), {}, r"model=3 \(int\), expected a fm.Network, or an"),
    ("decision_regions", (NET, X[:, :1], Y), {}, r"X has shape \(40, 1\), expected \(n_samples, 2"),
    ("decision_regions", (NET, X[:0], Y[:0]), {}, r"X has shape \(0, 2\), expected"),
    ("decision_regions", (NET, X * np.nan, Y), {}, r"X\[0, 0\]=nan, expected finite"),
    ("decision_regions", (NET, X, Y[:9]), {}, r"y has shape \(9,\), expected \(40,\)"),
    ("decision_regions", (NET, X, X), {}, r"y has shape \(40, 2\), expected \(40,\)"),
    ("decision_regions", (NET, X, X[:, 0]), {}, "y has 40 different labels, expected 2 for one"),
    ("decision_regions", (CLASSES, X, Y + 1), {}, "y has the label 2, expected 0 to 1"),
    ("decision_regions", (NET, X, Y), {"resolution": 1}, "resolution=1, expected an integer >= 2"),
    ("gradient_norms", (3,), {}, r"diagnoses=3 \(int\), expected a diagnosis, or a sequence"),
    ("gradient_norms", ([],), {}, r"diagnoses=\[\], expected a diagnosis, or a sequence"),
    ("gradient_norms", ([1.0],), {}, r"diagnoses\[0\]=1.0 \(float\), expected a diagnosis"),
    (
        "gradient_norms",
        ([diagnosis(1, 2), diagnosis(1, 2, names=("a", "b"))],),
        {},
        r"diagnoses\[1\].layer_names=\['a', 'b'\], expected those of the others",
    ),
    ("gradient_norms", (diagnosis(1),), {}, r"gradient_norms has shape \(1,\), expected \(2,\)"),
    ("gradient_norms", (diagnosis(0, np.nan),), {}, "no norm that is finite and not 0, expected"),
    ("hessian_spectrum", (3, X, Y), {}, r"net=3 \(int\), expected a fm.Network"),
    ("hessian_spectrum", (NET, X[:, :1], Y), {}, r"X has shape \(40, 1\), expected"),
    ("hessian_spectrum", (NET, X, Y), {"k": 14}, "k=14, expected an integer <= 13"),
    ("hessian_spectrum", (NET, X, Y), {"k": 0}, "k=0, expected an integer >= 1"),
    ("learning_curve", ([1.0],), {}, r"history=\[1.0\] \(list\), expected a History, or a mapping"),
    ("learning_curve", (HISTORY,), {"key": "r2"}, "key='r2', expected one of: loss, val_loss, lr"),
    ("learning_curve", ({"loss": "abc"},), {}, r"history\['loss'\] is of type str"),
    ("learning_curve", ({"loss": [[1.0]]},), {}, r"history\['loss'\] has shape \(1, 1\), expected"),
    ("learning_curve", ({"loss": [1, -2]},), {"log": True}, "log=True, .* 'training' has .* -2"),
    ("learning_curves", (3,), {}, r"histories=3 \(int\), expected a History, or a mapping"),
    ("learning_curves", ({},), {}, r"histories={}, expected at least one history"),
    ("learning_curves", ({"a": 3},), {}, r"histories\['a'\]=3 \(int\), expected a History"),
    ("learning_curves", ({"a": {}},), {}, "key='loss', expected one of: none, no epochs"),
    ("learning_rate_curve", (3,), {}, r"curve=3 \(int\), expected a LearningRateCurve"),
    ("loss_surface", (3, X, Y), {}, r"net=3 \(int\), expected a fm.Network"),
    ("loss_surface", (NET, X[:, :1], Y), {}, r"X has shape \(40, 1\), expected"),
    ("loss_surface", (NET, X, Y), {"span": 0}, "span=0, expected a finite number > 0"),
    ("loss_surface", (NET, X, Y), {"resolution": 1}, "resolution=1, expected an integer >= 2"),
    ("loss_surface", (NET, X, Y), {"seed": -1}, "seed=-1, expected an integer >= 0"),
    ("loss_surface", (NET, X, Y), {"path": X}, r"path has shape \(40, 2\), expected \(n, 13\)"),
    (
        "loss_surface",
        (NET, X, Y),
        {"directions": np.ones((3, 13))},
        r"directions has shape \(3, 13\), expected \(2, 13\)",
    ),
    ("loss_surface", (NET, X, Y), {"path": np.ones((0, 13))}, r"path has shape \(0, 13\)"),
    ("loss_surface", (NET, X, Y), {"path": np.full((1, 13), np.nan)}, r"path\[0, 0\]=nan"),
    ("loss_surface", (NET, X, Y), {"loss": bowl}, "loss=.*, expected a loss of this package"),
    ("partial_dependence", (3, X), {}, r"model=3 \(int\), expected a fm.Network, or an estimator"),
    ("permutation_importance", (NET, X, Y), {"n_repeats": 0}, "n_repeats=0, expected an integer"),
    ("permutation_importance", (NET, X, Y), {"seed": -1}, "seed=-1, expected an integer >= 0"),
    (
        "permutation_importance",
        (NET, X, Y),
        {"feature_names": ["a"]},
        "feature_names has 1 names, expected 2",
    ),
    ("weights", (3,), {}, r"net=3 \(int\), expected a fm.Network"),
    ("weights", (NET, 2), {}, "layer=2, expected an integer <= 1"),
    ("weights", (NET, -1), {}, "layer=-1, expected an integer >= 0"),
    ("weights", (NET,), {"shape": (3, 3)}, r"shape=\(3, 3\), expected .* of 2 inputs"),
    ("weights", (NET,), {"shape": (2,)}, r"shape=\(2,\), expected \(height, width\) or"),
    ("weights", (NET,), {"shape": 2}, r"shape=2 \(int\), expected \(height, width\) or"),
    ("weights", (NET,), {"n_columns": 0}, "n_columns=0, expected an integer >= 1"),
    ("weights", (RECURRENT,), {"shape": (5, 1)}, "shape=.*, expected None for a recurrent layer"),
    ("weights", (IMAGES,), {"shape": (2, 2)}, "shape=.*, expected None for a convolution"),
]

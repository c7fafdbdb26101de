"""What a model's predictions depend on: permutation importance and partial dependence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fastmlp._data.validation import InvalidValue, check_int, error_prefix
from fastmlp.plot._axes import COLORS, axes_of, matplotlib
from fastmlp.plot._models import estimator_of, sklearn

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@error_prefix("permutation_importance")
def permutation_importance(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_repeats: int = 10,
    seed: int = 0,
    feature_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw by how much a model's score drops when a feature is shuffled among the samples.

    Parameters
    ----------
    model : estimator or Network
        A fitted estimator of scikit-learn or `fastmlp.sklearn`, or a network. The score is the
        accuracy of classifiers, R² of regressors; a network with an output of softmax, sigmoid or
        sign is a classifier.
    X : array_like of shape (n_samples, n_features)
        Samples, preferably those that the model was not trained on.
    y : array_like of shape (n_samples,) or (n_samples, n_outputs)
        Labels or targets.
    n_repeats : int, default 10
        How often each feature is shuffled.
    seed : int, default 0
        Seed of the shuffling.
    feature_names : sequence of str, optional
        By default the columns of a DataFrame, else "feature 0", "feature 1", ...
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on: a box per feature, of the `n_repeats` decreases, the largest median
        first. Cost: ``n_features * n_repeats`` predictions of all samples.

    Raises
    ------
    ValueError, TypeError
        No estimator, arrays that do not fit it, or another number of names than of features.
    ImportError
        scikit-learn or matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> from fastmlp.plot import permutation_importance
    >>> from matplotlib.figure import Figure
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> net = fm.Network([2, 1])
    >>> net.parameters = [0.0, 1.0, 0.0]  # the output is the second feature
    >>> ax = permutation_importance(net, X, X[:, 1], ax=Figure().subplots())
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['feature 1', 'feature 0']
    """
    repeats = check_int(n_repeats, "n_repeats", min=1)
    inspection = sklearn("inspection")
    names = _feature_names(X, feature_names)
    estimator, X, y = estimator_of(model, X, y)
    found = inspection.permutation_importance(
        estimator, X, y, n_repeats=repeats, random_state=check_int(seed, "seed", min=0)
    )
    order = np.argsort(-np.median(found.importances, axis=1), kind="stable")
    ax = axes_of(ax)
    ax.boxplot(
        found.importances[order].T,
        medianprops={"color": COLORS[1]},
        flierprops={"marker": "."},
    )
    ax.set_xticks(np.arange(1, len(order) + 1), [names[index] for index in order])
    if len(order) > 4:
        ax.tick_params("x", rotation=90)
    ax.axhline(0, color="0.6", linewidth=0.8, linestyle=":")
    is_classifier = hasattr(estimator, "classes_")
    ax.set(xlabel="feature", ylabel=f"decrease of {'the accuracy' if is_classifier else 'R²'}")
    return ax


@error_prefix("partial_dependence")
def partial_dependence(
    model: Any,
    X: ArrayLike,
    feature: int | str | tuple[int | str, int | str] = 0,
    *,
    target: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a model's mean prediction over the values of a feature, or of a pair of them.

    Parameters
    ----------
    model : estimator or Network
        As for `permutation_importance`.
    X : array_like of shape (n_samples, n_features)
        Samples, over whose other features the mean is taken.
    feature : int, str, or pair of these, default 0
        Column, or its name in a frame; of a pair contours are drawn.
    target : int or label, optional
        The class, of classifiers of more than two, or the output, of several.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of scikit-learn's `PartialDependenceDisplay`. Cost: 100 predictions of all
        samples; 10,000 of a pair.

    Raises
    ------
    ValueError, TypeError
        No estimator, no such feature, or a target that is missing.
    ImportError
        scikit-learn or matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> from fastmlp.plot import partial_dependence
    >>> from matplotlib.figure import Figure
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> ax = partial_dependence(fm.Network([2, 1], seed=0), X, 1, ax=Figure().subplots())
    >>> ax.get_ylabel()
    'Partial dependence'
    """
    display = sklearn("inspection").PartialDependenceDisplay
    estimator, X, _ = estimator_of(model, X, None)
    given, ax = ax, axes_of(ax)
    try:
        display.from_estimator(
            estimator, X, [feature], target=target, ax=[ax], line_kw={"color": COLORS[0]}
        )
    except Exception:
        if given is None:
            matplotlib("pyplot").close(ax.figure)
        raise
    return ax


def _feature_names(X: Any, given: Any) -> list[str]:
    n_features = int(np.prod(np.shape(X)[1:]))
    if given is None:
        given = getattr(X, "columns", [f"feature {index}" for index in range(n_features)])
    names = [str(name) for name in given]
    if len(names) != n_features:
        raise InvalidValue(f"feature_names has {len(names)} names, expected {n_features}")
    return names

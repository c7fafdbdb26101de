"""`MLPClassifier`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import column_or_1d, validate_data

from fastmlp import _core
from fastmlp._data.dataset import target_spec
from fastmlp.network import Network
from fastmlp.sklearn import _labels
from fastmlp.sklearn._architecture import is_probability, read_loss, read_output
from fastmlp.sklearn._decorators import available, with_callbacks
from fastmlp.sklearn._docstrings import document
from fastmlp.sklearn._estimator import SPARSE, BaseMLP

SOFTMAX = _core.activations["softmax"]


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron for classification, compatible with scikit-learn's ``MLPClassifier``.

    With the same parameters it gives the same weights, in double precision up to rounding, and the
    same number of epochs, warnings and errors. scikit-learn has no parameters after `max_fun`.

    Parameters
    ----------
    {parameters}
    loss : str, loss or callable, default None
        As in `fm.Network.fit`; by default cross-entropy.

    Attributes
    ----------
    classes_ : ndarray or list of ndarray of shape (n_classes,)
        Labels, in the order of the outputs.
    {attributes}
    out_activation_ : str
        "softmax", "logistic", or the name of the `output_activation`.

    See Also
    --------
    MLPRegressor : The same for regression.
    fastmlp.Network : The network that it trains.

    Notes
    -----
    Cost: 6 operations per sample, epoch and weight. Source: Pedregosa et al. 2011;
    docs/coming_from_scikit_learn.md lists the differences.

    Examples
    --------
    >>> from fastmlp.sklearn import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = MLPClassifier((20,), solver="lbfgs", random_state=0).fit(X, y)
    >>> classifier.score(X, y) > 0.95
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        optimizer: Any = None,
        output_activation: Any = None,
        loss: Any = None,
        dropout: Any = 0.0,
        input_noise: float = 0.0,
        class_weight: Any = None,
        callbacks: Any = None,
        max_seconds: float | None = None,
        n_threads: int | None = None,
        l1: float = 0.0,
        max_norm: float | None = None,
        stratify: bool = False,
        scoring: Any = None,
        layers: Any = None,
        comm: Any = None,
        precision: str | None = None,
    ) -> None:
        self.__dict__.update((k, value) for k, value in locals().items() if k != "self")

    if TYPE_CHECKING:  # the mixin of scikit-learn has no types

        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

    @with_callbacks
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> Self:
        """Train on samples and their labels.

        Parameters
        ----------
        X : array_like or CSR or CSC matrix of shape (n_samples, n_features)
            Samples; float32 is computed in float32, all else in float64.
        y : array_like of shape (n_samples,) or (n_samples, n_labels)
            Labels of any kind; 0 and 1 in each column for several labels of a sample.
        sample_weight : array_like of shape (n_samples,), default None
            Weights of the samples.
        X_val, y_val : as X and y, default None
            Samples for ``validation_loss_curve_``, and for early stopping in place of a part of X.

        Returns
        -------
        self : MLPClassifier
            Trained; an estimator that refuses or fails is as it was.
        """
        return self._fit(X, y, sample_weight, X_val, y_val)

    @available(lambda estimator: estimator._check_stochastic())
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Make one epoch on these samples, with the optimizer where it stands.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array_like of shape (n_classes,), default None
            All labels that will occur; needed in the first call.

        Returns
        -------
        self : MLPClassifier
        """
        begin = partial(_labels.begin_classes, self, y, classes)
        return self._fit(X, y, sample_weight, incremental=True, begin=begin)

    def _read(self, X: Any, y: Any, first: bool, anew: bool, full: bool) -> tuple[Any, Any, Any]:
        X, y = validate_data(
            self, X, y, accept_sparse=SPARSE, multi_output=True, dtype=self._dtypes(), reset=first
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if anew or not hasattr(self, "classes_"):
            _labels.learn_labels(self, y)
        else:
            _labels.check_classes(self, y, full)
        return X, y, _labels.codes_of(self, y)

    def _output(self) -> tuple[Any, Any]:
        loss = read_loss(self.loss)
        default = "softmax" if self._y_kind == "multiclass" else "sigmoid"
        if getattr(loss, "labels_pm1", False):  # of which the sign of an output is the label
            default = "identity"
        return read_output(vars(self), default), loss

    def _width(self, codes: Any, output: Any) -> int:
        if codes.ndim == 1:
            return len(self.classes_)
        return 2 if codes.shape[1] == 1 and isinstance(output, SOFTMAX) else codes.shape[1]

    def _targets(self, network: Network, loss: Any, codes: Any) -> Any:
        if codes.ndim == 2:
            return codes[:, 0] if codes.shape[1] == 1 else codes
        indices = target_spec(network, loss).classes
        return codes if indices else np.eye(len(self.classes_), dtype=network.dtype)[codes]

    def _strata(self, codes: Any) -> Any:
        """Return the classes by which early stopping splits, None for any split."""
        if codes.ndim == 2:
            return codes.astype(bool) if codes.shape[1] == 1 else None
        return codes if self.stratify else None

    def _indicators(self, outputs: Any) -> Any:
        """Return outputs in the columns of the label binarizer, to be compared with 1/2."""
        output, loss = self._output()
        if getattr(loss, "labels_pm1", False) and not is_probability(output):
            outputs = (outputs + 1) / 2
        two = self._y_kind == "binary" and outputs.shape[1] == 2
        return outputs[:, 1:] if two else outputs

    def _scored(self, outputs: Any, codes: Any, weights: Any) -> float:
        """Return the accuracy, for several labels of a sample that of all together."""
        outputs = self._indicators(outputs)
        if codes.ndim == 1:
            right = outputs.argmax(axis=1) == codes
        else:
            right = ((outputs > 0.5) == codes).all(axis=1)
        return float(np.average(right, weights=weights))

    def predict(self, X: Any) -> Any:
        """Return the label of each sample.

        Parameters
        ----------
        X : array_like or CSR or CSC matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        return _labels.labels_of(self, self._indicators(self._outputs(X)))

    def _gives_probabilities(self) -> bool:
        if hasattr(self, "_y_kind") and not is_probability(self._output()[0]):
            raise AttributeError(
                f"predict_proba needs a softmax or sigmoid output, this is {self._output()[0]}."
            )
        return True

    @available(lambda estimator: estimator._gives_probabilities())
    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        X : array_like or CSR or CSC matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``; for several labels of a sample that of each label.
        """
        outputs = self._outputs(X)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    @available(lambda estimator: estimator._gives_probabilities())
    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of `predict_proba`, -inf where that is 0.

        Parameters
        ----------
        X : array_like or CSR or CSC matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.log(self.predict_proba(X))

    @classmethod
    def from_network(cls, network: Network, classes: Any = None, **params: Any) -> Self:
        """Return an estimator that is fitted with a copy of a network.

        Parameters
        ----------
        network : fastmlp.Network
            With one output for each class, or one for two classes.
        classes : array_like of shape (n_classes,), default None
            Labels in ascending order, that of the outputs; by default 0, 1, ...
        **params : dict
            Parameters of the estimator, for later training.

        Returns
        -------
        MLPClassifier
            Its `layers` and `precision` are those of the network.

        Examples
        --------
        >>> import fastmlp as fm
        >>> from fastmlp.sklearn import MLPClassifier
        >>> net = fm.Network([4, 8, 3], output="softmax", seed=0)
        >>> MLPClassifier.from_network(net, ["a", "b", "c"]).predict_proba([[1, 2, 3, 4]]).shape
        (1, 3)
        """
        params = {"precision": network.precision, **params}
        estimator = cls(layers=list(network.layers), **params)
        _labels.set_labels(estimator, network, classes)
        return estimator._adopt(network)

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's description of what the estimator can do."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


MLPClassifier.__doc__ = document(MLPClassifier)

"""`MLPRegressor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d, validate_data

from fastmlp import _core
from fastmlp.network import Network
from fastmlp.sklearn._architecture import read_loss, read_output
from fastmlp.sklearn._decorators import available, with_callbacks
from fastmlp.sklearn._docstrings import document
from fastmlp.sklearn._estimator import SPARSE, BaseMLP

IDENTITY, POISSON = _core.activations["identity"], _core.losses["poisson"]


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron for regression, compatible with scikit-learn's ``MLPRegressor``.

    With the same parameters it gives the same weights, in double precision up to rounding, and the
    same number of epochs, warnings and errors. scikit-learn has no parameters after `max_fun`.

    Parameters
    ----------
    loss : str, loss or callable, default "squared_error"
        "squared_error"; "poisson" for counts, whose logarithm the network predicts; or any loss of
        fastmlp. It is the first parameter, as in scikit-learn.
    {parameters}

    Attributes
    ----------
    {attributes}
    out_activation_ : str
        "identity", "exp" for "poisson", or the name of the `output_activation`.

    See Also
    --------
    MLPClassifier : The same for classification.
    fastmlp.Network : The network that it trains.

    Notes
    -----
    Cost: 6 operations per sample, epoch and weight. Source: Pedregosa et al. 2011;
    docs/coming_from_scikit_learn.md lists the differences.

    Examples
    --------
    >>> from fastmlp.sklearn import MLPRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, scaled=True)
    >>> regressor = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", random_state=0)
    >>> regressor.fit(X, y / y.std()).score(X, y / y.std()) > 0.5
    True
    """

    def __init__(
        self,
        loss: Any = "squared_error",
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
        dropout: Any = 0.0,
        input_noise: float = 0.0,
        callbacks: Any = None,
        max_seconds: float | None = None,
        n_threads: int | None = None,
        l1: float = 0.0,
        max_norm: float | None = None,
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
        """Train on samples and their values.

        Parameters
        ----------
        X : array_like or CSR or CSC matrix of shape (n_samples, n_features)
            Samples; float32 is computed in float32, all else in float64.
        y : array_like of shape (n_samples,) or (n_samples, n_outputs)
            Values.
        sample_weight : array_like of shape (n_samples,), default None
            Weights of the samples.
        X_val, y_val : as X and y, default None
            Samples for ``validation_loss_curve_``, and for early stopping in place of a part of X.

        Returns
        -------
        self : MLPRegressor
            Trained; an estimator that refuses or fails is as it was.
        """
        return self._fit(X, y, sample_weight, X_val, y_val)

    @available(lambda estimator: estimator._check_stochastic())
    @with_callbacks
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Make one epoch on these samples, with the optimizer where it stands.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        self : MLPRegressor
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def _read(self, X: Any, y: Any, first: bool, anew: bool, full: bool) -> tuple[Any, Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=SPARSE,
            multi_output=True,
            y_numeric=True,
            dtype=self._dtypes(),
            reset=first,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y, y.reshape(len(y), -1)

    def _output(self) -> tuple[Any, Any]:
        output, loss = read_output(vars(self), "identity"), read_loss(self.loss)
        if self.loss == "poisson" and not isinstance(output, IDENTITY):
            loss = POISSON(log_input=False)
        return output, loss

    def _is_log(self) -> bool:
        """Return whether the outputs of the network are logarithms of the predictions."""
        loss = self._output()[1]
        return isinstance(loss, POISSON) and bool(loss.log_input)

    def _output_name(self, output: Any) -> str:
        return "exp" if self._is_log() else super()._output_name(output)

    def _width(self, codes: Any, output: Any) -> int:
        return int(codes.shape[1]) * self._per_target()

    def _per_target(self) -> int:
        """Return the outputs for each value: 2 where variances are predicted too."""
        per_target: int = getattr(self._output()[1], "outputs_per_target", 1)
        return per_target

    def _targets(self, network: Network, loss: Any, codes: Any) -> Any:
        return codes

    def _values(self, outputs: Any) -> Any:
        """Return outputs as predictions: means, where variances are predicted too."""
        means = outputs[:, : outputs.shape[1] // self._per_target()]
        with np.errstate(over="ignore"):
            values = np.exp(means) if self._is_log() else means
        return values.ravel() if values.shape[1] == 1 else values

    def _scored(self, outputs: Any, codes: Any, weights: Any) -> float:
        """Return R², nan where predictions are not finite."""
        values = self._values(outputs)
        if not np.isfinite(values).all():
            return np.nan
        return float(r2_score(codes, values.reshape(codes.shape), sample_weight=weights))

    def predict(self, X: Any) -> Any:
        """Return the value of each sample.

        Parameters
        ----------
        X : array_like or CSR or CSC matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._values(self._outputs(X))

    @classmethod
    def from_network(cls, network: Network, **params: Any) -> Self:
        """Return an estimator that is fitted with a copy of a network.

        Parameters
        ----------
        network : fastmlp.Network
            With one output for each value.
        **params : dict
            Parameters of the estimator, for later training.

        Returns
        -------
        MLPRegressor
            Its `layers` and `precision` are those of the network.

        Examples
        --------
        >>> import fastmlp as fm
        >>> from fastmlp.sklearn import MLPRegressor
        >>> MLPRegressor.from_network(fm.Network([4, 8, 1], seed=0)).predict([[1, 2, 3, 4]]).shape
        (1,)
        """
        params = {"precision": network.precision, **params}
        return cls(layers=list(network.layers), **params)._adopt(network)


MLPRegressor.__doc__ = document(MLPRegressor)

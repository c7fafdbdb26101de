"""What both estimators share: parameters, the state between calls, and predictions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from fastmlp._data.threads import limited
from fastmlp._data.validation import error_prefix, resolve, value_error
from fastmlp._fit.ranks import Ranks
from fastmlp.network import Network
from fastmlp.sklearn import _files, _onnx
from fastmlp.sklearn._decorators import CallbackSupport
from fastmlp.sklearn._draws import draws_from
from fastmlp.sklearn._fitting import Fitting
from fastmlp.sklearn._model import Model, rebuilt
from fastmlp.sklearn._optimizers import searches
from fastmlp.sklearn._parameters import check_parameters

SPARSE = ["csr", "csc"]
FLOATS = (np.float64, np.float32)
VALUES = ("optimizer", "loss", "activation", "output_activation")  # parameters with fields


class BaseMLP(CallbackSupport, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron behind scikit-learn's interface."""

    solver: str
    optimizer: Any
    n_threads: int | None
    random_state: Any
    comm: Any
    precision: str | None
    coefs_: list[Any]
    intercepts_: list[Any]
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    validation_loss_curve_: list[float]
    n_iter_: int
    t_: int
    n_layers_: int
    n_outputs_: int
    n_features_in_: int
    out_activation_: str

    # What the two estimators differ in.

    def _read(self, X: Any, y: Any, first: bool, anew: bool, full: bool) -> tuple[Any, Any, Any]:
        """Return X and y as validated arrays, and the codes of y.

        The columns of X are those of the first call; labels are learnt `anew` or those of before,
        `full` where all of them must occur.
        """
        raise NotImplementedError

    def _output(self) -> tuple[Any, Any]:
        """Return the activation of the output layer, and the loss or None for its default."""
        raise NotImplementedError

    def _width(self, codes: Any, output: Any) -> int:
        """Return the number of outputs."""
        raise NotImplementedError

    def _targets(self, network: Network, loss: Any, codes: Any) -> Any:
        """Return y as `Network.fit` takes it."""
        raise NotImplementedError

    def _strata(self, codes: Any) -> Any:
        """Return the classes by which early stopping splits, None for any split."""
        return None

    def _output_name(self, output: Any) -> str:
        """Return scikit-learn's name of an output's activation."""
        return "logistic" if output.name == "sigmoid" else str(output.name)

    def _scored(self, outputs: Any, codes: Any, weights: Any) -> float:
        """Return the default score of outputs ``(n, n_outputs)``."""
        raise NotImplementedError

    # Parameters.

    def set_params(self, **params: Any) -> Self:
        """Set parameters; ``optimizer__learning_rate`` and the like make a new optimizer.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : estimator
        """
        before = dict(vars(self))
        try:
            super().set_params(**{k: v for k, v in params.items() if not self._is_field(k)})
            fields: dict[str, dict[str, Any]] = {}
            for name in filter(self._is_field, params):
                parameter, _, field = name.partition("__")
                fields.setdefault(parameter, {})[field] = params[name]
            value_of = error_prefix(f"{type(self).__name__}.set_params")(self._value_of)
            for parameter, changes in fields.items():
                setattr(self, parameter, value_of(parameter).replace(**changes))
        except BaseException:
            self.__dict__.update(before)
            raise
        return self

    def _is_field(self, name: str) -> bool:
        """Return whether a name is that of a field of a value, which is not changed itself."""
        parameter, nested, _ = name.partition("__")
        return bool(nested) and parameter in VALUES and parameter in vars(self)

    def _value_of(self, parameter: str) -> Any:
        """Return the value whose fields change, made of its name if it is given by that."""
        value = getattr(self, parameter)
        if isinstance(value, str):
            value = resolve(parameter, value)
        if not (hasattr(value, "replace") and hasattr(value, "fields")):
            raise value_error(parameter, value, "a name or a value of fastmlp, which has fields")
        return value

    def _check_stochastic(self) -> bool:
        """Raise for solvers that have no `partial_fit`."""
        if searches(vars(self)):
            name = self.solver if self.optimizer is None else self.optimizer
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{name} is not stochastic."
            )
        return True

    # Files.

    save = _files.save

    @classmethod
    def load(cls, path: str | os.PathLike[str], **params: Any) -> Self:
        """Return the estimator of a file of `save`, from which `partial_fit` goes on.

        Parameters
        ----------
        path : str or path-like
            The file.
        **params : dict
            Parameters in place of those in the file, which has no objects in Python: callbacks,
            functions and generators have to be given here.

        Returns
        -------
        estimator

        Raises
        ------
        fastmlp.ModelFileError
            The file is damaged, or not of this estimator.
        """
        estimator: Self = _files.load(cls, path, params)
        return estimator

    # Training.

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        X_val: Any = None,
        y_val: Any = None,
        *,
        incremental: bool = False,
        begin: Callable[[], None] | None = None,
    ) -> Self:
        """Train, after `begin`; where that is refused or fails, leave the estimator as it was."""
        owner = type(self).__name__
        in_method = error_prefix(f"{owner}.{'partial_fit' if incremental else 'fit'}")
        undo = self._kept()
        try:
            if begin is not None:
                begin()
            ranks = in_method(Ranks)(self.comm)
            in_method(ranks.agree)(lambda: check_parameters(owner, vars(self)))
            with limited(self.n_threads), draws_from(self.random_state, ranks) as draws:
                given = (X, y, sample_weight, X_val, y_val)
                in_method(Fitting(self, incremental, draws, ranks).run)(*given)
        except BaseException:
            undo()
            raise
        _onnx.register_if_imported(type(self))
        return self

    def _kept(self) -> Callable[[], None]:
        """Return a function that brings back what is here now."""
        before, model = dict(vars(self)), vars(self).get("_model")
        bring_back = model.kept() if isinstance(model, Model) else None

        def undo() -> None:
            if bring_back is not None:
                bring_back()
            self.__dict__.clear()
            self.__dict__.update(before)

        return undo

    # The fitted network.

    def _present_model(self) -> Model:
        """Return the model with the values of ``coefs_`` and ``intercepts_``, made if need be."""
        model = vars(self).get("_model")
        if not isinstance(model, Model) or not model.fits(self.coefs_, self.intercepts_):
            model = self._model = rebuilt(self, model)
        model.follow(self.coefs_, self.intercepts_)
        return model

    @property
    def network_(self) -> Network:
        """The network of the fitted estimator, live: it shares its parameters with ``coefs_``."""
        check_is_fitted(self)
        return self._present_model().network

    def _outputs(self, X: Any) -> Any:
        """Return the outputs of the network for samples as users give them."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=SPARSE, reset=False)
        with limited(self.n_threads):
            return self._present_model().network.predict(X)

    def _adopt(self, network: Network) -> Self:
        """Become an estimator that is fitted with a copy of a network."""
        model = self._model = Model(network.copy())
        self.coefs_, self.intercepts_ = list(model.coefs), list(model.intercepts)
        self.n_features_in_ = network.n_inputs
        self.n_layers_, self.n_outputs_ = len(model.coefs) + 1, network.n_outputs
        self.out_activation_ = self._output_name(self._output()[0])
        self.n_iter_, self.t_ = network.epochs_trained, 0
        names = getattr(network, "feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = np.asarray(names, dtype=object)
        return self

    def _copied_parameters(self) -> dict[str, Any]:
        """Return attributes of an estimator as if the training had ended now."""
        model = self._present_model()
        return {
            "coefs_": [np.array(values) for values in model.coefs],
            "intercepts_": [None if b is None else np.array(b) for b in model.intercepts],
            "_model": None,
        }

    def __getstate__(self) -> dict[str, Any]:
        """Return plain arrays and numbers, without the native network and `comm`."""
        state = dict(super().__getstate__())
        state.pop("comm", None)
        if state.get("precision") is None:  # as in states of older versions
            state.pop("precision", None)
        model = state.get("_model")
        if isinstance(model, Model):
            state["_model"] = model.state()
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Restore from `__getstate__`."""
        super().__setstate__({"comm": None, "precision": None, **state})

    def _dtypes(self) -> Any:
        """Return the dtypes in which X is read."""
        return FLOATS if self.precision is None else np.float32

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's description of what the estimator can do."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

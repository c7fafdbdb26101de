"""One call of `fit` or `partial_fit`: from the arguments to a trained network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from fastmlp._data.dataset import read_training_data
from fastmlp._data.losses import resolve_loss
from fastmlp._data.validation import InvalidValue, type_error
from fastmlp._fit import sharding
from fastmlp._fit.lock import LockErrors
from fastmlp._fit.ranks import Part, Ranks
from fastmlp._fit.status import warn
from fastmlp.layers import plan
from fastmlp.sklearn import _lbfgs
from fastmlp.sklearn._architecture import DEFAULT_INIT, new_network, plan_layers
from fastmlp.sklearn._draws import Draws
from fastmlp.sklearn._epochs import Epochs
from fastmlp.sklearn._held_out import Samples, Score, check_enough, split, take_rows
from fastmlp.sklearn._model import Model
from fastmlp.sklearn._observers import Observers
from fastmlp.sklearn._optimizers import Training, searches
from fastmlp.sklearn._sample_weights import read_weights

AUTO_BATCH = 200
# Parameters that ranks may have their own of: the layers are compared in the network.
OF_EACH_RANK = ("comm", "random_state", "verbose", "callbacks", "n_threads", "layers")
RECORDS = ("loss_curve_", "validation_scores_", "best_loss_", "best_validation_score_")


class Fitting:
    """The steps of one call, with what they share."""

    def __init__(self, estimator: Any, incremental: bool, draws: Draws, ranks: Ranks) -> None:
        self._estimator = estimator
        self._ranks = ranks
        self._draws = draws
        self._incremental = incremental
        self._caller = f"{type(estimator).__name__}.{'partial_fit' if incremental else 'fit'}"
        self._first = not hasattr(estimator, "coefs_") or not (incremental or estimator.warm_start)

    def run(self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any) -> None:
        """Train the estimator; InvalidArgument is raised without the name of the method."""
        estimator, diverged, ranks = self._estimator, False, self._ranks
        part = sharding.part_here(ranks, X) if ranks.shared else None
        given = [sharding.rows(each) for each in (X, y, sample_weight, X_val, y_val)]
        self._given_X, self._rows = given[0], None
        samples, validation = ranks.agree(lambda: self._read(*given))
        self._check_same(samples, validation)
        if estimator.optimizer is None and estimator.solver == "lbfgs":
            observers = Observers(estimator, None, {}, 0)
            observers.begin()
            lock = self._network._in_training
            with LockErrors(self._caller), lock, ranks.ending_together("fit"):
                _lbfgs.minimize_loss(estimator, self._model, self._loss, samples.data, ranks)
            observers.end({"X": self._given_X, "y": samples.y}, estimator._copied_parameters)
        else:
            diverged = self._run_epochs(samples, validation, part)
        if diverged or not self._model.is_finite():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed."
            )

    def _read(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any
    ) -> tuple[Samples, Samples | None]:
        """Check the arguments, make the model, and return the samples as the core reads them."""
        estimator = self._estimator
        warm = bool(estimator.warm_start)
        anew = not (warm or self._incremental)
        X, y, codes = estimator._read(X, y, self._first, anew, full=warm)
        class_weight = getattr(estimator, "class_weight", None)
        classes = getattr(estimator, "classes_", None)
        weights = read_weights(sample_weight, class_weight, X, y, classes)
        self._model = self._begin(X, codes)
        self._network = self._model.network
        self._loss = resolve_loss(estimator._output()[1], self._network)
        samples = self._samples(X, y, codes, weights)
        if estimator.optimizer is None and estimator.solver == "lbfgs":
            _lbfgs.check_parameters(vars(estimator))
        return samples, self._validation(X_val, y_val)

    def _check_same(self, samples: Samples, validation: Samples | None) -> None:
        """Raise on all ranks where one has other classes, or another network."""
        if not self._ranks.shared:
            return
        estimator, network = self._estimator, self._network
        shown = {
            "classes": repr(getattr(estimator, "classes_", None)),
            "n_features_in": repr(network.n_inputs),
            "dtype": repr(network.dtype),
            "layers": repr(network.layers),
            "X_val": repr(validation is not None),
        }
        for name, value in estimator.get_params(deep=False).items():
            if name not in OF_EACH_RANK:
                shown[name] = sharding.described(value)
        self._ranks.check_same(shown)

    def _begin(self, X: Any, codes: Any) -> Model:
        """Return the model to train, new or as the last call left it."""
        estimator = self._estimator
        output = estimator._output()[0]
        n_outputs = estimator._width(codes, output)
        owner, given = type(estimator).__name__, vars(estimator)
        layers = plan_layers(owner, given, output, n_outputs)
        if self._first:
            for name in RECORDS:
                given.pop(name, None)
            estimator.t_ = estimator._no_improvement_count = 0
            estimator.loss_ = math.nan  # where the time is over before the first epoch is
            shape = self._input_shape(X)
            model = Model(new_network(layers, shape, X.dtype, self._draws.random, given))
        else:
            model = self._continued(layers)
        estimator._model = model
        estimator.coefs_, estimator.intercepts_ = list(model.coefs), list(model.intercepts)
        estimator.out_activation_ = estimator._output_name(output)
        estimator.n_layers_, estimator.n_outputs_ = len(model.coefs) + 1, n_outputs
        return model

    def _input_shape(self, X: Any) -> Any:
        """Return the shape of a sample: that of the fitted network, if there is one of layers."""
        estimator, n_inputs = self._estimator, X.shape[1]
        if estimator.layers is None or not hasattr(estimator, "coefs_"):
            return n_inputs
        shape = estimator._present_model().network.input_shape
        return shape if math.prod(shape) == n_inputs else n_inputs

    def _continued(self, layers: list[Any]) -> Model:
        """Return the present model, with layers as the parameters describe them now."""
        estimator = self._estimator
        model: Model = estimator._present_model()
        before = model.network
        chain = plan(layers, before.input_shape, None, None, DEFAULT_INIT)[1]
        if (chain, estimator.precision) == (before.layers, before.precision):
            return model
        network = new_network(layers, before.input_shape, before.dtype, None, vars(estimator))
        for name in ("seed", "epochs_trained", "_trained_loss", "_feature_names"):
            vars(network)[name] = vars(before)[name]
        changed = Model(network, model.training)
        if not changed.fits(model.coefs, model.intercepts):
            old, new = ([np.shape(W) for W in each.coefs] for each in (model, changed))
            raise InvalidValue(
                f"the layers have weights of shapes {new}, expected {old} as before; use "
                "warm_start=False to start anew"
            )
        changed.follow(model.coefs, model.intercepts)
        return changed

    def _samples(self, X: Any, y: Any, codes: Any, weights: Any) -> Samples:
        """Return samples as the core reads them; raise where the targets do not fit the loss."""
        targets = self._estimator._targets(self._network, self._loss, codes)
        is_part = self._ranks.shared
        data = read_training_data(self._network, self._loss, X, targets, weights, is_part=is_part)
        return Samples(data, codes, y)

    def _validation(self, X_val: Any, y_val: Any) -> Samples | None:
        """Return the samples that the user gave for validation."""
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            missing = "X_val" if X_val is None else "y_val"
            raise type_error(missing, None, "X_val and y_val together, or neither")
        X, y, codes = self._estimator._read(X_val, y_val, False, False, full=False)
        self._given_X_val = X_val
        return self._samples(X, y, codes, None)

    def _run_epochs(self, samples: Samples, validation: Samples | None, part: Part | None) -> bool:
        """Train by epochs; return whether the loss ceased to be finite for good."""
        estimator, model = self._estimator, self._model
        if model.training is None or not self._incremental:
            model.training = Training(vars(estimator))
        if estimator.early_stopping and self._incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        held_out = None
        if estimator.early_stopping:
            samples, held_out = self._hold_out(samples, validation)
        self._begin_records(validation is not None)
        n_samples = samples.n if part is None else part.n
        size = self._batch_size(n_samples)
        given = vars(estimator)
        trainer = model.training.trainer(self._network, self._loss, size, given, self._caller)
        sharding.share_state(trainer)
        n_epochs = 1 if self._incremental else estimator.max_iter
        recorded: dict[str, str | None] = {"loss": None}
        if validation is not None:
            recorded["val_loss"] = None
        if held_out is not None:
            recorded["val_score"] = "max"
        epochs = Epochs(
            estimator,
            model,
            trainer,
            model.training.rate,
            samples,
            held_out=held_out,
            validation=validation,
            observers=Observers(estimator, estimator.callbacks, recorded, n_epochs),
            draws=self._draws,
            given_X=self._present_X,
            part=part,
        )
        if held_out is not None and self._first:
            epochs.best = self._network.parameters.copy()
        epochs.run(n_epochs, self._caller, warns=not self._incremental)
        return epochs.diverged

    def _batch_size(self, n_samples: int) -> int | None:
        """Return the samples of a batch, None for all; the core clips it to their number."""
        size = self._estimator.batch_size
        if searches(vars(self._estimator)):
            return None
        if size == "auto":
            return AUTO_BATCH
        if size > n_samples and self._ranks.is_first:
            warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                UserWarning,
            )
        return int(size)

    def _begin_records(self, validates: bool) -> None:
        """Continue or begin what is recorded; lists are copied, so that a failure changes none."""
        estimator = self._estimator
        stops_early = estimator.early_stopping
        estimator.loss_curve_ = list(getattr(estimator, "loss_curve_", ()))
        scores = getattr(estimator, "validation_scores_", None) or ()
        estimator.validation_scores_ = list(scores) if stops_early else None
        best: Any = getattr(estimator, "best_validation_score_", None)
        best = -np.inf if best is None else best
        estimator.best_validation_score_ = best if stops_early else None
        best = getattr(estimator, "best_loss_", None)
        best = np.inf if best is None else best
        estimator.best_loss_ = None if stops_early else best
        estimator.t_ = getattr(estimator, "t_", 0)
        estimator._no_improvement_count = getattr(estimator, "_no_improvement_count", 0)
        if validates:
            curve = getattr(estimator, "validation_loss_curve_", ())
            estimator.validation_loss_curve_ = list(curve)

    def _hold_out(self, samples: Samples, validation: Samples | None) -> tuple[Samples, Score]:
        """Return the samples to train on, and those that are scored."""
        if validation is not None:
            check_enough(validation.n)
            return samples, self._scored_by(validation, self._given_X_val)
        estimator = self._estimator
        labels = estimator._strata(samples.codes)
        n_samples = samples.n
        rest, held = split(n_samples, estimator.validation_fraction, self._draws.random, labels)
        self._rows = rest
        X = None if estimator.scoring is None else take_rows(self._given_X, held)
        return samples.take(rest), self._scored_by(samples.take(held), X)

    def _present_X(self) -> Any:
        """Return the X that is trained on, as the user gave it."""
        X, rows = self._given_X, self._rows
        return X if rows is None else take_rows(X, rows)

    def _scored_by(self, samples: Samples, X: Any) -> Score:
        """Return samples with their score; a scorer receives X as the user gave it."""
        estimator, network = self._estimator, self._network
        if estimator.scoring is None:

            def default(diverged: bool) -> Any:
                outputs = network._native.predict(samples.data.X)
                if diverged:
                    outputs[...] = np.nan
                return estimator._scored(outputs, samples.codes, samples.data.weights)

            return default
        scorer = check_scoring(estimator, scoring=estimator.scoring)
        weights = samples.data.weights
        given = {} if weights is None else {"sample_weight": weights}

        def scored(diverged: bool) -> float:
            return np.nan if diverged else float(scorer(estimator, X, samples.y, **given))

        return scored

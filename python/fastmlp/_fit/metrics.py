"""Metrics of a run: numbers beside the loss, of the training samples and of a validation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data import arrays
from fastmlp._data.arrays import FloatArray
from fastmlp._data.dataset import Dataset, target_spec
from fastmlp._data.near_names import hint
from fastmlp._data.validation import (
    InvalidValue,
    argument_prefix,
    check_number,
    type_error,
    value_error,
)
from fastmlp._fit.ranks import Part

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

TOP_K = re.compile(r"top_([1-9][0-9]{0,9})_accuracy")
SPELLINGS = [key.replace("_k_", "_3_") for key in _core.metrics]


class Metric(NamedTuple):
    """A metric of the core by its key, or a function of y and the outputs."""

    key: str
    k: int = 1
    function: Callable[..., Any] | None = None

    @property
    def spelling(self) -> str:
        """Return its name in messages."""
        return self.key.replace("_k_", f"_{self.k}_")

    @property
    def mode(self) -> str | None:
        """Return "max" or "min", which is better; None of functions, which do not say."""
        if self.function is not None:
            return None
        return "max" if _core.metrics[self.key][1] else "min"


def read_metrics(metrics: Any) -> dict[str, Metric]:
    """Return the metrics by the names under which they are recorded."""
    expected = "a name, a list of names or a dictionary {name: function of y and outputs}"
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    if not isinstance(metrics, Iterable):
        raise type_error("metrics", metrics, expected)
    pairs = [*metrics.items()] if isinstance(metrics, Mapping) else [(_name(m), m) for m in metrics]
    read: dict[str, Metric] = {}
    for name, metric in pairs:
        chosen = Metric("", function=metric) if callable(metric) else _named(metric)
        if not isinstance(name, str):
            raise type_error("metrics", name, "names as keys")
        if name in read or name.removeprefix("val_") != name or name in ("", "loss"):
            raise value_error("metrics", name, "names once each, without 'val_', not 'loss'")
        read[name] = chosen
    return read


def _name(metric: Any) -> Any:
    """Return the name of a metric in a list: itself, or that of a function."""
    name = getattr(metric, "__name__", None) if callable(metric) else metric
    if name in (None, "<lambda>"):
        raise value_error("metrics", metric, "a function with a name, or {name: function}")
    return name


def _named(metric: Any) -> Metric:
    if not isinstance(metric, str):
        raise type_error("metrics", metric, "names, or functions of y and outputs")
    if found := TOP_K.fullmatch(metric):
        return Metric("top_k_accuracy", int(found[1]))
    if metric not in _core.metrics or metric == "top_k_accuracy":
        names = ", ".join(SPELLINGS)
        expected = f"one of: {names}; or {{name: function}}{hint(metric, SPELLINGS)}"
        raise value_error("metrics", metric, expected)
    return Metric(metric)


class Metrics:
    """Metrics of samples: what the native functions read of them, made once.

    Where the samples are those of all ranks, `gathered` returns their outputs.
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric],
        trainer: Trainer,
        data: Dataset,
        gathered: Callable[[], FloatArray] | None,
        prefix: str,
        low: int,
    ) -> None:
        self._metrics, self._network, self._data = metrics, trainer.network, data
        self._gathered = gathered
        self._prefix = prefix
        self._spec = spec = target_spec(trainer.network, trainer.loss)
        self._width = spec.n_classes if spec.classes else spec.shape[-1]
        native = {name: m for name, m in metrics.items() if m.function is None}
        self._names = [f"{prefix}{name}" for name in native]
        self._has_functions = len(native) < len(metrics)
        if native:
            self._targets, weights, self._terms = self._rows()
            for metric in native.values():
                self._check(metric, low)
            chosen = [(metric.key, metric.k) for metric in native.values()]
            given = (self._targets, weights, self._terms, (low + 1) / 2, chosen, self._width)
            self._given = given
            if gathered is None:
                core, network = arrays.native(trainer.network.dtype), trainer.network._native
                self._native = core.repeated_metrics(network, data.X, data.lengths, *given)

    def values(self) -> dict[str, float]:
        """Return the metrics of the parameters as they are, ``{name: value}``."""
        network, data = self._network, self._data
        outputs = None if self._gathered is None else self._gathered()
        found: dict[str, float] = {}
        if self._names:
            values = self._native() if outputs is None else self._of_outputs(outputs)
            found = dict(zip(self._names, values, strict=True))
        if not self._has_functions:
            return found
        if outputs is None:
            outputs = network._native.predict(data.X, data.lengths)
        outputs = outputs.reshape(len(outputs), *network.output_shape)
        for name, metric in self._metrics.items():
            if metric.function is not None:
                value = metric.function(data.targets, outputs)
                found[f"{self._prefix}{name}"] = check_number(value, f"the metric {name!r}")
        return {name: found[name] for name in map(self._prefix.__add__, self._metrics)}

    def _of_outputs(self, outputs: FloatArray) -> list[float]:
        rows = np.ascontiguousarray(outputs, np.float64)
        values: list[float] = _core.metrics_of_outputs(rows, *self._given)
        return values

    def _rows(self) -> tuple[NDArray[Any], NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Return classes ``(n,)`` or targets ``(n, width)``, weights and factors on single targets.

        Each position has a row; those after the end of a sequence weigh 0.
        """
        spec, data = self._spec, self._data
        targets, weights, lengths, terms = data.targets, data.weights, data.lengths, data.terms
        shape = (len(targets), spec.n_columns)
        if targets.dtype != np.int64 and targets.shape != shape:
            raise InvalidValue(
                f"y has shape {targets.shape}, expected {shape}, as metrics are given"
            )
        if targets.dtype == np.int64:
            rows: NDArray[Any] = np.ascontiguousarray(targets.reshape(-1))
        else:
            rows = np.ascontiguousarray(targets.reshape(-1, self._width), np.float64)
            rows = rows.argmax(axis=1) if spec.classes else rows
        positions = len(rows) // len(targets)
        factors = None if terms is None else terms.astype(np.float64).reshape(len(rows), -1)
        of_rows: list[NDArray[np.float64]] = []
        if weights is not None:
            of_rows.append(np.repeat(weights.astype(np.float64), positions))
        if lengths is not None and positions > 1:
            of_rows.append(
                (np.arange(positions) < lengths[:, np.newaxis]).reshape(-1).astype(float)
            )
        if factors is not None and rows.ndim == 1:
            of_rows.append(factors.mean(axis=1, dtype=np.float64))
            factors = None
        return rows, np.prod(of_rows, axis=0) if of_rows else None, factors

    def _check(self, metric: Metric, low: int) -> None:
        """Raise where a metric is not one of such targets."""
        rows, of_classes = self._targets, self._targets.ndim == 1
        of_labels, _ = _core.metrics[metric.key]
        where = f"metrics={metric.spelling!r}"
        if of_classes and not of_labels:
            raise InvalidValue(f"{where} with a y of classes, expected metrics of classes")
        if metric.key == "top_k_accuracy" and not (of_classes and metric.k <= self._width):
            largest = self._width if of_classes else 0
            raise InvalidValue(f"{where} with {largest} classes, expected at least k of them")
        known = of_classes or np.isin(rows, (low, 1)) | (np.isnan(rows) & (self._terms == 0))
        if of_labels and not np.all(known):
            raise InvalidValue(f"{where}, but y has other values than {low} and 1; expected labels")


def metrics_of_run(
    metrics: Mapping[str, Metric],
    trainer: Trainer,
    data: Dataset,
    validation: Dataset | None,
    part: Part | None,
) -> list[Metrics]:
    """Return the metrics of the training samples and of the validation; raise if they do not fit.

    Labels of the first that are -1 somewhere are -1 and 1, in both.
    """
    if not metrics:
        return []
    whole, outputs = _whole(trainer, data, part)
    pm1 = target_spec(trainer.network, trainer.loss).labels_pm1 or bool((whole.targets < 0).any())
    low = -1 if pm1 else 0
    made = [Metrics(metrics, trainer, whole, outputs, "", low)]
    if validation is not None:
        in_validation = argument_prefix("validation_data: ")
        given = in_validation(_whole)(
            trainer, validation, part and _after_others(trainer, validation)
        )
        made.append(in_validation(Metrics)(metrics, trainer, *given, "val_", low))
    return made


def _after_others(trainer: Trainer, data: Dataset) -> Part:
    return trainer._ranks.part_of(len(data.X), None)


def _whole(
    trainer: Trainer, data: Dataset, part: Part | None
) -> tuple[Dataset, Callable[[], FloatArray] | None]:
    """Return the samples of all ranks, but their X, and a function for their outputs."""
    if part is None:
        return data, None
    ranks, predict = trainer._ranks, trainer.network._native.predict
    n_terms = target_spec(trainer.network, trainer.loss).n_terms

    def gathered() -> FloatArray:
        return ranks.assembled(predict(data.X, data.lengths), part)

    lengths = data.lengths
    if lengths is not None:
        lengths = ranks.assembled(lengths, part)
    weights = ranks.factors_of_all(data.weights, np.ones(len(data.X)), part)
    terms = ranks.factors_of_all(data.terms, np.ones((len(data.X), n_terms)), part)
    targets = ranks.assembled(data.targets, part)
    whole = data._replace(targets=targets, weights=weights, lengths=lengths, terms=terms)
    return whole, gathered

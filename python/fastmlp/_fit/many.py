"""`fit_many`: many networks trained in one native call, each with the bits of its own `fit`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp import _core
from fastmlp._data import arrays, types
from fastmlp._data.class_weight import is_balanced
from fastmlp._data.dataset import Dataset, read_order, read_training_data
from fastmlp._data.feature_names import names_of
from fastmlp._data.losses import is_custom_loss
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.validation import (
    InvalidArgument,
    InvalidValue,
    check_seconds,
    error_prefix,
    resolve,
    type_error,
    value_error,
)
from fastmlp._fit.callbacks import EarlyStopping
from fastmlp._fit.fit_config import check_epochs, check_verbose
from fastmlp._fit.history import History
from fastmlp._fit.hooks import check_callbacks
from fastmlp._fit.plateau import MAX_EPOCHS, PATIENCE, TOLERANCE
from fastmlp._fit.progress import make_progress
from fastmlp._fit.settings import TrainerSettings
from fastmlp._fit.status import ADVICE, warn
from fastmlp._fit.target_scale import warn_of_scale
from fastmlp._fit.validation_data import read_validation, split
from fastmlp.layers import warn_of_zero_gradients

if TYPE_CHECKING:
    from fastmlp.network import Network

V = TypeVar("V")
Each: TypeAlias = V | Sequence[V]  # one value for all networks, or a value for each
Rows: TypeAlias = Sequence[ArrayLike | None] | NDArray[np.integer[Any]]

EACH = ("loss", "optimizer", "epochs", "batch_size", "l1", "l2")
OF_FIT = {"metrics": (), "carry_state": False, "checkpoint": None, "comm": None}
SCHEDULES = tuple(_core.schedules.values())
SHOWN = 5  # numbers of networks in a warning


@error_prefix("fit_many")
def fit_many(
    networks: Iterable[Network],
    X: types.InputLike,
    y: ArrayLike,
    *,
    rows: Rows | None = None,
    validation_rows: Rows | None = None,
    loss: Each[types.LossLike | None] = None,
    optimizer: Each[types.OptimizerLike] = "adam",
    epochs: Each[int | None] = None,
    batch_size: Each[int | None] = None,
    validation_data: types.Validation | None = None,
    validation_split: float | None = None,
    metrics: types.MetricsLike = (),
    callbacks: object | Iterable[object] = (),
    sample_weight: ArrayLike | None = None,
    class_weight: types.ClassWeight | None = None,
    missing: types.Missing | None = None,
    lengths: ArrayLike | None = None,
    l1: Each[float] = 0.0,
    l2: Each[float] = 0.0,
    regularize_biases: bool = False,
    shuffle: bool = True,
    weighting: types.Weighting = "set",
    l2_scale: types.L2Scale = "constant",
    carry_state: bool = False,
    max_seconds: float | None = None,
    n_threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    comm: Any = None,
    verbose: int = 0,
) -> list[History]:
    """Train many networks on the same samples in one native call, each on a thread of its own.

    Every network ends with the bits that its own ``net.fit`` gives with its settings and rows.

    Parameters
    ----------
    networks : iterable of Network
        The networks, all different objects, of any shapes, dtypes and seeds.
    X, y : array_like
        Samples and targets as in `Network.fit`, converted once and shared by all networks.
    rows : sequence of index arrays or None, one per network, optional
        The rows of X that a network is trained on, in their order, as if it were
        ``net.fit(X[rows], y[rows])``: folds, or bootstrap samples, in which rows occur several
        times. Nothing is copied. None: all rows.
    validation_rows : sequence of index arrays, one per network, optional
        Instead of `validation_data`, the rows of X whose loss is recorded as ``"val_loss"``.
    loss, optimizer, epochs, batch_size, l1, l2
        As in `Network.fit`; a list or tuple has a value for each network.
    validation_data, validation_split, sample_weight, class_weight, missing, lengths, \
regularize_biases, shuffle, weighting, l2_scale
        As in `Network.fit`, for all networks. Of rows that are named several times, each has its
        weight; ``class_weight="balanced"`` is not for `rows`.
    callbacks : EarlyStopping, default ()
        The rule by which each network is stopped; the object itself is not changed.
    metrics, carry_state, checkpoint, comm
        Only of `Network.fit`, which runs Python or writes between epochs.
    max_seconds : float, optional
        Time limit of the whole call.
    n_threads : int, optional
        Maximum number of threads. Results do not depend on it.
    verbose : {0, 1, 2}, default 0
        1 shows a tqdm bar of networks, or lines if tqdm is not installed; 2 always prints lines.

    Returns
    -------
    list of History
        Losses per epoch and status of each network, in the order of `networks`; also
        `Network.history`. Cost: some 15 µs per network beside the training.

    Raises
    ------
    ValueError, TypeError
        An argument is invalid, or needs `Network.fit`; all networks stay as they were.
    RuntimeError
        A network is being trained by another call.
    KeyboardInterrupt
        Networks that are done stay so; those in training are left as by `fit`, with the status
        ``"interrupted"``; others were not begun.

    Warns
    -----
    TrainingWarning
        As `Network.fit`, once for all networks. One that is not finite does not disturb others.

    Notes
    -----
    Those with the most work are trained first. A few wide networks train faster one after the
    other with `Network.fit`, whose threads share each step.

    Examples
    --------
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> X = np.linspace(-1, 1, 60)[:, None]
    >>> networks = [fm.Network([1, 8, 1], activation="tanh", seed=seed) for seed in range(3)]
    >>> rates = [fm.Adam(rate) for rate in (0.1, 0.01, 0.001)]
    >>> histories = fm.fit_many(networks, X, X**2, optimizer=rates, epochs=20)
    >>> [len(history["loss"]) for history in histories]
    [20, 20, 20]
    """
    given = locals()
    for name, default in OF_FIT.items():
        if given[name] != default:
            expected = f"{default!r}: it needs Python between epochs; use net.fit for each network"
            raise value_error(name, given[name], expected)
    members = _check_networks(networks)
    for name in ("rows", "validation_rows"):
        if given[name] is not None and validation_split is not None:
            expected = f"None, as {name} is given; give validation_rows"
            raise value_error("validation_split", validation_split, expected)
    split_given, given["validation_data"], _ = split(given, None)
    call = _Call({**split_given, "validation_data": given["validation_data"]}, members)
    jobs = [call.job(i) for i in range(len(members))]
    with ExitStack() as held, limited(check_threads(n_threads)):
        for network in members:
            held.enter_context(network._in_training)
        call.run(jobs)
    histories = [network._history for network in members]
    _warn_of_ends(histories, [job.until_plateau for job in jobs])
    return histories


class _Job(NamedTuple):
    """A network with its loss, and what the core reads of it."""

    network: Network
    loss: Any
    until_plateau: bool
    native: tuple[Any, ...]


class _Call:
    """The arguments of a call, and the samples in the forms that its networks read."""

    def __init__(self, given: Mapping[str, Any], networks: list[Network]) -> None:
        n = len(networks)
        self._given, self._networks = dict(given), networks
        self._values = {name: _each(given[name], name, n) for name in EACH}
        for value in {id(value): value for value in self._values["loss"]}.values():
            if is_custom_loss(value):
                expected = "a loss of fastmlp: functions in Python need net.fit for each network"
                raise value_error("loss", value, expected)
        for value in {id(value): value for value in self._values["optimizer"]}.values():
            rate = getattr(resolve("optimizer", value), "learning_rate", None)
            if callable(rate) and not isinstance(rate, SCHEDULES):
                expected = "a schedule of fastmlp: functions in Python need net.fit for each network"
                raise value_error("learning_rate", rate, expected)
        self._rows = _RowSets(given["rows"], "rows", n)
        self._validation_rows = _RowSets(given["validation_rows"], "validation_rows", n)
        if self._validation_rows.given and given["validation_data"] is not None:
            raise value_error("validation_rows", "...", "None, as validation_data is given")
        if (self._rows.given or self._validation_rows.given) and is_balanced(given["class_weight"]):
            expected = "numbers or None, as each network has rows of its own"
            raise value_error("class_weight", given["class_weight"], expected)
        self._max_seconds = check_seconds(given["max_seconds"], "max_seconds")
        self._verbose = check_verbose(given["verbose"])
        self._stopping = self._check_stopping()
        self._samples: dict[Any, tuple[Dataset, Dataset | None, Any, Any]] = {}
        self._settings: TrainerSettings | None = None  # of the first, for what all have

    def _check_stopping(self) -> EarlyStopping | None:
        recorded: dict[str, str | None] = {"loss": "min"}
        if self._given["validation_data"] is not None or self._validation_rows.given:
            recorded["val_loss"] = "min"
        callbacks = check_callbacks(self._given["callbacks"], recorded)
        if not callbacks:
            return None
        if len(callbacks) > 1 or type(callbacks[0]) is not EarlyStopping:
            expected = "one fm.EarlyStopping; others need Python: use net.fit for each network"
            raise value_error("callbacks", callbacks, expected)
        return callbacks[0]

    def job(self, i: int) -> _Job:
        """Check what is given for a network, and bring it into the form of the core."""
        network = self._networks[i]
        try:
            given = {**self._given, **{name: self._values[name][i] for name in EACH}}
            settings = TrainerSettings.checked(network, given)
            epochs, until_plateau = check_epochs(given["epochs"], settings.optimizer)
            data, validation, *native = self._samples_of(network, settings)
            rows = self._rows.of(i, data)
            others = None if validation is None else self._validation_rows.of(i, validation)
            warn_of_zero_gradients(network.layers, settings.loss, "fit_many")
        except InvalidArgument as error:
            raise type(error)(f"networks[{i}]: {error}") from error.__cause__
        self._settings = self._settings or settings
        own = settings.native_values(network, network.epochs_trained)
        read = (*own, epochs, until_plateau, native[0], rows, native[1], others)
        return _Job(network, settings.loss, until_plateau, read)

    def _samples_of(self, network: Network, settings: TrainerSettings) -> Any:
        output = type(network._output_activation)
        shapes = (network.dtype, network.input_shape, network.output_shape, output)
        key = (*shapes, settings.loss, network._feature_names)
        if key not in self._samples:
            self._samples[key] = self._read(network, settings.loss)
        return self._samples[key]

    def _read(self, network: Network, loss: Any) -> tuple[Dataset, Dataset | None, Any, Any]:
        given = self._given
        names = ("X", "y", "sample_weight", "class_weight", "lengths", "missing")
        values = [given[name] for name in names]
        data = read_training_data(network, loss, *values)
        validation = None
        if given["validation_data"] is not None:
            read = (given["missing"], given["validation_data"], given["X"])
            validation = read_validation(network, loss, *read)
        elif self._validation_rows.given:
            values[names.index("class_weight")] = None
            same = given["class_weight"] is None
            validation = data if same else read_training_data(network, loss, *values)
        warn_of_scale(network, loss, data, "fit_many")
        native = ((*each.arrays, each.lengths) if each else None for each in (data, validation))
        return (data, validation, *native)

    def run(self, jobs: list[_Job]) -> None:
        """Train the networks of each dtype, and let them know."""
        names = names_of(self._given["X"])
        stopping, rule = self._stopping, None
        if stopping is not None:
            on_validation = stopping.monitor == "val_loss"
            rule = (stopping.patience, stopping.min_delta, 0.0, on_validation, stopping.restore_best)
        plateau = (PATIENCE, 0.0, TOLERANCE, False, False)
        start, progress = time.perf_counter(), make_progress(self._verbose, len(jobs), "network")
        try:
            done = 0
            for dtype in dict.fromkeys(job.network.dtype for job in jobs):
                same = [job for job in jobs if job.network.dtype == dtype]
                left = self._max_seconds
                if left is not None:
                    left = max(0.0, left - (time.perf_counter() - start))
                report = None if progress.is_silent else _reporter(progress, done)
                settings: Any = self._settings
                common = (settings.regularize_biases, settings.weighting, settings.l2_scale)
                results: list[Any] = []
                try:
                    arguments = [job.native for job in same]
                    native = arrays.native(dtype)
                    native.fit_many(arguments, (*common, plateau, rule), left, results, report)
                finally:
                    for job, result in zip(same, results, strict=False):
                        if result is not None:
                            _keep(job, result, names)
                done += len(same)
                if report is not None:
                    report(len(same))
        finally:
            progress.close()


class _RowSets:
    """Indices of rows, one array for each network; arrays that several share are read once."""

    def __init__(self, given: Any, name: str, n_networks: int) -> None:
        self.given = given is not None
        self._name, self._read = name, dict[int, Any]()
        if self.given:
            self._sets = _each(given, name, n_networks, only=True)

    def of(self, i: int, data: Dataset) -> NDArray[np.int64] | None:
        """Return the indices of network i, checked for these data."""
        indices = self._sets[i] if self.given else None
        if indices is None:
            return None
        key = id(indices)
        if key not in self._read:
            self._read[key] = read_order(indices, len(data.X), f"{self._name}[{i}]")
        rows: NDArray[np.int64] = self._read[key]
        if data.weights is not None and not data.weights[rows].any():
            raise InvalidValue(f"the weights of {self._name}[{i}] are all 0, expected one > 0")
        return rows


def _check_networks(networks: Any) -> list[Any]:
    if not isinstance(networks, Iterable):
        raise type_error("networks", networks, "a list of networks")
    members = list(networks)
    places: dict[int, int] = {}
    for i, network in enumerate(members):
        first = places.setdefault(id(network), i)
        if first != i:
            expected = "different networks; net.copy() makes one"
            raise InvalidValue(f"networks[{i}] is networks[{first}], expected {expected}")
    return members


def _each(value: Any, name: str, n: int, only: bool = False) -> list[Any]:
    """Return a value for each network; with `only`, one for all is not accepted."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and not only:
        value = value.tolist()
    if not isinstance(value, (list, tuple, np.ndarray)):
        if only:
            raise type_error(name, value, "a list with one for each network")
        return [value] * n
    if len(value) != n:
        raise InvalidValue(f"{name} has {len(value)} members, expected {n}, one for each network")
    return list(value)


def _reporter(progress: Any, done: int) -> Any:
    """Return a function of the number of networks that a native call has trained."""
    last = done

    def report(n: float) -> None:
        nonlocal last
        if done + int(n) > last:
            last = done + int(n)
            progress.show(last, {})

    return report


def _keep(job: _Job, result: tuple[Any, ...], names: Any) -> None:
    """Give a network what its run has left: history, count of epochs, loss, names of features."""
    status, columns, n_epochs, updated = result
    history = History()
    history.update(columns)
    history.status = status
    attributes = vars(job.network)  # past __setattr__, for speed
    attributes["_history"] = history
    attributes["epochs_trained"] += n_epochs
    if updated:
        attributes["_trained_loss"] = job.loss
    if names is not None and attributes["_feature_names"] is None:
        attributes["_feature_names"] = names


def _warn_of_ends(histories: Sequence[Any], until_plateau: Sequence[bool]) -> None:
    n, numbers = len(histories), range(len(histories))
    failed = [i for i in numbers if histories[i].status == "not_finite"]
    if failed:
        warn(
            f"fit_many: {len(failed)} of {n} networks ended because {ADVICE['not_finite']}; they "
            f"have the parameters before it: networks {_listed(failed)}"
        )
    moving = [i for i in numbers if until_plateau[i] and histories[i].status == "max_steps"]
    if moving:
        warn(
            f"fit_many: {len(moving)} of {n} networks were not at rest after {MAX_EPOCHS} epochs, "
            f"the bound of epochs=None; train again to go on from here, give more epochs=, or a "
            f"larger learning_rate: networks {_listed(moving)}"
        )


def _listed(numbers: Sequence[int]) -> str:
    more = ", ..." if len(numbers) > SHOWN else ""
    return ", ".join(map(str, numbers[:SHOWN])) + more

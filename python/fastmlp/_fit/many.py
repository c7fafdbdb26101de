"""`fit_many`: many networks trained in one native call, each with the bits of its own `fit`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp._data import types
from fastmlp._data.arrays import native
from fastmlp._data.feature_names import names_of
from fastmlp._data.threads import check_threads, limited
from fastmlp._data.validation import InvalidValue, check_seconds, error_prefix, value_error
from fastmlp._fit.callbacks import EarlyStopping
from fastmlp._fit.fit_config import check_verbose
from fastmlp._fit.history import History
from fastmlp._fit.hooks import check_callbacks
from fastmlp._fit.jobs import Job, Jobs, check_networks
from fastmlp._fit.lock import LockErrors
from fastmlp._fit.many_ends import warn_of_ends
from fastmlp._fit.plateau import PATIENCE, TOLERANCE
from fastmlp._fit.progress import make_progress
from fastmlp._fit.validation_data import split

if TYPE_CHECKING:
    from fastmlp.network import Network

V = TypeVar("V")
Each: TypeAlias = V | Sequence[V]  # one value for all networks, or a value for each
Rows: TypeAlias = Sequence[ArrayLike | None] | NDArray[np.integer[Any]]

OF_FIT = {"metrics": (), "carry_state": False, "checkpoint": None, "comm": None}
# patience, min_delta, relative delta, whether it is about validation, whether to restore the best
PLATEAU = (PATIENCE, 0.0, TOLERANCE, False, False)


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
    members = check_networks(networks)
    for name in ("rows", "validation_rows"):
        if given[name] is not None and validation_split is not None:
            expected = f"None, as {name} is given; give validation_rows"
            raise value_error("validation_split", validation_split, expected)
    shared, given["validation_data"], _ = split(given, None)
    checked = {**shared, "validation_data": given["validation_data"]}
    run = _Run(checked)
    jobs = Jobs(checked, len(members))
    prepared = [jobs.job(i, network) for i, network in enumerate(members)]
    locks = [network._in_training for network in members]
    with limited(check_threads(n_threads)), held(locks):
        run.run(prepared, jobs.settings)
    histories = [network._history for network in members]
    warn_of_ends(histories, [job.plan.until_plateau for job in prepared])
    return histories


@contextmanager
def held(locks: Iterable[Any]) -> Iterator[None]:
    """Hold the locks of networks that are trained."""
    entered: list[Any] = []
    try:
        for lock in locks:
            with LockErrors("fm.fit_many"):
                lock.__enter__()
            entered.append(lock)
        yield
    finally:
        for lock in entered:
            lock.__exit__(None, None, None)


class _Run:
    """What holds for all networks of a call."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._max_seconds = check_seconds(given["max_seconds"], "max_seconds")
        self._verbose = check_verbose(given["verbose"])
        self._stopping = _stop_rule(given)
        self._names = names_of(given["X"])

    def run(self, jobs: list[Job], settings: Any) -> None:
        """Train the networks of each dtype."""
        if not jobs:
            return
        start, progress = time.perf_counter(), make_progress(self._verbose, len(jobs), "network")
        done, dtypes = 0, dict.fromkeys(job.network.dtype for job in jobs)
        of_all = (settings.regularize_biases, settings.weighting, settings.l2_scale)
        common = (*of_all, PLATEAU, self._stopping)
        try:
            if len(dtypes) > 1:  # what the core refuses, it refuses before any is trained
                _try(jobs, common)
            for dtype in dtypes:
                same = [job for job in jobs if job.network.dtype == dtype]
                left = self._max_seconds
                if left is not None:
                    left = max(0.0, left - (time.perf_counter() - start))
                report = None if progress.is_silent else _reporter(progress, done)
                self._run(dtype, same, common, left, report)
                done += len(same)
                if report is not None:
                    report(len(same))
        except ValueError:
            _try(jobs, common)  # which names the network
            raise
        finally:
            progress.close()

    def _run(
        self, dtype: Any, jobs: list[Job], common: Any, max_seconds: float | None, report: Any
    ) -> None:
        """Make one native call; the networks know how far they came also after an exception."""
        results: list[Any] = []
        try:
            native(dtype).fit_many(
                [job.native for job in jobs], common, max_seconds, results, report
            )
        finally:
            for job, result in zip(jobs, results, strict=False):
                if result is not None:
                    _keep(job, result, self._names)


def _try(jobs: list[Job], common: Any) -> None:
    """Have the core check each network's settings, without any step; raise naming the network."""
    for i, job in enumerate(jobs):
        try:
            native(job.network.dtype).fit_many([job.native], common, 0.0, [], None)
        except ValueError as error:
            raise InvalidValue(f"networks[{i}]: {error}") from error


def _stop_rule(given: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the rule of `EarlyStopping` in the form of `PLATEAU`."""
    recorded: dict[str, str | None] = {"loss": "min"}
    if given["validation_data"] is not None or given["validation_rows"] is not None:
        recorded["val_loss"] = "min"
    callbacks = check_callbacks(given["callbacks"], recorded)
    if not callbacks:
        return None
    if len(callbacks) > 1 or type(callbacks[0]) is not EarlyStopping:
        expected = "one fm.EarlyStopping; others need Python: use net.fit for each network"
        raise value_error("callbacks", callbacks, expected)
    rule = callbacks[0]
    on_validation = rule.monitor == "val_loss"
    return rule.patience, rule.min_delta, 0.0, on_validation, rule.restore_best


def _reporter(progress: Any, done: int) -> Any:
    """Return a function of the number of networks that a native call has trained."""
    last = done

    def report(n: float) -> None:
        nonlocal last
        if done + int(n) > last:
            last = done + int(n)
            progress.show(last, {})

    return report


def _keep(job: Job, result: tuple[Any, ...], names: Any) -> None:
    """Give a network what its run has left: history, count of epochs, loss, names of features."""
    status, columns, n_epochs, updated = result
    history = History()
    history.update(columns)
    history.status = status
    attributes = vars(job.network)  # past __setattr__, for speed
    attributes["_history"] = history
    attributes["epochs_trained"] += n_epochs
    if updated:
        attributes["_trained_loss"] = job.plan.loss
    if names is not None and attributes["_feature_names"] is None:
        attributes["_feature_names"] = names

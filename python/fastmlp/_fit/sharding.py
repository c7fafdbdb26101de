"""The rows that a rank has of the data of a training."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data.dataset import Dataset
from fastmlp._data.losses import repeated_mean_loss
from fastmlp._data.validation import InvalidValue, value_error
from fastmlp._fit.fit_config import FitConfig
from fastmlp._fit.ranks import Part, Ranks, digest
from fastmlp._fit.settings import TrainerSettings, reseed
from fastmlp._fit.validation_data import n_rows, rows_of
from fastmlp._io.members import member_to_dict

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer

ADDRESS = re.compile(" at 0x[0-9a-fA-F]+")  # in the repr of a function, another in each process


class Shard:
    """Every size-th row of data, from a rank's number on, as `shard` deals them.

    Attributes
    ----------
    rows : array_like
        The rows of this rank.
    n : int
        The number of rows of all ranks.

    Examples
    --------
    >>> import numpy as np
    >>> import fastmlp as fm
    >>> deal = lambda comm: fm.distributed.shard(np.arange(5), comm)
    >>> [part.rows.tolist() for part in fm.distributed.run_threads(deal, 2)]
    [[0, 2, 4], [1, 3]]
    """

    def __init__(self, data: Any, rank: int, size: int) -> None:
        self.n = n_rows(data, "X")
        self.rows = rows_of(data, slice(rank, None, size))
        self._dealt = rank, size

    def __len__(self) -> int:
        """Return the number of rows of this rank."""
        return n_rows(self.rows, "X")

    def __iter__(self) -> Any:
        """Iterate over the rows of this rank."""
        return iter(self.rows)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the rows of this rank."""
        return np.asarray(self.rows, dtype)

    def __repr__(self) -> str:
        """Return the numbers of rows."""
        return f"<{len(self)} of {self.n} rows>"


def rows(value: Any) -> Any:
    """Return the rows of a shard; another value as it is."""
    return value.rows if isinstance(value, Shard) else value


def ranks_of(comm: Any, settings: TrainerSettings) -> Ranks:
    """Return the ranks of a trainer; raise where its settings need one process."""
    if comm is not None and settings.carry_state:
        expected = "False, as comm is given: a batch has rows of all ranks"
        raise value_error("carry_state", True, expected)
    return Ranks(comm)


def config_of(trainer: Trainer, given: Mapping[str, Any]) -> FitConfig:
    """Check the arguments of a run; all ranks raise where those of one are invalid or differ."""
    ranks = trainer._ranks
    values = {name: rows(value) for name, value in given.items()}
    if isinstance(values["validation_data"], (tuple, list)):
        values["validation_data"] = [rows(value) for value in values["validation_data"]]
    if not ranks.shared:
        return FitConfig.checked(trainer, values, None)
    part = part_here(ranks, given["X"])

    def checked() -> FitConfig:
        config = FitConfig.checked(trainer, values, part)
        _check_rows(config.data, config.part)
        return config

    config = ranks.agree(checked)
    check_settings(trainer, config.data)
    metrics = [(name, metric.spelling) for name, metric in config.metrics.items()]
    shown = {
        "epochs": config.epochs,
        "until_plateau": config.until_plateau,
        "max_seconds": config.max_seconds is not None,
        "metrics": metrics,
        "callbacks": [type(callback).__name__ for callback in config.callbacks],
        "checkpoint": config.checkpoint and config.checkpoint.every,
        "validation": config.validation is not None,
        "validation_split": values["validation_split"],
        "class_weight": values["class_weight"],
    }
    ranks.check_same({name: str(value) for name, value in shown.items()})
    for name, data in (("", config.data), ("validation_data: ", config.validation)):
        if data is not None and not ranks.sum(data.total_weight()) > 0:
            raise InvalidValue(f"{name}the weights of all ranks are 0, expected one > 0")
    return config


def check_settings(trainer: Trainer, data: Dataset) -> None:
    """Raise on all ranks where one has another network, other settings, or another kind of data."""
    network = trainer.network
    names = [name for name in TrainerSettings._fields if name not in ("seed", "n_threads")]
    settings = {name: described(getattr(trainer, name)) for name in names}
    trainer._ranks.check_same(
        {
            "dtype": str(network.dtype),
            "precision": str(network.precision),
            "inputs": str(network.input_shape),
            "layers": ADDRESS.sub("", repr(network.layers)),
            "isa": _core.isa,
            **settings,
            "y": f"{data.targets.dtype} of shape {('n', *data.targets.shape[1:])}",
            "lengths": str(data.lengths is not None),
        }
    )


def described(value: Any) -> str:
    """Return a setting as text; a function in Python by its name, as its repr has an address."""
    value = member_to_dict(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={described(each)}" for name, each in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(described, value))}]"
    if callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    return repr(value)


def share_state(trainer: Trainer) -> None:
    """Begin with the parameters, seeds and optimizer state of rank 0."""
    ranks, network = trainer._ranks, trainer.network
    if not ranks.shared:
        return
    state = trainer._native.state_dict() if ranks.is_first else None
    seed, *first, state = ranks.from_first(
        (trainer.seed, network.seed, network.epochs_trained, state)
    )
    if not ranks.is_first:
        reseed(trainer, seed)
        vars(network).update(seed=first[0], epochs_trained=first[1])
        trainer._native.load_state_dict(state)
    ranks.comm.broadcast(network.parameters)
    trainer._has_shared_state = True


def share_data(trainer: Trainer, data: Dataset, part: Part | None) -> None:
    """Tell the core which rows of the data set it is given, until `unshare`."""
    if part is None:
        return
    ranks = trainer._ranks
    weighted = ranks.any(data.weights is not None)
    trainer._native.set_shard(part.n, part.indices, weighted, ranks.comm.sum)
    trainer._part = part


def unshare(trainer: Trainer) -> None:
    """End what `share_data` has begun."""
    if trainer._part is not None:
        trainer._native.set_shard(0, np.empty(0, np.int64), False, None)
        trainer._part = None


@contextmanager
def shared_data(trainer: Trainer, X: Any, read: Callable[[], Dataset]) -> Iterator[Dataset]:
    """Read the data of one step or epoch, of which each rank has its own rows."""
    ranks = trainer._ranks
    if not ranks.shared:
        yield read()
        return
    part = part_here(ranks, X)

    def checked() -> Dataset:
        data = read()
        _check_rows(data, part)
        return data

    data = ranks.agree(checked)
    if not trainer._has_shared_state:
        check_settings(trainer, data)
        share_state(trainer)
    try:
        share_data(trainer, data, part)
        yield data
    finally:
        unshare(trainer)


def _check_rows(data: Dataset, part: Part | None) -> None:
    """Raise at a single sample without its axis, whose features were counted as rows."""
    if part is not None and len(data.X) != len(part.indices):
        raise InvalidValue("X is one sample, expected rows of them, as comm is given")


def part_here(ranks: Ranks, X: Any) -> Part:
    """Return which rows of the data set of all ranks X are."""

    def counts() -> tuple[int, int | None]:
        if not isinstance(X, Shard):
            return n_rows(X, "X"), None
        if X._dealt != (ranks.rank, ranks.size):
            raise InvalidValue(f"X is the shard of rank and size {X._dealt}, expected that of comm")
        return len(X), X.n

    return ranks.part_of(*ranks.agree(counts))


def repeated_loss(trainer: Trainer, data: Dataset) -> Callable[[], float]:
    """Return a function of the weighted mean loss of the samples of all ranks, for many calls.

    It is that at the present parameters, without penalties.
    """
    network, loss, ranks = trainer.network, trainer.loss, trainer._ranks
    if not ranks.shared:
        return repeated_mean_loss(network, loss, data)
    weight = data.total_weight()
    here = repeated_mean_loss(network, loss, data) if weight > 0 else lambda: 0.0

    def value() -> float:
        total, weights = ranks.sum([weight * here(), weight])
        return float(total / weights)

    return value


def callbacks_here(trainer: Trainer, callbacks: list[Any]) -> list[Any]:
    """Return the callbacks that this rank calls: those that write are rank 0's."""
    if trainer._ranks.is_first:
        return callbacks
    return [callback for callback in callbacks if not getattr(callback, "first_rank_only", False)]


def agreed_stop(trainer: Trainer, stop: bool, epoch: int) -> bool:
    """Return whether any rank stops; raise where their parameters are not the same bits."""
    if not trainer._ranks.shared:
        return stop
    stops, digests = trainer._ranks.gather([stop, digest(trainer.network.parameters)]).T
    counts = (digests == digests[:, np.newaxis]).sum(axis=0)
    others = np.flatnonzero(digests != digests[counts.argmax()])  # of two ranks 0 counts as right
    if len(others):
        raise RuntimeError(
            f"the parameters of rank {others[0]} are not those of the other ranks after epoch "
            f"{epoch}; a callback may have changed them there, or the network adds up wrongly"
        )
    return bool(stops.any())

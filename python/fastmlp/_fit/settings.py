"""The settings of a trainer: one list of fields for checks, attributes, state and forwarding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from fastmlp import _core
from fastmlp._data.arrays import native
from fastmlp._data.losses import is_custom_loss, resolve_loss
from fastmlp._data.missing_targets import check_missing
from fastmlp._data.stepping import checked_steps
from fastmlp._data.threads import check_threads
from fastmlp._data.validation import (
    argument_prefix,
    check_bool,
    check_epochs_trained,
    check_int,
    check_non_negative,
    check_seed,
    resolve,
    type_error,
    value_error,
)

if TYPE_CHECKING:
    from fastmlp.network import Network
    from fastmlp.trainer import Trainer


METHODS = tuple(_core.methods.values())
DEFAULT_BATCH_SIZE = 32
ALL_ROWS = 2**62  # in a batch
NATIVE_NETWORKS = (_core.float32.Network, _core.float64.Network)
NATIVE_SNAPSHOTS = (_core.float32.Snapshot, _core.float64.Snapshot)


class TrainerSettings(NamedTuple):
    """The keywords of `Trainer`, resolved and checked."""

    loss: Any
    optimizer: Any
    batch_size: int | None  # None: all rows
    seed: int
    l1: float
    l2: float
    regularize_biases: bool
    shuffle: bool
    weighting: str
    l2_scale: str
    carry_state: bool
    missing: str | None
    n_threads: int | None

    @classmethod
    def checked(cls, network: Network, given: Mapping[str, Any]) -> Self:
        """Check the arguments of a call, ``{name: value}``; None as seed is the network's."""
        if not isinstance(getattr(network, "_native", None), NATIVE_NETWORKS):
            raise type_error("network", network, "an fm.Network")
        seed = given.get("seed")
        optimizer = resolve("optimizer", given["optimizer"])
        settings = cls(
            loss=resolve_loss(given["loss"], network),
            optimizer=optimizer,
            batch_size=_check_batch_size(given["batch_size"], optimizer),
            seed=check_seed(network.seed if seed is None else seed),
            l1=check_non_negative(given["l1"], "l1"),
            l2=check_non_negative(given["l2"], "l2"),
            regularize_biases=check_bool(given["regularize_biases"], "regularize_biases"),
            shuffle=check_bool(given["shuffle"], "shuffle"),
            weighting=_check_word(given["weighting"], "weighting", "set", "batch"),
            l2_scale=_check_word(given["l2_scale"], "l2_scale", "constant", "batch_weight"),
            carry_state=check_bool(given.get("carry_state", False), "carry_state"),
            missing=check_missing(given.get("missing")),
            n_threads=check_threads(given["n_threads"]),
        )
        if is_custom_loss(settings.loss):
            check_evaluation_point(settings.optimizer, "the loss is a custom function")
        _check_method(settings)
        if settings.carry_state:
            _check_carrying(network, settings)
        return settings

    def native_trainer(self, network: Network, first_epoch: Any) -> Any:
        """Return the trainer of the core; a custom loss is not used natively."""
        return native(network.dtype).Trainer(
            network._native,
            _core.losses["squared_error"]() if is_custom_loss(self.loss) else self.loss,
            self.optimizer,
            self.native_batch_size,
            self.seed,
            check_epochs_trained(first_epoch),
            self.l1,
            self.l2,
            self.regularize_biases,
            self.shuffles,
            self.weighting,
            self.l2_scale,
        )

    @property
    def native_batch_size(self) -> int:
        """The size of a batch for the core."""
        return ALL_ROWS if self.batch_size is None else self.batch_size

    @property
    def shuffles(self) -> bool:
        """Whether the order of samples matters, and is random."""
        return self.shuffle and self.batch_size is not None


def reseed(trainer: Trainer, seed: int) -> None:
    """Give a trainer another seed, before its state is loaded."""
    settings = TrainerSettings(*(getattr(trainer, name) for name in TrainerSettings._fields))
    if settings.seed != seed:
        native_trainer = settings._replace(seed=seed).native_trainer(trainer.network, 0)
        vars(trainer).update(seed=seed, _native=native_trainer)


def _check_batch_size(value: Any, optimizer: Any) -> int | None:
    if value is None:
        return None if is_method(optimizer) else DEFAULT_BATCH_SIZE
    return check_int(value, "batch_size", min=1, max=ALL_ROWS)


def is_method(optimizer: Any) -> bool:
    """Return True for optimizers that search, by several evaluations a step."""
    return type(optimizer) in METHODS


def _check_word(value: Any, name: str, first: str, second: str) -> str:
    if not isinstance(value, str):
        raise type_error(name, value, f"'{first}' or '{second}'")
    if value not in (first, second):
        raise value_error(name, value, f"'{first}' or '{second}'")
    return value


def _check_method(settings: TrainerSettings) -> None:
    """Raise if the loss is not one that a method can search with."""
    optimizer, loss = settings.optimizer, settings.loss
    if not is_method(optimizer):
        return
    if is_custom_loss(loss):
        expected = "a first-order optimizer, as the loss is a custom function; or use fm.minimize"
        raise value_error("optimizer", optimizer, expected)
    if optimizer.needs_residuals and loss.name != "squared_error":
        expected = "loss='squared_error' with it; for other losses use fm.LBFGS()"
        raise value_error("optimizer", optimizer, expected)


def _check_carrying(network: Network, settings: TrainerSettings) -> None:
    """Raise where the state after one batch is not that before the next."""
    argument_prefix("carry_state=True, but ")(checked_steps)(network)
    if is_method(settings.optimizer):
        expected = "a first-order optimizer, as carry_state=True: one evaluation for each batch"
        raise value_error("optimizer", settings.optimizer, expected)
    if settings.shuffle:
        expected = "False, as carry_state=True: sample i of a batch goes on in the next"
        raise value_error("shuffle", True, expected)


def check_evaluation_point(optimizer: Any, reason: str) -> None:
    """Raise if the rule evaluates the loss elsewhere than at the parameters: the core's task."""
    if optimizer.evaluation_offset != 0:
        raise value_error("optimizer", optimizer, f"nesterov=True, as {reason}")

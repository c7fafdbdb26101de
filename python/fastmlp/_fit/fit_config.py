"""The keywords of `Trainer.run` that control the loop over epochs, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.feature_names import check_names, names_of
from fastmlp._data.validation import (
    InvalidType,
    InvalidValue,
    argument_prefix,
    check_int,
    check_seconds,
)
from fastmlp._fit.checkpoint import Checkpoint
from fastmlp._fit.hooks import check_callbacks
from fastmlp._fit.plateau import MAX_EPOCHS, MAX_STEPS
from fastmlp._fit.settings import is_method

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


class FitConfig(NamedTuple):
    """The checked keywords; `until_plateau` is ``epochs=None``, `epochs` its bound then."""

    epochs: int
    until_plateau: bool
    validation: Dataset | None
    callbacks: list[Any]
    max_seconds: float | None
    verbose: int
    checkpoint: Checkpoint | None

    @classmethod
    def checked(cls, trainer: Trainer, given: Mapping[str, Any]) -> Self:
        """Check the arguments of a call, ``{name: value}``."""
        validation = given["validation_data"]
        data = None if validation is None else _read_validation(trainer, validation, given["X"])
        recorded = ["loss"] if validation is None else ["loss", "val_loss"]
        epochs, verbose = given["epochs"], given["verbose"]
        searches = is_method(trainer.optimizer)  # they stop by themselves
        return cls(
            epochs=(MAX_STEPS if searches else MAX_EPOCHS)
            if epochs is None
            else check_int(epochs, "epochs", min=1),
            until_plateau=epochs is None and not searches,
            validation=data,
            callbacks=check_callbacks(given["callbacks"], recorded),
            max_seconds=check_seconds(given["max_seconds"], "max_seconds"),
            verbose=check_int(
                int(verbose) if isinstance(verbose, bool) else verbose, "verbose", min=0, max=2
            ),
            checkpoint=Checkpoint.checked(given["checkpoint"], given["checkpoint_every"]),
        )

    def observes_epochs(self) -> bool:
        """Return whether anything is done after single epochs."""
        return (
            self.until_plateau
            or self.validation is not None
            or self.verbose > 0
            or any(hasattr(callback, "on_epoch_end") for callback in self.callbacks)
        )


def _read_validation(trainer: Trainer, validation_data: Any, X: Any) -> Dataset:
    """Read the samples of a validation, whose columns must be those of X."""
    expected = "(X, y), (X, y, sample_weight) or (X, y, sample_weight, lengths)"
    if not isinstance(validation_data, (tuple, list)):
        kind = type(validation_data).__name__
        raise InvalidType(f"validation_data is of type {kind}, expected {expected}")
    if len(validation_data) not in (2, 3, 4):
        n_members = len(validation_data)
        raise InvalidValue(f"validation_data has {n_members} members, expected {expected}")
    in_validation = argument_prefix("validation_data: ")
    in_validation(check_names)(validation_data[0], names_of(X))
    X_val, y, weights, lengths = (*validation_data, None, None)[:4]
    return in_validation(read_training_data)(
        trainer.network, trainer.loss, X_val, y, weights, lengths=lengths
    )

"""The arguments of `Trainer.run`, checked: samples, and what controls the loop over epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from fastmlp._data.dataset import Dataset, read_training_data
from fastmlp._data.validation import check_int, check_seconds
from fastmlp._fit.checkpoint import Checkpoint
from fastmlp._fit.hooks import check_callbacks
from fastmlp._fit.metrics import Metric, read_metrics
from fastmlp._fit.plateau import MAX_EPOCHS, MAX_STEPS
from fastmlp._fit.ranks import Part
from fastmlp._fit.separation import is_perceptron
from fastmlp._fit.settings import is_method
from fastmlp._fit.validation_data import read_validation, split

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


class FitConfig(NamedTuple):
    """The checked arguments; `until_plateau` is ``epochs=None``, `epochs` its bound then."""

    data: Dataset
    validation: Dataset | None
    metrics: Mapping[str, Metric]
    callbacks: list[Any]
    epochs: int
    until_plateau: bool
    max_seconds: float | None
    verbose: int
    checkpoint: Checkpoint | None
    part: Part | None  # the rows that are here, where other ranks have others

    @classmethod
    def checked(cls, trainer: Trainer, given: Mapping[str, Any], part: Part | None) -> Self:
        """Check the arguments of a call, ``{name: value}``, without sums over ranks."""
        given, validation_data, part = split(given, part)
        metrics = read_metrics(given["metrics"])
        recorded = {"loss": "min"} | {name: metric.mode for name, metric in metrics.items()}
        validation = None
        if validation_data is not None:
            read = (trainer.network, trainer.loss, trainer.missing, validation_data, given["X"])
            validation = read_validation(*read, is_part=trainer._ranks.shared)
            recorded |= {f"val_{name}": mode for name, mode in recorded.items()}
        if is_perceptron(trainer):
            recorded["mistakes"] = "min"
        callbacks = check_callbacks(given["callbacks"], recorded)
        epochs, until_plateau = check_epochs(given["epochs"], trainer.optimizer)
        names = ("X", "y", "sample_weight", "class_weight", "lengths")
        samples = (*(given[name] for name in names), trainer.missing, part is not None)
        return cls(
            epochs=epochs,
            until_plateau=until_plateau,
            callbacks=callbacks,
            max_seconds=check_seconds(given["max_seconds"], "max_seconds"),
            verbose=check_verbose(given["verbose"]),
            checkpoint=Checkpoint.checked(given["checkpoint"], given["checkpoint_every"]),
            data=read_training_data(trainer.network, trainer.loss, *samples),
            validation=validation,
            metrics=metrics,
            part=part,
        )

    def observes_epochs(self) -> bool:
        """Return whether anything but a display is done after single epochs."""
        return (
            self.until_plateau
            or self.validation is not None
            or bool(self.metrics)
            or any(hasattr(callback, "on_epoch_end") for callback in self.callbacks)
        )


def check_epochs(epochs: Any, optimizer: Any) -> tuple[int, bool]:
    """Return the number of epochs, or its bound, and whether a plateau ends the run before it."""
    if epochs is not None:
        return check_int(epochs, "epochs", min=1), False
    searches = is_method(optimizer)  # they stop by themselves
    return (MAX_STEPS, False) if searches else (MAX_EPOCHS, True)


def check_verbose(verbose: Any) -> int:
    """Return 0, 1 or 2; True is 1."""
    return check_int(
        int(verbose) if isinstance(verbose, bool) else verbose, "verbose", min=0, max=2
    )

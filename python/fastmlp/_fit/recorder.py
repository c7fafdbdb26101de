"""`DiagnosisRecorder`: the inside of a network during its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from fastmlp._data.arrays import FloatArray
from fastmlp._data.validation import check_int, error_prefix
from fastmlp._fit.monitor import Callback
from fastmlp.diagnosis import Diagnosis, diagnosis_of

if TYPE_CHECKING:
    from fastmlp.trainer import Trainer


class DiagnosisRecorder(Callback):
    """Diagnose the network before the first epoch and after epochs, on the same samples.

    Parameters
    ----------
    X, y, loss, sample_weight, lengths
        As for `Network.diagnose`; a few hundred samples are enough.
    every : int, default 1
        Epochs from one record to the next.

    Attributes
    ----------
    records : list of Diagnosis
        The first is that of the initial parameters; updates are those since the record before.

    Raises
    ------
    ValueError, TypeError
        As `Network.diagnose`, at the start of the run.

    Notes
    -----
    ``fastmlp.plot.gradient_norms`` draws the records. Cost: a forward and a backward pass over
    the samples for each.

    Examples
    --------
    >>> import fastmlp as fm
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> recorder = fm.DiagnosisRecorder(X, y)
    >>> history = fm.Network([1, 4, 1], seed=0).fit(X, y, epochs=5, callbacks=[recorder])
    >>> len(recorder.records), recorder.records[-1].healthy
    (6, True)
    """

    @error_prefix("DiagnosisRecorder")
    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        loss: Any = None,
        *,
        sample_weight: ArrayLike | None = None,
        lengths: ArrayLike | None = None,
        every: int = 1,
    ) -> None:
        self._samples = (X, y, loss, sample_weight, lengths)
        self.every = check_int(every, "every", min=1)
        self.records: list[Diagnosis] = []

    def set_trainer(self, trainer: Trainer) -> None:
        """Keep the network that is trained, and the loss it is trained with."""
        self._network, self._loss = trainer.network, trainer.loss

    def on_fit_begin(self) -> None:
        """Record the parameters before the first epoch."""
        self.records = []
        self._before: FloatArray | None = None
        self._record()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Record the parameters after an epoch, if it is due."""
        if epoch % self.every == 0:
            self._record()

    def state_dict(self) -> dict[str, Any]:
        """Return the parameters of the last record, from which the next update is measured."""
        return {"before": self._before}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from these parameters."""
        self._before = state["before"]

    def _record(self) -> None:
        X, y, loss, sample_weight, lengths = self._samples
        loss = self._loss if loss is None else loss
        record = diagnosis_of(self._network, X, y, loss, sample_weight, lengths, self._before)
        self.records.append(record)
        self._before = self._network.parameters.copy()

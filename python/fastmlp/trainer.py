"""`Trainer`: a network with a loss, an optimizer and its state; steps, epochs and whole runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastmlp import checks, own_loss
from fastmlp.arrays import FloatArray
from fastmlp.data import Data, check_training_data, read_data
from fastmlp.history import History
from fastmlp.loop import Loop, Plan
from fastmlp.losses import is_own
from fastmlp.own_loss import EpochResult
from fastmlp.stepping import Stepping


class Trainer(Stepping):
    """A training in progress: the state of the optimizer lives here, the parameters in the network.

    Parameters
    ----------
    network : Network
        The network to train, in place.
    loss : str, loss or callable, optional
        As in `Network.fit`.
    optimizer : str or optimizer, default "adam"
        As in `Network.fit`.
    batch_size : int, default 32
        Samples per update of `epoch` and `run`.
    seed : int, optional
        The source of the order of samples; None takes the network's seed. Either way the stream
        goes on where the epochs trained so far have left it.
    l1, l2, regularize_biases, shuffle
        As in `Network.fit`.

    Attributes
    ----------
    network, loss, optimizer, batch_size, seed, l1, l2, regularize_biases, shuffle
        What was given, names turned into values.

    Raises
    ------
    ValueError, TypeError
        A parameter out of its range, not known, or of the wrong kind.

    Warns
    -----
    TrainingWarning
        A layer has a hard sign, through which no gradient passes.

    Notes
    -----
    Copies and pickles (`copy.copy`, `copy.deepcopy`, `pickle`) are complete: a network of their
    own, the optimizer's state, the counts of steps, epochs and samples, the scale of the learning
    rate. Training goes on from them bit for bit as without; `backward` wants a `forward` of their
    own. A loss or a schedule written in Python must be one that pickle can find by name.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([1, 1], init="zeros")
    >>> trainer = fm.Trainer(net, optimizer=fm.SGD(0.5))
    >>> trainer.step([[1], [1]], [2, 2])
    2.0
    >>> net.parameters
    array([1., 1.], dtype=float32)
    """

    _where_run = "Trainer.run"

    def epoch(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        class_weight: Any = None,
        max_seconds: float | None = None,
    ) -> float:
        """Make one shuffled pass over the samples.

        Parameters
        ----------
        X, y, sample_weight, class_weight, max_seconds
            As in `Network.fit`.

        Returns
        -------
        float
            The weighted mean of the batch losses, penalties included. If a loss is not finite it
            is returned, and the parameters are those before its step.

        Raises
        ------
        ValueError, TypeError
            Arrays that do not fit the network.
        RuntimeError
            The network is being trained by another call.

        Examples
        --------
        >>> import fastmlp as fm
        >>> trainer = fm.Trainer(fm.Network([1, 1], init="zeros"), optimizer=fm.SGD(0.5))
        >>> trainer.epoch([[1], [1]], [2, 2]), trainer.n_steps
        (2.0, 1)
        """
        where = "Trainer.epoch"
        limit = checks.seconds(max_seconds, "max_seconds", where)
        data = self._training_data(X, y, sample_weight, class_weight, where)
        with self.network._in_training:
            self._forward_shape = None
            return self._epochs(data, 1, limit, self.last_parameters, where)[1].loss

    def run(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int = 10,
        validation_data: Any = None,
        callbacks: Iterable[Any] = (),
        sample_weight: Any = None,
        class_weight: Any = None,
        max_seconds: float | None = None,
        verbose: int = 0,
    ) -> History:
        """Make many epochs, as `Network.fit` does, and keep the state of the optimizer.

        Parameters
        ----------
        X, y, epochs, validation_data, callbacks, sample_weight, class_weight, max_seconds, verbose
            As in `Network.fit`.

        Returns
        -------
        History
            Losses per epoch, and how the run ended.

        Raises
        ------
        ValueError, TypeError, RuntimeError
            As `Network.fit`.

        Warns
        -----
        TrainingWarning
            The loss became nan or inf; the parameters of the last good epoch are restored.

        Examples
        --------
        >>> import fastmlp as fm
        >>> trainer = fm.Trainer(fm.Network([1, 1], seed=0))
        >>> trainer.run([[0], [1]], [0, 1], epochs=5).n_epochs, trainer.n_steps
        (5, 5)
        """
        where = self._where_run
        plan = Plan.checked(self, epochs, validation_data, callbacks, max_seconds, verbose, where)
        data = self._training_data(X, y, sample_weight, class_weight, where)
        with self.network._in_training:
            self._forward_shape = None
            return Loop(self, data, plan, where).run()

    def _training_data(
        self, X: Any, y: Any, sample_weight: Any, class_weight: Any, where: str
    ) -> Data:
        data = read_data(
            self.network,
            self.loss,
            X,
            y,
            where,
            sample_weight=sample_weight,
            class_weight=class_weight,
        )
        check_training_data(data, where, self.loss)
        return data

    def _epochs(
        self,
        data: Data,
        most: int,
        max_seconds: float | None,
        last_good: FloatArray,
        where: str,
    ) -> tuple[list[float], EpochResult]:
        """Make one epoch or more; return the losses of all but the last, and how that ended.

        `last_good` becomes the parameters after the last but one.
        """
        number = self._native.epoch_number
        try:
            if is_own(self.loss):
                return [], self._own_epoch(data, max_seconds, where)
            losses, last = self._native.epochs(*data, most, max_seconds, last_good)
            return losses, last
        finally:
            self.network.epochs_trained += self._native.epoch_number - number

    def _own_epoch(self, data: Data, max_seconds: float | None, where: str) -> EpochResult:
        """Make one epoch with a loss in Python; count it as the core counts."""
        number, n_steps, status = self._native.epoch_number, self.n_steps, "interrupted"
        try:
            result = own_loss.epoch(
                self._native, self.loss, data, self.batch_size, max_seconds, where
            )
            status = result.status
            return result
        finally:
            counts = self.n_steps > n_steps and status != "not_finite"
            self._native.epoch_number = number + counts


class Fit(Trainer):
    """The trainer of one `Network.fit`, under whose name it speaks."""

    _where = "fit"
    _where_run = "fit"
    _calls_above = 1

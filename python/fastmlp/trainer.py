"""`Trainer`: a network with a loss, an optimizer and its state; steps, epochs and whole runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from copyreg import __newobj__  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike

from fastmlp import _core
from fastmlp._data import arrays, types
from fastmlp._data.attributes import Attributes
from fastmlp._data.state_views import StateViews
from fastmlp._data.threads import limited
from fastmlp._data.validation import error_prefix
from fastmlp._fit import (
    carrying,
    checkpoint,
    learning_rate,
    one_epoch,
    one_step,
    own_gradient,
    sharding,
)
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.fit_loop import FitLoop
from fastmlp._fit.history import History
from fastmlp._fit.leftover import NO_SAMPLES, Indices, carried_samples
from fastmlp._fit.lock import LockErrors
from fastmlp._fit.metrics import metrics_of_run
from fastmlp._fit.ranks import Part, Ranks
from fastmlp._fit.settings import TrainerSettings
from fastmlp._fit.target_scale import warn_of_scale
from fastmlp._io import registry, serialization, summary
from fastmlp.layers import warn_of_zero_gradients

if TYPE_CHECKING:
    from fastmlp.network import Network


@registry.register(serialization.TRAINER_FORMAT)
class Trainer(Attributes):
    """A network with a loss, an optimizer and the optimizer's state, for custom training loops.

    Parameters
    ----------
    network : Network
        The network to train, in place.
    loss, optimizer, batch_size, l1, l2, regularize_biases, shuffle, weighting, l2_scale, \
carry_state, missing, n_threads, comm
        As in `Network.fit`. They are read-only attributes too, with names resolved to objects; for
        other settings make a new trainer.
    seed : int, optional
        Seed of the order of samples. By default the network's random stream continues after the
        epochs trained so far.

    Raises
    ------
    ValueError, TypeError
        An argument is out of range, unknown or of the wrong type; this holds for all methods.
    RuntimeError
        By methods that train: the network is being trained by another call.

    Warns
    -----
    TrainingWarning
        A hidden layer has a sign activation, through which no gradient passes; an update would not
        be finite.

    Notes
    -----
    Copies and pickles contain a copy of the network, and no `comm`. Training continues from them
    bit for bit, but `backward` needs a new `forward`. A loss or schedule written in Python is
    pickled by its name.

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

    _fixed = dict.fromkeys(
        ("network", "comm", *TrainerSettings._fields), "make a new fm.Trainer with this setting"
    )

    network: Network
    loss: types.ResolvedLoss
    optimizer: _core.Optimizer
    batch_size: int | None
    seed: int
    l1: float
    l2: float
    regularize_biases: bool
    shuffle: bool
    weighting: types.Weighting
    l2_scale: types.L2Scale
    carry_state: bool
    missing: types.Missing | None
    n_threads: int | None
    comm: Any
    _ranks: Ranks
    _part: Part | None  # of the data of the present call, where it is shared
    _has_shared_state: bool
    _native: Any
    _forward_shape: tuple[int, ...] | None
    _last_epoch: EpochResult | None
    _leftover: Indices  # samples of the last epoch, for the first batch of the next
    _loop: FitLoop | None  # the run in progress

    @error_prefix("Trainer")
    def __init__(
        self,
        network: Network,
        loss: types.LossLike | None = None,
        optimizer: types.OptimizerLike = "adam",
        *,
        batch_size: int | None = None,
        seed: int | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        regularize_biases: bool = False,
        shuffle: bool = True,
        weighting: types.Weighting = "set",
        l2_scale: types.L2Scale = "constant",
        carry_state: bool = False,
        missing: types.Missing | None = None,
        n_threads: int | None = None,
        comm: Any = None,
    ) -> None:
        self._start(network, locals(), "Trainer")

    def _start(self, network: Network, given: Mapping[str, Any], caller: str) -> None:
        """Initialise from the arguments ``{name: value}`` of a call; `caller` is for warnings."""
        settings = TrainerSettings.checked(network, given)
        self._build(network, settings, network.epochs_trained, given["comm"])
        warn_of_zero_gradients(network, self.loss, caller)

    def _build(
        self, network: Network, settings: TrainerSettings, first_epoch: Any, comm: Any = None
    ) -> None:
        attached = set(vars(self))
        vars(self).update(  # past __setattr__, for speed
            settings._asdict(),
            network=network,
            comm=comm,
            _ranks=sharding.ranks_of(comm, settings),
            _part=None,
            _has_shared_state=False,
            _native=settings.native_trainer(network, first_epoch),
            _forward_shape=None,
            _last_epoch=None,
            _leftover=NO_SAMPLES,
            _loop=None,
        )
        self._own = frozenset(vars(self)) - attached | {"_own"}

    @error_prefix("Trainer")
    def __getstate__(self) -> dict[str, Any]:
        """Return the trainer as a versioned dictionary of plain values."""
        return serialization.trainer_to_dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the identity of the network, and functions, in copies and pickles."""
        return __newobj__, (type(self),), serialization.pickled_trainer(self)

    @error_prefix("Trainer")
    def __setstate__(self, values: Mapping[str, Any]) -> None:
        """Restore from `__getstate__`."""
        network, given, state = serialization.trainer_from_dict(values)
        restored = type(self).__new__(type(self))
        restored._build(network, TrainerSettings.checked(network, given), 0)
        serialization.load_state(restored, state)
        carrying.load(network, values)
        restored._leftover = carried_samples(values)
        self._become(restored, values.get("attributes", {}))

    def __copy__(self) -> Self:
        """Return an independent trainer, with a copy of the network."""
        twin = type(self).__new__(type(self))
        twin.__setstate__({**serialization.pickled_trainer(self), "network": self.network.copy()})
        return twin

    __repr__ = summary.trainer_repr
    save = checkpoint.save
    load = classmethod(checkpoint.load)

    @property
    def n_steps(self) -> int:
        """Number of updates made."""
        return int(self._native.n_steps)

    @property
    def n_evaluations(self) -> int:
        """Number of evaluations of the loss; second-order methods make several per update."""
        return int(self._native.n_evaluations)

    scale_learning_rate = learning_rate.scale_learning_rate
    learning_rate = property(learning_rate.rate, learning_rate.set_rate)

    @property
    def last_parameters(self) -> arrays.FloatArray:
        """The parameters after the last step, even while the network contains their average."""
        iterate = self._native.iterate
        return self.network.parameters.copy() if iterate is None else iterate

    @property
    def state(self) -> StateViews:
        """Live views of the optimizer state: vectors ``(n_parameters,)``, scalars ``(1,)``.

        Assigning to an item copies into the state.
        """
        return StateViews(self._native.state)

    @property
    def last_epoch(self) -> EpochResult | None:
        """Loss of the last epoch of `epoch` or `run`, with its parts; None before the first."""
        return self._last_epoch

    @property
    def history(self) -> History | None:
        """History of the network's last training run, as `Network.history`."""
        return self.network.history

    step = one_step.step
    gradient = own_gradient.gradient
    forward = own_gradient.forward
    backward = own_gradient.backward
    apply = own_gradient.apply

    epoch = one_epoch.epoch

    @error_prefix("Trainer.run")
    def run(
        self,
        X: types.InputLike,
        y: ArrayLike,
        *,
        epochs: int | None = None,
        validation_data: types.Validation | None = None,
        validation_split: float | None = None,
        metrics: types.MetricsLike = (),
        callbacks: object | Iterable[object] = (),
        sample_weight: ArrayLike | None = None,
        class_weight: types.ClassWeight | None = None,
        lengths: ArrayLike | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int = 1,
        verbose: int = 0,
    ) -> History:
        """Train for several epochs like `Network.fit`, keeping the optimizer state between calls.

        Examples
        --------
        >>> import fastmlp as fm
        >>> trainer = fm.Trainer(fm.Network([1, 1], seed=0))
        >>> trainer.run([[0], [1]], [0, 1], epochs=5).n_epochs, trainer.n_steps
        (5, 5)
        """
        return self._run(locals(), "Trainer.run")

    def _run(self, given: Mapping[str, Any], caller: str) -> History:
        config = sharding.config_of(self, given)
        carrying.check_rows(self, len(config.data.X), "X")
        read = (config.metrics, self, config.data, config.validation, config.part)
        metrics = metrics_of_run(*read)
        with limited(self.n_threads), LockErrors(caller), self.network._in_training:
            self._forward_shape = None
            self.network._remember_names(sharding.rows(given["X"]))
            if self._ranks.is_first and len(config.data.X):
                warn_of_scale(self.network, self.loss, config.data, caller)
            return FitLoop(self, config, metrics, caller).run()

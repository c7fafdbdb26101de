"""One update at a time: a network bound to a loss, an optimizer and the optimizer's state."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

from fastmlp import _core, arrays, checks, own_loss, trainer_state
from fastmlp.arrays import FloatArray
from fastmlp.checks import flag, integer, not_negative, positive
from fastmlp.data import Data, read_data
from fastmlp.layers import cannot_learn, dense_layers
from fastmlp.losses import is_own, resolve_loss
from fastmlp.network import Network
from fastmlp.status import TrainingWarning


class Stepping:
    """The methods of `fastmlp.Trainer` that make no more than one update."""

    _where = "Trainer"
    _calls_above = 0  # between the user's line and a method, for warnings that point to that line

    def __init__(
        self,
        network: Network,
        loss: Any = None,
        optimizer: Any = "adam",
        *,
        batch_size: int = 32,
        seed: int | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        regularize_biases: bool = False,
        shuffle: bool = True,
    ) -> None:
        first_epoch = network.epochs_trained if isinstance(network, Network) else 0
        self._build(
            network,
            loss,
            optimizer,
            batch_size=batch_size,
            seed=seed,
            l1=l1,
            l2=l2,
            regularize_biases=regularize_biases,
            shuffle=shuffle,
            first_epoch=first_epoch,
        )
        self._warn_of_hard_signs()

    def _build(
        self,
        network: Network,
        loss: Any,
        optimizer: Any,
        *,
        batch_size: int,
        seed: int | None,
        l1: float,
        l2: float,
        regularize_biases: bool,
        shuffle: bool,
        first_epoch: int,
    ) -> None:
        where = self._where
        if not isinstance(network, Network):
            checks.refuse_kind(where, "network", network, "an fm.Network")
        self.network = network
        self.loss = resolve_loss(loss, network.layers, where)
        self.optimizer = _core.make("optimizer", optimizer, where)
        self.batch_size = integer(batch_size, "batch_size", where, least=1)
        self.seed = checks.seed(network.seed if seed is None else seed, where)
        self.l1 = not_negative(l1, "l1", where)
        self.l2 = not_negative(l2, "l2", where)
        self.regularize_biases = flag(regularize_biases, "regularize_biases", where)
        self.shuffle = flag(shuffle, "shuffle", where)
        if is_own(self.loss):
            self._refuse_look_ahead(where, "the loss is a function of your own")
        self._native = arrays.native(network.dtype).Trainer(
            network._native,
            _core.losses["squared_error"]() if is_own(self.loss) else self.loss,
            self.optimizer,
            self.batch_size,
            self.seed,
            checks.epochs_trained(first_epoch, where),
            _penalties(network, self.l1, self.l2),
            self.regularize_biases,
            self.shuffle,
        )
        self._forward_shape: tuple[int, ...] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return the trainer as the versioned dictionary of `fastmlp.trainer_state`."""
        return trainer_state.describe_trainer(self)

    def __setstate__(self, values: Mapping[str, Any]) -> None:
        """Become the trainer that `__getstate__` described."""
        settings, progress = trainer_state.read_settings(values, self._where)
        restored = type(self).__new__(type(self))
        restored._build(**settings, first_epoch=progress.pop("first_epoch"))
        trainer_state.restore(restored, values, self._where)
        restored._native.set_progress(**progress)
        vars(self).update(vars(restored))

    def __copy__(self) -> Self:
        """Return an independent trainer, with a copy of the network."""
        twin = type(self).__new__(type(self))
        twin.__setstate__({**self.__getstate__(), "network": self.network.copy()})
        return twin

    @property
    def n_steps(self) -> int:
        """Number of updates made."""
        return int(self._native.n_steps)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self._native.learning_rate)

    def scale_learning_rate(self, factor: float) -> None:
        """Multiply the learning rate of all steps to come, whatever its schedule, by `factor`."""
        self._native.scale_learning_rate(positive(factor, "factor", "Trainer.scale_learning_rate"))

    @property
    def last_parameters(self) -> FloatArray:
        """The parameters of the last step, also where the network shows their average."""
        iterate = self._native.iterate
        return self.network.parameters.copy() if iterate is None else iterate

    @property
    def state(self) -> Mapping[str, FloatArray]:
        """Live views of the optimizer's state: vectors ``(n_parameters,)``, numbers ``(1,)``."""
        state: dict[str, FloatArray] = self._native.state
        return state

    def step(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Make one update on a batch.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_inputs)
            The batch; not searched for nan.
        y, sample_weight
            As in `Network.fit`.

        Returns
        -------
        float
            The loss before the update, penalties included. If it is not finite, there is no
            update; nor is there one if the weights sum to 0.

        Raises
        ------
        ValueError, TypeError
            Arrays that do not fit the network.
        RuntimeError
            The network is being trained by another call.
        """
        where = "Trainer.step"
        batch = read_data(self.network, self.loss, X, y, where, sample_weight=sample_weight)
        return self._step(batch, where)

    def _step(self, batch: Data, where: str) -> float:
        with self.network._in_training:
            self._forward_shape = None
            if is_own(self.loss):
                return own_loss.step(self._native, self.loss, batch, where)
            return float(self._native.step(*batch))

    def forward(self, X: Any) -> FloatArray:
        """Compute the outputs of a batch in training mode, and keep what `backward` needs.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_inputs)
            The batch.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The outputs.

        Raises
        ------
        ValueError, TypeError
            X of another shape, or not real numbers.
        RuntimeError
            The network is being trained by another call.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network([1, 1], init="zeros")
        >>> trainer = fm.Trainer(net, optimizer=fm.SGD(0.5))
        >>> outputs = trainer.forward([[1], [3]])
        >>> gradient = trainer.backward((outputs - [[1], [2]]) / 2)
        >>> trainer.apply(gradient)
        >>> net.parameters
        array([1.75, 0.75], dtype=float32)
        """
        where = "Trainer.forward"
        inputs, _ = arrays.as_inputs(X, self.network.n_inputs, self.network.dtype, where)
        arrays.check_samples(inputs, where)
        with self.network._in_training:
            self._forward_shape = None
            outputs: FloatArray = self._native.forward(inputs)
            self._forward_shape = outputs.shape
        return outputs

    def backward(self, output_gradient: Any) -> FloatArray:
        """Compute the gradient of ``sum(outputs * output_gradient)`` for the last `forward`.

        Parameters
        ----------
        output_gradient : array_like of shape (n_samples, n_outputs)
            Derivative of the loss by the outputs; divide by the number of samples for a mean.

        Returns
        -------
        ndarray of shape (n_parameters,)
            The gradient without penalties, in the order of ``network.parameters``.

        Raises
        ------
        RuntimeError
            There was no `forward` since the last update.
        ValueError, TypeError
            A gradient of another shape than the outputs, or not real numbers.
        """
        where, name = "Trainer.backward", "output_gradient"
        if self._forward_shape is None:
            raise RuntimeError(f"{where}: there are no outputs since the last update; call forward")
        dtype = self.network.dtype
        gradient = arrays.as_shape(output_gradient, self._forward_shape, dtype, name, where)
        with self.network._in_training:
            flat: FloatArray = self._native.backward(gradient)
        return flat

    def apply(self, gradient: Any) -> None:
        """Make one update of the optimizer with a gradient from anywhere.

        Parameters
        ----------
        gradient : array_like of shape (n_parameters,)
            The gradient; penalties and clipping are added here.

        Raises
        ------
        ValueError, TypeError
            A gradient of another shape, or not real numbers; or the optimizer wants it elsewhere
            than at the parameters (``nesterov="lecture"``).
        RuntimeError
            The network is being trained by another call.
        """
        self._refuse_look_ahead("Trainer.apply", "the gradient is of your own")
        shape, dtype = (self.network.n_parameters,), self.network.dtype
        flat = arrays.as_shape(gradient, shape, dtype, "gradient", "Trainer.apply")
        arrays.check_finite(flat, "gradient", "Trainer.apply")
        with self.network._in_training:
            self._forward_shape = None
            self._native.apply(flat)

    def _refuse_look_ahead(self, where: str, reason: str) -> None:
        """Only the core can evaluate a loss elsewhere than at the parameters."""
        rule = self.optimizer
        if getattr(rule, "nesterov", None) == "lecture" and rule.momentum > 0:
            checks.refuse_value(where, "optimizer", rule, f"nesterov=True, as {reason}")

    def _warn_of_hard_signs(self) -> None:
        layers = dense_layers(self.network.layers)
        for index in cannot_learn(layers, self.loss):
            activation = layers[index].activation
            warnings.warn(
                f"{self._where}: layer {index} has activation={activation!r}, whose derivative is "
                f"0, so that no layer up to it learns; use fm.Sign(straight_through=True)",
                TrainingWarning,
                stacklevel=3 + self._calls_above,
            )


def _penalties(network: Network, l1: float, l2: float) -> list[tuple[float, float, float]]:
    """Return (l1, l2, max_norm) per dense layer: its own, or those of the whole fit; 0 is none."""
    return [
        (
            l1 if layer.l1 is None else layer.l1,
            l2 if layer.l2 is None else layer.l2,
            layer.max_norm or 0.0,
        )
        for layer in dense_layers(network.layers)
    ]

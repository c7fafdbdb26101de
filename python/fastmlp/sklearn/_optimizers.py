"""scikit-learn's solvers as optimizers, and the state that lives from `fit` to `partial_fit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastmlp import _core
from fastmlp._data.arrays import native
from fastmlp._data.validation import resolve
from fastmlp._fit.settings import is_method
from fastmlp.network import Network
from fastmlp.trainer import Trainer

CHOICES = (  # the parameters that a solver reads when it is made
    *("solver", "optimizer", "learning_rate", "learning_rate_init", "power_t"),
    *("momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon"),
)
SMALLEST_RATE = float(np.finfo(np.float64).tiny)


class Rate:
    """The learning rate of "sgd", which changes between epochs; the core asks for it before each.

    invscaling: ``rate = init / (t + 1)**power_t`` after t samples; adaptive: a fifth at each stall,
    until it is at most 1e-6.
    """

    def __init__(self, choice: Mapping[str, Any]) -> None:
        self.initial = float(choice["learning_rate_init"])
        scheduled = choice["optimizer"] is None and choice["solver"] == "sgd"
        self.schedule = choice["learning_rate"] if scheduled else "constant"
        self.power = float(choice["power_t"])
        self.learning_rate = self.initial

    def __call__(self, epoch: int) -> float:
        """Return the rate of the next epoch, which the core wants to be above 0."""
        return max(self.learning_rate, SMALLEST_RATE)

    def epoch_ended(self, n_samples: int) -> None:
        """Scale with the number of samples presented so far."""
        if self.schedule == "invscaling":
            self.learning_rate = self.initial / (n_samples + 1) ** self.power

    def stalled(self) -> str:
        """Return why the training ends, or "" where it goes on at a fifth of the rate."""
        if self.schedule != "adaptive":
            return "Stopping."
        if self.learning_rate <= 1e-6:
            return "Learning rate too small. Stopping."
        self.learning_rate /= 5.0
        return ""


class Training:
    """An optimizer with its state; `choice` are the parameters that it was made with."""

    def __init__(self, choice: Mapping[str, Any]) -> None:
        self.choice = {name: choice[name] for name in CHOICES}
        self.rate = Rate(self.choice)
        self.optimizer = _optimizer(self.choice, self.rate)
        self._trainer: Trainer | None = None
        self._settings: tuple[Any, ...] = ()
        self._state: Any = None

    def trainer(
        self,
        network: Network,
        loss: Any,
        batch_size: int | None,
        given: Mapping[str, Any],
        caller: str,
    ) -> Trainer:
        """Return the trainer with the penalties that are `given`; `caller` is for warnings.

        With other settings than before it is a new one with the same state of the optimizer.
        """
        l1, l2 = float(given["l1"]), float(given["alpha"])
        comm = given["comm"]
        settings = (id(network), loss, batch_size, l1, l2, id(comm))
        if self._trainer is None or settings != self._settings:
            state = self.state()["state"]
            keywords = {
                "loss": loss,
                "optimizer": self.optimizer,
                "batch_size": batch_size,
                "l1": l1,
                "l2": l2,
                "regularize_biases": False,
                "shuffle": False,
                "weighting": "batch",
                "l2_scale": "batch_weight",
                "n_threads": None,
                "comm": comm,
            }
            trainer = Trainer.__new__(Trainer)
            trainer._start(network, keywords, caller)  # whose errors the estimator names
            self._trainer = trainer
            self._settings = settings
            if state is not None:
                self._trainer._native.load_state_dict(state)
        return self._trainer

    def kept(self) -> Callable[[], None]:
        """Return a function that brings back the present state."""
        rate, trainer = self.rate.learning_rate, self._trainer
        if trainer is None:
            return lambda: None
        snapshot = native(trainer.network.dtype).Snapshot()
        trainer._native.keep(snapshot)

        def bring_back() -> None:
            self._trainer, self.rate.learning_rate = trainer, rate
            trainer._native.go_back(snapshot)

        return bring_back

    def state(self) -> dict[str, Any]:
        """Return choice, rate and state as plain values, with copies of the arrays."""
        native = None if self._trainer is None else self._trainer._native
        state = self._state if native is None else native.state_dict()
        return {"choice": self.choice, "rate": self.rate.learning_rate, "state": state}

    @classmethod
    def from_state(cls, values: Mapping[str, Any]) -> Training:
        """Return the training of which `state` returned these values."""
        training = cls(values["choice"])
        training.rate.learning_rate = values["rate"]
        training._state = values["state"]
        return training


def has_rate_in_python(optimizer: Any) -> bool:
    """Return whether the learning rate is a function, which is asked before each epoch."""
    rate = getattr(optimizer, "learning_rate", None)
    return callable(rate) and type(rate) not in _core.schedules.values()


def searches(given: Mapping[str, Any]) -> bool:
    """Return whether the parameters name a method that searches, with all samples at each step."""
    if given["optimizer"] is None:
        return bool(given["solver"] == "lbfgs")
    return is_method(resolve("optimizer", given["optimizer"]))


def _optimizer(choice: Mapping[str, Any], rate: Rate) -> Any:
    """Return the optimizer that is given, or that of the solver."""
    if choice["optimizer"] is not None:
        return resolve("optimizer", choice["optimizer"])
    if choice["solver"] == "sgd":
        momentum = float(choice["momentum"])
        nesterov = bool(choice["nesterovs_momentum"]) and momentum > 0
        constant = choice["learning_rate"] == "constant"
        learning_rate = rate.initial if constant else rate
        return _core.optimizers["sgd"](learning_rate, momentum=momentum, nesterov=nesterov)
    return _core.optimizers["adam"](
        float(choice["learning_rate_init"]),
        beta1=float(choice["beta_1"]),
        beta2=float(choice["beta_2"]),
        eps=float(choice["epsilon"]),
        eps_mode="hat",
    )

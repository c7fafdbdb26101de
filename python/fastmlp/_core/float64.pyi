"""
Networks and trainers in double precision.
"""
from __future__ import annotations
import collections.abc
import fastmlp._core
import fastmlp._core.float32
from fastmlp._core.float32 import EpochResult
import numpy
import numpy.typing
import typing
__all__: list[str] = ['EpochResult', 'Network', 'Snapshot', 'Trainer', 'minimize']
class Network:
    """
    A plan of layers and its parameters.
    """
    def __init__(self, n_inputs: typing.SupportsInt, layers: collections.abc.Sequence[fastmlp._core.Layer], seed: typing.SupportsInt | None) -> None:
        """
        Without a seed all parameters are 0.
        """
    def backward(self, X: numpy.typing.NDArray[numpy.float64], output_gradient: numpy.typing.NDArray[numpy.float64]) -> numpy.ndarray:
        ...
    def bias(self, l: typing.SupportsInt) -> typing.Any:
        ...
    def curvature_product(self, kind: str, X: numpy.typing.NDArray[numpy.float64], targets: typing.Any, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, weights: typing.Any, v: numpy.typing.NDArray[numpy.float64], seed: typing.SupportsInt | None = None, epoch: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        The Hessian ('hessian') or Gauss-Newton matrix ('gauss_newton') of the loss times v.
        """
    def jacobian(self, X: numpy.typing.NDArray[numpy.float64]) -> numpy.ndarray:
        ...
    def layer_size(self, layer: typing.SupportsInt) -> int:
        """
        The number of parameters that a layer of the list has, shared ones not counted.
        """
    def loss(self, X: numpy.typing.NDArray[numpy.float64], targets: typing.Any, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, weights: typing.Any) -> float:
        ...
    def predict(self, X: numpy.typing.NDArray[numpy.float64]) -> numpy.ndarray:
        ...
    def value_and_grad(self, X: numpy.typing.NDArray[numpy.float64], targets: typing.Any, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, weights: typing.Any) -> tuple[float, numpy.ndarray]:
        ...
    def weight(self, l: typing.SupportsInt) -> typing.Any:
        ...
    @property
    def n_inputs(self) -> int:
        ...
    @property
    def n_layers(self) -> int:
        ...
    @property
    def n_outputs(self) -> int:
        ...
    @property
    def n_parameters(self) -> int:
        ...
    @property
    def parameters(self) -> typing.Any:
        ...
class Snapshot:
    """
    Parameters and optimizer state that a run returns to.
    """
    def __init__(self) -> None:
        ...
class Trainer:
    """
    Trains one network with one optimizer.
    """
    def __init__(self, network: Network, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, optimizer: fastmlp._core.SGD | fastmlp._core.DeltaBarDelta | fastmlp._core.Lion | fastmlp._core.Rprop | fastmlp._core.AdaGrad | fastmlp._core.RMSProp | fastmlp._core.AdaDelta | fastmlp._core.Adam | fastmlp._core.AdamW | fastmlp._core.NAdam | fastmlp._core.AdaMax | fastmlp._core.RAdam, batch_size: typing.SupportsInt, seed: typing.SupportsInt, first_epoch: typing.SupportsInt, l1: typing.SupportsFloat, l2: typing.SupportsFloat, regularize_biases: bool, shuffle: bool, weighting: str) -> None:
        ...
    def apply(self, gradient: numpy.typing.NDArray[numpy.float64]) -> float:
        ...
    def backward(self, output_gradient: numpy.typing.NDArray[numpy.float64]) -> numpy.ndarray:
        ...
    def batches(self, n: typing.SupportsInt) -> numpy.typing.NDArray[numpy.int64]:
        ...
    def epochs(self, X: numpy.typing.NDArray[numpy.float64], targets: typing.Any, weights: typing.Any, max: typing.SupportsInt, max_seconds: typing.SupportsFloat | None, last_good: Snapshot, losses: list[typing.Any]) -> fastmlp._core.float32.EpochResult:
        ...
    def forward(self, X: numpy.typing.NDArray[numpy.float64]) -> numpy.ndarray:
        ...
    def go_back(self, snapshot: Snapshot) -> None:
        ...
    def keep(self, snapshot: Snapshot) -> None:
        ...
    def load_state_dict(self, state: dict[str, typing.Any]) -> None:
        ...
    def penalties(self) -> float:
        ...
    def scale_learning_rate(self, factor: typing.SupportsFloat) -> None:
        ...
    def state_dict(self) -> dict[str, typing.Any]:
        ...
    def step(self, X: numpy.typing.NDArray[numpy.float64], targets: typing.Any, weights: typing.Any) -> float:
        ...
    def swap_in_average(self) -> None:
        ...
    @property
    def epoch_number(self) -> int:
        ...
    @epoch_number.setter
    def epoch_number(self, arg1: typing.SupportsInt) -> None:
        ...
    @property
    def iterate(self) -> typing.Any:
        ...
    @property
    def learning_rate(self) -> float:
        ...
    @property
    def n_steps(self) -> int:
        ...
    @property
    def samples_seen(self) -> int:
        ...
    @samples_seen.setter
    def samples_seen(self, arg1: typing.SupportsInt) -> None:
        ...
    @property
    def state(self) -> dict[str, typing.Any]:
        ...
def minimize(fun: collections.abc.Callable[..., typing.Any], w0: numpy.typing.NDArray[numpy.float64], optimizer: fastmlp._core.SGD | fastmlp._core.DeltaBarDelta | fastmlp._core.Lion | fastmlp._core.Rprop | fastmlp._core.AdaGrad | fastmlp._core.RMSProp | fastmlp._core.AdaDelta | fastmlp._core.Adam | fastmlp._core.AdamW | fastmlp._core.NAdam | fastmlp._core.AdaMax | fastmlp._core.RAdam, steps: typing.SupportsInt, max_seconds: typing.SupportsFloat | None, record_path: bool) -> tuple[typing.Any, ...]:
    ...

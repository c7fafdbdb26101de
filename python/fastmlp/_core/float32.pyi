"""
Networks and trainers in single precision.
"""
from __future__ import annotations
import collections.abc
import fastmlp._core
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Curvature', 'Network', 'Snapshot', 'SparseMatrix', 'Trainer', 'least_squares', 'line_search', 'minimize']
class SparseMatrix:
    """
    Samples in compressed sparse rows, read in place.
    """
    def __init__(self, data: numpy.typing.NDArray[numpy.float32], indices: numpy.ndarray, indptr: numpy.ndarray, n_columns: typing.SupportsInt) -> None:
        ...
    def __len__(self) -> int:
        ...
    @property
    def arrays(self) -> tuple[typing.Any, ...]:
        ...
    @property
    def shape(self) -> tuple[int, int]:
        ...
class Network:
    """
    A plan of layers and its parameters.
    """
    def __init__(self, inputs: collections.abc.Sequence[typing.SupportsInt], layers: collections.abc.Sequence[fastmlp._core.Layer], seed: typing.SupportsInt | None) -> None:
        """
        Without a seed all parameters are 0.
        """
    def backward(self, X: typing.Any, output_gradient: numpy.typing.NDArray[numpy.float32]) -> numpy.ndarray:
        ...
    def bias(self, l: typing.SupportsInt) -> typing.Any:
        ...
    def jacobian(self, X: typing.Any) -> numpy.ndarray:
        ...
    def layer_shape(self, layer: typing.SupportsInt) -> tuple[typing.Any, ...]:
        """
        The shape of the output of a layer of the list.
        """
    def layer_size(self, layer: typing.SupportsInt) -> int:
        """
        The number of parameters that a layer of the list has, shared ones not counted.
        """
    def loss(self, X: typing.Any, targets: typing.Any, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, weights: typing.Any) -> float:
        ...
    def parameter_jacobian(self, X: typing.Any) -> numpy.ndarray:
        ...
    def predict(self, X: typing.Any) -> numpy.ndarray:
        ...
    def value_and_grad(self, X: typing.Any, targets: typing.Any, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, weights: typing.Any) -> tuple[float, numpy.ndarray]:
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
    def __init__(self, network: Network, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, optimizer: fastmlp._core.SGD | fastmlp._core.DeltaBarDelta | fastmlp._core.Lion | fastmlp._core.Rprop | fastmlp._core.AdaGrad | fastmlp._core.RMSProp | fastmlp._core.AdaDelta | fastmlp._core.Adam | fastmlp._core.AdamW | fastmlp._core.NAdam | fastmlp._core.AdaMax | fastmlp._core.RAdam | fastmlp._core.LBFGS | fastmlp._core.BFGS | fastmlp._core.NonlinearCG | fastmlp._core.Newton | fastmlp._core.SaddleFreeNewton | fastmlp._core.HessianFree | fastmlp._core.LevenbergMarquardt, batch_size: typing.SupportsInt, seed: typing.SupportsInt, first_epoch: typing.SupportsInt, l1: typing.SupportsFloat, l2: typing.SupportsFloat, regularize_biases: bool, shuffle: bool, weighting: str, l2_scale: str) -> None:
        ...
    def apply(self, gradient: numpy.typing.NDArray[numpy.float32], batch_weight: typing.SupportsFloat) -> float:
        ...
    def backward(self, output_gradient: numpy.typing.NDArray[numpy.float32]) -> numpy.ndarray:
        ...
    def batches(self, n: typing.SupportsInt) -> numpy.typing.NDArray[numpy.int64]:
        ...
    def epochs(self, X: typing.Any, targets: typing.Any, weights: typing.Any, max: typing.SupportsInt, max_seconds: typing.SupportsFloat | None, last_good: Snapshot, losses: list[typing.Any], order: typing.Any = None) -> dict[str, typing.Any]:
        ...
    def forward(self, X: typing.Any) -> numpy.ndarray:
        ...
    def go_back(self, snapshot: Snapshot) -> None:
        ...
    def is_finite(self) -> bool:
        ...
    def keep(self, snapshot: Snapshot) -> None:
        ...
    def load_state_dict(self, state: dict[str, typing.Any]) -> None:
        ...
    def passes(self, X: typing.Any, targets: typing.Any, weights: typing.Any, orders: typing.Any, results: list[typing.Any]) -> None:
        ...
    def penalties(self, batch_weight: typing.SupportsFloat) -> float:
        ...
    def scale_learning_rate(self, factor: typing.SupportsFloat) -> None:
        ...
    def state_dict(self) -> dict[str, typing.Any]:
        ...
    def step(self, X: typing.Any, targets: typing.Any, weights: typing.Any) -> float:
        ...
    def swap_in_average(self) -> None:
        ...
    def take_defect(self) -> typing.Any:
        ...
    @property
    def can_diverge(self) -> bool:
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
    def n_evaluations(self) -> int:
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
class Curvature:
    """
    Second derivatives of a loss at the present parameters.
    """
    def __init__(self, network: Network, X: typing.Any, targets: typing.Any, loss: fastmlp._core.SquaredError | fastmlp._core.AbsoluteError | fastmlp._core.Huber | fastmlp._core.CrossEntropy | fastmlp._core.BinaryCrossEntropy | fastmlp._core.Hinge | fastmlp._core.Perceptron | fastmlp._core.Quantile | fastmlp._core.Poisson | fastmlp._core.GaussianNLL, weights: typing.Any, seed: typing.SupportsInt | None = None, epoch: typing.SupportsInt = 0, keeps: bool = True) -> None:
        """
        In training mode of this seed and epoch, or without a seed in evaluation mode; at a copy of the parameters where it keeps the point.
        """
    def diagonal(self, kind: str, seed: typing.SupportsInt = 0, draws: typing.SupportsInt = 1) -> numpy.typing.NDArray[numpy.float64]:
        """
        Of 'hessian', 'gauss_newton', 'squared_gradients' or, by draws, 'curvature_propagation'.
        """
    def gradient(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    def products(self, kind: str, v: numpy.typing.NDArray[numpy.float32]) -> numpy.typing.NDArray[numpy.float32]:
        """
        Each row of v times the Hessian, exactly ('hessian') or by differences of gradients ('central_difference', 'forward_difference'), or the Gauss-Newton matrix ('gauss_newton').
        """
    def ritz_values(self, kind: str, dimensions: typing.SupportsInt, start: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Eigenvalues in the Krylov space of a start vector, by Lanczos' method.
        """
    @property
    def has_exact_diagonal(self) -> bool:
        ...
def least_squares(residuals: collections.abc.Callable[..., typing.Any], w0: numpy.typing.NDArray[numpy.float32], jacobian: collections.abc.Callable[..., typing.Any], optimizer: fastmlp._core.LevenbergMarquardt, steps: typing.SupportsInt, max_seconds: typing.SupportsFloat | None, record_path: bool) -> tuple[typing.Any, ...]:
    ...
def line_search(fun: collections.abc.Callable[..., typing.Any], w0: numpy.typing.NDArray[numpy.float32], direction: numpy.typing.NDArray[numpy.float32], method: fastmlp._core.StrongWolfe | fastmlp._core.Backtracking, first_step: typing.SupportsFloat) -> tuple[typing.Any, ...]:
    ...
def minimize(fun: collections.abc.Callable[..., typing.Any], w0: numpy.typing.NDArray[numpy.float32], optimizer: fastmlp._core.SGD | fastmlp._core.DeltaBarDelta | fastmlp._core.Lion | fastmlp._core.Rprop | fastmlp._core.AdaGrad | fastmlp._core.RMSProp | fastmlp._core.AdaDelta | fastmlp._core.Adam | fastmlp._core.AdamW | fastmlp._core.NAdam | fastmlp._core.AdaMax | fastmlp._core.RAdam | fastmlp._core.LBFGS | fastmlp._core.BFGS | fastmlp._core.NonlinearCG | fastmlp._core.Newton | fastmlp._core.SaddleFreeNewton | fastmlp._core.HessianFree | fastmlp._core.LevenbergMarquardt, steps: typing.SupportsInt, hvp: typing.Any, max_seconds: typing.SupportsFloat | None, record_path: bool) -> tuple[typing.Any, ...]:
    ...

"""The compiled core, in the build that suits this processor (named by `isa`)."""
from __future__ import annotations
import _contextvars
import collections.abc
import numpy
import numpy.typing
import typing
from . import float32
from . import float64
Elementwise: typing.TypeAlias = collections.abc.Callable[[numpy.typing.NDArray[typing.Any]], numpy.typing.ArrayLike]
__all__: list[str] = ['AbsoluteError', 'Activation', 'AdaDelta', 'AdaGrad', 'AdaMax', 'Adam', 'AdamW', 'AnyActivation', 'AveragePool1D', 'AveragePool2D', 'BFGS', 'Backtracking', 'BinaryCrossEntropy', 'Constant', 'ConstantInit', 'Conv1D', 'Conv2D', 'CosineDecay', 'CrossEntropy', 'DeltaBarDelta', 'Dense', 'Dropout', 'ELU', 'Elementwise', 'Exponential', 'ExponentialDecay', 'Field', 'GELU', 'GRU', 'GaussianNLL', 'GaussianNoise', 'GlobalAveragePool1D', 'GlobalAveragePool2D', 'GlorotNormal', 'GlorotUniform', 'HardSigmoid', 'HardTanh', 'HeNormal', 'HeUniform', 'HessianFree', 'Hinge', 'Huber', 'Identity', 'Initializer', 'InverseTimeDecay', 'LBFGS', 'LSTM', 'Layer', 'LeCunNormal', 'LeCunUniform', 'LeakyReLU', 'LevenbergMarquardt', 'LineSearch', 'Lion', 'Loss', 'MaxPool1D', 'MaxPool2D', 'Member', 'MemoryLease', 'Mish', 'NAdam', 'Newton', 'NonlinearCG', 'Normal', 'OneCycle', 'Optimizer', 'Orthogonal', 'Perceptron', 'Poisson', 'Polyak', 'PolynomialDecay', 'Quantile', 'RAdam', 'RMSProp', 'ReLU', 'Recurrent', 'Rprop', 'SELU', 'SGD', 'SIREN', 'SaddleFreeNewton', 'Schedule', 'SiLU', 'Sigmoid', 'Sign', 'Sine', 'Skip', 'Softmax', 'Softplus', 'Softsign', 'SpatialDropout', 'SquaredError', 'StepDecay', 'StrongWolfe', 'Tanh', 'Tied', 'TrainingLock', 'Zeros', 'activations', 'averages', 'cgroup_cpu_limit', 'check_classes', 'check_dense_matrices', 'config', 'default_loss', 'first_non_finite', 'float32', 'float64', 'force_num_threads', 'get_num_threads', 'initializers', 'isa', 'layers', 'line_searches', 'losses', 'methods', 'metrics', 'metrics_of_outputs', 'optimizers', 'resolve', 'schedules', 'set_num_threads', 'set_worker_check', 'shuffled_orders', 'thread_limit']
class Field:
    """A hyperparameter of a member of a family."""
    @property
    def bounds(self) -> str: ...
    @property
    def default(self) -> typing.Any: ...
    @property
    def description(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def type(self) -> str: ...
class Member:
    """A member of a family."""
    fields: typing.ClassVar[tuple[Field, ...]]
    def get_params(self, deep: bool = True) -> dict[str, typing.Any]: ...
    def replace(self, **changes: typing.Any) -> typing.Self: ...
class Identity(Member):
    """
    The activation of linear layers.

        phi(a) = a;  phi'(a) = 1
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'identity'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Sign(Member):
    """
    The sign (Rosenblatt 1958).

        phi(a) = -1 for a < 0, 0 for a = 0, 1 for a > 0;  phi'(a) = 0

    So a hidden layer of signs cannot learn by gradient, unless straight_through is set: then the
    derivative is that of hard tanh (Bengio et al. 2013).
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'sign'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self, straight_through: bool = False) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
    @property
    def straight_through(self) -> bool: ...
class Sigmoid(Member):
    """
    The logistic function (Rumelhart et al. 1986).

        phi(a) = 1 / (1 + exp(-a));  phi' = phi (1 - phi)
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'sigmoid'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Tanh(Member):
    """
    The hyperbolic tangent (LeCun et al. 1998).

        phi(a) = tanh(a);  phi' = 1 - phi²
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'tanh'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class ReLU(Member):
    """
    The rectified linear unit (Nair & Hinton 2010).

        phi(a) = max(a, 0);  phi'(0) = 0
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'relu'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class HardTanh(Member):
    """
    The identity between -1 and 1, constant beyond (Collobert 2004).

        phi(a) = max(min(a, 1), -1);  phi'(±1) = 0
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'hard_tanh'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Softmax(Member):
    """
    Probabilities of classes, along the last axis (Bridle 1990).

        phi(a)_i = exp(a_i) / sum_j exp(a_j)

    The largest a_j is subtracted first, so nothing overflows. derivative(a) is the Jacobian
    diag(h) - h hᵀ, of shape (..., k, k).
    """
    couples_units: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'softmax'
    predicts_classes: typing.ClassVar[bool] = True
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class LeakyReLU(Member):
    """
    A rectifier with a slope below 0 (Maas et al. 2013).

        phi(a) = a for a > 0, else slope a
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'leaky_relu'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self, slope: float = 0.01) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
    @property
    def slope(self) -> float: ...
class ELU(Member):
    """
    The exponential linear unit (Clevert et al. 2016).

        phi(a) = a for a > 0, else alpha (exp(a) - 1)
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'elu'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self, alpha: float = 1) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def alpha(self) -> float: ...
    @property
    def has_zero_derivative(self) -> bool: ...
class SELU(Member):
    """
    ELU scaled to keep mean 0 and variance 1 from layer to layer (Klambauer et al. 2017).

        phi(a) = s a for a > 0, else s alpha (exp(a) - 1);  s = 1.0507…, alpha = 1.6733…
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'selu'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Softplus(Member):
    """
    A smooth rectifier (Dugas et al. 2001).

        phi(a) = log(1 + exp(a));  phi' = sigmoid(a)
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'softplus'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class SiLU(Member):
    """
    The sigmoid linear unit, also called swish (Elfwing et al. 2018).

        phi(a) = a sigmoid(a)
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'silu'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class GELU(Member):
    """
    The Gaussian error linear unit, exact by erf (Hendrycks & Gimpel 2016).

        phi(a) = a Φ(a)

    Φ is the distribution function of the standard normal distribution.
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'gelu'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Mish(Member):
    """
    A smooth rectifier that is self-gated as SiLU (Misra 2019).

        phi(a) = a tanh(log(1 + exp(a)))
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'mish'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class HardSigmoid(Member):
    """
    A piecewise linear sigmoid (Courbariaux et al. 2015).

        phi(a) = max(0, min(1, a / 6 + 1/2));  phi'(±3) = 0
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'hard_sigmoid'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Exponential(Member):
    """
    The exponential function, for rates as outputs (Nelder & Wedderburn 1972).

        phi(a) = exp(a);  phi' = phi
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'exponential'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Softsign(Member):
    """
    A sigmoid with limits ±1 as tanh, which nears them slowly (Bergstra et al. 2009).

        phi(a) = a / (1 + |a|);  phi' = 1 / (1 + |a|)²
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'softsign'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
class Sine(Member):
    """
    The sine, for signals and fields as functions of position and time (Sitzmann et al. 2020).

        phi(a) = sin(omega a);  phi' = omega cos(omega a)

    Initialise its layers by `SIREN(omega)`, the first one by `SIREN(omega, first=True)`.
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'sine'
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self, omega: float = 1) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def has_zero_derivative(self) -> bool: ...
    @property
    def omega(self) -> float: ...
class Activation(Member):
    """
    An activation of your own, by functions in Python.

        phi(a) = f(a);  phi' = derivative(a);  phi'' = second_derivative(a)

    Each is called with a 1-d array, of the network's dtype, of the pre-activations of some samples, and
    returns an array of its length, element by element. ``activation=(f, derivative)`` is the same. The
    second derivative serves products with the Hessian and Newton's methods; gradients and products with
    Gauss and Newton's matrix do without.
    """
    couples_units: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = ''
    predicts_classes: typing.ClassVar[bool] = False
    def __call__(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi(a), in the shape of a."""
    def __init__(self, f: Elementwise, derivative: Elementwise, second_derivative: Elementwise | None = None) -> None: ...
    def derivative(self, a: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k)."""
    @property
    def f(self) -> Elementwise: ...
    @property
    def has_zero_derivative(self) -> bool: ...
    @property
    def second_derivative(self) -> Elementwise | None: ...
class SquaredError(Member):
    """
    Half the squared error (Legendre 1805).

        L = 1/2 sum_j (o_j - y_j)²;  dL/do = o - y
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'squared_error'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]]
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
class AbsoluteError(Member):
    """
    The absolute error (Laplace 1793).

        L = sum_j |o_j - y_j|;  dL/do = sign(o - y), 0 at equality
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'absolute_error'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]]
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
class Huber(Member):
    """
    Quadratic for small errors e, linear for large ones (Huber 1964).

        e = o - y;  L = sum_j (e_j² / 2 where |e_j| <= delta, else delta (|e_j| - delta / 2))
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'huber'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]]
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self, delta: float = 1) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
    @property
    def delta(self) -> float: ...
class CrossEntropy(Member):
    """
    Negative log-likelihood of class probabilities.

        L = -sum_j y_j log o_j, with 0 log 0 = 0;  dL/do = -y / o

    On a softmax output it is computed from pre-activations by log-sum-exp. label_smoothing s replaces
    the targets y by (1 - s) y + s / n_out (Szegedy et al. 2016).
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'cross_entropy'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]] = (0.0, 1.0)
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self, label_smoothing: float = 0) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
    @property
    def label_smoothing(self) -> float: ...
class BinaryCrossEntropy(Member):
    """
    Negative log-likelihood of independent labels, 0 or 1 (Cox 1958).

        L = -sum_j [y_j log o_j + (1 - y_j) log(1 - o_j)];  dL/do = (1 - y) / (1 - o) - y / o

    On a sigmoid output it is computed from pre-activations: softplus(a) - y a.
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'binary_cross_entropy'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]] = (0.0, 1.0)
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
class Hinge(Member):
    """
    The margin loss of support vector machines, for labels y = ±1 (Cortes & Vapnik 1995).

        L = sum_j max(0, 1 - y_j a_j);  dL/da = -y where y a <= 1

    The gradient is -y at equality too. On a sign output a is the pre-activation.
    """
    labels_pm1: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'hinge'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = True
    target_range: typing.ClassVar[tuple[typing.Any, ...]] = (-1.0, 1.0)
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
class Perceptron(Member):
    """
    The perceptron criterion, for labels y = ±1 and the pre-activation a (Rosenblatt 1958).

        L = sum_j max(0, -y_j a_j);  dL/da = -y where y a <= 0

    The gradient is -y at equality too, or a perceptron that starts from zeros never moves.
    """
    labels_pm1: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'perceptron'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = True
    target_range: typing.ClassVar[tuple[typing.Any, ...]] = (-1.0, 1.0)
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
class Quantile(Member):
    """
    Pinball loss, whose minimum is the quantile q (Koenker & Bassett 1978).

        e = y - o;  L = sum_j max(q e_j, (q - 1) e_j)
        dL/do = -q for e > 0, 1 - q for e < 0, 0 at 0
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'quantile'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]]
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self, q: float = 0.5) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
    @property
    def q(self) -> float: ...
class Poisson(Member):
    """
    Negative log-likelihood of counts, without the term that depends only on y.

        L = sum_j (exp(o_j) - y_j o_j)    with log_input: o is the log of the rate, as in torch
        L = sum_j (o_j - y_j log o_j)     without: o is the rate itself, as in Keras
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'poisson'
    outputs_per_target: typing.ClassVar[int] = 1
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]]
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self, log_input: bool = True) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
    @property
    def log_input(self) -> bool: ...
class GaussianNLL(Member):
    """
    Negative log-likelihood of normal targets (Nix & Weigend 1994), without its constant.

    The n_out outputs are n_out / 2 means m, then as many log variances s; y has n_out / 2 columns. Of a
    sequence or an image this holds for each step or position.

        L = sum_j (s_j + (y_j - m_j)² exp(-s_j)) / 2
    """
    labels_pm1: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'gaussian_nll'
    outputs_per_target: typing.ClassVar[int] = 2
    reads_preactivation: typing.ClassVar[bool] = False
    target_range: typing.ClassVar[tuple[typing.Any, ...]]
    def __call__(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """L of each sample, (n,): summed over outputs, not averaged over samples."""
    def __init__(self) -> None: ...
    def gradient(self, o: numpy.typing.ArrayLike, y: numpy.typing.ArrayLike) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """dL/do of each sample, in the shape of o, without 1/n."""
class GlorotUniform(Member):
    """
    Uniform distribution with variance 2 / (n_in + n_out) (Glorot & Bengio 2010).

        W ~ U(-r, r),  r = sqrt(6 / (n_in + n_out))
    """
    name: typing.ClassVar[str] = 'glorot_uniform'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class GlorotNormal(Member):
    """
    Normal distribution with variance 2 / (n_in + n_out) (Glorot & Bengio 2010).

        W ~ N(0, 2 / (n_in + n_out))
    """
    name: typing.ClassVar[str] = 'glorot_normal'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class HeUniform(Member):
    """
    Uniform distribution with variance 2 / n_in (He et al. 2015).

        W ~ U(-r, r),  r = sqrt(6 / n_in)
    """
    name: typing.ClassVar[str] = 'he_uniform'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class HeNormal(Member):
    """
    Normal distribution with variance 2 / n_in (He et al. 2015).

        W ~ N(0, 2 / n_in)
    """
    name: typing.ClassVar[str] = 'he_normal'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class LeCunUniform(Member):
    """
    Uniform distribution with variance 1 / n_in (LeCun et al. 1998).

        W ~ U(-r, r),  r = sqrt(3 / n_in)
    """
    name: typing.ClassVar[str] = 'lecun_uniform'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class LeCunNormal(Member):
    """
    Normal distribution with variance 1 / n_in (LeCun et al. 1998).

        W ~ N(0, 1 / n_in)
    """
    name: typing.ClassVar[str] = 'lecun_normal'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class Normal(Member):
    """
    Normal distribution with mean 0 and the standard deviation given.

        W ~ N(0, std²)
    """
    name: typing.ClassVar[str] = 'normal'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self, std: float = 0.01) -> None: ...
    @property
    def std(self) -> float: ...
class Orthogonal(Member):
    """
    Orthonormal rows or columns times gain, uniformly distributed (Saxe et al. 2013).

        W Wᵀ = gain² I, or Wᵀ W = gain² I where n_out > n_in
    """
    name: typing.ClassVar[str] = 'orthogonal'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self, gain: float = 1) -> None: ...
    @property
    def gain(self) -> float: ...
class SIREN(Member):
    """
    Uniform distribution for layers of sines of frequency omega (Sitzmann et al. 2020).

        W ~ U(-r, r),  r = sqrt(6 / n_in) / omega, of the first layer r = 1 / n_in
    """
    name: typing.ClassVar[str] = 'siren'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self, omega: float = 3e+01, first: bool = False) -> None: ...
    @property
    def first(self) -> bool: ...
    @property
    def omega(self) -> float: ...
class Zeros(Member):
    """
    All weights 0.

        W = 0
    """
    name: typing.ClassVar[str] = 'zeros'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self) -> None: ...
class ConstantInit(Member):
    """
    All weights the value given.

        W = value
    """
    name: typing.ClassVar[str] = 'constant'
    def __call__(self, n_in: int, n_out: int, seed: int = 0) -> numpy.typing.NDArray[numpy.floating[typing.Any]]:
        """Weights of a layer, (n_in, n_out), drawn from the seed."""
    def __init__(self, value: float = 0) -> None: ...
    @property
    def value(self) -> float: ...
class Layer(Member):
    """A layer of a network, as a value."""
class Dense(Layer):
    """
    A fully connected layer.

        h = activation(W x + b)

    W is drawn from `init`, b starts at 0. The penalty is ``l1 sum |W| + l2 / 2 sum W**2``; None takes
    `l1`, `l2` of `fit` and the `init` of the network. `max_norm` limits the Euclidean norm of the
    weights of a unit: longer ones are scaled down to it after each update (Srivastava et al. 2014).
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'dense'
    def __init__(self, units: int, activation: str | AnyActivation | tuple[Elementwise, ...] = 'identity', bias: bool = True, init: str | Initializer | None = None, l1: float | None = None, l2: float | None = None, max_norm: float | None = None, trainable: bool | typing.Literal['weights', 'bias'] = True, learning_rate_factor: float = 1, bias_learning_rate_factor: float | None = None) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def bias_learning_rate_factor(self) -> float | None: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def l1(self) -> float | None: ...
    @property
    def l2(self) -> float | None: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def max_norm(self) -> float | None: ...
    @property
    def trainable(self) -> bool | typing.Literal['weights', 'bias']: ...
    @property
    def units(self) -> int: ...
class Dropout(Layer):
    """
    Drops units at random in training (Srivastava et al. 2014).

        h = x mask / (1 - rate),  mask = 0 with probability rate, else 1

    Each unit of each sample has its own mask. Off in all methods of `Network` but `fit`, and `predict`
    with `samples`. The masks follow from the seed, the epoch and the sample, for any number of threads.
    """
    can_be_output: typing.ClassVar[bool] = False
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'dropout'
    def __init__(self, rate: float) -> None: ...
    @property
    def rate(self) -> float: ...
class GaussianNoise(Layer):
    """
    Adds noise in training (Bishop 1995).

        h = x + N(0, std²)

    Fresh at each presentation of a sample, otherwise as `Dropout`.
    """
    can_be_output: typing.ClassVar[bool] = False
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'gaussian_noise'
    def __init__(self, std: float) -> None: ...
    @property
    def std(self) -> float: ...
class Skip(Layer):
    """
    A skip connection: adds the output of an earlier layer (He et al. 2016).

        h = x + h_of

    x is the preceding layer's output; the two must be equally wide. `of` is a layer object from
    earlier in the list, or ``"input"`` for the network's input.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'skip'
    def __init__(self, of: Layer | typing.Literal['input']) -> None: ...
    @property
    def of(self) -> Layer | typing.Literal['input']: ...
class Tied(Layer):
    """
    A layer with the weights W of an earlier one (Hinton & Salakhutdinov 2006).

        h = activation(Wᵀ x + b),  or activation(W x + b) where transposed is False

    b is not shared. W is one array with one gradient, the sum over its uses; its penalties and its
    `max_norm` are those of `layer`. A decoder may thus share the weights of its encoder.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'tied'
    def __init__(self, layer: Dense, activation: str | AnyActivation | tuple[Elementwise, ...] = 'identity', transposed: bool = True, bias: bool = True, trainable: bool = True, learning_rate_factor: float = 1) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def layer(self) -> Dense: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def trainable(self) -> bool: ...
    @property
    def transposed(self) -> bool: ...
class SpatialDropout(Layer):
    """
    Drops whole channels at random in training (Tompson et al. 2015).

        h = x mask / (1 - rate),  mask = 0 with probability rate, else 1

    Each channel of each sample has its own mask: neighbouring positions are so alike that `Dropout` of
    single ones loses little. Otherwise as `Dropout`.
    """
    can_be_output: typing.ClassVar[bool] = False
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'spatial_dropout'
    def __init__(self, rate: float) -> None: ...
    @property
    def rate(self) -> float: ...
class Conv1D(Layer):
    """
    A convolution of sequences, for inputs of shape (length, channels).

        h[t, f] = activation(b[f] + sum_k,c W[f, k, c] x[t stride + k dilation - pad, c])

    Otherwise as `Conv2D`.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'conv1d'
    def __init__(self, filters: int, kernel: int, activation: str | AnyActivation | tuple[Elementwise, ...] = 'identity', stride: int = 1, padding: typing.Literal['valid', 'same'] | int = 'valid', dilation: int = 1, bias: bool = True, init: str | Initializer | None = None, l1: float | None = None, l2: float | None = None, max_norm: float | None = None, trainable: bool | typing.Literal['weights', 'bias'] = True, learning_rate_factor: float = 1, bias_learning_rate_factor: float | None = None) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def bias_learning_rate_factor(self) -> float | None: ...
    @property
    def dilation(self) -> int: ...
    @property
    def filters(self) -> int: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def kernel(self) -> int: ...
    @property
    def l1(self) -> float | None: ...
    @property
    def l2(self) -> float | None: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def max_norm(self) -> float | None: ...
    @property
    def padding(self) -> typing.Literal['valid', 'same'] | int: ...
    @property
    def stride(self) -> int: ...
    @property
    def trainable(self) -> bool | typing.Literal['weights', 'bias']: ...
class Conv2D(Layer):
    """
    A convolution of images, for inputs of shape (height, width, channels) (LeCun et al. 1989).

        h[y, x, f] = activation(b[f] + sum_i,j,c W[f, i, j, c] x[y', x', c])
        y' = y stride + i dilation - pad,  x' = x stride + j dilation - pad

    Padding is "valid", none; "same", as many zeros that there are ceil(size / stride) positions, an odd
    one at the end (Keras, TensorFlow); or a number for each side. W is drawn from `init` with
    n_in = kernel**2 channels and n_out = kernel**2 filters, b starts at 0. Parameters are (filters,
    kernel, kernel, channels), then b; ``net.weights[l]`` is the view (kernel, kernel, channels, filters),
    and ``net.weights[l].transpose(3, 2, 0, 1)`` that of torch. Penalties are those of `Dense`;
    `max_norm` limits each filter.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'conv2d'
    def __init__(self, filters: int, kernel: int | tuple[int, int], activation: str | AnyActivation | tuple[Elementwise, ...] = 'identity', stride: int | tuple[int, int] = 1, padding: typing.Literal['valid', 'same'] | int | tuple[int, int] = 'valid', dilation: int | tuple[int, int] = 1, bias: bool = True, init: str | Initializer | None = None, l1: float | None = None, l2: float | None = None, max_norm: float | None = None, trainable: bool | typing.Literal['weights', 'bias'] = True, learning_rate_factor: float = 1, bias_learning_rate_factor: float | None = None) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def bias_learning_rate_factor(self) -> float | None: ...
    @property
    def dilation(self) -> int | tuple[int, int]: ...
    @property
    def filters(self) -> int: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def kernel(self) -> int | tuple[int, int]: ...
    @property
    def l1(self) -> float | None: ...
    @property
    def l2(self) -> float | None: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def max_norm(self) -> float | None: ...
    @property
    def padding(self) -> typing.Literal['valid', 'same'] | int | tuple[int, int]: ...
    @property
    def stride(self) -> int | tuple[int, int]: ...
    @property
    def trainable(self) -> bool | typing.Literal['weights', 'bias']: ...
class MaxPool1D(Layer):
    """
    The maximum over each window of a sequence, per channel.

        h[t, c] = max_k x[t stride + k - pad, c]

    See `MaxPool2D`.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'max_pool1d'
    def __init__(self, size: int, stride: int | None = None, padding: typing.Literal['valid', 'same'] | int = 'valid') -> None: ...
    @property
    def padding(self) -> typing.Literal['valid', 'same'] | int: ...
    @property
    def size(self) -> int: ...
    @property
    def stride(self) -> int | None: ...
class MaxPool2D(Layer):
    """
    The maximum over each window of an image, per channel.

        h[y, x, c] = max_i,j x[y stride + i - pad, x stride + j - pad, c]

    Its derivative is that of the first of equal maxima. Padding as for `Conv2D`, but nothing of it is
    taken for a maximum.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'max_pool2d'
    def __init__(self, size: int | tuple[int, int], stride: int | tuple[int, int] | None = None, padding: typing.Literal['valid', 'same'] | int | tuple[int, int] = 'valid') -> None: ...
    @property
    def padding(self) -> typing.Literal['valid', 'same'] | int | tuple[int, int]: ...
    @property
    def size(self) -> int | tuple[int, int]: ...
    @property
    def stride(self) -> int | tuple[int, int] | None: ...
class AveragePool1D(Layer):
    """
    The mean over each window of a sequence, per channel.

        h[t, c] = mean_k x[t stride + k - pad, c]

    See `AveragePool2D`.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'average_pool1d'
    def __init__(self, size: int, stride: int | None = None, padding: typing.Literal['valid', 'same'] | int = 'valid') -> None: ...
    @property
    def padding(self) -> typing.Literal['valid', 'same'] | int: ...
    @property
    def size(self) -> int: ...
    @property
    def stride(self) -> int | None: ...
class AveragePool2D(Layer):
    """
    The mean over each window of an image, per channel.

        h[y, x, c] = mean_i,j x[y stride + i - pad, x stride + j - pad, c]

    Padding as for `Conv2D`, but the mean is that of the inputs alone.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'average_pool2d'
    def __init__(self, size: int | tuple[int, int], stride: int | tuple[int, int] | None = None, padding: typing.Literal['valid', 'same'] | int | tuple[int, int] = 'valid') -> None: ...
    @property
    def padding(self) -> typing.Literal['valid', 'same'] | int | tuple[int, int]: ...
    @property
    def size(self) -> int | tuple[int, int]: ...
    @property
    def stride(self) -> int | tuple[int, int] | None: ...
class GlobalAveragePool1D(Layer):
    """
    The mean of a whole sequence, per channel: (length, channels) -> (channels).

        h[c] = mean_t x[t, c]
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'global_average_pool1d'
    def __init__(self) -> None: ...
class GlobalAveragePool2D(Layer):
    """
    The mean of a whole image, per channel (Lin et al. 2013).

        h[c] = mean_y,x x[y, x, c]

    From (height, width, channels) to (channels).
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = False
    name: typing.ClassVar[str] = 'global_average_pool2d'
    def __init__(self) -> None: ...
class Recurrent(Layer):
    """
    A recurrent layer, for inputs of shape (time, features) (Elman 1990; Werbos 1990).

        h_t = activation(W x_t + U h_{t-1} + b),  h_0 = 0

    The output is the last h, or with `sequences` all of them, (time, units). A layer on each step of a
    sequence is ``Conv1D(units, 1)``; with a softmax it predicts a class per step. Gradients are those
    of backpropagation through time. W is drawn from `init`, U from `recurrent_init`, b starts at 0.
    Parameters are [W, U] as (units, features + units), then b; ``net.weights[l]`` is the view (features
    + units, units), rows of x first. Penalties and `max_norm` are those of `Dense`. `truncate` cuts the
    gradient between blocks of so many steps (Williams & Peng 1990): then `hvp` is the derivative of the
    gradient along v, not symmetric, as is `gnvp`. Memory per sample: 3 units and features per step, and
    2 units more with `sequences`.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'recurrent'
    def __init__(self, units: int, activation: str | AnyActivation | tuple[Elementwise, ...] = 'tanh', sequences: bool = False, bias: bool = True, init: str | Initializer | None = None, recurrent_init: str | Initializer = 'orthogonal', truncate: int | None = None, bidirectional: bool = False, l1: float | None = None, l2: float | None = None, max_norm: float | None = None, trainable: bool | typing.Literal['weights', 'bias'] = True, learning_rate_factor: float = 1, bias_learning_rate_factor: float | None = None) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def bias_learning_rate_factor(self) -> float | None: ...
    @property
    def bidirectional(self) -> bool: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def l1(self) -> float | None: ...
    @property
    def l2(self) -> float | None: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def max_norm(self) -> float | None: ...
    @property
    def recurrent_init(self) -> Initializer: ...
    @property
    def sequences(self) -> bool: ...
    @property
    def trainable(self) -> bool | typing.Literal['weights', 'bias']: ...
    @property
    def truncate(self) -> int | None: ...
    @property
    def units(self) -> int: ...
class GRU(Layer):
    """
    A gated recurrent unit (Cho et al. 2014).

        r, z = sigmoid(W x_t + U h_{t-1} + b)
        n = activation(W_n x_t + b_n + r (U_n h_{t-1} + c_n))
        h_t = (1 - z) n + z h_{t-1},  h_0 = 0

    The reset gate r acts after the product, as in torch and cuDNN. Rows of W and U are those of r, z,
    n, as in torch: ``net.weights[l]`` is (features + units, 3 units), and ``net.biases[l]`` that of r,
    z, n and c_n, 4 units. Otherwise as `Recurrent`; memory per sample: 11 units and the features per
    step.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'gru'
    def __init__(self, units: int, activation: str | AnyActivation | tuple[Elementwise, ...] = 'tanh', sequences: bool = False, bias: bool = True, init: str | Initializer | None = None, recurrent_init: str | Initializer = 'orthogonal', truncate: int | None = None, bidirectional: bool = False, l1: float | None = None, l2: float | None = None, max_norm: float | None = None, trainable: bool | typing.Literal['weights', 'bias'] = True, learning_rate_factor: float = 1, bias_learning_rate_factor: float | None = None) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def bias_learning_rate_factor(self) -> float | None: ...
    @property
    def bidirectional(self) -> bool: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def l1(self) -> float | None: ...
    @property
    def l2(self) -> float | None: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def max_norm(self) -> float | None: ...
    @property
    def recurrent_init(self) -> Initializer: ...
    @property
    def sequences(self) -> bool: ...
    @property
    def trainable(self) -> bool | typing.Literal['weights', 'bias']: ...
    @property
    def truncate(self) -> int | None: ...
    @property
    def units(self) -> int: ...
class LSTM(Layer):
    """
    Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

        i, f, o = sigmoid(W x_t + U h_{t-1} + b)
        g = activation(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f c_{t-1} + i g,  h_t = o activation(c_t),  c_0 = h_0 = 0

    The state c passes from step to step by sums, so gradients vanish slowly. Rows of W, U and b are
    those of i, f, g, o, as in torch: ``net.weights[l]`` is (features + units, 4 units). b of the forget
    gate f starts at `forget_bias`, others at 0 (Jozefowicz et al. 2015). Otherwise as `Recurrent`;
    memory per sample: 15 units and the features per step.
    """
    can_be_output: typing.ClassVar[bool] = True
    has_parameters: typing.ClassVar[bool] = True
    name: typing.ClassVar[str] = 'lstm'
    def __init__(self, units: int, activation: str | AnyActivation | tuple[Elementwise, ...] = 'tanh', sequences: bool = False, bias: bool = True, init: str | Initializer | None = None, recurrent_init: str | Initializer = 'orthogonal', truncate: int | None = None, bidirectional: bool = False, l1: float | None = None, l2: float | None = None, max_norm: float | None = None, forget_bias: float = 1, trainable: bool | typing.Literal['weights', 'bias'] = True, learning_rate_factor: float = 1, bias_learning_rate_factor: float | None = None) -> None: ...
    @property
    def activation(self) -> AnyActivation: ...
    @property
    def bias(self) -> bool: ...
    @property
    def bias_learning_rate_factor(self) -> float | None: ...
    @property
    def bidirectional(self) -> bool: ...
    @property
    def forget_bias(self) -> float: ...
    @property
    def init(self) -> Initializer | None: ...
    @property
    def l1(self) -> float | None: ...
    @property
    def l2(self) -> float | None: ...
    @property
    def learning_rate_factor(self) -> float: ...
    @property
    def max_norm(self) -> float | None: ...
    @property
    def recurrent_init(self) -> Initializer: ...
    @property
    def sequences(self) -> bool: ...
    @property
    def trainable(self) -> bool | typing.Literal['weights', 'bias']: ...
    @property
    def truncate(self) -> int | None: ...
    @property
    def units(self) -> int: ...
class Constant(Member):
    """
    The same rate in all steps k = 0, 1, …

        lr_k = learning_rate
    """
    name: typing.ClassVar[str] = 'constant'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, learning_rate: float = 0.001, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
class ExponentialDecay(Member):
    """
    Exponential decay; torch's ExponentialLR with gamma = exp(-rate).

        lr_k = learning_rate exp(-rate k)
    """
    name: typing.ClassVar[str] = 'exponential_decay'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, learning_rate: float = 0.001, rate: float = 0.01, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
    @property
    def rate(self) -> float: ...
class InverseTimeDecay(Member):
    """
    Decay with the inverse of time (Robbins & Monro 1951).

        lr_k = learning_rate / (1 + rate k)
    """
    name: typing.ClassVar[str] = 'inverse_time_decay'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, learning_rate: float = 0.001, rate: float = 0.01, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
    @property
    def rate(self) -> float: ...
class StepDecay(Member):
    """
    A factor after each so many steps; torch's StepLR.

        lr_k = learning_rate factor^floor(k / every)
    """
    name: typing.ClassVar[str] = 'step_decay'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, learning_rate: float = 0.001, every: float = 1e+03, factor: float = 0.1, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def every(self) -> float: ...
    @property
    def factor(self) -> float: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
class PolynomialDecay(Member):
    """
    A power that ends after so many steps; torch's PolynomialLR where end = 0.

        lr_k = end + (learning_rate - end) (1 - k / steps)^power,  k <= steps;  then end
    """
    name: typing.ClassVar[str] = 'polynomial_decay'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, learning_rate: float = 0.001, steps: float = 1e+03, power: float = 1, end: float = 0, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def end(self) -> float: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
    @property
    def power(self) -> float: ...
    @property
    def steps(self) -> float: ...
class CosineDecay(Member):
    """
    Half a cosine from learning_rate to end (Loshchilov & Hutter 2017).

        lr_k = learning_rate (k + 1) / (warmup + 1),  k < warmup
        lr_k = end + (learning_rate - end) (1 + cos(pi (k - warmup) / steps)) / 2;  then end

    With restarts it is followed by the cosine again and again, each time restarts times as long.
    """
    name: typing.ClassVar[str] = 'cosine_decay'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, learning_rate: float = 0.001, steps: float = 1e+03, warmup: float = 0, restarts: float | None = None, end: float = 0, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def end(self) -> float: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
    @property
    def restarts(self) -> float | None: ...
    @property
    def steps(self) -> float: ...
    @property
    def warmup(self) -> float: ...
class OneCycle(Member):
    """
    One rise and one fall along cosines (Smith & Topin 2018); torch's OneCycleLR.

        start = max_lr / start_factor;  end = start / end_factor;  top = rise steps - 1
        lr_k = start + (max_lr - start) (1 - cos(pi k / top)) / 2,  k <= top
        lr_k = end + (max_lr - end) (1 + cos(pi (k - top) / (steps - 1 - top))) / 2,  k > top
    """
    name: typing.ClassVar[str] = 'one_cycle'
    @typing.overload
    def __call__(self, k: float) -> float:
        """The learning rate of step, or epoch, k = 0, 1, …"""
    @typing.overload
    def __call__(self, k: numpy.typing.NDArray[typing.Any] | collections.abc.Sequence[float]) -> numpy.typing.NDArray[numpy.float64]:
        """The rates of an array of steps, in its shape."""
    def __init__(self, max_lr: float = 0.01, steps: float = 1e+03, rise: float = 0.3, start_factor: float = 25, end_factor: float = 1e+04, per: typing.Literal['step', 'epoch'] = 'step') -> None: ...
    @property
    def end_factor(self) -> float: ...
    @property
    def max_lr(self) -> float: ...
    @property
    def per(self) -> typing.Literal['step', 'epoch']: ...
    @property
    def rise(self) -> float: ...
    @property
    def start_factor(self) -> float: ...
    @property
    def steps(self) -> float: ...
class Polyak(Member):
    """
    The average of the iterates after step `start`, k of them so far (Polyak & Juditsky 1992).

        mode 'uniform'      average = (w(1) + … + w(k)) / k
        mode 'discounted'   average = sum_i beta^(k-i) w(i) / sum_i beta^(k-i)
        mode 'exponential'  average <- (1 - beta) w(k) + beta average, average = w(1) at k = 1

    Validation, early stopping and the parameters left after fit are the average.
    """
    name: typing.ClassVar[str] = 'polyak'
    def __init__(self, mode: typing.Literal['uniform', 'discounted', 'exponential'] = 'exponential', beta: float = 0.999, start: float = 0) -> None: ...
    @property
    def beta(self) -> float: ...
    @property
    def mode(self) -> typing.Literal['uniform', 'discounted', 'exponential']: ...
    @property
    def start(self) -> float: ...
class SGD(Member):
    """
    Gradient descent, with momentum (Polyak 1964) or Nesterov momentum (Sutskever et al. 2013).

        v <- momentum v - lr g;  w <- w + v        (nesterov=True: w <- w + momentum v - lr g)

    nesterov=True stores the look-ahead point w + momentum v, as torch does; nesterov='lecture' keeps w
    itself, takes g at w + momentum v, and w <- w + v. The rate is kept inside v, as in Keras and
    scikit-learn; torch keeps it outside: equal at a constant rate.
    """
    name: typing.ClassVar[str] = 'sgd'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.001, momentum: float = 0, nesterov: bool | typing.Literal['lecture'] = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def momentum(self) -> float: ...
    @property
    def nesterov(self) -> bool | typing.Literal['lecture']: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class DeltaBarDelta(Member):
    """
    A separate gain for every parameter (Jacobs 1988).

        gain <- gain + kappa        where d g > 0
        gain <- gain (1 - phi)      where d g < 0, but at least min_gain
        d <- (1 - theta) g + theta d;  w <- w - gain g     (momentum: v <- momentum v - gain g; w <- w + v)

    Gains start from the learning rate, which has no other part. Made for the full batch. kappa is added
    at every step: one far above the learning rate, like the default, makes gains grow quickly.
    """
    name: typing.ClassVar[str] = 'delta_bar_delta'
    uses_initial_rate_only: typing.ClassVar[bool] = True
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.01, kappa: float = 0.2, phi: float = 0.2, theta: float = 0.5, min_gain: float = 1e-08, momentum: float = 0, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def kappa(self) -> float: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def min_gain(self) -> float: ...
    @property
    def momentum(self) -> float: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def phi(self) -> float: ...
    @property
    def proximal_l1(self) -> bool: ...
    @property
    def theta(self) -> float: ...
class Lion(Member):
    """
    Signs of an interpolated momentum (Chen et al. 2023), as optax.

        w <- (1 - lr weight_decay) w;  w <- w - lr sign(beta1 m + (1 - beta1) g)
        m <- beta2 m + (1 - beta2) g
    """
    name: typing.ClassVar[str] = 'lion'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.0001, beta1: float = 0.9, beta2: float = 0.99, weight_decay: float = 0, decay_biases: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def decay_biases(self) -> bool: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
    @property
    def weight_decay(self) -> float: ...
class Rprop(Member):
    """
    Steps that depend only on the signs of gradients (Riedmiller & Braun 1993), as torch.

        step <- min(step eta_plus, max_step)     where g has kept its sign since the step before
        step <- max(step eta_minus, min_step)    where it has changed; g <- 0 there
        w <- w - sign(g) step

    Steps start from the learning rate, which has no other part. For the full batch only.
    """
    name: typing.ClassVar[str] = 'rprop'
    uses_initial_rate_only: typing.ClassVar[bool] = True
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.01, eta_minus: float = 0.5, eta_plus: float = 1.2, min_step: float = 1e-06, max_step: float = 5e+01, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eta_minus(self) -> float: ...
    @property
    def eta_plus(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def max_step(self) -> float: ...
    @property
    def min_step(self) -> float: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class AdaGrad(Member):
    """
    A rate for every parameter that falls with its squared gradients (Duchi et al. 2011).

        a <- a + g²;  w <- w - lr g / (sqrt(a) + eps)
    """
    name: typing.ClassVar[str] = 'adagrad'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.01, eps: float = 1e-10, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class RMSProp(Member):
    """
    Gradients over their root mean square (Tieleman & Hinton 2012; nesterov: Goodfellow et al. 2016).

        a <- rho a + (1 - rho) g²;  r = g / (sqrt(a) + eps);  w <- w - lr r
        with momentum: v <- momentum v - lr r;  w <- w + v     (nesterov: w <- w + momentum v - lr r)

    With nesterov the stored w is the look-ahead point, where the one gradient g is taken.
    """
    name: typing.ClassVar[str] = 'rmsprop'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.01, rho: float = 0.99, eps: float = 1e-08, momentum: float = 0, nesterov: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def momentum(self) -> float: ...
    @property
    def nesterov(self) -> bool: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
    @property
    def rho(self) -> float: ...
class AdaDelta(Member):
    """
    Steps in the units of w (Zeiler 2012, algorithm 1).

        a <- rho a + (1 - rho) g²;  D = -sqrt((u + eps) / (a + eps)) g
        u <- rho u + (1 - rho) D²;  w <- w + lr D

    scalar=True keeps one number u for all parameters, u <- rho u + (1 - rho) mean(D²), with D of the
    step before: the lecture's form, divided by the number of parameters, without which it diverges.
    """
    name: typing.ClassVar[str] = 'adadelta'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 1, rho: float = 0.9, eps: float = 1e-06, scalar: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
    @property
    def rho(self) -> float: ...
    @property
    def scalar(self) -> bool: ...
class Adam(Member):
    """
    Adaptive moments (Kingma & Ba 2015, algorithm 1); amsgrad: Reddi et al. 2018.

        m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g²
        w <- w - lr m̂ / (sqrt(v̂) + eps),   m̂ = m / (1 - beta1^t),  v̂ = v / (1 - beta2^t)

    eps_mode 'outside' is this form (torch); 'hat' adds eps to sqrt(v) before its correction
    (Keras, scikit-learn, 'epsilon hat' of the paper); 'inside' takes sqrt(v̂ + eps).
    """
    name: typing.ClassVar[str] = 'adam'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-08, eps_mode: typing.Literal['outside', 'hat', 'inside'] = 'outside', amsgrad: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def amsgrad(self) -> bool: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def eps_mode(self) -> typing.Literal['outside', 'hat', 'inside']: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class AdamW(Member):
    """
    Adam with decoupled weight decay (Loshchilov & Hutter 2019).

        w <- (1 - lr weight_decay) w, then Adam's update

    Biases do not decay, unless decay_biases is set, as in torch.
    """
    name: typing.ClassVar[str] = 'adamw'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-08, eps_mode: typing.Literal['outside', 'hat', 'inside'] = 'outside', amsgrad: bool = False, weight_decay: float = 0.01, decay_biases: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def amsgrad(self) -> bool: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def decay_biases(self) -> bool: ...
    @property
    def eps(self) -> float: ...
    @property
    def eps_mode(self) -> typing.Literal['outside', 'hat', 'inside']: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
    @property
    def weight_decay(self) -> float: ...
class NAdam(Member):
    """
    Adam with Nesterov momentum (Dozat 2016), as torch.

        mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2);  P_t = mu_1 … mu_t;  m, v as in Adam
        w <- w - lr ((1 - mu_t) g / (1 - P_t) + mu_{t+1} m / (1 - P_{t+1})) / (sqrt(v̂) + eps)
    """
    name: typing.ClassVar[str] = 'nadam'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.002, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-08, momentum_decay: float = 0.004, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def momentum_decay(self) -> float: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class AdaMax(Member):
    """
    Adam by the infinity norm (Kingma & Ba 2015, section 7.1), as torch.

        m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + eps);  w <- w - lr m / ((1 - beta1^t) u)
    """
    name: typing.ClassVar[str] = 'adamax'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.002, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-08, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class RAdam(Member):
    """
    Rectified Adam (Liu et al. 2020), as torch.

        R = 2 / (1 - beta2) - 1;  r_t = R - 2 t beta2^t / (1 - beta2^t);  m, v as in Adam
        r_t > 5:  w <- w - lr m̂ sqrt((r_t - 4)(r_t - 2) R / ((R - 4)(R - 2) r_t)) / (sqrt(v̂) + eps')
        else:     w <- w - lr m̂                              eps' = eps / sqrt(1 - beta2^t)
    """
    name: typing.ClassVar[str] = 'radam'
    uses_initial_rate_only: typing.ClassVar[bool] = False
    def __init__(self, learning_rate: float | Schedule | collections.abc.Callable[[int], float] = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-08, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None, normalize: bool = False, average: Polyak | None = None, proximal_l1: bool = False, half_state: bool = False) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def beta1(self) -> float: ...
    @property
    def beta2(self) -> float: ...
    @property
    def clip_norm(self) -> float | None: ...
    @property
    def clip_value(self) -> float | tuple[float, float] | None: ...
    @property
    def eps(self) -> float: ...
    @property
    def evaluation_offset(self) -> float: ...
    @property
    def half_state(self) -> bool: ...
    @property
    def learning_rate(self) -> float | Schedule | collections.abc.Callable[[int], float]: ...
    @property
    def normalize(self) -> bool: ...
    @property
    def proximal_l1(self) -> bool: ...
class StrongWolfe(Member):
    """
    Bracketing and zoom by cubic interpolation (Nocedal & Wright 2006, algorithms 3.5 and 3.6).

        f(w + t d) <= f(w) + c1 t gᵀd  and  |g(w + t d)ᵀd| <= c2 |gᵀd|

    Where values differ by no more than rounding, decrease is judged by slopes (Hager & Zhang 2005).
    Cost: one value and gradient for each trial length.
    """
    name: typing.ClassVar[str] = 'strong_wolfe'
    def __init__(self, c1: float = 0.0001, c2: float = 0.9, max_evaluations: int = 20) -> None: ...
    @property
    def c1(self) -> float: ...
    @property
    def c2(self) -> float: ...
    @property
    def max_evaluations(self) -> int: ...
class Backtracking(Member):
    """
    Shorter and shorter steps until the value falls enough (Armijo 1966).

        t, factor t, factor² t, …  until  f(w + t d) <= f(w) + c1 t gᵀd
    """
    name: typing.ClassVar[str] = 'backtracking'
    def __init__(self, c1: float = 0.0001, factor: float = 0.5, max_evaluations: int = 40) -> None: ...
    @property
    def c1(self) -> float: ...
    @property
    def factor(self) -> float: ...
    @property
    def max_evaluations(self) -> int: ...
class LBFGS(Member):
    """
    Quasi-Newton directions from the last steps (Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4).

        d = -G g,  s = w - w_old,  y = g - g_old

    G is sᵀy/yᵀy I, updated by the last pairs s, y as BFGS does. Pairs with sᵀy <= eps yᵀy are left out.
    Made for the full batch.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'lbfgs'
    needs_residuals: typing.ClassVar[bool] = False
    def __init__(self, history_size: int = 10, line_search: str | LineSearch = 'strong_wolfe', gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def gtol(self) -> float: ...
    @property
    def history_size(self) -> int: ...
    @property
    def line_search(self) -> LineSearch: ...
class BFGS(Member):
    """
    Quasi-Newton directions from a dense approximation G of the inverse Hessian.

        d = -G g,  s = w - w_old,  y = g - g_old,  r = 1 / yᵀs
        'bfgs'   G <- (I - r s yᵀ) G (I - r y sᵀ) + r s sᵀ        (Nocedal & Wright 2006, 6.17)
        'dfp'    G <- G - G y yᵀ G / yᵀ G y + r s sᵀ              (6.15)

    G starts as sᵀy/yᵀy I; pairs with sᵀy <= eps yᵀy are left out. Made for the full batch and for few
    parameters.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'bfgs'
    needs_residuals: typing.ClassVar[bool] = False
    def __init__(self, update: typing.Literal['bfgs', 'dfp'] = 'bfgs', line_search: str | LineSearch = 'strong_wolfe', gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def gtol(self) -> float: ...
    @property
    def line_search(self) -> LineSearch: ...
    @property
    def update(self) -> typing.Literal['bfgs', 'dfp']: ...
class NonlinearCG(Member):
    """
    Nonlinear conjugate gradients: each direction keeps a share of the last.

        d = -g + beta d_old,  y = g - g_old
        'fletcher_reeves'    beta = gᵀg / g_oldᵀg_old
        'polak_ribiere'      beta = max(0, gᵀy / g_oldᵀg_old)
        'hestenes_stiefel'   beta = gᵀy / d_oldᵀy
        'dai_yuan'           beta = gᵀg / d_oldᵀy
        'daniel'             beta = gᵀH d_old / d_oldᵀH d_old, H at the new point (Daniel 1967)

    The direction is -g again where successive gradients are far from orthogonal, |gᵀg_old| > 0.2 gᵀg
    (Powell 1977), and where d does not descend. Made for the full batch.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'nonlinear_cg'
    needs_residuals: typing.ClassVar[bool] = False
    def __init__(self, formula: typing.Literal['polak_ribiere', 'fletcher_reeves', 'hestenes_stiefel', 'dai_yuan', 'daniel'] = 'polak_ribiere', line_search: str | LineSearch = 'strong_wolfe', gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def formula(self) -> typing.Literal['polak_ribiere', 'fletcher_reeves', 'hestenes_stiefel', 'dai_yuan', 'daniel']: ...
    @property
    def gtol(self) -> float: ...
    @property
    def line_search(self) -> LineSearch: ...
class Newton(Member):
    """
    Newton's method with the exact Hessian H.

        (H + lambda I) p = -g,  w <- w + p

    'trust_region' takes the smallest lambda >= 0 with H + lambda I >= 0 and |p| <= radius; 'levenberg'
    adapts lambda to the ratio of the decrease of f to the predicted one (Nielsen 1999); a number is
    lambda itself, and every step is made, also uphill: 0 is the plain method, which is attracted by
    saddle points. Made for the full batch and for few parameters.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'newton'
    needs_residuals: typing.ClassVar[bool] = False
    def __init__(self, damping: float | str = 'trust_region', gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def damping(self) -> float | str: ...
    @property
    def gtol(self) -> float: ...
class SaddleFreeNewton(Member):
    """
    Newton's method with the absolute values of the eigenvalues of the Hessian (Dauphin et al. 2014).

        (|H| + lambda I) p = -g,  |H| = Q |Lambda| Qᵀ,  w <- w + p

    Negative curvature repels instead of attracting, so saddle points are left. lambda follows the ratio
    of the decrease of f to the one predicted with |H|. Up to krylov_size parameters H is dense; larger
    ones are replaced by their part in the Krylov space of g, of krylov_size dimensions (Lanczos with
    full reorthogonalisation), and p is -g / lambda outside of it. Made for the full batch.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'saddle_free_newton'
    needs_residuals: typing.ClassVar[bool] = False
    def __init__(self, krylov_size: int = 100, gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def gtol(self) -> float: ...
    @property
    def krylov_size(self) -> int: ...
class HessianFree(Member):
    """
    Newton steps by truncated conjugate gradients on products with a curvature matrix B (Martens 2010).

        (B + lambda I) p = -g,  w <- w + p

    B is the Gauss-Newton matrix (which is positive semi-definite for convex losses) or the Hessian; a
    function without model outputs has only the latter. CG starts from a share of the last p, and stops
    where the relative progress per iteration falls below 5e-4, at max_iterations, or along negative
    curvature. p is halved until f falls; lambda is multiplied by 3/2 where the ratio of the decrease to
    the predicted one is below 1/4, by 2/3 above 3/4. CG is preconditioned by

        M = diag(mean of squared gradients of the samples + lambda)^(3/4)

    where f is a mean over samples. Made for the full batch or large ones.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'hessian_free'
    needs_residuals: typing.ClassVar[bool] = False
    def __init__(self, curvature: typing.Literal['gauss_newton', 'hessian'] = 'gauss_newton', initial_damping: float = 1, precondition: bool = True, max_iterations: int = 250, gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def curvature(self) -> typing.Literal['gauss_newton', 'hessian']: ...
    @property
    def gtol(self) -> float: ...
    @property
    def initial_damping(self) -> float: ...
    @property
    def max_iterations(self) -> int: ...
    @property
    def precondition(self) -> bool: ...
class LevenbergMarquardt(Member):
    """
    Least squares by the Jacobian J of the residuals r (Levenberg 1944, Marquardt 1963).

        (JᵀJ + lambda I) p = -Jᵀ r,  w <- w + p

    lambda follows the ratio of the decrease of the sum of squares to the predicted one (Nielsen 1999).
    For squared_error, on the full batch, and for few parameters. J is not kept.
    """
    evaluation_offset: typing.ClassVar[float] = 0.0
    name: typing.ClassVar[str] = 'levenberg_marquardt'
    needs_residuals: typing.ClassVar[bool] = True
    def __init__(self, initial_damping: float = 0.001, gtol: float = 1e-06, average: Polyak | None = None) -> None: ...
    @property
    def average(self) -> Polyak | None: ...
    @property
    def gtol(self) -> float: ...
    @property
    def initial_damping(self) -> float: ...
class TrainingLock:
    """Held by a call that trains a network."""
    def __enter__(self) -> None: ...
    def __exit__(self, arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> None: ...
    def __init__(self) -> None: ...
class MemoryLease:
    """Keeps the memory of an array where it is: NumPy refuses to resize it."""
    def __init__(self, array: numpy.ndarray) -> None: ...
def cgroup_cpu_limit(root: str, membership: str) -> int:
    """Number of processors by quota, 0 for no limit: root as /sys/fs/cgroup, membership as the text of /proc/self/cgroup."""
def check_classes(classes: numpy.typing.NDArray[numpy.int64], n: typing.SupportsInt) -> int:
    """Index of the first class that is not in [0, n), -1 where there is none."""
def check_dense_matrices(where: str, count: typing.SupportsInt, size: typing.SupportsInt, number_bytes: typing.SupportsInt, otherwise: str) -> None:
    """Raises if so many square matrices exceed the memory of this machine."""
def config() -> dict[str, typing.Any]:
    """What the core was built with."""
def default_loss(output: AnyActivation) -> Loss:
    """The default loss of an output activation."""
@typing.overload
def first_non_finite(array: numpy.typing.NDArray[numpy.float32]) -> int:
    """Flat index of the first nan or inf, -1 where there is none."""
@typing.overload
def first_non_finite(array: numpy.typing.NDArray[numpy.float64]) -> int: ...
def force_num_threads(threads: typing.SupportsInt) -> None:
    """Give every call this number of threads, regardless of its size and the machine; 0 ends it."""
def get_num_threads() -> int: ...
def metrics_of_outputs(outputs: numpy.typing.NDArray[numpy.float64], targets: numpy.ndarray, weights: typing.Any, terms: typing.Any, threshold: typing.SupportsFloat, metrics: list[typing.Any], width: typing.SupportsInt) -> list[typing.Any]:
    """The metrics (key, k) of given outputs, in their order; nan where one is not finite."""
def resolve(family: str, value: typing.Any, where: str) -> typing.Any:
    """The member of a family given as an instance or by its key."""
def set_num_threads(threads: typing.SupportsInt) -> None: ...
def set_worker_check(check: collections.abc.Callable[..., typing.Any]) -> None:
    """Where check() is True and no number is set, calls have one thread."""
def shuffled_orders(bit_generator: typing.Any, order: numpy.typing.NDArray[numpy.int64], n_orders: typing.SupportsInt) -> numpy.typing.NDArray[numpy.int64]:
    """
    Orders ``(n_orders, n)``, each shuffled from the one before it, the first from `order`.

    With the numbers, and so the state after them, of ``RandomState.shuffle``. The capsule is that of a bit generator which no other thread uses meanwhile.
    """
AnyActivation: typing.TypeAlias = Identity | Sign | Sigmoid | Tanh | ReLU | HardTanh | Softmax | LeakyReLU | ELU | SELU | Softplus | SiLU | GELU | Mish | HardSigmoid | Exponential | Softsign | Sine | Activation
Initializer: typing.TypeAlias = GlorotUniform | GlorotNormal | HeUniform | HeNormal | LeCunUniform | LeCunNormal | Normal | Orthogonal | SIREN | Zeros | ConstantInit
LineSearch: typing.TypeAlias = StrongWolfe | Backtracking
Loss: typing.TypeAlias = SquaredError | AbsoluteError | Huber | CrossEntropy | BinaryCrossEntropy | Hinge | Perceptron | Quantile | Poisson | GaussianNLL
Optimizer: typing.TypeAlias = SGD | DeltaBarDelta | Lion | Rprop | AdaGrad | RMSProp | AdaDelta | Adam | AdamW | NAdam | AdaMax | RAdam | LBFGS | BFGS | NonlinearCG | Newton | SaddleFreeNewton | HessianFree | LevenbergMarquardt
Schedule: typing.TypeAlias = Constant | ExponentialDecay | InverseTimeDecay | StepDecay | PolynomialDecay | CosineDecay | OneCycle
activations: dict[str, typing.Any]
averages: dict[str, typing.Any]
initializers: dict[str, typing.Any]
isa: str
layers: dict[str, typing.Any]
line_searches: dict[str, typing.Any]
losses: dict[str, typing.Any]
methods: dict[str, typing.Any]
metrics: dict[str, typing.Any]
optimizers: dict[str, typing.Any]
schedules: dict[str, typing.Any]
thread_limit: _contextvars.ContextVar[int]

"""
The compiled core, in the build that suits this processor (named by `isa`).
"""
from __future__ import annotations
import numpy
import numpy.typing
import typing
from . import float32
from . import float64
__all__: list[str] = ['AbsoluteError', 'Adam', 'BinaryCrossEntropy', 'ConstantInit', 'CrossEntropy', 'ELU', 'GELU', 'GlorotNormal', 'GlorotUniform', 'HardTanh', 'HeNormal', 'HeUniform', 'Huber', 'Identity', 'LeCunNormal', 'LeCunUniform', 'LeakyReLU', 'Normal', 'Orthogonal', 'Perceptron', 'ReLU', 'SELU', 'SGD', 'SiLU', 'Sigmoid', 'Sign', 'Softmax', 'Softplus', 'SquaredError', 'Tanh', 'Zeros', 'activations', 'check_classes', 'config', 'default_loss', 'first_non_finite', 'float32', 'float64', 'force_num_threads', 'get_num_threads', 'initializers', 'isa', 'losses', 'make', 'optimizers', 'set_num_threads']
class Identity:
    """
    Identity()

    phi(a) = a.
    """
    name: typing.ClassVar[str] = 'identity'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> Identity:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Identity:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class Sign:
    """
    Sign(straight_through=False)

    phi(a) = -1, 0 or 1, the sign of a (Rosenblatt 1958).

    The derivative is 0, so a hidden layer of signs cannot learn by gradient, unless
    straight_through is set: then it is that of hard tanh (Bengio et al. 2013).

    Parameters
    ----------
    straight_through : bool, default False
    """
    name: typing.ClassVar[str] = 'sign'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> Sign:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Sign:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, straight_through: bool = False) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def straight_through(self) -> typing.Any:
        ...
class Sigmoid:
    """
    Sigmoid()

    phi(a) = 1 / (1 + exp(-a)); phi' = phi (1 - phi).
    """
    name: typing.ClassVar[str] = 'sigmoid'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> Sigmoid:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Sigmoid:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class Tanh:
    """
    Tanh()

    phi(a) = tanh(a); phi' = 1 - phi².
    """
    name: typing.ClassVar[str] = 'tanh'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> Tanh:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Tanh:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class ReLU:
    """
    ReLU()

    phi(a) = max(a, 0); phi'(0) = 0 (Nair & Hinton 2010).
    """
    name: typing.ClassVar[str] = 'relu'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> ReLU:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> ReLU:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class HardTanh:
    """
    HardTanh()

    phi(a) = max(min(a, 1), -1); phi'(±1) = 0.
    """
    name: typing.ClassVar[str] = 'hard_tanh'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> HardTanh:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> HardTanh:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class Softmax:
    """
    Softmax()

    phi(a)_i = exp(a_i) / sum_j exp(a_j), along the last axis.

    The largest a_j is subtracted first, so nothing overflows. derivative(a) is the Jacobian
    diag(h) - h hᵀ, of shape (..., k, k).
    """
    name: typing.ClassVar[str] = 'softmax'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> Softmax:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Softmax:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class LeakyReLU:
    """
    LeakyReLU(slope=0.01)

    phi(a) = a for a > 0, else slope * a (Maas et al. 2013).

    Parameters
    ----------
    slope : float, default 0.01
        Range: a finite slope >= 0.
    """
    name: typing.ClassVar[str] = 'leaky_relu'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> LeakyReLU:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> LeakyReLU:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, slope: float = 0.01) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def slope(self) -> typing.Any:
        ...
class ELU:
    """
    ELU(alpha=1.0)

    phi(a) = a for a > 0, else alpha (exp(a) - 1) (Clevert et al. 2016).

    Parameters
    ----------
    alpha : float, default 1
        Range: a finite alpha >= 0.
    """
    name: typing.ClassVar[str] = 'elu'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> ELU:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> ELU:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, alpha: float = 1) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def alpha(self) -> typing.Any:
        ...
class SELU:
    """
    SELU()

    phi(a) = s a for a > 0, else s alpha (exp(a) - 1), with the constants of Klambauer et al. 2017.
    """
    name: typing.ClassVar[str] = 'selu'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> SELU:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> SELU:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class Softplus:
    """
    Softplus()

    phi(a) = log(1 + exp(a)); phi' = sigmoid(a).
    """
    name: typing.ClassVar[str] = 'softplus'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> Softplus:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Softplus:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class SiLU:
    """
    SiLU()

    phi(a) = a sigmoid(a), also called swish (Elfwing et al. 2018).
    """
    name: typing.ClassVar[str] = 'silu'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> SiLU:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> SiLU:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class GELU:
    """
    GELU()

    phi(a) = a Φ(a) with the normal distribution function Φ, exact by erf (Hendrycks & Gimpel 2016).
    """
    name: typing.ClassVar[str] = 'gelu'
    def __call__(self, a: typing.Any) -> numpy.ndarray:
        """
        phi(a), in the shape of a.
        """
    def __copy__(self) -> GELU:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> GELU:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def derivative(self, a: typing.Any) -> numpy.ndarray:
        """
        phi'(a), in the shape of a; of softmax the Jacobian, (..., k, k).
        """
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class SquaredError:
    """
    SquaredError()

    L = 1/2 sum_j (o_j - y_j)²; dL/do = o - y.
    """
    name: typing.ClassVar[str] = 'squared_error'
    def __call__(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        L of each sample, (n,): summed over outputs, not averaged over samples.
        """
    def __copy__(self) -> SquaredError:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> SquaredError:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    def gradient(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        dL/do of each sample, in the shape of o, without 1/n.
        """
class AbsoluteError:
    """
    AbsoluteError()

    L = sum_j |o_j - y_j|; dL/do = sign(o - y), 0 at equality.
    """
    name: typing.ClassVar[str] = 'absolute_error'
    def __call__(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        L of each sample, (n,): summed over outputs, not averaged over samples.
        """
    def __copy__(self) -> AbsoluteError:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> AbsoluteError:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    def gradient(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        dL/do of each sample, in the shape of o, without 1/n.
        """
class Huber:
    """
    Huber(delta=1.0)

    L = sum_j (e_j² / 2 where |e_j| <= delta, else delta (|e_j| - delta / 2)), e = o - y (Huber 1964).

    Parameters
    ----------
    delta : float, default 1
        Range: a finite delta > 0.
    """
    name: typing.ClassVar[str] = 'huber'
    def __call__(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        L of each sample, (n,): summed over outputs, not averaged over samples.
        """
    def __copy__(self) -> Huber:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Huber:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, delta: float = 1) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    def gradient(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        dL/do of each sample, in the shape of o, without 1/n.
        """
    @property
    def delta(self) -> typing.Any:
        ...
class CrossEntropy:
    """
    CrossEntropy()

    L = -sum_j y_j log o_j, with 0 log 0 = 0; dL/do = -y / o.

    On a softmax output it is computed from pre-activations by log-sum-exp.
    """
    name: typing.ClassVar[str] = 'cross_entropy'
    def __call__(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        L of each sample, (n,): summed over outputs, not averaged over samples.
        """
    def __copy__(self) -> CrossEntropy:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> CrossEntropy:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    def gradient(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        dL/do of each sample, in the shape of o, without 1/n.
        """
class BinaryCrossEntropy:
    """
    BinaryCrossEntropy()

    L = -sum_j [y_j log o_j + (1 - y_j) log(1 - o_j)]; dL/do = (1 - y) / (1 - o) - y / o.

    On a sigmoid output it is computed from pre-activations: softplus(a) - y a.
    """
    name: typing.ClassVar[str] = 'binary_cross_entropy'
    def __call__(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        L of each sample, (n,): summed over outputs, not averaged over samples.
        """
    def __copy__(self) -> BinaryCrossEntropy:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> BinaryCrossEntropy:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    def gradient(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        dL/do of each sample, in the shape of o, without 1/n.
        """
class Perceptron:
    """
    Perceptron()

    L = sum_j max(0, -y_j a_j) for labels y = ±1 and the pre-activation a (Rosenblatt 1958).

    dL/da = -y where y a <= 0: at equality too, or a perceptron that starts from zeros never moves.
    """
    name: typing.ClassVar[str] = 'perceptron'
    def __call__(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        L of each sample, (n,): summed over outputs, not averaged over samples.
        """
    def __copy__(self) -> Perceptron:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Perceptron:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    def gradient(self, o: typing.Any, y: typing.Any) -> numpy.ndarray:
        """
        dL/do of each sample, in the shape of o, without 1/n.
        """
class GlorotUniform:
    """
    GlorotUniform()

    Uniform with variance 2 / (n_in + n_out) (Glorot & Bengio 2010).
    """
    name: typing.ClassVar[str] = 'glorot_uniform'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> GlorotUniform:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> GlorotUniform:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class GlorotNormal:
    """
    GlorotNormal()

    Normal with variance 2 / (n_in + n_out) (Glorot & Bengio 2010).
    """
    name: typing.ClassVar[str] = 'glorot_normal'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> GlorotNormal:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> GlorotNormal:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class HeUniform:
    """
    HeUniform()

    Uniform with variance 2 / n_in (He et al. 2015).
    """
    name: typing.ClassVar[str] = 'he_uniform'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> HeUniform:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> HeUniform:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class HeNormal:
    """
    HeNormal()

    Normal with variance 2 / n_in (He et al. 2015).
    """
    name: typing.ClassVar[str] = 'he_normal'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> HeNormal:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> HeNormal:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class LeCunUniform:
    """
    LeCunUniform()

    Uniform with variance 1 / n_in (LeCun et al. 1998).
    """
    name: typing.ClassVar[str] = 'lecun_uniform'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> LeCunUniform:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> LeCunUniform:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class LeCunNormal:
    """
    LeCunNormal()

    Normal with variance 1 / n_in (LeCun et al. 1998).
    """
    name: typing.ClassVar[str] = 'lecun_normal'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> LeCunNormal:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> LeCunNormal:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class Normal:
    """
    Normal(std=0.01)

    Normal with mean 0 and the standard deviation given.

    Parameters
    ----------
    std : float, default 0.01
        Range: a finite std >= 0.
    """
    name: typing.ClassVar[str] = 'normal'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> Normal:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Normal:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, std: float = 0.01) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def std(self) -> typing.Any:
        ...
class Orthogonal:
    """
    Orthogonal(gain=1.0)

    W Wᵀ = gain² I or, where n_out > n_in, Wᵀ W = gain² I, uniformly distributed (Saxe et al. 2013).

    Parameters
    ----------
    gain : float, default 1
        Range: a finite number.
    """
    name: typing.ClassVar[str] = 'orthogonal'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> Orthogonal:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Orthogonal:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, gain: float = 1) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def gain(self) -> typing.Any:
        ...
class Zeros:
    """
    Zeros()

    All weights 0.
    """
    name: typing.ClassVar[str] = 'zeros'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> Zeros:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Zeros:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
class ConstantInit:
    """
    ConstantInit(value=0.0)

    All weights the value given.

    Parameters
    ----------
    value : float, default 0
        Range: a finite number.
    """
    name: typing.ClassVar[str] = 'constant'
    def __call__(self, n_in: typing.SupportsInt, n_out: typing.SupportsInt, seed: typing.SupportsInt = 0) -> numpy.ndarray:
        """
        Weights of a layer, (n_in, n_out), drawn from the seed.
        """
    def __copy__(self) -> ConstantInit:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> ConstantInit:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, value: float = 0) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def value(self) -> typing.Any:
        ...
class SGD:
    """
    SGD(learning_rate=0.001, momentum=0.0, nesterov=False, clip_norm=None, clip_value=None)

    Gradient descent, with momentum (Polyak 1964) or Nesterov momentum (Sutskever et al. 2013).

        v <- momentum v - lr g;  w <- w + v            (nesterov: w <- w + momentum v - lr g)

    With nesterov the stored w is the look-ahead point w + momentum v, as in torch. The rate is
    kept inside v, as in Keras and scikit-learn; torch keeps it outside: equal at a constant rate.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Range: a finite learning_rate > 0.
    momentum : float, default 0
        Range: 0 <= momentum < 1.
    nesterov : bool, default False
    clip_norm : float | None, default None
        Range: a finite clip_norm > 0; None switches it off.
    clip_value : float | tuple[float, float] | None, default None
        (low, high); a number c means (-c, c); None switches it off.
    """
    name: typing.ClassVar[str] = 'sgd'
    def __copy__(self) -> SGD:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> SGD:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, learning_rate: float = 0.001, momentum: float = 0, nesterov: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def clip_norm(self) -> typing.Any:
        ...
    @property
    def clip_value(self) -> typing.Any:
        ...
    @property
    def learning_rate(self) -> typing.Any:
        ...
    @property
    def momentum(self) -> typing.Any:
        ...
    @property
    def nesterov(self) -> typing.Any:
        ...
class Adam:
    """
    Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-08, eps_mode='outside', amsgrad=False, clip_norm=None, clip_value=None)

    Adaptive moments (Kingma & Ba 2015, algorithm 1); amsgrad: Reddi et al. 2018.

        m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g²
        w <- w - lr m̂ / (sqrt(v̂) + eps),   m̂ = m / (1 - beta1^t),  v̂ = v / (1 - beta2^t)

    eps_mode 'outside' is this form (torch); 'hat' adds eps to sqrt(v) before its correction
    (Keras, scikit-learn, 'epsilon hat' of the paper); 'inside' takes sqrt(v̂ + eps).

    Parameters
    ----------
    learning_rate : float, default 0.001
        Range: a finite learning_rate > 0.
    beta1 : float, default 0.9
        Range: 0 <= beta1 < 1.
    beta2 : float, default 0.999
        Range: 0 <= beta2 < 1.
    eps : float, default 1e-08
        Range: a finite eps >= 0.
    eps_mode : str, default 'outside'
        One of: 'outside' 'hat' 'inside'.
    amsgrad : bool, default False
    clip_norm : float | None, default None
        Range: a finite clip_norm > 0; None switches it off.
    clip_value : float | tuple[float, float] | None, default None
        (low, high); a number c means (-c, c); None switches it off.
    """
    name: typing.ClassVar[str] = 'adam'
    def __copy__(self) -> Adam:
        ...
    def __deepcopy__(self, arg0: dict[str, typing.Any]) -> Adam:
        ...
    def __eq__(self, arg0: typing.Any) -> bool:
        ...
    def __getstate__(self) -> dict[str, typing.Any]:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, learning_rate: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-08, eps_mode: str = 'outside', amsgrad: bool = False, clip_norm: float | None = None, clip_value: float | tuple[float, float] | None = None) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setstate__(self, arg0: dict[str, typing.Any]) -> None:
        ...
    def get_params(self) -> dict[str, typing.Any]:
        """
        The hyperparameters, by name.
        """
    @property
    def amsgrad(self) -> typing.Any:
        ...
    @property
    def beta1(self) -> typing.Any:
        ...
    @property
    def beta2(self) -> typing.Any:
        ...
    @property
    def clip_norm(self) -> typing.Any:
        ...
    @property
    def clip_value(self) -> typing.Any:
        ...
    @property
    def eps(self) -> typing.Any:
        ...
    @property
    def eps_mode(self) -> typing.Any:
        ...
    @property
    def learning_rate(self) -> typing.Any:
        ...
def check_classes(classes: numpy.typing.NDArray[numpy.int64], n: typing.SupportsInt) -> int:
    """
    Index of the first class that is not in [0, n), -1 where there is none.
    """
def config() -> dict[str, typing.Any]:
    """
    What the core was built with.
    """
def default_loss(output: Identity | Sign | Sigmoid | Tanh | ReLU | HardTanh | Softmax | LeakyReLU | ELU | SELU | Softplus | SiLU | GELU) -> SquaredError | AbsoluteError | Huber | CrossEntropy | BinaryCrossEntropy | Perceptron:
    """
    The loss that an output activation asks for when the user names none.
    """
@typing.overload
def first_non_finite(array: numpy.typing.NDArray[numpy.float32]) -> int:
    """
    Flat index of the first nan or inf, -1 where there is none.
    """
@typing.overload
def first_non_finite(array: numpy.typing.NDArray[numpy.float64]) -> int:
    ...
def force_num_threads(threads: typing.SupportsInt) -> None:
    """
    Give every call this many threads, whatever its size and the machine's; 0 ends it.
    """
def get_num_threads() -> int:
    ...
def make(family: str, value: typing.Any, where: str) -> typing.Any:
    """
    The member of a family that a value means: an instance, or the spelling of one.
    """
def set_num_threads(threads: typing.SupportsInt) -> None:
    ...
activations: dict[str, typing.Any]
initializers: dict[str, typing.Any]
isa: str
losses: dict[str, typing.Any]
optimizers: dict[str, typing.Any]

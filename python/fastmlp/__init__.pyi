"""Multilayer perceptrons and their optimizers: NumPy in, NumPy out, fast C++ in between."""
from fastmlp._version import __version__ as __version__
from fastmlp import distributed as distributed
from fastmlp._core import AbsoluteError as AbsoluteError
from fastmlp._core import Activation as Activation
from fastmlp._core import AdaDelta as AdaDelta
from fastmlp._core import AdaGrad as AdaGrad
from fastmlp._core import AdaMax as AdaMax
from fastmlp._core import Adam as Adam
from fastmlp._core import AdamW as AdamW
from fastmlp._core import AveragePool1D as AveragePool1D
from fastmlp._core import AveragePool2D as AveragePool2D
from fastmlp._core import BFGS as BFGS
from fastmlp._core import Backtracking as Backtracking
from fastmlp.layers import Bidirectional as Bidirectional
from fastmlp._core import BinaryCrossEntropy as BinaryCrossEntropy
from fastmlp._fit.records import CSVLogger as CSVLogger
from fastmlp._fit.monitor import Callback as Callback
from fastmlp._core import Constant as Constant
from fastmlp._core import ConstantInit as ConstantInit
from fastmlp._core import Conv1D as Conv1D
from fastmlp._core import Conv2D as Conv2D
from fastmlp._core import CosineDecay as CosineDecay
from fastmlp._core import CrossEntropy as CrossEntropy
from fastmlp.curvature import Curvature as Curvature
from fastmlp.curvature import CurvatureOperator as CurvatureOperator
from fastmlp._core import DeltaBarDelta as DeltaBarDelta
from fastmlp._core import Dense as Dense
from fastmlp.diagnosis import Diagnosis as Diagnosis
from fastmlp._fit.recorder import DiagnosisRecorder as DiagnosisRecorder
from fastmlp._core import Dropout as Dropout
from fastmlp._core import ELU as ELU
from fastmlp._fit.callbacks import EarlyStopping as EarlyStopping
from fastmlp.ensemble import Ensemble as Ensemble
from fastmlp._fit.epoch_result import EpochResult as EpochResult
from fastmlp._core import Exponential as Exponential
from fastmlp._core import ExponentialDecay as ExponentialDecay
from fastmlp._core import GELU as GELU
from fastmlp._core import GRU as GRU
from fastmlp._core import GaussianNLL as GaussianNLL
from fastmlp._core import GaussianNoise as GaussianNoise
from fastmlp._core import GlobalAveragePool1D as GlobalAveragePool1D
from fastmlp._core import GlobalAveragePool2D as GlobalAveragePool2D
from fastmlp._core import GlorotNormal as GlorotNormal
from fastmlp._core import GlorotUniform as GlorotUniform
from fastmlp.gradient_check import GradientCheck as GradientCheck
from fastmlp._core import HardSigmoid as HardSigmoid
from fastmlp._core import HardTanh as HardTanh
from fastmlp._core import HeNormal as HeNormal
from fastmlp._core import HeUniform as HeUniform
from fastmlp._core import HessianFree as HessianFree
from fastmlp._core import Hinge as Hinge
from fastmlp._fit.history import History as History
from fastmlp._core import Huber as Huber
from fastmlp._core import Identity as Identity
from fastmlp._core import InverseTimeDecay as InverseTimeDecay
from fastmlp._core import LBFGS as LBFGS
from fastmlp._core import LSTM as LSTM
from fastmlp.laplace import Laplace as Laplace
from fastmlp.diagnosis import LayerDiagnosis as LayerDiagnosis
from fastmlp._core import LeCunNormal as LeCunNormal
from fastmlp._core import LeCunUniform as LeCunUniform
from fastmlp._core import LeakyReLU as LeakyReLU
from fastmlp._fit.lr_finder import LearningRateCurve as LearningRateCurve
from fastmlp._core import LevenbergMarquardt as LevenbergMarquardt
from fastmlp.step_length import LineSearchResult as LineSearchResult
from fastmlp._core import Lion as Lion
from fastmlp._fit.records import Logging as Logging
from fastmlp._fit.records import MLflow as MLflow
from fastmlp._core import MaxPool1D as MaxPool1D
from fastmlp._core import MaxPool2D as MaxPool2D
from fastmlp._core import Mish as Mish
from fastmlp._fit.records import ModelCheckpoint as ModelCheckpoint
from fastmlp._io.files import ModelFileError as ModelFileError
from fastmlp._core import NAdam as NAdam
from fastmlp.network import Network as Network
from fastmlp._core import Newton as Newton
from fastmlp._core import NonlinearCG as NonlinearCG
from fastmlp._core import Normal as Normal
from fastmlp._core import OneCycle as OneCycle
from fastmlp._fit.records import OptunaPruning as OptunaPruning
from fastmlp._core import Orthogonal as Orthogonal
from fastmlp._core import Perceptron as Perceptron
from fastmlp._core import Poisson as Poisson
from fastmlp._core import Polyak as Polyak
from fastmlp._core import PolynomialDecay as PolynomialDecay
from fastmlp._core import Quantile as Quantile
from fastmlp._core import RAdam as RAdam
from fastmlp._core import RMSProp as RMSProp
from fastmlp._core import ReLU as ReLU
from fastmlp._core import Recurrent as Recurrent
from fastmlp._fit.callbacks import ReduceOnPlateau as ReduceOnPlateau
from fastmlp.minimization import Result as Result
from fastmlp._data.row_files import RowFiles as RowFiles
from fastmlp._core import Rprop as Rprop
from fastmlp._core import SELU as SELU
from fastmlp._core import SGD as SGD
from fastmlp._core import SIREN as SIREN
from fastmlp._core import SaddleFreeNewton as SaddleFreeNewton
from fastmlp._core import SiLU as SiLU
from fastmlp._core import Sigmoid as Sigmoid
from fastmlp._core import Sign as Sign
from fastmlp._core import Sine as Sine
from fastmlp._core import Skip as Skip
from fastmlp._core import Softmax as Softmax
from fastmlp._core import Softplus as Softplus
from fastmlp._core import Softsign as Softsign
from fastmlp._core import SpatialDropout as SpatialDropout
from fastmlp.curvature import Spectrum as Spectrum
from fastmlp._core import SquaredError as SquaredError
from fastmlp._core import StepDecay as StepDecay
from fastmlp._core import StrongWolfe as StrongWolfe
from fastmlp._core import Tanh as Tanh
from fastmlp._fit.records import TensorBoard as TensorBoard
from fastmlp._core import Tied as Tied
from fastmlp.trainer import Trainer as Trainer
from fastmlp._fit.status import TrainingWarning as TrainingWarning
from fastmlp._core import Zeros as Zeros
from fastmlp.gradient_check import check_gradient as check_gradient
from fastmlp._fit.lr_finder import find_learning_rate as find_learning_rate
from fastmlp._fit.many import fit_many as fit_many
from fastmlp._export.from_onnx import from_onnx as from_onnx
from fastmlp._export.from_torch import from_torch as from_torch
from fastmlp.config import get_num_threads as get_num_threads
from fastmlp.minimization import least_squares as least_squares
from fastmlp.step_length import line_search as line_search
from fastmlp.separability import linearly_separable as linearly_separable
from fastmlp._io.files import load as load
from fastmlp.minimization import minimize as minimize
from fastmlp.config import set_num_threads as set_num_threads
from fastmlp.config import show_config as show_config
from fastmlp.config import threads as threads
__all__ = [
    'AbsoluteError',
    'Activation',
    'AdaDelta',
    'AdaGrad',
    'AdaMax',
    'Adam',
    'AdamW',
    'AveragePool1D',
    'AveragePool2D',
    'BFGS',
    'Backtracking',
    'Bidirectional',
    'BinaryCrossEntropy',
    'CSVLogger',
    'Callback',
    'Constant',
    'ConstantInit',
    'Conv1D',
    'Conv2D',
    'CosineDecay',
    'CrossEntropy',
    'Curvature',
    'CurvatureOperator',
    'DeltaBarDelta',
    'Dense',
    'Diagnosis',
    'DiagnosisRecorder',
    'Dropout',
    'ELU',
    'EarlyStopping',
    'Ensemble',
    'EpochResult',
    'Exponential',
    'ExponentialDecay',
    'GELU',
    'GRU',
    'GaussianNLL',
    'GaussianNoise',
    'GlobalAveragePool1D',
    'GlobalAveragePool2D',
    'GlorotNormal',
    'GlorotUniform',
    'GradientCheck',
    'HardSigmoid',
    'HardTanh',
    'HeNormal',
    'HeUniform',
    'HessianFree',
    'Hinge',
    'History',
    'Huber',
    'Identity',
    'InverseTimeDecay',
    'LBFGS',
    'LSTM',
    'Laplace',
    'LayerDiagnosis',
    'LeCunNormal',
    'LeCunUniform',
    'LeakyReLU',
    'LearningRateCurve',
    'LevenbergMarquardt',
    'LineSearchResult',
    'Lion',
    'Logging',
    'MLflow',
    'MaxPool1D',
    'MaxPool2D',
    'Mish',
    'ModelCheckpoint',
    'ModelFileError',
    'NAdam',
    'Network',
    'Newton',
    'NonlinearCG',
    'Normal',
    'OneCycle',
    'OptunaPruning',
    'Orthogonal',
    'Perceptron',
    'Poisson',
    'Polyak',
    'PolynomialDecay',
    'Quantile',
    'RAdam',
    'RMSProp',
    'ReLU',
    'Recurrent',
    'ReduceOnPlateau',
    'Result',
    'RowFiles',
    'Rprop',
    'SELU',
    'SGD',
    'SIREN',
    'SaddleFreeNewton',
    'SiLU',
    'Sigmoid',
    'Sign',
    'Sine',
    'Skip',
    'Softmax',
    'Softplus',
    'Softsign',
    'SpatialDropout',
    'Spectrum',
    'SquaredError',
    'StepDecay',
    'StrongWolfe',
    'Tanh',
    'TensorBoard',
    'Tied',
    'Trainer',
    'TrainingWarning',
    'Zeros',
    'check_gradient',
    'find_learning_rate',
    'fit_many',
    'from_onnx',
    'from_torch',
    'get_num_threads',
    'least_squares',
    'line_search',
    'linearly_separable',
    'load',
    'minimize',
    'set_num_threads',
    'show_config',
    'threads',
]

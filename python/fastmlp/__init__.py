"""Multilayer perceptrons and their optimizers: NumPy in, NumPy out, fast C++ in between."""

from fastmlp import _core, _old_names
from fastmlp._fit.callbacks import Callback, EarlyStopping, ReduceOnPlateau
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.history import History
from fastmlp._fit.lr_finder import LearningRateCurve, find_learning_rate
from fastmlp._fit.status import TrainingWarning
from fastmlp._version import __version__ as __version__
from fastmlp.config import get_num_threads, set_num_threads, show_config, threads
from fastmlp.curvature import Curvature, CurvatureOperator, Spectrum
from fastmlp.gradient_check import GradientCheck, check_gradient
from fastmlp.layers import Bidirectional
from fastmlp.line_search import LineSearchResult, line_search
from fastmlp.minimize import Result, least_squares, minimize
from fastmlp.network import Network
from fastmlp.trainer import Trainer

__all__ = [
    "Bidirectional",
    "Callback",
    "Curvature",
    "CurvatureOperator",
    "EarlyStopping",
    "EpochResult",
    "GradientCheck",
    "History",
    "LearningRateCurve",
    "LineSearchResult",
    "Network",
    "ReduceOnPlateau",
    "Result",
    "Spectrum",
    "Trainer",
    "TrainingWarning",
    "check_gradient",
    "find_learning_rate",
    "get_num_threads",
    "least_squares",
    "line_search",
    "minimize",
    "set_num_threads",
    "show_config",
    "threads",
]

for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "fastmlp"  # pickles survive any move between modules

for _family in (
    _core.layers,
    _core.activations,
    _core.losses,
    _core.initializers,
    _core.schedules,
    _core.optimizers,
    _core.methods,
    _core.line_searches,
    _core.averages,
):
    globals().update({member.__name__: member for member in _family.values()})
    __all__ += [member.__name__ for member in _family.values()]

_old_names.register()

"""Multilayer perceptrons and their optimizers: NumPy in, NumPy out, fast C++ in between."""

from typing import TYPE_CHECKING

from fastmlp import _core
from fastmlp.callbacks import Callback, EarlyStopping, ReduceOnPlateau
from fastmlp.config import get_num_threads, set_num_threads, show_config
from fastmlp.history import History
from fastmlp.layers import Dense, Dropout, GaussianNoise
from fastmlp.minimize import Result, minimize
from fastmlp.network import Network
from fastmlp.rate_finder import LearningRateCurve, find_learning_rate
from fastmlp.status import TrainingWarning
from fastmlp.trainer import Trainer

if TYPE_CHECKING:
    from fastmlp._core import *  # noqa: F403  the members of the families, as the stubs name them

__version__ = "0.1.0"

__all__ = [
    "Callback",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "GaussianNoise",
    "History",
    "LearningRateCurve",
    "Network",
    "ReduceOnPlateau",
    "Result",
    "Trainer",
    "TrainingWarning",
    "find_learning_rate",
    "get_num_threads",
    "minimize",
    "set_num_threads",
    "show_config",
]

for _family in (
    _core.activations,
    _core.losses,
    _core.initializers,
    _core.schedules,
    _core.optimizers,
    _core.averages,
):
    globals().update({member.__name__: member for member in _family.values()})
    __all__ += [member.__name__ for member in _family.values()]

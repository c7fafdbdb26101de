"""Multilayer perceptrons and their optimizers: NumPy in, NumPy out, fast C++ in between."""

from importlib import import_module as _import_module

from fastmlp import _core, _old_names
from fastmlp._fit.callbacks import EarlyStopping, ReduceOnPlateau
from fastmlp._fit.epoch_result import EpochResult
from fastmlp._fit.history import History
from fastmlp._fit.monitor import Callback
from fastmlp._fit.status import TrainingWarning
from fastmlp._io.files import ModelFileError, load
from fastmlp._version import __version__ as __version__
from fastmlp.config import get_num_threads, set_num_threads, show_config, threads
from fastmlp.curvature import Curvature, CurvatureOperator, Spectrum
from fastmlp.layers import Bidirectional
from fastmlp.network import Network
from fastmlp.trainer import Trainer

# Modules that most programs do not use: imported with their first name, since all of them together
# take an eighth of the time of `import fastmlp`.
_ON_DEMAND = {
    "_data.row_files": ("RowFiles",),
    "_export.from_onnx": ("from_onnx",),
    "_export.from_torch": ("from_torch",),
    "_fit.many": ("fit_many",),
    "_fit.lr_finder": ("LearningRateCurve", "find_learning_rate"),
    "_fit.records": (
        *("CSVLogger", "Logging", "MLflow", "ModelCheckpoint", "OptunaPruning", "TensorBoard"),
    ),
    "_fit.recorder": ("DiagnosisRecorder",),
    "diagnosis": ("Diagnosis", "LayerDiagnosis"),
    "ensemble": ("Ensemble",),
    "gradient_check": ("GradientCheck", "check_gradient"),
    "laplace": ("Laplace",),
    "minimization": ("Result", "least_squares", "minimize"),
    "separability": ("linearly_separable",),
    "step_length": ("LineSearchResult", "line_search"),
}
_SUBMODULES = ("distributed",)

__all__ = [
    "Bidirectional",
    "Callback",
    "Curvature",
    "CurvatureOperator",
    "EarlyStopping",
    "EpochResult",
    "History",
    "ModelFileError",
    "Network",
    "ReduceOnPlateau",
    "Spectrum",
    "Trainer",
    "TrainingWarning",
    "get_num_threads",
    "load",
    "set_num_threads",
    "show_config",
    "threads",
]


def _publish(home: str, names: tuple[str, ...]) -> None:
    """Make names of a module public, under which pickles survive any move between modules."""
    for name in names:
        value = getattr(_import_module(home), name)
        if isinstance(value, type):
            value.__module__ = "fastmlp"
        globals()[name] = value


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return _import_module(f"fastmlp.{name}")
    for module, names in _ON_DEMAND.items():
        if name in names:
            _publish(f"fastmlp.{module}", names)
            return globals()[name]
    raise AttributeError(f"module 'fastmlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_publish("fastmlp", tuple(__all__))
for _names in _ON_DEMAND.values():
    __all__ += _names

for _family in (
    _core.layers,
    _core.activations,
    {"": _core.Activation},  # one's own, which has no name
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

"""scikit-learn's multilayer perceptrons, to the last digit and with more: change one import.

>>> from fastmlp.sklearn import MLPClassifier, MLPRegressor
"""

from fastmlp._data.extras import require

_scikit_learn = require("sklearn", "fastmlp.sklearn", "sklearn")
if not hasattr(require("sklearn.utils.validation", "fastmlp.sklearn", "sklearn"), "validate_data"):
    raise ImportError(
        f"fastmlp.sklearn needs scikit-learn 1.6 or newer, this is {_scikit_learn.__version__}; "
        'install it with: pip install "fastmlp[sklearn]"'
    )

from fastmlp.sklearn import _onnx  # noqa: E402
from fastmlp.sklearn._classifier import MLPClassifier  # noqa: E402
from fastmlp.sklearn._regressor import MLPRegressor  # noqa: E402

__all__ = ["MLPClassifier", "MLPRegressor", "register_skl2onnx"]

for _estimator in (MLPClassifier, MLPRegressor):
    _estimator.__module__ = "fastmlp.sklearn"
    _onnx.register_if_imported(_estimator)


def register_skl2onnx() -> None:
    """Make the estimators known to skl2onnx, so that ``skl2onnx.to_onnx`` converts them.

    They are also parts of pipelines then. It is called by itself where skl2onnx was imported before
    ``fastmlp.sklearn``, or before `fit`.

    Raises
    ------
    ImportError
        The extra ``onnx`` is not installed.

    Examples
    --------
    >>> import fastmlp.sklearn
    >>> fastmlp.sklearn.register_skl2onnx()  # doctest: +SKIP
    >>> "register_skl2onnx" in fastmlp.sklearn.__all__
    True
    """
    for estimator in (MLPClassifier, MLPRegressor):
        _onnx.register(estimator)

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

from fastmlp.sklearn._classifier import MLPClassifier  # noqa: E402
from fastmlp.sklearn._regressor import MLPRegressor  # noqa: E402

__all__ = ["MLPClassifier", "MLPRegressor"]

for _estimator in (MLPClassifier, MLPRegressor):
    _estimator.__module__ = "fastmlp.sklearn"

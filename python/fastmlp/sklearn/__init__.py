"""scikit-learn's multilayer perceptrons, to the last digit and with more: change one import.

>>> from fastmlp.sklearn import MLPClassifier, MLPRegressor
"""

from fastmlp._data.extras import require

require("sklearn", "fastmlp.sklearn", "sklearn")

from fastmlp.sklearn._classifier import MLPClassifier  # noqa: E402
from fastmlp.sklearn._regressor import MLPRegressor  # noqa: E402

__all__ = ["MLPClassifier", "MLPRegressor"]

for _estimator in (MLPClassifier, MLPRegressor):
    _estimator.__module__ = "fastmlp.sklearn"

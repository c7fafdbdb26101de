from typing import Any

import numpy as np
from numpy.typing import NDArray

class StandardScaler:
    def fit_transform(self, X: NDArray[np.float64]) -> NDArray[np.float64]: ...

FunctionTransformer: Any
OneHotEncoder: Any
OrdinalEncoder: Any

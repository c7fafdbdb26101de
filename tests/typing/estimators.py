"""What users write with the estimators: `mypy` and `pyright` accept it in their strict modes."""

import tempfile
import warnings
from pathlib import Path
from typing import assert_type

import numpy as np

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore")
X = np.linspace(0, 1, 30).reshape(10, 3)
y = np.arange(10) % 2
classifier = MLPClassifier((5,), optimizer=fm.Adam(0.01), n_threads=1, max_iter=3).fit(X, y)
assert_type(classifier, MLPClassifier)
assert_type(classifier.n_iter_, int)
assert_type(classifier.loss_curve_, list[float])
assert_type(classifier.network_, fm.Network)
classifier.partial_fit(X, y).predict_proba(X)
regressor = MLPRegressor("poisson", dropout=0.1, max_iter=3)
assert_type(regressor.set_params(alpha=0.1).fit(X, X[:, 0]), MLPRegressor)
score: float = regressor.score(X, X[:, 0])
file = Path(tempfile.mkdtemp(), "model")
classifier.save(file)
assert_type(MLPClassifier.load(file, max_iter=5), MLPClassifier)

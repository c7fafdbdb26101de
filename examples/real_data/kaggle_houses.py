"""
A competition of kaggle.com, from train.csv to submission.csv
=============================================================

For those who compete. `python kaggle_houses.py FOLDER` reads the files of
house-prices-advanced-regression-techniques, or of any competition with a positive number to
predict: the first column is the id, and the target is what train.csv has more than test.csv. The
score is the root mean square error of log(1 + y), as there. Takes about twenty seconds.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.dummy import DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

import fastmlp as fm
from fastmlp.sklearn import MLPRegressor

GRADES = ["Po", "Fa", "TA", "Gd", "Ex"]  # poor to excellent, of kitchens and the like
SCORING = "neg_root_mean_squared_log_error"

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
if not ((folder / "train.csv").exists() and (folder / "test.csv").exists()):
    page = "https://www.kaggle.com/c/house-prices-advanced-regression-techniques/data"
    sys.exit(f"{folder} has no train.csv and test.csv; download them from {page}")
train = pd.read_csv(folder / "train.csv", index_col=0)
test = pd.read_csv(folder / "test.csv", index_col=0)
(target,) = train.columns.difference(test.columns)
y = train.pop(target)

numbers = make_column_selector(dtype_include="number")
texts = make_column_selector(dtype_exclude="number")(train)
graded = [name for name in texts if set(train[name].dropna()) <= set(GRADES)]
kinds = [name for name in texts if name not in graded]
squeeze = FunctionTransformer(np.arcsinh)  # areas are skewed; near log for large x, but of any sign
fill = SimpleImputer(strategy="median", add_indicator=True)
absent = SimpleImputer(strategy="constant", fill_value="none")  # no garage, so no grade for it
grades = OrdinalEncoder(categories=[["none", *GRADES]] * len(graded))
columns = ColumnTransformer(
    [
        ("numbers", make_pipeline(fill, squeeze, StandardScaler()), numbers),
        ("grades", make_pipeline(absent, grades, StandardScaler()), graded),
        ("kinds", OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10), kinds),
    ]
)


def of_log(model: Any) -> Any:
    """The model of the columns for the logarithm of y, scaled to 0 ± 1 as networks like it."""
    log = make_pipeline(FunctionTransformer(np.log1p, np.expm1), StandardScaler())
    pipeline = Pipeline([("columns", columns), ("model", model)])
    return TransformedTargetRegressor(pipeline, transformer=log)


network = MLPRegressor(hidden_layer_sizes=(64,), optimizer=fm.LBFGS(), random_state=0)
candidates: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "mean": (DummyRegressor(), {}),
    "linear": (Ridge(), {"regressor__model__alpha": [1.0, 10.0, 100.0]}),
    "network": (network, {"regressor__model__alpha": [3.0, 10.0, 30.0]}),
}
X_train, X_test, y_train, y_test = train_test_split(train, y, random_state=0)
print(f"{'log error':12}{'validation':>12}{'test':>12}")
searches: dict[str, Any] = {}
for label, (model, grid) in candidates.items():
    search = searches[label] = GridSearchCV(of_log(model), grid, cv=5, scoring=SCORING)
    search.fit(X_train, y_train)
    print(f"{label:12}{-search.best_score_:12.4f}{-search.score(X_test, y_test):12.4f}")

# The best in validation, fitted to all rows of train.csv, predicts the rows of test.csv.
best = max(searches, key=lambda label: searches[label].best_score_)
final = searches[best].best_estimator_.fit(train, y)
submission = pd.DataFrame({target: final.predict(test)}, index=test.index)
submission.to_csv(folder / "submission.csv")
print(f"{folder / 'submission.csv'}: {len(submission)} rows by the {best} model")

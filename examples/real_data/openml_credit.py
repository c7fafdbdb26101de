"""
Any mixed table of openml.org
=============================

For those who classify the rows of a table with numbers, categories and gaps. `python
openml_credit.py NAME VERSION` takes any table of openml.org by scikit-learn's `fetch_openml`, by
default credit-g 1: who pays a loan back. The first call downloads the table, later ones read it
from scikit-learn's data folder. Needs scikit-learn and pandas.
"""

import sys
from typing import Any

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import fetch_openml
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier

name = sys.argv[1] if len(sys.argv) > 1 else "credit-g"
version = int(sys.argv[2]) if len(sys.argv) > 2 else 1
try:
    # The other parser, "pandas", fails on categories that are numbers with some versions of pandas.
    table = fetch_openml(name, version=version, as_frame=True, parser="liac-arff")
except OSError as error:
    sys.exit(f"openml.org cannot be reached ({error}), and {name} {version} was not fetched before")
X, y = table.data, table.target
print(f"{name}: {len(X)} rows, {int(X.isna().sum().sum())} missing values")

# ARFF says which columns are categories. Free text, which is neither, is left out.
numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)
columns = ColumnTransformer(
    [
        ("numbers", numbers, make_column_selector(dtype_include="number")),
        ("categories", categories, make_column_selector(dtype_include="category")),
    ]
)
network = MLPClassifier(
    (32,), optimizer=fm.AdamW(3e-3), dropout=0.2, early_stopping=True, random_state=0
)
candidates: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "majority": (DummyClassifier(), {}),
    "linear": (LogisticRegression(max_iter=1000), {"model__C": [0.01, 0.1, 1.0]}),
    "network": (network, {"model__optimizer__weight_decay": [0.01, 0.1, 1.0]}),
}

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"{'accuracy':12}{'validation':>12}{'test':>12}")
for label, (model, grid) in candidates.items():
    search = GridSearchCV(Pipeline([("columns", columns), ("model", model)]), grid, cv=5)
    search.fit(X_train, y_train)
    print(f"{label:12}{search.best_score_:12.3f}{search.score(X_test, y_test):12.3f}")

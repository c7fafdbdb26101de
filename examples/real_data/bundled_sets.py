"""
Four tables that come with scikit-learn
=======================================

For those who want numbers without a download: fastmlp's estimators beside scikit-learn's network
and two baselines, on samples that none has seen. Where a linear model is as good, take that one.
"""

from typing import Any

from sklearn import datasets, neural_network
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastmlp.sklearn import MLPClassifier, MLPRegressor

NETWORK: dict[str, Any] = {"hidden_layer_sizes": (32,), "max_iter": 2000, "random_state": 0}
ALPHAS = [1e-4, 1e-1, 10.0]


def scaled(model: Any) -> Any:
    """The model behind a scaler of X, and of y where y is a number: networks start near 0 ± 1."""
    pipeline = make_pipeline(StandardScaler(), model)
    if not isinstance(model, (MLPRegressor, neural_network.MLPRegressor)):
        return pipeline
    return TransformedTargetRegressor(pipeline, transformer=StandardScaler())


def scores(X: Any, y: Any, regression: bool) -> list[float]:
    """R² or accuracy on the test samples, of four models that were fitted to the others."""
    strata = None if regression else y
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=strata, random_state=0)
    ours, theirs = (
        (MLPRegressor, neural_network.MLPRegressor)
        if regression
        else (MLPClassifier, neural_network.MLPClassifier)
    )
    prefix = "regressor__" if regression else ""
    grid = {f"{prefix}{ours.__name__.lower()}__alpha": ALPHAS}
    search = GridSearchCV(scaled(ours(**NETWORK)), grid, cv=5).fit(X_train, y_train)
    alpha = next(iter(search.best_params_.values()))
    others = [
        DummyRegressor() if regression else DummyClassifier(),
        Ridge() if regression else LogisticRegression(),
        theirs(alpha=alpha, **NETWORK),
    ]
    fitted = [scaled(model).fit(X_train, y_train) for model in others]
    return [float(model.score(X_test, y_test)) for model in [*fitted, search]]


print(f"{'test score':15}{'dummy':>10}{'linear':>10}{'sklearn':>10}{'fastmlp':>10}")
for name in ("digits", "wine", "breast_cancer", "diabetes"):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    row = scores(X, y, regression=name == "diabetes")
    print(f"{name:15}" + "".join(f"{score:10.3f}" for score in row))

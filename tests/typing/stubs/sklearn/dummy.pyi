from typing import Any

DummyClassifier: Any
DummyRegressor: Any

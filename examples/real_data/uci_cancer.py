"""
A table of the UCI repository: patients
=======================================

For those whose file has no header, "?" for missing values and several rows of a patient. `python
uci_cancer.py FILE` reads breast-cancer-wisconsin.data of "Breast Cancer Wisconsin (Original)",
archive.ics.uci.edu/dataset/15, and counts how many of the malignant samples are found. Needs
scikit-learn and pandas.
"""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fastmlp.sklearn import MLPClassifier

COLUMNS = [  # from breast-cancer-wisconsin.names; the file has no header
    *("id", "clump_thickness", "uniformity_of_size", "uniformity_of_shape", "adhesion"),
    *("epithelial_size", "bare_nuclei", "bland_chromatin", "normal_nucleoli", "mitoses", "class"),
]

path = Path(sys.argv[1] if len(sys.argv) > 1 else "breast-cancer-wisconsin.data")
if not path.exists():
    sys.exit(f"{path} is not here; download it from https://archive.ics.uci.edu/dataset/15")
table = pd.read_csv(path, names=COLUMNS, na_values="?")
y = table.pop("class").map({2: "benign", 4: "malignant"})
patients = table.pop("id")
print(
    f"{len(y)} samples of {patients.nunique()} patients, {table.isna().sum().sum()} missing values"
)

# All samples of a patient are on the same side, of the test as of each validation.
folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
train, test = next(folds.split(table, y, patients))
network = MLPClassifier((16,), class_weight="balanced", max_iter=2000, random_state=0)
candidates: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "majority": (DummyClassifier(), {}),
    "linear": (LogisticRegression(class_weight="balanced"), {"model__C": [0.01, 0.1, 1.0]}),
    "network": (network, {"model__alpha": [0.01, 0.1, 1.0, 10.0]}),
}
print(f"{'':10}{'validation':>12}{'test':>12}{'malignant found':>20}")
for label, (model, grid) in candidates.items():
    steps = [("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())]
    search = GridSearchCV(Pipeline([*steps, ("model", model)]), grid, cv=folds)
    search.fit(table.iloc[train], y.iloc[train], groups=patients.iloc[train])
    predicted, truth = search.predict(table.iloc[test]), y.iloc[test]
    found = recall_score(truth, predicted, pos_label="malignant")
    accuracy = accuracy_score(truth, predicted)
    print(f"{label:10}{search.best_score_:12.3f}{accuracy:12.3f}{found:20.3f}")

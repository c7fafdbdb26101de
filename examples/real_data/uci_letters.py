"""
A table of the UCI repository: 26 letters
=========================================

For those who have many classes that no linear model tells apart. `python uci_letters.py FILE` reads
letter-recognition.data of "Letter Recognition", archive.ics.uci.edu/dataset/59. Its authors trained
with the first 16,000 rows and tested with the last 4,000, and so does everyone since. Needs
scikit-learn and pandas; takes about twenty seconds.
"""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastmlp as fm
from fastmlp.sklearn import MLPClassifier

path = Path(sys.argv[1] if len(sys.argv) > 1 else "letter-recognition.data")
if not path.exists():
    sys.exit(f"{path} is not here; download it from https://archive.ics.uci.edu/dataset/59")
X = pd.read_csv(path, names=["letter", *(f"feature {i}" for i in range(1, 17))])
y = X.pop("letter")
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, shuffle=False)
X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, stratify=y_train, random_state=0)

# The network stops at the epoch that was best for a tenth of the rows that it is given.
network = MLPClassifier(
    (128, 64),
    optimizer=fm.Adam(3e-3, average=fm.Polyak()),
    early_stopping=True,
    stratify=True,
    n_iter_no_change=20,
    random_state=0,
)
models: dict[str, Any] = {
    "majority": DummyClassifier(),
    "linear": LogisticRegression(max_iter=1000),
    "network": network,
}
print(f"{len(X_train)} rows for training, {len(X_test)} for the test, {y.nunique()} letters")
print(f"{'accuracy':10}{'validation':>12}{'test':>12}")
for label, model in models.items():
    pipeline = make_pipeline(StandardScaler(), model)
    validation = pipeline.fit(X_fit, y_fit).score(X_val, y_val)
    test = pipeline.fit(X_train, y_train).score(X_test, y_test)
    print(f"{label:10}{validation:12.3f}{test:12.3f}")

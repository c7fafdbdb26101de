"""
Handwritten digits
==================

For those who train their first classifier. A network reads 8 by 8 pixels; training stops when the
validation loss rises. The learning curve shows where, and the digits that it misreads show that
some are hard for people too. Needs scikit-learn for the data.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastmlp as fm
from fastmlp import plot

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, stratify=y_train, random_state=0)

net = fm.Network([64, 64, 10], activation="relu", output="softmax", seed=0)
stopping = fm.EarlyStopping(patience=10)
history = net.fit(X_fit, y_fit, epochs=200, validation_data=(X_val, y_val), callbacks=[stopping])
print(f"{history.status} after {history.n_epochs} epochs, the best was {stopping.best_epoch}")

digits = net.predict(X_test).argmax(axis=1)
wrong = np.flatnonzero(digits != y_test)
print(f"test accuracy {np.mean(digits == y_test):.3f}, {len(wrong)} digits misread")

figure, axes = plt.subplot_mosaic(
    [["curve", *range(4)], ["curve", *range(4, 8)]],
    width_ratios=[4, 1, 1, 1, 1], figsize=(10, 3.5), layout="constrained",
)  # fmt: skip
plot.learning_curve(history, axes["curve"], log=True)
for k in range(8):
    axes[k].set_axis_off()
for k, index in enumerate(wrong[:8]):
    axes[k].imshow(X_test[index].reshape(8, 8), "gray_r")
    axes[k].set_title(f"{y_test[index]} read as {digits[index]}", fontsize=9)
plt.show()

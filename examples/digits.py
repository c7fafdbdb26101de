"""Read handwritten digits: train, stop when the validation loss rises, print the mistakes.

Needs scikit-learn for the data: pip install "fastmlp[demo]". Takes less than a second.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastmlp as fm

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train, stratify=y_train, random_state=0)

net = fm.Network([64, 64, 10], activation="relu", output="softmax", seed=0)
stopping = fm.EarlyStopping(patience=10)
history = net.fit(X_fit, y_fit, epochs=200, validation_data=(X_val, y_val), callbacks=[stopping])
print(f"{history.status} after {history.n_epochs} epochs, the best was {stopping.best_epoch}")

digits = net.predict(X_test).argmax(axis=1)
print(f"test accuracy {np.mean(digits == y_test):.3f}")
for index in np.flatnonzero(digits != y_test)[:5]:
    print(f"test digit {index}: {y_test[index]} read as {digits[index]}")

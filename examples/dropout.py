"""
Dropout
=======

For those whose validation loss rises while the training loss falls. A wide network learns 400
handwritten digits by heart, even the tenth of them whose labels are drawn at random. With half of
the units left out in each update it cannot: the training loss falls more slowly, and the validation
loss stays down.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
X, y = load_digits(return_X_y=True)
X_fit, X_val, y_fit, y_val = train_test_split(X / 16, y, train_size=400, stratify=y, random_state=0)
rng = np.random.default_rng(0)
wrong = rng.choice(400, size=40, replace=False)
y_fit[wrong] = rng.integers(0, 10, size=40)

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for color, rate in (("C0", 0.0), ("C2", 0.5)):
    layers = [
        *(fm.Dense(256, "relu"), fm.Dropout(rate)),
        *(fm.Dense(256, "relu"), fm.Dropout(rate)),
        fm.Dense(10, "softmax"),
    ]
    net = fm.Network(layers, inputs=64, seed=0)
    history = net.fit(X_fit, y_fit, epochs=100, validation_data=(X_val, y_val))
    accuracy = np.count_nonzero(net.predict(X_val).argmax(axis=1) == y_val) / len(y_val)
    loss = history["val_loss"][-1]
    print(f"dropout {rate}: validation loss {loss:.3f}, accuracy {accuracy:.3f}")
    ax.plot(history["val_loss"], color=color, label=f"dropout {rate}, validation")
    ax.plot(history["loss"], ":", color=color, label=f"dropout {rate}, training")
ax.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, 1.2))
ax.legend(loc="upper right")
plt.show()

"""
Overfitting and early stopping
==============================

For those who ask how long to train. The training loss always falls; the loss on samples held back
first falls and then rises, when the network begins to fit the noise. `fm.EarlyStopping` stops there
and keeps the parameters of the best epoch.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plot

plt.style.use("seaborn-v0_8-colorblind")
rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (60, 1))
y = np.sin(3 * X) + 0.4 * rng.normal(size=X.shape)
fit, held_back = (X[:20], y[:20]), (X[20:], y[20:])
grid = np.linspace(-1, 1, 300).reshape(-1, 1)


def train(*callbacks: fm.EarlyStopping) -> tuple[fm.Network, fm.History]:
    net = fm.Network([1, 64, 64, 1], activation="tanh", seed=0)
    history = net.fit(
        *fit, optimizer=fm.Adam(3e-3), epochs=3000, validation_data=held_back, callbacks=callbacks
    )
    return net, history


net, history = train()
stopping = fm.EarlyStopping(patience=200)
stopped, _ = train(stopping)
print(f"after 3000 epochs: training {net.loss(*fit):.3f}, validation {net.loss(*held_back):.3f}")
print(
    f"stopped, epoch {stopping.best_epoch}: training {stopped.loss(*fit):.3f}, "
    f"validation {stopped.loss(*held_back):.3f}"
)

figure, (curves, plane) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
plot.learning_curve(history, curves, log=True)
plane.plot(*fit, "ko", markersize=4, label="training samples")
plane.plot(grid, net.predict(grid), color="C2", label="after 3000 epochs")
plane.plot(grid, stopped.predict(grid), color="C0", label="best epoch")
curves.set_xscale("log")
plane.set(xlabel="x", ylabel="y")
plane.legend(loc="upper left")
plt.show()

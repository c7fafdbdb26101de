"""
First and second order on a small table
=======================================

For those whose data fit into one batch. A small network is fitted to the diabetes data by Adam and
by three methods that use curvature, with the same time for each. A Levenberg–Marquardt step takes
about ten times as long as one of Adam, but the curves of loss over time show that it is worth it;
L-BFGS has the cheapest steps of the three.
"""

import time
from collections.abc import Mapping

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
SECONDS = 0.8
inputs, targets = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(inputs)
y = StandardScaler().fit_transform(targets.reshape(-1, 1))

OPTIMIZERS: dict[str, fm.Adam | fm.LBFGS | fm.LevenbergMarquardt | fm.HessianFree] = {
    "Adam": fm.Adam(0.01),
    "L-BFGS": fm.LBFGS(),
    "Levenberg-Marquardt": fm.LevenbergMarquardt(),
    "Hessian-free": fm.HessianFree(),
}


class Clock(fm.Callback):
    """Record the time of every epoch."""

    def on_fit_begin(self) -> None:
        self.start = time.perf_counter()
        self.seconds: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self.seconds.append(time.perf_counter() - self.start)


figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, optimizer in OPTIMIZERS.items():
    net, clock = fm.Network([10, 10, 1], activation="tanh", dtype="float64", seed=0), Clock()
    history = net.fit(
        X, y, optimizer=optimizer, batch_size=len(X), epochs=10**6, max_seconds=SECONDS,
        callbacks=[clock],
    )  # fmt: skip
    print(f"{name:20} loss {net.loss(X, y):.4f} after {history.n_epochs:6} steps, {history.status}")
    n = min(len(clock.seconds), len(history["loss"]))
    ax.loglog(clock.seconds[:n], history["loss"][:n], label=name)
ax.set(xlabel="time (s)", ylabel="training loss")
ax.legend(loc="lower left")
plt.show()

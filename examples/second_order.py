"""The diabetes data fitted by Adam, L-BFGS, Levenberg-Marquardt, Hessian-free: loss over time.

Needs scikit-learn for the data: pip install "fastmlp[demo]". With matplotlib the curves
are drawn into second_order.png. Takes about four seconds.
"""

import importlib.util
import time

from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

import fastmlp as fm

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


class Clock:
    """Record the time of every epoch."""

    def on_fit_begin(self) -> None:
        self.start = time.perf_counter()
        self.seconds: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.seconds.append(time.perf_counter() - self.start)


curves: dict[str, tuple[list[float], list[float]]] = {}
for name, optimizer in OPTIMIZERS.items():
    net = fm.Network([10, 10, 1], activation="tanh", dtype="float64", seed=0)
    clock = Clock()
    history = net.fit(
        X, y, optimizer=optimizer, batch_size=len(X), epochs=10**6, max_seconds=SECONDS,
        callbacks=[clock],
    )  # fmt: skip
    print(
        f"{name:<20} loss {net.loss(X, y):.6f} after {history.n_epochs:6} steps, {history.status}"
    )
    curves[name] = clock.seconds, history["loss"]

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    figure = Figure((6, 3.5), layout="constrained")
    ax = figure.subplots()
    for name, (seconds, losses) in curves.items():
        ax.plot(seconds[: len(losses)], losses[: len(seconds)], label=name)
    ax.set(xlabel="seconds", ylabel="training loss", yscale="log")
    ax.legend(loc="upper right")
    figure.savefig("second_order.png", dpi=150)

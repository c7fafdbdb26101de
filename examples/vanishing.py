"""The gradient that vanishes over time: Elman's network, GRU and LSTM, before and after training.

python examples/vanishing.py [--plot FILE]

The task is to repeat the first input after the last. Elman's gradient by the input of a step has a
factor U for each later step, so it falls exponentially, and nothing is learned. A gate can keep the
state as it is: with a gate that starts open (the forget gate's bias, or that of z) the first input
counts from the beginning, and is learned; the LSTM mostly learns that by itself. Some seconds.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

parser = argparse.ArgumentParser()
parser.add_argument("--plot", metavar="FILE", help="draw the gradients over time")
plot: str | None = parser.parse_args().plot

STEPS, UNITS, SHOWN = 60, 16, (1, 20, 40, 59)
X = np.random.default_rng(0).normal(size=(4_000, STEPS, 1)).astype("float32")
y = X[:, 0]

LAYERS: dict[str, fm.Recurrent | fm.GRU | fm.LSTM] = {
    "Elman": fm.Recurrent(UNITS),
    "GRU": fm.GRU(UNITS),
    "LSTM": fm.LSTM(UNITS),
    "GRU, open": fm.GRU(UNITS),
    "LSTM, open": fm.LSTM(UNITS, forget_bias=5.0),
}

curves: dict[str, NDArray[np.floating]] = {}
print(f"{'|d output / d x_t|':20}" + "".join(f"{f'T - {t}':>9}" for t in SHOWN) + "    loss")
for name, layer in LAYERS.items():
    net = fm.Network([layer, fm.Dense(1)], inputs=(STEPS, 1), seed=0)
    if name == "GRU, open":
        bias = net.biases[0]
        assert bias is not None
        bias[UNITS : 2 * UNITS] = 5.0  # of z, between those of r and n
    for state in ("before", "after"):
        if state == "after":
            net.fit(X, y, optimizer=fm.Adam(5e-3, clip_norm=1.0), epochs=15)
        norms = np.abs(net.jacobian(X[:200]).reshape(200, STEPS)).mean(axis=0)
        curves[f"{name}, {state}"] = norms
        numbers = "".join(f"{norms[-1 - t]:9.0e}" for t in SHOWN)
        print(f"{name:11}{state:9}{numbers}{net.loss(X, y):8.3f}")

if plot:
    from matplotlib.figure import Figure

    figure = Figure((9, 3.5), layout="constrained")
    for state, ax in zip(("before", "after"), figure.subplots(1, 2, sharey=True), strict=True):
        for name in LAYERS:
            ax.semilogy(np.arange(STEPS), curves[f"{name}, {state}"], label=name)
        ax.set(xlabel="step t", ylabel="|d output / d x_t|", title=f"{state} training")
        ax.legend()
    figure.savefig(plot, dpi=150)

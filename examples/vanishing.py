"""
The gradient that vanishes over time, and gates that keep it
============================================================

For those whose network forgets. The task is to repeat the first input after the last. The gradient
of Elman's network by the input of a step has a factor for each later step, so it falls
exponentially, and nothing is learned. A gate can keep the state as it is: where it starts open (the
forget gate's bias, or that of z) the first input counts from the beginning; the LSTM mostly learns
to open it.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
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
STYLES = ("C2-", "C0-", "C1-", "C0--", "C1--")

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(10, 4), layout="constrained")
print(f"{'|d output / d x_t|':20}" + "".join(f"{f'T - {t}':>9}" for t in SHOWN) + "    loss")
for (name, layer), style in zip(LAYERS.items(), STYLES, strict=True):
    net = fm.Network([layer, fm.Dense(1)], inputs=(STEPS, 1), seed=0)
    if name == "GRU, open":
        bias = net.biases[0]
        assert bias is not None
        bias[UNITS : 2 * UNITS] = 5.0  # of z, between those of r and n
    for state, ax in zip(("before", "after"), axes, strict=True):
        if state == "after":
            net.fit(X, y, optimizer=fm.Adam(5e-3, clip_norm=1.0), epochs=15)
        norms = np.abs(net.jacobian(X[:200]).reshape(200, STEPS)).mean(axis=0)
        numbers = "".join(f"{norms[-1 - t]:9.0e}" for t in SHOWN)
        print(f"{name:11}{state:9}{numbers}{net.loss(X, y):8.3f}")
        ax.semilogy(np.arange(STEPS), norms, style, label=name)
        ax.set(xlabel="step t", title=f"{state} training", ylim=(1e-11, 10))
axes[0].set_ylabel("|d output / d x_t|")
axes[0].legend(loc="lower right")
plt.show()

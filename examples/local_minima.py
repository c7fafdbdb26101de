"""
Local minima of a small network
===============================

For those who trust a single run. A 2-2-1 network can represent XOR, but from many starts training
ends where it answers the same for several of the four points: curves of sorted losses have a step
for each such trap. More hidden units than needed make the traps rare.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
N_STARTS = 200
X = [[0, 0], [0, 1], [1, 0], [1, 1]]
y = [0, 1, 1, 0]

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for n_units in (2, 4, 8):
    losses: list[float] = []
    for seed in range(N_STARTS):
        net = fm.Network(
            [2, n_units, 1], output="sigmoid", dtype="float64", init="normal", seed=seed
        )
        net.fit(X, y, optimizer=fm.LBFGS(), epochs=500, l2=1e-5)
        losses.append(net.loss(X, y))
    solved = np.mean(np.array(losses) < 0.1)
    print(f"{n_units} hidden units: {solved:.0%} of {N_STARTS} starts solve XOR")
    ax.plot(np.linspace(0, 100, N_STARTS), np.sort(losses), label=f"{n_units} hidden units")
LEVELS = {0.693: "1/2 for all points", 0.477: "1/3 or 2/3 for three", 0.347: "1/2 for two"}
for level, text in LEVELS.items():
    ax.axhline(level, color="grey", linestyle=":", zorder=0)
    ax.text(0, level + 0.01, text, color="dimgrey")
ax.set(
    xlabel="starts, sorted by their loss (%)", ylabel="cross-entropy at the end", ylim=(-0.03, 0.78)
)
ax.legend(loc="lower left", bbox_to_anchor=(0, 0.1))
plt.show()

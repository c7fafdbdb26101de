"""
Vanishing and exploding gradients, diagnosed
============================================

For those whose deep network does not learn. `net.diagnose` measures the gradient of every layer:
with sigmoids and small weights it falls by the same factor from layer to layer towards the input,
with large weights it grows, with ReLUs and He's initialisation it keeps its size. Where something
is wrong the diagnosis names it with a remedy.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
DEPTH, WIDTH = 10, 32
rng = np.random.default_rng(0)
X = rng.normal(size=(500, WIDTH))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]

NETWORKS: dict[str, tuple[str, fm.Normal | fm.HeNormal]] = {
    "sigmoid, small weights": ("sigmoid", fm.Normal(0.1)),
    "identity, large weights": ("identity", fm.Normal(0.5)),
    "ReLU, He's initialisation": ("relu", fm.HeNormal()),
}

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, (activation, init)), style in zip(NETWORKS.items(), ("o-", "^-", "s-"), strict=True):
    net = fm.Network([WIDTH, *[WIDTH] * DEPTH, 1], activation=activation, init=init, seed=0)
    diagnosis = net.diagnose(X, y)
    print(f"{name}: {diagnosis.trouble or 'healthy'}")
    if not diagnosis.healthy:
        print(f"    {diagnosis.layers[0].name}: {diagnosis.layers[0].advice}")
    signal = np.array([layer.signal for layer in diagnosis.layers])
    ax.semilogy(range(1, DEPTH + 2), signal / signal[-1], style, label=name)
ax.set(xlabel="layer", ylabel="‖∂L/∂a‖, that of the output = 1")
ax.legend(loc="lower right")
plt.show()

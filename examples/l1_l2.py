"""
L1 and L2 penalties on the weights
==================================

For those who have more inputs than information. A linear model of the diabetes data is given its 10
true inputs and 50 of pure noise. An L2 penalty makes all weights smaller; an L1 penalty applied by
soft thresholding (`proximal_l1=True`) makes the useless ones exactly zero, and so selects inputs.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
N_FIT, N_NOISE = 200, 50
inputs, targets = load_diabetes(return_X_y=True)
noise = np.random.default_rng(0).normal(size=(len(inputs), N_NOISE))
X = np.hstack([StandardScaler().fit_transform(inputs), noise])
y = (targets - targets.mean()) / targets.std()

PENALTIES = {"no penalty": (0.0, 0.0), "L2": (0.0, 0.3), "L1": (0.08, 0.0)}

figure, axes = plt.subplots(1, 3, sharey=True, figsize=(10, 3.2), layout="constrained")
for (name, (l1, l2)), ax in zip(PENALTIES.items(), axes, strict=True):
    net = fm.Network([X.shape[1], 1], dtype="float64", init="zeros", seed=0)
    optimizer = fm.SGD(0.1, proximal_l1=True)
    net.fit(X[:N_FIT], y[:N_FIT], optimizer=optimizer, epochs=500, batch_size=N_FIT, l1=l1, l2=l2)
    w = net.weights[0][:, 0]
    error = 2 * net.loss(X[N_FIT:], y[N_FIT:])  # the loss is half of the square
    print(f"{name:10} {np.count_nonzero(w == 0)} weights are 0, test mean square error {error:.3f}")
    ax.bar(range(10), w[:10], color="C0", label="true inputs")
    ax.bar(range(10, len(w)), w[10:], color="C2", label="noise")
    ax.set(title=f"{name}, test error {error:.2f}", xlabel="input")
axes[0].set_ylabel("weight")
axes[2].legend(loc="upper right")
plt.show()

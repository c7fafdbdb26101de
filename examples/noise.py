"""
Noise on the inputs
===================

For those with few samples and a flexible network. A network that sees its few points exactly as
they are passes through each of them; one that sees them with a little Gaussian noise, new in each
epoch, must answer alike in their neighbourhood, so its curve is smooth. Noise acts in training
only.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
rng = np.random.default_rng(2)
X = rng.uniform(-1, 1, (20, 1))
y = np.sin(3 * X) + 0.3 * rng.normal(size=X.shape)
X_test = np.linspace(-1, 1, 400).reshape(-1, 1)
truth = np.sin(3 * X_test)

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(X_test, truth, "k:", label="truth")
ax.plot(X, y, "ko", markersize=4, label="samples")
for std, color in ((0.0, "C2"), (0.1, "C0")):
    layers = [fm.GaussianNoise(std), fm.Dense(64, "tanh"), fm.Dense(64, "tanh"), fm.Dense(1)]
    net = fm.Network(layers, inputs=1, seed=0)
    adam = fm.Adam(fm.CosineDecay(3e-3, steps=4000))
    net.fit(X, y, optimizer=adam, epochs=4000, batch_size=20)
    error = np.sqrt(np.mean((net.predict(X_test) - truth) ** 2))
    print(f"noise {std:4.2f}: training loss {net.loss(X, y):.4f}, error of the curve {error:.3f}")
    ax.plot(X_test, net.predict(X_test), color, label=f"noise {std:g}, error {error:.2f}")
ax.set(xlabel="x", ylabel="y")
ax.legend(loc="lower right")
plt.show()

"""
Error bars by dropout
=====================

For those who must know where a network has not learned. Dropout stays on at prediction: each of
500 passes leaves out other units, and the standard deviation over them
(`net.predict(x, samples=500)`, Gal & Ghahramani 2016) is small where there are samples and grows
away from them. It shows what the network does not know, not the noise of the samples.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
rng = np.random.default_rng(0)
X = np.concatenate([rng.uniform(-1, -0.3, (150, 1)), rng.uniform(0.2, 0.7, (150, 1))])
y = np.sin(5 * X) + 0.05 * rng.normal(size=X.shape)

layers = [
    *(fm.Dense(100, "relu"), fm.Dropout(0.1)),
    *(fm.Dense(100, "relu"), fm.Dropout(0.1)),
    fm.Dense(1),
]
net = fm.Network(layers, inputs=1, seed=0)
net.fit(X, y, optimizer=fm.Adam(3e-3), epochs=500, l2=1e-5)

x = np.linspace(-2, 2, 401).reshape(-1, 1)
mean, std = (part[:, 0] for part in net.predict(x, samples=500))
near = np.abs(x - X.T).min(axis=1) < 0.02
far = np.abs(x[:, 0]) > 1.5
print(f"mean deviation: {std[near].mean():.3f} among the samples, {std[far].mean():.3f} far away")

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(X, y, ".", color="grey", markersize=4, label="samples")
ax.plot(x, mean, color="C0", label="mean of 500 passes")
for k in (1, 2):
    label = "one and two deviations" if k == 1 else None
    ax.fill_between(x[:, 0], mean - k * std, mean + k * std, color="C0", alpha=0.2, label=label)
ax.set(xlabel="x", ylabel="y", ylim=(-4, 4))
ax.legend(loc="upper left")
plt.show()

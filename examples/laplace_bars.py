"""
Error bars by Laplace's approximation
=====================================

For those who must know where a network has not learned, without dropout and without training it
again. The curvature of the loss at the trained parameters says how well the samples determine
them; the deviation of a prediction is small where there are samples and grows away from them
(`fm.Laplace`, MacKay 1992). It has the noise of the samples as well, which is estimated too. The
penalty l2 is that of the largest marginal likelihood, so no samples are held out.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
rng = np.random.default_rng(0)
X = np.concatenate([rng.uniform(-1, -0.3, (150, 1)), rng.uniform(0.2, 0.7, (150, 1))])
y = np.sin(5 * X) + 0.1 * rng.normal(size=X.shape)

net = fm.Network([1, 30, 1], activation="tanh", dtype="float64", seed=0)


def trained(l2: float) -> fm.Laplace:
    net.fit(X, y, optimizer="lbfgs", epochs=500, l2=l2, regularize_biases=True)
    return fm.Laplace(net, X, y, structure="full")


laplace = trained(0.01)
for _ in range(4):
    laplace = trained(laplace.l2)
print(f"noise {laplace.noise:.3f}, {laplace.n_effective:.1f} of {net.n_parameters} parameters")

x = np.linspace(-2, 2, 401).reshape(-1, 1)
mean, std = (part[:, 0] for part in laplace.predict(x, include_noise=False))
near = np.abs(x - X.T).min(axis=1) < 0.02
far = np.abs(x[:, 0]) > 1.5
print(f"mean deviation: {std[near].mean():.3f} among the samples, {std[far].mean():.3f} far away")

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(X, y, ".", color="grey", markersize=4, label="samples")
ax.plot(x, mean, color="C0", label="network")
for k in (1, 2):
    label = "one and two deviations" if k == 1 else None
    ax.fill_between(x[:, 0], mean - k * std, mean + k * std, color="C0", alpha=0.2, label=label)
ax.set(title="Laplace's approximation", xlabel="x", ylabel="y", ylim=(-4, 4))
ax.legend(loc="upper left")
plt.show()

"""
Polyak averaging of a noisy run
===============================

For those who train with a constant learning rate and want a better end point for free. The weights
of stochastic gradient descent wander about the minimum; their average, which fastmlp keeps with
`average=fm.Polyak(...)`, lies in the middle of the cloud and much closer to it.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
EPOCHS = 100
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 2))
y = X @ [1.0, -2.0] + rng.normal(size=200)
minimum = np.linalg.lstsq(X, y)[0]

net = fm.Network([fm.Dense(1, bias=False)], inputs=2, dtype="float64", init="zeros", seed=0)
average = fm.Polyak("uniform", start=40)  # after the first epoch
trainer = fm.Trainer(net, optimizer=fm.SGD(0.2, average=average), batch_size=5)
iterates: list[NDArray[np.floating]] = []
averages: list[NDArray[np.floating]] = []
for _ in range(EPOCHS):
    trainer.run(X, y)
    iterates.append(trainer.last_parameters.copy())
    averages.append(net.parameters.copy())

figure, (plane, curves) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for name, path, style in (("iterate", iterates, ".:"), ("average", averages, "o-")):
    distance = np.linalg.norm(np.array(path) - minimum, axis=1)
    print(f"{name}: distance from the minimum {distance[50:].mean():.3f} in epochs 51 to {EPOCHS}")
    plane.plot(*np.transpose(path), style, linewidth=0.8, markersize=5, label=name)
    curves.semilogy(range(1, EPOCHS + 1), distance, label=name)
plane.plot(*minimum, "k+", markersize=14, label="minimum")
plane.set(xlabel="w₁", ylabel="w₂")
curves.set(xlabel="epoch", ylabel="distance from the minimum")
plane.legend(loc="upper left")
plt.show()

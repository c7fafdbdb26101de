"""
Delta-bar-delta: a learning rate for every weight
=================================================

For those who want to see why one rate for all weights is a compromise. A linear unit has one weight
in a flat and one in a steep direction. Delta-bar-delta raises a weight's rate by κ while its
gradient keeps its sign and cuts it by the factor 1 - φ when the sign changes: the flat weight ends
with a rate that the steep one could not bear.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
STEPS = 60
X = np.array([[1.0, 0.0], [0.0, 5.0]]) * np.sqrt(2)  # the mean loss is ½ (w₁² + 25 w₂²)
y = np.zeros((2, 1))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
optimizers: dict[str, fm.SGD | fm.DeltaBarDelta] = {
    "gradient descent, rate 0.07": fm.SGD(0.07),
    "delta-bar-delta": fm.DeltaBarDelta(0.01, kappa=0.01, phi=0.1),
}
gains: list[NDArray[np.floating]] = []
for name, optimizer in optimizers.items():
    net = fm.Network([fm.Dense(1, bias=False)], inputs=2, dtype="float64", seed=0)
    net.parameters = [-4.0, 1.0]
    trainer = fm.Trainer(net, optimizer=optimizer, batch_size=2)
    losses: list[float] = []
    for _ in range(STEPS):
        losses.append(trainer.step(X, y))
        if "gain" in trainer.state:
            gains.append(trainer.state["gain"].copy())
    left.semilogy(losses, label=name)
    print(f"{name:28} loss {net.loss(X, y):.1e} after {STEPS} steps")
print(f"learning rates at the end: flat {gains[-1][0]:.3f}, steep {gains[-1][1]:.1e}")
right.semilogy(gains, label=["flat direction", "steep direction"])
right.axhline(2 / 25, color="grey", linestyle=":", label="largest stable rate, steep")
left.set(xlabel="step", ylabel="loss")
right.set(xlabel="step", ylabel="learning rate")
left.legend(loc="lower left")
right.legend(loc="lower left")
plt.show()

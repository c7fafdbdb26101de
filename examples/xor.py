"""
XOR: the perceptron fails, a 2-4-1 network succeeds
===================================================

For those who ask why networks need hidden layers. No line separates the classes of XOR, which
`fm.linearly_separable` knows by linear programming, so the perceptron makes mistakes for ever. Four
hidden units bend the plane, and a line in their space is enough (Minsky & Papert 1969).
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plot

rng = np.random.default_rng(0)
corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
X = np.repeat(corners, 30, axis=0) + 0.2 * rng.normal(size=(120, 2))
y = np.repeat([-1, 1, 1, -1], 30)
print(f"linearly separable: {fm.linearly_separable(X, y)}")

perceptron = fm.Network([2, 1], output="sign", init="zeros", seed=0)
history = perceptron.fit(X, y, optimizer=fm.SGD(1.0), batch_size=1, epochs=100)
print(f"perceptron: {history.advice}")
net = fm.Network([2, 4, 1], activation="tanh", output="tanh", seed=0)
net.fit(X, y, optimizer=fm.LBFGS(), epochs=200)

figure, axes = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
for (name, model), ax in zip({"perceptron": perceptron, "2-4-1": net}.items(), axes, strict=False):
    right = np.count_nonzero(np.sign(model.predict(X)[:, 0]) == y) / len(y)
    print(f"{name}: accuracy {right:.3f}")
    plot.decision_regions(model, X, y, ax=ax)
    ax.set(title=f"{name}, {right:.0%} right", aspect="equal")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
axes[2].plot(range(1, 101), history["mistakes"], color="#0072B2")
axes[2].set(xlabel="epoch", ylabel="mistakes of the perceptron", ylim=(0, 120))
plt.show()

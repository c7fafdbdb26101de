"""
Clipping saves a run
====================

For those whose recurrent network predicts the same for every sequence. A recurrent layer of ReLUs
that starts as the identity (Le, Jaitly & Hinton 2015) learns the adding problem of 20 steps. Its
gradient through the steps can be huge, and one such step of gradient descent destroys the network;
with the gradient clipped to norm 1 (Pascanu, Mikolov & Bengio 2013) the same run learns.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
STEPS, UNITS, N, EPOCHS = 20, 50, 10_000, 15
rng = np.random.default_rng(0)
X = np.zeros((N, STEPS, 2), "float32")
X[..., 0] = rng.uniform(size=(N, STEPS))
for marked in (rng.integers(0, STEPS // 2, N), rng.integers(STEPS // 2, STEPS, N)):
    X[np.arange(N), marked, 1] = 1
y = (X[..., 0] * X[..., 1]).sum(axis=1)

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for seed in range(3):
    for clip_norm, style in ((None, "C2--"), (1.0, "C0-")):
        layers = [fm.Recurrent(UNITS, "relu"), fm.Dense(1)]
        net = fm.Network(layers, inputs=(STEPS, 2), seed=seed)
        net.weights[0][:2] *= 0.1
        net.weights[0][2:] = np.eye(UNITS)
        largest = np.linalg.norm(net.value_and_grad(X, y)[1])
        optimizer = fm.SGD(0.02, momentum=0.9, clip_norm=clip_norm)
        history = net.fit(X, y, optimizer=optimizer, epochs=EPOCHS, batch_size=50)
        errors = 2 * np.array(history["loss"])  # the loss is half of the square
        name = f"clip_norm={clip_norm}"
        print(
            f"{name}, seed {seed}, |gradient| at first {largest:.0f}, mean square error of epochs",
            end="",
        )
        print("".join(f"{error:8.3f}" for error in errors[::7]))
        ax.semilogy(range(1, EPOCHS + 1), errors, style, label=None if seed else name)
ax.set(xlabel="epoch", ylabel="mean square error")
ax.legend(loc="lower left")
plt.show()

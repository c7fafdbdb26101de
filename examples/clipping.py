"""Clipping saves a run: the same recurrent network with and without `clip_norm`.

python examples/clipping.py [--plot FILE]

A recurrent layer of ReLUs that starts as the identity (Le, Jaitly & Hinton 2015) learns the adding
problem of examples/adding.py, of 20 steps. Its gradient through the steps can be huge: one such
step of gradient descent destroys the network, which then answers 1 for all. With the gradient
clipped to norm 1 (Pascanu, Mikolov & Bengio 2013) the same run learns. Takes some seconds.
"""

import argparse

import numpy as np

import fastmlp as fm

parser = argparse.ArgumentParser()
parser.add_argument("--plot", metavar="FILE", help="draw the losses over the epochs")
plot: str | None = parser.parse_args().plot

STEPS, UNITS, N = 20, 50, 10_000
rng = np.random.default_rng(0)
X = np.zeros((N, STEPS, 2), "float32")
X[..., 0] = rng.uniform(size=(N, STEPS))
for marked in (rng.integers(0, STEPS // 2, N), rng.integers(STEPS // 2, STEPS, N)):
    X[np.arange(N), marked, 1] = 1
y = (X[..., 0] * X[..., 1]).sum(axis=1)

losses: dict[str, list[float]] = {}
for seed in range(3):
    for clip_norm in (None, 1.0):
        layers = [fm.Recurrent(UNITS, "relu"), fm.Dense(1)]
        net = fm.Network(layers, inputs=(STEPS, 2), seed=seed)
        net.weights[0][:2] *= 0.1
        net.weights[0][2:] = np.eye(UNITS)
        largest = np.linalg.norm(net.value_and_grad(X, y)[1])
        optimizer = fm.SGD(0.02, momentum=0.9, clip_norm=clip_norm)
        history = net.fit(X, y, optimizer=optimizer, epochs=15, batch_size=50)
        name = f"clip_norm={clip_norm}, seed {seed}"
        losses[name] = history["loss"]
        print(f"{name:24} |gradient| at first {largest:.0f}, mean square error of epochs", end="")
        print("".join(f"{2 * loss:8.3f}" for loss in losses[name][::7]))

if plot:
    from matplotlib.figure import Figure

    figure = Figure((6, 3.5), layout="constrained")
    ax = figure.subplots()
    for name, values in losses.items():
        ax.semilogy(range(1, 16), values, "--" if "None" in name else "-", label=name)
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend()
    figure.savefig(plot, dpi=150)

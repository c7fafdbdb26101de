"""The Hessian of a trained network: its eigenvalues, a few of them large, many near 0.

With matplotlib the spectrum is drawn into spectrum.png. Takes about a second.
"""

import importlib.util

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, (200, 2))
y = np.sin(X[:, :1]) * X[:, 1:]

net = fm.Network([2, 12, 1], activation="tanh", dtype="float64", seed=0)
spectra: dict[str, NDArray[np.floating]] = {
    "before training": np.linalg.eigvalsh(net.hessian(X, y))
}
history = net.fit(X, y, optimizer=fm.LBFGS(), epochs=300)
spectra["after training"] = np.linalg.eigvalsh(net.hessian(X, y))

print(f"loss {history['loss'][0]:.3f} -> {net.loss(X, y):.1e} ({history.status})")
for name, values in spectra.items():
    flat = np.count_nonzero(np.abs(values) < 1e-3 * values[-1]) / len(values)
    print(f"{name:<15} from {values[0]:.4f} to {values[-1]:.3f}, {flat:.0%} nearly flat")
ends = net.hessian_spectrum(X, y, 2)
print("by Lanczos' method:", ends.smallest.round(4), ends.largest.round(3))

if importlib.util.find_spec("matplotlib"):
    from matplotlib.figure import Figure

    figure = Figure((6, 3.5), layout="constrained")
    ax = figure.subplots()
    for name, values in spectra.items():
        ax.plot(values, marker=".", linestyle="", label=name)
    ax.set(xlabel="number", ylabel="eigenvalue", yscale="symlog")
    ax.legend(loc="upper right")
    figure.savefig("spectrum.png", dpi=150)

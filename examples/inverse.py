"""
An inverse problem by the Levenberg–Marquardt method
====================================================

For those who fit parameters of a simulation to measurements. A network learns the angles of a
damped pendulum at 12 times from its length and friction. `fm.least_squares` finds both from noisy
angles with the network's Jacobian, so quickly that 200 repetitions show how sure the estimates are.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
Array = NDArray[np.floating]
MIDDLE, WIDTH = np.array([1.25, 0.5]), np.array([0.75, 0.5])  # of length (m) and friction (1/s)
NOISE, TRUE, times = 0.05, np.array([1.3, 0.4]), np.linspace(0.3, 3.6, 12)


def pendulum(x: Array) -> Array:
    """Angles (..., 12) of pendulums MIDDLE + WIDTH x (..., 2), from rest at 1.5 rad."""
    length, friction = (MIDDLE + WIDTH * x).T
    angle, speed, angles = 1.5, np.zeros_like(length), list[Array]()
    for _ in range(360):
        speed = speed - 0.01 * (9.81 / length * np.sin(angle) + friction * speed)
        angle = angle + 0.01 * speed
        angles.append(angle)
    return np.array(angles[29::30]).T


rng = np.random.default_rng(0)
X, X_new = rng.uniform(-1, 1, (400, 2)), rng.uniform(-1, 1, (400, 2))
net = fm.Network([2, 24, 12], activation="tanh", dtype="float64", seed=0)
net.fit(X, pendulum(X), optimizer=fm.LevenbergMarquardt(), epochs=60)
error = np.sqrt(2 * net.loss(X_new, pendulum(X_new)) / len(times))
print(f"error of the network {error:.4f} rad on new pendulums, of the measurements {NOISE} rad")


def estimate(angles: Array) -> Array:
    result = fm.least_squares(lambda x: net.predict(x) - angles, [0, 0], net.jacobian)
    return MIDDLE + WIDTH * result.w


measured = pendulum((TRUE - MIDDLE) / WIDTH) + NOISE * rng.normal(size=(200, len(times)))
estimates = [estimate(angles) for angles in measured]
for name, column, true in zip(("length", "friction"), np.array(estimates).T, TRUE, strict=True):
    print(f"{name} {true}: estimates {column.mean():.3f} ± {column.std():.3f}")
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.plot(times, measured[0], "ko", label="measured")
left.plot(times, net.predict((estimates[0] - MIDDLE) / WIDTH), label="fitted")
left.set(xlabel="time (s)", ylabel="angle (rad)")
right.plot(*np.transpose(estimates), ".", label="estimates")
right.plot(*TRUE, "k+", markersize=14, label="truth")
right.set(xlabel="length (m)", ylabel="friction (1/s)")
left.legend(loc="upper right")
right.legend(loc="upper left")
plt.show()

"""
Reinforcement learning: balance a pole
======================================

For those whose gradient does not come from a loss. A cart is pushed left or right to keep a pole
upright (Barto, Sutton & Anderson 1983). REINFORCE makes pushes more probable that were followed by
more steps than usual; its gradient goes through `trainer.forward` and `trainer.backward`.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
Array = NDArray[np.float64]
CARTS, UPDATES, LIMIT, DISCOUNT = 32, 60, 300, 0.99
rng, sigmoid = np.random.default_rng(0), fm.Sigmoid()
net = fm.Network([4, 32, 1], activation="tanh", seed=0)  # logit of a push to the right
trainer = fm.Trainer(net, optimizer=fm.Adam(1e-2))


def move(state: Array, right: NDArray[np.bool]) -> Array:
    """States (n, 4): position, speed, angle and its speed, 0.02 s later, by Euler's method."""
    speed, sin, cos, spin = state[:, 1], np.sin(state[:, 2]), np.cos(state[:, 2]), state[:, 3]
    push = (np.where(right, 10.0, -10.0) + 0.05 * spin**2 * sin) / 1.1
    turn = (9.8 * sin - push * cos) / (2 / 3 - 0.05 * cos**2 / 1.1)
    push -= 0.05 * turn * cos / 1.1
    return state + 0.02 * np.array([speed, push, spin, turn]).T


lengths: list[float] = []
figure, (curve, poles) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for update in range(UPDATES):
    state, up = rng.uniform(-0.05, 0.05, (CARTS, 4)), np.ones(CARTS, bool)
    history: list[tuple[Array, NDArray[np.bool], NDArray[np.bool]]] = []
    while up.any() and len(history) < LIMIT:
        right = rng.random(CARTS) < sigmoid(net.predict(state)[:, 0])
        history.append((state, right, up))
        state = move(state, right)
        up = up & (np.abs(state[:, 0]) < 2.4) & (np.abs(state[:, 2]) < np.pi / 15)
    states, pushes, ups = (np.array(each) for each in zip(*history, strict=True))
    lengths.append(ups.sum() / CARTS)
    returns = ups.astype(float)
    for t in range(len(ups) - 2, -1, -1):
        returns[t] += DISCOUNT * returns[t + 1]
    advantage = (returns[ups] - returns[ups].mean()) / returns[ups].std()
    p = sigmoid(trainer.forward(states[ups])[:, 0])
    trainer.apply(trainer.backward((advantage * (p - pushes[ups]) / len(p)).reshape(-1, 1)))
    if update in (0, UPDATES - 1):
        angles = np.where(ups, np.degrees(states[..., 2]), np.nan)
        poles.plot(angles[:, :8], "C0" if update else "C2", linewidth=0.8)
print(f"mean length of an episode: at first {lengths[0]:.0f}, at last {np.mean(lengths[-5:]):.0f}")
curve.plot(lengths)
curve.set(xlabel="update", ylabel=f"steps until the pole falls (at most {LIMIT})")
poles.set(xlabel="step", ylabel="angle of the pole (degrees)", ylim=(-14, 18))
poles.legend(poles.lines[::15], ["first update", "last update"], loc="upper right")
plt.show()

"""Write optax.npz: 200 steps of optax in float64 on two functions and a 4-5-3 net, every 20th kept.

Run `python make_optax.py` where optax and jax are installed (made with optax 0.2.8, jax 0.10.2).
"""

from __future__ import annotations

import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)
STEPS, EVERY = 200, 20

rng = np.random.default_rng(11)
X, classes = rng.normal(size=(24, 4)), rng.integers(0, 3, 24)


def bowl(w):
    return w[0] ** 2 + 4 * w[1] ** 2


def rosenbrock(w):
    return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2


def net(w):
    """Softmax with cross-entropy over a hidden tanh; per layer W (n_out, n_in) by rows, then b."""
    hidden = jnp.tanh(X @ w[:20].reshape(5, 4).T + w[20:25])
    logits = hidden @ w[25:40].reshape(3, 5).T + w[40:]
    return optax.softmax_cross_entropy_with_integer_labels(logits, classes).mean()


PROBLEMS = {
    "bowl": (bowl, np.array([2.0, -1.5])),
    "rosenbrock": (rosenbrock, np.array([-1.2, 1.0])),
    "net": (net, 0.5 * rng.normal(size=43)),
}
RULES = {
    "lion": optax.lion(0.003, 0.9, 0.99, weight_decay=0.0),
    "lion_decay": optax.lion(0.003, 0.8, 0.95, weight_decay=0.1),
    "rmsprop_nesterov": optax.rmsprop(
        0.0003, decay=0.99, eps=1e-3, momentum=0.8, nesterov=True, eps_in_sqrt=False
    ),
    "adam_inside": optax.adam(0.01, eps=0.0, eps_root=1e-4),
    "sgd_nesterov": optax.sgd(0.0002, momentum=0.9, nesterov=True),
}
SCHEDULES = {
    "polynomial_decay": optax.polynomial_schedule(0.3, 0.01, power=2.0, transition_steps=40),
    "cosine_decay": optax.cosine_decay_schedule(0.3, 40, alpha=0.1),
    "exponential_decay": optax.exponential_decay(0.3, 1, np.exp(-0.05)),
}


def paths(rule, fun, w):
    """The iterates, and their average by optax.ema with its correction (discount 0.9)."""
    state, ema = rule.init(w), optax.ema(0.9, debias=True)
    ema_state, iterates, averages = ema.init(w), [w], [w]

    @jax.jit
    def step(w, state, ema_state):
        updates, state = rule.update(jax.grad(fun)(w), state, w)
        w = optax.apply_updates(w, updates)
        average, ema_state = ema.update(w, ema_state)
        return w, state, ema_state, average

    for _ in range(STEPS):
        w, state, ema_state, average = step(w, state, ema_state)
        iterates.append(w)
        averages.append(average)
    return np.array(iterates)[::EVERY], np.array(averages)[::EVERY]


def main() -> None:
    data = {"X": X, "classes": classes}
    for name, rule in RULES.items():
        for problem, (fun, w0) in PROBLEMS.items():
            iterates, averages = paths(rule, fun, jnp.array(w0))
            data[f"{name}/{problem}"] = iterates
            if name == "sgd_nesterov":
                data[f"average/{problem}"] = averages
    for name, schedule in SCHEDULES.items():
        data[f"schedule/{name}"] = np.array([float(schedule(k)) for k in range(60)])
    np.savez_compressed(pathlib.Path(__file__).with_name("optax.npz"), **data)


if __name__ == "__main__":
    main()

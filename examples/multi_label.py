"""
Several labels for each sample, some of them rare
=================================================

For those whose samples have any number of labels. One sigmoid output for each of six labels, the
rarest of which 3 % of the samples have, learns too seldom to say yes. `class_weight="balanced"`
gives the positive and the negative samples of each label the same weight in all, so that most of
the rare ones are found; in return more of what is found is wrong.
"""

from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
SHARES = np.array([0.5, 0.3, 0.2, 0.1, 0.05, 0.03])  # of the samples that have a label

rng = np.random.default_rng(0)
X = rng.normal(size=(6000, 12))
scores = np.tanh(X @ rng.normal(size=(12, 12))) @ rng.normal(size=(12, 6))
scores += 0.5 * rng.normal(size=scores.shape)
ranks = scores.argsort(axis=0).argsort(axis=0)
y = (ranks >= (1 - SHARES) * len(X)).astype(float)
fit, test = slice(0, 4000), slice(4000, None)

CHOICES: dict[str, Literal["balanced"] | None] = {"equal": None, "balanced": "balanced"}
found: dict[str, NDArray[np.floating]] = {}
for name, weights in CHOICES.items():
    net = fm.Network([12, 64, 6], output="sigmoid", seed=0)
    history = net.fit(
        *(X[fit], y[fit]),
        class_weight=weights,
        epochs=30,
        metrics=["f1", "auc"],
        validation_data=(X[test], y[test]),
    )
    yes = net.predict(X[test]) > 0.5
    recall = (yes & (y[test] == 1)).sum(axis=0) / y[test].sum(axis=0)
    precision = (yes & (y[test] == 1)).sum(axis=0) / yes.sum(axis=0)
    found[name] = recall
    print(f"{name:8} weights: rarest label found {recall[-1]:.0%}, right {precision[-1]:.0%}")
    print(
        f"{name:8} weights: mean F1 {history['val_f1'][-1]:.3f}, AUC {history['val_auc'][-1]:.3f}"
    )

figure, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for shift, (name, recall) in zip((-0.2, 0.2), found.items(), strict=True):
    ax.bar(np.arange(6) + shift, recall, width=0.4, label=f"{name} weights")
ax.set_xticks(np.arange(6), [f"{share:.0%}" for share in SHARES])
ax.set(xlabel="samples that have the label", ylabel="share of them that is found")
ax.legend()
plt.show()

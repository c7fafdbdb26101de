"""Names in pickles: those of public objects are stable, and those of 0.1.0 still resolve."""

from __future__ import annotations

import importlib
import pickle
import pickletools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import fastmlp as fm

CLASSES = [cls for name in fm.__all__ if isinstance(cls := getattr(fm, name), type)]
MODULES_OF_0_1_0 = {
    "callbacks": ("Callback", "EarlyStopping", "ReduceOnPlateau"),
    "history": ("History",),
    "layers": ("Dense", "Dropout", "GaussianNoise"),
    "minimize": ("Result", "minimize"),
    "network": ("Network",),
    "rate_finder": ("LearningRateCurve", "find_learning_rate"),
    "status": ("TrainingWarning",),
    "trainer": ("Trainer",),
}
OLD_NAMES = [(module, name) for module, names in MODULES_OF_0_1_0.items() for name in names]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_public_classes_have_public_names(cls: type) -> None:
    assert cls.__module__ in ("fastmlp", "fastmlp._core")
    assert pickle.loads(pickle.dumps(cls)) is cls


def test_names_of_seldom_used_modules_are_there_before_these_are_imported() -> None:
    code = """
import pickle, sys
import fastmlp as fm
modules = {f"fastmlp.{module}": names for module, names in fm._ON_DEMAND.items()}
assert len(modules) == 14 and not modules.keys() & sys.modules.keys()
assert all({*names} <= {*dir(fm)} & {*fm.__all__} for names in modules.values())
curve = pickle.loads(b"cfastmlp.rate_finder\\nLearningRateCurve\\n.")
assert curve is fm.LearningRateCurve and curve.__module__ == "fastmlp"
assert modules.keys() & sys.modules.keys() == {"fastmlp._fit.lr_finder"}
fm.least_squares
import fastmlp.minimize
assert callable(fm.minimize) and fm.Result.__module__ == "fastmlp"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="module 'fastmlp' has no attribute 'minimise'"):
        fm.minimise  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(("module", "name"), OLD_NAMES)
def test_names_of_0_1_0_resolve(module: str, name: str) -> None:
    reference = f"cfastmlp.{module}\n{name}\n.".encode()  # as protocol 0 writes it
    assert pickle.loads(reference) is getattr(fm, name)
    assert getattr(importlib.import_module(f"fastmlp.{module}"), name) is getattr(fm, name)


def test_the_trainer_of_a_fit_of_0_1_0_is_a_trainer() -> None:
    assert pickle.loads(b"cfastmlp.trainer\nFit\n.") is fm.Trainer
    assert pickle.loads(b"cfastmlp.views\nViews\n.") is type(fm.Network([1, 1]).weights)


def test_new_pickles_contain_no_private_modules_but_the_core() -> None:
    class Keeps:
        def set_trainer(self, trainer: Any) -> None:
            self.trainer = trainer

    keeps, stopping = Keeps(), fm.EarlyStopping("loss")
    net = fm.Network([fm.Dense(2, "relu"), fm.Dropout(0.1), fm.Dense(1)], inputs=1, seed=0)
    history = net.fit(np.ones((4, 1)), np.ones(4), epochs=2, callbacks=[keeps, stopping])
    result = fm.minimize(lambda w: (w @ w, 2 * w), [1.0], steps=1)
    objects = (net, net.layers, history, stopping, keeps.trainer, result)
    text = pickle.dumps(objects)
    strings = {arg for _, arg, _ in pickletools.genops(text) if isinstance(arg, str)}
    modules = {string for string in strings if string.startswith("fastmlp")}
    assert (
        {"fastmlp"} <= modules <= {"fastmlp", "fastmlp._core", "fastmlp.network", "fastmlp.trainer"}
    )
    assert pickle.loads(text)[2].status == history.status

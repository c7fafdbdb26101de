"""Files of format 1, as they were first written, are read by this version and written the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from data.files_1 import make
from fastmlp import _core
from file_cases import bits, data, parts


def specification(path: Path) -> Any:
    return json.loads(parts(path)[0]["__metadata__"]["specification"])


def file(name: str) -> Path:
    return make.FOLDER / f"{name}.safetensors"


@pytest.mark.parametrize("name", make.NETWORKS)
def test_networks_are_what_they_were(name: str, tmp_path: Path) -> None:
    found: Any = fm.load(file(name))
    made: Any = make.NETWORKS[name]()
    assert bits(found) == bits(made)
    assert found.layers == made.layers
    found.save(tmp_path / "again")
    assert parts(tmp_path / "again")[1] == parts(file(name))[1]
    assert specification(tmp_path / "again") == specification(file(name))


def test_attributes_are_what_they_were() -> None:
    found: Any = fm.load(file("dense"))
    assert found.note == {"unit": "m²", "bound": np.inf}
    assert found.scale.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.scale.dtype == np.int32
    assert found.classes.tolist() == ["no", "yes"]


@pytest.mark.parametrize("name", make.TRAINERS)
@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
def test_trainers_are_what_they_were_and_go_on(name: str, tmp_path: Path) -> None:
    found, made = fm.Trainer.load(file(name)), make.TRAINERS[name]()
    assert repr(found) == repr(made)
    assert bits(found.network) == bits(made.network)
    assert {n: v.tobytes() for n, v in found.state.items()} == {
        n: v.tobytes() for n, v in made.state.items()
    }
    found.save(tmp_path / "again")
    assert parts(tmp_path / "again")[1] == parts(file(name))[1]
    assert specification(tmp_path / "again") == specification(file(name))
    X, y = data(found.network)
    y = np.where(y > 0, 1.0, 0.0)
    if getattr(found.loss, "labels_pm1", False):
        y = 2 * y - 1
    for one in (found, made):
        one.run(X, y, epochs=2)
    np.testing.assert_array_equal(found.network.parameters, made.network.parameters)


def test_every_layer_and_optimizer_has_a_file() -> None:
    layers = {type(layer) for name in make.NETWORKS for layer in fm.load(file(name)).layers}
    assert layers == set(_core.layers.values())
    assert set(make.TRAINERS) == {*_core.optimizers, *_core.methods}
    activations = {type(layer.activation) for layer in fm.load(file("activations")).layers}
    assert activations == set(_core.activations.values()) - {fm.Softmax}

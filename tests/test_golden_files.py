"""Files of format 1, as they were first written, are read by this version and written the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from data.files_1 import make
from data.files_1.make import file
from fastmlp import _core
from fastmlp._io import container
from fastmlp._io.members import FAMILIES
from file_cases import bits, data, parts


def specification(path: Path) -> Any:
    return json.loads(parts(path)[0]["__metadata__"]["specification"])


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
    if isinstance(found.loss, fm.GaussianNLL):
        y = y[:, :1]
    for one in (found, made):
        one.run(X, y, epochs=2)
    np.testing.assert_array_equal(found.network.parameters, made.network.parameters)


def test_a_checkpoint_is_gone_on_from(tmp_path: Path) -> None:
    """From epoch 3 as if never stopped, up to rounding of other machines."""
    path = tmp_path / "run"
    path.write_bytes(file("run").read_bytes())
    found, made = make.run(9, path), make.run(9, None)
    assert found.epochs_trained == made.epochs_trained == 16
    np.testing.assert_allclose(found.parameters, made.parameters, rtol=1e-5, atol=1e-6)
    assert found.history is not None
    np.testing.assert_allclose(found.history["loss"], made.history["loss"], rtol=1e-5)  # type: ignore[index]
    assert found.history["loss"][:3] == fm.load(file("run")).history["loss"]  # type: ignore[index]


def test_an_estimator_is_what_it_was(tmp_path: Path) -> None:
    """Its probabilities are those of its tensors."""
    estimators = pytest.importorskip("fastmlp.sklearn")
    one = estimators.MLPClassifier.load(file("classifier"))
    X, _ = make.samples()
    _, tensors = container.unpack(file("classifier").read_bytes())
    hidden = np.maximum(X @ tensors["coefs_.0"] + tensors["intercepts_.0"], 0)
    yes = 1 / (1 + np.exp(-(hidden @ tensors["coefs_.1"] + tensors["intercepts_.1"])))
    np.testing.assert_allclose(one.predict_proba(X)[:, 1:], yes, rtol=1e-12)
    assert one.classes_.tolist() == ["no", "yes"]
    assert one.loss_curve_ == tensors["loss_curve_"].tolist()
    assert one.get_params() == make.classifier().get_params()
    one.save(tmp_path / "again")
    again = specification(tmp_path / "again")
    network = again["estimator"]["_model"]["dict"].pop("network")["dict"]  # which files had not
    assert (network["inputs"], network["dtype"]) == (one.n_features_in_, "float64")
    assert again == specification(file("classifier"))
    one.partial_fit(X, one.predict(X))


def members(values: Any, key: str = "") -> set[tuple[str, str]]:
    """The (family, name) of all members in a specification."""
    if isinstance(values, list):
        return set().union(*(members(value, key) for value in values))
    if not isinstance(values, dict):
        return set()
    own = {(key, values["name"])} if "name" in values else set()
    return own.union(*(members(value, name) for name, value in values.items()))


def test_every_member_of_every_family_has_a_file() -> None:
    found = set().union(*(members(specification(file(name))) for name in make.OBJECTS))
    for family in FAMILIES.values():
        names = {name for key, name in found if FAMILIES[key] == family}
        assert names == set(family)
    layers = {type(layer) for name in make.NETWORKS for layer in fm.load(file(name)).layers}
    assert layers == set(_core.layers.values())

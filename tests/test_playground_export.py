"""What the playground exports computes what it shows."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.playground._choices import ACTIVATIONS, FEATURES
from fastmlp.playground._export import exported
from fastmlp.playground._model import Model
from fastmlp.playground._session import Session
from fastmlp.playground._state import State

EVERY_FEATURE = "&".join(
    f"{key}=true" for key in ("xSquared", "ySquared", "xTimesY", "sinX", "sinY")
)


def trained(text: str) -> Model:
    model = Model(State.parse(text))
    model.train(2)
    return model


@pytest.mark.parametrize("shape", ["", "3", "4,2"])
@pytest.mark.parametrize("seed", ["1", 'a"""\\', "{x}", "\0\n"])
def test_the_program_for_fastmlp_has_the_same_outputs(shape: str, seed: str) -> None:
    model = trained(f"seed={seed}&networkShape={shape}&{EVERY_FEATURE}")
    name, text = exported(model, "fastmlp").values()
    assert name == "playground_fastmlp.py"
    names: dict[str, object] = {}
    exec(compile(text, name, "exec"), names)
    outputs = names["predict"](*model.points[:, :2].T)  # type: ignore[operator]
    np.testing.assert_array_equal(outputs, model.network.predict(model._inputs)[:, 0])


@pytest.mark.parametrize("problem", ["classification", "regression"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_program_for_torch_has_the_same_outputs(activation: str, problem: str) -> None:
    torch = pytest.importorskip("torch")
    model = trained(f"seed=1&activation={activation}&problem={problem}&sinX=true")
    names: dict[str, object] = {}
    exec(exported(model, "torch")["text"], names)
    outputs = names["predict"](*torch.tensor(model.points[:, :2].T))  # type: ignore[operator]
    expected = model.network.predict(model._inputs)[:, 0]
    np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-14)


def test_json_has_all_numbers() -> None:
    model = trained(f"seed=1&{EVERY_FEATURE}")
    told = json.loads(exported(model, "json")["text"])
    assert (State.parse(told["hash"]), told["epoch"]) == (model.state, 2)
    assert told["features"] == list(FEATURES)
    flat = [
        value
        for layer in told["layers"]
        for value in [*np.ravel(layer["weights"]), *layer["biases"]]
    ]
    np.testing.assert_array_equal(flat, model.network.parameters)
    assert [layer["activation"] for layer in told["layers"]] == ["tanh", "tanh", "tanh"]


TEXTS = {
    "layers": "seed=1&networkShape=4,3&activations=relu,softmax&dropout=0.2&inputNoise=0.1",
    "classes": "seed=1&classes=4&dataset=gauss",
    "hinge": "seed=1&classes=4&dataset=gauss&loss=hinge",
    "chances": "seed=1&loss=binary_cross_entropy&sinX=true",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_programs_have_the_layers_and_outputs_of_the_network(text: str) -> None:
    torch = pytest.importorskip("torch")
    model = trained(text)
    expected = model.network.predict(model._inputs)
    expected = expected if model.state.has_classes else expected[:, 0]
    for form, points in ("fastmlp", model.points), ("torch", torch.tensor(model.points)):
        names: dict[str, object] = {}
        exec(exported(model, form)["text"], names)
        outputs = names["predict"](*points[:, :2].T)  # type: ignore[operator]
        np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_file_is_the_network(text: str, tmp_path: Path) -> None:
    model = trained(text)
    told = exported(model, "safetensors")
    assert told["file"] == "playground.safetensors"
    path = tmp_path / told["file"]
    path.write_bytes(base64.b64decode(told["base64"]))
    network = fm.load(path)
    assert isinstance(network, fm.Network)
    assert network.layers == model.network.layers
    np.testing.assert_array_equal(network.parameters, model.network.parameters)


def test_a_session_exports() -> None:
    session = Session("seed=1")
    told = session.control({"action": "export", "form": "json"})
    assert told["file"] == "playground_json.json"
    assert json.loads(told["text"])["epoch"] == 0
    with pytest.raises(
        ValueError, match="form='exe', expected one of fastmlp, torch, json, safetensors"
    ):
        session.control({"action": "export", "form": "exe"})

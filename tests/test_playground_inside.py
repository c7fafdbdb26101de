"""What the playground tells about the inside of a network, against plain formulas."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp.playground._inside import (
    MAX_SPECTRUM,
    N_STEPS,
    layers_of,
    spectrum_of,
    surface_of,
)
from fastmlp.playground._json import encoded
from fastmlp.playground._model import Model
from fastmlp.playground._session import Session
from fastmlp.playground._state import State
from playground_client import new_session, request, serving
from test_playground_session import frame


def model_of(text: str, epochs: int = 0) -> Model:
    model = Model(State.parse(text))
    model.train(epochs)
    return model


def test_norms_of_layers_are_those_of_the_gradient_and_the_weights() -> None:
    model = model_of("seed=1&networkShape=5,3&classes=3", 2)
    X, y = model.training_data()
    network, found = model.network, layers_of(model)
    _, gradient = network.value_and_grad(X, y, loss="cross_entropy")
    parts = np.split(gradient, [15, 33]), np.split(network.parameters, [15, 33])
    for report, slope, weights in zip(found, *parts, strict=True):
        assert report["gradient"] == pytest.approx(np.linalg.norm(slope), rel=1e-12)
        assert report["weights"] == pytest.approx(np.linalg.norm(weights), rel=1e-12)
    total = np.hypot.reduce([report["gradient"] for report in found])
    assert total == pytest.approx(np.linalg.norm(gradient))


def test_dead_units_are_counted() -> None:
    model = model_of("seed=1&activation=relu&networkShape=4,4")
    model.network.biases[0][:3] = -1e3  # type: ignore[index]
    first, second, _ = layers_of(model)
    assert (first["dead"], first["saturated"]) == (0.75, 0)
    assert "of the units are dead" in first["said"]
    assert second["dead"] < 0.5
    model.network.biases[0][1:3] = 1.0  # type: ignore[index]
    assert layers_of(model)[0]["dead"] == 0.25
    assert layers_of(model)[0]["said"] == ""


def test_saturation_vanishing_and_exploding_are_said() -> None:
    shape = "&networkShape=6,6,6,6,6,6,6,6"
    healthy = layers_of(model_of(f"seed=1&activation=tanh{shape}"))
    assert [report["said"] for report in healthy] == [""] * 9
    model = model_of(f"seed=1&activation=sigmoid{shape}")
    model.network.parameters *= 0.001
    told = [report["said"] for report in layers_of(model)]
    assert all("the gradient is vanishing" in text for text in told[:7])
    model = model_of(f"seed=1&activation=linear{shape}&problem=regression")
    model.network.parameters *= 1e4
    assert "the gradient is exploding" in layers_of(model)[0]["said"]
    model = model_of("seed=1&networkShape=4")
    model.network.weights[0][:] *= 20
    report = layers_of(model)[0]
    assert "outputs are saturated" in report["said"]
    assert report["saturated"] == model.network.diagnose(*model.training_data()).layers[0].saturated


def test_frames_have_the_report_on_request() -> None:
    session = Session("seed=1")
    told = frame(session, layers=True).head["layers"]
    assert told == json.loads(json.dumps(layers_of(session._model)))
    assert "layers" not in frame(session).head
    with pytest.raises(TypeError, match="layers=1"):
        session.frame({"layers": 1})


def axes_of(moves: Any) -> Any:
    return np.linalg.svd(moves, full_matrices=False)[2][:2]


@pytest.mark.parametrize("text", ["seed=1", "seed=1&classes=3", "seed=1&loss=hinge&problem=x"])
def test_the_surface_is_the_loss_on_the_plane_of_the_path(text: str) -> None:
    session = Session(text)
    for _ in range(6):
        session.frame({"epochs": 5})
    told = session.control({"action": "surface"})
    model, (path,) = session._model, session._race.paths
    here = model.network.parameters.copy()
    axes = axes_of(np.array(path) - here)
    X, y = model.training_data()
    assert told["points"] == 250
    points = np.array(told["paths"][0])
    assert points.shape == (7, 2)
    np.testing.assert_allclose(points[-1], 0, atol=1e-9)
    np.testing.assert_allclose(np.abs(points), np.abs((np.array(path) - here) @ axes.T), atol=1e-5)
    assert 0.9 < told["share"] <= 1
    losses = np.array(told["losses"])
    assert losses.shape == (N_STEPS, N_STEPS)
    signs = np.sign(np.sum(points * ((np.array(path) - here) @ axes.T), axis=0))
    for i, j in (0, 0), (0, 50), (50, 0), (13, 37):
        a = np.linspace(*told["x"], N_STEPS)[i] * signs[0]
        b = np.linspace(*told["y"], N_STEPS)[j] * signs[1]
        network = model.network.copy()
        network.parameters = here + a * axes[0] + b * axes[1]
        assert losses[i, j] == pytest.approx(network.loss(X, y, loss=model.state.loss_name), 1e-4)
    np.testing.assert_array_equal(model.network.parameters, here)
    for (low, high), values in zip((told["x"], told["y"]), points.T, strict=True):
        assert low < values.min() <= values.max() < high
        assert high - low >= 2 - 1e-9


def test_a_surface_without_a_path_takes_random_directions() -> None:
    model = model_of("seed=1")
    told = surface_of(model, [[model.network.parameters.copy()]])
    assert np.array(told["losses"]).std() > 0
    assert (told["share"], told["paths"]) == (0, [[[0, 0]]])


def test_the_paths_of_both_networks_lie_in_one_plane() -> None:
    session = Session("seed=1&rivalOptimizer=adam")
    for _ in range(4):
        session.frame({"epochs": 3})
    first, second = session.control({"action": "surface"})["paths"]
    assert first[0] == pytest.approx(second[0])
    assert first[-1] != pytest.approx(second[-1])


def test_the_spectrum_has_all_eigenvalues_of_the_hessian() -> None:
    model = model_of("seed=1&networkShape=3", 5)
    told = spectrum_of(model)
    X, y = model.training_data()
    w, step = model.network.parameters, 1e-5
    rows = []
    for k in range(len(w)):  # differences of gradients
        sides = []
        for sign in (1, -1):
            w[k] += sign * step
            sides.append(model.network.value_and_grad(X, y, loss="squared_error")[1])
            w[k] -= sign * step
        rows.append((sides[0] - sides[1]) / (2 * step))
    hessian = np.array(rows)
    expected = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    np.testing.assert_allclose(told["values"], expected, rtol=1e-4, atol=1e-8)
    gradient = model.network.value_and_grad(X, y, loss="squared_error")[1]
    assert told["gradient"] == pytest.approx(np.linalg.norm(gradient))
    assert len(told["values"]) == model.network.n_parameters


@pytest.mark.parametrize(
    ("name", "shape", "most"), [("surface", "256,256", 20_000), ("spectrum", "20,20", MAX_SPECTRUM)]
)
def test_large_networks_are_refused(name: str, shape: str, most: int) -> None:
    session = Session(f"seed=1&networkShape={shape}")
    with pytest.raises(ValueError, match=f"needs a network of at most {most} parameters, not"):
        session.control({"action": name})


def test_numbers_that_are_not_finite_are_null() -> None:
    model = model_of("seed=1&activation=relu&problem=regression")
    model.network.parameters[:] = 1e200
    losses = surface_of(model, [[model.network.parameters.copy()]])["losses"]
    assert all(value is None for row in losses for value in row)


def strict(text: str | bytes) -> Any:
    """A value from JSON as browsers read it."""
    return json.loads(text, parse_constant=pytest.fail)


DIVERGING = [
    "problem=regression&activation=linear&learningRate=100&networkShape=8,8,8,8",
    "problem=regression&activation=linear&learningRate=3&networkShape=8,8"
    "&rivalOptimizer=sgd&rivalLearningRate=1000",
    "activation=relu&learningRate=1000&networkShape=8&classes=3",
]


@pytest.mark.parametrize("text", DIVERGING)
@pytest.mark.parametrize("huge", [False, True])
def test_after_a_divergence_all_that_is_sent_is_json(text: str, huge: bool) -> None:
    """With null for what is not finite, and no warnings in the terminal of the server."""
    with serving() as server:
        name = new_session(server, f"seed=1&{text}")
        if huge:
            server.sessions[name]._model.network.parameters[:] = 1e200
        for _ in range(4):
            message = {"session": name, "epochs": 3, "layers": True}
            status, _, data = request(server, "POST", "/frame", json.dumps(message).encode())
            assert status == 200
            head = strict(data[4 : 4 + int.from_bytes(data[:4], "little")])
        assert not huge or head["layers"][0]["gradient"] is None
        for given in ({"action": "surface"}, {"action": "spectrum"}, {"action": "describe"},
                      {"action": "export", "form": "json"}):  # fmt: skip
            message = {"session": name, **given}
            status, _, data = request(server, "POST", "/control", json.dumps(message).encode())
            assert (status, strict(data) is None) == (200, False)


def test_a_message_has_null_for_numbers_that_are_not_finite() -> None:
    told = {"a": [1.5, (np.nan, {"b": np.float64(-np.inf)})], "c": None, "d": "NaN", "e": True}
    expected = {"a": [1.5, [None, {"b": None}]], "c": None, "d": "NaN", "e": True}
    assert strict(encoded(told)) == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_native_surface_is_the_loss_at_each_point(dtype: Any) -> None:
    network = fm.Network([2, 3, 1], output="tanh", dtype=dtype, seed=0)
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(9, 2)).astype(dtype), draw.normal(size=(9, 1)).astype(dtype)
    axes = draw.normal(size=(2, network.n_parameters)).astype(dtype)
    steps = np.array([[-1.0, 0.5, 2.0], [0.0, 0.25, -3.0]])
    found = network._native.loss_surface(X, y, fm.SquaredError(), axes, steps)
    start = network.parameters.copy()
    for i, a in enumerate(steps[0]):
        for j, b in enumerate(steps[1]):
            network.parameters = start + a * axes[0] + b * axes[1]
            expected = network.loss(X, y)
            assert found[i, j] == pytest.approx(expected, rel=1e-6 if dtype == "float32" else 1e-13)
    for bad in (axes[:1], steps), (axes, steps[:1]), (axes[:, :-1].copy(), steps):
        with pytest.raises(ValueError, match="axes"):
            network._native.loss_surface(X, y, fm.SquaredError(), *bad)

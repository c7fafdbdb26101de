"""Files of networks and trainers: everything comes back, and other readers see the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import fastmlp as fm
from fastmlp import _core
from file_cases import OPTIMIZERS, bits, data, parts, random_net

safetensors = pytest.importorskip("safetensors.numpy")


def halved(epoch: int) -> float:
    return 0.1 * 0.5**epoch


def squares(outputs: Any, y: Any) -> tuple[Any, Any]:
    return ((outputs - y) ** 2).mean(axis=1), 2 * (outputs - y) / y.shape[1]


@pytest.mark.parametrize("seed", range(200))
def test_a_network_comes_back_and_safetensors_reads_the_same(tmp_path: Path, seed: int) -> None:
    """Tensors of the documented names, orders and shapes, together all parameters."""
    net, path = random_net(seed), tmp_path / "model"
    net.save(path)
    assert bits(fm.load(path)) == bits(net)
    found = safetensors.load_file(path)
    directions = [
        (place, direction)
        for place, layer in enumerate(net.layers)
        for direction in ("", "_reverse")[: getattr(layer, "bidirectional", False) + 1]
        if layer.has_parameters
    ]
    expected = {}
    for (place, direction), weight, bias in zip(directions, net.weights, net.biases, strict=True):
        if not isinstance(net.layers[place], fm.Tied):
            expected[f"layers.{place}.weight{direction}"] = np.moveaxis(weight, -1, 0)
        if bias is not None:
            expected[f"layers.{place}.bias{direction}"] = bias
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert found[name].dtype == net.dtype
        np.testing.assert_array_equal(found[name], values)
    assert sum(values.size for values in found.values()) == net.n_parameters


@pytest.mark.parametrize("seed", range(200))
def test_torch_reads_the_same(tmp_path: Path, seed: int) -> None:
    torch_reader = pytest.importorskip("safetensors.torch")
    pytest.importorskip("torch")
    net, path = random_net(seed), tmp_path / "model"
    net.save(path)
    for name, values in safetensors.load_file(path).items():
        np.testing.assert_array_equal(torch_reader.load_file(path)[name].numpy(), values)


def test_weights_are_those_of_torchs_linear(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    reader = pytest.importorskip("safetensors.torch")
    net = fm.Network([3, 4, 2], activation="relu", seed=0)
    net.save(tmp_path / "model")
    twin = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    tensors = reader.load_file(tmp_path / "model")
    for place, layer in ((0, twin[0]), (1, twin[2])):
        layer.weight.data, layer.bias.data = (
            tensors[f"layers.{place}.weight"],
            tensors[f"layers.{place}.bias"],
        )
    X = np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(twin(torch.from_numpy(X)).detach(), net.predict(X), atol=1e-6)


def test_a_file_that_another_tool_has_written_anew_is_read(tmp_path: Path) -> None:
    """The digest does not depend on the order of tensors."""
    safe_open = pytest.importorskip("safetensors").safe_open
    net = random_net(1)
    net.save(tmp_path / "model")
    with safe_open(tmp_path / "model", "numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in sorted(file.keys(), reverse=True)}
    safetensors.save_file(tensors, tmp_path / "again", metadata)
    assert (tmp_path / "again").read_bytes() != (tmp_path / "model").read_bytes()
    assert bits(fm.load(tmp_path / "again")) == bits(net)


def test_metadata_say_what_the_file_is(tmp_path: Path) -> None:
    fm.Network([1, 1]).save(tmp_path / "model")
    metadata = parts(tmp_path / "model")[0]["__metadata__"]
    assert set(metadata) == {"format", "version", "fastmlp", "specification", "sha256"}
    assert (metadata["format"], metadata["version"]) == ("fastmlp", "1")
    assert metadata["fastmlp"] == fm.__version__


def test_tensors_are_aligned(tmp_path: Path) -> None:
    net = random_net(3)
    net.extra = np.ones(3, np.int8), np.ones(5), np.float32([1])
    net.save(tmp_path / "model")
    header, _ = parts(tmp_path / "model")
    assert int.from_bytes((tmp_path / "model").read_bytes()[:8], "little") % 8 == 0
    for name, entry in header.items():
        if name != "__metadata__":
            assert entry["data_offsets"][0] % (int(entry["dtype"][1:]) // 8) == 0


def test_history_names_and_attributes_come_back(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    net = fm.Network([2, 1], seed=0)
    X = pandas.DataFrame({"length": [1.0, 2.0], "Größe": [0.0, 1.0]})
    net.fit(X, [1, 2], epochs=3, validation_data=(X, [1, 2]))
    net.classes = np.array(["a", "bc"])
    net.objects = np.array(["a", "bc"], dtype=object)
    net.mean, net.flags = np.arange(6.0).reshape(2, 3).T, np.array([True, False])
    net.note = {"text": "ü", "numbers": [1, 2.5, None, True], "worst": [float("inf")]}
    net.limits, net.bound = (float("nan"), float("-inf")), float("inf")
    net.save(tmp_path / "model")
    twin: Any = fm.load(tmp_path / "model")
    assert bits(twin) == bits(net)
    assert list(twin.feature_names_in_) == ["length", "Größe"]
    with pytest.raises(ValueError, match="columns"):
        twin.predict(X[["Größe", "length"]])
    for name in ("classes", "objects", "mean", "flags"):
        found, expected = getattr(twin, name), getattr(net, name)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
    twin.mean[0, 0] = 7.0  # is writable
    assert twin.note == net.note
    assert str(twin.limits) == "[nan, -inf]"
    assert twin.bound == np.inf


def end(one: fm.Trainer) -> list[Any]:
    X, y = data(one.network)
    losses = [one.epoch(X, y), *one.run(X, y, epochs=2)["loss"]]
    state = {name: values.tobytes() for name, values in one.state.items()}
    return [losses, state, one.network.parameters.tobytes(), one.last_parameters.tobytes()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
def test_a_trainer_goes_on_bit_for_bit(tmp_path: Path, name: str, dtype: str) -> None:
    layers = [fm.Dense(5, "tanh"), fm.Dropout(0.2), fm.Dense(2)]
    average = {"average": fm.Polyak(start=2)} if name in _core.optimizers else {}
    net = fm.Network(layers, inputs=3, dtype=dtype, seed=1)
    one = fm.Trainer(net, "squared_error", OPTIMIZERS[name](**average), l2=1e-3)
    one.run(*data(net), epochs=3)
    one.save(tmp_path / "run.ckpt")
    twin = fm.Trainer.load(tmp_path / "run.ckpt")
    assert repr(twin) == repr(one)
    assert bits(fm.load(tmp_path / "run.ckpt")) == bits(net)
    assert end(twin) == end(one)


def test_functions_in_python_are_given_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    one = fm.Trainer(fm.Network([3, 2], seed=0), squares, fm.SGD(halved))
    one.run(*data(one.network), epochs=2)
    one.save(path)
    with pytest.raises(fm.ModelFileError, match=r"test_files\.squares.*Trainer\.load\(path, loss"):
        fm.Trainer.load(path, learning_rate=halved)
    with pytest.raises(fm.ModelFileError, match=r"test_files\.halved.*learning_rate=\.\.\."):
        fm.Trainer.load(path, loss=squares)
    assert end(fm.Trainer.load(path, loss=squares, learning_rate=halved)) == end(one)
    assert fm.load(path).n_parameters == 8


@pytest.mark.parametrize("given", [{"loss": squares}, {"learning_rate": halved}])
def test_functions_that_the_file_does_not_name_are_refused(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    fm.Trainer(fm.Network([3, 2], seed=0)).save(tmp_path / "run.ckpt")
    with pytest.raises(ValueError, match=r"^Trainer\.load: .*expected none"):
        fm.Trainer.load(tmp_path / "run.ckpt", **given)


@pytest.mark.parametrize(
    "value", [print, object(), {1: 2}, {"$tensor": "x"}, [1j], {1, 2}, {"loss": print}]
)
def test_objects_in_python_are_refused_by_name(tmp_path: Path, value: Any) -> None:
    path, net = tmp_path / "model", fm.Network([1, 1], seed=0)
    net.save(path)
    before = path.read_bytes()
    net.thing = value
    with pytest.raises(TypeError, match=r"^Network\.save: attributes\.thing.*use pickle"):
        net.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model"]


def test_what_contains_itself_is_refused_by_name(tmp_path: Path) -> None:
    """Lists, dictionaries, and what is merely nested too deep to be read again."""
    path = tmp_path / "model"
    own_list: list[Any] = []
    own_list.append(own_list)
    own_dict: dict[str, Any] = {}
    own_dict["dict"] = [own_dict]
    deep: list[Any] = [1]
    for _ in range(1000):
        deep = [deep]
    for value in (own_list, own_dict, deep):
        net = fm.Network([1, 1], seed=0)
        net.thing = value
        for owner, name in (net, "Network"), (fm.Trainer(net), "Trainer"):
            with pytest.raises(ValueError, match=rf"^{name}\.save: attributes\.thing is nested"):
                owner.save(path)
    assert os.listdir(tmp_path) == []
    net.thing = deep = [1]
    for _ in range(190):
        net.thing = [net.thing]
    net.save(path)
    assert fm.load(path).thing == net.thing  # type: ignore[attr-defined]


@pytest.mark.parametrize("epochs", [-3, 2**32, 1.5, None])
def test_no_file_has_a_number_of_epochs_that_cannot_be_read(tmp_path: Path, epochs: Any) -> None:
    net, path = fm.Network([1, 1], seed=0), tmp_path / "model"
    trainer, ensemble = fm.Trainer(net), fm.Ensemble([net, net.copy()])
    net.epochs_trained = epochs
    for owner, name in (net, "Network"), (trainer, "Trainer"), (ensemble, "Ensemble"):
        with pytest.raises((ValueError, TypeError), match=rf"^{name}\.save: epochs_trained="):
            owner.save(path)
    assert not path.exists()


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
KEYS = st.text().filter(lambda key: key[:1] != "$")
ARRAYS = arrays(
    st.sampled_from(["f2", "f4", ">f8", "i1", "<i8", "u2", "?"]),
    array_shapes(min_dims=0, min_side=0),
)


@settings(max_examples=200, deadline=None)
@given(
    note=st.recursive(PLAIN, lambda one: st.lists(one) | st.dictionaries(KEYS, one), max_leaves=9),
    array=ARRAYS,
    order=st.sampled_from("CF"),
)
def test_any_plain_value_and_array_comes_back(
    tmp_path_factory: pytest.TempPathFactory, note: Any, array: Any, order: Any
) -> None:
    """With the types, digits, nan and -0.0 of its members; arrays of any order as well."""
    path, net = tmp_path_factory.getbasetemp() / "plain", fm.Network([1, 1], seed=0)
    net.note, net.array = note, np.asarray(array, order=order)
    net.save(path)
    twin: Any = fm.load(path)
    assert repr(twin.note) == repr(note)
    assert twin.array.dtype == array.dtype.newbyteorder("=")
    assert twin.array.tobytes() == array.astype(twin.array.dtype).tobytes()
    assert twin.array.shape == array.shape
    np.testing.assert_array_equal(safetensors.load_file(path)["attributes.array"], array)


def test_other_processes_read_and_write_the_same(tmp_path: Path) -> None:
    net = random_net(5)
    net.save(tmp_path / "model")
    program = "import sys, fastmlp as fm; fm.load(sys.argv[1]).save(sys.argv[2])"
    command = [sys.executable, "-c", program, str(tmp_path / "model"), str(tmp_path / "copy")]
    subprocess.run(command, check=True, timeout=120)
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "model").read_bytes()


def test_paths_are_texts_and_path_likes(tmp_path: Path) -> None:
    net = random_net(6)
    net.save(str(tmp_path / "a"))
    net.save(tmp_path / "b")
    assert bits(fm.load(str(tmp_path / "b"))) == bits(fm.load(tmp_path / "a"))

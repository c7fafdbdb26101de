"""Activations of one's own in copies, pickles, files and checkpoints."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import fastmlp as fm
from own_activation_cases import OWN, networks, tanh_curvature, tanh_slope


def test_copies_and_pickles_keep_the_functions() -> None:
    own, _, X, y = networks("dense", "float64")
    trainer = fm.Trainer(own, batch_size=16, seed=2)
    trainer.run(X, y, epochs=2)
    copies = [copy.deepcopy(trainer), pickle.loads(pickle.dumps(trainer))]
    for one in (trainer, *copies):
        assert one.network.layers[0].activation == OWN
        one.run(X, y, epochs=2)
        np.testing.assert_array_equal(one.network.parameters, own.parameters)


def test_a_file_is_read_with_the_activation_given_again(tmp_path: Path) -> None:
    """Files have no functions, only their names; the run goes on bit for bit."""
    own, _, X, y = networks("skip", "float64")
    path, run = tmp_path / "model.safetensors", tmp_path / "run.ckpt"
    trainer = fm.Trainer(own, batch_size=16, seed=2)
    trainer.run(X, y, epochs=2)
    own.save(path)
    trainer.save(run)
    np.testing.assert_array_equal(fm.load(path, activation=OWN).predict(X), own.predict(X))
    again = fm.Trainer.load(run, activation=(np.tanh, tanh_slope, tanh_curvature))
    for one in (trainer, again):
        one.run(X, y, epochs=2)
    np.testing.assert_array_equal(again.network.parameters, own.parameters)
    with pytest.raises(fm.ModelFileError, match=r"numpy\.tanh.*, expected it to be given"):
        fm.load(path)


def test_several_activations_of_a_file_are_given_in_the_order_of_layers(tmp_path: Path) -> None:
    sine = fm.Activation(np.sin, np.cos)
    net = fm.Network([fm.Dense(3, OWN), fm.Dense(2, "relu"), fm.Dense(2, sine)], inputs=2, seed=0)
    path = tmp_path / "model.safetensors"
    net.save(path)
    loaded = fm.load(path, activation=[OWN, sine])
    assert [layer.activation for layer in loaded.layers] == [OWN, fm.ReLU(), sine]
    with pytest.raises(fm.ModelFileError, match="activation"):
        fm.load(path, activation=[OWN])


def test_a_checkpoint_goes_on_with_the_network_of_the_same_activation(tmp_path: Path) -> None:
    path, ends = tmp_path / "run.ckpt", []
    for stops in ([6], [3, 6]):
        for epochs in stops:
            own, _, X, y = networks("dense", "float64")
            own.fit(X, y, epochs=epochs, checkpoint=path)
        ends.append(own.parameters.copy())
        path.unlink()
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("given", ["tanh", fm.Tanh(), [OWN, "relu"]])
def test_a_built_in_activation_is_refused_for_a_file(given: object, tmp_path: Path) -> None:
    """The file is not called damaged."""
    path = tmp_path / "model.safetensors"
    fm.Network([fm.Dense(3, OWN), fm.Dense(2, OWN)], inputs=2, seed=0).save(path)
    with pytest.raises(ValueError, match=r"^fm\.load: activation=.*, expected one of your own: "):
        fm.load(path, activation=given)

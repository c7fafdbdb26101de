"""`Ensemble`: mean and spread of its networks, as NumPy has them, and its files."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from forced_threads import forced_threads

RNG = np.random.default_rng(0)


def networks(n: int = 5, dtype: str = "float64", output: str = "softmax") -> list[fm.Network]:
    return [
        fm.Network([4, 3 + seed, 3], output=output, dtype=dtype, seed=seed) for seed in range(n)
    ]


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(2, 9),
    n_samples=st.integers(0, 70),
    n_threads=st.integers(1, 3),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_mean_and_spread_are_those_of_numpy(
    n: int, n_samples: int, n_threads: int, dtype: str
) -> None:
    members, X = networks(n, dtype), RNG.normal(size=(n_samples, 4))
    with forced_threads(n_threads):
        mean, std = fm.Ensemble(members).predict(X)
    outputs = np.stack([net.predict(X) for net in members]).astype(np.float64)
    tolerance: dict[str, Any] = {"rtol": 4 * np.finfo(dtype).eps, "atol": np.finfo(dtype).eps}
    np.testing.assert_allclose(mean, outputs.mean(0), **tolerance)
    np.testing.assert_allclose(std, outputs.std(0, ddof=1), **tolerance)
    assert mean.dtype == std.dtype == dtype
    np.testing.assert_allclose(mean.sum(1), 1, atol=1e-6)


def test_networks_that_agree_have_no_spread() -> None:
    net = networks(2)[0]
    mean, std = fm.Ensemble([net, net.copy(), net.copy()]).predict(X := RNG.normal(size=(9, 4)))
    np.testing.assert_array_equal(mean, net.predict(X))
    np.testing.assert_array_equal(std, 0)


def test_one_sample_and_sequences_have_the_shapes_of_predict() -> None:
    mean, std = fm.Ensemble(networks()).predict(np.ones(4))
    assert mean.shape == std.shape == (3,)
    layers = [fm.GRU(2, sequences=True)]
    members = [fm.Network(layers, inputs=(5, 3), seed=seed) for seed in range(3)]
    X, lengths = RNG.normal(size=(7, 5, 3)), np.arange(7) % 5 + 1
    mean, std = fm.Ensemble(members).predict(X, lengths=lengths)
    outputs = np.stack([net.predict(X, lengths=lengths) for net in members])
    np.testing.assert_allclose(mean, outputs.mean(0), atol=1e-7)
    np.testing.assert_allclose(std, outputs.std(0, ddof=1), atol=1e-7)


def test_an_ensemble_is_a_sequence_of_its_networks() -> None:
    members = networks()
    ensemble = fm.Ensemble(iter(members))
    assert list(ensemble) == members == list(ensemble.networks)
    assert ensemble[1] is members[1]
    assert repr(ensemble).startswith("<Ensemble of 5 networks, the first Network(")


def test_files_and_pickles_have_all_networks(tmp_path: Path) -> None:
    members = networks()
    X = RNG.normal(size=(30, 4))
    fm.fit_many(members, X, RNG.integers(0, 3, 30), epochs=2)
    ensemble = fm.Ensemble(members)
    ensemble.save(tmp_path / "ensemble")
    others = (
        fm.Ensemble.load(tmp_path / "ensemble"),
        pickle.loads(pickle.dumps(ensemble)),
        copy.deepcopy(ensemble),
    )
    for other in others:
        for mine, its in zip(ensemble.predict(X), other.predict(X), strict=True):
            assert mine.tobytes() == its.tobytes()
        for net, twin in zip(ensemble, other, strict=True):
            assert net is not twin
            assert twin.history == net.history
            assert (twin.seed, twin.epochs_trained) == (net.seed, net.epochs_trained)


def test_an_ensemble_of_networks_with_a_custom_loss_is_saved(tmp_path: Path) -> None:
    members = networks(2, output="identity")
    for net in members:
        net.fit(np.ones((3, 4)), np.ones((3, 3)), loss=lambda o, y: (o[:, 0], o - y), epochs=1)
    fm.Ensemble(members).save(tmp_path / "ensemble")
    assert len(fm.Ensemble.load(tmp_path / "ensemble")) == 2


def test_own_activations_of_a_file_are_given_again(tmp_path: Path) -> None:
    """One for all, or a list network by network, as for a network."""
    sine, cosine = (np.sin, np.cos), fm.Activation(np.cos, lambda a: -np.sin(a))
    members = [
        fm.Network([fm.Dense(3, sine), fm.Dense(2, phi)], inputs=4, seed=0)
        for phi in ("tanh", cosine)
    ]
    path, X = tmp_path / "ensemble", RNG.normal(size=(6, 4))
    fm.Ensemble(members).save(path)
    loaded = fm.Ensemble.load(path, activation=[sine, sine, cosine])
    for mine, its in zip(members, loaded, strict=True):
        np.testing.assert_array_equal(mine.predict(X), its.predict(X))
    np.testing.assert_array_equal(fm.Ensemble(members).predict(X), loaded.predict(X))
    fm.Ensemble(members[:1] * 2).save(path)
    both = fm.Ensemble.load(path, activation=sine)
    np.testing.assert_array_equal(both[1].predict(X), members[0].predict(X))
    with pytest.raises(fm.ModelFileError, match=r"numpy\.sin.*, expected it to be given"):
        fm.Ensemble.load(path)
    with pytest.raises(ValueError, match=r"^Ensemble\.load: activation=.*, expected a list of 2"):
        fm.Ensemble.load(path, activation=[sine] * 3)


def test_files_of_other_kinds_are_refused_by_name(tmp_path: Path) -> None:
    members = networks(2)
    members[0].save(tmp_path / "network")
    fm.Ensemble(members).save(tmp_path / "ensemble")
    with pytest.raises(fm.ModelFileError, match=r"Ensemble.load.*'fastmlp.network'"):
        fm.Ensemble.load(tmp_path / "network")
    with pytest.raises(fm.ModelFileError, match=r"fm.load.*'fastmlp.ensemble'"):
        fm.load(tmp_path / "ensemble")
    long = fm.Network([fm.GRU(1)], inputs=(50, 1))
    fm.Ensemble([long, long.copy()]).save(tmp_path / "long")
    with pytest.raises(fm.ModelFileError, match="max_time_steps"):
        fm.Ensemble.load(tmp_path / "long", max_time_steps=49)


def test_networks_that_do_not_fit_are_refused() -> None:
    net = fm.Network([4, 3])
    for members, message in [
        ([net], "networks has 1 members, expected at least 2"),
        (3, "networks has 0 members"),
        ([net, fm.Network([5, 3])], r"networks\[1\] has input_shape=\(5,\), expected \(4,\)"),
        ([net, fm.Network([4, 2])], r"networks\[1\] has output_shape=\(2,\), expected \(3,\)"),
        ([net, fm.Network([4, 3], dtype="float64")], r"networks\[1\] has dtype=float64"),
    ]:
        with pytest.raises(ValueError, match=f"Ensemble: {message}"):
            fm.Ensemble(members)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Ensemble: networks\[1\]=3 .*, expected an fm.Network"):
        fm.Ensemble([net, 3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"Ensemble.predict: X has shape \(2, 5\)"):
        fm.Ensemble([net, net.copy()]).predict(np.ones((2, 5)))

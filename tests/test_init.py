"""Initialisers: distributions with the published variances, determined by the seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import made

N_IN, N_OUT = 300, 200


def draw(name: str, seed: int = 3, **fields: float) -> Any:
    return made("initializers", name, **fields)(N_IN, N_OUT, seed=seed)


def test_every_initialiser_has_an_oracle() -> None:
    """A member without a reference fails the suite."""
    assert set(_core.initializers) == {*ref.VARIANCES, "orthogonal", "siren", "zeros", "constant"}


@pytest.mark.parametrize("name", ref.VARIANCES)
def test_variance_and_distribution(name: str) -> None:
    """Kolmogorov-Smirnov against the law of variance METHODS gives (fixed seed, 60,000 draws)."""
    W, std = draw(name), math.sqrt(ref.VARIANCES[name](N_IN, N_OUT))
    bound = math.sqrt(3.0) * std
    law = (
        scipy.stats.uniform(-bound, 2 * bound)
        if name.endswith("uniform")
        else scipy.stats.norm(scale=std)
    )
    assert W.shape == (N_IN, N_OUT)
    assert W.dtype == np.float64
    assert np.std(W) == pytest.approx(std, rel=0.02)
    assert scipy.stats.kstest(W.ravel(), law.cdf).pvalue > 1e-3
    if name.endswith("uniform"):
        assert np.abs(W).max() <= bound


@pytest.mark.parametrize(
    ("fields", "bound"),
    [
        ({}, math.sqrt(6.0 / N_IN) / 30.0),
        ({"omega": 2.0}, math.sqrt(6.0 / N_IN) / 2.0),
        ({"first": True}, 1.0 / N_IN),
    ],
)
def test_siren_is_uniform_within_the_published_bounds(fields: Any, bound: float) -> None:
    W = draw("siren", **fields).ravel()
    assert np.abs(W).max() <= bound
    law = scipy.stats.uniform(-bound, 2 * bound)
    assert scipy.stats.kstest(W, law.cdf).pvalue > 1e-3


def philox(counters: int, key: int) -> Any:
    """Philox 4x32-10 of counters (i, 0, 1, 0), i < counters: the stream of initial weights."""
    zero = np.zeros(counters, np.uint64)
    x = [np.arange(counters, dtype=np.uint64), zero, zero + np.uint64(1), zero]
    low = np.uint64(0xFFFFFFFF)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p2 = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        x = [
            (p2 >> np.uint64(32)) ^ x[1] ^ np.uint64(k0),
            p2 & low,
            (p0 >> np.uint64(32)) ^ x[3] ^ np.uint64(k1),
            p0 & low,
        ]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    words = np.stack(x, axis=1).reshape(-1, 2)
    return words[:, 0] | words[:, 1] << np.uint64(32)


@pytest.mark.parametrize("seed", [0, 3, 2**63 + 5])
def test_normal_weights_are_those_of_numpy(seed: int) -> None:
    """Box-Muller in NumPy's float64 from the published generator, W (n_out, n_in) row by row.

    The bound is the first term that the sine's series leaves out, (pi/4)^15 / 15! = 2.04e-14 of the
    radius, and the rounding of both sides.
    """
    u, v = ((philox(N_IN * N_OUT, seed) >> np.uint64(11)) * 2.0**-53).reshape(-1, 2).T
    radius = np.sqrt(-2 * np.log1p(-u))
    W = draw("normal", seed, std=1.0).T.ravel()
    assert np.all(np.abs(W - radius * np.cos(2 * np.pi * v)) <= 2.2e-14 * radius)


def test_draws_are_not_correlated() -> None:
    """Neighbours along both axes: a counter-based generator used wrongly shows here."""
    W = draw("he_normal")
    for a, b in ((W[:-1], W[1:]), (W[:, :-1], W[:, 1:])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.02


def test_normal_takes_its_std() -> None:
    assert np.std(draw("normal", std=0.3)) == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize("shape", [(5, 5), (40, 7), (7, 40), (1, 6)])
def test_orthogonal(shape: tuple[int, int]) -> None:
    """W Wᵀ or Wᵀ W = gain² I, on the shorter side (Saxe et al. 2013)."""
    W = made("initializers", "orthogonal", gain=1.5)(*shape, seed=1)
    short = W if shape[0] <= shape[1] else W.T
    np.testing.assert_allclose(short @ short.T, 2.25 * np.eye(min(shape)), atol=1e-12)


def test_constants() -> None:
    assert not draw("zeros").any()
    assert (draw("constant", value=-0.5) == -0.5).all()


@pytest.mark.parametrize("name", [*ref.VARIANCES, "orthogonal"])
def test_the_seed_decides(name: str) -> None:
    np.testing.assert_array_equal(draw(name, seed=3), draw(name, seed=3))
    assert not np.array_equal(draw(name, seed=3), draw(name, seed=4))


def test_a_network_is_glorot_uniform_with_zero_biases() -> None:
    """The default, judged on a tanh net; layers of equal shape draw apart."""
    net = fm.Network([200, 200, 200], activation="tanh", output="identity", seed=0)
    bound = math.sqrt(6.0 / 400)
    for W, b in zip(net.weights, net.biases, strict=True):
        assert np.abs(W).max() <= np.float32(bound)
        assert np.std(W) == pytest.approx(bound / math.sqrt(3), rel=0.02)
        assert not b.any()
    assert abs(np.corrcoef(net.weights[0].ravel(), net.weights[1].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("init", ["he_normal", made("initializers", "he_normal")])
def test_the_initialiser_of_a_layer_replaces_that_of_the_network(init: Any) -> None:
    net = fm.Network([fm.Dense(400, init=init)], inputs=100, seed=5)
    assert np.std(net.weights[0]) == pytest.approx(math.sqrt(2 / 100), rel=0.03)


def test_both_dtypes_start_from_the_same_weights() -> None:
    """Drawn in float64 and rounded once."""
    single, double = (
        fm.Network([4, 8, 2], activation="tanh", output="identity", dtype=d, seed=9).parameters
        for d in ("float32", "float64")
    )
    np.testing.assert_array_equal(single, double.astype(np.float32))

"""Headers with weights as integers: what they compute, how far that is, and how large they are."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import fastmlp as fm
from export_c_cases import REALS, Compiled, assert_same_bits, drawn_network, shaken

LEVELS = {"int8": 127, "int16": 32767}


def rounded(W: np.ndarray, levels: int) -> np.ndarray:
    """W with each row on a grid of its own, from -levels to levels steps of max |row| / levels."""
    new = W.copy()
    for row in new:
        step = np.abs(row).max() / row.dtype.type(levels)
        if step > 0:
            row[:] = step * np.rint(row / step)
    return new


@pytest.mark.parametrize("quantize", LEVELS)
@pytest.mark.parametrize("dtype", REALS)
def test_outputs_are_those_of_rounded_weights(tmp_path: Path, dtype: str, quantize: str) -> None:
    """In all bits; a unit without weights, and tied weights, among them."""
    encoder = fm.Dense(6, "tanh")
    net = shaken(
        fm.Network([encoder, fm.Tied(encoder), fm.Dense(2)], inputs=4, dtype=dtype, seed=0)
    )
    net.weights[0][:, 2] = 0
    before = net.parameters.copy()
    made = Compiled(tmp_path, [net], quantize=quantize)
    assert_same_bits(net.parameters, before)
    twin = net.copy()
    for place in (0, 2):
        twin.weights[place][:] = rounded(net.weights[place].T.copy(), LEVELS[quantize]).T
    assert (twin.parameters != net.parameters).any()
    X = np.random.default_rng(0).standard_normal((50, 4)).astype(dtype)
    assert_same_bits(made.outputs(0, X)[0], twin.predict(X))


@pytest.mark.parametrize("quantize", LEVELS)
def test_all_layers_can_have_integers(tmp_path: Path, quantize: str) -> None:
    nets = [drawn_network(seed) for seed in range(20, 26)]
    made = Compiled(tmp_path, nets, quantize=quantize)
    assert [made.wrong_rows(i) for i in range(len(nets))] == [0] * len(nets)


def comment_of(net: fm.Network, folder: Path, X: np.ndarray, quantize: str) -> list[float]:
    """Bytes of the tables, root mean square, percent, maximum, and percent of equal classes."""
    net.to_c(folder / "net.h", X=X, quantize=quantize)
    comment = (folder / "net.h").read_text().partition("*/")[0].replace("\n *", "")
    assert f"On {len(X)} samples (of X)" in comment
    found = re.search(
        r"Tables: ([\d,]+) bytes.* differ by (\S+) in root mean square \((\S+)% of .*, (\S+) at "
        r"most\.(?: The largest output is the same one in (\S+)%)?",
        comment,
    )
    assert found
    return [float(each.replace(",", "")) for each in found.groups(default="nan")]


def check_comment(
    said: list[float], net: fm.Network, exact: np.ndarray, outputs: np.ndarray, integers: int
) -> None:
    """The comment says what was measured here, on the compiled header."""
    difference = np.abs(outputs.astype(np.float64) - exact)
    root = np.sqrt(np.mean(difference**2))
    biases = sum(len(b) for b in net.biases if b is not None)
    n_weights = net.n_parameters - biases
    units = sum(W.shape[-1] for W in net.weights)
    assert said[0] == integers * n_weights + net.dtype.itemsize * (units + biases)
    np.testing.assert_allclose(said[1], root, rtol=0.05)
    np.testing.assert_allclose(said[2], 100 * root / exact.std(), rtol=0.02, atol=0.006)
    np.testing.assert_allclose(said[3], difference.max(), rtol=0.05)


def test_digits_in_8_bits_are_as_accurate_and_a_third_as_large(tmp_path: Path) -> None:
    """Within half a percent point of float32 on digits that were not trained on."""
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    net = fm.Network([64, 64, 10], output="softmax", seed=0)
    net.fit(X[:1000], y[:1000], epochs=20)
    exact = net.predict(X[1000:])
    outputs, _ = Compiled(tmp_path, [net], quantize="int8").outputs(0, X[1000:])
    accuracy, before = (np.mean(each.argmax(axis=1) == y[1000:]) for each in (outputs, exact))
    assert before > 0.9
    assert abs(accuracy - before) <= 0.005
    said = comment_of(net, tmp_path, X[1000:], "int8")
    check_comment(said, net, exact, outputs, 1)
    same = np.mean(outputs.argmax(axis=1) == exact.argmax(axis=1))
    np.testing.assert_allclose(said[4], 100 * same, atol=0.006)
    assert said[0] < 4 * net.n_parameters / 3


@pytest.mark.parametrize(("quantize", "n_bytes"), [("int8", 1), ("int16", 2)])
def test_a_regression_in_integers_is_within_2_percent(
    tmp_path: Path, quantize: str, n_bytes: int
) -> None:
    """Of the root mean square error of float32, on patients that were not trained on."""
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_diabetes(return_X_y=True)
    X = (X / X.std(axis=0)).astype(np.float32)
    y = ((y - y.mean()) / y.std()).astype(np.float32)[:, None]
    net = fm.Network([10, 32, 1], activation="tanh", seed=0)
    net.fit(X[:300], y[:300], epochs=40, l2=1e-3)
    exact = net.predict(X[300:])
    outputs, _ = Compiled(tmp_path, [net], quantize=quantize).outputs(0, X[300:])
    error, before = (np.sqrt(np.mean((each - y[300:]) ** 2)) for each in (outputs, exact))
    assert before < 0.9
    assert abs(error / before - 1) < 0.02
    check_comment(comment_of(net, tmp_path, X[300:], quantize), net, exact, outputs, n_bytes)


def test_16_bits_are_nearer_than_8(tmp_path: Path) -> None:
    net = shaken(fm.Network([20, 40, 1], activation="tanh", seed=0))
    X = np.random.default_rng(0).standard_normal((100, 20)).astype(np.float32)
    exact = net.predict(X)
    errors = [
        np.abs(Compiled(tmp_path, [net], quantize=each).outputs(0, X)[0] - exact).max()
        for each in LEVELS
    ]
    assert errors[1] < errors[0] / 50


def test_without_samples_the_comment_says_that_they_are_drawn(tmp_path: Path) -> None:
    fm.Network([3, 1], seed=0).to_c(tmp_path / "net.h", quantize="int8")
    comment = (tmp_path / "net.h").read_text().partition("*/")[0]
    assert "On 1000 samples (drawn) outputs differ" in comment

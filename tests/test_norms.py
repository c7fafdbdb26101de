"""Clipping by norm, normalising and max-norm over the whole range of both dtypes.

The oracle is the norm in longdouble, whose exponents reach 1e±4932.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from reference import Array

if np.finfo(np.longdouble).max <= np.finfo(float).max:
    pytest.skip("longdouble has the range of float64", allow_module_level=True)

# sizes of entries: nearly all normal numbers, among them those whose squares leave the range
SIZES = {
    "float32": [3e38, 1e25, 1e19, 1.0, 1e-19, 1e-25, 1e-31],
    "float64": [1.7e308, 1e200, 1e154, 1.0, 1e-140, 1e-154, 1e-200, 1e-301],
}
CASES = [(dtype, size) for dtype, sizes in SIZES.items() for size in sizes]
cases = pytest.mark.parametrize(("dtype", "size"), CASES, ids=str)


def norm(x: Array) -> Any:
    return np.sqrt(np.sum(np.asarray(x, np.longdouble) ** 2))


def entries(dtype: str, size: float, n: int) -> Array:
    """Of several orders of magnitude, both signs, the largest one of this size."""
    rng = np.random.default_rng(n)
    x = np.float64(size) * rng.uniform(-1, 1, n) * 10.0 ** -rng.integers(0, 3, n)
    x[n // 2] = -size
    return x.astype(dtype)


def moved(dtype: str, g: Array, threads: int = 1, **option: Any) -> Array:
    """What a step of rate 1 subtracts from parameters of 0."""
    net = fm.Network([len(g) // 5 - 1, 5], dtype=dtype, init="zeros")
    fm.Trainer(net, optimizer=fm.SGD(1.0, **option)).apply(g)
    return -net.parameters


@cases
@pytest.mark.parametrize("n", [50, 5000])
@pytest.mark.parametrize("share", [1e-3, 0.5, 2.0])
def test_gradients_are_clipped_to_the_norm(dtype: str, size: float, n: int, share: float) -> None:
    """g c / ‖g‖ where ‖g‖ > c, else g, to rounding."""
    g = entries(dtype, size, n)
    length = float(min(share * norm(g), np.longdouble(np.finfo(dtype).max)))
    length = max(length, float(np.finfo(dtype).tiny) * 1e3)
    expected = g * np.longdouble(length) / norm(g) if norm(g) > length else np.longdouble(g)
    bound = 8 * np.finfo(dtype).eps
    least = float(np.finfo(dtype).tiny)  # smaller results are flushed
    found = moved(dtype, g, clip_norm=length)
    np.testing.assert_allclose(np.longdouble(found), expected, rtol=bound, atol=least)


@cases
@pytest.mark.parametrize("n", [50, 5000])
@pytest.mark.parametrize("length", [None, 0.25, 4.0])
def test_gradients_are_normalized(dtype: str, size: float, n: int, length: Any) -> None:
    """To norm 1, or to a smaller clip_norm."""
    g = entries(dtype, size, n)
    expected = g / norm(g) * min(1.0, length or 1.0)
    found = moved(dtype, g, normalize=True, clip_norm=length)
    np.testing.assert_allclose(np.longdouble(found), expected, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("option", [{"clip_norm": 1e-3}, {"normalize": True}], ids=str)
def test_a_gradient_of_zero_stays_zero(dtype: str, option: dict[str, Any]) -> None:
    assert not moved(dtype, np.zeros(50, dtype), **option).any()


@cases
@pytest.mark.parametrize("share", [1e-3, 0.5, 2.0])
def test_rows_are_shortened_to_max_norm(dtype: str, size: float, share: float) -> None:
    """A row longer than max_norm is scaled to it, the others are kept; biases are not limited."""
    rows = entries(dtype, size, 60).reshape(3, 20)
    rows[1] *= rows.dtype.type(1e-3)
    length = float(min(share * norm(rows[0]), np.longdouble(np.finfo(dtype).max)))
    length = max(length, float(np.finfo(dtype).tiny) * 1e3)
    net = fm.Network([fm.Dense(3, max_norm=length)], inputs=20, dtype=dtype, seed=0)
    net.parameters = np.concatenate([rows.ravel(), np.full(3, size, dtype)])
    fm.Trainer(net, optimizer=fm.SGD(1e-30)).apply(np.zeros(net.n_parameters))
    least = float(np.finfo(dtype).tiny)
    for row, before in zip(net.weights[0].T, rows, strict=True):
        longer = norm(before) > length
        expected = before * np.longdouble(length) / norm(before) if longer else before
        np.testing.assert_allclose(
            np.longdouble(row), np.longdouble(expected), rtol=8 * np.finfo(dtype).eps, atol=least
        )
    np.testing.assert_array_equal(net.biases[0], np.full(3, size, dtype))

"""Settings that are finite, but inf in the dtype of the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fm.Network([2, 2], init=fm.ConstantInit(1e300)), "ConstantInit: value=1e"),
        (lambda: fm.Network([2, 2], init=fm.Normal(1e300)), "Normal: std=1e"),
        (lambda: fm.Network([2, 2], init=fm.Orthogonal(-1e300)), "Orthogonal: gain=-1e"),
        (lambda: fm.Network([2, 2], activation=fm.LeakyReLU(1e39), output=fm.LeakyReLU(1e39)),
         "LeakyReLU: "),
        (lambda: fm.Network([2, 2]).loss([[1, 2]], [[1, 2]], fm.Huber(1e39)), "Huber: delta=1e"),
        (lambda: fm.Trainer(fm.Network([2, 2]), optimizer=fm.SGD(1e39)), "SGD: learning_rate=1e"),
        (lambda: fm.Trainer(fm.Network([2, 2]), l2=1e39), "Trainer: l2=1e"),
    ],
)  # fmt: skip
def test_settings_that_would_be_infinite_are_refused(make: Any, message: str) -> None:
    """As those are that would be 0."""
    with pytest.raises(ValueError, match=rf"^{message}.*, expected at most 3.4e\+38 in magnitude"):
        make()


@pytest.mark.parametrize("init", [fm.ConstantInit(1e300), fm.Normal(1e300), fm.Orthogonal(1e300)])
def test_float64_takes_them(init: Any) -> None:
    assert np.isfinite(fm.Network([2, 2], init=init, dtype="float64", seed=0).parameters).all()


@pytest.mark.parametrize(("dtype", "std"), [("float32", 3e38), ("float64", 1.7e308)])
def test_initial_weights_that_would_be_infinite_are_refused(dtype: str, std: float) -> None:
    """Draws may be larger than the standard deviation."""
    with pytest.raises(ValueError, match=rf"^Network: layers\[1\] .* Normal .* large for {dtype}"):
        fm.Network([fm.Dense(3), fm.Dense(60, init=fm.Normal(std))], inputs=2, dtype=dtype, seed=0)

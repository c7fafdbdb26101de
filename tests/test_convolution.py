"""Convolution and pooling against plain loops, against dense layers with one weight per use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import fastmlp as fm
from window_oracle import convolve, pool, regions

RNG = np.random.default_rng(5)


def lone(layer: Any, shape: tuple[int, ...], dtype: str = "float64") -> fm.Network:
    """A network that shows the outputs of one layer, with random parameters."""
    layers = [layer] if layer.has_parameters else [layer, fm.Conv2D(1, 1, bias=False)]
    if not layer.has_parameters and len(shape) == 2:
        layers[1] = fm.Conv1D(1, 1, bias=False)
    net = fm.Network(layers, inputs=shape, dtype=dtype, seed=0)
    net.parameters = RNG.normal(size=net.n_parameters)
    return net


def image(X: np.ndarray) -> np.ndarray:
    """Samples with a height."""
    return X if X.ndim == 4 else X[:, None]


@st.composite
def windows(draw: Any, pooling: bool = False) -> dict[str, Any]:
    """Fields of a layer of two dimensions."""
    numbers = st.integers(1, 4)
    sizes = st.one_of(numbers, st.tuples(numbers, numbers))
    kernel, stride = draw(sizes), draw(sizes)
    smallest = min(kernel) if isinstance(kernel, tuple) else kernel
    padding = draw(st.one_of(st.sampled_from(["valid", "same"]),
                             st.integers(0, smallest - 1 if pooling else 3)))  # fmt: skip
    if pooling:
        return {"size": kernel, "stride": draw(st.sampled_from([None, stride])), "padding": padding}
    dilation = draw(st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3))))
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


def build(layer: Any, shape: tuple[int, ...], dtype: str) -> fm.Network:
    try:
        return lone(layer, shape, dtype)
    except ValueError as error:
        assume("expected one that fits" not in str(error))
        raise


@settings(max_examples=120, deadline=None)
@given(windows(), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 14),
       st.booleans(), st.sampled_from([1, 3, 20, 45]))  # fmt: skip
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 4e-15), ("float32", 2e-6)])
def test_convolution_is_that_of_plain_loops(
    dtype: str, bound: float, fields: dict[str, Any], height: int, width: int, channels: int,
    filters: int, bias: bool, n: int,
) -> None:  # fmt: skip
    """Any window, stride, padding and dilation, of uneven sizes, and the gradient by each use."""
    layer = fm.Conv2D(filters, bias=bias, **fields)
    net = build(layer, (height, width, channels), dtype)
    X = RNG.normal(size=(n, height, width, channels)).astype(dtype)
    size = net.n_parameters - filters * bias
    w = net.parameters.astype(float)
    W = w[:size].reshape(filters, -1, channels)
    h = convolve(layer, X.astype(float), W, w[size:] if bias else None)
    scale = 1 + np.abs(h).max()
    np.testing.assert_allclose(net.predict(X).reshape(h.shape), h, atol=bound * scale)
    assert net._native.layer_shape(0) == h.shape[1:]
    delta = RNG.normal(size=h.shape).astype(dtype)
    covered = np.nan_to_num(regions(layer, X.astype(float)))
    expected = np.einsum("nyxf,nyxkc->fkc", delta.astype(float), covered).ravel()
    expected = np.append(expected, delta.astype(float).sum((0, 1, 2)) if bias else [])
    g = net.backward(X, delta.reshape(n, -1))
    np.testing.assert_allclose(g, expected, atol=bound * (1 + np.abs(expected).max()))


@settings(max_examples=80, deadline=None)
@given(windows(pooling=True), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5),
       st.sampled_from([1, 20, 45]), st.booleans())  # fmt: skip
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 4e-15), ("float32", 2e-6)])
def test_pooling_is_that_of_plain_loops(
    dtype: str, bound: float, fields: dict[str, Any], height: int, width: int, channels: int,
    n: int, largest: bool,
) -> None:  # fmt: skip
    """Maxima and means of the inputs that are inside of each window."""
    layer = (fm.MaxPool2D if largest else fm.AveragePool2D)(**fields)
    net = build(layer, (height, width, channels), dtype)
    X = RNG.normal(size=(n, height, width, channels)).astype(dtype)
    expected = pool(layer, X.astype(float)) @ net.parameters.astype(float)
    np.testing.assert_allclose(
        net.predict(X).ravel(), expected.ravel(), atol=bound * (1 + np.abs(expected).max())
    )


@pytest.mark.parametrize("padding", ["valid", "same", 2])
@pytest.mark.parametrize("n", [1, 7, 33])
def test_one_dimension_is_a_height_of_one(padding: Any, n: int) -> None:
    """Conv1D, its pooling and the mean over a sequence."""
    wide = {"stride": (1, 2), "dilation": (1, 2), "padding": padding}
    long = {"stride": 2, "dilation": 2, "padding": padding}
    if padding == 2:
        wide["padding"] = (0, 2)
    one = fm.Network(
        [fm.Conv1D(4, 3, "tanh", **long), fm.MaxPool1D(2), fm.AveragePool1D(2, stride=1),
         fm.GlobalAveragePool1D(), fm.Dense(2)], inputs=(21, 3), dtype="float64", seed=3
    )  # fmt: skip
    two = fm.Network(
        [fm.Conv2D(4, (1, 3), "tanh", **wide), fm.MaxPool2D((1, 2)),
         fm.AveragePool2D((1, 2), stride=1), fm.GlobalAveragePool2D(), fm.Dense(2)],
        inputs=(1, 21, 3), dtype="float64", seed=3
    )  # fmt: skip
    X, y = RNG.normal(size=(n, 21, 3)), RNG.normal(size=(n, 2))
    two.parameters = one.parameters
    np.testing.assert_array_equal(one.predict(X), two.predict(X[:, None]))
    np.testing.assert_array_equal(one.value_and_grad(X, y)[1], two.value_and_grad(X[:, None], y)[1])
    assert one.weights[0].shape == (3, 3, 4)
    np.testing.assert_array_equal(one.weights[0], two.weights[0][0])


def unrolled(layer: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """The index of the weight that each element of the dense matrix is, -1 of none."""
    places = np.arange(1.0, 1 + np.prod(shape)).reshape(1, *shape)
    covered = np.nan_to_num(regions(layer, places)).astype(int).reshape(-1, 1, layer_columns(layer))
    outputs, columns = len(covered), covered.shape[-1]
    index = np.full((outputs, layer.filters, int(np.prod(shape)) + 1), -1)
    for p in range(outputs):
        for f in range(layer.filters):
            index[p, f, covered[p, 0]] = f * columns + np.arange(columns)
    return index[:, :, 1:].reshape(outputs * layer.filters, -1)


def layer_columns(layer: Any) -> int:
    return int(np.prod(np.broadcast_to(layer.kernel, 2))) * 2


@pytest.mark.parametrize("fields", [{}, {"padding": "same"}, {"stride": 2, "padding": 1}], ids=str)
def test_gradient_is_the_sum_over_all_uses(fields: dict[str, Any]) -> None:
    """A dense layer with one weight per use has the gradients that the convolution adds up."""
    layer, shape = fm.Conv2D(3, (3, 2), "tanh", bias=False, **fields), (6, 5, 2)
    net = fm.Network([layer, fm.Dense(2)], inputs=shape, dtype="float64", seed=0)
    index = unrolled(layer, shape)
    dense = fm.Network([fm.Dense(len(index), "tanh", bias=False), fm.Dense(2)],
                       inputs=60, dtype="float64", seed=0)  # fmt: skip
    size = net.weights[0].size
    w = np.append(net.parameters[:size], 0.0)
    dense.parameters = np.append(w[index].ravel(), net.parameters[size:])
    X, y = RNG.normal(size=(40, *shape)), RNG.normal(size=(40, 2))
    value, g = net.value_and_grad(X, y)
    expected, by_use = dense.value_and_grad(X.reshape(40, -1), y)
    assert value == pytest.approx(expected, rel=1e-13)
    summed = np.zeros(size + 1)
    np.add.at(summed, index.ravel(), by_use[: index.size])
    np.testing.assert_allclose(g[:size], summed[:-1], atol=1e-13)
    np.testing.assert_allclose(g[size:], by_use[index.size :], atol=1e-13)

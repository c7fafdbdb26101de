"""hvp, gnvp, hessian, spectrum, parameter_jacobian and fm.Curvature, as users call them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fastmlp as fm
from curvature_problems import DTYPES, NETS, data, differences, nets, skipping
from forced_threads import forced_threads
from reference import Array

# ---- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chain", "softmax", "tied", "skip"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_hessian_is_that_of_differences(name: str, weighted: bool) -> None:
    net = NETS[name]()
    X, y = data(net)
    weights = np.linspace(0.0, 3.0, len(X)) if weighted else None
    H = net.hessian(X, y, sample_weight=weights)
    expected = differences(net, X, y, weights)
    np.testing.assert_allclose(H, expected, rtol=0, atol=1e-8 * np.abs(expected).max())
    np.testing.assert_array_equal(H, H.T)


@pytest.mark.parametrize(("method", "bound"), [("central", 1e-8), ("forward", 1e-6)])
def test_differences_are_near_and_central_ones_nearer(method: str, bound: float) -> None:
    net = NETS["chain"]()
    X, y = data(net)
    v = np.random.default_rng(1).normal(size=(3, net.n_parameters))
    exact = net.hvp(X, y, v)
    error = np.abs(net.hvp(X, y, v, method=method) - exact).max() / np.abs(exact).max()
    assert bound / 1000 < error < bound
    np.testing.assert_array_equal(net.hvp(X, y, 0 * v[0], method=method), 0)


@pytest.mark.parametrize("method", ["central", "forward"])
def test_differences_are_those_of_gradients(method: str) -> None:
    net = NETS["skip"]()
    X, y = data(net)
    w, v = net.parameters.copy(), np.linspace(-1, 2, net.n_parameters)
    product = net.hvp(X, y, v, method=method)
    h = np.finfo(float).eps ** (1 / 3 if method == "central" else 1 / 2) * (1 + abs(w).max()) / 2

    def gradient(point: Array) -> Array:
        net.parameters = point
        return net.value_and_grad(X, y)[1]

    expected = (
        (gradient(w + h * v) - gradient(w - h * v)) / (2 * h)
        if method == "central"
        else (gradient(w + h * v) - gradient(w)) / h
    )
    np.testing.assert_allclose(product, expected, rtol=1e-4, atol=1e-7)


def test_errors_name_the_method_of_the_caller() -> None:
    net = NETS["chain"]()
    X, y = data(net)
    curvature = fm.Curvature(net, X, y)
    with pytest.raises(ValueError, match=r"^Network.hvp: method='five', expected one of: exact"):
        net.hvp(X, y, net.parameters, method="five")
    with pytest.raises(ValueError, match=r"^Curvature.hvp: method='five', expected one of: exact"):
        curvature.hvp(net.parameters, method="five")
    with pytest.raises(ValueError, match=r"^Network.hvp: v has shape \(2,\)"):
        net.hvp(X, y, [1.0, 2])
    with pytest.raises(ValueError, match=r"^Network.gnvp: X has shape"):
        net.gnvp(X[:, :1], y, net.parameters)
    for name in ("hessian", "hessian_diagonal", "fisher_diagonal", "hessian_spectrum"):
        with pytest.raises(ValueError, match=rf"^Network.{name}: y has shape"):
            getattr(net, name)(X, y[:3])
    with pytest.raises(ValueError, match=r"^Curvature: y has shape"):
        fm.Curvature(net, X, y[:3])


@nets
def test_products_are_those_of_the_matrix(name: str) -> None:
    net = NETS[name]()
    X, y = data(net)
    V = np.random.default_rng(0).normal(size=(3, net.n_parameters))
    H = net.hessian(X, y)
    np.testing.assert_allclose(net.hvp(X, y, V), V @ H, rtol=0, atol=1e-12 * np.abs(V @ H).max())


@nets
def test_gauss_newton_of_squared_error_is_JtJ(name: str) -> None:
    net = NETS[name]()
    X, y = data(net)
    v = np.random.default_rng(0).normal(size=net.n_parameters)
    J = net.parameter_jacobian(X).reshape(-1, net.n_parameters)
    expected = J.T @ (J @ v) / len(X)
    got = net.gnvp(X, y, v, loss="squared_error")
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@nets
@pytest.mark.parametrize("n", [1, 33, 70])
def test_rows_of_the_parameter_jacobian_are_gradients_of_outputs(name: str, n: int) -> None:
    net = NETS[name]()
    X, _ = data(net, n)
    J = net.parameter_jacobian(X)
    assert J.shape == (n, net.n_outputs, net.n_parameters)
    for i in range(0, n, 7):
        for j, unit in enumerate(np.eye(net.n_outputs)):
            expected = net.backward(X[i], unit)
            np.testing.assert_allclose(J[i, j], expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(net.parameter_jacobian(X[0]), net.parameter_jacobian(X[:1])[0])


@pytest.mark.parametrize("name", ["chain", "skip"])
def test_the_spectrum_has_the_outermost_eigenvalues(name: str) -> None:
    net = NETS[name]()
    X, y = data(net)
    values = np.linalg.eigvalsh(net.hessian(X, y))
    spectrum = net.hessian_spectrum(X, y, 3)
    np.testing.assert_allclose(spectrum.smallest, values[:3], atol=1e-10)
    np.testing.assert_allclose(spectrum.largest, values[-3:], atol=1e-10)
    few = net.hessian_spectrum(X, y, 1, dimensions=25)
    np.testing.assert_allclose(few.largest, values[-1:], rtol=1e-4)


def test_float32_products_are_those_of_float64() -> None:
    wide, narrow = skipping(), skipping("float32")
    wide.parameters = narrow.parameters
    X, y = data(narrow)
    v = np.random.default_rng(0).normal(size=narrow.n_parameters).astype("float32")
    for method in ("hvp", "gnvp"):
        got, expected = getattr(narrow, method)(X, y, v), getattr(wide, method)(X, y, v)
        assert got.dtype == np.float32
        assert np.linalg.norm(got - expected) <= 2e-6 * np.linalg.norm(expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [20, 1100])
def test_bits_are_the_same_for_any_threads_and_any_number_of_vectors(dtype: str, n: int) -> None:
    net = skipping(dtype)
    X, y = data(net, n)
    V = np.random.default_rng(0).normal(size=(3, net.n_parameters)).astype(dtype)
    results: list[list[NDArray[Any]]] = []
    for threads in (1, 2, 3, 4):
        with forced_threads(threads):
            many = [net.hvp(X, y, V), net.gnvp(X, y, V), net.parameter_jacobian(X)]
            many += [
                net.hessian_diagonal(X[:100], y[:100], method=method, draws=2)
                for method in ("exact", "gauss_newton", "curvature_propagation")
            ]
            alone = [np.array([method(X, y, v) for v in V]) for method in (net.hvp, net.gnvp)]
        results.append([*many, *alone])
    for other in results[1:]:
        for ours, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(results[0][0], results[0][-2])
    np.testing.assert_array_equal(results[0][1], results[0][-1])


def test_products_are_of_the_evaluation_mode() -> None:
    """Dropout and noise are off, so the products are those of the network without them."""
    layers = [fm.GaussianNoise(1.0), fm.Dense(5, "tanh"), fm.Dropout(0.5), fm.Dense(2)]
    net = fm.Network(layers, inputs=3, dtype="float64", seed=0)
    plain = fm.Network([layers[1], layers[3]], inputs=3, dtype="float64", seed=0)
    plain.parameters = net.parameters
    X, y = data(net)
    v = np.ones(net.n_parameters)
    np.testing.assert_allclose(net.hvp(X, y, v), plain.hvp(X, y, v), rtol=1e-12)


# ---- Curvature -----------------------------------------------------------------------------------


def test_curvature_keeps_its_point() -> None:
    net = NETS["softmax"]()
    X, y = data(net)
    v = np.ones(net.n_parameters)
    curvature = fm.Curvature(net, X, y)
    before = curvature.hvp(v), curvature.gnvp(v)
    net.parameters += 1.0
    X[:], y[:] = 0.0, 0.5
    np.testing.assert_array_equal(curvature.hvp(v), before[0])
    np.testing.assert_array_equal(curvature.gnvp(v), before[1])
    assert not np.allclose(net.hvp(X, y, v), before[0])


def test_scipy_takes_the_operators() -> None:
    from scipy.sparse.linalg import aslinearoperator, eigsh

    net = NETS["softmax"]()
    X, y = data(net)
    H, operator = net.hessian(X, y), fm.Curvature(net, X, y).hessian
    V = np.random.default_rng(0).normal(size=(net.n_parameters, 2))
    np.testing.assert_allclose(aslinearoperator(operator) @ V, H @ V, atol=1e-12)
    np.testing.assert_allclose(aslinearoperator(operator) @ V[:, 0], H @ V[:, 0], atol=1e-12)
    np.testing.assert_allclose(
        eigsh(operator, k=2, return_eigenvectors=False), np.linalg.eigvalsh(H)[-2:], atol=1e-10
    )


def test_threads_may_share_a_curvature() -> None:
    from concurrent.futures import ThreadPoolExecutor

    net = NETS["softmax"]()
    X, y = data(net, 500)
    V = np.random.default_rng(0).normal(size=(40, net.n_parameters))
    curvature = fm.Curvature(net, X, y)
    expected = [curvature.hvp(v) for v in V]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(curvature.hvp, V))
    np.testing.assert_array_equal(got, expected)


# ---- bad input -----------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused() -> None:
    net = NETS["softmax"]()
    X, y = data(net)
    n = net.n_parameters
    single = fm.Network(net.layers, inputs=net.n_inputs, seed=0)
    for call, message in (
        (lambda: net.hvp(X, y, np.ones(n + 1)), rf"hvp: v has shape \({n + 1},\), expected \({n},"),
        (lambda: net.gnvp(X, y, np.ones((2, 2, n))), r"gnvp: v has shape \(2, 2, "),
        (
            lambda: single.hvp(X, y, np.full(n, 1e300)),
            r"hvp: v\[0\]=1e\+300 is too large for float32, expected at most 3.4e\+38",
        ),
        (lambda: net.hvp(X[:, :2], y, np.ones(n)), r"X has shape \(20, 2\)"),
        (lambda: net.hessian_spectrum(X, y, n + 1), rf"k={n + 1}, expected an integer <= {n}"),
        (lambda: net.parameter_jacobian(X.T), r"parameter_jacobian: X has shape"),
        (lambda: net.hvp(X, y, np.ones(n), loss=lambda o, t: None), "loss of this package"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_weights_that_are_all_zero_are_refused() -> None:
    net = NETS["chain"]()
    X, y = data(net)
    for call in (net.hessian, net.fisher_diagonal, net.hessian_spectrum):
        with pytest.raises(ValueError, match="the weights are all 0, expected at least one > 0"):
            call(X, y, sample_weight=np.zeros(len(X)))


def test_repeated_eigenvalues_are_all_found() -> None:
    net = fm.Network([3, 2], dtype="float64", seed=0)  # two outputs with the same Hessian
    X, y = data(net)
    values = np.linalg.eigvalsh(net.hessian(X, y))
    for k in (1, 3, 8):
        ends = net.hessian_spectrum(X, y, k)
        np.testing.assert_allclose(ends.smallest, values[:k], atol=1e-12)
        np.testing.assert_allclose(ends.largest, values[-k:], atol=1e-12)


def test_a_matrix_larger_than_memory_is_refused_before_it_is_made() -> None:
    """With the numbers, and with what to use instead; another call goes on."""
    net = fm.Network([1000, 1000], seed=0)
    X, y = np.zeros((1, 1000)), np.zeros((1, 1000))
    message = r"Network.hessian: 3 matrices of 1001000 x 1001000 numbers: \d+\.\d GB, expected at"
    with pytest.raises(ValueError, match=message):
        net.hessian(X, y)
    assert net.hvp(X, y, np.ones(net.n_parameters)).shape == (1001000,)

"""Activations: exact values, derivatives, limits; NumPy in, NumPy out."""

from __future__ import annotations

import numpy as np
import pytest

import mpmath_reference
import reference as ref
from fastmlp import _core
from problems import made

DTYPES = {"float32": 2.0**-23, "float64": 2.0**-52}
POINTS = np.concatenate([-np.geomspace(1e-6, 80, 41), [0.0], np.geomspace(1e-6, 80, 41)])
ELEMENTWISE = [name for name in ref.ACTIVATIONS if name != "softmax"]
FIELDS = [("sign", {"straight_through": True}), ("leaky_relu", {"slope": 0.2}),
          ("elu", {"alpha": 0.5}), ("sine", {"omega": 2.5})]  # fmt: skip


def test_every_activation_has_an_oracle() -> None:
    """A member without a reference fails the suite; the canonical order is part of the texts."""
    assert list(_core.activations) == list(ref.ACTIVATIONS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_are_exact_to_a_few_ulp(name: str, dtype: str) -> None:
    """Relative error near that of 16 roundings, in the tails too."""
    x, eps = POINTS.astype(dtype), DTYPES[dtype]
    f = mpmath_reference.EXACT[name][0]
    got = made("activations", name)(x)
    bound = mpmath_reference.tolerance(f, x, eps) + np.finfo(dtype).tiny
    assert got.dtype == dtype
    assert np.all(np.abs(got - mpmath_reference.exact(f, x)) <= bound)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivatives_are_exact_to_a_few_eps(name: str, dtype: str) -> None:
    """Absolute: backpropagation forms them from h, where 1 - h² cannot be better."""
    x, eps = POINTS.astype(dtype), DTYPES[dtype]
    f = mpmath_reference.EXACT[name][1]
    got = made("activations", name).derivative(x)
    assert got.dtype == dtype
    assert np.all(
        np.abs(got - mpmath_reference.exact(f, x))
        <= mpmath_reference.tolerance(f, x, eps) + 16 * eps
    )


@pytest.mark.parametrize(("name", "fields"), FIELDS)
def test_hyperparameters_enter_the_formula(name: str, fields: dict[str, float]) -> None:
    member, oracle = made("activations", name, **fields), ref.ACTIVATIONS[name]
    np.testing.assert_allclose(member(POINTS), oracle(POINTS, **fields), rtol=1e-13)
    slope = oracle.derivative(POINTS, **fields)
    np.testing.assert_allclose(member.derivative(POINTS), slope, rtol=1e-13, atol=1e-15)


def test_softmax_and_its_jacobian_run_along_the_last_axis(rng: np.random.Generator) -> None:
    a, softmax = 5 * rng.normal(size=(2, 3, 4)), made("activations", "softmax")
    np.testing.assert_allclose(softmax(a), ref.softmax(a), rtol=1e-14)
    jacobian = softmax.derivative(a)
    assert jacobian.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(jacobian, ref.softmax_jacobian(a), atol=1e-15)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kinks_are_torchs(name: str) -> None:
    """relu'(0) = 0, leaky_relu'(0) = slope, hard_tanh'(±1) = 0, sign(0) = sign' = 0."""
    x, oracle = np.array([-1.0, -0.0, 0.0, 1.0]), ref.ACTIVATIONS[name]
    np.testing.assert_allclose(made("activations", name)(x), oracle(x), rtol=1e-15)
    got = made("activations", name).derivative(x)
    np.testing.assert_allclose(got, oracle.derivative(x), rtol=1e-15)


SCALE, ALPHA = ref.SELU_SCALE, ref.SELU_ALPHA
INF = np.inf
LIMITS = {  # phi(-inf), phi(inf), phi'(-inf), phi'(inf)
    "identity": (-INF, INF, 1, 1), "sign": (-1, 1, 0, 0), "sigmoid": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0), "relu": (0, INF, 0, 1), "hard_tanh": (-1, 1, 0, 0),
    "leaky_relu": (-INF, INF, 0.01, 1), "elu": (-1, INF, 0, 1),
    "selu": (-SCALE * ALPHA, INF, 0, SCALE), "softplus": (0, INF, 0, 1),
    "silu": (0, INF, 0, 1), "gelu": (0, INF, 0, 1), "mish": (0, INF, 0, 1),
    "hard_sigmoid": (0, 1, 0, 0), "exponential": (0, INF, 0, INF), "softsign": (-1, 1, 0, 0),
    "sine": (np.nan,) * 4,
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_limits_are_exact_and_nan_stays_nan(name: str, dtype: str) -> None:
    """No 0·inf, no overflow: ±inf give the limits; nan in, nan out."""
    member, ends = made("activations", name), np.array([-INF, INF], dtype)
    np.testing.assert_allclose(member(ends), LIMITS[name][:2], rtol=1e-6)
    np.testing.assert_allclose(member.derivative(ends), LIMITS[name][2:], rtol=1e-6)
    assert np.isnan(member(np.array([np.nan], dtype))).all()
    # also where the nan shares a vector register with numbers
    mixed = np.tile(np.array([1.0, np.nan, -1.0], dtype), 11)
    np.testing.assert_array_equal(np.isnan(member(mixed)), np.isnan(mixed))


@pytest.mark.parametrize(("dtype", "huge"), [("float32", 1e38), ("float64", 1e300)])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_huge_arguments_are_finite_where_the_result_is(name: str, dtype: str, huge: float) -> None:
    x = np.array([-huge, -1000, 1000, huge], dtype)
    member, oracle = made("activations", name), ref.ACTIVATIONS[name]
    np.testing.assert_allclose(member(x), oracle(x), rtol=1e-6, atol=1e-40)
    np.testing.assert_allclose(member.derivative(x), oracle.derivative(x), rtol=1e-6, atol=1e-40)


@pytest.mark.parametrize(
    ("a", "o"),
    [
        ([INF, 0], [1, 0]),
        ([-INF, 0], [0, 1]),
        ([1e300, -1e300], [1, 0]),
        ([1000, 1000], [0.5, 0.5]),
        ([INF, INF], [0.5, 0.5]),
        ([-INF, -INF], [0.5, 0.5]),
    ],
)
def test_softmax_never_makes_a_nan(a: list[float], o: list[float]) -> None:
    np.testing.assert_allclose(made("activations", "softmax")(np.array(a)), o)
    assert np.isnan(made("activations", "softmax")(np.array([np.nan, 0.0]))).all()


@pytest.mark.parametrize("name", ref.ACTIVATIONS)
def test_anything_numpy_reads_is_accepted(name: str) -> None:
    """Lists, ints, Fortran order, negative strides equal the clean array; the shape is kept."""
    member, clean = made("activations", name), np.array([[-2.0, 0.0, 1.0], [3.0, -1.0, 2.0]])
    assert member(clean).shape == clean.shape
    for form in (clean.tolist(), clean.astype(int), np.asfortranarray(clean), clean[:, ::-1]):
        np.testing.assert_array_equal(member(form), member(np.array(form, float, order="C")))

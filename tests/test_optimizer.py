"""Optimizers: every rule on every problem against its oracle, 200 steps, both dtypes.

The table of rules × problems × dtypes is made from the `cases` of the oracle's rules.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import FUNCTIONS, Task, pair, squared
from reference import Array

STEPS = 200
COMMON = {"learning_rate", "clip_norm", "clip_value", "normalize", "average", "proximal_l1"} | {
    "half_state"
}
NET = Task(4, [(5, "tanh", True), (3, "softmax", True)])
L1, L2 = 1e-4, 1e-2

CASES = [(name, *case) for name, rule in ref.OPTIMIZERS.items() for case in rule.cases]
IDS = ["-".join([name, *(f"{k}={v}" for k, v in fields.items())]) for name, _, fields in CASES]
cases = pytest.mark.parametrize(("name", "rate", "fields"), CASES, ids=IDS)
every_rule = pytest.mark.parametrize("name", ref.OPTIMIZERS)
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def test_every_rule_has_an_oracle_that_varies_every_hyperparameter() -> None:
    """A rule without a reference, or a field of it that no case changes, fails the suite."""
    assert sorted(_core.optimizers) == sorted(ref.OPTIMIZERS)
    for name, rule in _core.optimizers.items():
        own = rule().get_params().keys() - COMMON
        assert own <= {field for _, fields in ref.OPTIMIZERS[name].cases for field in fields}


def test_defaults_are_the_oracles() -> None:
    for name, rule in _core.optimizers.items():
        for field in rule().get_params().keys() - COMMON:
            assert getattr(rule(), field) == getattr(ref.OPTIMIZERS[name](), field), (name, field)


def library(name: str, rate: Any, fields: dict[str, Any]) -> Any:
    return _core.optimizers[name](rate, **fields)


def oracle_path(rule: Any, w: Array, gradient: Callable[[Array], Array], steps: int) -> Array:
    path = [w]
    for _ in range(steps):
        path.append(rule.step(path[-1], gradient))
    return np.array(path)


def network_paths(
    name: str, rate: Any, fields: dict[str, Any], dtype: str, steps: int
) -> tuple[Array, Array]:
    """(library, oracle): full-batch steps on the 4-5-3 net, with l1 and l2 in the gradient."""
    net, oracle, w = pair(NET.inputs, NET.layers, dtype=dtype)
    X, y = NET.data
    mask = oracle.weight_mask()

    def gradient(w: Array) -> Array:
        return oracle.value_and_grad(w, X, y)[1] + ref.penalty(w, mask, L1, L2)[1]

    trainer = fm.Trainer(net, optimizer=library(name, rate, fields), l1=L1, l2=L2)
    path = [w]
    for _ in range(steps):
        trainer.step(X.astype(dtype), y.astype(dtype))
        path.append(np.array(net.parameters, float))
    rule = ref.OPTIMIZERS[name](rate, mask=mask, **fields)
    return np.array(path), oracle_path(rule, w, gradient, steps)


def function_paths(
    problem: str, name: str, rate: float, fields: dict[str, Any], dtype: str
) -> tuple[Array, Array]:
    """(library, oracle): the path of `fm.minimize`."""
    p = FUNCTIONS[problem]
    w0 = p.w0.astype(dtype)
    result = fm.minimize(
        p.fun, w0, library(name, rate * p.rate, fields), steps=STEPS, record_path=True
    )
    assert result.path.dtype == dtype
    rule = ref.OPTIMIZERS[name](rate * p.rate, **fields)
    return result.path, oracle_path(rule, w0.astype(float), lambda w: p.fun(w)[1], STEPS)


@cases
@dtypes
@pytest.mark.parametrize("problem", [*FUNCTIONS, "4-5-3"])
def test_every_rule_follows_its_oracle(
    name: str, rate: float, fields: dict[str, Any], dtype: str, problem: str
) -> None:
    """The whole path, on x² + 4y², in Rosenbrock's valley and on a network."""
    case = name, rate, fields, dtype
    path, expected = (
        network_paths(*case, STEPS) if problem == "4-5-3" else function_paths(problem, *case)
    )
    rule = ref.OPTIMIZERS[name]
    is_fused = _core.isa in ("v3", "v4")
    single = rule.float32 if is_fused else rule.float32_unfused or rule.float32
    tol = 1e-10 if dtype == "float64" else single
    np.testing.assert_allclose(path, expected, rtol=tol, atol=tol)


@cases
def test_every_rule_reaches_the_bottom_of_the_bowl(
    name: str, rate: float, fields: dict[str, Any]
) -> None:
    """x² + 4y² < 1e-3 after 1000 steps: a rule that merely equals its oracle must also work."""
    p = FUNCTIONS["bowl"]
    result = fm.minimize(p.fun, p.w0, library(name, rate, fields), steps=1000)
    assert result.value < 1e-3


@every_rule
@pytest.mark.parametrize(
    "clipping",
    [
        {"clip_value": (-0.05, 0.02)},
        {"clip_norm": 0.1},
        {"clip_value": 0.05, "clip_norm": 0.1},
        {"normalize": True},
        {"normalize": True, "clip_value": (-0.05, 0.02), "clip_norm": 0.5},
    ],
    ids=str,
)
def test_every_rule_clips(name: str, clipping: dict[str, Any]) -> None:
    """By value, then to norm 1 or to a norm at most, over all parameters and penalties."""
    rate, fields = ref.OPTIMIZERS[name].cases[0]
    path, expected = network_paths(name, rate, {**fields, **clipping}, "float64", 40)
    np.testing.assert_allclose(path, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    "name", [n for n in ref.OPTIMIZERS if not _core.optimizers[n].uses_initial_rate_only]
)
def test_every_rule_takes_a_schedule(name: str) -> None:
    """The rate of step k = 0, 1, …; rules that adapt a rate of their own refuse schedules."""
    rate, fields = ref.OPTIMIZERS[name].cases[0]
    schedule = fm.InverseTimeDecay(rate, 0.1)
    net, oracle, w = pair(NET.inputs, NET.layers)
    X, y = NET.data
    trainer = fm.Trainer(net, optimizer=library(name, schedule, fields))
    for _ in range(40):
        trainer.step(X, y)
    rule = ref.OPTIMIZERS[name](lambda k: rate / (1 + 0.1 * k), mask=oracle.weight_mask(), **fields)
    path = oracle_path(rule, w, lambda w: oracle.value_and_grad(w, X, y)[1], 40)
    np.testing.assert_allclose(net.parameters, path[-1], rtol=1e-10, atol=1e-10)


@every_rule
def test_applied_gradients_make_the_same_steps(name: str) -> None:
    """trainer.apply goes over the whole vector, trainer.step over its parts."""
    rate, fields = ref.OPTIMIZERS[name].cases[0]
    steps = []
    for way in ("step", "apply"):
        net, _, _ = pair(NET.inputs, NET.layers)
        X, y = NET.data
        trainer = fm.Trainer(net, optimizer=library(name, rate, fields), l2=L2)
        for _ in range(40):
            if way == "step":
                trainer.step(X, y)
            else:
                trainer.apply(net.value_and_grad(X, y)[1])
        steps.append(net.parameters.copy())
    np.testing.assert_allclose(*steps, rtol=1e-10, atol=1e-10)


def test_the_lectures_nesterov_takes_no_gradient_from_elsewhere() -> None:
    """Its gradient is that at w + momentum v, which only the core evaluates: refused, no change."""
    net, _, w = pair(NET.inputs, NET.layers)
    rule = fm.SGD(0.1, momentum=0.9, nesterov="lecture")
    with pytest.raises(ValueError, match=r"^Trainer\.apply: optimizer=SGD.*expected nesterov=True"):
        fm.Trainer(net, optimizer=rule).apply(w)
    with pytest.raises(ValueError, match=r"^fit: optimizer=SGD.*expected nesterov=True"):
        net.fit(*NET.data, loss=squared, optimizer=rule)
    np.testing.assert_array_equal(net.parameters, w)


@every_rule
def test_state_is_named_live_and_begins_at_the_oracles(name: str) -> None:
    """Vectors are as long as the parameters, numbers are (1,); a view sees the next step."""
    net, _, _ = pair(NET.inputs, NET.layers)
    trainer = fm.Trainer(net, optimizer=library(name, *ref.OPTIMIZERS[name].cases[-1]))
    state = dict(trainer.state)
    before = {key: value.copy() for key, value in state.items()}
    assert {value.size for value in state.values()} <= {1, net.n_parameters}
    for _ in range(2):
        trainer.step(*NET.data)
    assert name == "sgd" or any((state[key] != before[key]).any() for key in state)


@every_rule
def test_a_zero_gradient_moves_nothing(name: str) -> None:
    """No 0/0 anywhere, also with clipping and normalising."""
    fields = {"weight_decay": 0.0} if hasattr(_core.optimizers[name](), "weight_decay") else {}
    rule = library(name, 0.1, {**fields, "clip_norm": 1.0, "normalize": True})
    result = fm.minimize(lambda w: (0.0, 0 * w), np.ones(3), rule, steps=5)
    np.testing.assert_array_equal(result.w, np.ones(3))


OPTAX = {
    "lion": fm.Lion(0.003),
    "lion_decay": fm.Lion(0.003, 0.8, 0.95, weight_decay=0.1, decay_biases=True),
    "rmsprop_nesterov": fm.RMSProp(0.0003, eps=1e-3, momentum=0.8, nesterov=True),
    "adam_inside": fm.Adam(0.01, eps=1e-4, eps_mode="inside"),
    "sgd_nesterov": fm.SGD(0.0002, momentum=0.9, nesterov=True),
}


@pytest.mark.parametrize("name", OPTAX)
@pytest.mark.parametrize("problem", [*FUNCTIONS, "net"])
def test_what_torch_lacks_is_optaxs(name: str, problem: str) -> None:
    """200 steps to 1e-10, against stored paths (data/make_optax.py), every 20th point of them."""
    data = np.load(Path(__file__).with_name("data") / "optax.npz")
    expected = data[f"{name}/{problem}"]
    if problem == "net":
        net, _, _ = pair(NET.inputs, NET.layers)
        net.parameters = expected[0]
        trainer = fm.Trainer(net, optimizer=OPTAX[name])
        path = [expected[0]]
        for _ in range(STEPS):
            trainer.step(data["X"], data["classes"])
            path.append(net.parameters.copy())
    else:
        fun = FUNCTIONS[problem].fun
        result = fm.minimize(fun, expected[0], OPTAX[name], steps=STEPS, record_path=True)
        path = result.path
    np.testing.assert_allclose(path[::20], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("mode", ["outside", "hat", "inside"])
@dtypes
def test_adam_ignores_the_scale_of_the_gradient(mode: str, dtype: str) -> None:
    """Gradients of 1e-12 and 1e12 move the same steps when eps is out of the way."""
    paths = []
    for scale in (1e-12, 1.0, 1e12):
        adam = fm.Adam(0.1, eps=0.0 if mode == "outside" else 1e-30, eps_mode=mode)
        w0 = np.array([1.0, -2.0], dtype)
        result = fm.minimize(lambda w, s=scale: (0.0, s * w), w0, adam, steps=20)
        paths.append(result.w)
    rtol = 1e-4 if dtype == "float32" else 1e-5
    np.testing.assert_allclose(paths[0], paths[1], rtol=rtol)
    np.testing.assert_allclose(paths[2], paths[1], rtol=rtol)


def test_values_are_shared_state_is_not() -> None:
    """One optimizer object may drive two runs at once: it holds no state."""
    adam, runs = fm.Adam(0.1), []
    for _ in range(2):
        net, _, _ = pair(2, [(1, "identity", True)])
        trainer = fm.Trainer(net, optimizer=adam)
        trainer.step(np.ones((1, 2)), np.ones((1, 1)))
        runs.append(net.parameters.copy())
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: fm.Adam(beta2=1.5), r"Adam: beta2=1\.5, expected 0 <= beta2 < 1"),
        (lambda: fm.Adam(beta1=-0.1), r"Adam: beta1=-0\.1, expected 0 <= beta1 < 1"),
        (lambda: fm.Adam(eps=-1.0), r"Adam: eps=-1.*expected"),
        (lambda: fm.Adam(eps_mode="under"), r"Adam: eps_mode='under'.*outside.*hat.*inside"),
        (lambda: fm.SGD(-0.1), r"SGD: learning_rate=-0\.1, expected"),
        (lambda: fm.SGD(float("nan")), r"SGD: learning_rate=nan, expected"),
        (lambda: fm.SGD(float("inf")), r"SGD: learning_rate=inf, expected"),
        (lambda: fm.SGD(momentum=1.5), r"SGD: momentum=1.5.*expected 0 <= momentum <= 1"),
        (lambda: fm.SGD(0.1, 0.9, nesterov="lectur"), r"SGD: nesterov='lectur'.*expected"),
        (lambda: fm.SGD(clip_norm=0.0), r"SGD: clip_norm=0.*expected"),
        (lambda: fm.SGD(clip_value=-1.0), r"SGD: clip_value=-1.*expected"),
        (lambda: fm.Adam(clip_value=(1.0, -1.0)), r"Adam: clip_value=\(1.*expected"),
    ],
)
def test_bad_hyperparameters_are_refused_by_name(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: fm.Adam("fast"),
        lambda: fm.SGD(None),
        lambda: fm.SGD(0.1, momentum=[0.9]),
        lambda: fm.Adam(rho=0.9),
    ],
)
def test_wrong_kinds_are_type_errors(make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        make()

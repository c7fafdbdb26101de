"""Refusals of names that are not known say which one was meant, if any is near."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

import fastmlp as fm
from fastmlp import _core
from fastmlp._data.near_names import ELSEWHERE, hint

X, Y = [[1.0, 2.0], [2.0, 1.0]], [1.0, 2.0]


def net() -> fm.Network:
    return fm.Network([2, 1], seed=0)


CALLS: list[tuple[Callable[[], object], str]] = [
    (
        lambda: net().fit(X, Y, loss="mse"),
        r"^fit: loss='mse' is .*; did you mean 'squared_error'\?$",
    ),
    (lambda: fm.Dense(3, "swish"), r"^Dense: activation='swish' is .*; did you mean 'silu'\?$"),
    (lambda: fm.Dense(3, "ReLU"), r"^Dense: .* did you mean 'relu'\?$"),
    (lambda: fm.Dense(3, "LeakyReLU"), r"did you mean 'leaky_relu'\?$"),
    (lambda: fm.Network([2, 3, 1], activation="linear"), r"^Network: .* mean 'identity'\?$"),
    (lambda: fm.Network([2, 1], init="he"), r"did you mean 'he_uniform' or 'he_normal'\?$"),
    (lambda: net().fit(X, Y, optimizer="SGD"), r"did you mean 'sgd'\?$"),
    (lambda: net().fit(X, Y, optimizer="adan"), r"did you mean 'adam'\?$"),
    (lambda: net().fit(X, Y, optimizer="levenberg-marquardt"), "mean 'levenberg_marquardt'"),
    (lambda: net().fit(X, Y, metrics="acc"), r"; did you mean 'accuracy'\?$"),
    (lambda: net().fit(X, Y, metrics="top_k_accuracy"), r"; did you mean 'top_3_accuracy'\?$"),
    (lambda: fm.SGD(lr=0.1), r"^SGD: lr is not a parameter; .*; did you mean 'learning_rate'\?$"),
    (lambda: fm.Adam(epsilon=0.1), r"did you mean 'eps'\?$"),
    (lambda: fm.Dense(3, use_bias=False), r"did you mean 'bias'\?$"),
    (
        lambda: net().fit(X, Y, lr=0.1),
        r"^fit: lr is not a parameter; .* did you mean optimizer=fm.Adam\(learning_rate=...\)\?$",
    ),
    (lambda: net().fit(X, Y, n_epochs=3), r"^fit: n_epochs is not .* did you mean 'epochs'\?$"),
    (lambda: net().fit(X, Y, batchsize=3), r"did you mean 'batch_size'\?$"),
    (
        lambda: fm.EarlyStopping(restore_best_weights=True),
        r"^EarlyStopping: restore_best_weights is not a parameter; expected some of: monitor, .*; "
        r"did you mean 'restore_best'\?$",
    ),
    (lambda: fm.Trainer(net(), optimiser="adam"), r"^Trainer: .* did you mean 'optimizer'\?$"),
    (lambda: fm.Network([2, 1], random_state=0), r"^Network: .* did you mean 'seed'\?$"),
    (lambda: fm.Ensemble.load("x", foo=1), r"^Ensemble\.load: foo is .*; expected some of: path, "),
    (lambda: net().loss(X, Y, weight=Y), "^Network.loss: weight is not a parameter; expected some"),
]  # type: ignore[call-arg, call-overload]


@pytest.mark.parametrize(("call", "message"), CALLS)
def test_what_was_meant_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_what_is_near_nothing_has_no_hint() -> None:
    assert hint("mish", ["relu", "tanh"]) == ""
    assert hint("mse", ["tanh"]) == ""
    assert hint("", []) == ""
    with pytest.raises(ValueError, match=r"leaky_relu, .*[a-z]$"):
        fm.Dense(3, "unknown")


def test_a_type_error_of_a_users_function_comes_through() -> None:
    """Also where the call has only keywords that exist."""

    def fun(w: object) -> None:
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        fm.minimize(fun, w0=[1.0], steps=3)  # type: ignore[arg-type]


def test_all_names_of_other_libraries_lead_to_one_of_ours() -> None:
    """No hint can be of something that there is not."""
    families = (_core.activations, _core.initializers, _core.losses, _core.metrics)
    members = [*_core.optimizers.values(), *_core.layers.values(), *_core.activations.values()]
    known = {name for family in families for name in family}
    known |= {field.name for member in members for field in member.fields} | {"top_3_accuracy"}
    functions = (fm.Network, fm.Network.fit, fm.EarlyStopping, fm.ModelCheckpoint, fm.minimize)
    for function in functions:
        code = getattr(function, "__init__", None) if isinstance(function, type) else function
        known |= set(getattr(code, "__wrapped__").__code__.co_varnames)  # noqa: B009
    for meant in ELSEWHERE.values():
        assert {name.partition("=")[0] for name in meant} <= known


def test_the_import_of_the_package_does_not_pay_for_it() -> None:
    code = "import sys, fastmlp; assert 'difflib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

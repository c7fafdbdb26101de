"""`fit_many`: the bits of `net.fit`, one network after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from fastmlp import _core
from forced_threads import forced_threads
from many_cases import (
    BAGS,
    FOLDS,
    HELD_OUT,
    LABELS,
    RNG,
    N,
    W,
    X,
    Y,
    check,
    classifiers,
    regressors,
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*_core.optimizers, *_core.methods])
def test_every_optimizer_gives_the_bits_of_fit(name: str, dtype: str) -> None:
    check(lambda: regressors(dtype), X, Y, optimizer=name, loss="squared_error", epochs=4)


@pytest.mark.parametrize("name", _core.losses)
def test_every_loss_gives_the_bits_of_fit(name: str) -> None:
    loss: Any = _core.losses[name]()
    output = "sign" if name == "perceptron" else "sigmoid"
    y = (Y > 0.5).astype(float) if loss.labels_pm1 else Y
    y = y[:, : 2 // loss.outputs_per_target]
    y = y / y.sum(1, keepdims=True) if name == "cross_entropy" else y
    check(lambda: regressors(output=output), X, y, loss=name, epochs=5, l2=0.01)


OPTIONS: dict[str, dict[str, Any]] = {
    "penalties": {"l1": 0.01, "l2": [0.0, 0.1, 0.2], "regularize_biases": True},
    "full batch": {"batch_size": [1000, 7, None], "l2": 0.1, "l2_scale": "batch_weight"},
    "in order": {"shuffle": False, "batch_size": 16},
    "weighting": {"sample_weight": W, "weighting": "batch", "class_weight": {0: 2.0, 2: 0.5}},
    "rates": {"optimizer": [fm.SGD(0.1), fm.Adam(fm.CosineDecay(0.1, 30)), "rmsprop"]},
    "average": {"optimizer": fm.Adam(0.05, average=fm.Polyak("uniform")), "epochs": [3, 1, 9]},
    "clipping": {"optimizer": fm.SGD(0.5, momentum=0.9, clip_norm=0.1, normalize=True)},
    "proximal": {"optimizer": fm.SGD(0.1, proximal_l1=True), "l1": 0.01},
    "searches": {"optimizer": [fm.LBFGS(), "adam", fm.BFGS(average=None)], "epochs": 40},
    "plateau": {"epochs": None, "optimizer": [fm.Adam(0.1), fm.Adam(1e-6), fm.LBFGS()]},
}


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("chosen", ["all", "folds", "bags"])
@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_gives_the_bits_of_fit(option: str, chosen: str, n_threads: int) -> None:
    given = {"epochs": 4, **OPTIONS[option]}
    rows = {"all": None, "folds": FOLDS, "bags": BAGS}[chosen]
    validation = None if chosen == "all" else HELD_OUT
    if chosen != "all":
        given.pop("class_weight", None)
    with forced_threads(n_threads):
        check(classifiers, X, LABELS, rows=rows, validation_rows=validation, **given)


@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.parametrize("monitor", ["loss", "val_loss"])
def test_early_stopping_gives_the_bits_of_fit(monitor: str, restore: bool) -> None:
    """Also where the best epoch is not the last, with penalties, averages and one that diverges."""
    rule = {"monitor": monitor, "patience": 2, "min_delta": 1e-3, "restore_best": restore}
    optimizers = [fm.Adam(0.3), fm.SGD(1.0, average=fm.Polyak()), fm.SGD(1e30)]
    histories = check(
        classifiers, X, LABELS, rows=BAGS, validation_rows=HELD_OUT, stopping=rule,
        sample_weight=W, optimizer=optimizers, epochs=60, l2=0.01, l2_scale="batch_weight",
    )  # fmt: skip
    assert {history.status for history in histories} == {"stopped", "not_finite"}


def test_early_stopping_is_a_rule_that_is_only_read() -> None:
    stopping = fm.EarlyStopping("loss", patience=1, min_delta=1e9)
    before = dict(vars(stopping))
    assert fm.fit_many(classifiers(), X, LABELS, epochs=9, callbacks=[stopping])[0].n_epochs == 2
    assert vars(stopping) == before


def test_a_perceptron_ends_as_with_fit_where_its_classes_are_separated() -> None:
    def make() -> list[fm.Network]:
        return [fm.Network([4, 1], output="sign", seed=seed) for seed in range(3)]

    labels = np.where(X[:, 0] > 0, 1, -1)
    apart = X + 3 * labels[:, None] * [1, -1, 0, 0]
    rows, sgd = [*FOLDS[:2], None], fm.SGD(0.1)
    histories = check(make, apart, labels, rows=rows, epochs=[None, 200, 199], optimizer=sgd)
    assert {history.status for history in histories} == {"converged"}
    crossed = check(make, X, np.where(X[:, 0] * X[:, 1] > 0, 1, -1), epochs=3, sample_weight=W)
    assert [len(history["mistakes"]) for history in crossed] == [3, 3, 3]


def layers(*middle: Any) -> list[fm.Network]:
    def net(seed: int) -> fm.Network:
        return fm.Network([*middle, fm.Dense(3, "softmax")], inputs=4, seed=seed)

    return [net(seed) for seed in range(3)]


MIDDLES: dict[str, Callable[[], list[Any]]] = {
    "dropout": lambda: [fm.Dense(9, "relu"), fm.Dropout(0.3)],
    "noise": lambda: [fm.GaussianNoise(0.2), fm.Dense(5, "gelu")],
    "frozen": lambda: [fm.Dense(5, "tanh", trainable=False), fm.Dense(4, learning_rate_factor=0.1)],
    "own penalties": lambda: [fm.Dense(5, l1=0.01, max_norm=0.5), fm.Dense(4), fm.Skip("input")],
    "own activation": lambda: [fm.Dense(5, (np.sin, np.cos))],
}


@pytest.mark.parametrize("middle", MIDDLES)
def test_every_layer_draws_what_it_draws_with_fit(middle: str) -> None:
    with forced_threads(3):
        check(lambda: layers(*MIDDLES[middle]()), X, LABELS, rows=BAGS, epochs=3, batch_size=7)


@pytest.mark.parametrize("layer", [fm.Recurrent, fm.GRU, fm.LSTM])
def test_sequences_with_lengths_and_missing_targets_give_the_bits_of_fit(layer: Any) -> None:
    x, lengths = RNG.normal(size=(N, 5, 2)), RNG.integers(1, 6, N)
    y = np.where(RNG.random((N, 5, 1)) < 0.2, np.nan, RNG.normal(size=(N, 5, 1)))
    weights = RNG.uniform(0.5, 2, size=(N, 5))
    given: dict[str, Any] = {"epochs": 3, "missing": "mask", "optimizer": "sgd"}

    def make() -> list[fm.Network]:
        parts = [[layer(units, sequences=True), fm.Conv1D(1, 1)] for units in (2, 3, 4)]
        return [fm.Network(part, inputs=(5, 2), seed=0) for part in parts]

    many, alone = make(), make()
    fm.fit_many(many, x, y, rows=BAGS, lengths=lengths, sample_weight=weights, **given)
    for net, other, own in zip(many, alone, BAGS, strict=True):
        other.fit(x[own], y[own], lengths=lengths[own], sample_weight=weights[own], **given)
        assert net.parameters.tobytes() == other.parameters.tobytes()


def test_sparse_samples_give_the_bits_of_fit() -> None:
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(np.where(X > 0, X, 0))
    many, alone = classifiers(), classifiers()
    fm.fit_many(many, sparse, LABELS, rows=BAGS, epochs=2)
    for net, other, rows in zip(many, alone, BAGS, strict=True):
        other.fit(sparse[rows], LABELS[rows], epochs=2)
        assert net.parameters.tobytes() == other.parameters.tobytes()


def test_networks_of_both_dtypes_are_trained_in_one_call() -> None:
    check(lambda: [*regressors("float64"), *regressors("float32")], X, Y, epochs=2, l2=[0.1] * 6)


def test_validation_data_and_splits_are_those_of_fit() -> None:
    check(regressors, X, Y, epochs=3, validation_data=(X[:9] + 1, Y[:9], W[:9]))
    check(regressors, X, Y, epochs=3, validation_split=0.2, sample_weight=None)


def test_balanced_classes_are_those_of_all_rows() -> None:
    balanced = {"class_weight": "balanced", "weighting": "batch", "epochs": 2}
    check(classifiers, X, LABELS, validation_rows=HELD_OUT, **balanced)


def test_a_second_call_goes_on_with_the_random_stream() -> None:
    many, alone = regressors(), regressors()
    for net in alone:
        net.fit(X, Y, epochs=2)
        net.fit(X, Y, epochs=3)
    fm.fit_many(many, X, Y, epochs=2)
    fm.fit_many(many, X, Y, epochs=3)
    assert [n.parameters.tobytes() for n in many] == [n.parameters.tobytes() for n in alone]


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    batch_size=st.integers(1, 70),
    n_threads=st.integers(1, 4),
    seed=st.integers(0, 2**32),
    weighted=st.booleans(),
    rule=st.sampled_from(["adam", "sgd", "rprop", "adadelta", "lbfgs"]),
)
def test_any_networks_on_any_rows_give_the_bits_of_fit(
    widths: list[int], batch_size: int, n_threads: int, seed: int, weighted: bool, rule: str
) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, N, rng.integers(1, N)) for _ in widths]

    def make() -> list[fm.Network]:
        return [fm.Network([4, width, 3], output="softmax", seed=seed) for width in widths]

    with forced_threads(n_threads):
        check(
            make, X, LABELS, rows=rows, batch_size=batch_size, optimizer=rule, epochs=3,
            sample_weight=W if weighted else None,
        )  # fmt: skip

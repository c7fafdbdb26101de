"""`fit_many`: the bits of `net.fit`, one network after the other, and what it refuses."""

from __future__ import annotations

import signal
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastmlp as fm
from fastmlp import _core
from forced_threads import forced_threads

RNG = np.random.default_rng(0)
N = 60
X, Y = RNG.normal(size=(N, 4)), RNG.uniform(0.1, 0.9, size=(N, 2))
LABELS = RNG.integers(0, 3, N)
W = RNG.uniform(0.5, 2.0, N)
FOLDS = [np.delete(np.arange(N), np.s_[i::3]) for i in range(3)]
HELD_OUT = [np.arange(N)[i::3] for i in range(3)]
BAGS = [RNG.integers(0, N, N) for _ in range(3)]

Networks = Callable[[], list[fm.Network]]


def regressors(dtype: str = "float32", *, output: str = "identity") -> list[fm.Network]:
    """Three networks of other shapes and seeds."""
    hidden = [[6], [5, 4], [3]]
    return [
        fm.Network([4, *widths, 2], activation="tanh", output=output, dtype=dtype, seed=seed)
        for seed, widths in enumerate(hidden)
    ]


def classifiers(dtype: str = "float32") -> list[fm.Network]:
    return [
        fm.Network([4, width, 3], output="softmax", dtype=dtype, seed=width) for width in (4, 5, 6)
    ]


def taken(value: Any, rows: Any) -> Any:
    return value if rows is None or value is None else np.asarray(value)[rows]


def own_settings(given: dict[str, Any], i: int) -> dict[str, Any]:
    return {name: value[i] if isinstance(value, list) else value for name, value in given.items()}


def check(
    make: Networks,
    x: Any,
    y: Any,
    *,
    rows: Sequence[Any] | None = None,
    validation_rows: Sequence[Any] | None = None,
    sample_weight: Any = None,
    stopping: dict[str, Any] | None = None,
    **given: Any,
) -> list[fm.History]:
    """Assert that all networks end as those that are fitted alone, in every bit."""
    many, alone = make(), make()
    rules = {} if stopping is None else {"callbacks": fm.EarlyStopping(**stopping)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fm.TrainingWarning)
        histories = fm.fit_many(
            many, x, y, rows=rows, validation_rows=validation_rows, sample_weight=sample_weight,
            **given, **rules,
        )  # fmt: skip
        for i, net in enumerate(alone):
            own, mine = own_settings(given, i), None if rows is None else rows[i]
            if stopping is not None:
                own["callbacks"] = fm.EarlyStopping(**stopping)
            if validation_rows is not None:
                held = validation_rows[i]
                own["validation_data"] = (x[held], y[held], taken(sample_weight, held))
            own["sample_weight"] = taken(sample_weight, mine)
            net.fit(taken(x, mine), taken(y, mine), n_threads=1, **own)
    for net, other, history in zip(many, alone, histories, strict=True):
        assert net.history is history
        assert history == other.history
        assert history.status == other.history.status
        assert net.parameters.tobytes() == other.parameters.tobytes()
        assert net.epochs_trained == other.epochs_trained
        assert repr(net._trained_loss) == repr(other._trained_loss)
    return histories


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


def test_a_network_that_is_not_finite_does_not_disturb_the_others() -> None:
    optimizers = [fm.Adam(), fm.SGD(1e30), fm.Adam()]
    nets = regressors()
    start = nets[1].parameters.copy()
    with pytest.warns(fm.TrainingWarning, match="1 of 3 networks ended .* networks 1$"):
        histories = fm.fit_many(nets, X, Y, optimizer=optimizers, epochs=3)
    assert [history.status for history in histories] == ["max_steps", "not_finite", "max_steps"]
    assert np.isfinite(nets[1].parameters).all()
    assert histories[1].n_epochs > 0 or np.array_equal(nets[1].parameters, start)
    check(regressors, X, Y, optimizer=optimizers, epochs=3)


def test_networks_that_are_not_at_rest_are_counted_in_one_warning() -> None:
    with pytest.warns(fm.TrainingWarning, match="3 of 3 networks were not at rest") as caught:
        fm.fit_many(regressors(), X, Y, optimizer=fm.SGD(1e-3))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_no_time_leaves_all_networks_as_they_were() -> None:
    nets, before = regressors(), [net.parameters.copy() for net in regressors()]
    histories = fm.fit_many(nets, X, Y, max_seconds=0)
    assert [(h.status, h.n_epochs) for h in histories] == [("max_seconds", 0)] * 3
    assert all(np.array_equal(net.parameters, w) for net, w in zip(nets, before, strict=True))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_time_limit_holds_for_the_whole_call(n_threads: int) -> None:
    nets = [fm.Network([4, 30, 2], seed=seed) for seed in range(40)]
    start = time.perf_counter()
    with forced_threads(n_threads):
        histories = fm.fit_many(nets, X, Y, epochs=10**6, max_seconds=0.2)
    assert time.perf_counter() - start < 60
    assert {history.status for history in histories} == {"max_seconds"}
    for net, history in zip(nets, histories, strict=True):
        assert net.epochs_trained in (history.n_epochs, history.n_epochs + 1)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_keeps_what_is_done_and_leaves_the_others_as_fit_does(n_threads: int) -> None:
    """Longest first: the runs without end are in training when the signal comes."""
    nets = [fm.Network([4, 8, 2], seed=seed) for seed in range(n_threads + 3)]
    epochs = [10**8] * n_threads + [1, 2, 3]
    start = [net.parameters.copy() for net in nets]
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    with forced_threads(n_threads), pytest.raises(KeyboardInterrupt):
        fm.fit_many(nets, X, Y, epochs=epochs)
    timer.join()
    for net, w in zip(nets[:n_threads], start, strict=False):
        assert net.history is not None
        assert net.history.status == "interrupted"
        assert net.history.n_epochs > 0
        assert not np.array_equal(net.parameters, w)
        twin = fm.Network([4, 8, 2], seed=net.seed)
        twin.parameters = w
        twin.fit(X, Y, epochs=net.history.n_epochs)
        assert twin.history == net.history
    for net, w in zip(nets[n_threads:], start[n_threads:], strict=True):
        assert net.history is None
        assert net.epochs_trained == 0
        assert np.array_equal(net.parameters, w)
    fm.fit_many(nets, X, Y, epochs=1)  # the locks are free


def test_progress_counts_networks(capsys: pytest.CaptureFixture[str]) -> None:
    fm.fit_many([*regressors(), *regressors("float64")], X, Y, epochs=1, verbose=2)
    assert capsys.readouterr().out.splitlines()[-1].startswith("network 6/6")


def test_names_of_features_are_those_of_the_frame() -> None:
    pandas = pytest.importorskip("pandas")
    nets = regressors()
    fm.fit_many(nets, pandas.DataFrame(X, columns=list("abcd")), Y, epochs=1)
    for net in nets:
        assert net.feature_names_in_ is not None
        assert net.feature_names_in_.tolist() == list("abcd")


def test_no_networks_are_trained_without_a_complaint() -> None:
    assert fm.fit_many([], X, Y) == []


def own_loss(o: Any, y: Any) -> tuple[Any, Any]:
    return ((o - y) ** 2).sum(1), 2 * (o - y)


def late(epoch: int) -> float:
    return 0.1 / (1 + epoch)


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "metrics": ({"metrics": "r2"}, ValueError, "metrics='r2', expected .* use net.fit"),
    "comm": ({"comm": object()}, ValueError, "comm=.* use net.fit"),
    "checkpoint": ({"checkpoint": "run"}, ValueError, "checkpoint='run', .* use net.fit"),
    "carry": ({"carry_state": True}, ValueError, "carry_state=True, .* use net.fit"),
    "callback": ({"callbacks": fm.ReduceOnPlateau("loss")}, ValueError, "callbacks=.*net.fit"),
    "two": ({"callbacks": [fm.EarlyStopping("loss")] * 2}, ValueError, "expected one fm.Early"),
    "monitor": ({"callbacks": fm.EarlyStopping()}, ValueError, "monitor='val_loss', expected one"),
    "loss": ({"loss": own_loss}, ValueError, "loss=.* functions in Python need net.fit"),
    "rate": ({"optimizer": fm.SGD(late)}, ValueError, "learning_rate=.* need net.fit"),
    "count": ({"optimizer": ["adam"]}, ValueError, "optimizer has 1 members, expected 3"),
    "one": ({"l2": [0.1, 0.2, -1.0]}, ValueError, r"networks\[2\]: l2=-1.0, expected"),
    "small": ({"l2": [0.1, 0.2, 1e-60]}, ValueError, "l2=1e-60"),
    "rows": ({"rows": FOLDS[:2]}, ValueError, "rows has 2 members, expected 3"),
    "no list": ({"rows": 3}, TypeError, "rows=3 .*, expected a list with one for each network"),
    "outside": ({"rows": [[0], [1], [N]]}, ValueError, rf"rows\[2\]\[0\]={N}, expected indices"),
    "mask": ({"rows": [X[:, 0] > 0] * 3}, TypeError, r"rows\[0\] has dtype bool, expected int"),
    "empty": ({"rows": [[], [1], [1]]}, ValueError, r"rows\[0\] has shape \(0,\)"),
    "balanced": (
        {"rows": FOLDS, "class_weight": "balanced"},
        ValueError,
        "class_weight='balanced', expected numbers",
    ),
    "split": ({"rows": FOLDS, "validation_split": 0.1}, ValueError, "as rows is given"),
    "both": (
        {"validation_rows": FOLDS, "validation_data": (X, Y)},
        ValueError,
        "expected None, as validation_data is given",
    ),
    "weights": (
        {"rows": [[0], [1], [2]], "sample_weight": np.where(np.arange(N) == 1, 0, W)},
        ValueError,
        r"weights of rows\[1\] are all 0",
    ),
    "unknown": ({"epoch": 3}, TypeError, "epoch is not a parameter; .* did you mean 'epochs'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_refused_says_why_and_changes_nothing(case: str) -> None:
    changes, kind, message = BAD[case]
    nets = regressors()
    before = [net.parameters.tobytes() for net in nets]
    with pytest.raises(kind, match=message):
        fm.fit_many(nets, X, Y, **changes)
    assert [net.parameters.tobytes() for net in nets] == before
    assert all(net.history is None and net.epochs_trained == 0 for net in nets)


def test_networks_are_refused_by_their_place() -> None:
    nets = regressors()
    with pytest.raises(ValueError, match=r"networks\[1\] is networks\[0\], expected different"):
        fm.fit_many([nets[0], nets[0]], X, Y)
    with pytest.raises(TypeError, match=r"networks\[1\]=3 .*, expected an fm.Network"):
        fm.fit_many([nets[0], 3], X, Y)  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"networks=3 .*, expected a list of networks"):
        fm.fit_many(3, X, Y)  # type: ignore[arg-type]
    wide = fm.Network([5, 2])
    with pytest.raises(ValueError, match=r"networks\[1\]: X has shape \(60, 4\), expected .*, 5"):
        fm.fit_many([nets[0], wide], X, Y)


def test_a_network_that_is_being_trained_is_refused() -> None:
    nets = regressors()
    with nets[1]._in_training, pytest.raises(RuntimeError, match="being trained by another call"):
        fm.fit_many(nets, X, Y)
    fm.fit_many(nets, X, Y, epochs=1)

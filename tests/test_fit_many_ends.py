"""How runs of `fit_many` end, what it shows and remembers, and what it refuses."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from forced_threads import forced_threads
from many_cases import FOLDS, N, W, X, Y, check, regressors


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
    # Of a process in the background the shell has SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    try:
        with forced_threads(n_threads), pytest.raises(KeyboardInterrupt):
            fm.fit_many(nets, X, Y, epochs=epochs)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
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


@pytest.mark.parametrize("n_threads", [1, 3])
def test_an_exception_of_an_activation_ends_all_runs_as_with_fit(n_threads: int) -> None:
    n_calls = 0

    def fails_late(a: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 50:
            raise RuntimeError("late")
        return np.sin(a)

    layers = [fm.Dense(3, (fails_late, np.cos)), fm.Dense(2)]
    nets = [fm.Network(layers, inputs=4, seed=seed) for seed in range(3)]
    with forced_threads(n_threads), pytest.raises(RuntimeError, match="late"):
        fm.fit_many(nets, X, Y, epochs=10**4)
    ended = [net.history.status for net in nets if net.history is not None]
    assert "interrupted" in ended
    fm.fit_many(nets, X, Y, epochs=1)


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


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")])
def test_what_the_core_refuses_for_one_dtype_trains_none(dtypes: tuple[str, str]) -> None:
    """The error names the network."""
    nets = [fm.Network([4, 2], seed=0, dtype=dtype) for dtype in dtypes]
    optimizer = fm.Adam(half_state=True) if dtypes[1] == "float64" else fm.Adam(eps=1e-50)
    before = [net.parameters.tobytes() for net in nets]
    with pytest.raises(ValueError, match=r"^fit_many: networks\[1\]: Adam: (half_state|eps)="):
        fm.fit_many(nets, X, Y, optimizer=optimizer, epochs=2)
    assert [net.parameters.tobytes() for net in nets] == before
    with pytest.raises(ValueError, match=r"^fit_many: networks\[0\]: Adam: (half_state|eps)="):
        fm.fit_many(nets[1:], X, Y, optimizer=optimizer, epochs=2)
    assert all(net.history is None and net.epochs_trained == 0 for net in nets)


@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
def test_a_loss_that_overflows_in_the_mean_of_an_epoch_ends_all_kinds_of_runs_alike() -> None:
    Z = np.random.default_rng(0).normal(size=(40, 3))
    settings: dict[str, Any] = {"epochs": 2000, "optimizer": fm.SGD(3.0), "batch_size": 40}
    ends = []
    for kind in ("plain", "watched", "many"):
        net = fm.Network([3, 1], seed=0, dtype="float64")
        if kind == "many":
            [history] = fm.fit_many([net], Z, Z[:, 0], **settings)
        else:
            watchers = [fm.Callback()] if kind == "watched" else []
            history = net.fit(Z, Z[:, 0], callbacks=watchers, **settings)
        assert history.status == "not_finite"
        assert np.isfinite(history["loss"]).all()
        ends.append((history["loss"], net.parameters.tobytes(), net.epochs_trained))
    assert ends[0] == ends[1] == ends[2]


def test_a_network_that_is_being_trained_is_refused() -> None:
    nets = regressors()
    with nets[1]._in_training, pytest.raises(RuntimeError, match="being trained by another call"):
        fm.fit_many(nets, X, Y)
    fm.fit_many(nets, X, Y, epochs=1)

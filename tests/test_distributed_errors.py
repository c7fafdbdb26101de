"""Data-parallel training: what is wrong on one rank is said on all, and none is left alone."""

from __future__ import annotations

import re
import signal
import threading
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from distributed_cases import data, dealt, network


def messages(train: Any, size: int = 3) -> set[str]:
    """The message of the ValueError that each rank raises."""

    def caught(comm: Any) -> str:
        with pytest.raises((ValueError, TypeError, RuntimeError)) as error:
            train(comm)
        return str(error.value)

    return set(fm.distributed.run_threads(caught, size))


def fit_on(comm: Any, rank: int = 1, make: Any = network, rows: Any = None, **given: Any) -> None:
    """Fit with other settings on one rank."""
    here = comm.rank == rank
    X, y = rows(comm) if rows else dealt(comm, *data())
    (make if here else network)().fit(X, y, comm=comm, epochs=2, **(given if here else {}))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: network(fm.Dense(4), fm.Dense(2)), "layers"),
        (lambda: network(dtype="float32"), "dtype"),
        (lambda: network(fm.Dense(5, "relu"), fm.Dense(2)), "layers"),
    ],
)
def test_networks_that_differ_are_refused_on_all_ranks(make: Any, name: str) -> None:
    (message,) = messages(lambda comm: fit_on(comm, make=make))
    assert re.match(rf"fit: rank 1 has {name}=.*, expected .*, as rank 0 has", message)


@pytest.mark.parametrize(
    "given",
    [
        {"batch_size": 7},
        {"optimizer": fm.Adam(0.1)},
        {"optimizer": fm.SGD(lambda epoch: 0.1)},
        {"loss": "huber"},
        {"l2": 0.5},
        {"shuffle": False},
        {"metrics": "r2"},
        {"callbacks": [fm.EarlyStopping("loss")]},
        {"validation_split": 0.5},
        {"class_weight": {0: 2.0, 1: 1.0}},
        {"max_seconds": 10.0},
    ],
    ids=lambda given: next(iter(given)),
)
def test_settings_that_differ_are_refused_on_all_ranks(given: dict[str, Any]) -> None:
    name = {"validation_split": "validation"}.get(next(iter(given)), next(iter(given)))
    (message,) = messages(lambda comm: fit_on(comm, rank=2, **given))
    assert re.match(rf"fit: rank 2 has {name}=.*, expected .*, as rank 0 has", message)


def test_shares_of_a_validation_that_differ_are_refused_on_all_ranks() -> None:
    shares = [0.3, 0.3, 0.31]

    def train(comm: Any) -> None:
        fit_on(comm, rank=comm.rank, validation_split=shares[comm.rank])

    (message,) = messages(train)
    assert message == "fit: rank 2 has validation_split=0.31, expected 0.3, as rank 0 has"


def test_bad_data_of_one_rank_are_refused_on_all() -> None:
    def rows(comm: Any) -> Any:
        X, y = dealt(comm, *data())
        X = X.rows.copy()
        X[3, 1] = np.nan
        return (X if comm.rank == 1 else dealt(comm, data()[0])[0].rows), y.rows

    (message,) = messages(lambda comm: fit_on(comm, rows=rows))
    assert message.startswith("fit: rank 1: X[3, 1]=nan, expected")
    (message,) = messages(lambda comm: fit_on(comm, optimizer=fm.SGD(0.1), max_seconds="1"))
    assert message.startswith("fit: rank 1: max_seconds='1' (str), expected")


def test_data_of_other_shapes_are_refused_on_all() -> None:
    def rows(comm: Any) -> Any:
        X, y = (each.rows for each in dealt(comm, *data()))
        return (X[:, :2] if comm.rank == 1 else X), y

    (message,) = messages(lambda comm: fit_on(comm, rows=rows))
    assert message.startswith("fit: rank 1: X has shape (16, 2), expected (n_samples, 3)")


def test_a_single_sample_without_its_axis_is_refused() -> None:
    for call in ("fit", "step", "epoch"):

        def train(comm: Any, call: str = call) -> None:
            given = ([1.0, 2.0, 3.0], [1.0, 2.0])
            if call == "fit":
                network().fit(*given, comm=comm)
            else:
                getattr(fm.Trainer(network(), comm=comm), call)(*given)

        (message,) = messages(train)
        assert "X is one sample, expected rows of them, as comm is given" in message


def test_no_samples_at_all_and_weights_of_0_are_refused() -> None:
    X, y = data()
    (message,) = messages(lambda comm: network().fit(X[:0], y[:0], comm=comm))
    assert message == "fit: X has no samples on any rank, expected at least one"
    zeros = np.zeros(len(X))
    (message,) = messages(lambda comm: network().fit(X, y, sample_weight=zeros, comm=comm))
    assert message == "fit: the weights of all ranks are 0, expected one > 0"


def test_a_shard_beside_other_rows_is_refused() -> None:
    def rows(comm: Any) -> Any:
        X, y = dealt(comm, *data())
        return (X.rows if comm.rank == 1 else X), y

    (message,) = messages(lambda comm: fit_on(comm, rows=rows))
    assert message.startswith("fit: rank 1 has 16 rows, expected those that fm.distributed.shard")
    first = fm.distributed.run_threads(lambda comm: dealt(comm, *data()), 2)[0]
    found = messages(lambda comm: fit_on(comm, rows=lambda _: first))
    assert found == {
        "fit: rank 0: X is the shard of rank and size (0, 2), expected that of comm",
    }


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"carry_state": True}, "carry_state=True"),
        ({"class_weight": "balanced"}, "class_weight='balanced', expected numbers or None"),
    ],
)
def test_what_needs_all_samples_in_one_process_is_refused(given: Any, text: str) -> None:
    def train(comm: Any) -> None:
        net = fm.Network([fm.GRU(2), fm.Dense(3, "softmax")], inputs=(3, 1), seed=0)
        X, y = data(3)
        if "carry_state" in given:
            given["shuffle"] = False
        net.fit(X, y.argmax(1), comm=comm, batch_size=47, **given)

    (message,) = messages(train, 2)
    assert text in message


@pytest.mark.parametrize("comm", [3, "MPI", object(), fm.distributed.Communicator])
def test_other_objects_are_no_communicators(comm: Any) -> None:
    text = "comm=.*expected an mpi4py communicator, or an object with rank, size, sum and broadcast"
    with pytest.raises(TypeError, match=f"Trainer: {text}"):
        fm.Trainer(network(), comm=comm)
    with pytest.raises(TypeError, match=f"shard: {text}"):
        fm.distributed.shard([1], comm)


class Fails(fm.Callback):
    def __init__(self, rank: int, error: BaseException | None) -> None:
        self.rank, self.error = rank, error

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if self.error is not None and epoch == 2:
            raise self.error


@pytest.mark.parametrize(
    "error", [OSError("disk full"), KeyboardInterrupt(), SystemExit(0)], ids=repr
)
def test_an_exception_of_one_rank_ends_all(
    error: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    ends: list[tuple[int, BaseException]] = []

    def train(comm: Any) -> None:
        failing = Fails(comm.rank, error if comm.rank == 1 else None)
        try:
            network().fit(*dealt(comm, *data()), comm=comm, epochs=5, callbacks=[failing])
        except BaseException as raised:
            ends.append((comm.rank, raised))
            raise

    with pytest.raises(type(error)):
        fm.distributed.run_threads(train, 3)
    assert {rank for rank, _ in ends} == {0, 1, 2}
    for rank, raised in ends:
        assert raised is error if rank == 1 else "rank 1 of 3 has ended the run" in str(raised)
    assert "fit: rank 1 of 3 has ended the run" in capfd.readouterr().err


def test_parameters_that_drift_apart_are_an_error_that_names_the_rank(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Changes(fm.Callback):
        def set_trainer(self, trainer: Any) -> None:
            self.trainer = trainer

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            if self.trainer.comm.rank == 2 and epoch == 2:
                self.trainer.network.parameters[3] += 1e-9

    def train(comm: Any) -> None:
        rows = dealt(comm, *data())
        network().fit(*rows, comm=comm, epochs=5, callbacks=[Changes()])

    with pytest.raises(RuntimeError, match=r"the parameters of rank 2 are not those .* epoch 2"):
        fm.distributed.run_threads(train, 3)


def test_parameters_that_were_changed_on_a_rank_are_an_error_after_an_epoch() -> None:
    def train(comm: Any) -> None:
        rows = dealt(comm, *data())
        trainer = fm.Trainer(network(), comm=comm)
        trainer.epoch(*rows)
        if comm.rank == 2:
            trainer.network.parameters[3] += 1e-9
        trainer.epoch(*rows)

    with pytest.raises(RuntimeError, match=r"the parameters of rank 2 are not those .* epoch 2"):
        fm.distributed.run_threads(train, 3)


def test_a_rank_that_leaves_early_ends_those_that_wait() -> None:
    def train(comm: Any) -> None:
        if comm.rank == 0:
            network().fit(*dealt(comm, *data()), comm=comm, epochs=2)

    with pytest.raises(RuntimeError, match="rank 1 has ended, but others wait for it"):
        fm.distributed.run_threads(train, 2)


def test_a_trainer_that_failed_can_be_used_again() -> None:
    def train(comm: Any) -> bool:
        trainer, (X, y) = fm.Trainer(network(), comm=comm), dealt(comm, *data())
        with pytest.raises(ValueError, match="rank 1: y has"):
            trainer.epoch(X, y.rows[:-1] if comm.rank == 1 else y)
        with pytest.raises(ValueError, match="rank 1 has order"):
            trainer.epoch(X, y, order=[comm.rank])
        with pytest.raises(ValueError, match=r"carry=True, expected False, as comm is given"):
            trainer.epoch(X, y, carry=True)
        return bool(np.isfinite(trainer.epoch(X, y)))

    assert all(fm.distributed.run_threads(train, 2))


def test_ctrl_c_ends_all_ranks_that_are_threads() -> None:
    main, ranks = threading.main_thread().ident, list[threading.Thread]()
    assert main is not None

    def forever(comm: Any) -> None:
        ranks.append(threading.current_thread())
        net = fm.Network([1, 1], seed=0)
        if comm.rank == 1:
            threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()
        while True:
            net.fit([[comm.rank]], [0.0], epochs=1, comm=comm)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            fm.distributed.run_threads(forever, 2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(ranks) == 2
    assert not any(rank.is_alive() for rank in ranks)

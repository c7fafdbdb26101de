"""`Trainer.epoch` over an iterable of batches: the updates of `step`, read ahead by a thread."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import fastmlp as fm
from reference import Array


def trainer(**options: Any) -> fm.Trainer:
    net = fm.Network([3, 4, 2], activation="tanh", dtype="float64", seed=0)
    return fm.Trainer(net, **{"optimizer": fm.SGD(0.1, momentum=0.9), **options})


def batches(n: int = 4, size: int = 5) -> list[tuple[Array, Array]]:
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(size, 3)), rng.normal(size=(size, 2))) for _ in range(n)]


def own_loss(outputs: Array, targets: Array) -> Any:
    return ((outputs - targets) ** 2).sum(1) / 2, outputs - targets


@pytest.mark.parametrize("loss", [None, own_loss])
@pytest.mark.parametrize("options", [{}, {"l2": 0.1, "l1": 0.01}, {"l2_scale": "batch_weight"}])
def test_each_batch_is_a_step(loss: Any, options: Any) -> None:
    """Parameters, and the mean of the losses before the updates, with its parts."""
    given = batches()
    one, other = trainer(loss=loss, **options), trainer(loss=loss, **options)
    penalties = [0.0] * len(given)
    losses = []
    for i, batch in enumerate(given):
        penalties[i] = other._native.penalties(len(batch[0]))
        losses.append(other.step(*batch))
    assert one.epoch(iter(given)) == pytest.approx(np.mean(losses), rel=1e-14)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    last = one.last_epoch
    assert last is not None
    assert last.penalty == pytest.approx(np.mean(penalties), rel=1e-13)
    assert (last.n_steps, last.n_samples, last.status) == (4, 20, "running")
    assert one.network.epochs_trained == 1


def slow(outputs: Array, targets: Array) -> Any:
    """So long that the next batch is made meanwhile."""
    time.sleep(0.01)
    return own_loss(outputs, targets)


def test_equal_batches_in_order_are_an_epoch() -> None:
    given = batches()
    one, other = trainer(), trainer(batch_size=5, shuffle=False)
    X, y = (np.concatenate(parts) for parts in zip(*given, strict=True))
    for _ in range(2):
        assert one.epoch(given) == pytest.approx(other.epoch(X, y), rel=1e-14)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)


def test_weights_are_those_of_each_batch() -> None:
    """The mean is by weight; a batch without weight is passed over."""
    given = batches(3)
    weights = [np.arange(1.0, 6), np.zeros(5), np.full(5, 0.5)]
    one, other = trainer(), trainer()
    losses = [other.step(*batch, sample_weight=w) for batch, w in zip(given, weights, strict=True)]
    mean = one.epoch([(*batch, w) for batch, w in zip(given, weights, strict=True)])
    assert mean == pytest.approx((15 * losses[0] + 2.5 * losses[2]) / 17.5, rel=1e-14)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    assert one.last_epoch is not None
    assert (one.last_epoch.n_steps, one.last_epoch.n_samples) == (2, 10)


def test_schedules_count_epochs() -> None:
    """The second epoch has the second rate."""
    one, other = (trainer(optimizer=fm.SGD(lambda epoch: 0.1 / (1 + epoch))) for _ in range(2))
    for _ in range(3):
        one.epoch(batches())
    X, y = (np.concatenate(parts) for parts in zip(*batches(), strict=True))
    ordered = trainer(
        optimizer=fm.SGD(lambda epoch: 0.1 / (1 + epoch)), batch_size=5, shuffle=False
    )
    for _ in range(3):
        ordered.epoch(X, y)
    np.testing.assert_array_equal(one.network.parameters, ordered.network.parameters)
    with pytest.raises(ValueError, match=r"^Trainer.epoch: X has no batches, expected at least"):
        other.epoch(iter(batches(0)))
    assert other.network.epochs_trained == 0


def test_lengths_and_carried_states() -> None:
    def made() -> fm.Trainer:
        layers = [fm.Recurrent(3, sequences=True), fm.Conv1D(1, 1)]
        net = fm.Network(layers, inputs=(4, 2), dtype="float64", seed=0)
        return fm.Trainer(net, carry_state=True, batch_size=5, shuffle=False)

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(15, 4, 2)), rng.normal(size=(15, 4, 1))
    one, other = made(), made()
    one.epoch((X[i : i + 5], y[i : i + 5]) for i in range(0, 15, 5))
    other.epoch(X, y, order=np.arange(15))
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    np.testing.assert_array_equal(one.network.recurrent_state, other.network.recurrent_state)
    net = fm.Network([fm.GRU(3), fm.Dense(1)], inputs=(4, 2), dtype="float64", seed=0)
    one, other = fm.Trainer(net), fm.Trainer(net.copy())
    lengths = rng.integers(1, 5, 5)
    one.epoch([(X[:5], y[:5, 0], None, lengths)])
    other.step(X[:5], y[:5, 0], lengths=lengths)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)


def test_the_next_batch_is_read_while_one_is_used() -> None:
    """The generator goes on in another thread before the loss of the last batch returns."""
    requested = threading.Event()
    threads = set()

    def read() -> Iterator[tuple[Array, Array]]:
        for i, batch in enumerate(batches(2)):
            threads.add(threading.get_ident())
            if i == 1:
                requested.set()
            yield batch

    def loss(outputs: Array, targets: Array) -> Any:
        assert requested.wait(60)
        return own_loss(outputs, targets)

    trainer(loss=loss).epoch(read())
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("form", [np.asarray, csr_array])
def test_iterators_may_use_their_memory_again(form: Any) -> None:
    """In the dtype of the network, which is read in place elsewhere."""
    given = batches(6)
    X, y = form(given[0][0] + 1), given[0][1].copy()

    def read() -> Iterator[Any]:
        for new_X, new_y in given:
            numbers = X if form is np.asarray else X.data.reshape(X.shape)
            numbers[...] = new_X
            y[...] = new_y
            yield X, y, np.ones(5)

    one, other = trainer(loss=slow), trainer(loss=slow)
    one.epoch(read())
    for batch in given:
        other.step(*batch, np.ones(5))
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)


def test_mistakes_of_a_perceptron_are_counted() -> None:
    X, y = np.array([[1.0], [-1.0], [2.0], [-2.0]]), np.array([-1.0, 1.0, -1.0, 1.0])
    nets = [fm.Network([1, 1], output="sign", init="zeros", dtype="float64") for _ in range(2)]
    one, other = (
        fm.Trainer(net, "perceptron", fm.SGD(1.0), batch_size=2, shuffle=False) for net in nets
    )
    one.epoch((X[i : i + 2], y[i : i + 2]) for i in (0, 2))
    other.epoch(X, y)
    assert one.last_epoch is not None
    assert other.last_epoch is not None
    assert one.last_epoch.n_mistakes == other.last_epoch.n_mistakes > 0


def test_columns_are_compared_from_batch_to_batch() -> None:
    pd = pytest.importorskip("pandas")
    X, y = batches(1)[0]
    frame = pd.DataFrame(X, columns=list("abc"))
    with pytest.raises(ValueError, match=r"^Trainer.epoch: batch 1: X has its columns in ano"):
        trainer().epoch([(frame, y), (frame[list("cba")], y)])


def test_an_error_before_the_first_batch_keeps_a_carried_state() -> None:
    net = fm.Network([fm.Recurrent(3), fm.Dense(1)], inputs=(4, 2), seed=0)
    carrying = fm.Trainer(net, carry_state=True, batch_size=5, shuffle=False)
    carrying.step(np.ones((5, 4, 2)), np.ones((5, 1)))
    state = copy.deepcopy(net.recurrent_state)
    with pytest.raises(TypeError, match="batch 0"):
        carrying.epoch([5])
    np.testing.assert_equal(net.recurrent_state, state)


def test_an_error_of_the_reader_ends_the_epoch_after_whole_steps() -> None:
    class Broken(Exception):
        pass

    def read() -> Iterator[tuple[Array, Array]]:
        yield from batches(2)
        raise Broken

    one, other = trainer(), trainer()
    with pytest.raises(Broken):
        one.epoch(read())
    for batch in batches(2):
        other.step(*batch)
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    assert one.network.epochs_trained == 1


def test_it_ends_at_a_limit_and_at_numbers_that_are_not_finite() -> None:
    endless = (batch for _ in iter(int, 1) for batch in batches())
    one = trainer()
    one.epoch(endless, max_seconds=0.05)
    assert one.last_epoch is not None
    assert one.last_epoch.status == "max_seconds"
    huge = [(X * 1e200, y) for X, y in batches()]
    diverging = trainer()
    assert not np.isfinite(diverging.epoch([(X, y * 1e200) for X, y in huge]))
    assert diverging.last_epoch is not None
    assert diverging.last_epoch.status == "not_finite"


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        (np.ones((5, 3)), {}, TypeError, "y is of type NoneType, expected targets, unless X is"),
        (3, {}, TypeError, "y is of type NoneType, expected targets, unless X is an"),
        ([np.ones(3)], {}, TypeError, r"batch 0: it is of type ndarray, expected \(X, y\), \(X"),
        ([*batches(1), None], {}, TypeError, "batch 1: it is of type NoneType, expected"),
        ([(None, 1)], {}, TypeError, r"batch 0: X=None \(NoneType\), expected rows to divide"),
        ([(1,)], {}, ValueError, r"batch 0: it has 1 members, expected \(X, y\)"),
        (
            [*batches(2), (np.full((1, 3), np.nan), np.ones((1, 2)))],
            {},
            ValueError,
            r"batch 2: X\[0, 0\]=nan, expected finite values",
        ),
        ([(np.ones((0, 3)), np.ones((0, 2)))], {}, ValueError, r"batch 0: X has shape \(0, 3\), e"),
        (batches(1), {"order": [0]}, ValueError, r"order=\[0\], expected None, as X is an iterabl"),
        (batches(1), {"carry": True}, ValueError, "carry=True, expected False, as X is an iterab"),
        (batches(1), {"sample_weight": [1]}, ValueError, r"sample_weight=\[1\], expected None, as"),
        (
            batches(1),
            {"class_weight": "balanced"},
            ValueError,
            "batch 0: class_weight='balanced', expected numbers or None, as these are only some",
        ),
    ],
)
def test_bad_batches(given: Any, options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^Trainer.epoch: {message}"):
        trainer().epoch(given, **options)


def test_ranks_are_refused() -> None:
    def train(comm: Any) -> None:
        with pytest.raises(ValueError, match=r"^Trainer.epoch: comm=.*; use Trainer.step$"):
            trainer(comm=comm).epoch(batches())

    fm.distributed.run_threads(train, 2)

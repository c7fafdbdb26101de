"""Data-parallel training: how runs begin and end, single steps, gradients, files."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from distributed_cases import check_equal_to_serial, data, dealt, fitted, network
from problems import squared
from reference import Array


def test_runs_end_where_those_of_one_process_do() -> None:
    """Early stopping by loss and validation, the plateau, not finite, and the perceptron."""
    stopping = lambda: [fm.EarlyStopping("loss", patience=2, min_delta=1e-2)]  # noqa: E731
    check_equal_to_serial(network, data(), (2,), 1e-10, epochs=60, callbacks=stopping)
    reducing = lambda: [fm.ReduceOnPlateau("val_loss", patience=1)]  # noqa: E731
    check_equal_to_serial(
        network, data(), (2,), 1e-10, epochs=20, callbacks=reducing, validation_split=0.2
    )
    check_equal_to_serial(network, data(), (2,), 1e-8, epochs=None, optimizer=fm.SGD(0.3))
    X, _ = data(1)
    check_equal_to_serial(
        lambda: fm.Network([3, 1], output="sign", dtype="float64", seed=0),
        (X, np.sign(X @ [1.0, -2.0, 0.5] + 0.3)),
        epochs=300,
    )


def test_a_loss_that_is_not_finite_on_one_rank_ends_all(recwarn: pytest.WarningsRecorder) -> None:
    X, y = data()
    y[46] = 1e200  # of rank 0 of 2
    serial = fitted(None, network, (X, y), optimizer=fm.SGD(1.0))
    for w, _, status in fitted(2, network, (X, y), optimizer=fm.SGD(1.0)):
        assert status == serial[0][2] == "not_finite"
        assert np.array_equal(w, network().parameters)
    messages = [str(each.message) for each in recwarn if each.category is fm.TrainingWarning]
    assert (
        len([each for each in messages if "are kept" in each]) == 2
    )  # of rank 0, and of one process


def test_a_stop_that_one_rank_asks_for_stops_all() -> None:
    class Stop:
        def __init__(self, rank: int) -> None:
            self.rank = rank

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> bool:
            return self.rank == 1 and epoch == 2

    def epochs(comm: Any) -> tuple[int, str]:
        history = network().fit(
            *dealt(comm, *data()), epochs=9, comm=comm, callbacks=[Stop(comm.rank)]
        )
        return history.n_epochs, history.status

    assert fm.distributed.run_threads(epochs, 3) == [(2, "stopped")] * 3


@pytest.mark.parametrize("optimizer", [fm.SGD(1e-6), fm.HessianFree(), fm.LBFGS()], ids=repr)
def test_the_time_of_one_rank_ends_all(optimizer: Any) -> None:
    def status(comm: Any) -> str:
        seconds = 0.05 if comm.rank == 1 else 1e6
        given = {"max_seconds": seconds, "epochs": 10**6, "optimizer": optimizer}
        return network().fit(*dealt(comm, *data()), comm=comm, **given).status

    first, second = fm.distributed.run_threads(status, 2)
    ends = {"max_seconds"} if optimizer == fm.SGD(1e-6) else {"max_seconds", "no_progress"}
    assert first == second
    assert first in ends | ({"converged"} if len(ends) == 2 else set())


def test_all_begin_with_the_parameters_and_seeds_of_rank_0() -> None:
    """Networks without a seed have others, and a trainer's state is part of it."""

    def train(comm: Any) -> tuple[Array, int, int]:
        net = network(fm.Dropout(0.5), fm.Dense(4), fm.Dense(2), seed=None)
        trainer = fm.Trainer(net, comm=comm)
        X, y = dealt(comm, *data())
        if comm.rank == 0:
            alone = fm.Trainer(net)
            alone.run(X, y, epochs=2)
            trainer.state["m"][...] = alone.state["m"]
        trainer.run(X, y, epochs=2)
        return net.parameters.copy(), net.seed, net.epochs_trained

    (w, seed, epochs), (w1, seed1, epochs1) = fm.distributed.run_threads(train, 2)
    assert np.array_equal(w, w1)
    assert (seed, epochs) == (seed1, epochs1) == (seed, 4)


def test_steps_and_epochs_of_a_trainer_are_shared() -> None:
    X, y = data()
    order = np.random.default_rng(0).permutation(47)[:30].repeat(2)

    def train(comm: Any) -> tuple[list[float], Array]:
        trainer = fm.Trainer(network(fm.Dropout(0.2), fm.Dense(2)), batch_size=20, comm=comm)
        rows = dealt(comm, X, y)
        losses = [trainer.step(*rows), trainer.epoch(*rows), trainer.epoch(*rows, order=order)]
        part = slice(0, 0) if comm and comm.rank else slice(0, 20)
        losses.append(trainer.step(X[part], y[part]))
        return losses, trainer.network.parameters.copy()

    losses, w = train(None)
    for other, w_other in fm.distributed.run_threads(train, 2):
        np.testing.assert_allclose(other, losses, rtol=1e-12)
        np.testing.assert_allclose(w_other, w, rtol=0, atol=1e-12)


def test_one_sum_a_step_of_the_gradient_and_at_most_a_kilobyte() -> None:
    class Counted:
        def __init__(self, comm: Any) -> None:
            self.comm, self.rank, self.size, self.sums = comm, comm.rank, comm.size, list[int]()

        def sum(self, array: Array) -> None:
            self.sums.append(array.nbytes)
            self.comm.sum(array)

        def broadcast(self, array: Array) -> None:
            self.comm.broadcast(array)

    def sums(inner: Any) -> tuple[int, list[int]]:
        comm, net = Counted(inner), network(fm.Dense(40, "tanh"), fm.Dense(2), dtype="float32")
        trainer = fm.Trainer(net, comm=comm, batch_size=10)
        trainer.run(*dealt(comm, *data()), epochs=2)
        return 4 * net.n_parameters, comm.sums

    for n_bytes, counts in fm.distributed.run_threads(sums, 2):
        steps = [count for count in counts if count >= n_bytes]
        assert len(steps) == 2 * 5
        assert max(steps) <= n_bytes + 1024


def test_a_gradient_is_the_weighted_mean_of_those_of_its_parts() -> None:
    X, y = data()
    weights = np.random.default_rng(3).uniform(size=47)
    for given, loss in ((None, None), (weights, None), (weights, squared)):
        trainer = fm.Trainer(network(), loss=loss)
        parts = [slice(0, 20), slice(20, 47)]
        pairs = [trainer.gradient(X[p], y[p], None if given is None else given[p]) for p in parts]
        total = sum(weight for _, weight, _ in pairs)
        loss_all, weight_all, g = trainer.gradient(X, y, given)
        assert weight_all == pytest.approx(total, rel=1e-14)
        assert sum(w * v for v, w, _ in pairs) / total == pytest.approx(loss_all, rel=1e-13)
        mean = sum(w * each for _, w, each in pairs) / total
        np.testing.assert_allclose(mean, g, rtol=0, atol=1e-14)
        if loss is None:
            value, gradient = trainer.network.value_and_grad(X, y, sample_weight=given)
            assert loss_all == pytest.approx(value, rel=1e-14)
            np.testing.assert_allclose(g, gradient, rtol=0, atol=1e-15)


def test_a_gradient_and_its_update_are_a_step() -> None:
    X, y = data()
    for loss in (None, squared):
        layers = (fm.Dropout(0.4), fm.Dense(7, "tanh"), fm.Dense(2))
        given = {"loss": loss, "l2": 0.1, "l2_scale": "batch_weight"}
        one, two = (fm.Trainer(network(*layers), **given) for _ in range(2))
        for _ in range(3):
            one.step(X, y)
            _, weight, g = two.gradient(X, y)
            two.apply(g, weight)
        np.testing.assert_allclose(two.network.parameters, one.network.parameters, atol=1e-13)


def test_a_gradient_of_samples_without_weight_is_0() -> None:
    X, y = data()
    for loss in (None, squared):
        value, weight, g = fm.Trainer(network(), loss=loss).gradient(X, y, np.zeros(47))
        assert (value, weight) == (0.0, 0.0)
        assert not g.any()


def test_files_are_written_by_rank_0_alone(tmp_path: Path) -> None:
    def train(comm: Any) -> None:
        folder = tmp_path / str(comm.rank)
        folder.mkdir()
        callbacks = [fm.CSVLogger(folder / "losses.csv"), fm.ModelCheckpoint(folder / "m", "loss")]
        rows = dealt(comm, *data())
        path = folder / "run.ckpt"
        network().fit(*rows, epochs=2, comm=comm, callbacks=callbacks, checkpoint=path, verbose=2)

    fm.distributed.run_threads(train, 2)
    assert sorted(each.name for each in (tmp_path / "0").iterdir()) == [
        "losses.csv",
        "m",
        "run.ckpt",
    ]
    assert not list((tmp_path / "1").iterdir())


def test_one_rank_begins_a_checkpoint(tmp_path: Path) -> None:
    """A program for many ranks runs on one, which resumes too."""
    X, y = data()

    def run(comm: fm.distributed.Communicator) -> list[float]:
        history = network().fit(X, y, epochs=3, comm=comm, checkpoint=tmp_path / "run")
        return list(history["loss"])

    first, second = (fm.distributed.run_threads(run, 1) for _ in range(2))
    assert first == second
    assert first == [list(network().fit(X, y, epochs=3)["loss"])]


@pytest.mark.parametrize("sizes", [(2, 2), (2, 3), (3, 1), (None, 2)])
def test_a_run_goes_on_from_its_checkpoint_with_any_number_of_ranks(
    sizes: tuple[int | None, int], tmp_path: Path
) -> None:
    """Rank 0 alone has the file."""

    def train(epochs: int, folder: Path) -> Callable[[Any], tuple[Array, list[float]]]:
        def run(comm: Any) -> tuple[Array, list[float]]:
            path = folder / f"{comm.rank if comm else 0}.ckpt"
            net = network(fm.Dropout(0.3), fm.Dense(5), fm.Dense(2), seed=None if comm else 4)
            stopping = fm.EarlyStopping("loss", patience=50, restore_best=False)
            rows = dealt(comm, *data())
            history = net.fit(
                *rows, epochs=epochs, comm=comm, checkpoint=path, callbacks=[stopping]
            )
            return net.parameters.copy(), list(history["loss"])

        return run

    def on(size: int | None, run: Callable[[Any], Any]) -> list[Any]:
        return [run(None)] if size is None else fm.distributed.run_threads(run, size)

    on(sizes[0], train(2, tmp_path))
    seed = fm.load(tmp_path / "0.ckpt").seed
    results = on(sizes[1], train(5, tmp_path))
    net = network(fm.Dropout(0.3), fm.Dense(5), fm.Dense(2), seed=seed)
    history = net.fit(*data(), epochs=5)
    for w, losses in results:
        assert np.array_equal(w, results[0][0])
        np.testing.assert_allclose(w, net.parameters, atol=1e-12)
        np.testing.assert_allclose(losses, history["loss"], rtol=1e-12)


def test_copies_and_pickles_of_a_trainer_have_no_communicator() -> None:
    def train(comm: Any) -> bool:
        trainer = fm.Trainer(network(), comm=comm)
        trainer.epoch(*dealt(comm, *data()))
        twin = pickle.loads(pickle.dumps(trainer))
        return twin.comm is None and np.array_equal(twin.state["m"], trainer.state["m"])

    assert fm.distributed.run_threads(train, 2) == [True, True]


def test_threads_of_the_core_change_no_bit() -> None:
    layers = [fm.Dropout(0.1), fm.Dense(64, "tanh"), fm.Dense(2)]
    X, y = data(n=3000)
    results = [
        fitted(2, lambda: network(*layers), (X, y), batch_size=2048, n_threads=n, epochs=2)
        for n in (1, 2)
    ]
    assert np.array_equal(results[0][0][0], results[1][0][0])

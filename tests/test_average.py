"""Polyak averaging: three formulas, any optimizer, any start; the parameters after fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from problems import FUNCTIONS, TASKS, N, fresh
from reference import Array

X, Y = TASKS["regression"].data
modes = pytest.mark.parametrize("mode", ref.AVERAGES)
STARTS = [0, 1, 7, 50]


def averaged(iterates: Array, polyak: Any) -> Array:
    """Of w(1), …, w(k) after the start; before it the iterate itself. iterates[0] is w(0)."""
    after = iterates[1 + int(polyak.start) :]
    return ref.AVERAGES[polyak.mode](list(after if len(after) else iterates[-1:]), polyak.beta)


def test_every_mode_has_a_formula() -> None:
    assert list(_core.averages) == ["polyak"]
    for mode in ref.AVERAGES:
        assert fm.Polyak(mode).mode == mode


@modes
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_averages_are_their_formulas(mode: str, start: int, dtype: str) -> None:
    """trainer.state["average"] after every one of 30 steps; the iterates are those without it."""
    polyak = fm.Polyak(mode, beta=0.8, start=start)
    net, plain = fresh(dtype=dtype), fresh(dtype=dtype)
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1, 0.5, average=polyak))
    other = fm.Trainer(plain, optimizer=fm.SGD(0.1, 0.5))
    iterates = [np.array(net.parameters, float)]
    for _ in range(30):
        trainer.step(X, Y)
        other.step(X, Y)
        np.testing.assert_array_equal(trainer.last_parameters, plain.parameters)
        iterates.append(np.array(plain.parameters, float))
        expected = averaged(np.array(iterates), polyak)
        np.testing.assert_allclose(
            trainer.state["average"], expected, rtol=1e-12 if dtype == "float64" else 1e-5,
            atol=1e-12 if dtype == "float64" else 1e-6,
        )  # fmt: skip


@pytest.mark.parametrize("max_norm", [None, 0.3])
@pytest.mark.parametrize("clip_norm", [None, 1e30])
def test_of_wide_layers_the_limited_iterates_are_averaged(
    max_norm: float | None, clip_norm: float | None
) -> None:
    """Parts of thousands of parameters are updated range by range; rows are limited as a whole."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 250)), rng.normal(size=(20, 2))

    def make(average: Any = None) -> tuple[Any, Any]:
        layers: Any = [fm.Dense(24, "tanh", max_norm=max_norm), fm.Dense(2)]
        net = fm.Network(layers, inputs=250, dtype="float64", seed=0)
        rule = fm.SGD(0.1, clip_norm=clip_norm, average=average)
        return net, fm.Trainer(net, optimizer=rule, l1=1e-3, l2=1e-2)

    polyak = fm.Polyak("uniform")
    trainer = make(polyak)[1]
    plain, other = make()
    iterates = [np.array(plain.parameters)]
    for _ in range(5):
        trainer.step(X, y)
        other.step(X, y)
        iterates.append(np.array(plain.parameters))
    expected = averaged(np.array(iterates), polyak)
    np.testing.assert_allclose(trainer.state["average"], expected, rtol=1e-12, atol=1e-15)


@modes
@pytest.mark.parametrize("name", ref.OPTIMIZERS)
def test_any_optimizer_is_averaged(name: str, mode: str) -> None:
    """minimize ends at the average of its path; the path is that without it."""
    p = FUNCTIONS["bowl"]
    rate, fields = ref.OPTIMIZERS[name].cases[0]
    polyak = fm.Polyak(mode, beta=0.9, start=5)
    rule = _core.optimizers[name]
    plain = fm.minimize(p.fun, p.w0, rule(rate, **fields), steps=60, record_path=True)
    result = fm.minimize(p.fun, p.w0, rule(rate, **fields, average=polyak), steps=60)
    np.testing.assert_allclose(result.w, averaged(plain.path, polyak), rtol=1e-12)
    assert result.value == pytest.approx(p.fun(result.w)[0], rel=1e-12)


@pytest.mark.parametrize("problem", [*FUNCTIONS, "net"])
def test_discounted_is_optaxs_debiased_average(problem: str) -> None:
    """F2 against optax.ema(0.9, debias=True), every 20th of 200 steps (data/make_optax.py)."""
    data = np.load(Path(__file__).with_name("data") / "optax.npz")
    expected = data[f"average/{problem}"]
    optimizer = fm.SGD(0.0002, 0.9, True, average=fm.Polyak("discounted", beta=0.9))
    if problem == "net":
        net = fm.Network([4, 5, 3], activation="tanh", output="softmax", dtype="float64", seed=0)
        net.parameters = expected[0]
        trainer = fm.Trainer(net, optimizer=optimizer)
        for k in range(1, 201):
            trainer.step(data["X"], data["classes"])
            if k % 20 == 0:
                np.testing.assert_allclose(trainer.state["average"], expected[k // 20], atol=1e-10)
    else:
        for k in range(20, 201, 20):
            result = fm.minimize(FUNCTIONS[problem].fun, expected[0], optimizer, steps=k)
            np.testing.assert_allclose(result.w, expected[k // 20], rtol=1e-10, atol=1e-10)


@modes
@pytest.mark.parametrize("start", STARTS)
def test_fit_leaves_the_average(mode: str, start: int) -> None:
    """12 steps: the network shows the average of the iterates, which continue."""
    polyak = fm.Polyak(mode, beta=0.8, start=start)
    net, plain = fresh(), fresh()
    net.fit(X, Y, optimizer=fm.Adam(0.02, average=polyak), epochs=3, batch_size=6, shuffle=False)
    trainer = fm.Trainer(plain, optimizer=fm.Adam(0.02))
    iterates = [plain.parameters.copy()]
    for k in range(12):
        block = slice(6 * (k % 4), 6 * (k % 4) + 6)
        trainer.step(X[block], Y[block])
        iterates.append(plain.parameters.copy())
    np.testing.assert_allclose(net.parameters, averaged(np.array(iterates), polyak), rtol=1e-11)


def test_validation_sees_the_average_and_the_loss_the_iterate() -> None:
    """history["val_loss"] is the loss of the average after each epoch, last_parameters continue."""
    polyak = fm.Polyak("uniform")
    net, plain = fresh(), fresh()
    trainer = fm.Trainer(net, optimizer=fm.SGD(0.1, average=polyak), batch_size=6, shuffle=False)
    history = trainer.run(X, Y, epochs=4, validation_data=(X, Y))
    bare = fm.Trainer(plain, optimizer=fm.SGD(0.1), batch_size=6, shuffle=False)
    iterates, val_loss = [plain.parameters.copy()], []
    losses = []
    for _ in range(4):
        for begin in range(0, N, 6):
            losses.append(bare.step(X[begin : begin + 6], Y[begin : begin + 6]))
            iterates.append(plain.parameters.copy())
        other = fresh()
        other.parameters = averaged(np.array(iterates), polyak)
        val_loss.append(other.loss(X, Y))
    np.testing.assert_allclose(history["val_loss"], val_loss, rtol=1e-11)
    np.testing.assert_allclose(history["loss"], np.reshape(losses, (4, 4)).mean(1), rtol=1e-11)
    np.testing.assert_allclose(trainer.last_parameters, iterates[-1], rtol=1e-11)
    np.testing.assert_allclose(net.parameters, other.parameters, rtol=1e-11)


def test_early_stopping_restores_the_best_average() -> None:
    net = fresh()
    stop = fm.EarlyStopping(patience=2, restore_best=True)
    rule = fm.SGD(1.0, average=fm.Polyak("exponential", beta=0.5))
    history = net.fit(X, Y, optimizer=rule, epochs=40, batch_size=4,
                      validation_data=(-X, Y), callbacks=[stop])  # fmt: skip
    assert net.loss(-X, Y) == pytest.approx(min(history["val_loss"]), rel=1e-12)


def test_training_continues_from_the_iterate() -> None:
    """run(2) and run(3) of one trainer are run(5): showing the average does not disturb it."""
    ends = []
    for parts in ((5,), (2, 3)):
        net = fresh()
        optimizer = fm.Adam(0.02, average=fm.Polyak("discounted", beta=0.9))
        trainer = fm.Trainer(net, optimizer=optimizer, batch_size=7)
        for epochs in parts:
            trainer.run(X, Y, epochs=epochs)
        ends.append((net.parameters.copy(), trainer.last_parameters.copy()))
    np.testing.assert_array_equal(ends[0][0], ends[1][0])
    np.testing.assert_array_equal(ends[0][1], ends[1][1])
    assert not np.array_equal(*ends[0])


def test_changed_parameters_are_the_iterate() -> None:
    """Assigned or written into a view that shows the average: training continues from there."""
    assigned, written = fresh(), fresh()
    values = assigned.parameters.copy()
    ends = []
    for net in (assigned, written):
        rule = fm.SGD(0.1, average=fm.Polyak("uniform"))
        trainer = fm.Trainer(net, optimizer=rule, shuffle=False)
        trainer.run(X, Y, epochs=3)
        if net is assigned:
            net.parameters = values
        else:
            net.parameters[:] = values
        np.testing.assert_array_equal(trainer.last_parameters, values)
        trainer.step(X, Y)
        ends.append(net.parameters.copy())
    bare = fresh()
    fm.Trainer(bare, optimizer=fm.SGD(0.1)).step(X, Y)
    np.testing.assert_array_equal(ends, [bare.parameters] * 2)


def test_without_an_average_the_last_parameters_are_the_networks() -> None:
    net = fresh()
    trainer = fm.Trainer(net)
    trainer.run(X, Y, epochs=2)
    np.testing.assert_array_equal(trainer.last_parameters, net.parameters)


def test_average_must_be_a_polyak() -> None:
    for bad in ("uniform", 0.9, True, fm.Polyak):
        with pytest.raises(TypeError, match=r"^SGD: average="):
            fm.SGD(average=bad)


@pytest.mark.parametrize("optimizer", [fm.SGD(0.1), fm.LBFGS()])
@pytest.mark.parametrize("last", [True, False])
def test_what_a_callback_writes_in_the_last_epoch_stays(optimizer: Any, last: bool) -> None:
    """As in every epoch: it becomes the iterate, and no average takes its place at the end."""

    class Writes(fm.Callback):
        def set_trainer(self, trainer: fm.Trainer) -> None:
            self.network = trainer.network

        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> bool | None:
            if epoch != 3:
                return None
            self.network.parameters = np.ones(self.network.n_parameters)
            return last

    for average in (None, fm.Polyak(beta=0.5)):
        net = fresh(seed=0)
        used = optimizer.replace(average=average)
        net.fit(X, Y, epochs=9 if last else 3, optimizer=used, callbacks=[Writes()])
        assert np.all(net.parameters == 1)

"""Trainer: an epoch is its steps, for any batch size; explicit loops; live state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from problems import TASKS, N, batches, fresh, squared, task_pair
from reference import Array


@pytest.mark.parametrize("size", [1, 2, 7, 16, N - 1, N, N + 5])
@pytest.mark.parametrize("name", TASKS)
def test_an_epoch_equals_the_oracle_for_any_batch_size(name: str, size: int) -> None:
    """From one sample to the whole set, with short last batches; history is the weighted mean."""
    net, oracle, w, X, y = task_pair(name)
    history = net.fit(X, y, optimizer=fm.Adam(0.01), epochs=3, batch_size=size, shuffle=False)
    blocks = batches(N, size, epochs=3)
    expected, losses = ref.train(oracle, w, X, y, ref.Adam(0.01), blocks)
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-11, atol=1e-12)
    sizes = [len(block) for block in blocks]
    mean = np.average(np.reshape(losses, (3, -1)), 1, np.reshape(sizes, (3, -1)))
    np.testing.assert_allclose(history["loss"], mean, rtol=1e-11)


@pytest.mark.filterwarnings("ignore:.*y has mean")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 7, N])
def test_an_epoch_is_its_steps_bit_for_bit(size: int, dtype: str) -> None:
    """In the drawn order, which a custom loss receives: y numbers the samples."""
    X = np.random.default_rng(3).normal(size=(N, 3)).astype(dtype)
    y = np.stack([np.arange(N), np.zeros(N)], 1).astype(dtype)
    seen: list[Array] = []

    def spy(o: Array, y: Array) -> tuple[Array, Array]:
        seen.append(y[:, 0].astype(int))
        return squared(o, y)

    fresh(dtype=dtype).fit(X, y, loss=spy, epochs=2, batch_size=size)
    whole, stepped = fresh(dtype=dtype), fresh(dtype=dtype)
    whole.fit(X, y, optimizer=fm.Adam(0.01), epochs=2, batch_size=size)
    trainer = fm.Trainer(stepped, optimizer=fm.Adam(0.01))
    for block in seen:
        trainer.step(X[block], y[block])
    np.testing.assert_array_equal(whole.parameters, stepped.parameters)
    first, second = np.split(np.concatenate(seen), 2)
    assert sorted(first) == sorted(second) == list(range(N))
    assert first.tolist() != second.tolist()


def test_epoch_and_run_are_fit() -> None:
    """trainer.epoch twice, trainer.run(epochs=2) and net.fit(epochs=2) end in the same bits."""
    X, y = TASKS["regression"].data
    ends = []
    for how in ("epoch", "run", "fit"):
        net = fresh()
        if how == "fit":
            net.fit(X, y, optimizer=fm.Adam(0.01), epochs=2, batch_size=5)
        trainer = fm.Trainer(net, optimizer=fm.Adam(0.01), batch_size=5)
        if how == "run":
            trainer.run(X, y, epochs=2)
        if how == "epoch":
            assert [np.isfinite(trainer.epoch(X, y)) for _ in range(2)] == [True, True]
        ends.append(net.parameters.copy())
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[1], ends[2])


@pytest.mark.parametrize("loss", [None, squared], ids=["built-in", "custom"])
@pytest.mark.parametrize("penalties", [{}, {"l1": 0.01, "l2": 0.1}], ids=["plain", "l1 l2"])
def test_forward_backward_apply_is_a_step(loss: Any, penalties: dict[str, float]) -> None:
    """An explicit loop: outputs, their gradient, the flat gradient, the update."""
    X, y = TASKS["regression"].data
    one, two = fresh(), fresh()
    step = fm.Trainer(one, loss, fm.SGD(0.1, 0.9), **penalties)
    explicit = fm.Trainer(two, loss, fm.SGD(0.1, 0.9), **penalties)
    for _ in range(5):
        step.step(X, y)
        outputs = explicit.forward(X)
        gradient = explicit.backward((outputs - y) / len(X))
        assert gradient.shape == (two.n_parameters,)
        explicit.apply(gradient)
        np.testing.assert_allclose(one.parameters, two.parameters, rtol=1e-12, atol=1e-13)


def test_step_returns_the_loss_before_the_update() -> None:
    """With its penalty, as history counts it."""
    net, oracle, w, X, y = task_pair()
    loss = fm.Trainer(net, optimizer=fm.SGD(0.1), l2=0.5).step(X, y)
    expected = oracle.value_and_grad(w, X, y)[0] + ref.penalty(w, oracle.weight_mask(), 0, 0.5)[0]
    assert type(loss) is float
    assert loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_custom_loss_trains_as_the_built_in_one(epochs: int) -> None:
    X, y = TASKS["regression"].data
    custom, built_in = fresh(), fresh()
    histories = [
        net.fit(X, y, loss=loss, epochs=epochs, batch_size=7, sample_weight=np.arange(N))
        for net, loss in ((custom, squared), (built_in, "squared_error"))
    ]
    np.testing.assert_allclose(custom.parameters, built_in.parameters, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-10)


def test_state_is_named_and_live() -> None:
    """SGD keeps v, Adam m and v, each as long as the parameters."""
    X, y = TASKS["regression"].data
    for optimizer, names in ((fm.SGD(0.1, 0.9), {"v"}), (fm.Adam(), {"m", "v"})):
        net = fresh()
        trainer = fm.Trainer(net, optimizer=optimizer)
        state = trainer.state
        assert names <= set(state)
        first = state[min(names)]
        assert not first.any()
        trainer.step(X, y)
        assert first.any()
        assert {len(state[name]) for name in names} == {net.n_parameters}


class Looks:
    """A callback that does nothing: fit comes back to Python after each epoch all the same."""

    def on_epoch_end(self, epoch: int, logs: object) -> None:
        pass


@pytest.mark.parametrize(
    "optimizer",
    [
        fm.Adam(),
        fm.Adam(average=fm.Polyak()),
        fm.SGD(fm.CosineDecay(0.1, steps=50, per="epoch"), momentum=0.9),
        fm.SGD(lambda epoch: 0.1 / (1 + epoch)),
        fm.SGD(1e4),
    ],
    ids=["adam", "average", "schedule", "custom schedule", "diverges"],
)
@pytest.mark.filterwarnings("ignore::fastmlp.TrainingWarning")
def test_epochs_made_many_at_a_time_are_those_made_one_by_one(optimizer: Any) -> None:
    """Parameters, state, history and what is restored after a bad loss, bit for bit."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.standard_normal((40, 1))

    def trained(callbacks: list[object]) -> tuple[object, ...]:
        net = fm.Network([3, 8, 1], output="identity", seed=0, dtype="float64")
        trainer = fm.Trainer(net, optimizer=optimizer, batch_size=16)
        history = trainer.run(X, y, epochs=300, callbacks=callbacks)
        state = {name: values.tobytes() for name, values in trainer.state.items()}
        counts = (net.epochs_trained, trainer.n_steps, history.status)
        last = trainer.last_parameters.tobytes()
        return net.parameters.tobytes(), last, state, history.to_dict(), counts

    assert trained([]) == trained([Looks()])


def test_the_core_differentiates_only_the_last_forward() -> None:
    """After a step its activations are those of another batch, perhaps of another size."""
    trainer = fm.Trainer(fm.Network([3, 4, 2], seed=0))
    outputs = trainer.forward(np.ones((10, 3)))
    trainer._native.step(np.ones((20, 3), "f"), np.ones((20, 2), "f"), None)
    with pytest.raises(ValueError, match="output_gradient has 10 rows"):
        trainer._native.backward(outputs)

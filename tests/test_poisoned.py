"""Updates that would leave parameters or the optimizer's state not finite are not made."""

from __future__ import annotations

import copy
import re
import warnings
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
import reference as ref
from fastmlp import _core
from forced_threads import forced_threads
from problems import squared
from reference import Array

RULES = [
    *[(name, fields) for name, rule in ref.OPTIMIZERS.items() for _, fields in rule.cases[:1]],
    ("sgd", {"momentum": 0.9}), ("sgd", {"momentum": 0.9, "nesterov": "lecture"}),
    ("adam", {"amsgrad": True}), ("rmsprop", {"momentum": 0.9, "nesterov": True}),
    ("adadelta", {"scalar": True}), ("adam", {"average": fm.Polyak()}),
]  # fmt: skip
WILD = {"float32": (1e12, 1e18, 1e30), "float64": (1e80, 1e150, 1e200)}
SQUARES = {"adagrad", "rmsprop", "adadelta", "adam", "adamw", "nadam", "radam"}
rules = pytest.mark.parametrize(("name", "fields"), RULES, ids=str)
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])
N = 12
rng = np.random.default_rng(3)
X, Y = rng.normal(size=(N, 3)), rng.normal(size=(N, 1))


def trainer(optimizer: Any, dtype: str, loss: Any = None, **settings: Any) -> Any:
    net = fm.Network([3, 20, 1], dtype=dtype, seed=1, init="he_normal")
    return fm.Trainer(net, loss, optimizer, batch_size=4, **settings)


def snapshot(one: Any) -> dict[str, bytes]:
    state = {name: array.tobytes() for name, array in one.state.items()}
    return state | {"w": one.network.parameters.tobytes(), "steps": bytes(one.n_steps)}


def is_finite(one: Any) -> bool:
    arrays = [one.network.parameters, *one.state.values()]
    return all(np.isfinite(array).all() for array in arrays)


def wild(size: float, dtype: str) -> Array:
    """The samples with one wild entry."""
    samples = X.copy()
    samples[7, 1] = size
    return samples.astype(dtype)


def attempt(one: Any, call: Any) -> tuple[bool, str]:
    """Whether the call has made its update, and the text of its warnings."""
    before = snapshot(one)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        value = call()
    made = one.n_steps != len(before["steps"])
    text = " ".join(str(each.message) for each in said)
    assert is_finite(one)
    if not made:
        assert snapshot(one) == before
        if value is not None:
            assert not np.isfinite(value)
    return made, text


@rules
@dtypes
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_step_is_made_whole_or_not_at_all(
    name: str, fields: dict[str, Any], dtype: str, loss: Any, position: int
) -> None:
    """After good steps, on a batch with a wild entry; later steps are as if it never came."""
    if loss and fields.get("nesterov") == "lecture":
        pytest.skip("custom losses are refused")
    one = trainer(_core.optimizers[name](0.01, **fields), dtype, loss)
    for _ in range(3):
        one.step(X, Y)
    twin, samples = copy.copy(one), wild(WILD[dtype][position], dtype)
    made, text = attempt(one, lambda: one.step(samples, Y))
    if position == 1 and name in SQUARES:
        assert not made
        assert re.search(
            r"Trainer\.step: no update was made, because the optimizer's \w+ of "
            r"(weights|biases)\[[01]\]\[\d+(, \d+)?\] is not finite after the update; scale X and "
            r"y, .* or try a smaller learning_rate",
            text,
        )
    if not made:
        assert one.step(X, Y) == twin.step(X, Y)
        assert snapshot(one) == snapshot(twin)


@rules
@dtypes
@pytest.mark.parametrize("position", [0, 1, 2])
def test_apply_is_made_whole_or_not_at_all(
    name: str, fields: dict[str, Any], dtype: str, position: int
) -> None:
    if fields.get("nesterov") == "lecture":
        pytest.skip("apply is refused")
    one = trainer(_core.optimizers[name](0.01, **fields), dtype)
    one.step(X, Y)
    gradient = np.ones(one.network.n_parameters, dtype)
    gradient[5] = WILD[dtype][position] ** 1.2
    made, text = attempt(one, lambda: one.apply(gradient))
    refused = name in SQUARES and position > 0
    assert made == (not refused)
    assert ("Trainer.apply: no update was made, because" in text) == refused
    if refused:
        assert "weights[0][2, 1]" in text


@dtypes
@pytest.mark.parametrize("rows", [12, 1500, 3000], ids=lambda rows: f"{rows} rows")
@pytest.mark.parametrize("option", [{}, {"clip_value": 1e250}, {"normalize": True}], ids=str)
def test_whole_gradients_are_checked_before_the_update(
    dtype: str, rows: int, option: dict[str, Any]
) -> None:
    """Batches of one chunk and of several; a normalised gradient has no square that overflows."""
    one = trainer(fm.Adam(0.01, **option), dtype)
    samples = np.resize(wild(WILD[dtype][1], dtype), (rows, 3))
    made, _ = attempt(one, lambda: one.step(samples, np.resize(Y, (rows, 1))))
    assert made == ("normalize" in option)


@dtypes
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_wild_entry_that_the_loss_does_not_show_leaves_no_trace_in_the_state(
    dtype: str, threads: int
) -> None:
    """Its weights are 0, in a net of several parts: that part is kept. Bits do not tell threads."""
    ends = []
    for used in (1, threads):
        net = fm.Network([300, 200, 300, 3], output="softmax", dtype=dtype, seed=0)
        net.weights[0][1] = 0
        one = fm.Trainer(net, optimizer=fm.Adam(0.01))
        samples = np.random.default_rng(0).normal(size=(40, 300)).astype(dtype)
        one.step(samples, np.arange(40) % 3)
        net.weights[0][1] = 0
        first = {name: array.copy() for name, array in one.state.items()}
        samples[7, 1] = WILD[dtype][2]
        named = r"of weights\[0\]\[1, \d+\] is not finite"
        with forced_threads(used), pytest.warns(fm.TrainingWarning, match=named):
            assert np.isnan(one.step(samples, np.arange(40) % 3))
        assert is_finite(one)
        assert one.n_steps == 1
        assert first["v"][1] == one.state["v"][1]
        ends.append(snapshot(one))
    assert ends[0] == ends[1]


@rules
@dtypes
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
def test_fit_ends_with_a_status_and_advice(
    name: str, fields: dict[str, Any], dtype: str, loss: Any
) -> None:
    """An unscaled column: the run ends as not finite, or trains; its state is never poisoned."""
    if loss and fields.get("nesterov") == "lecture":
        pytest.skip("custom losses are refused")
    one = trainer(_core.optimizers[name](0.01, **fields), dtype, loss)
    before = one.network.parameters.copy()
    samples = (X * [1, WILD[dtype][1], 1]).astype(dtype)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        history = one.run(samples, Y, epochs=5)
    assert is_finite(one)
    text = " ".join(str(each.message) for each in said)
    assert (history.status == "not_finite") == bool(said)
    if name in SQUARES:
        assert re.search(
            r"Trainer\.run: the optimizer's \w+ of (weights|biases)\[[01]\]\[\d+(, \d+)?\] is not "
            r"finite after the update, in epoch 1, step 1; the parameters before this step are "
            r"kept; scale X and y, .* or try a smaller learning_rate \(now 0\.01\) or clip_norm",
            text,
        )
        np.testing.assert_array_equal(one.network.parameters, before)
        assert np.isfinite(history["loss"]).all()


@dtypes
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
def test_a_run_that_a_wild_sample_ends_keeps_the_steps_before_it(dtype: str, loss: Any) -> None:
    """In the second of three batches of the second epoch: four steps, whose epochs count."""
    samples, calls = X.astype(dtype), []

    class MakesWild:
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            calls.append(logs["loss"])
            samples[7, 1] = WILD[dtype][1]

    one, twin = (trainer(fm.Adam(0.01), dtype, loss, shuffle=False) for _ in range(2))
    for i in (0, 4, 8, 0):
        twin.step(X[i : i + 4], Y[i : i + 4])
    with pytest.warns(fm.TrainingWarning, match="in epoch 2, step 2; the parameters before this"):
        history = one.run(samples, Y, epochs=5, callbacks=[MakesWild()])
    assert snapshot(one) == snapshot(twin)
    assert (history.status, history["loss"]) == ("not_finite", calls)
    assert (one.n_steps, one.network.epochs_trained, history.n_epochs) == (4, 2, 2)


@dtypes
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
def test_an_epoch_that_a_wild_sample_ends_warns(dtype: str, loss: Any) -> None:
    one = trainer(fm.Adam(0.01), dtype, loss, shuffle=False)
    with pytest.warns(fm.TrainingWarning, match=r"^Trainer\.epoch: the optimizer's \w+ of"):
        assert np.isfinite(one.epoch(wild(WILD[dtype][1], dtype), Y))
    assert one.n_steps == 1


@dtypes
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
@pytest.mark.parametrize("looks", [False, True], ids=["many", "one by one"])
def test_a_state_that_is_not_finite_ends_the_run(dtype: str, loss: Any, looks: bool) -> None:
    """However it came there: here it is written by hand between two runs."""

    class Looks:
        def on_epoch_end(self, epoch: int, logs: object) -> None:
            pass

    one = trainer(fm.Adam(0.01), dtype, loss)
    one.run(X, Y, epochs=1)
    one.state["v"][4] = np.inf
    with pytest.warns(fm.TrainingWarning, match=r"'s v of weights\[0\]\[1, 1\] is not finite"):
        history = one.run(X, Y, epochs=5, callbacks=[Looks()] if looks else [])
    assert history.status == "not_finite"
    assert history.n_epochs == 0
    with pytest.warns(fm.TrainingWarning, match=r"^Trainer\.epoch: the optimizer's v of weights"):
        assert np.isnan(one.epoch(X, Y))


@dtypes
@pytest.mark.parametrize("loss", [None, squared], ids=["native", "custom"])
@pytest.mark.parametrize("what", ["X", "y"])
@pytest.mark.filterwarnings("ignore:fit. y has mean:fastmlp.TrainingWarning")
def test_a_first_loss_that_is_not_finite_is_not_blamed_on_the_rate(
    dtype: str, loss: Any, what: str
) -> None:
    far = 1e25 if dtype == "float32" else 1e200
    samples, targets = (X * far, Y) if what == "X" else (X, Y * far)
    text = (
        r"fit: the loss became (inf|nan) in epoch 1, step 1; the initial parameters are kept; it "
        r"was so before any update, so no learning_rate can help; scale X and y, .*, check a "
        r"custom loss, or "
    ) + ("the data" if dtype == "float64" else "use dtype='float64'")
    net = fm.Network([3, 5, 1], dtype=dtype, seed=0)
    with pytest.warns(fm.TrainingWarning, match=f"{text}$"), np.errstate(all="ignore"):
        history = net.fit(samples, targets, loss=loss)
    assert history.status == "not_finite"


def test_the_rate_is_shown_as_a_number() -> None:
    """Also that of a schedule."""
    net = fm.Network([3, 1], dtype="float64", seed=0)
    rate = fm.InverseTimeDecay(30.0, 0.5, per="epoch")
    with pytest.warns(fm.TrainingWarning, match=r"smaller learning_rate \(now [0-9.]+\) or clip"):
        net.fit(X, Y, optimizer=fm.SGD(rate), epochs=2000, batch_size=1)


@rules
@dtypes
def test_minimize_keeps_the_last_good_point(name: str, fields: dict[str, Any], dtype: str) -> None:
    """Where a gradient would poison the state: its point, value and status."""
    steep = WILD[dtype][1] ** 1.2
    calls = []

    def fun(w: Array) -> tuple[float, Array]:
        calls.append(w.copy())
        with np.errstate(over="ignore"):
            return float(w @ w), (steep if len(calls) == 4 else 2.0) * w

    start = np.array([1.0, 2.0], dtype)
    result = fm.minimize(fun, start, _core.optimizers[name](0.01, **fields), steps=10)
    assert np.isfinite(result.w).all()
    assert np.isfinite(result.value)
    if name in SQUARES:
        assert (result.status, result.n_steps) == ("not_finite", 3)
        if "average" not in fields:
            np.testing.assert_array_equal(result.w, calls[3])

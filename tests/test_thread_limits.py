"""`n_threads=` and `fm.threads`: the threads of one call, in one Python thread, with equal bits."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from forced_threads import forced_threads

X = np.random.default_rng(0).normal(size=(40, 6))
Y = np.sin(X[:, :2])


@pytest.fixture(autouse=True)
def four_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Limits act only below what the machine has, so most tests ask for 1."""
    before = fm.get_num_threads()
    yield
    assert fm.get_num_threads() == before


many = pytest.mark.skipif(fm.get_num_threads() < 2, reason="there is one thread anyway")


@many
def test_a_block_limits_its_calls_and_no_others() -> None:
    before = fm.get_num_threads()
    with fm.threads(1):
        assert fm.get_num_threads() == 1
        with fm.threads(before):
            assert fm.get_num_threads() == before
        assert fm.get_num_threads() == 1
        with pytest.raises(KeyError), fm.threads(2):
            raise KeyError
        assert fm.get_num_threads() == 1
    assert fm.get_num_threads() == before


@many
def test_a_block_replaces_set_num_threads() -> None:
    before = fm.get_num_threads()
    try:
        fm.set_num_threads(1)
        with fm.threads(2):
            assert fm.get_num_threads() == 2
        assert fm.get_num_threads() == 1
    finally:
        fm.set_num_threads(before)


@many
def test_other_threads_and_contexts_do_not_see_a_limit() -> None:
    before, seen = fm.get_num_threads(), []
    outside = contextvars.copy_context()
    with fm.threads(1):
        thread = threading.Thread(target=lambda: seen.append(fm.get_num_threads()))
        thread.start()
        thread.join()
        assert outside.run(fm.get_num_threads) == before
        assert contextvars.copy_context().run(fm.get_num_threads) == 1
    assert seen == [before]


class Watch:
    """The limit that holds when an epoch ends."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.seen.add(fm.get_num_threads())

    def loss(self, outputs: Any, y: Any) -> Any:
        self.seen.add(fm.get_num_threads())
        return ((outputs - y) ** 2).sum(axis=1), 2 * (outputs - y)


def calls(n: int | None) -> dict[str, Any]:
    """What each call leaves, and the limits that its Python functions saw."""
    net, watch = fm.Network([6, 9, 2], dtype="float64", seed=0), Watch()
    result: dict[str, Any] = {}
    history = net.fit(X, Y, epochs=2, callbacks=[watch], n_threads=n)
    result["fit"] = history["loss"], np.array(net.parameters)
    for name, loss in (("trainer", None), ("custom", watch.loss)):
        trainer = fm.Trainer(net, loss, n_threads=n)
        assert trainer.n_threads == n
        found = [trainer.step(X, Y), trainer.epoch(X, Y)]
        found += trainer.run(X, Y, epochs=2, callbacks=[watch])["loss"]
        trainer.apply(trainer.backward(trainer.forward(X)))
        result[name] = found, np.array(net.parameters)
    result["predict"] = net.predict(X, n_threads=n)
    result["loss"] = net.loss(X, Y, watch.loss, n_threads=n), net.loss(X, Y, n_threads=n)
    result["gradient"] = net.value_and_grad(X, Y, n_threads=n)
    net.value_and_grad(X, Y, watch.loss, n_threads=n)
    return {"seen": watch.seen, **result}


@many
def test_calls_have_their_own_number_of_threads() -> None:
    assert calls(1)["seen"] == {1}
    assert calls(None)["seen"] == {fm.get_num_threads()}


def test_results_do_not_depend_on_the_number() -> None:
    """To the bit, with teams of up to four threads."""
    expected = calls(1)
    for n in (2, 3, 4):
        with forced_threads(n):
            found = calls(n)
        for name in expected.keys() - {"seen"}:
            for one, other in zip(expected[name], found[name], strict=True):
                np.testing.assert_array_equal(one, other)


BAD: list[tuple[Any, type[Exception], str]] = [
    (0, ValueError, "=0, expected an integer >= 1"),
    (1.5, TypeError, r"=1.5 \(float\), expected an integer >= 1"),
    (True, TypeError, r"=True \(bool\), expected"),
    (2000, ValueError, "=2000, expected an integer <= 1024"),
]


@pytest.mark.parametrize(("value", "kind", "text"), BAD)
def test_other_numbers_are_refused(value: Any, kind: type[Exception], text: str) -> None:
    net = fm.Network([6, 2], seed=0)
    uses = {
        "fit: n_threads": lambda: net.fit(X, Y, n_threads=value),
        "Trainer: n_threads": lambda: fm.Trainer(net, n_threads=value),
        "Network.predict: n_threads": lambda: net.predict(X, n_threads=value),
        "Network.loss: n_threads": lambda: net.loss(X, Y, n_threads=value),
        "Network.value_and_grad: n_threads": lambda: net.value_and_grad(X, Y, n_threads=value),
        "threads: n": lambda: fm.threads(value),
    }
    for where, use in uses.items():
        with pytest.raises(kind, match=f"^{where}{text}"):
            use()
    with pytest.raises(TypeError, match=r"^threads: n=None"):
        fm.threads(None)  # type: ignore[arg-type]

"""Frames with other columns than those trained on are refused, wherever X is given."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from bad_input import is_well_formed

pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")

NAMES = ["age", "bmi", "glucose"]
RNG = np.random.default_rng(5)
X = RNG.normal(size=(8, 3)).astype(np.float32)
Y = X @ [[1.0], [-2.0], [0.5]]


def pandas_frame(array: Any, names: Any) -> Any:
    return pd.DataFrame(array, columns=names)


def polars_frame(array: Any, names: Any) -> Any:
    return pl.DataFrame(dict(zip(names, np.asarray(array).T, strict=True)))


FRAMES = {"pandas": pandas_frame, "polars": polars_frame}
DTYPES = ["float32", "float64"]


class Subject:
    """A network and its trainer."""

    def __init__(self, dtype: str = "float32") -> None:
        self.net = fm.Network([3, 4, 1], activation="tanh", dtype=dtype, seed=0)
        self.trainer = fm.Trainer(self.net)

    def state(self) -> bytes:
        return pickle.dumps((self.net, self.trainer.state, self.trainer.n_steps))


TRAINING: dict[str, tuple[str, Callable[[Subject, Any], Any]]] = {
    "fit": ("fit", lambda s, frame: s.net.fit(frame, Y, epochs=1)),
    "step": ("Trainer.step", lambda s, frame: s.trainer.step(frame, Y)),
    "epoch": ("Trainer.epoch", lambda s, frame: s.trainer.epoch(frame, Y)),
    "run": ("Trainer.run", lambda s, frame: s.trainer.run(frame, Y, epochs=1)),
    "forward": ("Trainer.forward", lambda s, frame: s.trainer.forward(frame)),
}
EVALUATION: dict[str, tuple[str, Callable[[Subject, Any], Any]]] = {
    "predict": ("Network.predict", lambda s, frame: s.net.predict(frame)),
    "loss": ("Network.loss", lambda s, frame: s.net.loss(frame, Y)),
    "value_and_grad": ("Network.value_and_grad", lambda s, frame: s.net.value_and_grad(frame, Y)),
    "backward": ("Network.backward", lambda s, frame: s.net.backward(frame, Y)),
    "activations": ("Network.activations", lambda s, frame: s.net.activations(frame)),
    "jacobian": ("Network.jacobian", lambda s, frame: s.net.jacobian(frame)),
    "find_learning_rate": (
        "find_learning_rate",
        lambda s, frame: fm.find_learning_rate(s.net, frame, Y, steps=10),
    ),
}
VALIDATION: dict[str, tuple[str, Callable[[Subject, Any], Any]]] = {
    "validation of fit": (
        "fit: validation_data",
        lambda s, frame: s.net.fit(X, Y, epochs=1, validation_data=(frame, Y)),
    ),
    "validation of run": (
        "Trainer.run: validation_data",
        lambda s, frame: s.trainer.run(X, Y, epochs=1, validation_data=(frame, Y)),
    ),
}
CALLS = {**TRAINING, **EVALUATION, **VALIDATION}

OTHERS: dict[str, tuple[list[str], str]] = {
    "another order": (["glucose", "bmi", "age"], r"another order .*column 0 is 'glucose'.*'age'"),
    "the last two exchanged": (["age", "glucose", "bmi"], r"column 1 is 'glucose'.* 'bmi' there"),
    "another name": (["age", "weight", "glucose"], r"new: 'weight' and no columns: 'bmi'"),
    "other case": (["age", "BMI", "glucose"], r"new: 'BMI' and no columns: 'bmi'"),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("call", CALLS)
def test_other_columns_are_refused(call: str, other: str, kind: str, dtype: str) -> None:
    subject = Subject(dtype)
    subject.net.fit(FRAMES[kind](X, NAMES), Y, epochs=1)
    names, message = OTHERS[other]
    where, run = CALLS[call]
    before = subject.state()
    with pytest.raises(ValueError, match=message) as refused:
        run(subject, FRAMES[kind](X, names))
    assert is_well_formed(str(refused.value), where)
    assert subject.state() == before


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("call", CALLS)
def test_the_columns_trained_on_and_arrays_are_read(call: str, kind: str) -> None:
    """The same numbers with the same names, or with none, give what the array gives."""
    results = []
    for given in (X, FRAMES[kind](X, NAMES), X.tolist()):
        subject = Subject()
        subject.net.fit(FRAMES[kind](X, NAMES), Y, epochs=1)
        result = CALLS[call][1](subject, given)
        kept = result if isinstance(result, np.ndarray) else subject.net.parameters
        results.append(kept.tobytes())
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("call", TRAINING)
def test_every_call_that_trains_remembers_the_names(call: str, kind: str) -> None:
    subject = Subject()
    assert subject.net.feature_names_in_ is None
    TRAINING[call][1](subject, FRAMES[kind](X, NAMES))
    assert subject.net.feature_names_in_.tolist() == NAMES
    assert subject.net.feature_names_in_.dtype == object


@pytest.mark.parametrize("call", EVALUATION)
def test_evaluation_remembers_nothing(call: str) -> None:
    subject = Subject()
    EVALUATION[call][1](subject, pandas_frame(X, NAMES))
    assert subject.net.feature_names_in_ is None


@pytest.mark.parametrize("call", TRAINING)
def test_arrays_have_no_names(call: str) -> None:
    subject = Subject()
    TRAINING[call][1](subject, X)
    assert subject.net.feature_names_in_ is None
    subject.net.predict(pandas_frame(X, NAMES[::-1]))


def test_a_refused_call_remembers_nothing() -> None:
    subject = Subject()
    with pytest.raises(ValueError, match="y has shape"):
        subject.net.fit(pandas_frame(X, NAMES), Y[:5])
    with pytest.raises(ValueError, match="y has shape"):
        subject.trainer.step(pandas_frame(X, NAMES), Y[:5])
    assert subject.net.feature_names_in_ is None


@pytest.mark.parametrize("kind", FRAMES)
def test_the_validation_has_the_columns_of_the_first_training(kind: str) -> None:
    subject, before = Subject(), Subject().state()
    frame, other = FRAMES[kind](X, NAMES), FRAMES[kind](X, NAMES[::-1])
    with pytest.raises(ValueError, match=r"^fit: validation_data: X has its columns in another"):
        subject.net.fit(frame, Y, epochs=1, validation_data=(other, Y))
    assert subject.state() == before
    subject.net.fit(frame, Y, epochs=1, validation_data=(frame, Y))
    subject.net.fit(X, Y, epochs=1, validation_data=(frame, Y))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, fm.Network.copy,
                                    lambda net: pickle.loads(pickle.dumps(net)),
                                    lambda net: fm.Trainer(net).__copy__().network])  # fmt: skip
def test_copies_and_pickles_keep_the_names(copied: Callable[[Any], Any]) -> None:
    net = fm.Network([3, 1], seed=0)
    net.fit(pandas_frame(X, NAMES), Y, epochs=1)
    twin = copied(net)
    assert twin.feature_names_in_.tolist() == NAMES
    with pytest.raises(ValueError, match="another order"):
        twin.predict(pandas_frame(X, NAMES[::-1]))


def test_states_without_names_load() -> None:
    """Those written before networks remembered names."""
    state = fm.Network([3, 1], seed=0).__getstate__()
    del state["feature_names_in_"]
    net = fm.Network.__new__(fm.Network)
    net.__setstate__(state)
    assert net.feature_names_in_ is None


def test_an_extra_column_is_named() -> None:
    subject = Subject()
    subject.net.fit(pandas_frame(X, NAMES), Y, epochs=1)
    wide = pandas_frame(X, NAMES).assign(target=1.0)
    with pytest.raises(ValueError, match="X has columns that are new: 'target'; expected those"):
        subject.net.predict(wide)
    with pytest.raises(ValueError, match="X has no columns: 'age'; expected those"):
        subject.net.predict(pandas_frame(X, NAMES)[NAMES[1:]])


def test_long_differences_are_cut() -> None:
    names = [f"c{i}" for i in range(40)]
    net = fm.Network([40, 1], seed=0)
    wide = np.zeros((2, 40))
    net.fit(pandas_frame(wide, names), [0, 1], epochs=1)
    with pytest.raises(
        ValueError, match=r"new: 'd0', .*'d4', \.\.\. \(40 in all\) and no"
    ) as error:
        net.predict(pandas_frame(wide, [f"d{i}" for i in range(40)]))
    assert "'d5'" not in str(error.value)


def test_one_sample_with_names() -> None:
    """A row of a frame is a Series whose index has the names."""
    net = fm.Network([3, 1], seed=0)
    frame = pandas_frame(X, NAMES)
    net.fit(frame, Y, epochs=1)
    assert net.predict(frame.iloc[0]).tobytes() == net.predict(X[0]).tobytes()
    assert net.predict(pd.Series(X[0])).tobytes() == net.predict(X[0]).tobytes()
    with pytest.raises(ValueError, match="another order"):
        net.predict(frame[NAMES[::-1]].iloc[0])


def test_numbers_are_compared_with_numbers() -> None:
    """Numbered columns in another order are refused; numbers are not compared with text."""
    numbered, named = pd.DataFrame(X), pandas_frame(X, NAMES)
    net = fm.Network([3, 1], seed=0)
    net.fit(numbered, Y, epochs=1)
    assert net.feature_names_in_.tolist() == [0, 1, 2]
    net.predict(named)
    with pytest.raises(ValueError, match=r"column 0 is 2\), expected 0 there"):
        net.predict(numbered[[2, 1, 0]])
    other = fm.Network([3, 1], seed=0)
    other.fit(named, Y, epochs=1)
    other.predict(numbered)


def test_several_levels_of_columns() -> None:
    columns = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
    net = fm.Network([3, 1], seed=0)
    net.fit(pandas_frame(X, columns), Y, epochs=1)
    assert net.feature_names_in_.tolist() == [("a", 1), ("a", 2), ("b", 1)]
    with pytest.raises(ValueError, match="another order"):
        net.predict(pandas_frame(X, columns[::-1]))


def test_names_may_be_given() -> None:
    net = fm.Network([3, 1], seed=0)
    net.feature_names_in_ = NAMES
    net.predict(pandas_frame(X, NAMES))
    with pytest.raises(ValueError, match="another order"):
        net.predict(pandas_frame(X, NAMES[::-1]))
    net.feature_names_in_ = None
    net.predict(pandas_frame(X, NAMES[::-1]))
    for wrong, kind in ((["a"], ValueError), ("abc", TypeError), (3, TypeError),
                        ([["a"], ["b"], ["c"]], TypeError)):  # fmt: skip
        with pytest.raises(kind) as refused:
            net.feature_names_in_ = wrong
        assert is_well_formed(str(refused.value), "Network")
    assert net.feature_names_in_ is None


class Table:
    """A table as that of pyarrow: its `columns` are arrays, `column_names` their names."""

    def __init__(self, array: Any, names: list[str]) -> None:
        self.array, self.column_names, self.columns = array, names, list(array.T)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


def test_tables_whose_columns_are_arrays() -> None:
    net = fm.Network([3, 1], seed=0)
    net.fit(Table(X, NAMES), Y, epochs=1)
    assert net.feature_names_in_.tolist() == NAMES
    with pytest.raises(ValueError, match="another order"):
        net.predict(Table(X, NAMES[::-1]))

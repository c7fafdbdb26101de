"""Objects without their constructor, and damaged pickles: TypeError, never foreign memory."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from fastmlp import _core

NATIVE = type(fm.Adam)  # the metaclass of all bound classes
CLASSES = {
    f"{module.__name__}.{name}": value
    for module in (_core, _core.float32, _core.float64)
    for name, value in vars(module).items()
    if isinstance(value, NATIVE)
}
MEMBERS = {name: cls for name, cls in CLASSES.items() if hasattr(cls, "fields")}
RESOURCES = {name: cls for name, cls in CLASSES.items() if name not in MEMBERS}
NOT_INITIALISED = r"^\w+: the object was made by __new__ and is not initialised, expected"
FROM_OBJECT = {"__init__", "__new__", "__class__", "__setstate__", "__init_subclass__"}


def pickle_without_state(cls: type) -> bytes:
    """GLOBAL, EMPTY_TUPLE, NEWOBJ, STOP: what `cls.__new__(cls)` makes."""
    return f"c{cls.__module__}\n{cls.__name__}\n)\x81.".encode("latin-1")


def test_all_classes_are_found() -> None:
    assert len(MEMBERS) >= 58
    names = {cls.__name__ for cls in RESOURCES.values()}
    assert {"Field", "Layer", "TrainingLock", "Network", "Trainer"} <= names


@pytest.mark.parametrize("name", CLASSES)
def test_every_use_of_an_object_without_its_constructor_is_refused(name: str) -> None:
    """Each property and method of the class, bound or called with whatever fits."""
    cls = CLASSES[name]
    objects = [cls.__new__(cls)]
    if name in MEMBERS:
        objects.append(pickle.loads(pickle_without_state(cls)))
    own = {key for base in cls.__mro__[:-2] for key in vars(base)} - FROM_OBJECT
    uses = 0
    for half in objects:
        for key in sorted(own):
            member = getattr(cls, key)
            if isinstance(member, property):
                with pytest.raises(TypeError, match=NOT_INITIALISED):
                    getattr(half, key)
                uses += 1
            elif callable(member) and key not in ("__copy__", "name"):
                with pytest.raises(TypeError):
                    _call(half, key)
                uses += 1
    assert uses > 0 or cls.__name__ == "Layer"


def _call(half: Any, key: str) -> None:
    """Call a method with what fits; copies and clones are the object itself, so they are used."""
    arguments: dict[str, tuple[Any, ...]] = {
        "__eq__": (half,),
        "__call__": (np.ones(3),),
        "__deepcopy__": ({},),
        "__exit__": (None, None, None),
    }
    returned = getattr(half, key)(*arguments.get(key, ()))
    if returned is half:
        repr(half)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_state_of_the_wrong_kind_leaves_an_object_that_refuses(name: str) -> None:
    cls = MEMBERS[name]
    for state in (None, 3, "state", [], {"no such field": 1}, {3: 3}):
        half = cls.__new__(cls)
        try:
            half.__setstate__(state)
        except (TypeError, ValueError, RuntimeError):
            with pytest.raises(TypeError, match=NOT_INITIALISED):
                repr(half)
        else:  # a field that is not known is passed over
            assert repr(half).startswith(cls.__name__)


USES: dict[str, Callable[[], Any]] = {
    "layer": lambda: fm.Network([half(fm.Dense)], inputs=3),
    "second layer": lambda: fm.Network([fm.Dense(2), half(fm.Dropout), fm.Dense(1)], inputs=3),
    "activation": lambda: fm.Network([3, 2, 1], activation=half(fm.ReLU)),
    "activation of a layer": lambda: fm.Dense(3, half(fm.LeakyReLU)),
    "init": lambda: fm.Network([3, 1], init=half(fm.Normal)),
    "skip": lambda: fm.Skip(half(fm.Dense)),
    "tied": lambda: fm.Tied(half(fm.Dense)),
    "optimizer": lambda: fm.Trainer(fm.Network([3, 1]), optimizer=half(fm.Adam)),
    "schedule": lambda: fm.SGD(half(fm.CosineDecay)),
    "average": lambda: fm.SGD(average=half(fm.Polyak)),
    "loss": lambda: fm.Network([3, 1]).loss([[1, 2, 3]], [1], loss=half(fm.Huber)),
    "layer of the core": lambda: _core.float32.Network(3, [half(fm.Dense)], 0),
    "network of the core": lambda: _core.float32.Trainer(
        half(_core.float32.Network), fm.Huber(), fm.Adam(), 1, 0, 0, 0.0, 0.0, False, False
    ),
}


def half(cls: type) -> Any:
    return cls.__new__(cls)


@pytest.mark.parametrize("use", USES)
def test_half_made_arguments_are_refused(use: str) -> None:
    with pytest.raises(TypeError):
        USES[use]()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_objects_of_the_core_without_a_state_refuse_copies(protocol: int) -> None:
    """Python would make others of them by `__new__` alone."""
    net = fm.Network([2, 1])
    trainer = fm.Trainer(net)
    snapshot = _core.float32.Snapshot()
    values = (net._native, trainer._native, net._in_training, fm.Adam.fields[0], snapshot)
    for value in values:
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            pickle.dumps(value, protocol)


def test_damaged_pickles_raise_or_give_what_can_be_used() -> None:
    """Every byte of pickles of members, overwritten."""
    rng = np.random.default_rng(0)
    for value in (fm.Adam(), fm.Dense(3, "tanh"), fm.CosineDecay(0.1, 10)):
        data = pickle.dumps(value)
        for position in range(len(data)):
            damaged = bytearray(data)
            damaged[position] = rng.integers(256)
            with contextlib.suppress(Exception):  # any kind, but no crash
                repr(pickle.loads(damaged))

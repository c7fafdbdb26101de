"""Damaged state and too little memory: refused before anything has changed."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastmlp as fm
from bad_input import Subject, X, is_well_formed

STATE = Subject().net.__getstate__()
LAYER = STATE["layers"][0]
GONE = object()
DAMAGES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "another format": ({"format": "keras"}, ValueError, "Network: format='keras', expected"),
    "no format": ({"format": GONE}, ValueError, "Network: format=None, expected"),
    "later version": ({"version": 99}, ValueError, "Network: version=99, expected 1; read it with"),
    **{
        f"no {part}": ({part: GONE}, ValueError, f"Network: the state has no '{part}', expected ")
        for part in ("dtype", "inputs", "layers", "seed", "epochs_trained", "parameters")
    },
    "dtype int8": ({"dtype": "int8"}, ValueError, "Network: dtype='int8', expected"),
    "dtype None": ({"dtype": None}, TypeError, "Network: dtype=None (NoneType), expected"),
    "inputs -1": ({"inputs": -1}, ValueError, "Network: inputs=-1, expected an integer >= 1"),
    "inputs as text": ({"inputs": "4"}, TypeError, "Network: inputs='4' (str), expected"),
    "inputs 2**62": ({"inputs": 2**62}, ValueError, "Network: the layers have 23058430092"),
    "5 inputs": ({"inputs": 5}, ValueError, "Network: parameters has shape (43,), expected (48,)"),
    "no layer": ({"layers": []}, ValueError, "Network: layers=[], expected"),
    "layers as number": ({"layers": 3}, TypeError, "Network: layers=3 (int), expected a list"),
    "layer as number": ({"layers": [3]}, ValueError, "Network: layers[0]=3 is damaged ("),
    "layer of nothing": ({"layers": [{}]}, ValueError, "Network: layers[0]={} is damaged ("),
    "layer of a new kind": (
        {"layers": [{**LAYER, "kind": "conv"}]}, ValueError, "Network: layers[0]={'kind': 'conv'"),
    "layer with more": (
        {"layers": [{**LAYER, "stride": 1}]}, ValueError, "Network: layers[0]={'kind': 'dense'"),
    "-1 units": ({"layers": [{**LAYER, "units": -1}]}, ValueError, "Dense: units=-1, expected an"),
    "activation as text": (
        {"layers": [{**LAYER, "activation": "tanh"}]}, ValueError, "Network: layers[0]={'kind'"),
    "unknown activation": (
        {"layers": [{**LAYER, "activation": {"name": "x"}}]}, ValueError, "Network: layers[0]={'k"),
    "seed -1": ({"seed": -1}, ValueError, "Network: seed=-1, expected an integer >= 0"),
    "seed None": ({"seed": None}, TypeError, "Network: seed=None (NoneType), expected"),
    "-1 epochs": ({"epochs_trained": -1}, ValueError, "Network: epochs_trained=-1, expected"),
    "2**40 epochs": ({"epochs_trained": 2**40}, ValueError, "Network: epochs_trained=10995116"),
    "3 parameters": ({"parameters": np.ones(3)}, ValueError, "Network: parameters has shape (3,)"),
    "no numbers": ({"parameters": np.full(43, None)}, TypeError, "Network: parameters has dtype o"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_state_is_refused_and_changes_nothing(damage: str) -> None:
    """Into a network that exists as well as into a new one."""
    change, kind, text = DAMAGES[damage]
    state = {part: value for part, value in (STATE | change).items() if value is not GONE}
    subject = Subject()
    before = subject.state()
    for net in (subject.net, fm.Network.__new__(fm.Network)):
        with pytest.raises(kind) as refused:
            net.__setstate__(state)
        assert str(refused.value).startswith(text), str(refused.value)
        assert is_well_formed(str(refused.value), text.split(": ")[0]), str(refused.value)
    assert subject.state() == before


@pytest.mark.parametrize("state", [None, 3, "state", [STATE]])
def test_what_is_no_state_is_refused(state: object) -> None:
    with pytest.raises(TypeError, match=r"^Network: state=.*, expected a dictionary$"):
        fm.Network.__new__(fm.Network).__setstate__(state)


def test_half_a_pickle_is_refused_by_pickle() -> None:
    data = pickle.dumps(Subject().net)
    for cut in range(1, len(data), 97):
        with pytest.raises((EOFError, pickle.UnpicklingError, ValueError, AttributeError)):
            pickle.loads(data[:cut])


@pytest.mark.parametrize("value", [-1, "a", None, 2**40])
def test_epochs_trained_are_checked_where_they_are_used(value: Any) -> None:
    net = Subject().net
    net.epochs_trained = value
    before = net.parameters.copy()
    with pytest.raises((ValueError, TypeError), match=r"^fit: epochs_trained=.*, expected"):
        net.fit(X, np.zeros(6), epochs=1)
    np.testing.assert_array_equal(net.parameters, before)


@pytest.mark.parametrize("sizes", [[4, 2**46], [2**29, 2**29], [1, 2**45, 1]])
def test_a_network_larger_than_memory(sizes: list[int]) -> None:
    """The sizes can be counted, so the system must refuse them."""
    with pytest.raises(MemoryError, match=r"^Network: the layers have \d+ parameters, expected"):
        fm.Network(sizes, init="zeros")


MEMORY = {
    "predict X": "net.predict(broad(2**24, 4))",
    "predict out": "wide.predict(broad(2**17, 1, 'f4'))",
    "activations": "wide.activations(broad(2**17, 1, 'f4'))",
    "jacobian": "wide.jacobian(broad(2**17, 1, 'f4'))",
    "loss": "net.loss(broad(2**24, 4), broad(2**24))",
    "value_and_grad": "net.value_and_grad(broad(2**24, 4), broad(2**24))",
    "backward": "wide.backward(broad(2**17, 1, 'f4'), broad(2**17, 2**10))",
    "fit X": "net.fit(broad(2**24, 4), broad(2**24))",
    "fit state": "large.fit(broad(2, 1), broad(2, 2**22), epochs=1)",
    "Trainer": "fm.Trainer(large), fm.Trainer(large)",
    "step": "trainer.step(broad(2**24, 4), broad(2**24))",
    "forward": "wide_trainer.forward(broad(2**17, 1, 'f4'))",
    "minimize": "fm.minimize(lambda w: (0.0, w), broad(2**28))",
    "Network": "fm.Network([2**14, 2**14])",
}
SCRIPT = """
    import resource
    import numpy as np
    import fastmlp as fm
    from bad_input import Subject

    subject, wide_subject = Subject(), Subject()
    net, trainer = subject.net, subject.trainer
    wide = fm.Network([1, 2**10], output="softmax", seed=0)
    wide_trainer = fm.Trainer(wide)
    large = fm.Network([1, 2**22], init="zeros")

    def broad(*shape):
        dtype = shape[-1] if isinstance(shape[-1], str) else "?"
        return np.broadcast_to(np.zeros((), dtype), [n for n in shape if not isinstance(n, str)])

    fm.set_num_threads(1)
    net.predict(np.zeros((3, 4)))
    state, parameters = subject.state(), wide.parameters.tobytes()
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + 2**27
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    try:
        {call}
        print("done")
    except (MemoryError, ValueError) as error:
        print(type(error).__name__)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert subject.state() == state, "the network has changed"
    assert wide.parameters.tobytes() == parameters, "the wide network has changed"
    assert not large.parameters.any(), "the large network has changed"
    after = subject.continues_identically()
    assert after == wide_subject.continues_identically(), "training does not continue as before"
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("call", MEMORY)
def test_out_of_memory_is_a_memory_error_and_changes_nothing(call: str) -> None:
    """Under a limit of the address space, in a separate process."""
    script = textwrap.dedent(SCRIPT).replace("{call}", MEMORY[call])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "MemoryError\n", done.stdout

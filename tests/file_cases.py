"""Random networks of all layers, trainers of all optimizers, and files with a right digest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core
from fastmlp._io import container

Random = np.random.Generator


def one_of(random: Random, *values: Any) -> Any:
    return values[int(random.integers(len(values)))]


def dense_net(random: Random, dtype: str) -> fm.Network:
    width = int(random.integers(1, 9))
    first = fm.Dense(width, "tanh", bias=bool(random.integers(2)), l1=0.1, max_norm=2.0)
    layers = [
        first,
        one_of(random, fm.Dropout(0.2), fm.GaussianNoise(0.1), fm.Skip("input")),
        fm.Tied(first, transposed=bool(random.integers(2)), bias=bool(random.integers(2))),
        fm.Dense(int(random.integers(1, 4)), one_of(random, "softmax", fm.LeakyReLU(0.3))),
    ]
    return fm.Network(layers, inputs=width, dtype=dtype, seed=int(random.integers(2**63)))


def window_net(random: Random, dtype: str) -> fm.Network:
    size = int(random.integers(1, 3))
    if random.integers(2):
        shape: tuple[int, ...] = (int(random.integers(4, 9)), int(random.integers(1, 4)))
        pools = fm.MaxPool1D(2), fm.AveragePool1D(2, padding="same"), fm.GlobalAveragePool1D()
        convolution: Any = fm.Conv1D(int(random.integers(1, 5)), size, "relu")
    else:
        shape = (5, 6, int(random.integers(1, 4)))
        pools = fm.MaxPool2D((1, 2)), fm.AveragePool2D(2), fm.GlobalAveragePool2D()
        convolution = fm.Conv2D(int(random.integers(1, 5)), (size, 2), "relu")
    layers = [convolution, fm.SpatialDropout(0.1), one_of(random, *pools), fm.Dense(2)]
    return fm.Network(layers, inputs=shape, dtype=dtype, seed=int(random.integers(2**63)))


def recurrent_net(random: Random, dtype: str) -> fm.Network:
    layer = one_of(random, fm.Recurrent, fm.GRU, fm.LSTM)
    first = layer(int(random.integers(1, 5)), sequences=True, bias=bool(random.integers(2)))
    layers = [
        one_of(random, first, fm.Bidirectional(first)),
        one_of(random, fm.GRU(2), fm.Bidirectional(fm.LSTM(3)), fm.Recurrent(2, truncate=2)),
        fm.Dense(2),
    ]
    shape = (int(random.integers(1, 6)), int(random.integers(1, 4)))
    return fm.Network(layers, inputs=shape, dtype=dtype, seed=int(random.integers(2**63)))


def random_net(seed: int) -> fm.Network:
    """With parameters that show their order."""
    random = np.random.default_rng(seed)
    make = one_of(random, dense_net, window_net, recurrent_net)
    net = make(random, one_of(random, "float32", "float64"))
    net.parameters = random.normal(size=net.n_parameters)
    net.epochs_trained = int(random.integers(99))
    return net


def data(net: fm.Network, n: int = 13) -> tuple[Any, Any]:
    random = np.random.default_rng(1)
    return random.normal(size=(n, net.n_inputs)), random.normal(size=(n, net.n_outputs))


def bits(net: fm.Network) -> tuple[Any, ...]:
    """All that a network is."""
    history = None if net.history is None else repr(net.history.to_state())
    loss = repr(net.__getstate__().get("loss"))
    return (repr(net), net.parameters.tobytes(), net.epochs_trained, history, loss, net.input_shape)


OPTIMIZERS: dict[str, Callable[[], Any]] = {**_core.optimizers, **_core.methods}


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """The header of a file as a dictionary, and what follows."""
    text = path.read_bytes()
    size = int.from_bytes(text[:8], "little")
    return json.loads(text[8 : 8 + size]), text[8 + size :]


def with_header(header: Any, rest: bytes) -> bytes:
    """A file of this header, as it is; a text is written as it stands."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(text).to_bytes(8, "little") + text + rest


def with_text(path: Path, change: Callable[[str], str]) -> bytes:
    """A file whose specification is changed as a text, with a digest that is right."""
    metadata, tensors = container.unpack(path.read_bytes())
    del metadata["sha256"]
    metadata["specification"] = change(metadata["specification"])
    return b"".join(container.pack(metadata, tensors))


def with_specification(path: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A file whose specification is changed as a dictionary, with a digest that is right."""

    def changed(text: str) -> str:
        values = json.loads(text)
        change(values)
        return json.dumps(values)

    return with_text(path, changed)


def with_tensors(path: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A file whose tensors are changed, with a digest that is right."""
    metadata, tensors = container.unpack(path.read_bytes())
    del metadata["sha256"]
    change(tensors)
    return b"".join(container.pack(metadata, tensors))


FILES = ("network", "trainer")


def write_files(folder: Path) -> None:
    """A small network and a small trainer."""
    layers = [fm.Dense(2, "tanh"), fm.Dropout(0.5), fm.Dense(2)]
    net = fm.Network(layers, inputs=2, seed=0)
    net.save(folder / "network")
    trainer = fm.Trainer(net, optimizer=fm.Adam(average=fm.Polyak()))
    trainer.run(*data(net), epochs=2)
    trainer.save(folder / "trainer")


def read(path: Path) -> Any:
    """What a file contains, comparable."""
    if "trainer" in path.name:
        one = fm.Trainer.load(path)
        state = {name: values.tobytes() for name, values in one.state.items()}
        return repr(one), state, one.last_parameters.tobytes(), bits(one.network)
    return bits(fm.load(path))


def outcome(path: Path) -> tuple[str, Any]:
    """The message where a file is refused, "" where it is not; and what it contains."""
    try:
        return "", read(path)
    except fm.ModelFileError as error:
        return str(error), None


def is_refused_or_identical(good: Path, text: bytes) -> bool:
    """Return whether it is refused; with path, what was read, and what was expected."""
    bad = good.parent / f"bad {good.name}"
    bad.write_bytes(text)
    message, found = outcome(bad)
    if message:
        assert f"{str(bad)!r} cannot be read: " in message
    else:
        assert found == read(good)
    return bool(message)

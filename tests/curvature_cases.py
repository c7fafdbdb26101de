"""Random networks with a loss and data, for the tests of curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import fastmlp as fm
import reference as ref
from problems import made, targets
from reference import Array

SMOOTH = (
    *("identity", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus", "silu", "gelu"),
    *("mish", "softsign", "sine"),
)


@dataclass(frozen=True)
class LossSpec:
    name: str
    smoothing: float = 0.0
    fields: tuple[tuple[str, Any], ...] = ()

    @property
    def member(self) -> Any:
        extra = {"label_smoothing": self.smoothing} if self.smoothing else {}
        return made("losses", self.name, **dict(self.fields), **extra)


LOSS_SPECS = (
    LossSpec("squared_error"),
    LossSpec("huber"),
    LossSpec("huber", fields=(("delta", 0.2),)),
    LossSpec("cross_entropy"),
    LossSpec("cross_entropy", smoothing=0.1),
    LossSpec("binary_cross_entropy"),
    LossSpec("poisson"),
    LossSpec("poisson", fields=(("log_input", False),)),
    LossSpec("gaussian_nll"),
)

# ---- the masks that the library draws ------------------------------------------------------------


def philox(words: list[Array], seed: int, rounds: int = 7) -> list[Array]:
    """Philox 4x32 (Salmon et al. 2011) of four arrays of 32-bit words."""
    x = [np.asarray(word, np.uint64) for word in words]
    low = np.uint64(0xFFFFFFFF)
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(rounds):
        p0, p2 = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [
            (p2 >> np.uint64(32)) ^ x[1] ^ np.uint64(key[0]), p2 & low,
            (p0 >> np.uint64(32)) ^ x[3] ^ np.uint64(key[1]), p0 & low,
        ]  # fmt: skip
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return x


def dropout_factors(
    rate: float, n: int, units: int, layer: int, seed: int, epoch: int = 0, first: int = 0
) -> Array:
    """mask / (1 - rate) (n, units) of dropout as layer number `layer` of the list.

    Word i % 4 of the counter (i // 4, position, stream, epoch) is that of unit i; the unit is kept
    where it is at least rate 2³².
    """
    unit, position = np.meshgrid(np.arange(units), first + np.arange(n))
    stream = np.full_like(unit, 3 << 16 | layer)
    words = philox([unit // 4, position, stream, np.full_like(unit, epoch)], seed)
    word = np.choose(unit % 4, words)
    return (word >= np.uint64(int(rate * 2**32))) / (1.0 - rate)


# ---- a network with its loss and data ------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Case:
    net: ref.Net
    w: Array
    X: Array
    y: Array
    loss: LossSpec
    weights: Array | None = None
    rates: tuple[tuple[int, float], ...] = ()  # of dropout, by the number of its layer
    seed: int = 0
    epoch: int = 0

    @property
    def output(self) -> str:
        return self.net.activation(len(self.net.layers) - 1)

    @property
    def canonical(self) -> bool:
        """The loss is a function of the last pre-activations."""
        return (self.output, self.loss.name) in ref.CANONICAL

    @property
    def smoothed(self) -> Array:
        """The targets that the loss sees."""
        return ref.smooth(self.y, self.loss.smoothing) if self.loss.smoothing else self.y

    @property
    def mean_weights(self) -> Array:
        """w_i / Σ w, (n,)."""
        w = np.ones(len(self.X)) if self.weights is None else self.weights
        return w / w.sum()


# ---- random cases --------------------------------------------------------------------------------

KINDS: dict[str, tuple[str, ...]] = {  # layers of a network other than dense ones
    "dense": (),
    "dropout": ("dropout",),
    "skip": ("skip",),
    "tied": ("tied",),
    "transposed": ("transposed",),
    "dropout and skip": ("dropout", "skip"),
    "everything": ("dropout", "skip", "tied", "transposed"),
}


def random_case(seed: int, kind: str, output: str, loss: LossSpec) -> Case:
    """1 to 7 hidden layers; the last pre-activations lie in (0.1, 0.5).

    Then outputs lie in (0, 1), the domain of the logarithms, and no output is saturated.
    """
    rng = np.random.default_rng(seed)
    inputs = 520 if seed % 67 == 5 else int(rng.integers(2, 7))
    n = int(rng.choice([1, 2, 7, 20, 33, 150])) if seed % 10 else int(rng.integers(1025, 1101))
    n = max(n, 20) if "dropout" in KINDS[kind] else n  # one sample may lose all units of a layer
    while True:
        hidden, widths = random_hidden(rng, inputs, KINDS[kind])
        present = {entry[0] for entry in hidden}
        if present >= set(KINDS[kind]):
            break
    epoch = int(rng.integers(0, 5))
    layers, rates = reference_layers(hidden, widths, n, seed, epoch)
    units = 2 * int(rng.integers(1, 4))
    net = ref.Net(inputs, [*layers, (units, output, True)])
    X = rng.normal(size=(n, inputs))
    w = random_parameters(rng, net, X)
    y = targets(loss.name, rng, n, units)
    weights = np.maximum(rng.uniform(-0.5, 2.0, n), 0.0) if rng.integers(2) and n > 7 else None
    return Case(net, w, X, y, loss, weights, rates, seed, epoch)


def random_hidden(
    rng: np.random.Generator, inputs: int, extras: tuple[str, ...]
) -> tuple[list[Any], list[int]]:
    """Entries ("dense", units, activation, bias), ("dropout", rate), …; widths with the input's."""
    hidden: list[Any] = []
    widths = [inputs]
    dense: list[tuple[int, int, int]] = []  # number, n_in, n_out
    narrow = int(rng.integers(2, 9)) if inputs > 8 else inputs
    for number in range(int(rng.integers(1, 8))):
        width, phi = widths[-1], str(rng.choice(SMOOTH))
        bias = bool(rng.integers(2))
        units = narrow if rng.integers(2) else int(rng.integers(2, 9))
        choices: list[tuple[Any, int]] = [(("dense", units, phi, bias), units)]
        skips = [j - 1 for j, each in enumerate(widths[:-1]) if each == width]
        same = [k for k, n_in, n_out in dense if n_in == width]
        back = [k for k, n_in, n_out in dense if n_out == width]
        outputs = {k: (n_in, n_out) for k, n_in, n_out in dense}
        if "dropout" in extras:
            choices.append((("dropout", float(rng.uniform(0.1, 0.6))), width))
        if "skip" in extras and skips and number:
            choices.append((("skip", int(rng.choice(skips))), width))
        if "tied" in extras and same:
            k = int(rng.choice(same))
            choices.append((("tied", k, phi, bias), outputs[k][1]))
        if "transposed" in extras and back:
            k = int(rng.choice(back))
            choices.append((("transposed", k, phi, bias), outputs[k][0]))
        entry, out = choices[int(rng.integers(len(choices)))]
        if entry[0] == "dense":
            dense.append((number, width, out))
        hidden.append(entry)
        widths.append(out)
    return hidden, widths


def reference_layers(
    hidden: list[Any], widths: list[int], n: int, seed: int, epoch: int
) -> tuple[list[ref.LayerSpec], tuple[tuple[int, float], ...]]:
    """The entries as layers of `reference`, and the rates of dropout by number."""
    layers: list[ref.LayerSpec] = []
    rates = []
    for number, (name, *fields) in enumerate(hidden):
        if name == "dense":
            layers.append(tuple(fields))
        elif name == "skip":
            layers.append(ref.Skip(*fields))
        elif name == "dropout":
            factors = dropout_factors(fields[0], n, widths[number], number, seed, epoch)
            layers.append(ref.Scale(factors))
            rates.append((number, fields[0]))
        else:
            k, phi, bias = fields
            layers.append(ref.Tied(k, phi, name == "transposed", bias))
    return layers, tuple(rates)


def random_parameters(rng: np.random.Generator, net: ref.Net, X: Array) -> Array:
    slots, size = net.slots()
    w = 0.1 * rng.normal(size=size)
    for slot in slots:
        if slot.shape[1] and not slot.transposed:
            w[slot.weights] = rng.normal(size=slot.shape).ravel() / np.sqrt(slot.shape[1])
    last = slots[-1]
    w[last.bias] = 0.0
    a = net.forward(w, X)[0][-1]
    w[last.weights] *= 0.2 / max(np.abs(a).max(), 0.2)
    w[last.bias] = 0.3
    return w


def as_network(case: Case) -> Any:
    """The library's network with the parameters of a case."""
    rates, layers = dict(case.rates), []
    for number, layer in enumerate(case.net.layers):
        if isinstance(layer, ref.Skip):
            layers.append(fm.Skip("input" if layer.of < 0 else layers[layer.of]))
        elif isinstance(layer, ref.Scale):
            layers.append(fm.Dropout(rates[number]))
        elif isinstance(layer, ref.Tied):
            layers.append(
                fm.Tied(
                    layers[layer.layer], layer.activation, transposed=layer.transposed,
                    bias=layer.bias,
                )
            )  # fmt: skip
        else:
            units, activation, bias = layer
            layers.append(fm.Dense(units, activation, bias=bias))
    net = fm.Network(layers, inputs=case.net.inputs, dtype="float64", seed=case.seed)
    net.parameters = case.w
    net.epochs_trained = case.epoch
    return net

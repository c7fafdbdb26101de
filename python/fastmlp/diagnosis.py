"""`Diagnosis`: what a training does inside a network, layer by layer, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastmlp._data.arrays import FloatArray, native
from fastmlp._data.dataset import check_weighted, read_dataset
from fastmlp._data.losses import evaluate, evaluated_loss, is_custom_loss
from fastmlp._fit.remedies import judged
from fastmlp.layers import RECURRENT

if TYPE_CHECKING:
    from fastmlp.network import Network

Floats = NDArray[np.float64]

SHARES = ("at limits", "always off")  # headings that name no trouble
BOUNDED = ("sigmoid", "tanh", "hard_tanh")  # activations with two limits


class LayerDiagnosis(NamedTuple):
    """Diagnosis of one layer with parameters, on a batch.

    Attributes
    ----------
    name : str
        Index in ``net.layers``, and type of the layer.
    gradient_norm, weight_norm : float
        2-norm of the gradient of the mean loss with respect to the layer's own weights and biases,
        and 2-norm of these parameters.
    update_norm : float
        2-norm of their change since the previous record; nan if there is none.
    signal : float
        2-norm of the error signal ``dL/da``, a the pre-activations, over all samples and units; for
        a recurrent layer the largest over its steps.
    saturated : float
        Fraction of outputs near a limit of sigmoid, tanh or hard_tanh, where the slope is below 5 %
        of its maximum. 0 for other activations, and for the gates of GRU and LSTM, which may well
        be open or closed.
    dead : float
        Fraction of units (of filters, for a convolution) through which no gradient passes for any
        sample: the slope is below 0.1 % of its maximum. 0 for the activations named above.
    over_time : ndarray of shape (time,) or None
        The signal at each step of a recurrent layer.
    trouble : str
        ``"vanishing"``, ``"exploding"``, ``"saturated"``, ``"dead"``, several separated by a comma,
        or ``""``.
    advice : str
        What is wrong and what to do, one sentence per problem; ``""`` if there is none.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.Network([2, 3, 1], activation="tanh", init="zeros")
    >>> first, last = net.diagnose([[1, 2], [3, 4]], [0, 1]).layers
    >>> first.name, first.signal, last.gradient_norm > 0
    ('layers[0] Dense(3, tanh)', 0.0, True)
    """

    name: str
    gradient_norm: float
    weight_norm: float
    update_norm: float
    signal: float
    saturated: float
    dead: float
    over_time: Floats | None
    trouble: str
    advice: str


class Diagnosis:
    """Diagnosis of a network on a batch: norms, saturated outputs and dead units by layer.

    ``print(net.diagnose(X, y))`` shows a table and, for each layer in trouble, a sentence with a
    remedy.

    Attributes
    ----------
    loss : float
        The mean loss.
    layers : tuple of LayerDiagnosis
        One for each layer with parameters.
    layer_names : list of str
        Their names.
    gradient_norms, weight_norms, update_norms : ndarray of shape (n_layers,)
        The norms of all layers.
    healthy : bool
        True if no layer is in trouble.
    trouble : str
        All kinds of trouble found, each once, separated by commas; ``""`` if there is none.

    Examples
    --------
    >>> import numpy as np, fastmlp as fm
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> layers = [fm.Dense(8, "sigmoid", init=fm.Normal(0.1)) for _ in range(10)]
    >>> deep = fm.Network([*layers, fm.Dense(1)], inputs=8, seed=0)
    >>> deep.diagnose(X, X[:, 0]).trouble
    'vanishing'
    >>> fm.Network([8, 16, 1], seed=0).diagnose(X, X[:, 0]).healthy
    True
    """

    def __init__(self, loss: float, layers: Sequence[LayerDiagnosis]) -> None:
        self.loss = loss
        self.layers = tuple(layers)

    @property
    def layer_names(self) -> list[str]:
        """Names of the layers with parameters."""
        return [layer.name for layer in self.layers]

    @property
    def gradient_norms(self) -> Floats:
        """2-norms of the gradients, by layer."""
        return np.array([layer.gradient_norm for layer in self.layers])

    @property
    def weight_norms(self) -> Floats:
        """2-norms of the parameters, by layer."""
        return np.array([layer.weight_norm for layer in self.layers])

    @property
    def update_norms(self) -> Floats:
        """2-norms of the changes since the previous record, by layer; nan if there is none."""
        return np.array([layer.update_norm for layer in self.layers])

    @property
    def trouble(self) -> str:
        """All kinds of trouble found, each once, separated by commas."""
        found = (kind for layer in self.layers for kind in layer.trouble.split(", ") if kind)
        return ", ".join(dict.fromkeys(found))

    @property
    def healthy(self) -> bool:
        """Whether no layer is in trouble."""
        return not self.trouble

    def __str__(self) -> str:
        """Return the table of the layers, and a sentence for each trouble."""
        rows: list[Sequence[str]] = [("layer", "gradient", "weights", "update", "signal", *SHARES)]
        for layer in self.layers:
            norms = (layer.gradient_norm, layer.weight_norm, layer.update_norm, layer.signal)
            numbers = ("" if np.isnan(norm) else f"{norm:.2g}" for norm in norms)
            rows.append((layer.name, *numbers, f"{layer.saturated:.0%}", f"{layer.dead:.0%}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(f"{x:<{n}}" for x, n in zip(row, widths, strict=True)) for row in rows]
        advice = [f"{layer.name}: {layer.advice}" for layer in self.layers if layer.advice]
        return "\n".join([*(line.rstrip() for line in lines), *advice])

    def __repr__(self) -> str:
        """Return the loss and the trouble."""
        return f"Diagnosis({len(self.layers)} layers, loss={self.loss:.6g}, {self.trouble!r})"


def diagnosis_of(
    network: Network,
    X: Any,
    y: Any,
    loss: Any,
    sample_weight: Any,
    lengths: Any,
    before: FloatArray | None = None,
) -> Diagnosis:
    """Return the diagnosis of a network on samples; updates are those from `before`."""
    chosen = evaluated_loss(loss, network)
    data = read_dataset(network, chosen, X, y, sample_weight, lengths=lengths)
    check_weighted(data)
    core, of = native(network.dtype), network._native
    if is_custom_loss(chosen):
        value, by_output = evaluate(chosen, of.predict(data.X, data.lengths), data)
        _, gradient, nodes = core.diagnose_outputs(of, data.X, by_output, data.lengths)
    else:
        X, targets, weights = data.arrays
        arguments = (X, targets, chosen, weights, data.lengths)
        value, gradient, nodes = core.diagnose(of, *arguments)
    now = network.parameters
    changes = np.full_like(now, np.nan) if before is None else now - before
    layers, begin = [], 0
    chain: Sequence[Any] = network.layers
    for place, layer in enumerate(chain):
        part = slice(begin, begin := begin + of.layer_size(place))
        if not layer.has_parameters:
            continue
        own = [Node(*node) for node in nodes if node[0] == place]
        g, w, update = (_norm(vector[part]) for vector in (gradient, now, changes))
        inside = _inside(layer, own)
        layers.append(LayerDiagnosis(_name(place, layer), g, w, update, *inside, "", ""))
    return Diagnosis(value, judged(layers, network.layers))


class Node(NamedTuple):
    """What the core reports of a node of the plan."""

    layer: int
    slot: int
    step: int
    activation: str
    n_values: int
    squares: float
    n_saturated: int
    alive: bytes


def _name(place: int, layer: Any) -> str:
    size = getattr(layer, "units", getattr(layer, "filters", ""))
    told = ", ".join(str(part) for part in (size, layer.activation.name) if part)
    return f"layers[{place}] {type(layer).__name__}({told})"


def _norm(vector: FloatArray) -> float:
    return float(np.linalg.norm(vector.astype(np.float64)))


def _inside(layer: Any, nodes: Sequence[Node]) -> tuple[float, float, float, Floats | None]:
    """Return the signal, the shares of saturated and dead, and the signal over time."""
    weighed = [node for node in nodes if node.slot >= 0]
    recurrent = isinstance(layer, RECURRENT)
    squares = np.zeros(1 + max(node.step for node in nodes) if recurrent else 1)
    for node in weighed:
        squares[node.step if recurrent else 0] += node.squares
    signals = np.sqrt(squares)
    name = getattr(layer.activation, "name", "")
    own = [node for node in nodes if node.activation == name and (recurrent or node in weighed)]
    count = sum(node.n_values for node in own)
    saturated = sum(node.n_saturated for node in own) / count if count else 0.0
    alive = {len(node.alive): np.zeros(len(node.alive), bool) for node in own}
    for node in own:
        alive[len(node.alive)] |= np.frombuffer(node.alive, np.uint8) > 0
    units = np.concatenate([np.ones(0, bool), *alive.values()])
    dead = float(1 - units.mean()) if len(units) else 0.0
    bounded = name in BOUNDED
    over_time = signals if recurrent else None
    return float(signals.max()), saturated if bounded else 0.0, 0.0 if bounded else dead, over_time

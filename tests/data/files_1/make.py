"""The golden files of format 1, and the objects that they contain.

Run `python tests/data/files_1/make.py` for those of what is new; files that exist stay as they are.
Parameters and states are formulas, so that an object is the same on every machine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core

FOLDER = Path(__file__).parent
DENSE = [
    fm.Dense(3, fm.ELU(0.5), bias=False, init=fm.Normal(0.3), l1=1e-3, l2=1e-2, max_norm=2.0),
    fm.GaussianNoise(0.5),
    fm.Skip("input"),
    fm.Dropout(0.25),
]
TIED = fm.Dense(5, "tanh")
SCHEDULES = [
    0.01, fm.Constant(0.5, per="epoch"), fm.ExponentialDecay(0.1, 0.2, per="epoch"),
    fm.InverseTimeDecay(0.1, rate=0.3), fm.StepDecay(0.1, every=3, factor=0.5, per="epoch"),
    fm.PolynomialDecay(0.1, steps=20, power=2.0, end=1e-3),
    fm.CosineDecay(0.1, steps=8, warmup=3, restarts=2.0, end=1e-4),
    fm.OneCycle(0.1, steps=50, rise=0.4, start_factor=10.0, end_factor=100.0),
]  # fmt: skip
AVERAGES = [
    None, fm.Polyak("uniform", start=4), fm.Polyak("discounted", beta=0.8), fm.Polyak(beta=0.5),
]  # fmt: skip
LOSSES = [
    fm.SquaredError(), fm.AbsoluteError(), fm.Huber(0.5), fm.Quantile(0.9), fm.Hinge(),
    fm.Poisson(log_input=False), fm.BinaryCrossEntropy(), fm.Perceptron(),
]  # fmt: skip


def numbers(n: int) -> Any:
    """Return n numbers that are the same, bit for bit, on every machine."""
    return (37 * np.arange(n) % 101 - 50) / 64


def filled(net: fm.Network) -> fm.Network:
    net.parameters = numbers(net.n_parameters)
    net.epochs_trained = 7
    return net


def dense() -> fm.Network:
    layers = [*DENSE, TIED, fm.Tied(TIED), fm.Tied(TIED, "sigmoid", False, False), fm.Dense(2)]
    net: Any = filled(fm.Network(layers, inputs=3, dtype="float64", seed=2**64 - 1))
    net.note, net.scale = {"unit": "m²", "bound": float("inf")}, np.arange(6, dtype=np.int32)
    net.classes = np.array(["no", "yes"])
    return net


def windows() -> fm.Network:
    layers = [
        fm.Conv2D(3, (2, 3), "relu", stride=(1, 2), padding="same"), fm.SpatialDropout(0.1),
        fm.MaxPool2D(2, 1), fm.Conv2D(2, 1, dilation=2, bias=False), fm.AveragePool2D((1, 2)),
        fm.GlobalAveragePool2D(), fm.Dense(2, "softmax"),
    ]  # fmt: skip
    return filled(fm.Network(layers, inputs=(6, 9, 2), seed=0))


def sequence() -> fm.Network:
    layers = [
        fm.Conv1D(3, 2, "silu", padding=1), fm.MaxPool1D(2), fm.AveragePool1D(2, 1),
        fm.GlobalAveragePool1D(), fm.Dense(1, "sigmoid"),
    ]  # fmt: skip
    return filled(fm.Network(layers, inputs=(9, 2), seed=1))


def recurrent() -> fm.Network:
    layers = [
        fm.Bidirectional(fm.GRU(2, sequences=True)), fm.Conv1D(3, 1, "softmax"),
        fm.LSTM(2, fm.ELU(0.5), sequences=True, truncate=3, forget_bias=0.5, bias=False),
        fm.Bidirectional(fm.LSTM(1, sequences=True)),
        fm.Recurrent(2, recurrent_init=fm.Orthogonal(0.5), l2=1e-2), fm.Dense(2, "softmax"),
    ]  # fmt: skip
    return filled(fm.Network(layers, inputs=(4, 2), dtype="float64", seed=5))


def activations() -> fm.Network:
    members = [
        *(fm.Identity(), fm.Sign(), fm.Sigmoid(), fm.Tanh(), fm.ReLU(), fm.HardTanh()),
        *(fm.LeakyReLU(), fm.ELU(), fm.SELU(), fm.Softplus(), fm.SiLU(), fm.GELU()),
    ]
    inits = [
        *(fm.GlorotUniform(), fm.GlorotNormal(), fm.HeUniform(), fm.HeNormal()),
        *(fm.LeCunUniform(), fm.LeCunNormal(), fm.Normal(), fm.Orthogonal(), fm.Zeros()),
    ]
    layers = [fm.Dense(2, a, init=inits[i % len(inits)]) for i, a in enumerate(members)]
    return filled(fm.Network([*layers, fm.Dense(2, init=fm.ConstantInit(0.5))], inputs=2, seed=3))


def more_activations() -> fm.Network:
    members = [fm.Mish(), fm.HardSigmoid(), fm.Exponential(), fm.Softsign(), fm.Sine(2.5)]
    layers = [fm.Dense(2, phi, init=fm.SIREN(2.5, first=True)) for phi in members]
    return filled(fm.Network(layers, inputs=2, seed=3))


def trainer(index: int, cls: Any) -> fm.Trainer:
    """With every schedule, average and loss in one of them."""
    fields: dict[str, Any] = {}
    loss: Any = "squared_error"
    if cls in _core.optimizers.values():
        if not cls.uses_initial_rate_only:
            fields["learning_rate"] = SCHEDULES[index % len(SCHEDULES)]
        fields["average"] = AVERAGES[index % len(AVERAGES)]
        loss = LOSSES[index % len(LOSSES)]
    net = filled(fm.Network([3, 2, 1], seed=4))
    one = fm.Trainer(net, loss, cls(**fields), batch_size=9 + index, seed=index, l2=0.5)
    for name, values in one.state.items():
        one.state[name] = np.abs(numbers(values.size))
    return one


def softmax() -> fm.Trainer:
    net = filled(fm.Network([3, 2, 2], output="softmax", seed=6))
    return fm.Trainer(net, fm.CrossEntropy(label_smoothing=0.125), fm.Adam(0.01))


def variance() -> fm.Trainer:
    return fm.Trainer(filled(fm.Network([3, 2, 2], seed=6)), fm.GaussianNLL(), fm.SGD(0.01))


def backtracking() -> fm.Trainer:
    search = fm.NonlinearCG(line_search=fm.Backtracking(factor=0.25))
    return fm.Trainer(filled(fm.Network([3, 2, 1], seed=6)), "squared_error", search)


def samples() -> tuple[Any, Any]:
    """Rows, and targets 0 and 1."""
    X = numbers(60).reshape(20, 3)
    return X, (X.sum(axis=1) > 0).astype(float)


def run(epochs: int, path: Path | None) -> fm.Network:
    """A run with the memories of callbacks, and its checkpoint."""
    net = filled(fm.Network([fm.Dense(3, "tanh"), fm.Dropout(0.5), fm.Dense(1)], inputs=3, seed=2))
    memories = [fm.EarlyStopping("loss", patience=50), fm.ReduceOnPlateau("loss", patience=2)]
    net.fit(
        *samples(), optimizer=fm.Adam(0.01, average=fm.Polyak(beta=0.5)), epochs=epochs,
        callbacks=memories, checkpoint=path)  # fmt: skip
    return net


def classifier() -> Any:
    from fastmlp.sklearn import MLPClassifier

    X, y = samples()
    labels = np.where(y > 0, "yes", "no")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MLPClassifier((4,), max_iter=3, random_state=0).fit(X, labels)


NETWORKS: dict[str, Callable[[], fm.Network]] = {
    "dense": dense, "windows": windows, "sequence": sequence, "recurrent": recurrent,
    "activations": activations, "more_activations": more_activations,
}  # fmt: skip
TRAINERS: dict[str, Callable[[], fm.Trainer]] = {
    name: lambda index=index, cls=cls: trainer(index, cls)
    for index, (name, cls) in enumerate({**_core.optimizers, **_core.methods}.items())
}
TRAINERS |= {"softmax": softmax, "variance": variance, "backtracking": backtracking}
OBJECTS: dict[str, Callable[[], Any]] = {**NETWORKS, **TRAINERS, "classifier": classifier}


def file(name: str) -> Path:
    return FOLDER / f"{name}.safetensors"


if __name__ == "__main__":
    for name, make in OBJECTS.items():
        if not file(name).exists():
            make().save(file(name))
    if not file("run").exists():
        run(3, file("run"))

"""The golden pickles of fastmlp 0.1.0, and the training that continues from them.

Run with 0.1.0, once per instruction set: `FASTMLP_ISA=v3 python tests/data/pickles_0_1_0/make.py`.
The pickles are written by the first run; each run records the parameters that its level reaches.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core

FOLDER = Path(__file__).parent
PROTOCOL = 4
NETWORKS = ("network_float32", "network_float64", "network_trained")

# ---- values: the calls that make what the pickles hold -------------------------------------------

ACTIVATIONS = [
    fm.Identity(), fm.Sign(straight_through=True), fm.Sigmoid(), fm.Tanh(), fm.ReLU(),
    fm.HardTanh(), fm.Softmax(), fm.LeakyReLU(0.2), fm.ELU(0.5), fm.SELU(), fm.Softplus(),
    fm.SiLU(), fm.GELU(),
]  # fmt: skip
LOSSES = [
    fm.SquaredError(), fm.AbsoluteError(), fm.Huber(0.5), fm.CrossEntropy(label_smoothing=0.1),
    fm.BinaryCrossEntropy(), fm.Hinge(), fm.Perceptron(), fm.Quantile(0.9),
    fm.Poisson(log_input=False), fm.GaussianNLL(),
]  # fmt: skip
INITIALIZERS = [
    fm.GlorotUniform(), fm.GlorotNormal(), fm.HeUniform(), fm.HeNormal(), fm.LeCunUniform(),
    fm.LeCunNormal(), fm.Normal(0.3), fm.Orthogonal(1.5), fm.Zeros(), fm.ConstantInit(0.25),
]  # fmt: skip
SCHEDULES = [
    fm.Constant(0.5, per="epoch"), fm.ExponentialDecay(0.1, 0.2, per="epoch"),
    fm.InverseTimeDecay(0.1, rate=0.3), fm.StepDecay(0.1, every=3, factor=0.5, per="epoch"),
    fm.PolynomialDecay(0.1, steps=20, power=2.0, end=1e-3),
    fm.CosineDecay(0.1, steps=8, warmup=3, restarts=2.0, end=1e-4),
    fm.OneCycle(0.1, steps=50, rise=0.4, start_factor=10.0, end_factor=100.0),
]  # fmt: skip
AVERAGES = [
    fm.Polyak("uniform", start=4), fm.Polyak("discounted", beta=0.8), fm.Polyak(beta=0.5, start=2),
]  # fmt: skip
OPTIMIZERS = [
    fm.SGD(fm.StepDecay(0.1, every=3), momentum=0.9, nesterov="lecture", clip_value=(-1.0, 2.0)),
    fm.DeltaBarDelta(0.02, kappa=0.1, phi=0.3, theta=0.4, min_gain=1e-4, momentum=0.5),
    fm.Lion(1e-3, beta1=0.8, beta2=0.9, weight_decay=0.1, decay_biases=True, proximal_l1=True),
    fm.Rprop(0.02, eta_minus=0.4, eta_plus=1.1, min_step=1e-4, max_step=1.0),
    fm.AdaGrad(0.02, eps=1e-6, clip_norm=1.0),
    fm.RMSProp(0.02, rho=0.9, eps=1e-6, momentum=0.5, nesterov=True, normalize=True),
    fm.AdaDelta(0.5, rho=0.8, eps=1e-5, scalar=True),
    fm.Adam(0.02, beta1=0.8, beta2=0.99, eps=1e-6, eps_mode="inside", amsgrad=True),
    fm.AdamW(fm.CosineDecay(0.01, 100), eps_mode="hat", weight_decay=0.1, decay_biases=True),
    fm.NAdam(0.01, beta1=0.8, momentum_decay=0.01, average=fm.Polyak("uniform", start=4)),
    fm.AdaMax(0.01, beta2=0.99, clip_value=0.5),
    fm.RAdam(0.01, beta2=0.99, average=fm.Polyak("discounted")),
]
LAYERS = [
    fm.Dense(3, fm.ELU(0.5), bias=False, init=fm.Normal(0.3), l1=1e-3, l2=1e-2, max_norm=2.0),
    fm.Dense(4),
    fm.Dropout(0.25),
    fm.GaussianNoise(0.5),
]
VALUES = {
    "activations": ACTIVATIONS,
    "losses": LOSSES,
    "initializers": INITIALIZERS,
    "schedules": SCHEDULES,
    "averages": AVERAGES,
    "optimizers": OPTIMIZERS,
    "layers": LAYERS,
}

# ---- networks and trainers ----------------------------------------------------------------------


def data(dtype: str = "float64") -> tuple[Any, Any]:
    """Inputs (40, 3) and targets (40, 2)."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((40, 3))
    return X.astype(dtype), np.sin(X @ rng.standard_normal((3, 2))).astype(dtype)


def network(dtype: str) -> fm.Network:
    """Every initializer, activation and field of the layers; max_norm, l1 and l2 among them."""
    hidden = [a for a in ACTIVATIONS if a != fm.Softmax()]
    inits = [i for i in INITIALIZERS if i != fm.Zeros()]
    dense = [
        fm.Dense(
            4 + i % 3,
            hidden[i % len(hidden)],
            bias=i % 3 != 1,
            init=inits[i % len(inits)],
            l1=1e-3 if i % 4 == 0 else None,
            l2=1e-2 if i % 4 == 1 else None,
            max_norm=1.5 if i % 4 == 2 else None,
        )
        for i in range(len(hidden))
    ]
    layers = [fm.GaussianNoise(0.1), *dense[:5], fm.Dropout(0.2), *dense[5:], fm.Dense(2)]
    return fm.Network([*layers[:-1], fm.Dense(2, init="zeros")], inputs=3, dtype=dtype, seed=11)


def network_trained() -> fm.Network:
    net = fm.Network([3, 8, 2], activation="softplus", init="lecun_normal", dtype="float64", seed=3)
    net.fit(*data(), optimizer=fm.SGD(0.1), epochs=3, batch_size=8)
    return net


def trainer(optimizer: Any, epochs: int = 1, dtype: str = "float64", **settings: Any) -> fm.Trainer:
    """A trainer with dropout, one step beyond `epochs` epochs."""
    layers = [fm.Dense(6, "tanh", max_norm=2.0), fm.Dropout(0.3), fm.Dense(2)]
    net = fm.Network(layers, inputs=3, dtype=dtype, seed=5)
    settings = {"batch_size": 7, "l1": 1e-3, "l2": 1e-2, "seed": 9} | settings
    one = fm.Trainer(net, optimizer=optimizer, **settings)
    X, y = data(dtype)
    one.run(X, y, epochs=epochs)
    one.step(X[:9], y[:9])
    return one


def trainer_averaged(average: Any) -> fm.Trainer:
    """A trainer between two calls: its network has the average."""
    one = trainer(fm.Adam(0.02, average=average))
    one.run(*data(), epochs=2)
    return one


def trainer_scaled() -> fm.Trainer:
    one = trainer(fm.RMSProp(fm.CosineDecay(0.02, steps=60, warmup=3)), shuffle=False)
    one.scale_learning_rate(0.5)
    return one


TRAINERS: dict[str, Callable[[], fm.Trainer]] = {
    "trainer_adam_amsgrad": lambda: trainer(fm.Adam(0.02, amsgrad=True)),
    "trainer_adam_float32": lambda: trainer(fm.Adam(0.02), dtype="float32"),
    "trainer_nadam": lambda: trainer(fm.NAdam(0.02)),
    "trainer_sgd_lecture": lambda: trainer(fm.SGD(0.05, momentum=0.9, nesterov="lecture")),
    "trainer_uniform": lambda: trainer_averaged(fm.Polyak("uniform", start=3)),
    "trainer_discounted": lambda: trainer_averaged(fm.Polyak("discounted", beta=0.8)),
    "trainer_exponential": lambda: trainer_averaged(fm.Polyak("exponential", beta=0.9)),
    "trainer_schedule": lambda: trainer(
        fm.SGD(fm.StepDecay(0.1, every=2, factor=0.5, per="epoch"), momentum=0.5), epochs=2
    ),
    "trainer_scaled": trainer_scaled,
    "trainer_rprop": lambda: trainer(fm.Rprop(0.02), batch_size=40, regularize_biases=True),
    "trainer_huber": lambda: trainer(fm.AdamW(0.01), loss=fm.Huber(0.5)),
}


def continue_training(one: Any) -> Any:
    """Parameters after some more epochs and steps, the last with fewer samples."""
    net = one.network if isinstance(one, fm.Trainer) else one
    X, y = data(net.dtype.name)
    if one is net:
        net.fit(X, y, optimizer=fm.SGD(0.02, momentum=0.5), epochs=2, batch_size=16, l2=1e-3)
    else:
        one.run(X, y, epochs=2)
        one.step(X[:5], y[:5])
        one.epoch(X, y)
    return net.parameters.copy()


# ---- results -------------------------------------------------------------------------------------


def bowl(w: Any) -> tuple[float, Any]:
    return 0.5 * float(w @ w), w


def results() -> dict[str, Any]:
    """A history, a callback of each kind after a training, a result, a curve."""
    X, y = data()
    net = fm.Network([3, 4, 2], init="glorot_uniform", dtype="float64", seed=2)
    stopping = fm.EarlyStopping("val_loss", patience=3, min_delta=1e-3, restore_best=False)
    plateau = fm.ReduceOnPlateau("loss", factor=0.5, patience=2, min_learning_rate=1e-5)
    history = net.fit(
        X, y, optimizer=fm.SGD(0.3), epochs=6, validation_data=(X, y), callbacks=[stopping, plateau]
    )
    return {
        "history": history,
        "early_stopping": stopping,
        "reduce_on_plateau": plateau,
        "result": fm.minimize(bowl, [3.0, -4.0], fm.SGD(0.5), steps=3, record_path=True),
        "learning_rate_curve": fm.find_learning_rate(net, X, y, steps=12),
    }


def attributes(one: Any) -> dict[str, Any]:
    """The public face of a result, as arrays, numbers and words."""
    if isinstance(one, fm.History):
        return {**one.to_dict(), "status": one.status, "n_epochs": one.n_epochs}
    names = {
        fm.EarlyStopping: "monitor patience min_delta restore_best best best_epoch",
        fm.ReduceOnPlateau: "monitor factor patience min_delta min_learning_rate best best_epoch",
        fm.Result: "w value status n_steps n_evaluations path",
        fm.LearningRateCurve: "learning_rates losses suggestion",
    }
    return {name: getattr(one, name) for name in names[type(one)].split()}


# ---- writing -------------------------------------------------------------------------------------


def golden() -> dict[str, Any]:
    """Every object, by the name of its file."""
    networks = {
        "network_float32": network("float32"),
        "network_float64": network("float64"),
        "network_trained": network_trained(),
    }
    trainers = {name: make() for name, make in TRAINERS.items()}
    return {**VALUES, **networks, **trainers, **results()}


def expected(one: Any) -> dict[str, Any]:
    """Values to compare: parameters, outputs, state, and parameters after more training."""
    net = one.network if isinstance(one, fm.Trainer) else one
    X, _ = data(net.dtype.name)
    arrays = {"parameters": net.parameters.copy(), "outputs": net.predict(X)}
    if isinstance(one, fm.Trainer):
        arrays |= {f"state_{name}": array.copy() for name, array in one.state.items()}
        arrays |= {"last_parameters": one.last_parameters.copy(), "n_steps": one.n_steps}
        arrays |= {"learning_rate": one.learning_rate}
    return {**arrays, f"continued_{_core.isa}": continue_training(copy.deepcopy(one))}


def write(name: str, one: Any) -> None:
    path = FOLDER / f"{name}.pickle"
    if not path.exists():
        path.write_bytes(pickle.dumps(one, PROTOCOL))
    one = pickle.loads(path.read_bytes())
    if isinstance(one, (fm.Network, fm.Trainer)):
        arrays = expected(one)
    elif name not in VALUES:
        arrays = attributes(one)
    else:
        return
    table = FOLDER / f"{name}.npz"
    before = dict(np.load(table)) if table.exists() else {}
    np.savez_compressed(table, **{**arrays, **before})


if __name__ == "__main__":
    assert fm.__version__ == "0.1.0"
    for file, made in golden().items():
        write(file, made)

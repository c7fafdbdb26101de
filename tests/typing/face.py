"""The public face as a user writes it: strict type checkers must accept every line.

`assert_type` states what they infer. The file runs too: tests/test_typing.py.
"""

import pickle
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import fastmlp as fm

X = np.random.default_rng(0).normal(size=(60, 64)).astype(np.float32)
y = np.arange(60) % 10
Y = np.eye(10)[y]

# Networks
net = fm.Network([64, 128, 10], activation="relu", output="softmax", seed=0)
deep = fm.Network(
    [fm.Dense(128, "relu"), fm.Dropout(0.2), fm.Dense(10, "softmax")],
    inputs=64,
    dtype="float64",
    seed=0,
)
first = fm.Dense(16, fm.LeakyReLU(slope=0.1), bias=True, init="he_normal", l1=None, l2=1e-4)
layers = [first, fm.Dense(16, init=fm.Orthogonal()), fm.Skip(first), fm.GaussianNoise(0.1)]
shared = fm.Network([*layers, fm.Tied(first, "sigmoid")], inputs=64, dtype=np.float64)
assert_type(net.predict(X), NDArray[np.floating[Any]])
assert_type(net.parameters, NDArray[np.floating[Any]])
net.parameters = np.zeros(net.n_parameters)
net.parameters = [0.0] * net.n_parameters
net = fm.Network([64, 32, 10], output="softmax", seed=0)
assert_type(net.weights[0], NDArray[np.floating[Any]])
assert_type(net.biases[0], NDArray[np.floating[Any]] | None)
net.weights[0] = np.asarray(net.weights[0]) / 2
assert_type(net.loss(X, y), float)

# Many networks
many = [fm.Network([64, 8, 10], output="softmax", seed=seed) for seed in range(2)]
bags = [np.arange(30), np.arange(5, 60)]
rates = [fm.SGD(0.1), fm.SGD(0.01)]
histories = fm.fit_many(many, X, y, rows=bags, optimizer=rates, epochs=[1, 2], l2=0.01)
assert_type(histories, list[fm.History])
ensemble = fm.Ensemble(many)
assert_type(ensemble.predict(X), tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]])
assert_type(ensemble[0], fm.Network)
assert_type(net.loss(X, y, loss=fm.CrossEntropy(label_smoothing=0.1)), float)
value, gradient = net.value_and_grad(X, y, loss="cross_entropy")
assert_type(value, float)
assert_type(gradient, NDArray[np.floating[Any]])
flat = net.backward(X, np.ones((60, 10)))
jacobian = net.jacobian(X[0])
net.summary()
print(net)
twin = pickle.loads(pickle.dumps(net.copy()))
names: Sequence[str] = [f"pixel {i}" for i in range(64)]
net.feature_names_in_ = names

# Training
history = net.fit(
    X.tolist(),
    y,
    loss=None,
    optimizer="adam",
    epochs=2,
    batch_size=32,
    validation_data=(X, Y),
    callbacks=(),
    sample_weight=np.ones(60),
    class_weight="balanced",
    l1=0.0,
    l2=0.0,
    regularize_biases=False,
    shuffle=True,
    max_seconds=None,
    verbose=0,
)
assert_type(history, fm.History)
assert_type(history["loss"], list[float])
assert_type(history.status, str)
columns: Mapping[str, list[float]] = history.to_dict()
net.fit(X, y, epochs=1, class_weight={0: 2.0, 1: 0.5}, validation_data=(X, y, np.ones(60)))
labelled = fm.Network([fm.Dropout(0.1), fm.Dense(2, "sigmoid")], inputs=64)
labels, terms = np.eye(2)[y % 2], np.ones((60, 2))
labelled.fit(X, labels, epochs=1, class_weight=[1, (1, 5.0)], sample_weight=terms)
labelled.fit(X, labels, epochs=1, class_weight={1: {0: 1.0, 1: 5.0}})
fm.Trainer(labelled).step(X, labels, terms, class_weight=[1.0, "balanced"])
labelled.fit(X, labels, epochs=1, class_weight=np.ones((2, 2)))
assert_type(labelled.predict(X), NDArray[np.floating[Any]])
mean, std = labelled.predict(X, samples=10, seed=1)
assert_type(std, NDArray[np.floating[Any]])


# A loss, a schedule and a callback of one's own
def squared(
    outputs: NDArray[np.floating[Any]], targets: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    error = outputs - targets
    return 0.5 * (error**2).sum(axis=1), error


def rate(epoch: int) -> float:
    return 0.01 / (1 + epoch)


class Show(fm.Callback):
    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> bool | None:
        return logs["loss"] < 0


class Plain:
    def on_fit_end(self) -> None:
        """Any object with one of the methods is a callback."""


stopping = fm.EarlyStopping(monitor="loss", patience=5, min_delta=0.0, restore_best=True)
plateau = fm.ReduceOnPlateau("loss", factor=0.5, patience=3)
net.fit(X, y, loss=squared, optimizer=fm.SGD(rate), epochs=1, callbacks=[Show(), Plain()])
net.fit(X, y, epochs=1, callbacks=[stopping, plateau])

# Files and records
folder = Path(tempfile.mkdtemp())
net.save(folder / "model.safetensors")
assert_type(fm.load(str(folder / "model.safetensors")), fm.Network)
fm.Trainer(net).save(folder / "run.ckpt")
assert_type(fm.Trainer.load(folder / "run.ckpt", loss=None), fm.Trainer)
records = [fm.CSVLogger(folder / "log.csv"), fm.Logging(), fm.ModelCheckpoint(folder / "m", "loss")]
net.fit(X, y, epochs=1, callbacks=records, checkpoint=folder / "run", checkpoint_every=2)
text: str = history.to_json()

# Optimizers are values
for optimizer in (
    fm.SGD(1e-3, momentum=0.9, nesterov="lecture"),
    fm.Adam(1e-3, beta1=0.9, beta2=0.999, eps=1e-8, eps_mode="hat", amsgrad=True),
    fm.AdamW(1e-3, weight_decay=1e-2, decay_biases=True),
    fm.NAdam(clip_norm=1.0),
    fm.AdaMax(clip_value=(-1.0, 2.0)),
    fm.RAdam(normalize=True),
    fm.Lion(1e-4, average=fm.Polyak(mode="uniform")),
    fm.AdaGrad(fm.CosineDecay(0.1, 100, warmup=5, restarts=2)),
    fm.RMSProp(1e-2, rho=0.99, momentum=0.5, nesterov=True),
    fm.AdaDelta(1.0, scalar=True),
    fm.Rprop(1e-2),
    fm.DeltaBarDelta(1e-2, kappa=1e-3),
):
    fm.Trainer(net, optimizer=optimizer).step(X, y)
    params: dict[str, Any] = optimizer.get_params(deep=False)

# Own loops
trainer = fm.Trainer(net, loss=None, optimizer=fm.Adam(), batch_size=32, seed=None)
assert_type(trainer.step(X, y), float)
assert_type(trainer.epoch(X, y), float)
assert_type(trainer.run(X, y, epochs=2), fm.History)
outputs = trainer.forward(X)
trainer.apply(trainer.backward(outputs - Y))
state: Mapping[str, NDArray[np.floating[Any]]] = trainer.state


# Functions
def bowl(w: NDArray[np.floating[Any]]) -> tuple[float, NDArray[np.floating[Any]]]:
    return float(w @ w), 2 * w


result = fm.minimize(bowl, [1.0, 2.0], fm.SGD(0.1, momentum=0.9), steps=100, record_path=True)
assert_type(result, fm.Result)
assert_type(result.w, NDArray[np.floating[Any]])
assert_type(result.path, NDArray[np.floating[Any]] | None)
numbers: tuple[float, str, int, int] = (
    result.value,
    result.status,
    result.n_steps,
    result.n_evaluations,
)
curve = fm.find_learning_rate(net, X, y, optimizer="sgd", steps=20)
assert_type(curve.suggestion, float)

# Members on arrays
assert_type(fm.ReLU()([-1.0, 2.0]), NDArray[np.floating[Any]])
assert_type(fm.ReLU().derivative(X), NDArray[np.floating[Any]])
assert_type(fm.CrossEntropy()(Y, Y), NDArray[np.floating[Any]])
assert_type(fm.CrossEntropy().gradient(Y, Y), NDArray[np.floating[Any]])
assert_type(fm.HeNormal()(3, 2, seed=0), NDArray[np.floating[Any]])
schedule = fm.OneCycle(0.1, 100)
assert_type(schedule(3), float)
assert_type(schedule([0, 1, 2]), NDArray[np.float64])
assert_type(schedule(np.arange(100)), NDArray[np.float64])
assert_type(first.activation.name, str)

fm.set_num_threads(fm.get_num_threads())
fm.show_config()

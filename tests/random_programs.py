"""Random programs that mix all public calls: `python random_programs.py FIRST LAST` runs seeds.

A program is a function of its seed. Its calls are valid for the most part; what they refuse, with
an error of the documented kinds, is passed over. Arrays change and move while they are read,
signals come at any time, views outlive what they show.
"""

from __future__ import annotations

import copy
import gc
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import fastmlp as fm
from fastmlp import _core
from random_draws import Array
from random_functions import Functions

N_CALLS = 60


class Program(Functions):
    """The objects of a program, and the calls that it draws from."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.nets: list[fm.Network] = []
        self.trainers: list[fm.Trainer] = []
        self.views: list[Array] = []  # of parameters and states, kept after their owners
        self.new_network()

    def run(self) -> None:
        """Make the calls, some of them on two threads at once, some with a signal on its way."""
        calls = [getattr(self, name) for name in CALLS]
        for _ in range(N_CALLS):
            first, second = (calls[i] for i in self.random.integers(len(calls), size=2))
            kind = self.random.random()
            if kind < 0.1:
                other = threading.Thread(target=self.attempt, args=(second,))
                other.start()
                self.attempt(first)
                other.join()
            elif kind < 0.2:
                self.attempt(lambda call=first: self.interrupt(call))
            else:
                self.attempt(first)
        for view in filter(lambda view: view.flags.writeable, self.views):
            view[...] = self.random.normal()

    def interrupt(self, call: Callable[[], object]) -> None:
        """Make a call that a signal ends, if it comes in time."""
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, self.random.uniform(1e-4, 1e-2))
        try:
            call()
        finally:
            signal.signal(signal.SIGALRM, lambda *_: None)  # one that is late does nothing
            signal.setitimer(signal.ITIMER_REAL, 0)

    def net(self) -> fm.Network:
        return self.one_of(*self.nets)

    def trainer(self) -> fm.Trainer:
        if not self.trainers:
            self.new_trainer()
        return self.one_of(*self.trainers)

    def keep(self, objects: list[Any], value: Any) -> None:
        objects.append(value)
        if len(objects) > 3:
            objects.pop(0)
            gc.collect()

    # The calls.

    def new_network(self) -> None:
        sizes = [
            int(n) for n in self.random.integers(1, self.one_of(6, 70, 600), self.one_of(2, 3))
        ]
        self.keep(self.nets, fm.Network(
            sizes, activation=self.member("activations"), output=self.member("activations"),
            init=self.member("initializers"), dtype=self.one_of("float32", "float64"),
            seed=int(self.random.integers(2**32))))  # fmt: skip
        self.called.add("Network")

    def new_layers(self) -> None:
        width = int(self.random.integers(1, 50))
        first = fm.Dense(width, self.member("activations"), bias=bool(self.random.integers(2)))
        middle = [self.one_of(fm.Dropout(0.3), fm.GaussianNoise(0.1), fm.Skip("input"),
                              fm.Dense(width, max_norm=1.0, l1=0.1)) for _ in range(2)]  # fmt: skip
        last = self.one_of(fm.Tied(first), fm.Dense(3, "softmax"), fm.Skip(first))
        self.called.update({"Dense", "Dropout", "GaussianNoise", "Skip", "Tied"})
        self.keep(self.nets, fm.Network([first, *middle, last], inputs=width, seed=1))

    def new_windows(self) -> None:
        flat = bool(self.random.integers(2))
        size, n = self.one_of(1, 2, 3), self.one_of(1, 5, 13)
        padding = self.one_of("same", 0, size - 1)
        convolution = (fm.Conv1D if flat else fm.Conv2D)(n, size, "tanh", 1, padding)
        pool = self.one_of(
            *((fm.MaxPool1D(2), fm.AveragePool1D(2, 1), fm.GlobalAveragePool1D()) if flat else
              (fm.MaxPool2D((1, 2)), fm.AveragePool2D(2, padding="same"),
               fm.GlobalAveragePool2D())))  # fmt: skip
        self.called.update(type(each).__name__ for each in (convolution, pool))
        self.called.add("SpatialDropout")
        self.keep(self.nets, fm.Network(
            [convolution, fm.SpatialDropout(0.2), pool, fm.Dense(2)],
            inputs=(int(self.random.integers(4, 30)), 3) if flat else (5, 7, 2),
            dtype=self.one_of("float32", "float64"), seed=1))  # fmt: skip

    def new_recurrent(self) -> None:
        sequences, steps = bool(self.random.integers(2)), int(self.random.integers(1, 9))
        kind = self.one_of(fm.Recurrent, fm.GRU, fm.LSTM)
        recurrent = kind(self.one_of(1, 5, 20), "tanh", sequences,
                         truncate=self.one_of(None, 2))  # fmt: skip
        recurrent = self.one_of(recurrent, fm.Bidirectional(recurrent))
        last = fm.Conv1D(3, 1, "softmax") if sequences else fm.Dense(3, "softmax")
        self.called.update((kind.__name__, "Bidirectional"))
        self.keep(self.nets, fm.Network([recurrent, last], inputs=(steps, 3), seed=1,
                                        dtype=self.one_of("float32", "float64")))  # fmt: skip

    def new_trainer(self) -> None:
        self.keep(self.trainers, fm.Trainer(
            self.net(), self.loss(), self.any_optimizer(),
            batch_size=self.one_of(None, 1, 5, 32, 2000),
            l1=self.one_of(0, 0.1), l2=self.one_of(0, 0.1),
            l2_scale=self.one_of("constant", "batch_weight"), n_threads=self.one_of(None, 1, 3),
            shuffle=self.one_of(False, True), carry_state=self.one_of(False, True)))  # fmt: skip
        self.called.add("Trainer")

    def predict(self) -> None:
        net = self.net()
        X = self.samples(net)[0]
        net.predict(self.one_of(X, X[0], X[:0]))
        self.one_of(net.jacobian, net.activations)(X[:9])
        if len(net.input_shape) == 2:
            net.step(self.array(4, net.input_shape[1]))
            net.recurrent_state = self.one_of(None, net.recurrent_state)

    def evaluate(self) -> None:
        net = self.net()
        X, y, _ = self.samples(net)
        loss = self.loss()
        net.loss(X, y, loss)
        net.value_and_grad(X, y, loss)
        net.backward(X, self.array(np.shape(X)[0], net.n_outputs))

    def fit(self) -> None:
        net = self.net()
        X, y, weights = self.samples(net)
        stopping = fm.EarlyStopping(self.one_of("loss", "val_loss"), patience=1)
        self.callbacks = [stopping, fm.ReduceOnPlateau("loss", patience=1), self]
        history = net.fit(
            X, y, loss=self.loss(), optimizer=self.any_optimizer(), epochs=int(self.one_of(1, 4)),
            batch_size=self.one_of(None, 1, 32, 2000),
            callbacks=self.callbacks[: self.one_of(0, 3)],
            validation_data=self.one_of(None, (X, y)), sample_weight=weights,
            metrics=self.one_of((), "r2", ["accuracy", "auc"], {"f": lambda y, o: len(y)}),
            class_weight=self.one_of(None, "balanced"), l2=self.one_of(0, 0.1),
            max_seconds=self.one_of(None, 1e-3, 0.05))  # fmt: skip
        history.to_dict(), repr(history), history.best_epoch
        self.called.update({"EarlyStopping", "ReduceOnPlateau", "History", "Callback"})

    def on_epoch_end(self, epoch: int, logs: Any) -> bool:
        """As a callback: use other calls, or fail."""
        logs["added"] = float(epoch)
        self.attempt(self.one_of(self.predict, self.spoil, self.new_network, self.read_trainer))
        if self.random.random() < 0.1:
            raise InterruptedError
        return bool(self.random.random() < 0.1)

    def train(self) -> None:
        trainer = self.trainer()
        X, y, weights = self.samples(trainer.network)
        trainer.step(X, y, weights)
        order = self.one_of(None, self.random.integers(np.shape(X)[0], size=self.one_of(1, 40)))
        trainer.epoch(X, y, order=order, carry=self.one_of(True, False), sample_weight=weights)
        assert type(trainer.last_epoch) is fm.EpochResult
        self.called.add("EpochResult")
        trainer.run(X, y, epochs=2, callbacks=[self], max_seconds=0.05)

    def passes(self) -> None:
        trainer = self.trainer()
        outputs = trainer.forward(self.samples(trainer.network)[0])
        if self.random.random() < 0.3:
            self.attempt(self.train)
        trainer.apply(trainer.backward(outputs * 0.1))

    def read_trainer(self) -> None:
        trainer = self.trainer()
        self.keep(self.views, self.one_of(trainer.last_parameters, *trainer.state.values()))
        trainer.n_steps, trainer.learning_rate, repr(trainer)
        trainer.scale_learning_rate(0.9)
        self.keep(self.trainers, self.one_of(copy.copy, copy.deepcopy, _pickled)(trainer))

    def copies(self) -> None:
        net = self.net()
        twin = self.one_of(copy.copy, copy.deepcopy, _pickled, fm.Network.copy)(net)
        str(twin), repr(twin)
        self.keep(self.nets, twin)
        net.__setstate__(self.net().__getstate__())

    def parameters(self) -> None:
        net = self.net()
        self.keep(self.views, self.one_of(net.parameters, *net.weights))
        net.parameters = self.array(net.n_parameters)
        net.weights[0] = self.array(*net.weights[0].shape) * 1e-42
        net.parameters[:] = self.random.normal(size=net.n_parameters)

    def members(self) -> None:
        shape = self.one_of((), (3,), (0,), (4, 1), (50, 7), (2, 3, 5), (3, 0), (0, 4), (9000, 9))
        a = self.array(*shape) if shape else 0.5
        phi, loss = self.member("activations"), self.member("losses")
        phi(a), phi.derivative(a)
        self.own_activation()
        y = np.abs(np.asarray(a, float))
        self.attempt(lambda: (loss(a, y), loss.gradient(a, y)))
        n_in, n_out = (int(n) for n in self.random.integers(1, self.one_of(8, 140), 2))
        self.member("initializers")(n_in, n_out, int(self.random.integers(2**32)))
        self.member("schedules")(float(self.random.integers(100)))
        for value in (phi, loss):
            assert _pickled(value) == value
            assert hash(_pickled(value)) == hash(value)
        methods = [cls() for cls in (*_core.methods.values(), *_core.line_searches.values())]
        self.called.update(type(value).__name__ for value in methods)
        for value in (phi, loss, self.optimizer(), *methods):
            repr(value), value.get_params(), [repr(field) for field in value.fields]

    def on_network(self) -> None:
        many = lambda _: self.train_many(self.nets)  # noqa: E731
        self.one_of(self.differentiate, self.error_bars, self.row_files, many)(self.net())

    def files(self) -> None:
        self.write_and_read(self.net(), self.trainer())

    def find_learning_rate(self) -> None:
        net = self.net()
        X, y, _ = self.samples(net)
        curve = fm.find_learning_rate(net, X, y, steps=10)
        assert curve.suggestion > 0
        self.called.update({"find_learning_rate", "LearningRateCurve"})

    def threads(self) -> None:
        _core.force_num_threads(int(self.random.integers(4)))
        fm.set_num_threads(int(self.random.integers(1, 4)))
        with fm.threads(int(self.random.integers(1, 4))):
            self.attempt(self.one_of(self.fit, self.predict, self.threads))
        fm.get_num_threads()
        self.called.update({"set_num_threads", "get_num_threads", "threads"})

    def half_made(self) -> None:
        """Objects without their constructor."""
        cls = type(
            self.member(self.one_of("layers", "activations", "losses", "optimizers", "methods"))
        )
        half = cls.__new__(cls)
        for use in (repr, hash, pickle.dumps, fm.SGD, lambda h: fm.Network([h], inputs=2),
                    lambda h: fm.Network([2, 1], activation=h), lambda h: h(np.ones(3)),
                    lambda h: self.net().fit([[1.0]], [1.0], optimizer=h)):  # fmt: skip
            self.attempt(lambda use=use: use(half))


CALLS = [
    "new_network", "new_layers", "new_windows", "new_recurrent", "new_trainer", "predict",
    "evaluate", "fit", "fit", "train", "train", "passes", "read_trainer", "copies", "parameters",
    "members", "minimize", "find_learning_rate", "threads", "half_made", "on_network", "on_network",
    "least_squares", "line_search", "check_gradient", "files", "diagnose", "separability",
]  # fmt: skip


def _pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def _interrupt(*_: object) -> None:
    raise InterruptedError


def run(first: int, last: int) -> set[str]:
    """Run the programs of some seeds; return the public names that they used."""
    warnings.simplefilter("ignore")
    called: set[str] = {"TrainingWarning", "show_config"}
    for seed in range(first, last):
        print(f"program {seed}", flush=True)
        program = Program(seed)
        program.run()
        called |= program.called
    return called


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))

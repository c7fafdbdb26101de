"""`fastmlp demo`: learn to read the handwritten digits of scikit-learn, and compare with it."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from fastmlp import _core
from fastmlp._data.extras import require
from fastmlp._fit.history import History
from fastmlp.network import Network

WHERE, EXTRA = "fastmlp demo", "demo"
HIDDEN, BATCH_SIZE, LEARNING_RATE = 64, 32, 1e-3
BRIGHTEST = 16.0


class Split(NamedTuple):
    """Digits to learn from and digits to be tested on: pixels ``(n, 64)`` in [0, 1], labels."""

    X_train: NDArray[Any]
    X_test: NDArray[Any]
    y_train: NDArray[Any]
    y_test: NDArray[Any]


@dataclass(frozen=True)
class Outcome:
    """Accuracy and training time of one of the two libraries."""

    name: str
    accuracy: float
    seconds: float

    def __str__(self) -> str:
        """Return one line of the comparison."""
        return f"{self.name:<13} test accuracy {self.accuracy:.4f}   training {self.seconds:8.3f} s"


def run(epochs: int, seed: int, output: str, *, quiet: bool) -> tuple[Outcome, Outcome]:
    """Train both, print how they compare and draw what fastmlp learnt.

    Parameters
    ----------
    epochs : int
        Passes over the training digits.
    seed : int
        Of the split and of both networks.
    output : str
        Path of the PNG to write.
    quiet : bool
        If True, show no progress.

    Returns
    -------
    tuple of Outcome
        fastmlp's and scikit-learn's.

    Raises
    ------
    ImportError
        scikit-learn or matplotlib is missing.
    """
    plot = require("fastmlp.plot", WHERE, EXTRA)
    require("matplotlib", WHERE, EXTRA)
    split = load_digits(seed)
    network, history, ours = train(split, epochs, seed, quiet=quiet)
    print(ours)
    theirs = train_sklearn(split, epochs, seed)
    print(theirs)
    images = split.X_test.reshape(-1, 8, 8)
    predictions = network.predict(split.X_test).argmax(axis=1)
    plot.misread_digits(history, images, split.y_test, predictions).savefig(output)
    print(f"learning curve and misread digits: {output}")
    return ours, theirs


def load_digits(seed: int) -> Split:
    """Return the 1797 digits, a quarter of each class kept for the test."""
    datasets = require("sklearn.datasets", WHERE, EXTRA)
    selection = require("sklearn.model_selection", WHERE, EXTRA)
    pixels, labels = datasets.load_digits(return_X_y=True)
    X = (pixels / BRIGHTEST).astype("float32")
    return Split(*selection.train_test_split(X, labels, stratify=labels, random_state=seed))


def train(split: Split, epochs: int, seed: int, *, quiet: bool) -> tuple[Network, History, Outcome]:
    """Train fastmlp's network, with the test digits as validation data."""
    network = Network([64, HIDDEN, 10], activation="relu", output="softmax", seed=seed)
    start = time.perf_counter()
    history = network.fit(
        split.X_train,
        split.y_train,
        optimizer=_core.optimizers["adam"](LEARNING_RATE),
        epochs=epochs,
        batch_size=BATCH_SIZE,
        validation_data=(split.X_test, split.y_test),
        verbose=0 if quiet else 1,
    )
    seconds = time.perf_counter() - start
    accuracy = (network.predict(split.X_test).argmax(axis=1) == split.y_test).mean()
    return network, history, Outcome("fastmlp", float(accuracy), seconds)


def train_sklearn(split: Split, epochs: int, seed: int) -> Outcome:
    """Train scikit-learn's classifier with the same settings."""
    classifier = require("sklearn.neural_network", WHERE, EXTRA).MLPClassifier(
        hidden_layer_sizes=(HIDDEN,),
        learning_rate_init=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        max_iter=epochs,
        n_iter_no_change=epochs,
        alpha=0.0,
        random_state=seed,
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that all epochs were used, as was intended
        classifier.fit(split.X_train, split.y_train)
    seconds = time.perf_counter() - start
    return Outcome("scikit-learn", float(classifier.score(split.X_test, split.y_test)), seconds)

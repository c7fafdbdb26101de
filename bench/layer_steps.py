"""Steps of SGD of networks with shared parameters, of fastmlp and of peers in turn in one process.

A peer whose library is absent is left out. All start from the same parameters, and the losses of
the same 20 steps are compared first; not to the last digits of recurrent networks, because torch
and Keras learn two biases where one is enough. Times are those of the processor, over all threads
of the process, with `--wall` those of a clock: medians of rounds, and of the ratios within rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import fastmlp as fm
from bench import layer_peers, machine
from bench.layer_peers import LayerPeer, Step
from fastmlp import _core

RATE = 1e-3
COMPARED = 20  # steps
AT_LEAST = 5e-3  # seconds of a sample


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The options of all such comparisons."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--peers", nargs="*", default=layer_peers.names())
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--rounds", type=int, default=rounds)
    options.add_argument("--wall", action="store_true", help="time by the clock")
    return options


def load_peers(names: list[str], threads: int) -> dict[str, LayerPeer]:
    """The peers that are installed, in a process tied to that many cores; prints all that run.

    JAX takes its threads from the affinity at its import.
    """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if threads == 1:
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    os.environ.update(machine.worker_environment(threads))
    _core.force_num_threads(threads)
    print(f"{machine.describe()['processor']}, {threads} threads")
    peers = {}
    for name in names:
        try:
            peers[name] = layer_peers.load(name)
        except ImportError as error:
            print(f"{name}: left out, {error}")
            continue
        print(f"{name}: {peers[name].version()}")
    return peers


def compare(
    net: fm.Network, X: Any, y: Any, peers: dict[str, LayerPeer], rounds: int, wall: bool
) -> None:
    """Check that losses agree, then time a step of each, in turn; print both."""
    theirs = {name: peer.step_of(net, X, y, RATE) for name, peer in peers.items()}
    trainer = fm.Trainer(net, optimizer=fm.SGD(RATE), batch_size=len(X))
    runners: dict[str, Step] = {"fastmlp": partial(trainer.step, X, y)} | theirs
    losses = {name: [step() for _ in range(COMPARED)] for name, step in runners.items()}
    for name, found in losses.items():
        np.testing.assert_allclose(found, losses["fastmlp"], rtol=1e-3, err_msg=name)
    clock = time.perf_counter if wall else time.process_time
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, taken in times.items():
            taken.append(seconds(runners[name], clock))
    for name, taken in times.items():
        ratios = [a / b for a, b in zip(taken, times["fastmlp"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4) if rounds > 1 else ratios * 3
        print(
            f"  {name:<14} {1e3 * statistics.median(taken):8.3f} ms, least {1e3 * min(taken):8.3f}"
            f"  {middle:6.2f} of fastmlp ({low:.2f} to {high:.2f})",
            flush=True,
        )


def seconds(step: Step, clock: Callable[[], float]) -> float:
    """Seconds of a step, over as many as take `AT_LEAST`."""
    start, calls = clock(), 0
    while True:
        step()
        calls += 1
        if (passed := clock() - start) >= AT_LEAST:
            return passed / calls

"""A process per peer and thread count: no library disturbs another's threads or memory.

The child answers lines of JSON: {"repeats": n} runs and times, {"check": true} returns the result.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from bench import machine, peer
from bench.peers.numpy_by_hand import NumpyRunner
from bench.workloads import WORKLOADS, Problem, make_problem

CHECKED_ROWS = 1000  # of the outputs of inference


class Worker:
    """The parent's side; Unsupported is raised where the child cannot do it."""

    def __init__(self, name: str, workload: str, threads: int, shuffled: bool) -> None:
        self.name, self.threads = name, threads
        command = [sys.executable, "-W", "ignore", "-m", "bench.worker", name, workload]
        command += [str(threads), *(["--shuffled"] if shuffled else [])]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=machine.worker_environment(threads),
        )
        self.about = self._receive()  # version and kernels

    def seconds(self, repeats: int) -> float:
        """The time of this number of consecutive repeats."""
        return float(self._ask(repeats=repeats)["seconds"])

    def check(self) -> float:
        """The loss after the epochs of the check, or the largest error of the outputs."""
        return float(self._ask(check=True)["value"])

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.process.wait()

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise peer.Unsupported(f"its process ended with code {self.process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        if "skipped" in reply:
            self.close()
            raise peer.Unsupported(reply["skipped"])
        return reply


def check(module: peer.Peer, problem: Problem, threads: int) -> float:
    """Train or predict from the start, then evaluate by the float64 oracle's formulas."""
    runner = module.prepare(problem.in_order(), threads)
    if problem.workload.rule is None:
        outputs = runner.outputs()[:CHECKED_ROWS]
        few = replace(problem, X=problem.X[:CHECKED_ROWS], y=problem.y[:CHECKED_ROWS])
        return float(np.abs(outputs - NumpyRunner(few, "float64").outputs()).max())
    oracle = NumpyRunner(problem.in_order(), "float64")
    runner.run(problem.workload.check_epochs)
    for layer, trained in zip(oracle.layers, runner.weights(), strict=True):
        layer[0][...], layer[1][...] = trained
    return oracle.loss()


def kernels() -> dict[str, str]:
    """The BLAS and OpenMP libraries in this process, as threadpoolctl sees them."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {}
    return {
        f"{pool['prefix']} {pool['version']}": f"{pool.get('architecture', '')} "
        f"x{pool['num_threads']}".strip()
        for pool in threadpool_info()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="serve one peer to bench.compare")
    parser.add_argument("peer")
    parser.add_argument("workload")
    parser.add_argument("threads", type=int)
    parser.add_argument("--shuffled", action="store_true")
    arguments = parser.parse_args()
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # output of libraries must not mix with replies

    def reply(**message: Any) -> None:
        replies.write(json.dumps(message) + "\n")

    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-arguments.threads :])
    problem = make_problem(WORKLOADS[arguments.workload], shuffled=arguments.shuffled)
    try:
        module = peer.load(arguments.peer)
        runner = module.prepare(problem, arguments.threads)
    except (ImportError, peer.Unsupported) as error:
        reply(skipped=str(error))
        return
    reply(version=module.version(), kernels=kernels())
    for line in sys.stdin:
        request = json.loads(line)
        if "check" in request:
            reply(value=check(module, problem, arguments.threads))
            continue
        start = time.perf_counter()
        runner.run(request["repeats"])
        reply(seconds=time.perf_counter() - start)


if __name__ == "__main__":
    main()

"""Training on a file that is larger than memory, beside training on an array.

``python -m bench.large_data [--gigabytes 20] [--dtype float32] [--folder /tmp]`` makes a sparse
file, trains 784-128-10 with Adam and batches of 512 on it for some seconds, and prints samples a
second there and from an array of a gigabyte in memory, both in order and shuffled, and by how much
the process's anonymous memory grew meanwhile.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import fastmlp as fm
from bench.machine import describe
from fastmlp._data.dataset import read_training_data
from fastmlp._fit.epochs import run_epochs

INPUTS, BATCH = 784, 512


def anonymous_megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


@contextmanager
def watched() -> Iterator[list[float]]:
    """Yield a list whose one entry is the largest anonymous memory in MB so far."""
    peak, ended = [anonymous_megabytes()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            peak[0] = max(peak[0], anonymous_megabytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def speed(X: Any, y: Any, *, shuffle: bool, seconds: float) -> tuple[float, float]:
    """Samples a second of an epoch, and of the check for nan before it."""
    net = fm.Network([INPUTS, 128, 10], output="softmax", seed=0)
    trainer = fm.Trainer(net, batch_size=BATCH, shuffle=shuffle)
    start = time.perf_counter()
    data = read_training_data(net, trainer.loss, X, y)
    read = time.perf_counter()
    snapshot = fm._core.float32.Snapshot()
    n_samples = run_epochs(trainer, data, 1, seconds, snapshot, []).n_samples
    return n_samples / (time.perf_counter() - read), len(X) / (read - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    fm.set_num_threads(options.threads)
    row_bytes = INPUTS * np.dtype(options.dtype).itemsize
    n_rows = int(options.gigabytes * 1e9) // row_bytes
    print(f"{describe()['processor']}, {options.threads} threads")
    print(f"{n_rows} rows of {INPUTS} {options.dtype}")
    with tempfile.NamedTemporaryFile(dir=options.folder) as file:
        file.truncate(n_rows * row_bytes)
        X = np.memmap(file.name, options.dtype, "r", shape=(n_rows, INPUTS))
        y = np.zeros(n_rows, np.int64)
        few = max(BATCH, int(1e9) // row_bytes)
        array = np.zeros((few, INPUTS), options.dtype)
        array[:] = 0  # so that it has memory
        for shuffle in (False, True):
            kept, _ = speed(array, y[:few], shuffle=shuffle, seconds=options.seconds)
            before = anonymous_megabytes()
            with watched() as peak:
                mapped, checked = speed(X, y, shuffle=shuffle, seconds=options.seconds)
            print(
                f"{'shuffled' if shuffle else 'in order'}: array {kept:,.0f} samples/s, file "
                f"{mapped:,.0f}, {mapped / kept:.0%}; {peak[0] - before:.0f} MB anonymous; check "
                f"{checked * row_bytes / 1e9:.1f} GB/s"
            )


if __name__ == "__main__":
    main()

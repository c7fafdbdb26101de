"""A training under mpirun: ``python -m mpi4py mpi_program.py FOLDER [name=value ...]``.

Each rank writes what it ended with to FOLDER/RANK.npz. The faults that tests ask for come in
epoch 3 of one rank.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

import fastmlp as fm

COMM = MPI.COMM_WORLD


def disk_full() -> None:
    """Let this process write no further byte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def fail() -> None:
    raise ValueError("made to fail")


FAULTS = {
    "raise": fail,
    "exit": lambda: sys.exit(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT),
    "full": disk_full,
}


class Fault(fm.Callback):
    """Records digests of the parameters, and makes the fault."""

    def __init__(self, fault: str, rank: int) -> None:
        self.fault = fault if COMM.rank == rank else ""
        self.parameters: list[Any] = []

    def set_trainer(self, trainer: fm.Trainer) -> None:
        self.network = trainer.network

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.parameters.append(self.network.parameters.copy())
        if epoch == 3 and self.fault == "nan":
            self.network.parameters[0] = np.nan
        elif epoch == 3 and self.fault:
            FAULTS[self.fault]()


def samples(n: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 40))
    return X, (X @ rng.normal(size=(40, 5))).argmax(axis=1)


def main(folder: str, *words: str) -> None:
    given: dict[str, Any] = {
        **{"dtype": "float64", "optimizer": "adam", "epochs": "6", "fault": "", "rank": "0"},
        **{"dropout": "0.2", "checkpoint": "", "batch_size": "240"},
        **dict(word.split("=") for word in words),
    }
    layers = [fm.Dense(64, "tanh"), fm.Dropout(float(given["dropout"])), fm.Dense(5, "softmax")]
    seed = None if COMM.rank else 3
    net = fm.Network(layers, inputs=40, dtype=given["dtype"], seed=seed)
    X, y = (fm.distributed.shard(each, COMM) for each in samples(999))
    fault = Fault(given["fault"], int(given["rank"]))
    searches = given["optimizer"] in ("lbfgs", "hessian_free")
    history = net.fit(
        X,
        y,
        optimizer=given["optimizer"],
        epochs=int(given["epochs"]),
        batch_size=None if searches else int(given["batch_size"]),
        callbacks=[fault],
        checkpoint=given["checkpoint"] or None,
        comm=COMM,
    )
    np.savez(
        Path(folder, f"{COMM.rank}.npz"),
        parameters=np.array(fault.parameters),
        final=net.parameters,
        loss=np.array(history["loss"]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

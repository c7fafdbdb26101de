"""Trainings on ranks that are threads, beside the same on one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastmlp as fm
from reference import Array

N, EPOCHS = 47, 3  # samples; a prime, so that no number of ranks divides it


def data(outputs: int = 2, inputs: int = 3, n: int = N) -> tuple[Array, Array]:
    """X (n, inputs) and smooth targets (n, outputs)."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, inputs))
    return X, np.sin(X @ rng.normal(size=(inputs, outputs)))


def network(*layers: Any, inputs: Any = 3, dtype: str = "float64", seed: int | None = 1) -> Any:
    layers = layers or (fm.Dense(5, "tanh"), fm.Dense(2))
    return fm.Network(list(layers), inputs=inputs, dtype=dtype, seed=seed)


def dealt(comm: Any, *arrays: Any) -> tuple[Any, ...]:
    """The rows of a rank; without ranks all. None stays None."""
    return tuple(
        each if comm is None or each is None else fm.distributed.shard(each, comm)
        for each in arrays
    )


def consecutive(cuts: list[int]) -> Callable[..., tuple[Any, ...]]:
    """Rows up to the first cut for rank 0, up to the second for rank 1, and so on."""

    def rows(comm: Any, *arrays: Any) -> tuple[Any, ...]:
        if comm is None:
            return arrays
        part = slice(*([0, *cuts][comm.rank : comm.rank + 2]))
        return tuple(None if each is None else each[part] for each in arrays)

    return rows


Result = tuple[Array, dict[str, list[float]], str]


def fitted(
    size: int | None,
    make: Callable[[], Any],
    arrays: tuple[Any, ...],
    rows: Callable[..., tuple[Any, ...]] = dealt,
    **given: Any,
) -> list[Result]:
    """Parameters, losses and status after `fit` on each rank; of one process without a size."""

    def train(comm: Any) -> Result:
        net, settings = make(), {"epochs": EPOCHS, "batch_size": 10, **given}
        X, y, weights = rows(comm, *(*arrays, None)[:3])
        settings = {k: v() if callable(v) and k != "loss" else v for k, v in settings.items()}
        history = net.fit(X, y, sample_weight=weights, comm=comm, **settings)
        return net.parameters.copy(), history.to_dict(), history.status

    return [train(None)] if size is None else fm.distributed.run_threads(train, size)


def check_equal_to_serial(
    make: Callable[[], Any],
    arrays: tuple[Any, ...],
    sizes: tuple[int, ...] = (1, 2, 3),
    bound: float = 1e-12,
    rows: Callable[..., tuple[Any, ...]] = dealt,
    **given: Any,
) -> None:
    """Ranks end with the same bits, and within a bound where one process does."""
    (w, losses, status), *_ = fitted(None, make, arrays, **given)
    for size in sizes:
        results = fitted(size, make, arrays, rows, **given)
        for other, other_losses, other_status in results:
            assert np.array_equal(other, results[0][0])
            assert other_losses == results[0][1]
            assert other_status == status
        scale = max(1.0, float(np.abs(w).max()))
        assert np.abs(results[0][0] - w).max() <= bound * scale
        assert results[0][1].keys() == losses.keys()
        for name, values in losses.items():
            np.testing.assert_allclose(results[0][1][name], values, rtol=bound, atol=bound)

"""Types of the arguments of public functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastmlp import _core

FloatArray: TypeAlias = NDArray[np.floating[Any]]


class SparseLike(Protocol):
    """A matrix of SciPy or like one of SciPy, in any sparse format."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        ...

    def tocsr(self) -> Any:
        """Return it in compressed sparse rows: data, indices, indptr."""
        ...


InputLike: TypeAlias = ArrayLike | SparseLike

# A tuple is (f, derivative) or (f, derivative, second_derivative).
ActivationLike: TypeAlias = str | _core.AnyActivation | tuple[Callable[[Any], Any], ...]
InitializerLike: TypeAlias = str | _core.Initializer
OptimizerLike: TypeAlias = str | _core.Optimizer

# Of outputs and targets, which have any shape: values and gradient.
LossFunction: TypeAlias = Callable[[FloatArray, NDArray[Any]], tuple[ArrayLike, ArrayLike]]
ResolvedLoss: TypeAlias = _core.Loss | LossFunction
LossLike: TypeAlias = str | ResolvedLoss

# Keys are classes or labels, of any kind of number.
LabelWeight: TypeAlias = float | Mapping[Any, float] | Sequence[float] | Literal["balanced"]
ClassWeight: TypeAlias = (
    Mapping[Any, LabelWeight] | Sequence[LabelWeight] | NDArray[Any] | Literal["balanced"]
)
Validation: TypeAlias = (
    tuple[InputLike, ArrayLike]
    | tuple[InputLike, ArrayLike, ArrayLike]
    | tuple[InputLike, ArrayLike, ArrayLike | None, ArrayLike]
)
# Of y and outputs, which have any shape.
MetricFunction: TypeAlias = Callable[[NDArray[Any], FloatArray], Any]
MetricLike: TypeAlias = str | MetricFunction
MetricsLike: TypeAlias = MetricLike | Iterable[MetricLike] | Mapping[str, MetricLike]
Weighting: TypeAlias = Literal["set", "batch"]
Missing: TypeAlias = Literal["mask"]
L2Scale: TypeAlias = Literal["constant", "batch_weight"]

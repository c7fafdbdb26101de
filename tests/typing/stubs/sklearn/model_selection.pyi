from typing import Any

from numpy.typing import NDArray

def train_test_split(
    *arrays: NDArray[Any], stratify: NDArray[Any] | None = None, random_state: int | None = None
) -> list[NDArray[Any]]: ...

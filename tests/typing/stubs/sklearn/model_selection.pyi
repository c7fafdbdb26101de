from typing import Any

from numpy.typing import NDArray

def train_test_split(
    *arrays: NDArray[Any],
    train_size: float | None = None,
    test_size: float | None = None,
    shuffle: bool = True,
    stratify: NDArray[Any] | None = None,
    random_state: int | None = None,
) -> list[NDArray[Any]]: ...

GridSearchCV: Any
StratifiedGroupKFold: Any

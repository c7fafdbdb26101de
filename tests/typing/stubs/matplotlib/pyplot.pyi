from typing import Any, Protocol

from matplotlib.figure import Figure

class _Styles(Protocol):
    def use(self, style: str) -> None: ...

style: _Styles

def subplots(
    nrows: int = 1, ncols: int = 1, *, figsize: tuple[float, float], layout: str, **kwargs: Any
) -> tuple[Figure, Any]: ...
def subplot_mosaic(
    mosaic: list[list[Any]], *, figsize: tuple[float, float], layout: str, **kwargs: Any
) -> tuple[Figure, Any]: ...
def setp(objects: Any, **kwargs: Any) -> None: ...
def show() -> None: ...

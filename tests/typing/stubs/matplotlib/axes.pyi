from numpy.typing import ArrayLike

class Axes:
    def contour(
        self, x: ArrayLike, y: ArrayLike, z: ArrayLike, levels: int | list[float], *, colors: str
    ) -> object: ...
    def pcolormesh(
        self, x: ArrayLike, y: ArrayLike, c: ArrayLike, /, *, cmap: str, rasterized: bool
    ) -> object: ...
    def plot(
        self,
        *args: ArrayLike,
        label: str,
        marker: str | None = None,
        markersize: float | None = None,
        linestyle: str | None = None,
    ) -> object: ...
    def set(
        self, *, xlabel: str, ylabel: str, xscale: str = "linear", yscale: str = "linear"
    ) -> object: ...
    def legend(self, *, loc: str = ...) -> object: ...

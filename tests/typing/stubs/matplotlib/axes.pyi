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
    def semilogy(
        self, x: ArrayLike, y: ArrayLike, linestyle: str = "-", /, *, label: str
    ) -> object: ...
    def imshow(self, X: ArrayLike, cmap: str, *, vmin: float, vmax: float) -> object: ...
    def set(
        self,
        *,
        xlabel: str = ...,
        ylabel: str = ...,
        xscale: str = "linear",
        yscale: str = "linear",
        title: str = "",
        xticks: list[float] = ...,
        yticks: list[float] = ...,
    ) -> object: ...
    def set_ylabel(self, ylabel: str) -> object: ...
    def legend(self, *, loc: str = ...) -> object: ...
